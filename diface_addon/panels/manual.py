"""Online Manual (in the context menu of buttons) for DiFACE's operators and settings.

The pages are the Markdown files of the guide, which the extension contains: they open without a network, in the program
that the system uses for them.
"""

from __future__ import annotations

from pathlib import Path

import bpy

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
"""Folder of the guide, in the extension and in a checkout."""

PAGE_BY_OPERATOR = {
    "add_head": "first-lip-sync.md",
    "load_audio": "first-lip-sync.md",
    "import_recording": "recordings.md",
    "fill_gaps": "recordings.md",
    "generate": "first-lip-sync.md",
    "cancel": "first-lip-sync.md",
    "generate_scene": "dialogue.md",
    "generate_line": "dialogue.md",
    "edit_line": "dialogue.md",
    "assign_lines": "dialogue.md",
    "idle": "nobody-speaks.md",
    "listen": "nobody-speaks.md",
    "list_missing_keys": "troubleshooting.md",
    "use_part": "settings.md",
    "add_parts": "settings.md",
    "add_mapping_row": "your-own-character.md",
    "change_mapping_row": "your-own-character.md",
    "use_mapping_row": "your-own-character.md",
    "remove_mapping_row": "your-own-character.md",
    "reset_mapping": "your-own-character.md",
    "test_mapping_row": "your-own-character.md",
    "use_mapping_preset": "your-own-character.md",
    "load_mapping": "your-own-character.md",
    "save_mapping": "your-own-character.md",
    "make_override": "settings.md",
    "show_message": "troubleshooting.md",
    "check_worker": "install.md",
    "create_environment": "install.md",
    "add_flame_head": "flame.md",
    "add_arkit_keys": "shape-keys.md",
    "place_landmarks": "shape-keys.md",
    "new_seed": "settings.md",
    "reset_advanced": "settings.md",
    "pin_pose": "editing.md",
    "unpin": "editing.md",
    "unpin_all": "editing.md",
    "jump_to_pin": "editing.md",
    "copy_pose": "editing.md",
    "paste_pose": "editing.md",
    "sculpt_pose": "editing.md",
    "pin_sculpt": "editing.md",
    "discard_sculpt": "editing.md",
    "regenerate": "editing.md",
    "in_between": "editing.md",
    "swap_keyframes": "editing.md",
    "align_words": "words.md",
    "load_words": "words.md",
    "word_markers": "words.md",
    "move_face_to_words": "words.md",
    "keep_face": "words.md",
    "reset_word_times": "words.md",
    "regenerate_word": "words.md",
    "close_word": "words.md",
    "emphasise_word": "words.md",
    "scale_word": "words.md",
    "apply_articulation": "directing.md",
    "reset_articulation": "directing.md",
    "reset_mood": "directing.md",
    "reset_gaze": "directing.md",
    "add_channel_gain": "directing.md",
    "remove_channel_gain": "directing.md",
    "check_take": "diagnostics.md",
    "jump_to_problem": "diagnostics.md",
    "fix_problem": "diagnostics.md",
    "generate_variations": "takes.md",
    "make_variations": "takes.md",
    "show_variation": "takes.md",
    "audition": "takes.md",
    "keep_variation": "takes.md",
    "discard_variations": "takes.md",
    "use_take": "takes.md",
    "delete_take": "takes.md",
    "delete_unstarred": "takes.md",
    "duplicate_take": "takes.md",
    "favourite_take": "takes.md",
    "push_down_take": "takes.md",
    "bake_take": "takes.md",
    "compare_take": "takes.md",
    "convert_take": "takes.md",
    "set_keys": "takes.md",
    "splice_take": "takes.md",
    "pack_cache": "threediface.md",
    "restore_cache": "threediface.md",
    "load_style": "styles.md",
    "personalise": "styles.md",
    "export_style": "styles.md",
    "export_fbx": "export.md",
    "export_gltf": "export.md",
    "export_usd": "export.md",
    "export_alembic": "export.md",
    "export_csv": "export.md",
    "bake_for_games": "export.md",
    "playblast": "export.md",
}
"""Operator `bpy.ops.diface.NAME` -> its page."""

PAGE_BY_SETTINGS = {
    "difacewords": "words.md",
    "difaceword": "words.md",
    "editsettings": "editing.md",
    "threedifacesettings": "threediface.md",
    "difacearticulation": "directing.md",
    "difacechannelgain": "directing.md",
    "difacemood": "directing.md",
    "difacekeysettings": "takes.md",
    "difacegaze": "directing.md",
    "difacedialogue": "dialogue.md",
    "difaceline": "dialogue.md",
    "difacecharacter": "settings.md",
    "difacemappingrow": "your-own-character.md",
    "difaceperformance": "settings.md",
    "difacesettings": "settings.md",
    "difacepreferences": "install.md",
}
"""Group of settings, in lower case -> its page."""


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the address of the guide, and the page of each identifier, as Blender asks for them."""
    operators = ((f"bpy.ops.diface.{name}", page) for name, page in PAGE_BY_OPERATOR.items())
    arguments = ((f"bpy.ops.diface.{name}.*", page) for name, page in PAGE_BY_OPERATOR.items())
    settings = ((f"bpy.types.{name}.*", page) for name, page in PAGE_BY_SETTINGS.items())
    return f"{GUIDE.as_uri()}/", (*operators, *arguments, *settings)


def register() -> None:
    bpy.utils.register_manual_map(manual_map)


def unregister() -> None:
    bpy.utils.unregister_manual_map(manual_map)
