"""Show Variation, Keep Variation and Discard Variations."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.comparison import ghost
from ...scene.keys.wording import count_noun
from ...scene.takes import take_index
from ...scene.variations import discard, variation_row
from ...settings import scene_settings
from ...settings.directing import direction_settings
from ..base.operator_base import OperatorBase

NO_ROW = "There are no variations.", "Make some with Variations or Generate Variations."
NONE_SHOWN = "No variation is shown.", "Show the one to keep."


class VariationOperator(OperatorBase):
    """Mix-in for operators on the row of variations."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        if not variation_row.exists(obj):
            raise errors.SceneError(*NO_ROW)


class DIFACE_OT_show_variation(VariationOperator, bpy.types.Operator):
    """Let the character play this variation"""

    bl_idname = "diface.show_variation"
    bl_label = "Show Variation"

    number: bpy.props.IntProperty(
        name="Number", description="Place in the row, from 1. 0: what was active before", min=0, options={"HIDDEN"}
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of one of the buttons."""
        if properties.number == 0:
            return "Let the character play what it did before the variations"
        return f"Let the character play variation {properties.number}"

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        return show(obj, find_row(obj), self.number)


class DIFACE_OT_keep_variation(VariationOperator, bpy.types.Operator):
    """Keep the variation that plays, and delete the others. Those with a star or with your keys stay"""

    bl_idname = "diface.keep_variation"
    bl_label = "Keep Variation"

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        super().check_ready(context)
        if not variation_row.is_one_shown(scene_settings.character(context)):
            raise errors.SceneError(*NONE_SHOWN)

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        row = find_row(obj)
        number = variation_row.number_shown(obj, row)
        if not number:
            raise errors.SceneError(*NONE_SHOWN)
        kept = row.takes[number - 1]
        deleted, stay = discard.discard(obj, row, kept)
        variation_row.remove(obj)
        name = take_index.all_takes()[kept][0].name
        return "\n".join([f"Kept: {name}. Deleted {count_noun(deleted, 'variation')}.", *_stay_note(stay)])


class DIFACE_OT_discard_variations(VariationOperator, bpy.types.Operator):
    """Play what was active before the variations, and delete them. Those with a star or with your keys stay"""

    bl_idname = "diface.discard_variations"
    bl_label = "Discard Variations"

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        row = find_row(obj)
        show(obj, row, 0)
        deleted, stay = discard.discard(obj, row)
        variation_row.remove(obj)
        return "\n".join([f"Deleted {count_noun(deleted, 'variation')}.", *_stay_note(stay)])


def find_row(obj: bpy.types.Object) -> variation_row.VariationRow:
    """Return the row of a character. Raises SceneError if it has none."""
    row = variation_row.read(obj)
    if row is None:
        raise errors.SceneError(*NO_ROW)
    return row


def show(obj: bpy.types.Object, row: variation_row.VariationRow, number: int) -> str:
    """Let the character play a variation, or with 0 what it did before; return a message. Raises SceneError."""
    if number > len(row.takes):
        raise errors.SceneError(f"There are {len(row.takes)} variations, not {number}.", "Choose another one.")
    variation_row.show(obj, row, number)
    direction_settings.refresh(obj)
    ghost.remove_ghosts()
    return f"Variation {number} of {len(row.takes)}." if number else "As before the variations."


def _stay_note(names: list[str]) -> list[str]:
    return [f"Not deleted, because of a star, your keys or an NLA strip: {', '.join(names)}."] if names else []


register, unregister = bpy.utils.register_classes_factory(
    (DIFACE_OT_show_variation, DIFACE_OT_keep_variation, DIFACE_OT_discard_variations)
)
