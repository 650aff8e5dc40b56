"""A take is at rest at its ends, and eases from and to its motion there."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.core import types
from diface_addon.scene.takes import rest_easing
from tests.addon.scene import scenes

NAMES = ("jawOpen", "head_rx")
ROWS, RATE = 60, types.FrameRate(25)
EASED = 5
"""Rows of 0.2 s at this rate."""


def motion(value: float = 0.5, rows: int = ROWS) -> types.Motion:
    return types.Motion(np.full((rows, 2), value, np.float32), NAMES, RATE)


def test_motion_eases_from_and_to_rest() -> None:
    values = rest_easing.ease_ends(motion()).values
    assert (values[[0, -1]] == 0).all()
    assert (values[EASED : ROWS - EASED] == 0.5).all()
    assert (np.diff(values[: EASED + 1], axis=0) > 0).all()
    assert np.array_equal(values, values[::-1])


def test_motion_at_rest_is_not_changed() -> None:
    still = motion()
    still.values[: EASED + 1] = still.values[-EASED - 1 :] = 0
    assert np.array_equal(rest_easing.ease_ends(still).values, still.values)


@pytest.mark.parametrize("row", [0.0, 1.0, 2.5, 4.0])
def test_easing_ends_before_the_first_pin(row) -> None:
    pins = types.Pins(np.array([row]), np.array([0], np.int32), np.array([0.5], np.float32))
    values = rest_easing.ease_ends(motion(), pins).values
    assert (values[int(np.ceil(row)) : ROWS - EASED, 0] == 0.5).all()
    assert values[0, 0] == (0.5 if row == 0 else 0)
    assert values[0, 1] == values[-1, 0] == 0


def test_only_generated_ends_are_eased() -> None:
    mask = np.ones((ROWS, 2), bool)
    mask[0, 0] = mask[-1, 1] = False
    values = rest_easing.ease_ends(motion(), mask=mask).values
    assert values[0].tolist() == [0.5, 0]
    assert values[-1].tolist() == [0, 0.5]


def test_easing_ends_before_the_first_row_that_was_not_generated() -> None:
    mask = np.ones((ROWS, 2), bool)
    mask[2:, 0] = False
    values = rest_easing.ease_ends(motion(), mask=mask).values
    assert values[0, 0] == 0
    assert (values[2:, 0] == 0.5).all()


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_short_motion(rows) -> None:
    values = rest_easing.ease_ends(motion(rows=rows)).values
    assert values.shape == (rows, 2)
    assert np.isfinite(values).all()


def test_strip_that_is_trimmed_in_mid_word_holds_rest_outside(scene, head, clicks, worker) -> None:
    """A click in the last frames opens the jaw there; before and after the strip, the mouth is closed."""
    scene.frame_start = 11
    scenes.use_audio_file(scene, clicks([0.0, 0.5, 0.98], seconds=1.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    keys = scenes.jaw_keys(head)
    assert keys[:, 1].max() > 0.3
    for frame in (1, keys[0, 0], keys[-1, 0], keys[-1, 0] + 20):
        scene.frame_set(int(frame))
        assert head.data.shape_keys.key_blocks["jawOpen"].value == 0
    assert scenes.find_edits(head.data.shape_keys.animation_data.action) == {}


def test_regenerated_take_keeps_its_rest_and_a_pin_at_its_end(scene, head, clicks, worker) -> None:
    scene.frame_start = 11
    scenes.use_audio_file(scene, clicks([0.5], seconds=2.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    action = head.data.shape_keys.animation_data.action
    from_fcurve = scenes.jaw_keys(head)
    curve = next(curve for curve in scenes.fcurves(action, "KEY") if curve.data_path == 'key_blocks["jawOpen"].value')
    last = float(from_fcurve[-1, 0])
    curve.keyframe_points.insert(last, 0.625, options={"FAST"})
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    keys = dict(scenes.jaw_keys(head).tolist())
    assert keys[last] == 0.625
    assert keys[11.0] == 0
