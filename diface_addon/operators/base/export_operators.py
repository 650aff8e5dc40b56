"""Base classes of operators that export the character."""

from __future__ import annotations

import re
from pathlib import Path

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.export import export_scene, exported_objects, lines, played_sound, write_files
from ...scene.export.formats import Format
from ...scene.files import atomic_write
from ...scene.keys import frame_range
from ...scene.vertex_animation import vertex_cache
from ...settings import character_settings, performance, scene_settings
from .operator_base import OperatorBase
from .write_file import WriteFileOperator

NOT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


def plain_objects(context: bpy.types.Context) -> tuple[bpy.types.Object, ...]:
    """Return the objects of the character that an export contains."""
    main = scene_settings.character(context)
    return exported_objects.exported_objects(main, character_settings.find(main))


def check_has_keys(obj: bpy.types.Object | None) -> None:
    """Raise SceneError if `obj` has an active vertex cache, which only Alembic supports."""
    if obj is not None and vertex_cache.active_take(obj):
        hint = "Set Motion As to Shape Keys and generate again with the same seed, or export Alembic."
        raise errors.SceneError(f"The face of {obj.name} is a vertex animation, which has no keys.", hint)


class SampledOperator:
    """Mix-in for operators that sample the motion at any rate."""

    rate: bpy.props.FloatProperty(
        name="Samples per Second",
        description="Samples per second in the file. 0: the scene's frame rate",
        default=0.0,
        min=0.0,
        max=240.0,
        precision=3,
    )

    def chosen_rate(self) -> float:
        """Return the rate, 0 for the scene's. Raises SceneError for a rate that no motion has."""
        if 0 < self.rate < 1:
            raise errors.SceneError("Less than one sample per second is no motion.", "Set it to 0, or to 1 or more.")
        return self.rate


class PlainOperator(SampledOperator, OperatorBase):
    """Mix-in for operators that make a character plain: meshes, a skeleton, shape keys, keys."""

    names: bpy.props.EnumProperty(
        name="Shape Names",
        description="What the shape keys of the face are called in the file",
        items=(
            ("CHARACTER", "As on Character", "The names of the character's shape keys"),
            ("ARKIT", "ARKit", "jawOpen, mouthSmileLeft ..., for shape keys that are one ARKit channel each"),
            ("LIVE_LINK", "Live Link", "JawOpen, MouthSmileLeft ..., as Live Link Face and Unreal Engine write them"),
        ),
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        super().check_ready(context)
        character_checks.check(scene_settings.character(context), ())
        check_has_keys(scene_settings.character(context))

    def plain_settings(self) -> export_scene.PlainSettings:
        """Return rate and names. Raises SceneError for a rate that no motion has."""
        return export_scene.PlainSettings(self.chosen_rate(), self.names)


class ExportOperator(WriteFileOperator):
    """Mix-in for an export of the character, for the preview range or the scene range."""

    each_line: bpy.props.BoolProperty(
        name="One File per Line",
        description="Write a file for each take that plays in the range, with the take's name at the end of the file's",
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def files(self, context: bpy.types.Context) -> dict[Path, export_scene.Clip]:
        """Return what each file plays: the range, or one line. Raises SceneError if there is no line."""
        path, frames = self.output_path(), frame_range.export_range(context.scene)
        if not self.each_line:
            return {path: export_scene.Clip(path.stem, frames)}
        found = lines.lines(scene_settings.character(context), frames)
        if not found:
            hint = "Generate one, or turn off One File per Line."
            raise errors.SceneError(f"No take plays in frames {frames[0]} to {frames[1]}.", hint)
        named = {clip: NOT_IN_FILE_NAMES.sub("_", clip.name).strip(" .") for clip in found}
        return {path.with_name(f"{path.stem} {name}{path.suffix}"): clip for clip, name in named.items()}

    def message(self, files: dict[Path, export_scene.Clip]) -> str:
        """Return the message for the user."""
        if self.each_line:
            return f"{len(files)} lines are in {next(iter(files)).parent}."
        ((path, clip),) = files.items()
        return f"Frames {clip.frames[0]} to {clip.frames[1]} are in {path}."


class PlainExportOperator(PlainOperator, ExportOperator):
    """Mix-in for a format of plain characters."""

    kind: Format

    deform_only: bpy.props.BoolProperty(
        name="Only Deform Bones",
        description="Leave out bones that move no vertices, such as the controls of a rig",
    )
    sound: bpy.props.BoolProperty(
        name="Sound", description="Write the sound of the same frames to a .wav file with the same name"
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        cls.kind.check()
        super().check_ready(context)

    def output_path(self) -> Path:
        suffix = Path(self.filepath).suffix.lower()
        if suffix in self.kind.suffixes and Path(self.filepath).stem:
            return Path(bpy.path.abspath(self.filepath))
        return super().output_path()

    def run(self, context: bpy.types.Context) -> str:
        files, settings = self.files(context), write_files.FileSettings(self.plain_settings(), self.deform_only)
        sounds = {path.with_suffix(".wav"): clip for path, clip in files.items()} if self.sound else {}
        sound_file = performance.speech_choice(performance.active(context)).filepath
        with atomic_write.replacing_each(sounds) as drafts:
            for path, clip in sounds.items():
                played_sound.write_sound(context, clip.frames, sound_file, drafts[path])
            write_files.write_files(plain_objects(context), context.scene, files, self.kind, settings)
        return self.message(files)
