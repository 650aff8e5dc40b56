"""What animates a character now: the F-curve of each channel, in the Action that plays or one below in the NLA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ... import compat
from ...core import channels
from ..characters import shape_key_names
from ..keys import head_pose, nla
from ..keys.property_address import PropertyAddress
from ..provenance import baseline, layer_tracks, stored_request


@dataclass(frozen=True)
class ActiveCurve:
    """An F-curve that plays. Its time t is frame `start + scale * t` of the scene; `channels` is what holds it.

    in_nla: whether it is on a strip that is no layer's, so that more than its keys decides what shows.
    """

    action: bpy.types.Action
    channels: bpy.types.bpy_struct
    fcurve: bpy.types.FCurve
    start: float = 0.0
    scale: float = 1.0
    in_nla: bool = False

    def to_curve_time(self, frame: float) -> float:
        """The curve's own time at a frame of the scene."""
        return (frame - self.start) / self.scale


def data_blocks(obj: bpy.types.Object) -> dict[str, bpy.types.ID]:
    """The data-blocks that motion goes to, by kind."""
    keys = obj.data.shape_keys if obj.type == "MESH" else None
    return {**({"KEY": keys} if keys else {}), "OBJECT": obj}


def data_block(obj: bpy.types.Object, kind: str) -> bpy.types.ID:
    """The data-block of a kind; there has to be one."""
    return data_blocks(obj)[kind]


def channels_by_address(obj: bpy.types.Object) -> dict[PropertyAddress, str]:
    """Where each channel is that `obj` has: a shape key that no driver sets, or one number of its rotation.

    The numbers of a rotation are not channels of their own; all have the name "head".
    """
    found: dict[PropertyAddress, str] = {}
    shapes = shape_key_names.face_shape_keys(obj)
    driven = shape_key_names.driven_shape_keys(obj) if shapes else set()
    for channel, name in shapes.items():
        if name not in driven:
            found["KEY", obj.data.shape_keys.key_blocks[name].path_from_id("value"), 0] = channel
    path = head_pose.rotation_path(obj.rotation_mode)
    return found | {("OBJECT", path, index): "head" for index in range(len(getattr(obj, path)))}


def all_curves(obj: bpy.types.Object) -> Iterator[tuple[PropertyAddress, ActiveCurve]]:
    """Every F-curve of these, of the Action that plays first, and then from the top of the NLA down."""
    wanted = channels_by_address(obj)
    for kind, block in data_blocks(obj).items():
        for source, start, scale in _action_sources(block.animation_data):
            held = compat.active_channelbag(source)
            in_nla = source != block.animation_data and layer_tracks.layer_name(source.action) is None
            for fcurve in held.fcurves if held else ():
                address = kind, fcurve.data_path, fcurve.array_index
                if address in wanted and len(fcurve.keyframe_points):
                    yield address, ActiveCurve(source.action, held, fcurve, start, scale, in_nla)


def find_active_curves(obj: bpy.types.Object) -> dict[PropertyAddress, ActiveCurve]:
    """The F-curve that says what each of these does.

    Where the artist's keys lie over a layer of the take, in the take's own Action, the layer says it: the keys are
    pins, and not the whole motion.
    """
    found: dict[PropertyAddress, ActiveCurve] = {}
    for address, playing in all_curves(obj):
        if address not in found or (
            _is_user_curve(found[address], address) and stored_request.read_request(playing.action)
        ):
            found[address] = playing
    return found


def strips_animating(obj: bpy.types.Object, address: PropertyAddress) -> dict[bpy.types.NlaStrip, bpy.types.FCurve]:
    """The strips of the NLA that move a property, each with its F-curve, from the top down."""
    kind, path, index = address
    held = {
        strip: compat.active_channelbag(strip) for strip in nla.unmuted_strips(data_block(obj, kind).animation_data)
    }
    found = {strip: some.fcurves.find(path, index=index) for strip, some in held.items() if some}
    return {strip: fcurve for strip, fcurve in found.items() if fcurve and len(fcurve.keyframe_points)}


def addresses_by_channel(obj: bpy.types.Object) -> dict[str, PropertyAddress]:
    """Face channel -> where it is."""
    return {channel: address for address, channel in channels_by_address(obj).items() if channel in channels.SHAPES}


def _is_user_curve(curve: ActiveCurve, address: PropertyAddress) -> bool:
    """Whether a curve in a take was added by the artist."""
    return stored_request.read_request(curve.action) is not None and address not in baseline.read_baseline_keys(
        curve.action
    )


def _action_sources(
    animation: bpy.types.AnimData | None,
) -> Iterator[tuple[bpy.types.AnimData | bpy.types.NlaStrip, float, float]]:
    """What plays Actions, and when: (the animation itself or a strip, start, scale)."""
    if animation is None:
        return
    if animation.action:
        yield animation, 0.0, 1.0
    for strip in nla.unmuted_strips(animation):
        yield strip, *nla.time_mapping(strip)
