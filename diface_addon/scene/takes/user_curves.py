"""Copies F-curves that the user added to a take's Action, such as the object's location, into the next take."""

from __future__ import annotations

import bpy

from ... import compat
from ..animation import active_curves
from ..keys.key_table import KeyTable
from ..provenance import baseline, stored_request

CURVE_SETTINGS = ("extrapolation", "auto_smoothing", "mute", "lock", "hide", "color_mode", "color")
"""Properties of a curve besides its keys and modifiers."""


def copy_user_fcurves(obj: bpy.types.Object, kind: str, channels: bpy.types.bpy_struct) -> None:
    """Copy the user's curves of the active take to a new one, unless it has curves of the same properties.

    Args:
        obj: The character.
        kind: Kind of data-block: 'KEY', 'OBJECT'.
        channels: The channelbag of the new take.
    """
    for curve in user_fcurves(obj, kind):
        copy_fcurve_if_missing(curve, channels)


def copy_fcurve_if_missing(curve: bpy.types.FCurve, channels: bpy.types.bpy_struct) -> None:
    """Copy a curve with its settings to a channelbag, unless that has one of the same property."""
    if channels.fcurves.find(curve.data_path, index=curve.array_index) is None:
        _copy_fcurve(curve, channels)


def user_fcurves(obj: bpy.types.Object, kind: str) -> list[bpy.types.FCurve]:
    """Return the curves that the user added to the active take of a kind of data-block."""
    animation = active_curves.data_block(obj, kind).animation_data
    if animation is None or animation.action is None or stored_request.read_request(animation.action) is None:
        return []
    generated = baseline.read_baseline_keys(animation.action).keys() | active_curves.channels_by_address(obj).keys()
    curves = getattr(compat.active_channelbag(animation), "fcurves", ())
    return [curve for curve in curves if (kind, curve.data_path, curve.array_index) not in generated]


def _copy_fcurve(curve: bpy.types.FCurve, channels: bpy.types.bpy_struct) -> None:
    new = channels.fcurves.new(curve.data_path, index=curve.array_index)
    if curve.group:
        new.group = channels.groups.get(curve.group.name) or channels.groups.new(curve.group.name)
    for name in CURVE_SETTINGS:
        setattr(new, name, getattr(curve, name))
    KeyTable.read(curve).write(new)
    for modifier in curve.modifiers:
        _copy_settings(modifier, new.modifiers.new(modifier.type))


def _copy_settings(modifier: bpy.types.FModifier, new: bpy.types.FModifier) -> None:
    for point in getattr(modifier, "control_points", ()):  # of an envelope
        _copy_settings(point, new.control_points.add(point.frame))
    for setting in modifier.bl_rna.properties:
        if not setting.is_readonly:
            value = getattr(modifier, setting.identifier)
            setattr(new, setting.identifier, value[:] if getattr(setting, "is_array", False) else value)
