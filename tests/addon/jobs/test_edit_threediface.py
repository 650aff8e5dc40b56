"""Edits of 3DiFACE takes: sculpts and head pins are kept, the rest is regenerated around them."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.jobs.diagnostics import diagnose
from diface_addon.scene.animation import active_curves
from diface_addon.scene.characters import flame_mesh, shape_keys
from diface_addon.scene.pins import sculpt, vertex_pins
from diface_addon.scene.provenance import baseline, reduction_state, stored_request
from diface_addon.scene.takes import take_index, use_take
from diface_addon.scene.vertex_animation import vertex_cache
from diface_addon.settings import findings
from tests.addon.jobs.conftest import ROWS
from tests.addon.scene.flame_scenes import evaluated_vertices

pytestmark = pytest.mark.slow

KINDS = pytest.mark.parametrize("motion_as", ["KEYS", "CACHE"])
SCULPTED = 12


def sculpted(obj: bpy.types.Object, frame: int = SCULPTED) -> np.ndarray:
    """Pin the face at a frame with random displacements. Returns the vertices."""
    bpy.context.scene.frame_set(frame)
    assert bpy.ops.diface.sculpt_pose() == {"FINISHED"}
    key = obj.data.shape_keys.key_blocks[sculpt.KEY]
    places = shape_keys.positions(key) + np.random.default_rng(3).normal(0, 0.003, (5023, 3)).astype(np.float32)
    key.data.foreach_set("co", places.ravel())
    assert bpy.ops.diface.pin_sculpt() == {"FINISHED"}
    return places


def poses(obj: bpy.types.Object) -> np.ndarray:
    return np.stack([evaluated_vertices(obj, frame) for frame in range(1, ROWS + 1)])


def active(obj: bpy.types.Object) -> str:
    (take,) = take_index.active_takes(obj, take_index.all_takes())
    return take


@KINDS
def test_regenerate_keeps_a_sculpt_exactly(scene, toy_speaker, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    old, before = active(toy_speaker), poses(toy_speaker)
    places = sculpted(toy_speaker)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    new = active(toy_speaker)
    assert new != old
    after = poses(toy_speaker)
    off = np.linalg.norm(after[SCULPTED - 1] - places, axis=1).max()
    assert off < 1e-5 if motion_as == "KEYS" else off == 0
    assert np.linalg.norm(after[SCULPTED] - before[SCULPTED], axis=1).max() > 1e-3
    # The pin is copied to the new take and is no change there; the old take is unchanged.
    assert vertex_pins.pin_frames(vertex_pins.take_actions(new)) == [SCULPTED]
    assert vertex_pins.pin_frames(vertex_pins.take_actions(new), changed_only=True) == []
    use_take.use_take(toy_speaker, take_index.all_takes()[old])
    np.testing.assert_array_equal(poses(toy_speaker), before)


def test_unpinned_sculpt_is_regenerated(scene, toy_speaker) -> None:
    scene.diface.threediface.motion_as = "CACHE"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    places = sculpted(toy_speaker)
    bpy.ops.diface.regenerate(where="AROUND")
    assert bpy.ops.diface.unpin_all() == {"FINISHED"}
    np.testing.assert_array_equal(evaluated_vertices(toy_speaker, SCULPTED), places)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert np.linalg.norm(evaluated_vertices(toy_speaker, SCULPTED) - places, axis=1).max() > 1e-3


@KINDS
def test_in_between_keeps_frames_outside(scene, toy_speaker, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    before, turned = poses(toy_speaker), rotations(toy_speaker)
    scene.diface.seed = 8
    assert bpy.ops.diface.in_between(first=10, last=20) == {"FINISHED"}
    after = poses(toy_speaker)
    outside = np.r_[0:9, 20:ROWS]
    off = np.linalg.norm(after[outside] - before[outside], axis=2).max()
    assert off < 2e-5 if motion_as == "KEYS" else off == 0
    assert np.abs(after[9:20] - before[9:20]).max() > 1e-5
    np.testing.assert_array_equal(rotations(toy_speaker)[outside], turned[outside])


@KINDS
def test_regenerated_take_begins_and_ends_at_rest(scene, toy_speaker, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    scene.diface.seed = 8
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    rest, after = flame_mesh.rest_vertices(toy_speaker), poses(toy_speaker)
    assert np.abs(after[[0, -1]] - rest).max() < 2e-5
    assert np.abs(after[1:-1] - rest).max(axis=(1, 2)).min() > 2e-5
    assert np.abs(rotations(toy_speaker)[[0, -1]]).max() < 1e-5


@KINDS
def test_sculpt_near_an_end_is_kept_where_the_take_is_eased(scene, toy_speaker, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    places = sculpted(toy_speaker, frame=2)
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    rest, after = flame_mesh.rest_vertices(toy_speaker), poses(toy_speaker)
    assert np.abs(after[1] - places).max() < 2e-5
    assert np.abs(after[[0, -1]] - rest).max() < 2e-5


def rotations(obj: bpy.types.Object) -> np.ndarray:
    """Return the rotation (T, 3) of the curves."""
    found = active_curves.find_active_curves(obj)
    curves = [found["OBJECT", "rotation_euler", axis].fcurve for axis in range(3)]
    return np.array([[curve.evaluate(frame) for curve in curves] for frame in range(1, ROWS + 1)], np.float32)


def test_head_pins_are_kept_exactly(scene, toy_speaker) -> None:
    scene.diface.threediface.motion_as = "CACHE"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    curve = active_curves.find_active_curves(toy_speaker)["OBJECT", "rotation_euler", 2].fcurve
    curve.keyframe_points[14].co.y = 0.4
    curve.keyframe_points.insert(20.5, -0.3)
    value, between = curve.keyframe_points[14].co.y, np.float32(-0.3)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    again = active_curves.find_active_curves(toy_speaker)["OBJECT", "rotation_euler", 2].fcurve
    found = {round(key.co.x, 3): (key.co.y, key.type) for key in again.keyframe_points}
    assert found[15.0] == (value, "EXTREME")
    assert found[20.5] == (between, "EXTREME")
    # Without the pins the head is regenerated.
    bpy.ops.diface.unpin_all()
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert (
        abs(active_curves.find_active_curves(toy_speaker)["OBJECT", "rotation_euler", 2].fcurve.evaluate(15) - value)
        > 0.05
    )


def test_edit_of_a_face_cache(scene, toy_speaker) -> None:
    scene.diface.threediface.motion_as, scene.diface.parts = "CACHE", "FACE"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    places = sculpted(toy_speaker)
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    np.testing.assert_array_equal(evaluated_vertices(toy_speaker, SCULPTED), places)
    assert vertex_cache.active_take(toy_speaker) == active(toy_speaker)[:8]


def test_edit_of_a_head_take(scene, toy_speaker) -> None:
    scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    curve = active_curves.find_active_curves(toy_speaker)["OBJECT", "rotation_euler", 0].fcurve
    curve.keyframe_points[9].co.y += 0.2
    value = curve.keyframe_points[9].co.y
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert (
        active_curves.find_active_curves(toy_speaker)["OBJECT", "rotation_euler", 0].fcurve.keyframe_points[9].co.y
        == value
    )
    assert stored_request.read_request(toy_speaker.animation_data.action)["engine"]["head"]


@KINDS
def test_check_take_compares_no_lips_of_a_3diface_face(scene, toy_speaker, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert bpy.ops.diface.check_take() == {"FINISHED"}
    assert findings.find(bpy.context, toy_speaker) == []
    assert diagnose.NO_ARKIT_FACE in bpy.context.window_manager.diface.message
    scene.render.fps = 25
    bpy.ops.diface.check_take()
    assert [problem.kind for problem in findings.find(bpy.context, toy_speaker)] == ["rate_changed"]


def test_edit_of_a_reduced_take_is_reduced_again(scene, toy_speaker) -> None:
    scene.diface.threediface.motion_as = "KEYS"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    dense = poses(toy_speaker)
    places = sculpted(toy_speaker)
    assert bpy.ops.diface.set_keys(take=active(toy_speaker), mode="REDUCED", face_tolerance=0.5) == {"FINISHED"}
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    actions = take_index.all_takes()[active(toy_speaker)]
    known = [reduction_state.read(action) for action in actions if action.get(baseline.SAMPLES)]
    assert known
    assert all(reduction is not None and reduction.lips == 0.5 for reduction in known)
    after = poses(toy_speaker)
    assert np.linalg.norm(after[SCULPTED - 1] - places, axis=1).max() < 1e-5
    far = np.linalg.norm(after[-1] - dense[-1], axis=1).max()
    assert far < 0.5e-3
