"""Presets of the mapping of a character: those that DiFACE brings, those of the user, and files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ...core import errors
from ...rig.character import Character
from ...rig.mapping import custom_property, preset, row_settings
from ..files import atomic_write

SHIPPED = Path(__file__).parents[2] / "presets"
"""Folder of the presets that DiFACE brings."""
MOST_NAMED = 6
"""Rows without a target that a message names."""


@dataclass(frozen=True)
class Loaded:
    """How many rows a preset added, and what the rows that were left out name."""

    count: int
    absent: tuple[str, ...]


def user_folder() -> Path:
    """Return the folder of the user's presets, in Blender's configuration."""
    return Path(bpy.utils.user_resource("CONFIG", path="diface")) / "mappings"


def files() -> dict[str, Path]:
    """Return the presets by name: those that DiFACE brings, then those of the user, which replace them."""
    found: dict[str, Path] = {}
    for folder in (SHIPPED, user_folder()):
        found |= {path.stem: path for path in sorted(folder.glob(f"*{preset.SUFFIX}"))}
    return found


def read(path: Path) -> preset.Preset:
    """Return the preset of a file; its name is that of the file if it has none.

    Raises:
        SceneError: It cannot be read, or is no preset.
    """
    try:
        with path.open("rb") as file:
            data = file.read(preset.MOST_BYTES + 1)
    except OSError as reason:
        message = f"{path} cannot be read: {reason.strerror or reason}."
        raise errors.SceneError(message, "Choose another file.") from reason
    found = preset.from_bytes(data, path.name)
    return preset.Preset(found.name or path.stem, found.rows)


def write(path: Path, content: preset.Preset) -> None:
    """Write a preset to a file, whose folder is made. Raises SceneError if it cannot be written."""
    atomic_write.make_folder(path.parent)
    with atomic_write.replacing(path) as draft:
        draft.write_bytes(preset.to_bytes(content))


def load(main: bpy.types.Object, character: Character, content: preset.Preset) -> Loaded:
    """Replace the rows that the user set for a character by those of a preset that it has a property for.

    Raises:
        SceneError: It has no property of the preset. Nothing is changed.
    """
    wanted = [(row, _owners(row, character)) for row in content.rows]
    absent = tuple(dict.fromkeys(_words(row) for row, owners in wanted if not owners))
    if not any(owners for _row, owners in wanted):
        hint = f"Choose another preset. It names {shortened(absent)}."
        raise errors.SceneError(f"{main.name} has nothing that the preset {content.name} moves.", hint)
    rows = main.diface_mapping.rows
    rows.clear()
    for row, owners in wanted:
        for owner in owners:
            _add(rows.add(), row, owner, content.name, _unit(row, owner, character))
    return Loaded(len(rows), absent)


def of_rows(main: bpy.types.Object, character: Character, name: str) -> preset.Preset:
    """Return the rows that the user set for a character as a preset.

    Raises:
        SceneError: The user set no rows.
    """
    found: dict[preset.PresetRow, None] = {}
    for row in row_settings.rows_of(main):
        if row.owner is not None:
            found[_preset_row(row, character)] = None
    if not found:
        hint = "Change or add a row first: what is found needs no preset."
        raise errors.SceneError(f"The mapping of {main.name} has no rows that were changed.", hint)
    return preset.Preset(name, tuple(found))


def shortened(names: Iterable[str]) -> str:
    """Return the first names of a list as text."""
    names = list(names)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _owners(row: preset.PresetRow, character: Character) -> list[bpy.types.Object]:
    """Return the objects of a character that have the property of a row: every mesh with the shape key."""
    armature = [character.armature] if character.armature else []
    if row.kind == row_settings.SHAPE_KEY:
        faces = [face for face in character.faces if face.data.shape_keys]
        return [face for face in faces if row.name in face.data.shape_keys.key_blocks]
    if row.kind != row_settings.PROPERTY:
        found = [owner for owner in armature if row.bone in owner.pose.bones]
        return found or (_boards(row.bone, character) if row.absolute else [])
    others = [] if row.bone else [*character.faces, *character.on_head, *character.body]
    found = [owner for owner in (*armature, *others) if not custom_property.problem(owner, row.bone, row.name)]
    return found[:1]


def _boards(bone: str, character: Character) -> list[bpy.types.Object]:
    """Return the armature of controls with a bone that belongs to a character: the only one, or the one beside it."""
    scenes = character.main.users_scene
    armatures = {obj for scene in scenes for obj in scene.objects if obj.type == "ARMATURE" and bone in obj.pose.bones}
    of_character = {*character.main.users_collection, *(character.armature or character.main).users_collection}
    beside = [obj for obj in armatures if of_character.intersection(obj.users_collection)]
    return next((found for found in (list(armatures), beside) if len(found) == 1), [])


def _unit(row: preset.PresetRow, owner: bpy.types.Object, character: Character) -> float:
    """Return the height of the head in units of a bone's location; 1 of other properties."""
    if row.kind != row_settings.BONE_LOCATION or row.absolute or character.head_size <= 0:
        return 1.0
    scale = abs(owner.matrix_world.determinant()) ** (1 / 3)
    return character.head_size / scale if scale > 0 else 1.0


def _add(
    new: row_settings.DifaceMappingRow, row: preset.PresetRow, owner: bpy.types.Object, name: str, unit: float
) -> None:
    new.channel, new.kind, new.owner, new.use, new.preset = row.channel, row.kind, owner, row.use, name
    new.bone, new.axis, new.gain, new.offset = row.bone, row.axis, unit * row.gain, unit * row.offset
    if row.kind == row_settings.SHAPE_KEY:
        new.shape_key = row.name
    else:
        new.property_name = row.name


def _preset_row(row: row_settings.DifaceMappingRow, character: Character) -> preset.PresetRow:
    name = {row_settings.SHAPE_KEY: row.shape_key, row_settings.PROPERTY: row.property_name}.get(row.kind, "")
    bone = "" if row.kind == row_settings.SHAPE_KEY else row.bone
    axis = row.axis if row.kind in (row_settings.BONE_ROTATION, row_settings.BONE_LOCATION) else "X"
    absolute = row.kind == row_settings.BONE_LOCATION and row.owner != character.armature
    bare = preset.PresetRow(row.channel, row.kind, name, bone, axis, use=row.use, absolute=absolute)
    unit = _unit(bare, row.owner, character)
    return replace(bare, gain=row.gain / unit, offset=row.offset / unit)


def _words(row: preset.PresetRow) -> str:
    """Return what the user reads as the property of a row."""
    return f"{row.bone}: {row.name}" if row.bone and row.name else row.name or row.bone
