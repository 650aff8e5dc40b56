"""Settings of a character, `object.diface` of its main mesh: what the user set instead of what would be found."""

from __future__ import annotations

import json

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, PointerProperty, StringProperty

from ..rig import character
from ..rig.discovery import find_character
from .choices import OVERRIDABLE
from .directing import articulation_settings, gaze_settings, mood_settings
from .performance_settings import DifacePerformance
from .takes.key_settings import DifaceKeySettings
from .threediface_settings import ThreeDifaceSettings

BONES = ("head_bone", "neck_bone", "jaw_bone", "left_eye_bone", "right_eye_bone", "tongue_bone")
"""The settings of bones, in the order of the panel."""


def _is_armature(_settings: DifaceCharacter, obj: bpy.types.Object) -> bool:
    return obj.type == "ARMATURE"


def _bone(name: str, what: str) -> object:
    """Return the setting of a bone."""
    return StringProperty(name=name, description=f"{what}. Empty: the bone that was found", override=OVERRIDABLE)


class DifaceCharacterPart(bpy.types.PropertyGroup):
    """An object that the user added to a character or removed from it."""

    part: PointerProperty(type=bpy.types.Object, override=OVERRIDABLE)
    use: BoolProperty(override=OVERRIDABLE)


class DifaceCharacter(bpy.types.PropertyGroup):
    """Settings of a character, at `object.diface` of its main mesh."""

    armature: PointerProperty(
        name="Armature",
        description="Armature that moves the character. Empty: the armature that was found",
        type=bpy.types.Object,
        poll=_is_armature,
        override=OVERRIDABLE,
    )
    head_bone: _bone("Head", "Bone that turns the head")
    neck_bone: _bone("Neck", "Bone between head and body that turns a part of the head's rotation")
    jaw_bone: _bone("Jaw", "Bone that opens the mouth")
    left_eye_bone: _bone("Left Eye", "Bone that turns the character's left eye")
    right_eye_bone: _bone("Right Eye", "Bone that turns the character's right eye")
    tongue_bone: _bone("Tongue", "First bone of the tongue")
    head_motion: EnumProperty(
        name="Head Motion",
        description="What the rotation of the head is written to",
        items=(
            ("AUTO", "Automatic", "The head bone, otherwise an object that holds the head and no body"),
            ("BONE", "Bone", "Only the head bone"),
            ("OBJECT", "Object", "The object that holds the head, also if there is a head bone"),
            ("NONE", "None", "Nothing: only the face is animated"),
        ),
        override=OVERRIDABLE,
    )
    parts: CollectionProperty(type=DifaceCharacterPart, override=OVERRIDABLE | {"USE_INSERTION"})
    articulation: PointerProperty(type=articulation_settings.DifaceArticulation, override=OVERRIDABLE)
    mood: PointerProperty(type=mood_settings.DifaceMood, override=OVERRIDABLE)
    gaze: PointerProperty(type=gaze_settings.DifaceGaze, override=OVERRIDABLE)
    performance: PointerProperty(type=DifacePerformance, override=OVERRIDABLE)


def choices(main: bpy.types.Object) -> character.Choices:
    """Return what the user set for the character of a main mesh."""
    settings = main.diface
    head, neck, jaw, left, right, tongue = (getattr(settings, name) for name in BONES)
    bones = character.Bones(head, (neck,) if neck else (), jaw, left, right, (tongue,) if tongue else ())
    parts = [item for item in settings.parts if item.part is not None]
    return character.Choices(
        settings.armature,
        bones,
        frozenset(item.part.session_uid for item in parts if not item.use),
        tuple(item.part for item in parts if item.use),
        settings.head_motion,
    )


def signature(main: bpy.types.Object) -> str:
    """Return a text that changes with what the user set for the character of a main mesh; "" if nothing is set."""
    settings = main.diface
    chosen = [settings.armature.name_full if settings.armature else "", settings.head_motion]
    chosen += [getattr(settings, name) for name in BONES]
    parts = sorted(f"{item.part.name_full}={item.use}" for item in settings.parts if item.part is not None)
    return "" if chosen == ["", "AUTO", *[""] * len(BONES)] and not parts else json.dumps([*chosen, *parts])


def find(obj: bpy.types.Object | None) -> character.Character | None:
    """Return the character of any of its objects, with what the user set for it; kept between redraws."""
    found = find_character.find_character(obj)
    if obj and (found is None or _is_no_face(found)) and (owner := _owner(obj)):
        found = find_character.find_character(owner)
    if found is None or (chosen := choices(found.main)) == character.Choices():
        return found
    return find_character.find_character(found.main, chosen)


def _is_no_face(found: character.Character) -> bool:
    return found.main.data.shape_keys is None


def _owner(obj: bpy.types.Object) -> bpy.types.Object | None:
    """Return the main mesh to whose character the user added an object; None without one."""
    owners = (other for other in bpy.context.scene.objects if other.type == "MESH" and len(other.diface.parts))
    return next((other for other in owners if any(item.part == obj and item.use for item in other.diface.parts)), None)


def set_part(main: bpy.types.Object, part: bpy.types.Object, use: bool) -> None:
    """Add an object to a character, or remove it from it."""
    parts = main.diface.parts
    index = next((index for index, item in enumerate(parts) if item.part == part), None)
    if index is not None:
        parts.remove(index)
    found = find_character.find_character(main)
    known = (*found.faces, *found.on_head, *found.body) if found else ()
    if (part in known) != use:
        item = parts.add()
        item.part, item.use = part, use


GROUPS = (
    ThreeDifaceSettings,
    DifaceKeySettings,
    DifacePerformance,
    DifaceCharacterPart,
    *articulation_settings.GROUPS,
    *mood_settings.GROUPS,
    *gaze_settings.GROUPS,
    DifaceCharacter,
)
"""Property groups, those that others point to first."""


def register() -> None:
    for group in GROUPS:
        bpy.utils.register_class(group)
    bpy.types.Object.diface = PointerProperty(type=DifaceCharacter, override=OVERRIDABLE)


def unregister() -> None:
    del bpy.types.Object.diface
    for group in reversed(GROUPS):
        bpy.utils.unregister_class(group)
