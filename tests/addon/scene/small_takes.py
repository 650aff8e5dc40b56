"""Takes of the small character of `scenes`: jawOpen, mouthSmileLeft and the head."""

from __future__ import annotations

import bpy
import numpy as np

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.scene.takes import write_take
from tests.addon.scene import scenes

JAW, SMILE = (f'key_blocks["{name}"].value' for name in ("jawOpen", "mouthSmileLeft"))
NAMES = ("jawOpen", "mouthSmileLeft", *channels.HEAD)
FIRST = 11
ONCE, PART = {"extrapolation": "NOTHING"}, {"use_animated_influence": True, "influence": 0.3}
STRIPS = {
    "moved": [(31, {})],
    "scaled": [(31, {"scale": 1.7})],
    "reversed": [(31, {"scale": 1.5, "use_reverse": True})],
    "repeated": [(31, {"repeat": 3.0})],
    "repeated in part": [(31, {"repeat": 2.5, "use_reverse": True})],
    "cut": [(31, {"action_frame_start": 20, "action_frame_end": 35})],
    "once": [(31, ONCE)],
    "from then on": [(31, {"extrapolation": "HOLD_FORWARD"})],
    "in turn": [(11, {}), (60, {})],
    "end to end": [(11, {}), (40, {})],
    "one muted": [(11, {}), (60, {"mute": True})],
    "faded": [(11, {}), (25, {"blend_in": 5, "blend_out": 4, **ONCE}, "above")],
    "added": [(11, {}), (25, {"blend_type": "ADD", **ONCE}, "above")],
    "subtracted": [(11, {}), (25, {"blend_type": "SUBTRACT", **ONCE}, "above")],
    "multiplied": [(11, {}), (25, {"blend_type": "MULTIPLY", **PART}, "above")],
}
"""Name -> NLA strips: start frame, strip settings, and "above" for a strip on a track above."""


def motion(rows: int = 40, names=NAMES, seed: int = 0) -> types.Motion:
    values = np.random.default_rng(seed).random((rows, len(names)), np.float32) * 0.5
    return types.Motion(values, names, types.FrameRate(24))


def write(obj, made=None, **request) -> write_take.TakeResult:
    return write_take.write_take(obj, made or motion(), "T", {"first_frame": FIRST, **request})


def curve(obj, path: str = JAW, index: int = 0) -> bpy.types.FCurve:
    owner = obj.data.shape_keys if path.startswith("key_blocks") else obj
    return compat.active_channelbag(owner.animation_data).fcurves.find(path, index=index)


def key_at(obj, frame: float, path: str = JAW, index: int = 0) -> bpy.types.Keyframe:
    return next(key for key in curve(obj, path, index).keyframe_points if abs(key.co.x - frame) < 1e-3)


def key_properties(obj) -> dict:
    """Return all properties of the keys of the active Actions."""
    found = {}
    for owner in (obj, obj.data.shape_keys):
        for fcurve in compat.active_channelbag(owner.animation_data).fcurves:
            found[fcurve.data_path, fcurve.array_index] = [
                (*key.co, key.type, key.interpolation) for key in fcurve.keyframe_points
            ]
    return found


def edit_keys(obj) -> None:
    """Edit keys as a user does: value, time, replacement of another key, a new key, and the head's rotation."""
    key_at(obj, 18).co.y = 0.9
    key_at(obj, 20).co.x = 20.4
    fcurve = curve(obj, SMILE)
    value = key_at(obj, 30, SMILE).co.y
    fcurve.keyframe_points.remove(key_at(obj, 30, SMILE))
    fcurve.keyframe_points.insert(33, value, options={"FAST"})
    fcurve.keyframe_points.insert(25.25, 0.7, options={"FAST"})
    key_at(obj, 40, "rotation_euler", 1).co.y = -0.5


def add_strips(obj, name: str) -> None:
    """Add the strips of STRIPS with this name; they animate jawOpen."""
    keys = obj.data.shape_keys
    found = [{11: 0.0, 30: 0.9, 40: 0.1}, {60: 0.2, 70: 0.6, 80: 0.1}]
    actions = [scenes.keyed_action(keys, JAW, values_by_frame) for values_by_frame in found]
    track = keys.animation_data.nla_tracks.new()
    for action, (frame, settings, *above) in zip(actions, STRIPS[name], strict=False):
        scenes.add_nla_strip(keys, action, frame, None if above else track, **settings)


def evaluated_jaw(scene, obj, frames) -> np.ndarray:
    """Return the evaluated values of jawOpen at `frames`."""
    found = []
    for frame in frames:
        scene.frame_set(int(frame))
        found.append(obj.data.shape_keys.key_blocks["jawOpen"].value)
    return np.array(found, np.float32)
