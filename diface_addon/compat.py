"""Differences between Blender versions: a flag named after each feature, and functions that hide the differences.

No other module tests what this Blender supports.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import bpy

HAS_ACTION_SLOTS = hasattr(bpy.types, "ActionSlot")
"""4.4 and later: one Action animates several data-blocks, each through a slot."""

HAS_ALEMBIC = bool(bpy.app.build_options.alembic)
"""False in the builds of some Linux distributions."""

HAS_USD = bool(getattr(bpy.app.build_options, "usd", False))
"""False in the builds of some Linux distributions."""

USD_WITHOUT_TEXTURES = (
    {"export_textures_mode": "KEEP"} if HAS_USD and bpy.app.version >= (4, 3, 0) else {"export_textures": False}
)
"""Arguments of the USD exporter that leave images where they are; in 4.3 and later it is a mode."""

HAS_AUDIO = bool(bpy.app.build_options.audaspace)
"""False in the bpy module of 4.2: no `aud` module, no sound in strips and videos."""

HAS_MEDIA_TYPE = "media_type" in bpy.types.ImageFormatSettings.bl_rna.properties
"""5.0 and later: video output is chosen before its file format."""

HAS_NODES_PROPERTIES = "properties" in bpy.types.NodesModifier.bl_rna.properties
"""5.2 and later; before, the inputs of Geometry Nodes modifiers are custom properties."""

HAS_RELATIVE_PATHS = "is_path_supports_blend_relative" in bpy.types.Property.bl_rna.properties
"""4.5 and later: a property says whether its paths may be relative to the .blend ("//"); before, all may."""

RELATIVE_PATH = {"PATH_SUPPORTS_BLEND_RELATIVE"} if HAS_RELATIVE_PATHS else set()
"""Options of a property whose paths may be relative to the .blend."""

HAS_SEQUENCER_SCENE = "sequencer_scene" in bpy.types.WorkSpace.bl_rna.properties
"""5.0 and later: the sequencer may show another scene than the 3D viewport."""


STRIP_TYPE = bpy.types.Strip if hasattr(bpy.types, "Strip") else bpy.types.Sequence
"""Type of the strips of the sequencer, which settings can be added to."""


STRIPS_ALL = "strips_all" if "strips_all" in bpy.types.SequenceEditor.bl_rna.properties else "sequences_all"
"""Property of a sequence editor with all its strips, those in metas included."""


def stored_settings(scene: bpy.types.Scene) -> bpy.types.bpy_struct | None:
    """Return the ID properties behind `scene.diface`, which keep values of removed settings; None without any.

    From 5.0 on, Blender stores registered properties apart from custom properties.
    """
    stored = scene.bl_system_properties_get() if hasattr(scene, "bl_system_properties_get") else scene
    return stored.get("diface") if stored else None


def strips_all(editor: bpy.types.SequenceEditor) -> list[bpy.types.bpy_struct]:
    """Return every strip of a sequence editor, including those inside metas."""
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def strips(editor: bpy.types.SequenceEditor) -> bpy.types.bpy_prop_collection:
    """Return the collection to which new strips are added."""
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def strip_bounds(strip: bpy.types.bpy_struct) -> tuple[int, int]:
    """Return the first frame of a strip, and the frame after its last."""
    if hasattr(strip, "left_handle"):
        return int(strip.left_handle), int(strip.right_handle)
    return int(strip.frame_final_start), int(strip.frame_final_end)


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene | None:
    """Return the scene that the sequencer shows: that of the workspace if it can have one, else the context's."""
    if HAS_SEQUENCER_SCENE and context.workspace:
        return context.workspace.sequencer_scene
    return context.scene


def show_in_sequencer(context: bpy.types.Context) -> bpy.types.Scene:
    """Show the context's scene in the sequencer. Returns that scene."""
    if HAS_SEQUENCER_SCENE and context.workspace:
        context.workspace.sequencer_scene = context.scene
    assert context.scene is not None
    return context.scene


def strip_trim(strip: bpy.types.bpy_struct) -> float:
    """Return the frames of the sound that are trimmed before the strip's first frame; negative for leading silence."""
    if hasattr(strip, "left_handle_offset"):
        return strip.left_handle_offset + strip.content_trim_start
    return strip.frame_offset_start + strip.animation_offset_start


def strip_is_retimed(scene: bpy.types.Scene, strip: bpy.types.bpy_struct, file: Path) -> bool:
    """Return whether the strip plays its sound `file` at another speed.

    4.2 and 4.3 do not store that: a new strip of the file is added to a temporary scene, to compare the lengths.
    """
    if hasattr(strip, "retiming_keys"):
        return len(strip.retiming_keys) > 0
    sounds, fresh = set(bpy.data.sounds), bpy.data.scenes.new("DiFACE")
    try:
        fresh.render.fps, fresh.render.fps_base = scene.render.fps, scene.render.fps_base
        new = strips(fresh.sequence_editor_create()).new_sound("as new", str(file), 1, 1)
        return abs(strip.frame_duration - new.frame_duration) > 1
    finally:
        bpy.data.scenes.remove(fresh)
        for sound in set(bpy.data.sounds) - sounds:
            bpy.data.sounds.remove(sound)


def audio_module() -> ModuleType | None:
    """Return the module `aud`; None in builds without it."""
    try:
        import aud
    except ImportError:
        return None
    return aud


SLOT_PREFIX = "diface_slot_"
"""Prefix of the custom properties of an Action that name its slots for parts of a character: the kind ("KEY:1")
follows, and the value is the slot's handle. Without slots, the value is 0, and the Action is for this kind alone."""


def new_channelbag(action: bpy.types.Action, block: bpy.types.ID, kind: str = "") -> bpy.types.bpy_struct:
    """Return the container of the F-curves of `block` in a new Action: that of a new slot, or the Action itself.

    Args:
        action: The Action.
        block: A data-block.
        kind: Its kind if it is of a part of the character, such as 'KEY:1'; else its type ('KEY', 'OBJECT').
    """
    if not HAS_ACTION_SLOTS:
        action.id_root = block.id_type
        _mark_slot(action, kind, 0)
        return action
    slot = action.slots.new(id_type=block.id_type, name=block.name)
    _mark_slot(action, kind, slot.handle)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True)


def mark_slot(action: bpy.types.Action, kind: str, animation: bpy.types.AnimData) -> None:
    """Note for which kind of data-block an Action has the slot that `animation` uses."""
    _mark_slot(action, kind, animation.action_slot.handle if HAS_ACTION_SLOTS and animation.action_slot else 0)


def _mark_slot(action: bpy.types.Action, kind: str, handle: int) -> None:
    if ":" in kind:
        action[SLOT_PREFIX + kind] = handle


def _part_slots(action: bpy.types.Action) -> dict[str, int]:
    """Return the handles of the slots for parts of a character, by kind."""
    names = list(action.keys())
    return {name.removeprefix(SLOT_PREFIX): action[name] for name in names if name.startswith(SLOT_PREFIX)}


def action_kinds(action: bpy.types.Action) -> list[str]:
    """Return the kinds of data-blocks that an Action has F-curves for, those of the main mesh first."""
    return [kind for kind in ("KEY", "OBJECT", *sorted(_part_slots(action))) if find_channelbag(action, kind)]


def action_fcurves(action: bpy.types.Action) -> list[tuple[tuple[str, str, int], bpy.types.FCurve]]:
    """Return the F-curves of an Action with their properties: kind of data-block, RNA path and array index."""
    return [
        ((kind, fcurve.data_path, fcurve.array_index), fcurve)
        for kind in action_kinds(action)
        for fcurve in find_channelbag(action, kind).fcurves
    ]


def find_fcurve(action: bpy.types.Action, address: tuple[str, str, int]) -> bpy.types.FCurve | None:
    """Return the F-curve of a property: kind of data-block, RNA path and array index; None without one."""
    kind, path, index = address
    channelbag = find_channelbag(action, kind)
    return channelbag.fcurves.find(path, index=index) if channelbag else None


def find_slot(action: bpy.types.Action, kind: str) -> bpy.types.ActionSlot | None:
    """Return the slot of an Action for a kind of data-block; None without any, and before 4.4."""
    if not HAS_ACTION_SLOTS:
        return None
    parts = _part_slots(action)
    if ":" in kind:
        return next((slot for slot in action.slots if kind in parts and slot.handle == parts[kind]), None)
    of_parts = set(parts.values())
    return next((slot for slot in action.slots if slot.target_id_type == kind and slot.handle not in of_parts), None)


def find_channelbag(action: bpy.types.Action, kind: str) -> bpy.types.bpy_struct | None:
    """Return the F-curves of an Action for a kind of data-block ('OBJECT', 'KEY', 'KEY:1'); None without any."""
    if not HAS_ACTION_SLOTS:
        return action if _action_kind(action) == kind and len(action.fcurves) else None
    slot = find_slot(action, kind)
    if slot is None or not action.layers or not action.layers[0].strips:
        return None
    return action.layers[0].strips[0].channelbag(slot)


def _action_kind(action: bpy.types.Action) -> str:
    """Return the kind of data-block that an Action without slots animates."""
    return next(iter(_part_slots(action)), action.id_root)


def writable_channelbag(action: bpy.types.Action, kind: str) -> bpy.types.bpy_struct | None:
    """Return the F-curves like `find_channelbag`, but also an empty container."""
    return find_channelbag(action, kind) if HAS_ACTION_SLOTS else action


def can_hold(action: bpy.types.Action, kind: str) -> bool:
    """Return whether an Action can have F-curves of a kind of data-block."""
    return HAS_ACTION_SLOTS or _action_kind(action) == kind


def active_channelbag(source: bpy.types.AnimData | bpy.types.NlaStrip) -> bpy.types.bpy_struct | None:
    """Return the active F-curves of the Action of a data-block's animation, or of an NLA strip."""
    action = source.action
    if action is None or not HAS_ACTION_SLOTS:
        return action
    if source.action_slot is None or not action.layers or not action.layers[0].strips:
        return None
    return action.layers[0].strips[0].channelbag(source.action_slot)


def keep_slots(copy: bpy.types.Action, action: bpy.types.Action, blocks: Iterable[bpy.types.ID]) -> None:
    """Remove from a copy of `action` the slots for the types of `blocks` that none of `blocks` uses."""
    if not HAS_ACTION_SLOTS:
        return
    blocks = list(blocks)
    animations = [block.animation_data for block in blocks if block.animation_data]
    used = {a.action_slot.identifier for a in animations if a.action == action and a.action_slot}
    kinds = {block.id_type for block in blocks}
    for slot in list(copy.slots):
        if slot.target_id_type in kinds and slot.identifier not in used:
            copy.slots.remove(slot)


def assign_action(block: bpy.types.ID, action: bpy.types.Action, kind: str = "") -> None:
    """Animate `block` by `action`, through the slot for its `kind`, or else its type, if there are slots."""
    animation = block.animation_data_create()
    animation.action = action
    animation.action_influence, animation.action_blend_type = 1.0, "REPLACE"  # not those of the Action before
    animation.action_extrapolation = "HOLD"
    if HAS_ACTION_SLOTS:
        animation.action_slot = find_slot(action, kind or block.id_type)


def assign_slot(block: bpy.types.ID, action: bpy.types.Action, slot: bpy.types.ActionSlot | None) -> None:
    """Animate `block` by `action` through a slot of it; None before 4.4."""
    animation = block.animation_data_create()
    animation.action = action
    if HAS_ACTION_SLOTS:
        animation.action_slot = slot


def new_strip(
    track: bpy.types.NlaTrack, action: bpy.types.Action, slot: bpy.types.ActionSlot | None
) -> bpy.types.NlaStrip:
    """Add an NLA strip that plays `action` at the times of its keys, which may be between frames.

    Args:
        track: The NLA track.
        action: The Action of the strip.
        slot: The slot of the Action; None before 4.4.
    """
    first = action.frame_range[0]
    strip = track.strips.new(action.name, int(first), action)
    if HAS_ACTION_SLOTS:
        strip.action_slot = slot
    strip.frame_start_ui = first  # moves the strip with its contents; it was added at a whole frame
    return strip


def push_down(block: bpy.types.ID) -> None:
    """Move the active Action of `block` to a new NLA track, which continues to play below the next Action."""
    animation = block.animation_data
    action, slot = animation.action, getattr(animation, "action_slot", None)
    blended = bool(animation.nla_tracks)  # without tracks, Blender ignores influence and blending
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = new_strip(track, action, slot)
    if _continues_beyond_keys(action):
        _extend_over_scenes(strip)
    if blended:
        strip.blend_type, strip.influence = animation.action_blend_type, animation.action_influence
        strip.use_animated_influence = strip.influence < 1.0
    animation.action = None


def _continues_beyond_keys(action: bpy.types.Action) -> bool:
    """Return whether a curve of an Action repeats (Cycles) or extends in a straight line; a strip would hold it."""
    for channels in [action] if not HAS_ACTION_SLOTS else _channelbags(action):
        for curve in channels.fcurves:
            if curve.extrapolation == "LINEAR" or any(modifier.type == "CYCLES" for modifier in curve.modifiers):
                return True
    return False


def _channelbags(action: bpy.types.Action) -> list[bpy.types.bpy_struct]:
    strips = action.layers[0].strips if action.layers else ()
    found = (strip.channelbag(slot) for strip in strips for slot in action.slots)
    return [channels for channels in found if channels]


def _extend_over_scenes(strip: bpy.types.NlaStrip) -> None:
    """Let a strip play its Action over the frames of all scenes, each key at the same frame as before."""
    first = min(strip.action_frame_start, *(scene.frame_start for scene in bpy.data.scenes))
    last = max(strip.action_frame_end, *(scene.frame_end for scene in bpy.data.scenes))
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_start_ui = first
    strip.frame_end_ui = last


def move_strip(strip: bpy.types.bpy_struct, frames: int) -> None:
    """Move a strip in time, with its contents."""
    if hasattr(strip, "content_start"):
        strip.content_start += frames
    else:
        strip.frame_start += frames


def use_see_through_nodes(material: bpy.types.Material, colour: tuple[float, float, float, float]) -> None:
    """Show a new material in one colour (RGB and opacity) in material preview and in renders."""
    if not material.node_tree:
        material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour[:3], 1.0)
    shader.inputs["Alpha"].default_value = colour[3]
    material.surface_render_method = "BLENDED"


def use_video(settings: bpy.types.ImageFormatSettings) -> None:
    """Set the render output to a video by FFmpeg."""
    if HAS_MEDIA_TYPE:
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"


def set_nodes_input(modifier: bpy.types.NodesModifier, identifier: str, value: bpy.types.Object) -> None:
    """Set an input for an object of a Geometry Nodes modifier, by its socket's identifier."""
    if HAS_NODES_PROPERTIES:
        getattr(modifier.properties.inputs, identifier).value = value
    else:
        modifier[identifier] = value


def nodes_input(modifier: bpy.types.NodesModifier, identifier: str) -> bpy.types.Object | None:
    """Return the object at an input of a Geometry Nodes modifier, by its socket's identifier."""
    if HAS_NODES_PROPERTIES:
        return getattr(modifier.properties.inputs, identifier).value
    return modifier.get(identifier)
