"""The bundled head's shapes on FLAME heads of any identity, size and place: lips, lids, eyes, unmoved regions."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from diface_core.channels import LOOK_DEGREES
from diface_core.errors import ModelError
from diface_core.faces.flame import correspondence
from diface_core.faces.flame import topology as topology
from diface_core.faces.flame.flame_model import Flame, load_flame
from diface_core.faces.head import load_head
from diface_core.faces.transfer import flame_shapes
from diface_core.faces.transfer.flame_lids import Eyeball
from diface_core.faces.transfer.measure_transfer import CLOSED_POSES, TransferMeasurement
from diface_core.faces.transfer.target_face import SHAPES, TargetFace
from diface_core.types import Shapes

pytestmark = pytest.mark.slow

MM = 1e-3
GAP = 0.5 * MM


@pytest.fixture(scope="module")
def file(shared: Path) -> Path:
    return shared / "flame2023open.npz"


@pytest.fixture(scope="module")
def flame(file: Path) -> Flame:
    return load_flame(file)


def random_identity(vertices: np.ndarray, seed: int) -> np.ndarray:
    """Return another identity: a smooth random warp by some millimetres that keeps the eyeballs round."""
    rng = np.random.default_rng(seed)
    waves, phases, directions = (
        rng.normal(size=(3, 6)) * 18.0,
        rng.uniform(0, 2 * np.pi, 6),
        rng.normal(size=(6, 3)) * MM,
    )

    def warp(points: np.ndarray) -> np.ndarray:
        return points * [1.06, 0.97, 1.03] + np.sin(points @ waves + phases) @ directions

    warped = warp(vertices)
    for part in topology.EYEBALLS.values():
        middle = vertices[part].mean(0)
        warped[part] = vertices[part] - middle + warp(middle[None])
    return warped


def measure(vertices: np.ndarray, flame: Flame, file: Path | None) -> TransferMeasurement:
    shapes = flame_shapes.flame_shapes(vertices, flame.faces, file)
    return TransferMeasurement(vertices.astype(float), flame.faces, shapes, correspondence.load_correspondence())


@pytest.fixture(scope="module", params=["template", "another", "a third, with its joint"])
def face(request: pytest.FixtureRequest, flame: Flame, file: Path) -> TransferMeasurement:
    joint = file if "joint" in request.param else None
    seeds = {"another": 1, "a third, with its joint": 2}
    vertices = flame.template
    if request.param in seeds:
        vertices = random_identity(vertices.astype(float), seeds[request.param])
    return measure(vertices, flame, joint)


def test_all_shapes_are_complete_and_valid(face: TransferMeasurement) -> None:
    assert face.shapes.names == SHAPES
    assert face.shapes.deltas.shape == (len(SHAPES), topology.VERTEX_COUNT, 3)
    assert face.shapes.deltas.dtype == np.float32
    assert np.isfinite(face.shapes.deltas).all()
    most = dict(zip(SHAPES, np.linalg.norm(face.shapes.deltas, axis=2).max(1), strict=True))
    # FLAME has no tongue; the smallest of the other shapes is the nostrils' part of breathIn.
    assert [name for name, distance in most.items() if distance < 0.5 * MM] == ["tongueOut"]
    assert max(most.values()) < 60 * MM


@pytest.mark.parametrize("pose", CLOSED_POSES)
def test_lips_meet_in_the_bundled_heads_closed_poses(face: TransferMeasurement, pose: str) -> None:
    gap, deep = face.lip_gap(face.pose(CLOSED_POSES[pose]))
    _, at_rest = face.lip_gap(face.vertices)
    assert gap < GAP
    assert deep < at_rest + 1.0 * MM


def test_lip_gap_measures_a_small_opening(face: TransferMeasurement) -> None:
    """The measurement detects gaps: half a centimetre of jawOpen is a gap of at least three millimetres."""
    opening = np.linalg.norm(face.shapes.deltas[SHAPES.index("jawOpen")][topology.UPPER_LIP_MIDLINE[0] :], axis=1).max()
    gap, _ = face.lip_gap(face.pose({"jawOpen": 5 * MM / opening}))
    assert 1.5 * MM < gap < 5 * MM


def test_lips_part_in_the_bundled_heads_open_poses(face: TransferMeasurement) -> None:
    for name, least in (("jawOpen", 25), ("mouthFunnel", 4), ("mouthUpperUpLeft", 1), ("mouthLowerDownRight", 1)):
        gap, _ = face.lip_gap(face.pose({name: 1.0}))
        assert gap > least * MM, name


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_lids_close_outside_the_eyeball(face: TransferMeasurement, side: str) -> None:
    assert face.lid_gap(face.vertices, side) > 7 * MM
    assert face.lid_gap(face.pose({f"eyeBlink{side}": 1.0}), side) < GAP
    for weight in (0.25, 0.5, 0.75, 1.0):
        assert face.lid_clearance(face.pose({f"eyeBlink{side}": weight}), side) > 0.2 * MM


@pytest.mark.parametrize("side", ["Left", "Right"])
@pytest.mark.parametrize("direction", list(LOOK_DEGREES))
def test_eyeballs_rotate_rigidly_by_the_bundled_heads_angle(
    face: TransferMeasurement, side: str, direction: str
) -> None:
    angle, off = face.eye_rotation(f"eyeLook{direction}{side}", side)
    assert angle == pytest.approx(LOOK_DEGREES[direction], abs=0.5)
    assert off < 0.01 * MM
    part = topology.EYEBALLS[side]
    eyeball = Eyeball.fit(face.vertices[part])
    turned = face.pose({f"eyeLook{direction}{side}": 1.0})[part]
    np.testing.assert_allclose(eyeball.distance(turned), eyeball.distance(face.vertices[part]), atol=0.01 * MM)
    front = np.argmax(face.vertices[part][:, 2])
    moved = (turned - face.vertices[part])[front]
    outwards = {"Left": 1.0, "Right": -1.0}[side]
    along = {"Up": moved[1], "Down": -moved[1], "In": -outwards * moved[0], "Out": outwards * moved[0]}[direction]
    assert along > 3 * MM


def test_rest_of_the_head_does_not_move(face: TransferMeasurement) -> None:
    moved = (face.shapes.deltas != 0).any(axis=(0, 2))
    _, y, z = face.vertices[: topology.SKIN_VERTEX_COUNT].T
    neck = topology.border_loop(topology.skin_faces(face.faces), int(np.argmin(y)))
    assert not moved[neck].any()
    behind = np.flatnonzero(z < -0.06)
    assert len(behind) > 300
    assert not moved[behind].any()
    assert not moved[: topology.SKIN_VERTEX_COUNT][y > y.max() - 0.01].any()


def test_one_sided_shapes_move_one_side(face: TransferMeasurement) -> None:
    for name in ("eyeBlinkLeft", "eyeBlinkRight", "browOuterUpLeft", "noseSneerRight", "mouthSmileLeft"):
        distance = np.linalg.norm(face.shapes.deltas[SHAPES.index(name)], axis=1)
        middle = (distance * face.vertices[:, 0]).sum() / distance.sum()
        assert middle > 5 * MM if name.endswith("Left") else middle < -5 * MM


def test_shapes_do_not_depend_on_size_place_and_face_order(flame: Flame) -> None:
    once = flame_shapes.flame_shapes(flame.template, flame.faces)
    angle = 0.9
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turn = turn @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    moved = 100.0 * flame.template.astype(float) @ turn.T + [3.0, -50.0, 7.0]
    order = np.random.default_rng(0).permutation(len(flame.faces))
    again = flame_shapes.flame_shapes(moved, flame.faces[order][:, [1, 2, 0]])
    np.testing.assert_allclose(again.deltas @ turn / 100.0, once.deltas, atol=2e-6)


def test_jaw_joint_opens_by_the_same_distance_anywhere(flame: Flame, file: Path) -> None:
    face = TargetFace(flame.template.astype(float), flame.faces, load_head())

    def opening(shapes: Shapes) -> np.ndarray:
        return (face.lips.gap_matrix @ shapes.deltas[SHAPES.index("jawOpen")])[face.lips.middle]

    by_transfer = flame_shapes.flame_shapes(flame.template, flame.faces)
    by_joint = flame_shapes.flame_shapes(flame.template, flame.faces, file)
    wanted = (face.lips.gap_matrix @ face.source_offsets("jawOpen"))[face.lips.middle][2] / face.scale
    assert opening(by_joint)[1] == pytest.approx(wanted, rel=0.05)
    assert opening(by_transfer)[1] == pytest.approx(wanted, rel=0.15)
    jaw = SHAPES.index("jawOpen")
    assert np.abs(by_joint.deltas[jaw] - by_transfer.deltas[jaw]).max() > 2 * MM
    larger = flame_shapes.flame_shapes(2.0 * flame.template + np.float32(0.3), flame.faces, file)
    np.testing.assert_allclose(larger.deltas / 2, by_joint.deltas, atol=2e-5)


def test_bundled_head_in_flame_topology_reproduces_its_shapes(flame: Flame) -> None:
    """Except for the corrections of lips and lids, where FLAME's lines differ from the head's."""
    found, head = correspondence.load_correspondence(), load_head()
    target = found.sample(head.vertices)
    for part, side in zip(topology.EYEBALLS.values(), ("left", "right"), strict=True):
        eyeball = head.vertices[head.landmarks[f"eyeball_{side}"]]
        target[part] = np.resize(eyeball, (part.stop - part.start, 3))
    for side, rings in found.lids.items():
        pocket = np.r_[topology.EYE_POCKETS[side], np.concatenate([np.concatenate(both) for both in rings[:2]])]
        target[pocket] = target[topology.EYEBALLS[side]].mean(0)
    face = dataclasses.replace(flame, template=target.astype(np.float32))
    shapes = flame_shapes.flame_shapes(face.template, face.faces)
    for name in ("mouthSmileLeft", "mouthPucker", "cheekPuff", "browDownLeft", "noseSneerRight", "jawOpen"):
        wanted = found.sample(head.deltas[SHAPES.index(name)])[found.has_match]
        got = shapes.deltas[SHAPES.index(name)][found.has_match]
        moving = np.linalg.norm(wanted, axis=1) > 0.1 * MM
        off = np.linalg.norm(got - wanted, axis=1)[moving]
        assert np.median(off) < 0.1 * np.linalg.norm(wanted, axis=1)[moving].mean(), name


def test_lips_parted_at_rest_close(flame: Flame) -> None:
    parted = flame.pose(jaw=(0.035, 0, 0))
    face = measure(parted, flame, None)
    assert face.lip_gap(face.vertices)[0] > 0.8 * MM
    assert face.lip_gap(face.pose({"jawOpen": 1.0, "mouthClose": 1.0}))[0] < GAP


def test_mesh_that_is_not_flame_is_refused(flame: Flame) -> None:
    with pytest.raises(ModelError, match="4,000 vertices"):
        flame_shapes.flame_shapes(flame.template[:4000], flame.faces[:10] % 4000)
    with pytest.raises(ModelError, match="not FLAME's"):
        flame_shapes.flame_shapes(flame.template, (flame.faces * 7 + 3) % topology.VERTEX_COUNT)
    broken = flame.template.copy()
    broken[17] = np.nan
    with pytest.raises(ModelError, match="finite"):
        flame_shapes.flame_shapes(broken, flame.faces)


def test_command_line_writes_shapes_of_a_mesh_file(
    flame: Flame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh, out = tmp_path / "head.obj", tmp_path / "shapes.npz"
    lines = [f"v {x:.9f} {y:.9f} {z:.9f}" for x, y, z in flame.template]
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in flame.faces]
    mesh.write_text("\n".join(lines))
    monkeypatch.setattr("sys.argv", ["flame_shapes", str(mesh), "--out", str(out)])
    assert flame_shapes.main() == 0
    with np.load(out) as arrays:
        assert tuple(arrays["names"].tolist()) == SHAPES
        wanted = flame_shapes.flame_shapes(flame.template, flame.faces).deltas
        np.testing.assert_allclose(arrays["deltas"], wanted, atol=1e-6)
    mesh.write_text("v 0 0 0\nf 1 1 1\n")
    assert flame_shapes.main() == 1
    assert "FLAME" in capsys.readouterr().err
