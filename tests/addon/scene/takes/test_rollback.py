"""A take that cannot be written leaves the file unchanged."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.scene.keys import head_pose, write_keys
from diface_addon.scene.provenance import baseline, layer_tracks
from diface_addon.scene.takes import use_take, user_curves, write_take
from tests.addon.scene import fingerprint, scenes

NAMES = ("jawOpen", "eyeBlinkLeft", "breathIn")
LAYERS = {"blinks": 0, "gaze": None, "breath": 0}


def motion(seed: int = 0) -> types.Motion:
    names = channels.SHAPES + channels.HEAD
    values = np.random.default_rng(seed).random((12, len(names)), np.float32) * 0.5
    return types.Motion(values, names, types.FrameRate(24))


def write(obj: bpy.types.Object, name: str, seed: int) -> write_take.TakeResult:
    return write_take.write_take(obj, motion(seed), name, {"first_frame": 11, "layers": LAYERS})


def fail_at_call(function, number: int):
    """Return `function` so that its call with this number raises."""
    calls = []

    def failing(*args, **options):
        calls.append(args)
        if len(calls) == number:
            raise ZeroDivisionError
        return function(*args, **options)

    return failing


STEPS = [
    (write_keys, "write_curves", 1), (write_keys, "write_curves", 3), (baseline, "store", 1), (baseline, "store", 2),
    (head_pose, "rotation_curves", 1), (user_curves, "copy_user_fcurves", 2), (use_take, "clear_face", 1),
    (compat, "assign_action", 1), (compat, "assign_action", 2), (layer_tracks, "attach_layers", 1),
    (layer_tracks, "reset_values", 2), (compat, "new_strip", 1), (compat, "new_strip", 2),
]  # fmt: skip
"""Steps of writing a take at which it may fail: module, function, and which of its calls."""


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name", "call"), STEPS, ids=[f"{name}-{call}" for _module, name, call in STEPS])
@pytest.mark.parametrize("before", ["nothing", "take", "user"])
def test_failed_take_changes_nothing(scene, monkeypatch, module, name, call, before) -> None:
    obj = scenes.add_character(scene, NAMES)
    if before == "take":
        write(obj, "First", 1)
        obj.data.shape_keys.animation_data.nla_tracks[0].mute = True
    elif before == "user":
        obj.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=3)
        obj.keyframe_insert("rotation_euler", frame=3)
        obj.animation_data.action_influence = 0.5
    scene.frame_set(15)
    state = fingerprint.of_file()
    monkeypatch.setattr(module, name, fail_at_call(getattr(module, name), call))
    try:
        write(obj, "Second", 2)
    except ZeroDivisionError:
        assert fingerprint.difference(state, fingerprint.of_file()) == []
    else:
        assert (before, name) in {("nothing", "reset_values"), ("user", "reset_values")}
