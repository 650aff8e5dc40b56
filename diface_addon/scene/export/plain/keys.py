"""Keys of plain copies: what was sampled, one key per sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from .... import compat
from ....rig.property_address import bone_path
from ...keys.write_keys import LINEAR_KEYS, enum_value
from . import transforms
from .transforms import FloatArray

STILL = 1e-7
"""A property that changes by less over all samples gets no keys: it is set to its value."""

Columns = dict[tuple[str, int], FloatArray]
"""The values (T,) of properties, by RNA path and array index."""


@dataclass(frozen=True)
class Motion:
    """The motion of one copy at T times.

    Attributes:
        obj: The copy.
        local: Matrices (T, 4, 4) relative to its parent.
        pose: Matrices (T, B, 4, 4) of the bones in the armature's space; None without an armature.
        weights: Values (T, K) of the shape keys; None without any.
    """

    obj: bpy.types.Object
    local: FloatArray
    pose: FloatArray | None = None
    weights: FloatArray | None = None


def columns_of(motion: Motion) -> dict[bpy.types.ID, Columns]:
    """Return what a copy's data-blocks must be: the object, and the shape keys."""
    found: dict[bpy.types.ID, Columns] = {motion.obj: _transform_columns("", motion.local)}
    if motion.pose is not None:
        found[motion.obj] |= _pose_columns(motion.obj, motion.pose)
    if motion.weights is not None:
        keys = motion.obj.data.shape_keys
        blocks = [(index, block) for index, block in enumerate(keys.key_blocks) if block != keys.reference_key]
        found[keys] = {(block.path_from_id("value"), 0): motion.weights[:, index] for index, block in blocks}
    return found


def _transform_columns(prefix: str, matrices: FloatArray) -> Columns:
    parts = transforms.decompose(matrices)
    names = [("location", i) for i in range(3)] + [("rotation_quaternion", i) for i in range(4)]
    names += [("scale", i) for i in range(3)]
    return {(prefix + name, index): parts[:, column] for column, (name, index) in enumerate(names)}


def _pose_columns(armature: bpy.types.Object, pose: FloatArray) -> Columns:
    """Return the columns of the bones: each relative to where its parent carries its rest."""
    found: Columns = {}
    bones = armature.data.bones
    for index, bone in enumerate(armature.pose.bones):
        rest, carried = np.array(bones[bone.name].matrix_local), np.array(bones[bone.name].matrix_local)
        if bone.parent is not None:
            above = armature.pose.bones.find(bone.parent.name)
            carried = pose[:, above] @ np.linalg.inv(np.array(bones[bone.parent.name].matrix_local)) @ rest
        basis = np.linalg.inv(carried) @ pose[:, index]
        found |= _transform_columns(bone_path(bone.name, ""), basis)
    return found


def set_still(columns: Mapping[bpy.types.ID, Columns]) -> dict[bpy.types.ID, Columns]:
    """Set every property to its first value, and return those that change."""
    moving: dict[bpy.types.ID, Columns] = {}
    for block, properties in columns.items():
        for (path, index), values in properties.items():
            _set(block, path, index, float(values[0]))
            if np.ptp(values) > STILL:
                moving.setdefault(block, {})[path, index] = values
    return moving


def _set(block: bpy.types.ID, path: str, index: int, value: float) -> None:
    owner, _dot, name = path.rpartition(".")
    holder = block.path_resolve(owner) if owner else block
    if name == "value":
        holder.value = value
    else:
        getattr(holder, name)[index] = value


def write_actions(columns: Mapping[bpy.types.ID, Columns], times: FloatArray, name: str) -> list[bpy.types.Action]:
    """Return new Actions with keys, unassigned: one with a slot for each data-block, or one each without slots.

    Args:
        columns: What `set_still` returned.
        times: Frames (T,) of the keys.
        name: The name of the Action.
    """
    actions: list[bpy.types.Action] = []
    for block, properties in columns.items():
        if not actions or not compat.HAS_ACTION_SLOTS:
            actions.append(bpy.data.actions.new(name if not actions else f"{name} {block.name}"))
        channels = compat.new_channelbag(actions[-1], block)
        for (path, index), values in properties.items():
            _write_curve(channels, path, index, times, values)
    return actions


def actions_by_block(
    columns: Mapping[bpy.types.ID, Columns], actions: list[bpy.types.Action]
) -> Iterator[tuple[bpy.types.ID, bpy.types.Action, bpy.types.ActionSlot | None]]:
    """Yield each data-block with the Action and the slot that `write_actions` made for it."""
    for index, block in enumerate(columns):
        if compat.HAS_ACTION_SLOTS:
            yield block, actions[0], actions[0].slots[index]
        else:
            yield block, actions[index], None


def _write_curve(channels: bpy.types.bpy_struct, path: str, index: int, times: FloatArray, values: FloatArray) -> None:
    fcurve = channels.fcurves.new(path, index=index)
    keys = fcurve.keyframe_points
    keys.add(len(times))
    keys.foreach_set("co", np.stack([times, values], axis=1).astype(np.float32).ravel())
    for name, identifier in LINEAR_KEYS.items():
        keys.foreach_set(name, np.full(len(times), enum_value(name, identifier), np.int32))
    fcurve.update()
