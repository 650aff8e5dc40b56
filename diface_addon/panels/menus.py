"""The menu DiFACE in the headers of the editors. Blender's search (F3) lists the operators of menus."""

from __future__ import annotations

import bpy

MENU_OPERATORS = (
    (
        "diface.generate",
        "diface.generate_variations",
        "diface.idle",
        "diface.listen",
        "diface.generate_scene",
        "diface.assign_lines",
        "diface.edit_line",
        "diface.generate_line",
        "diface.load_audio",
        "diface.import_recording",
        "diface.new_seed",
    ),
    (
        "diface.pin_pose",
        "diface.unpin",
        "diface.unpin_all",
        "diface.jump_to_pin",
        "diface.copy_pose",
        "diface.paste_pose",
    ),
    ("diface.sculpt_pose", "diface.pin_sculpt", "diface.discard_sculpt"),
    ("diface.regenerate", "diface.in_between", "diface.swap_keyframes", "diface.fill_gaps", "diface.splice_take"),
    (
        "diface.align_words",
        "diface.load_words",
        "diface.word_markers",
        "diface.move_face_to_words",
        "diface.keep_face",
        "diface.reset_word_times",
        "diface.regenerate_word",
        "diface.close_word",
        "diface.emphasise_word",
        "diface.scale_word",
    ),
    (
        "diface.make_variations",
        "diface.show_variation",
        "diface.audition",
        "diface.keep_variation",
        "diface.discard_variations",
    ),
    ("diface.check_take", "diface.jump_to_problem", "diface.fix_problem"),
    (
        "diface.duplicate_take",
        "diface.delete_take",
        "diface.delete_unstarred",
        "diface.compare_take",
        "diface.convert_take",
        "diface.set_keys",
        "diface.favourite_take",
        "diface.push_down_take",
        "diface.bake_take",
        "diface.pack_cache",
        "diface.restore_cache",
    ),
    (
        "diface.add_channel_gain",
        "diface.apply_articulation",
        "diface.reset_articulation",
        "diface.reset_mood",
        "diface.reset_gaze",
    ),
    ("diface.load_style", "diface.personalise", "diface.export_style", "diface.reset_advanced"),
    (
        "diface.add_head",
        "diface.add_flame_head",
        "diface.add_arkit_keys",
        "diface.place_landmarks",
        "diface.add_parts",
        "diface.make_override",
    ),
    ("diface.add_mapping_row", "diface.reset_mapping", "diface.load_mapping", "diface.save_mapping"),
    (
        "diface.export_fbx",
        "diface.export_gltf",
        "diface.export_usd",
        "diface.export_alembic",
        "diface.export_csv",
        "diface.bake_for_games",
        "diface.playblast",
    ),
    ("diface.check_worker",),
    ("diface.create_environment",),
)
"""Operators of the menu, in groups. Those that act on a take act on the active one."""

ADDING = {"diface.add_head": "Add DiFACE Head", "diface.add_flame_head": "Add FLAME Head"}
"""Operators whose labels are made for Blender's menu Add, with their text here."""

HEADER_MENUS = (
    "VIEW3D_MT_editor_menus",
    "SEQUENCER_MT_editor_menus",
    "DOPESHEET_MT_editor_menus",
    "GRAPH_MT_editor_menus",
)
"""Blender's menus that the menu is added to."""


class DIFACE_MT_main(bpy.types.Menu):
    """Face and head animation from speech"""

    bl_label = "DiFACE"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for index, group in enumerate(MENU_OPERATORS):
            if index:
                layout.separator()
            for name in group:
                _draw_operator(layout, name)


def _draw_operator(layout: bpy.types.UILayout, name: str) -> None:
    if name == "diface.regenerate":
        layout.operator(name).where = "AROUND"
        layout.operator(name, text="Regenerate All").where = "ALL"
    elif name == "diface.jump_to_pin":
        layout.operator(name, text="Jump to Next Pin").to = "NEXT"
        layout.operator(name, text="Jump to Previous Pin").to = "PREVIOUS"
    elif name == "diface.scale_word":
        layout.operator(name, text="Say Softer").how = "SOFTER"
        layout.operator(name, text="Say Wider").how = "WIDER"
    elif name in ADDING:
        layout.operator(name, text=ADDING[name])
    else:
        layout.operator(name)


def _draw_header(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    self.layout.menu(DIFACE_MT_main.__name__)


def register() -> None:
    bpy.utils.register_class(DIFACE_MT_main)
    for name in HEADER_MENUS:
        getattr(bpy.types, name).append(_draw_header)


def unregister() -> None:
    for name in HEADER_MENUS:
        getattr(bpy.types, name).remove(_draw_header)
    bpy.utils.unregister_class(DIFACE_MT_main)
