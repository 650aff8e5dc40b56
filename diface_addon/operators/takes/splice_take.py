"""Splice: blend frames and regions of another take into a copy of the active take."""

from __future__ import annotations

import bpy

from ...core import channels, errors
from ...jobs import edit_shape_keys
from ...rig.head_target import head_target
from ...scene.animation import character_checks
from ...scene.comparison import ghost
from ...scene.edits import frame_choice
from ...scene.edits.splicing import parts, splice
from ...scene.keys.wording import names_note
from ...scene.reduction import reduce_keys
from ...scene.takes import rollback, take_index, take_names, use_take
from ...settings import choices, scene_settings
from ...settings.directing import direction_settings
from ..base.operator_base import OperatorBase


def _search_other_takes(_operator: DIFACE_OT_splice_take, context: bpy.types.Context, _typed: str) -> list[str]:
    obj, all_takes = scene_settings.character(context), take_index.all_takes()
    active = take_index.active_takes(obj, all_takes) if obj else set()
    return [actions[0].name for take, actions in all_takes.items() if take not in active]


class DIFACE_OT_splice_take(OperatorBase, bpy.types.Operator):
    """Blend frames and regions of another take into a copy of the active take"""

    bl_idname = "diface.splice_take"
    bl_label = "Splice"
    bl_options = {"REGISTER", "UNDO"}

    other: bpy.props.StringProperty(
        name="From", description="Take whose motion is blended in: its name, or its id", search=_search_other_takes
    )
    first: bpy.props.IntProperty(name="First Frame", description="First frame of the other take that is used")
    last: bpy.props.IntProperty(name="Last Frame", description="Last frame of the other take that is used")
    regions: bpy.props.EnumProperty(
        name="Regions",
        description="Regions of the other take that are used. Shift-click to choose several",
        items=choices.REGION_ITEMS,
        options={"ENUM_FLAG"},
        default=set(choices.ALL_REGIONS),
    )
    blend: bpy.props.IntProperty(
        name="Blend", description="Number of frames over which to blend at each end", default=6, min=0, soft_max=30
    )

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        obj = scene_settings.character(context)
        character_checks.check(obj, ())
        take_index.check_active(obj)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self._set_dialog_defaults(context)
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "other", placeholder="Choose a take")
        frames = layout.column(align=True)
        frames.prop(self, "first")
        frames.prop(self, "last")
        layout.prop(self, "blend")
        layout.column().prop(self, "regions")

    def run(self, context: bpy.types.Context) -> str:
        obj = scene_settings.character(context)
        base, other = take_index.active_take(obj), find_take(self.other)
        if base[0] == other[0]:
            raise errors.SceneError(f"{self.other} is the active take.", "Choose another take to blend in.")
        span = splice.find_span(base, other, self._frames(context, base), self.blend)
        names, notes = _exclude_other_head(obj, base, self._channels())
        choice = parts.choose(obj, base, other, names)
        notes += names_note("Locked, so not changed:", choice.locked)
        with direction_settings.reading_plain(obj, [*base, *other]):
            with rollback.all_or_nothing():
                name = take_names.edit_name(f"splice {span.first}-{span.last}")
                spliced = splice.splice(obj, base, other, choice, span, name)
                use_take.replace_active_take(obj, base, spliced)
                reduce_keys.reduce_again(obj, spliced)
            ghost.remove_ghosts()
            edit_shape_keys.store_current_request(context, obj)
        message = f"New take: {spliced[0].name}, with frames {span.first} to {span.last} of {other[0].name}."
        return "\n".join([message, *notes])

    def _channels(self) -> tuple[str, ...]:
        names = choices.region_channels(self.regions)
        return names + channels.LAYERS["breath"] if self.regions == choices.ALL_REGIONS else names

    def _frames(self, context: bpy.types.Context, base: list[bpy.types.Action]) -> tuple[int, int]:
        """Return the frames of the operator, for those not set the preview range or the whole active take."""
        scene, default = context.scene, splice.frame_extent(base)
        if scene.use_preview_range:
            default = scene.frame_preview_start, scene.frame_preview_end
        is_set = self.properties.is_property_set
        return (self.first if is_set("first") else default[0], self.last if is_set("last") else default[1])

    def _set_dialog_defaults(self, context: bpy.types.Context) -> None:
        """Take over the regions of the panel, and the preview range or the frames around the playhead."""
        if not self.properties.is_property_set("regions"):
            self.regions = context.scene.diface.edit.regions
        for name, frame in zip(("first", "last"), frame_choice.around_playhead(context.scene), strict=True):
            if not self.properties.is_property_set(name):
                setattr(self, name, frame)


def _exclude_other_head(
    obj: bpy.types.Object, base: list[bpy.types.Action], names: tuple[str, ...]
) -> tuple[tuple[str, ...], list[str]]:
    """Return `names` without the head's if `base` does not animate the head, and a note about what does."""
    owner = head_target(obj).owner
    if use_take.is_active_on(owner, base) or not set(channels.HEAD) & set(names):
        return names, []
    other = owner.animation_data and owner.animation_data.action
    notes = [f"The head is animated by {other.name}, which was not changed."] if other else []
    return tuple(name for name in names if name not in channels.HEAD), notes


def find_take(name: str) -> list[bpy.types.Action]:
    """Return the Actions of the take with this name or id. Raises SceneError if there is no such take."""
    takes = take_index.all_takes()
    actions = takes.get(name) or next((found for found in takes.values() if found[0].name == name), None)
    if actions is None:
        message = f"There is no take called {name}." if name else "No take is chosen to blend in."
        raise errors.SceneError(message, "Choose one that is in the list.")
    return actions


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_splice_take,))
