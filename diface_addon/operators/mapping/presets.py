"""Load Mapping and Save Mapping: presets by name, and files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from ...core import errors
from ...rig import character, parts
from ...rig.mapping import hand_rows
from ...scene.mapping import change_rows, presets
from ...settings import character_settings, scene_settings
from ..base.operator_base import OperatorBase
from ..base.write_file import WriteFileOperator
from .edit_rows import RowOperator


class DIFACE_OT_use_mapping_preset(RowOperator, bpy.types.Operator):
    """Replace your rows of the mapping by those of this preset"""

    bl_idname = "diface.use_mapping_preset"
    bl_label = "Use Mapping Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    preset: StringProperty(name="Preset", description="Name of the preset", options={"SKIP_SAVE"})

    def run(self, context: bpy.types.Context) -> str:
        known = presets.files()
        if self.preset not in known:
            hint = f"Choose one of {', '.join(known)}."
            raise errors.SceneError(f"There is no mapping preset {self.preset}.", hint)
        return _load(context, known[self.preset])


class DIFACE_OT_load_mapping(OperatorBase, ImportHelper, bpy.types.Operator):
    """Replace your rows of the mapping by those of a file that Save Mapping wrote"""

    bl_idname = "diface.load_mapping"
    bl_label = "Load Mapping"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        change_rows.check_editable(scene_settings.character(context))

    def run(self, context: bpy.types.Context) -> str:
        return _load(context, Path(bpy.path.abspath(self.filepath)))


class DIFACE_OT_save_mapping(WriteFileOperator, bpy.types.Operator):
    """Write your rows of the mapping to a file, for other characters. In the folder that opens, it becomes a preset"""

    bl_idname = "diface.save_mapping"
    bl_label = "Save Mapping"

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        main = scene_settings.character(context)
        change_rows.check_editable(main)
        if not len(main.diface_mapping.rows):
            hint = "Change or add a row first: what is found needs no preset."
            raise errors.SceneError(f"The mapping of {main.name} has no rows that were changed.", hint)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            name = bpy.path.clean_name(scene_settings.character(context).name)
            folder = presets.user_folder()
            folder.mkdir(parents=True, exist_ok=True)
            self.filepath = str(folder / f"{name}{self.filename_ext}")
        return super().invoke(context, event)

    def run(self, context: bpy.types.Context) -> str:
        path = self.output_path()
        main, character = _character(context)
        presets.write(path, presets.of_rows(main, character, path.stem))
        return f"Saved the mapping of {main.name} to {path}."


def _load(context: bpy.types.Context, path: Path) -> str:
    main, character = _character(context)
    loaded = presets.load(main, character, presets.read(path))
    notes = [f"{loaded.count} rows of {path.stem} are in use."]
    if loaded.absent:
        notes.append(f"Not in {main.name}, so left out: {presets.shortened(loaded.absent)}.")
    return "\n".join([*notes, *hand_rows.problems(main)])


def _character(context: bpy.types.Context) -> tuple[bpy.types.Object, character.Character]:
    """Return the active character's main mesh, and what was found of it."""
    main = scene_settings.character(context)
    assert main is not None
    found = character_settings.find(main) or character.Character(main, (main,))
    bound = parts.part_objects(main).values()
    armature = found.armature or next((part for part in bound if part.type == "ARMATURE"), None)
    faces = (*found.faces, *(part for part in bound if part.type == "MESH" and part not in found.faces))
    return main, dataclasses.replace(found, armature=armature, faces=faces)


register, unregister = bpy.utils.register_classes_factory(
    (DIFACE_OT_use_mapping_preset, DIFACE_OT_load_mapping, DIFACE_OT_save_mapping)
)
