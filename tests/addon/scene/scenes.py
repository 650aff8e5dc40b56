"""Functions that build scenes for tests and read them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from diface_addon import compat
from diface_addon.scene.keys.key_table import KeyTable
from diface_addon.scene.keys.write_keys import enum_value
from diface_addon.scene.provenance import baseline, edited_keys

RATES = {"24": (24, 1.0), "25": (25, 1.0), "30": (30, 1.0), "60": (60, 1.0), "29.97": (30, 1.001)}


def new_file() -> bpy.types.Scene:
    """Open a new file; return its scene, which is empty.

    `read_factory_settings` would also register Blender's bundled add-ons again, which takes six times as long.
    """
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return bpy.context.scene


def add_character(scene: bpy.types.Scene, names: tuple[str, ...] = ("jawOpen", "mouthSmileLeft", "cheeky")):
    """Add a cube with these shape keys, each of which moves one vertex; active and selected."""
    corners = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh = bpy.data.meshes.new("Character")
    mesh.from_pydata(corners, [], faces)
    obj = bpy.data.objects.new("Character", mesh)
    scene.collection.objects.link(obj)
    if names:
        obj.shape_key_add(name="Basis", from_mix=False)
    for index, name in enumerate(names):
        key = obj.shape_key_add(name=name, from_mix=False)
        key.data[index % 8].co.z += 0.5
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj
    return obj


def set_rate(scene: bpy.types.Scene, rate: str) -> float:
    """Set the frame rate, and return it in frames per second."""
    scene.render.fps, scene.render.fps_base = RATES[rate]
    return RATES[rate][0] / RATES[rate][1]


def add_strip(scene: bpy.types.Scene, path: Path, frame: int = 1, channel: int = 1):
    """Add a sound strip named "Speech"."""
    editor = scene.sequence_editor_create()
    if compat.HAS_SEQUENCER_SCENE and bpy.context.workspace:
        bpy.context.workspace.sequencer_scene = scene
    return compat.strips(editor).new_sound("Speech", str(path), channel, frame)


def use_audio_file(scene: bpy.types.Scene, path: Path) -> None:
    """Select an audio file as the speech."""
    scene.diface.source, scene.diface.filepath = "FILE", str(path)


def curve_points(action: bpy.types.Action, kind: str, path: str, index: int = 0) -> np.ndarray:
    """Return the keys (K, 2) of one curve: frame and value."""
    curve = compat.find_channelbag(action, kind).fcurves.find(path, index=index)
    found = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", found)
    return found.reshape(-1, 2)


def jaw_keys(obj: bpy.types.Object) -> np.ndarray:
    """Return the keys (K, 2) of jawOpen in the active Action."""
    return curve_points(obj.data.shape_keys.animation_data.action, "KEY", 'key_blocks["jawOpen"].value')


def loud_frames(keys: np.ndarray, threshold: float = 0.3) -> list[int]:
    """Return the frames at which a loud segment begins."""
    loud = keys[:, 1] > threshold
    begins = loud & ~np.concatenate([[False], loud[:-1]])
    return keys[begins, 0].astype(int).tolist()


def trim_strip(strip, first: int, end: int) -> None:
    """Move a strip's handles, so that it plays from `first` to before `end`."""
    if hasattr(strip, "left_handle"):
        strip.left_handle, strip.right_handle = first, end
    else:
        strip.frame_final_start, strip.frame_final_end = first, end


def sequencer_context(scene: bpy.types.Scene):
    """Return a context override in which the Sequencer's operators run."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    return bpy.context.temp_override(window=window, area=area, region=region, scene=scene)


def wrap_in_meta(scene: bpy.types.Scene, strip):
    """Put a strip in a meta strip."""
    strip.select = True
    with sequencer_context(scene):
        bpy.ops.sequencer.meta_make()
    return next(found for found in compat.strips(scene.sequence_editor) if found.type == "META")


def retime(scene: bpy.types.Scene, strip, speed: float) -> None:
    """Retime a strip to `speed`, as Strip > Retiming > Set Speed does."""
    scene.sequence_editor.active_strip = strip
    strip.select = True
    with sequencer_context(scene):
        bpy.ops.sequencer.retiming_segment_speed_set(speed=speed * 100)


def keyed_action(block: bpy.types.ID, path: str, keys: dict[float, float]) -> bpy.types.Action:
    """Return an unassigned Action with these keys (frame: value) of a scalar property."""
    owner, _, name = path.rpartition(".")
    for frame, value in keys.items():
        setattr(block.path_resolve(owner) if owner else block, name, value)
        block.keyframe_insert(path, frame=frame)
    action, block.animation_data.action = block.animation_data.action, None
    return action


def add_nla_strip(block: bpy.types.ID, action: bpy.types.Action, frame: int, track=None, **settings):
    """Add an NLA strip that plays `action` from `frame` on, on `track` or a new one."""
    track = track or block.animation_data.nla_tracks.new()
    strip = track.strips.new(action.name, frame, action)
    if compat.HAS_ACTION_SLOTS:
        strip.action_slot = action.slots[0]
    for name, value in settings.items():
        setattr(strip, name, value)
    return strip


def find_edits(action: bpy.types.Action, tolerance: float = 1e-5) -> dict[str, dict[tuple[str, int], np.ndarray]]:
    """Return the keys (K, 2) that the user changed, moved, added or marked EXTREME in generated curves, by kind."""
    found: dict[str, dict[tuple[str, int], np.ndarray]] = {}
    for (kind, path, index), points in baseline.read_baseline_keys(action).items():
        channels = compat.find_channelbag(action, kind)
        fcurve = channels.fcurves.find(path, index=index) if channels else None
        if fcurve and len(fcurve.keyframe_points):
            keys = KeyTable.read(fcurve)
            is_edit = edited_keys.changed_mask(keys, points, tolerance) | (keys.type == enum_value("type", "EXTREME"))
            if is_edit.any():
                found.setdefault(kind, {})[path, index] = keys.co[is_edit]
    return found


def fcurves(action: bpy.types.Action, kind: str) -> list[bpy.types.FCurve]:
    """Return the F-curves of a kind of data-block in an Action."""
    return list(getattr(compat.find_channelbag(action, kind), "fcurves", ()))
