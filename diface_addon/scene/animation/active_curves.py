"""The active animation of a character: the F-curve of each channel, in the active Action or on an NLA strip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ... import compat
from ...core import channels
from ...rig import bones, parts
from ...rig.discovery.find_character import find_character
from ...rig.discovery.scene_index import armatures_of
from ...rig.face_bones.find_face_bones import has_face_bones
from ...rig.head_target import HEAD, head_target
from ...rig.mapping.bone_group import BoneGroup
from ...rig.mapping.driven_shapes import driven_shapes
from ...rig.mapping.face_mapping import FaceMapping, face_mapping
from ...rig.mapping.face_target import FaceTarget
from ...rig.mapping.hand_rows import hand_mapping
from ...rig.mapping.linear_system import LinearSystem
from ...rig.mapping.lip_closure import LipGroup
from ...rig.mapping.pose_group import PoseGroup
from ...rig.property_address import PropertyAddress, part_kind
from ...rig.shifted_bones.bone_shift import BoneShift
from ..characters import shape_key_names
from ..keys import nla
from ..provenance import baseline, layer_tracks, stored_request

Group = PoseGroup | LipGroup | BoneGroup | BoneShift
"""Properties that several channels move together."""


@dataclass(frozen=True)
class ActiveCurve:
    """An active F-curve.

    Attributes:
        action: Its Action.
        channels: The channelbag that holds it.
        fcurve: The curve. Its time t is frame `start + scale * t` of the scene.
        start: See `fcurve`.
        scale: See `fcurve`.
        in_nla: Whether it is on a strip that is not a layer's, so that the visible value depends on more than its keys.
    """

    action: bpy.types.Action
    channels: bpy.types.bpy_struct
    fcurve: bpy.types.FCurve
    start: float = 0.0
    scale: float = 1.0
    in_nla: bool = False

    def to_curve_time(self, frame: float) -> float:
        """Return the time of the curve at a frame of the scene."""
        return (frame - self.start) / self.scale


def data_blocks(obj: bpy.types.Object) -> dict[str, bpy.types.ID]:
    """Return the data-blocks of a character that motion is written to, by kind ('KEY', 'OBJECT', 'KEY:1' ...)."""
    return parts.data_blocks(obj)


def data_block(obj: bpy.types.Object, kind: str) -> bpy.types.ID:
    """Return the data-block of a kind, which must exist."""
    return data_blocks(obj)[kind]


def channels_by_address(obj: bpy.types.Object) -> dict[PropertyAddress, str]:
    """Return the channels of a character by property: shape keys that no driver sets, and the head's rotation.

    Several properties may have one channel, as `jawOpen` of head and teeth; the main mesh's comes first. The name of a
    pose that is solved from several channels is that of its shape key. The values of a rotation are not channels
    themselves; all have the name "head".
    """
    found = mapping(obj)
    faces = {target.address: target.channel for target in found.all_targets}
    for group in [*found.groups, *bones.bone_groups(obj)]:
        faces |= dict(zip(group.addresses, group.names, strict=True))
    return faces | dict.fromkeys(head_target(obj).addresses, HEAD)


def face_targets(obj: bpy.types.Object) -> list[FaceTarget]:
    """Return the shape keys that face channels move and no driver sets, those of the main mesh first."""
    return mapping(obj).all_targets


def systems(obj: bpy.types.Object) -> tuple[LinearSystem, ...]:
    """Return the same properties by the channels that they share."""
    return mapping(obj).systems


def groups(obj: bpy.types.Object) -> list[Group]:
    """Return the properties that several channels move together: poses and lips of the meshes, and the bones."""
    return [*mapping(obj).groups, *bones.bone_groups(obj)]


def reached_channels(obj: bpy.types.Object) -> set[str]:
    """Return the face channels that a character has shape keys or bones for."""
    reached = mapping(obj).channels.union(*(group.channels for group in bones.bone_groups(obj)))
    return set(reached & set(channels.SHAPES)) | _controlled_channels(obj)


def has_face(obj: bpy.types.Object) -> bool:
    """Return whether a character has shape keys, bones, or properties that the user chose, for the face channels."""
    if mapping(obj).channels or hand_mapping(obj).rotations or _controlled_channels(obj):
        return True
    return any(has_face_bones(armature) for armature in armatures_of(obj)) or _is_face_otherwise(obj)


def _is_face_otherwise(obj: bpy.types.Object) -> bool:
    """Return whether a jaw bone opens the mouth of a mesh, or shapes whose names say nothing; binding stores which."""
    if obj.type != "MESH" or not (obj.data.shape_keys or armatures_of(obj)):
        return False
    character = find_character(obj)
    return character is not None and character.main == obj and bool(character.recognized or character.bones.jaw)


def _controlled_channels(obj: bpy.types.Object) -> set[str]:
    """Return the channels of shape keys of a main mesh that are set by properties, keyed once it was bound."""
    names = driven_shapes(obj).controls if obj.type == "MESH" else ()
    return {channel for name in names if (channel := shape_key_names.channel_for_name(name))}


def mapping(obj: bpy.types.Object) -> FaceMapping:
    """Return how the face channels reach the shape keys of a character."""
    meshes = {
        part_kind("KEY", number): part
        for number, part in parts.numbered_objects(obj).items()
        if part.type == "MESH" and part.data.shape_keys
    }
    driven = {kind: shape_key_names.driven_shape_keys(part) for kind, part in meshes.items()}
    return face_mapping(meshes, driven, hand_mapping(obj), parts.numbered_objects(obj))


def all_curves(obj: bpy.types.Object) -> Iterator[tuple[PropertyAddress, ActiveCurve]]:
    """Yield the F-curves of all channels: of the active Action first, then from the top NLA track down."""
    known = channels_by_address(obj)
    for kind, block in data_blocks(obj).items():
        for source, start, scale in _action_sources(block.animation_data):
            channelbag = compat.active_channelbag(source)
            in_nla = source != block.animation_data and layer_tracks.layer_name(source.action) is None
            for fcurve in channelbag.fcurves if channelbag else ():
                address = kind, fcurve.data_path, fcurve.array_index
                if address in known and len(fcurve.keyframe_points):
                    yield address, ActiveCurve(source.action, channelbag, fcurve, start, scale, in_nla)


def find_active_curves(obj: bpy.types.Object) -> dict[PropertyAddress, ActiveCurve]:
    """Return the F-curve that each channel's motion comes from.

    If the user's keys in the take's main Action are above a layer of the take, it is the layer's curve: those keys are
    pins and not the whole motion.
    """
    found: dict[PropertyAddress, ActiveCurve] = {}
    for address, playing in all_curves(obj):
        if address not in found or (
            _is_user_curve(found[address], address) and stored_request.read_request(playing.action)
        ):
            found[address] = playing
    return found


def strips_animating(obj: bpy.types.Object, address: PropertyAddress) -> dict[bpy.types.NlaStrip, bpy.types.FCurve]:
    """Return the NLA strips that animate a property, each with its F-curve, from the top track down."""
    kind, path, index = address
    bags = {
        strip: compat.active_channelbag(strip) for strip in nla.unmuted_strips(data_block(obj, kind).animation_data)
    }
    found = {strip: bag.fcurves.find(path, index=index) for strip, bag in bags.items() if bag}
    return {strip: fcurve for strip, fcurve in found.items() if fcurve and len(fcurve.keyframe_points)}


def _is_user_curve(curve: ActiveCurve, address: PropertyAddress) -> bool:
    """Return whether the user added a curve to a take."""
    return stored_request.read_request(curve.action) is not None and address not in baseline.read_baseline_keys(
        curve.action
    )


def _action_sources(
    animation: bpy.types.AnimData | None,
) -> Iterator[tuple[bpy.types.AnimData | bpy.types.NlaStrip, float, float]]:
    """Yield the sources of Actions with their time mapping: (animation data or strip, start, scale)."""
    if animation is None:
        return
    if animation.action:
        yield animation, 0.0, 1.0
    for strip in nla.unmuted_strips(animation):
        yield strip, *nla.time_mapping(strip)
