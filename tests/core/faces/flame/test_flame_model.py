"""FLAME files are read as published, and poses equal an independent implementation."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from diface_core.errors import ModelError
from diface_core.faces.flame.flame_model import Flame, load_flame, report
from diface_core.faces.flame.identities import find_identity, load_identities
from diface_core.faces.flame.identities import random_identity as drawn_head
from diface_core.faces.flame.neck import apply_neck_rotation
from diface_core.faces.flame.skinning import rotation_matrices
from tests.core.faces.flame import flame_files
from tests.core.faces.flame.computed_masks import compute_masks
from tests.core.faces.flame.object_pose import neck_pivot, object_transform

SEED = 5


@pytest.fixture(scope="module")
def published(shared) -> dict:
    return flame_files.published(shared)


@pytest.fixture(scope="module")
def flame(published, tmp_path_factory) -> Flame:
    """Read a FLAME model from a pickle in the published format."""
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    path.write_bytes(pickle.dumps(published, protocol=2))
    return load_flame(path)


@pytest.fixture(scope="module")
def without_bases(shared) -> Flame:
    return load_flame(shared / "flame2023open.npz")


def pose_by_definition(flame: Flame, shape, expression, rotation, neck, jaw, eyes) -> np.ndarray:
    """Return one posed head, vertex by vertex, with 4 x 4 matrices and scipy's rotations, in float64."""
    rest = flame.template.astype(float)
    rest = rest + sum(value * flame.shape[..., k] for k, value in enumerate(shape))
    rest = rest + sum(value * flame.expression[..., k] for k, value in enumerate(expression))
    joints = np.array([[row @ rest[:, axis] for axis in range(3)] for row in flame.joint_regressor.astype(float)])
    turns = [Rotation.from_rotvec(v).as_matrix() for v in (rotation, neck, jaw, eyes[:3], eyes[3:])]

    feature = np.concatenate([(turn - np.eye(3)).flatten() for turn in turns[1:]])
    rest = rest + np.einsum("vck,k->vc", flame.correctives.astype(float), feature)

    worlds: list[np.ndarray] = []
    for joint, parent in enumerate((-1, 0, 1, 1, 1)):
        local = np.eye(4)
        local[:3, :3] = turns[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0)
        worlds.append(worlds[parent] @ local if parent >= 0 else local)
    relative = []
    for joint, world in enumerate(worlds):
        back = np.eye(4)
        back[:3, 3] = -joints[joint]
        relative.append(world @ back)
    posed = np.empty_like(rest)
    for vertex, point in enumerate(rest):
        mixed = sum(flame.weights[vertex, joint] * relative[joint] for joint in range(5))
        posed[vertex] = (mixed @ np.append(point, 1.0))[:3]
    return posed


def drawn(frames: int, flame: Flame) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(SEED)
    return {
        "shape": rng.normal(0, 1, flame.shape.shape[2]),
        "expression": rng.normal(0, 1, (frames, flame.expression.shape[2])),
        "rotation": rng.normal(0, 0.4, (frames, 3)),
        "neck": rng.normal(0, 0.4, (frames, 3)),
        "jaw": rng.normal(0, 0.3, (frames, 3)),
        "eyes": rng.normal(0, 0.3, (frames, 6)),
    }


def test_pose_equals_an_independent_implementation(flame):
    given = drawn(3, flame)
    posed = flame.pose(**given)
    assert posed.shape == (3, 5023, 3)
    assert posed.dtype == np.float32
    for row in range(3):
        one = {name: values if values.ndim == 1 else values[row] for name, values in given.items()}
        np.testing.assert_allclose(posed[row], pose_by_definition(flame, **one), atol=1e-6)
        np.testing.assert_allclose(flame.pose(**one), posed[row], atol=1e-6)


def test_pose_of_the_reference_flame_equals_an_independent_implementation(without_bases):
    given = drawn(2, without_bases)
    one = {name: values if values.ndim == 1 else values[1] for name, values in given.items()}
    np.testing.assert_allclose(without_bases.pose(**given)[1], pose_by_definition(without_bases, **one), atol=1e-6)


def test_zero_pose_is_exactly_the_template(flame):
    np.testing.assert_array_equal(flame.pose(), flame.template)
    np.testing.assert_array_equal(flame.pose(jaw=np.zeros((4, 3)))[2], flame.template)


def test_shape_and_expression_add_up(flame):
    rng = np.random.default_rng(1)
    shape, expression = rng.normal(0, 1, 300), rng.normal(0, 1, 100)
    both = flame.apply_shape(shape, expression) - flame.template
    apart = flame.apply_shape(shape) + flame.apply_shape((), expression) - 2 * flame.template
    np.testing.assert_allclose(both, apart, atol=1e-6)
    np.testing.assert_allclose(
        flame.apply_shape(shape[:10]), flame.apply_shape(np.where(np.arange(300) < 10, shape, 0)), atol=1e-6
    )


def test_global_rotation_is_rigid_about_the_root(flame):
    turn = np.array([0.3, -0.5, 0.2])
    root = flame.joints()[0]
    wanted = Rotation.from_rotvec(turn).apply(flame.template - root) + root
    np.testing.assert_allclose(flame.pose(rotation=turn), wanted, atol=1e-6)


def test_jaw_moves_only_vertices_weighted_to_it(flame):
    only_skinned = replace(flame, correctives=np.zeros_like(flame.correctives))
    opened = only_skinned.pose(jaw=(0.3, 0, 0)) - flame.template
    still = flame.weights[:, 2] == 0
    assert still.sum() > 100
    assert np.abs(opened[still]).max() == 0
    most = flame.weights[:, 2] > 0.9
    assert opened[most, 1].max() < -0.005  # the chin moves down


def test_eyes_rotate_about_their_centres(flame):
    left = slice(3931, 4477)
    turned = flame.pose(eyes=(0, 0.3, 0, 0, 0, 0))
    joint = flame.joints()[3]
    far = np.linalg.norm(flame.template[left] - joint, axis=1)
    np.testing.assert_allclose(np.linalg.norm(turned[left] - joint, axis=1), far, atol=1e-6)
    front = np.argmax(flame.template[left, 2])
    assert turned[left][front, 0] - flame.template[left][front, 0] > 0.002  # about +Y: to the character's left
    np.testing.assert_allclose(turned[4477:], flame.template[4477:], atol=1e-7)


def test_rotation_matrices_equal_scipy_and_are_smooth_at_zero():
    vectors = np.random.default_rng(0).normal(0, 2, (50, 3))
    vectors[:10] *= 1e-6
    vectors[0] = 0
    np.testing.assert_allclose(rotation_matrices(vectors), Rotation.from_rotvec(vectors).as_matrix(), atol=1e-6)
    np.testing.assert_array_equal(rotation_matrices(np.zeros(3)), np.eye(3))


# The neck


def test_neck_rotation_equals_a_flame_pose(flame):
    turns = np.random.default_rng(2).normal(0, 0.3, (5, 3))
    faces = np.repeat(flame.template[None], 5, 0)
    np.testing.assert_allclose(apply_neck_rotation(flame, faces, turns), flame.pose(neck=turns), atol=1e-6)


def test_zero_neck_rotation_keeps_the_face(flame):
    faces = flame.template + np.random.default_rng(0).normal(0, 1e-3, (3, 5023, 3)).astype(np.float32)
    np.testing.assert_array_equal(apply_neck_rotation(flame, faces, np.zeros((3, 3))), faces)


def test_object_transform_equals_neck_rotation_of_fully_weighted_vertices(flame):
    rng = np.random.default_rng(6)
    turns = rng.normal(0, 0.3, (4, 3))
    neutral = flame.apply_shape(rng.normal(0, 1, 300))
    faces = neutral + rng.normal(0, 1e-3, (4, 5023, 3)).astype(np.float32)
    turned = apply_neck_rotation(flame, faces, turns, neutral, correctives=False)
    pivot = neck_pivot(flame, neutral)
    matrices, places = object_transform(pivot, turns)
    rigid = faces @ np.swapaxes(matrices, 1, 2) + places[:, None]

    head = flame.weights[:, 0] == 0
    assert head.sum() > 1000
    np.testing.assert_allclose(rigid[:, head], turned[:, head], atol=1e-6)
    about = Rotation.from_rotvec(turns[1]).apply(faces[1] - pivot) + pivot
    np.testing.assert_allclose(rigid[1], about, atol=1e-6)

    # Other vertices move by their skinning weight of the neck; the correctives add millimetres.
    share = 1 - flame.weights[:, :1]
    np.testing.assert_allclose(turned, faces + share * (rigid - faces), atol=1e-6)
    bent = apply_neck_rotation(flame, faces, turns, neutral)
    assert 1e-5 < np.abs(bent - turned).max() < 0.01


def test_object_transform_and_correctives_differ_within_documented_bounds(without_bases):
    flame, regions = without_bases, compute_masks(without_bases)
    turns = np.radians(20) * np.eye(3)
    faces = np.repeat(flame.template[None], 3, 0)
    blended = apply_neck_rotation(flame, faces, turns, correctives=False)
    bent = apply_neck_rotation(flame, faces, turns)
    matrices, places = object_transform(neck_pivot(flame), turns)
    rigid = faces @ np.swapaxes(matrices, 1, 2) + places[:, None]
    away, bend = (np.linalg.norm(other - blended, axis=-1) for other in (rigid, bent))
    from_lips_up = regions["face"][flame.template[regions["face"], 1] > flame.template[regions["lips"], 1].min()]
    assert 0.0005 < away[:, from_lips_up].max() < 0.002
    assert 0.002 < away[:, regions["face"]].max() < 0.015
    assert 0.001 < bend[:, regions["face"]].max() < 0.004
    wide = flame.joints(flame.pose(jaw=(0.3, 0, 0))) - flame.joints()
    assert 0.0003 < np.linalg.norm(wide[1]) < 0.0006


def test_neck_rotation_needs_one_rotation_per_frame(flame):
    with pytest.raises(ValueError, match="frames"):
        apply_neck_rotation(flame, np.zeros((3, 5023, 3), np.float32), np.zeros((2, 3)))


# Files


@pytest.mark.parametrize("kind", ["python 2", "chumpy", "chumpy, python 2", "npz", "npz with objects"])
def test_every_kind_of_file_gives_the_same_model(published, flame, tmp_path, monkeypatch, kind):
    path = tmp_path / ("model.npz" if "npz" in kind else "model.pkl")
    held = dict(published)
    with monkeypatch.context() as patched:
        if "chumpy" in kind:
            wrap = flame_files.chumpy(patched).ch.Ch
            held |= {name: wrap(held[name]) for name in ("v_template", "shapedirs", "posedirs", "weights")}
        if kind == "npz":
            held["J_regressor"] = held["J_regressor"].toarray()
        if "npz" in kind:
            np.savez(path, **held)
        else:
            path.write_bytes(flame_files.python_2(held) if "python 2" in kind else pickle.dumps(held))
    got = load_flame(path)
    for name in Flame.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(got, name), getattr(flame, name), err_msg=name)
        assert getattr(got, name).dtype in (np.float32, np.int32)


def test_arrays_of_published_files_are_assigned_by_name(flame, published):
    assert flame.shape.shape == (5023, 3, 300)
    assert flame.expression.shape == (5023, 3, 100)
    np.testing.assert_array_equal(flame.expression, published["shapedirs"][..., 300:])
    assert flame.parents.tolist() == [-1, 0, 1, 1, 1]
    assert "identity: 300 columns" in report(flame)


def test_separate_expression_basis_is_read(published, tmp_path, flame):
    held = {**published, "J_regressor": published["J_regressor"].toarray()}
    held["exprdirs"], held["shapedirs"] = held["shapedirs"][..., 300:], held["shapedirs"][..., :200]
    np.savez(tmp_path / "apart.npz", **held)
    got = load_flame(tmp_path / "apart.npz")
    np.testing.assert_array_equal(got.expression, flame.expression)
    np.testing.assert_array_equal(got.shape, flame.shape[..., :200])


def test_missing_expression_basis_is_reported_when_needed(without_bases):
    assert "displacements still move the face" in report(without_bases)
    moved = apply_neck_rotation(without_bases, without_bases.template[None], [[0.1, 0, 0]])
    assert np.isfinite(moved).all()
    with pytest.raises(ModelError, match="0 columns in its expression basis, but 10 are required") as none:
        without_bases.pose(expression=np.ones(10))
    assert "displacements" in none.value.hint
    with pytest.raises(ModelError, match="shape basis"):
        without_bases.apply_shape(np.ones(1))


def test_mismatched_frame_counts_raise_value_error(flame):
    with pytest.raises(ValueError, match="same number of frames"):
        flame.pose(neck=np.zeros((3, 3)), jaw=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="eyes 6"):
        flame.pose(eyes=np.zeros(3))


def remove_array(name: str):
    return lambda held: held.pop(name)


FAULTS = {
    "no faces": (remove_array("f"), "it has no faces, only J, J_regressor"),
    "no skinning": (remove_array("weights"), "it has no weights"),
    "a body": (lambda held: held.update(v_template=np.zeros((10475, 3))), r"v_template has shape \(10475, 3\)"),
    "other faces": (lambda held: held.update(f=np.arange(9976 * 3).reshape(-1, 3) % 5023), "faces are not FLAME's"),
    "another order": (lambda held: held.update(f=5022 - held["f"].astype(int)), "in another order"),
    "other joints": (lambda held: held.update(kintree_table=np.zeros((2, 5))), "the parents of its joints are"),
    "no number": (
        lambda held: held["weights"].__setitem__((0, 0), np.nan),
        "weights holds a value that is not a finite number",
    ),
    "texts": (lambda held: held.update(posedirs="none"), "posedirs has shape"),
    "flat": (lambda held: held.update(shapedirs=np.zeros((15069, 400))), "shapedirs has shape"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_file_of_another_model_is_refused_with_a_reason(published, tmp_path, fault):
    damage, why = FAULTS[fault]
    held = {name: value.copy() if hasattr(value, "copy") else value for name, value in published.items()}
    held["shapedirs"] = held["shapedirs"][..., :2]
    damage(held)
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(held))
    with pytest.raises(ModelError, match=why) as error:
        load_flame(tmp_path / "f.pkl")
    assert "f.pkl is not a FLAME model" in error.value.message
    assert "flame.is.tue.mpg.de" in error.value.hint


def test_flame_pickle_that_would_run_code_is_refused(published, tmp_path):
    class Harmful:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'touched'}",))

    (tmp_path / "f.pkl").write_bytes(pickle.dumps({**published, "shapedirs": Harmful()}))
    with pytest.raises(ModelError, match=r"names posix\.system, which is not an array"):
        load_flame(tmp_path / "f.pkl")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("ending", ["pkl", "npz"])
def test_truncated_file_is_refused(published, shared, tmp_path, ending, share):
    held = {**published, "shapedirs": published["shapedirs"][..., :2]}
    content = (shared / "flame2023open.npz").read_bytes() if ending == "npz" else pickle.dumps(held)
    path = tmp_path / f"f.{ending}"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match="is not a"):
        load_flame(path)


def test_other_content_and_missing_files_are_reported(tmp_path):
    for content in (pickle.dumps([1, 2]), pickle.dumps({}), b"not a pickle at all"):
        (tmp_path / "f.pkl").write_bytes(content)
        with pytest.raises(ModelError):
            load_flame(tmp_path / "f.pkl")
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        load_flame(tmp_path / "none.pkl")


def test_command_describes_a_file(shared, root, tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "diface_core.faces.flame.flame_model", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True)

    output = run(str(shared / "flame2023open.npz"))
    assert output.returncode == 0, output.stderr
    assert "5,023 vertices, 9,976 faces" in output.stdout
    assert "expression: no columns" in output.stdout
    (tmp_path / "f.npz").write_bytes(b"PK")
    wrong = run(str(tmp_path / "f.npz"))
    assert wrong.returncode == 1
    assert "flame.is.tue.mpg.de" in wrong.stderr
    assert "Traceback" not in wrong.stderr


# Identities


def test_vocaset_identities_are_read(flame, tmp_path):
    speakers = {f"FaceTalk_{n}_TA": flame.apply_shape(np.eye(300)[n]).astype(np.float64) for n in (3, 1)}
    (tmp_path / "templates.pkl").write_bytes(flame_files.python_2(speakers))
    heads = load_identities(tmp_path / "templates.pkl")
    assert list(heads) == ["FaceTalk_1_TA", "FaceTalk_3_TA"]
    np.testing.assert_allclose(find_identity(heads, "FaceTalk_3_TA"), flame.apply_shape(np.eye(300)[3]), atol=1e-7)
    with pytest.raises(ModelError, match="no speaker 'FaceTalk_2_TA'") as none:
        find_identity(heads, "FaceTalk_2_TA")
    assert "FaceTalk_1_TA, FaceTalk_3_TA" in none.value.hint


@pytest.mark.parametrize(
    ("heads", "why"),
    [
        ({"a": np.zeros((10, 3))}, "expected"),
        ({"a": np.full((5023, 3), 90.0)}, "metres"),
        ({"a": np.full((5023, 3), np.nan)}, "metres"),
        ({}, "no heads"),
    ],
    ids=["another mesh", "millimetres", "no numbers", "empty"],
)
def test_malformed_templates_are_refused(tmp_path, heads, why):
    (tmp_path / "templates.pkl").write_bytes(pickle.dumps(heads))
    with pytest.raises(ModelError, match=why) as error:
        load_identities(tmp_path / "templates.pkl")
    assert "voca.is.tue.mpg.de" in error.value.hint


def test_random_identities_depend_on_the_seed(flame, without_bases):
    one, again, other = drawn_head(flame, 1), drawn_head(flame, 1), drawn_head(flame, 2)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.001
    np.testing.assert_array_equal(drawn_head(flame, 1, 0.0), flame.template)
    np.testing.assert_allclose(drawn_head(flame, 1, 2.0) - flame.template, 2 * (one - flame.template), atol=1e-6)
    with pytest.raises(ModelError, match="no identity basis"):
        drawn_head(without_bases, 1)
