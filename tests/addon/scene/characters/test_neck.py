"""The neck of the bundled head: shoulders stay still, the face turns, and the skin between them follows smoothly."""

from __future__ import annotations

from math import radians
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix

from diface_addon.core import head_file
from diface_addon.scene.characters import bundled_head, neck, neck_nodes, neck_weights
from tests.addon.scene import scenes

STILL = 1e-6  # metres; single precision one metre from the origin
POSES = {
    "nod down": (25, 0, 0), "nod up": (-25, 0, 0), "tilt right": (0, 15, 0), "tilt left": (0, -15, 0),
    "turn left": (0, 0, 35), "turn right": (0, 0, -35), "all": (20, -10, 30),
}  # fmt: skip
HEAD = head_file.load_head()
SHOULDERS = np.concatenate([HEAD.landmarks["shirt"], HEAD.landmarks["neck_border"]])
ON_HEAD = np.concatenate(
    [HEAD.landmarks[part] for part in ("face", "hair", "brows", "eyeball_left", "upper_teeth", "lower_teeth", "tongue")]
)


@pytest.fixture
def bust() -> bpy.types.Object:
    scenes.new_file()
    return bundled_head.add_head(bpy.context, (0.5, -0.2, 0.3))


def world(obj: bpy.types.Object) -> np.ndarray:
    """Return the evaluated vertices (V, 3) in the scene."""
    bpy.context.view_layer.update()
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(3 * len(evaluated.data.vertices), np.float32)
    evaluated.data.vertices.foreach_get("co", points)
    matrix = np.array(evaluated.matrix_world)
    return points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def rotate(obj: bpy.types.Object, degrees: tuple[float, ...]) -> None:
    """Rotate an object about its axes, in its rotation mode."""
    rotation = Euler([radians(angle) for angle in degrees])
    obj.rotation_euler, obj.rotation_quaternion = rotation, rotation.to_quaternion()
    axis, angle = rotation.to_quaternion().to_axis_angle()
    obj.rotation_axis_angle = (angle, *axis)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.linalg.norm(first - second, axis=1).max())


@pytest.mark.parametrize("mode", ["XYZ", "QUATERNION", "AXIS_ANGLE"])
@pytest.mark.parametrize("pose", POSES)
def test_shoulders_stay_and_the_head_is_rigid(bust, pose, mode) -> None:
    bust.rotation_mode = mode
    rest = world(bust)
    rotate(bust, POSES[pose])
    turned = world(bust)
    assert distance(rest[SHOULDERS], turned[SHOULDERS]) < STILL
    rigid = np.array(bust.matrix_world)
    expected = HEAD.vertices @ rigid[:3, :3].T + rigid[:3, 3]
    assert distance(expected[ON_HEAD], turned[ON_HEAD]) < STILL
    assert distance(rest[ON_HEAD], turned[ON_HEAD]) > 0.02


@pytest.mark.parametrize("pose", POSES)
def test_skin_of_the_neck_stretches_smoothly(bust, pose) -> None:
    rest = world(bust)
    rotate(bust, POSES[pose])
    turned = world(bust)
    skin = set(HEAD.landmarks["skin"].tolist())
    edges = np.array([edge.vertices[:] for edge in bust.data.edges if skin.issuperset(edge.vertices)])
    before, after = (np.linalg.norm(found[edges[:, 0]] - found[edges[:, 1]], axis=1) for found in (rest, turned))
    long = before > 0.002
    ratio = after[long] / before[long]
    assert 0.35 < ratio.min() < 1.0 < ratio.max() < 2.2
    moved = np.linalg.norm(turned - rest, axis=1)
    assert np.abs(moved[edges[:, 0]] - moved[edges[:, 1]]).max() < 0.02  # a rigid head: 57 mm


def test_weights_fall_from_the_collar_to_the_head() -> None:
    weights = neck_weights.neck_weights(HEAD)
    assert weights.dtype == np.float32
    assert (weights.min(), weights.max()) == (0.0, 1.0)
    assert np.all(weights[SHOULDERS] == 1.0)
    assert np.all(weights[ON_HEAD] == 0.0)
    between = np.flatnonzero((weights > 0.0) & (weights < 1.0))
    assert len(between) > 150
    assert set(between.tolist()) <= set(HEAD.landmarks["skin"].tolist())
    np.testing.assert_allclose(weights[between].mean(), 0.5, atol=0.2)


def test_breath_moves_the_shoulders_of_a_turned_head(bust) -> None:
    rotate(bust, POSES["all"])
    before = world(bust)
    bust.data.shape_keys.key_blocks["breathIn"].value = 0.8
    moved = world(bust) - before
    np.testing.assert_allclose(moved[SHOULDERS], 0.8 * HEAD.extra["breathIn"][SHOULDERS], atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 0.01, 30.0])
def test_empty_moves_the_whole_character(bust, scale) -> None:
    rest, before = world(bust), bust.matrix_world.copy()
    body = neck.body_of(bust)
    body.location, body.rotation_euler, body.scale = (1.0, 2.0, 0.5), (0.3, 0.2, 2.5), (scale, scale, scale)
    moved = world(bust)
    change = np.array(bust.matrix_world @ before.inverted())
    expected = rest @ change[:3, :3].T + change[:3, 3]
    assert distance(expected, moved) < STILL * max(scale, 1.0)
    rotate(bust, POSES["all"])
    assert distance(moved[SHOULDERS], world(bust)[SHOULDERS]) < 2 * STILL * max(scale, 1.0)


def test_moved_object_takes_its_shoulders_along(bust) -> None:
    rotate(bust, POSES["turn left"])
    before = world(bust)
    bust.location.x += 0.25
    assert distance(before + [0.25, 0.0, 0.0], world(bust)) < STILL


def test_location_is_that_of_the_scene(bust) -> None:
    bpy.context.view_layer.update()
    np.testing.assert_allclose(bust.matrix_world.translation, bust.location, atol=1e-7)
    np.testing.assert_allclose(bust.matrix_world.to_3x3(), Matrix.Identity(3), atol=1e-7)
    body = neck.body_of(bust)
    assert body == bust.parent
    assert (body.name, body.type) == ("DiFACE Body", "EMPTY")
    np.testing.assert_allclose(body.matrix_world.translation.z, bust.location.z + HEAD.vertices[:, 2].min(), atol=1e-6)


def test_empty_of_a_head_beside_another_object_is_below_it(bust) -> None:
    bpy.context.scene.cursor.location = bust.location
    assert bpy.ops.diface.add_head() == {"FINISHED"}
    other = bpy.context.object
    bpy.context.view_layer.update()
    assert other.location.x > bust.location.x
    assert neck.body_of(other) != neck.body_of(bust)
    np.testing.assert_allclose(neck.body_of(other).matrix_world.translation.xy, other.location.xy, atol=1e-6)
    np.testing.assert_allclose(other.matrix_world.translation, other.location, atol=1e-6)


@pytest.mark.parametrize("both", [False, True])
def test_duplicate_turns_by_itself(bust, both) -> None:
    rest = world(bust)
    neck.body_of(bust).select_set(both)
    bpy.ops.object.duplicate()
    other = next(obj for obj in bpy.context.selected_objects if obj.type == "MESH")
    assert other != bust
    assert (neck.body_of(other) == neck.body_of(bust)) != both
    assert neck.body_of(other) == other.parent
    rotate(other, POSES["turn left"])
    other.location.x += 1.0
    assert distance(rest, world(bust)) == 0.0
    assert distance(rest[SHOULDERS] + [1.0, 0.0, 0.0], world(other)[SHOULDERS]) < STILL
    rotate(bust, POSES["nod up"])
    assert distance(rest[SHOULDERS], world(bust)[SHOULDERS]) < STILL


def test_copy_turns_by_itself_as_comparisons_do(bust) -> None:
    rest = world(bust)
    copy = bust.copy()
    copy.data = bust.data.copy()
    bpy.context.collection.objects.link(copy)
    rotate(bust, POSES["all"])
    assert distance(rest, world(copy)) < STILL
    rotate(copy, POSES["turn right"])
    assert distance(rest[SHOULDERS], world(copy)[SHOULDERS]) < STILL


def test_appended_head_has_its_neck(bust, tmp_path: Path) -> None:
    file = str(tmp_path / "head.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file, copy=True)
    scenes.new_file()
    bpy.ops.wm.append(directory=f"{file}/Object/", filename="DiFACE Head")
    appended = bpy.data.objects["DiFACE Head"]
    rest = world(appended)
    assert neck.body_of(appended) == bpy.data.objects["DiFACE Body"] == appended.parent
    rotate(appended, POSES["all"])
    assert distance(rest[SHOULDERS], world(appended)[SHOULDERS]) < STILL


def test_removed_empty_leaves_the_shoulders_along_the_scene(bust) -> None:
    rest = world(bust)
    bpy.data.objects.remove(neck.body_of(bust))
    assert neck.body_of(bust) is None
    rotate(bust, POSES["all"])
    expected = rest[SHOULDERS] - rest[0] + world(bust)[0]
    moved = world(bust)[SHOULDERS]
    assert distance(moved - moved.mean(0), expected - expected.mean(0)) < STILL


def test_undo_restores_the_neck() -> None:
    scenes.new_file()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.diface.add_head()
    bpy.ops.ed.undo_push(message="added")
    bpy.context.object.modifiers.clear()
    bpy.ops.ed.undo_push(message="cleared")
    bpy.ops.ed.undo()
    assert neck.body_of(bpy.data.objects["DiFACE Head"]) == bpy.data.objects["DiFACE Body"]
    bpy.ops.ed.undo()
    assert not bpy.data.objects


def test_heads_share_the_nodes_and_spare_those_of_the_user(bust) -> None:
    second = bundled_head.add_head(bpy.context)
    assert neck.neck_modifier(bust).node_group == neck.neck_modifier(second).node_group
    scenes.new_file()
    mine = bpy.data.node_groups.new(neck_nodes.NAME, "GeometryNodeTree")
    third = bundled_head.add_head(bpy.context)
    assert neck.neck_modifier(third).node_group != mine
    assert len(mine.nodes) == 0
    fourth = bundled_head.add_head(bpy.context)
    assert neck.neck_modifier(third).node_group == neck.neck_modifier(fourth).node_group


def test_head_without_the_modifier_rotates_as_one(bust) -> None:
    """Heads of version 0.1.0 have none."""
    bust.modifiers.clear()
    assert (neck.neck_modifier(bust), neck.body_of(bust)) == (None, None)
    rest = world(bust)
    rotate(bust, POSES["turn left"])
    assert distance(rest[SHOULDERS], world(bust)[SHOULDERS]) > 0.05
