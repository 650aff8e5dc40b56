"""Takes with layers of a character with every shape key."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.scene.provenance import layer_tracks, stored_request
from diface_addon.scene.takes import write_take

NAMES = (*channels.FACE, "breathIn")
ON = {"blinks": 0, "gaze": 0, "breath": 0}
FIRST, ROWS = 11, 24


def motion(seed: int = 0, rows: int = ROWS) -> types.Motion:
    names = channels.SHAPES + channels.HEAD
    return types.Motion(
        np.random.default_rng(seed).random((rows, len(names)), np.float32) * 0.5, names, types.FrameRate(24)
    )


def write(obj, made: types.Motion, name: str = "T", layers=ON, **request) -> write_take.TakeResult:
    return write_take.write_take(obj, made, name, {"first_frame": FIRST, "layers": layers, "seed": 0, **request})


def tracks(obj) -> list[str]:
    animation = obj.data.shape_keys.animation_data
    return [track.name for track in animation.nla_tracks] if animation else []


def track(obj, layer: str) -> bpy.types.NlaTrack:
    return obj.data.shape_keys.animation_data.nla_tracks[layer_tracks.TRACK_PREFIX + layer]


def shape_key_values(obj, row: int) -> dict[str, float]:
    """Return the evaluated value of every shape key at the frame of a row."""
    bpy.context.scene.frame_set(FIRST + row)
    return {block.name: block.value for block in obj.data.shape_keys.key_blocks if block.name != "Basis"}


def shows_motion(obj, made: types.Motion, at_rest: set[str] = frozenset()) -> bool:
    """Return whether the evaluated shape keys equal `made`, and 0 on the channels `at_rest`."""
    return all(
        shape_key_values(obj, row)[name] == pytest.approx(0.0 if name in at_rest else made.column(name)[row], abs=1e-6)
        for row in (0, 7, ROWS - 1)
        for name in NAMES
    )


def take_id(written: write_take.TakeResult) -> str:
    return stored_request.read_request(written.actions[0])["take"]


def enter_tweak_mode(keys: bpy.types.Key) -> None:
    """Enter tweak mode of another strip, as Tab does in the NLA editor; the take stays assigned."""
    strip_action = bpy.data.actions.new("Hand")
    compat.new_channelbag(strip_action, keys)
    track = keys.animation_data.nla_tracks.new()
    strip = track.strips.new("Hand", 1, strip_action)
    if compat.HAS_ACTION_SLOTS:
        strip.action_slot = strip_action.slots[0]
    strip.select = track.select = True
    keys.animation_data.nla_tracks.active = track
    keys.animation_data.use_tweak_mode = True
    if not keys.animation_data.use_tweak_mode:
        pytest.skip("This Blender enters tweak mode only in an NLA editor.")
