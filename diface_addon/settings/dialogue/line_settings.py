"""Settings of a sound strip as a line of dialogue, `strip.diface`: who speaks it."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, IntProperty, PointerProperty

from ... import compat
from ...core import types
from ...scene.audio import audio_strip, strip_identity
from .. import scene_settings


def _can_hold_a_face(_settings: DifaceLine, obj: bpy.types.Object) -> bool:
    return obj.type in {"MESH", "ARMATURE", "EMPTY"}


def _vary_seed(settings: DifaceLine, _context: bpy.types.Context) -> None:
    """Give a further line of a character another seed, so that its head does not repeat the motion of the others."""
    if settings.character is not None and not settings.seed:
        main = main_mesh(settings.character)
        strips = compat.strips_all(settings.id_data.sequence_editor)
        others = [strip.diface for strip in strips if strip.type in audio_strip.AUDIBLE and strip.diface != settings]
        used: dict[bpy.types.Object, set[int]] = {}
        for other in others:
            if obj := other.character:
                used.setdefault(obj, set()).add(other.seed)
        taken = set().union(*(seeds for obj, seeds in used.items() if main_mesh(obj) == main))
        settings.seed = next(seed for seed in range(len(taken) + 1) if seed not in taken)


class DifaceLine(bpy.types.PropertyGroup):
    """Settings of a sound strip, at `strip.diface`."""

    character: PointerProperty(
        name="Character",
        description="Who speaks the strip: any mesh of the character, its armature or its empty",
        type=bpy.types.Object,
        poll=_can_hold_a_face,
        update=_vary_seed,
    )
    side: EnumProperty(
        name="Side",
        description="The channel of the sound in which the character is heard",
        items=(
            ("BOTH", "Both", "All channels: one character speaks the strip"),
            ("LEFT", "Left", "The left channel of a stereo sound; another character may speak the right one"),
            ("RIGHT", "Right", "The right channel of a stereo sound; another character may speak the left one"),
        ),
    )
    other: PointerProperty(
        name="Other Side",
        description="Who speaks the other channel of a stereo sound. Empty: nobody",
        type=bpy.types.Object,
        poll=_can_hold_a_face,
    )
    seed: IntProperty(
        name="Seed",
        description="Number that is added to the seed of the character for this line",
        min=0,
        max=9999,
    )


def speakers(settings: DifaceLine) -> dict[str, bpy.types.Object]:
    """Return who speaks a strip by side: an object of each character, also of one that was deleted."""
    side = "" if settings.side == "BOTH" else settings.side.lower()
    opposite = {types.LEFT: types.RIGHT, types.RIGHT: types.LEFT}.get(side)
    found = {side: settings.character, **({opposite: settings.other} if opposite else {})}
    return {of_side: obj for of_side, obj in found.items() if obj is not None}


def main_mesh(obj: bpy.types.Object | None) -> bpy.types.Object | None:
    """Return the main mesh of a character by any object of it; None if it was deleted from its scenes."""
    return scene_settings.main_mesh(obj) if obj is not None and obj.users_scene else None


def mark_spoken(context: bpy.types.Context, name: str, identity: str, obj: bpy.types.Object) -> None:
    """Give a strip for which a take was generated its identity, and its character if it has none.

    Args:
        context: Names the scene and its sequencer.
        name: The strip. Nothing is done if it was deleted or renamed meanwhile.
        identity: What the take stores.
        obj: The main mesh of the take's character.
    """
    for _scene, strip in audio_strip.list_all_strips(context):
        if strip.name == name:
            strip[strip_identity.LINE_ID] = identity.partition(" ")[0]
            if not speakers(strip.diface):
                strip.diface.character = obj


def register() -> None:
    bpy.utils.register_class(DifaceLine)
    compat.STRIP_TYPE.diface = PointerProperty(type=DifaceLine)


def unregister() -> None:
    del compat.STRIP_TYPE.diface
    bpy.utils.unregister_class(DifaceLine)
