"""Set Keys by its operator, and edits of takes whose keys are reduced."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import reduction_state
from diface_addon.scene.takes import take_index
from tests.addon.scene import scenes

JAW = 'key_blocks["jawOpen"].value'
FIRST, ROWS = 1, 96


@pytest.fixture
def take(scene, head, clicks, worker) -> bpy.types.Object:
    """A character with a take of four seconds at 24 frames per second."""
    scene.render.fps, scene.render.fps_base = 24, 1.0
    scenes.use_audio_file(scene, clicks([0.5, 1.5, 2.5], seconds=4.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return head


def jaw(obj: bpy.types.Object) -> bpy.types.FCurve:
    action = obj.data.shape_keys.animation_data.action
    return compat.find_channelbag(action, "KEY").fcurves.find(JAW)


def sample_shown(obj: bpy.types.Object) -> np.ndarray:
    return evaluate_curves.sample_motion(obj, FIRST, ROWS, ("jawOpen", "mouthSmileLeft")).values


def reductions(obj: bpy.types.Object) -> set[str]:
    known = [reduction_state.read(action) for action in take_index.active_take(obj)]
    return {reduction.mode if reduction else "" for reduction in known}


def test_modes_and_back(take) -> None:
    before, dense = scenes.jaw_keys(take), sample_shown(take)
    for mode in ("REDUCED", "STEP", "REDUCED"):
        assert bpy.ops.diface.set_keys(mode=mode) == {"FINISHED"}
        assert reductions(take) == {mode}
        assert len(scenes.jaw_keys(take)) < len(before)
    assert np.abs(sample_shown(take) - dense).max() < 0.5
    assert bpy.ops.diface.set_keys(mode="EVERY_FRAME") == {"FINISHED"}
    assert reductions(take) == {""}
    assert np.array_equal(scenes.jaw_keys(take), before)


def test_regenerate_keeps_the_pin_and_the_rest_and_is_reduced(take) -> None:
    bpy.ops.diface.set_keys(mode="REDUCED")
    key = jaw(take).keyframe_points[2]
    value, frame = float(np.float32(key.co.y + 0.3)), key.co.x
    key.co.y = value
    before = sample_shown(take)
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    assert reductions(take) == {"REDUCED"}
    (pin,) = [pin for pin in pins.find_pins(take) if pin.name == "jawOpen"]
    assert (pin.frame, pin.value) == (frame, value)
    assert np.abs(sample_shown(take)[-10:] - before[-10:]).max() < 0.02


def test_splice_and_conversion_of_reduced_takes_are_reduced(scene, take) -> None:
    first = take_index.active_take(take)[0].name
    scene.diface.seed = 3
    assert bpy.ops.diface.generate() == {"FINISHED"}
    bpy.ops.diface.set_keys(mode="REDUCED")
    assert bpy.ops.diface.splice_take(other=first, first=30, last=50) == {"FINISHED"}
    assert reductions(take) == {"REDUCED"}
    scene.render.fps = 30
    assert bpy.ops.diface.convert_take() == {"FINISHED"}
    assert reductions(take) == {"REDUCED"}
    assert bpy.ops.diface.set_keys(mode="EVERY_FRAME") == {"FINISHED"}
    assert len(scenes.jaw_keys(take)) == 120


def test_bake_of_a_reduced_take_has_its_keys(take) -> None:
    bpy.ops.diface.set_keys(mode="REDUCED")
    keys, before = scenes.jaw_keys(take), sample_shown(take)
    assert bpy.ops.diface.bake_take() == {"FINISHED"}
    assert len(scenes.jaw_keys(take)) >= len(keys)
    assert np.abs(sample_shown(take) - before).max() < 1e-5


def test_reduced_twice_is_the_same(take) -> None:
    bpy.ops.diface.set_keys(mode="REDUCED")
    before = sample_shown(take)
    bpy.ops.diface.set_keys(mode="REDUCED", face_tolerance=0.25)
    assert np.array_equal(sample_shown(take), before)


def test_scene_without_a_take(scene, head) -> None:
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.diface.set_keys()
