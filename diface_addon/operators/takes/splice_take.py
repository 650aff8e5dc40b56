"""Splice: a part of another take in a copy of the one that plays."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...jobs import edit_shape_keys
from ...scene.animation import character_checks
from ...scene.edits import splice
from ...scene.takes import ghost, rollback, take_index, use_take
from ...settings import choices, scene_settings
from ..base.operator_base import OperatorBase


def _search_other_takes(operator: DIFACE_OT_splice_take, context: bpy.types.Context, _typed: str) -> list[str]:
    obj, found = scene_settings.character(context), take_index.all_takes()
    active = take_index.active_takes(obj, found) if obj else set()
    return [actions[0].name for take, actions in found.items() if take not in active]


class DIFACE_OT_splice_take(OperatorBase, bpy.types.Operator):
    """Blend some frames and regions of another take into a copy of the one that plays"""

    bl_idname = "diface.splice_take"
    bl_label = "Splice"
    bl_options = {"REGISTER", "UNDO"}

    other: bpy.props.StringProperty(
        name="From", description="The take that a part is taken from", search=_search_other_takes
    )
    first: bpy.props.IntProperty(name="First Frame", description="The first frame that is taken")
    last: bpy.props.IntProperty(name="Last Frame", description="The last frame that is taken")
    regions: bpy.props.EnumProperty(
        name="Regions",
        description="What is taken; Shift for several",
        items=choices.REGION_ITEMS,
        options={"ENUM_FLAG"},
        default={identifier for identifier, _name, _description in choices.REGION_ITEMS},
    )
    blend: bpy.props.IntProperty(
        name="Blend", description="Frames at either end in which one becomes the other", default=6, min=0, soft_max=30
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        take_index.active_take(obj)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self._set_default_frames(context)
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "other")
        frames = layout.column(align=True)
        frames.prop(self, "first")
        frames.prop(self, "last")
        layout.prop(self, "blend")
        layout.column().prop(self, "regions")

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        self._set_default_frames(context)
        base, other = take_index.active_take(obj), find_take(self.other)
        if base[0] == other[0]:
            raise errors.SceneError(f"{self.other} is the take that plays.", "Choose another to take a part from.")
        over = splice.find_span(base, other, (self.first, self.last), self.blend)
        names = choices.region_channels(self.regions)
        if set(names) == set(channels.ALL):
            names += channels.LAYERS["breath"]
        names, notes = _exclude_other_head(obj, base, names)
        notes += _locked_notes(splice.locked_channels(obj, base, names))
        with rollback.all_or_nothing():
            made = splice.splice(
                obj, base, other, names, over, edit_shape_keys.name_with_suffix(base[0].name, "spliced")
            )
            use_take.replace_active_take(obj, base, made)
        ghost.remove_ghosts()
        edit_shape_keys.store_current_request(context, obj)
        done = f"New take: {made[0].name}, frames {over.first} to {over.last} of {other[0].name}."
        return " ".join([done, *notes])

    def _set_default_frames(self, context: bpy.types.Context) -> None:
        """Unless they are given: the preview range, or all of the take that plays."""
        scene, whole = context.scene, splice.frame_extent(take_index.active_take(scene_settings.character(context)))
        if scene.use_preview_range:
            whole = scene.frame_preview_start, scene.frame_preview_end
        for name, frame in zip(("first", "last"), whole, strict=True):
            if not self.properties.is_property_set(name):
                setattr(self, name, frame)


def _exclude_other_head(
    obj: bpy.types.Object, actions: list[bpy.types.Action], names: tuple[str, ...]
) -> tuple[tuple[str, ...], list[str]]:
    """The channels `names`, without the head's where it does not play `base`; a note where it plays something else."""
    if use_take.is_active_on(obj, actions) or not set(channels.HEAD) & set(names):
        return names, []
    other = obj.animation_data and obj.animation_data.action
    notes = [f"The head plays {other.name}, and goes on with it."] if other else []
    return tuple(name for name in names if name not in channels.HEAD), notes


def _locked_notes(names: list[str]) -> list[str]:
    said = list(dict.fromkeys("head" if name in channels.HEAD else name for name in names))
    more = f" and {len(said) - 3} more" if len(said) > 3 else ""
    return [f"Locked, so not changed: {', '.join(said[:3])}{more}."] if said else []


def find_take(name: str) -> list[bpy.types.Action]:
    """The Actions of the take called `name`. Raises SceneError."""
    found = next((actions for actions in take_index.all_takes().values() if actions[0].name == name), None)
    if found is None:
        message = f"There is no take called {name}." if name else "No take is chosen to take a part from."
        raise errors.SceneError(message, "Choose one that is in the list.")
    return found


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_splice_take,))
