"""Reduced keys: within their bounds, exact at pins, and dense again exactly."""

from __future__ import annotations

from dataclasses import fields

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, head_file, types
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.edits import curve_changes, write_edit
from diface_addon.scene.keys.key_table import KeyTable
from diface_addon.scene.keys.write_keys import enum_value
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import reduction_state
from diface_addon.scene.provenance.reduction_state import Reduction
from diface_addon.scene.reduction import reduce_keys, restore_keys
from diface_addon.scene.takes import take_copies, take_index, write_take

FIRST, ROWS = 11, 90
NAMES = ("jawOpen", "mouthClose", "mouthSmileLeft", "mouthPucker", "browInnerUp", "eyeBlinkLeft", *channels.HEAD)
LAYERS = {"blinks": 0, "gaze": None, "breath": None}


def motion() -> types.Motion:
    """Return waves with closed lips now and then, and a head that nods."""
    time, rng = np.arange(ROWS)[:, None], np.random.default_rng(3)
    waves = 0.5 + 0.5 * np.sin(time * rng.uniform(0.1, 0.5, len(NAMES)) + rng.uniform(0, 6, len(NAMES)))
    values = waves * [0.5, 0.0, 0.6, 0.4, 0.7, 0.8, 0.2, 0.1, 0.3]
    values[(time[:, 0] % 20) < 3, 0] = 0.0
    return types.Motion(values.astype(np.float32), NAMES, types.FrameRate(30))


@pytest.fixture
def head(scene) -> bpy.types.Object:
    """Return the bundled head with a take."""
    scene.render.fps = 30
    obj = bundled_head.add_head(bpy.context)
    write_take.write_take(obj, motion(), "T", {"first_frame": FIRST, "layers": LAYERS})
    return obj


def actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    return take_index.active_take(obj)


def curves(obj: bpy.types.Object) -> dict[tuple, bpy.types.FCurve]:
    return {
        (action.name, *address): fcurve for action in actions(obj) for address, fcurve in compat.action_fcurves(action)
    }


def jaw(obj: bpy.types.Object, name: str = "jawOpen") -> bpy.types.FCurve:
    path = f'key_blocks["{name}"].value'
    return next(fcurve for address, fcurve in curves(obj).items() if address[2] == path)


def contents(obj: bpy.types.Object) -> dict[tuple, list[bytes]]:
    """Return all properties of all keys as bytes, but for the handles of straight lines, which Blender rounds."""
    tables = {address: KeyTable.read(fcurve) for address, fcurve in curves(obj).items()}
    names = [field.name for field in fields(KeyTable) if field.name not in ("handle_left", "handle_right")]
    return {address: [getattr(table, name).tobytes() for name in names] for address, table in tables.items()}


def properties(obj: bpy.types.Object) -> list[dict[str, bytes]]:
    return [
        {name: bytes(value) if not isinstance(value, str) else value.encode() for name, value in action.items()}
        for action in actions(obj)
    ]


def sample_shown(obj: bpy.types.Object) -> np.ndarray:
    return evaluate_curves.sample_motion(obj, FIRST, ROWS, NAMES).values


def reduce(obj: bpy.types.Object, **settings) -> Reduction:
    reduction = Reduction(**settings)
    reduce_keys.reduce(obj, actions(obj), reduction)
    return reduction


def restore(obj: bpy.types.Object) -> None:
    for action in actions(obj):
        restore_keys.restore(action)


def key_count(obj: bpy.types.Object) -> int:
    return sum(len(fcurve.keyframe_points) for fcurve in curves(obj).values())


def lip_error(before: np.ndarray, after: np.ndarray) -> float:
    """Return the largest distance of a point of the lips in mm."""
    model, face = head_file.load_head(), [name for name in NAMES if name in channels.FACE]
    effects = 1000 * model.deltas[[channels.FACE.index(name) for name in face]][:, model.landmarks["lips"]]
    error = (after - before)[:, [NAMES.index(name) for name in face]]
    return float(np.linalg.norm(np.tensordot(error, effects, 1), axis=2).max())


@pytest.mark.parametrize(("lips", "angle"), [(0.25, 0.1), (1.0, 0.5)])
def test_motion_stays_within_the_bounds_with_few_keys(head, lips, angle) -> None:
    before, count = sample_shown(head), key_count(head)
    reduce(head, lips=lips, head=angle)
    after = sample_shown(head)
    assert lip_error(before, after) <= lips
    assert np.degrees(np.linalg.norm((after - before)[:, -3:], axis=1).max()) <= angle
    assert key_count(head) < 0.5 * count
    assert pins.find_pins(head) == []


def test_smaller_bounds_need_more_keys(head) -> None:
    counts = []
    for lips in (0.05, 0.25, 2.0):
        reduce(head, lips=lips)
        counts.append(key_count(head))
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_every_frame_again_is_exactly_as_before(head) -> None:
    before, stored = contents(head), properties(head)
    for settings in ({}, {"mode": "STEP", "step": 3}, {"lips": 3.0}):
        reduce(head, **settings)
        assert contents(head) != before
    restore(head)
    assert contents(head) == before
    assert properties(head) == stored


@pytest.mark.parametrize("step", [1, 2, 5])
def test_step(head, step) -> None:
    reduce(head, mode="STEP", step=step)
    for action, kind, path, index in curves(head):
        frames = KeyTable.read(curves(head)[action, kind, path, index]).frames
        wanted = {*range(FIRST, FIRST + ROWS, step), FIRST + ROWS - 1}
        assert wanted <= set(frames.tolist())
    brow = KeyTable.read(jaw(head, "browInnerUp")).frames
    assert set(brow.tolist()) == {*range(FIRST, FIRST + ROWS, step), FIRST + ROWS - 1}


def test_closed_lips_stay_closed_exactly(head) -> None:
    before = sample_shown(head)[:, NAMES.index("jawOpen")]
    reduce(head, lips=2.0)
    after = sample_shown(head)[:, NAMES.index("jawOpen")]
    closed = np.flatnonzero(before == 0.0)
    first = [row for row in closed if row == 0 or before[row - 1] != 0.0]
    assert np.array_equal(after[first], before[first])


def edit(obj: bpy.types.Object) -> dict[str, float]:
    """Edit keys as an animator does: a value, a new key between frames, a deleted key, a handle."""
    keys = jaw(obj).keyframe_points
    keys[3].co.y += 0.2
    keys[3].handle_left.y += 0.2
    keys[3].handle_right.y += 0.2
    smile = jaw(obj, "mouthSmileLeft").keyframe_points
    smile.insert(31.25, 0.9, options={"FAST"})
    brow = jaw(obj, "browInnerUp").keyframe_points
    brow[4].handle_right.y += 0.3
    pucker = jaw(obj, "mouthPucker")
    pucker.keyframe_points.remove(pucker.keyframe_points[2])
    return {"jawOpen": float(keys[3].co.x), "mouthSmileLeft": 31.25, "browInnerUp": float(brow[4].co.x)}


def test_edits_of_reduced_keys_are_pins(head) -> None:
    reduce(head)
    wanted = edit(head)
    found = {pin.name: pin.frame for pin in pins.find_pins(head)}
    assert found == pytest.approx(wanted)


def test_what_the_user_edited_stays_when_keys_are_dense_again(head) -> None:
    reduce(head)
    edit(head)
    found, before = pins.find_pins(head), sample_shown(head)
    edited = {pin.name: pin.value for pin in found}
    restore(head)
    assert np.abs(sample_shown(head) - before).max() < 0.05  # elsewhere the motion is the dense one, within the bound
    again = {pin.name: pin.value for pin in pins.find_pins(head)}
    assert again == edited
    reduce(head)
    assert {pin.name: pin.value for pin in pins.find_pins(head)} == edited


def test_pins_of_a_dense_take_stay_exact(head) -> None:
    keys = jaw(head).keyframe_points
    keys[33].co.y = 0.91
    jaw(head, "mouthPucker").keyframe_points.insert(40.5, 0.77, options={"FAST"})
    found = pins.find_pins(head)
    assert len(found) == 2
    reduce(head, lips=3.0)
    assert pins.find_pins(head) == found
    jaw_at = evaluate_curves.evaluate_fcurve(jaw(head), np.array([FIRST + 33.0]))
    assert jaw_at[0] == np.float32(0.91)
    restore(head)
    assert pins.find_pins(head) == found


def test_unpin_restores_the_reduced_keys(head) -> None:
    reduce(head)
    before, tables = contents(head), {address: KeyTable.read(fcurve) for address, fcurve in curves(head).items()}
    keys = jaw(head).keyframe_points
    keys[3].co.y += 0.2
    jaw(head, "browInnerUp").keyframe_points[4].handle_right.y += 0.3
    jaw(head, "mouthSmileLeft").keyframe_points.insert(31.25, 0.9, options={"FAST"})
    pins.unpin(head, pins.find_pins(head))
    assert contents(head) == before
    for address, fcurve in curves(head).items():
        table = KeyTable.read(fcurve)
        assert np.allclose(table.handle_left, tables[address].handle_left, atol=1e-5)
        assert np.allclose(table.handle_right, tables[address].handle_right, atol=1e-5)
    assert pins.find_pins(head) == []


def test_edit_regenerates_only_its_frames_and_is_reduced_again(head) -> None:
    reduce(head)
    before = sample_shown(head)
    found = pins.find_pins(head)
    mask = np.zeros((ROWS, len(NAMES)), bool)
    mask[30:50] = True
    new = types.Motion(np.where(mask, 0.3, before).astype(np.float32), NAMES, types.FrameRate(30))
    change = curve_changes.MotionEdit(new, mask, tuple(found), FIRST)
    old = actions(head)
    main = [action for action in old if "blinks" not in action.name]
    write_edit.write_edit(head, main, change, "E", {"first_frame": FIRST, "layers": LAYERS})
    dense = sample_shown(head)
    assert np.array_equal(dense[:30], before[:30])
    assert np.array_equal(dense[50:], before[50:])
    count = key_count(head)
    reduce_keys.reduce_again(head, actions(head))
    assert key_count(head) < 0.7 * count
    assert (
        lip_error(dense, sample_shown(head)) <= 2 * 0.25
    )  # the frames outside are reduced from the dense motion again


def test_locked_curves_stay(head) -> None:
    jaw(head).lock = True
    before = KeyTable.read(jaw(head)).co.copy()
    reduce(head)
    assert np.array_equal(KeyTable.read(jaw(head)).co, before)
    restore(head)
    assert np.array_equal(KeyTable.read(jaw(head)).co, before)


def test_copies_of_a_take_are_reduced_and_restored_alone(head) -> None:
    before = contents(head)
    reduce(head)
    copies = take_copies.duplicate(actions(head), "Copy")
    for copy in copies:
        restore_keys.restore(copy)
        assert reduction_state.read(copy) is None
    assert all(reduction_state.read(action) for action in actions(head))
    restore(head)
    assert contents(head) == before


def test_damaged_data_leave_the_keys(head) -> None:
    reduce(head)
    before = contents(head)
    for action in actions(head):
        action[reduction_state.SETTINGS] = "{"
    restore(head)
    assert contents(head) == before


def test_keys_are_bezier_with_aligned_handles(head) -> None:
    reduce(head)
    for fcurve in curves(head).values():
        table = KeyTable.read(fcurve)
        assert (table.interpolation == enum_value("interpolation", "BEZIER")).all()
        assert (table.handle_left_type == enum_value("handle_left_type", "ALIGNED")).all()
