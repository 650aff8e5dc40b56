"""The only file that asks what this Blender can do: flags named after features, and one function hiding both ways."""

from __future__ import annotations

import bpy

HAS_ACTION_SLOTS = hasattr(bpy.types, "ActionSlot")
"""4.4 and newer: one Action animates several data-blocks, each through a slot."""

HAS_AUDIO = bool(bpy.app.build_options.audaspace)
"""False in the bpy module of 4.2: no `aud`, no sound strips' sound, no sound in videos."""

HAS_MEDIA_TYPE = "media_type" in bpy.types.ImageFormatSettings.bl_rna.properties
"""5.0 and newer: video output is chosen before its file format."""

HAS_SEQUENCER_SCENE = "sequencer_scene" in bpy.types.WorkSpace.bl_rna.properties
"""5.0 and newer: the sequencer may show another scene than the 3D viewport."""


def strips_all(editor: bpy.types.SequenceEditor) -> list[bpy.types.bpy_struct]:
    """Every strip of a sequence editor, those inside metas too."""
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def strips(editor: bpy.types.SequenceEditor) -> bpy.types.bpy_prop_collection:
    """The collection that new strips are made in."""
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def strip_bounds(strip: bpy.types.bpy_struct) -> tuple[int, int]:
    """First frame of a strip, and the frame after its last."""
    if hasattr(strip, "left_handle"):
        return int(strip.left_handle), int(strip.right_handle)
    return int(strip.frame_final_start), int(strip.frame_final_end)


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene | None:
    """The scene that the sequencer shows: the workspace's choice where there is one, else the context's scene."""
    if HAS_SEQUENCER_SCENE and context.workspace:
        return context.workspace.sequencer_scene
    return context.scene
