"""The setting Keys: how many keys new takes have."""

from __future__ import annotations

import bpy
import pytest

from diface_addon import compat
from diface_addon.scene.provenance import reduction_state
from diface_addon.scene.takes import take_index
from diface_addon.settings import performance, scene_settings
from tests.addon.scene import scenes


@pytest.fixture
def speaker(scene, head, clicks, worker) -> bpy.types.Object:
    """Return the bundled head in a scene with speech."""
    scenes.use_audio_file(scene, clicks([0.25, 1.0]))
    return head


def key_settings(scene: bpy.types.Scene) -> bpy.types.PropertyGroup:
    return performance.of_object(scene_settings.character(bpy.context), scene).keys


def active_actions() -> list[bpy.types.Action]:
    return take_index.active_take(scene_settings.character(bpy.context))


def key_count() -> int:
    return sum(len(curve.keyframe_points) for action in active_actions() for _a, curve in compat.action_fcurves(action))


def test_new_takes_are_dense_by_default(speaker) -> None:
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert {reduction_state.read(action) for action in active_actions()} == {None}


@pytest.mark.parametrize(("mode", "step"), [("REDUCED", 2), ("STEP", 3)])
def test_new_take_is_reduced_as_set_and_dense_again(scene, speaker, mode, step) -> None:
    assert bpy.ops.diface.generate() == {"FINISHED"}
    before = key_count()
    settings = key_settings(scene)
    settings.mode, settings.step = mode, step
    assert bpy.ops.diface.generate() == {"FINISHED"}
    known = {reduction_state.read(action) for action in active_actions()} - {None}
    assert {(one.mode, one.step) for one in known} == {(mode, step)}
    assert key_count() < before
    assert bpy.ops.diface.set_keys(mode="EVERY_FRAME") == {"FINISHED"}
    assert key_count() == before


def test_edits_follow_the_take_and_not_the_setting(scene, speaker) -> None:
    assert bpy.ops.diface.generate() == {"FINISHED"}
    key_settings(scene).mode = "REDUCED"
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    assert {reduction_state.read(action) for action in active_actions()} == {None}
