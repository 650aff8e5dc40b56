"""Shape keys that a driver sets from one property of the rig: the property is keyed in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from ..property_address import PropertyAddress, bone_path, part_kind, shape_key_path
from . import affine, custom_property
from .face_target import FaceTarget

STRAIGHT = 1e-5
"""Distance from a straight line up to which a curve is one."""
SAME = 1e-3
"""Difference up to which two values of a control at rest are the same."""
_LOCATION = re.compile(r'(pose\.bones\["(?:[^"\\]|\\.)*"\])\.location(?:\[([012])\]|\.([xyz]))')
_TRANSFORMS = {"LOC_X": 0, "LOC_Y": 1, "LOC_Z": 2}


@dataclass(frozen=True)
class Control:
    """A property that sets a shape key: its value is constant + slope x property, within limits.

    Attributes:
        owner: The object that has the property.
        path: RNA path of the property.
        index: Array index of it.
        slope: See above; not 0.
        constant: See above.
    """

    owner: bpy.types.Object
    path: str
    index: int
    slope: float
    constant: float


@dataclass(frozen=True)
class DrivenShapes:
    """The shape keys of a mesh that drivers set: by name, their control, or why no property is keyed."""

    controls: Mapping[str, Control]
    reasons: Mapping[str, str]


def driven_shapes(mesh: bpy.types.Object) -> DrivenShapes:
    """Return the controls of the shape keys of a mesh that drivers set."""
    controls: dict[str, Control] = {}
    reasons: dict[str, str] = {}
    keys = mesh.data.shape_keys
    drivers = keys.animation_data.drivers if keys and keys.animation_data else ()
    by_path = {curve.data_path: curve for curve in drivers}
    for key in keys.key_blocks if by_path else ():
        if curve := by_path.get(shape_key_path(key.name)):
            found = _control(curve)
            if isinstance(found, Control):
                controls[key.name] = found
            else:
                reasons[key.name] = found
    return DrivenShapes(controls, reasons)


def owners(meshes: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """Return the objects that have controls of the shape keys of meshes."""
    found = (control.owner for mesh in meshes for control in driven_shapes(mesh).controls.values())
    return list(dict.fromkeys(found))


def reasons(meshes: Iterable[bpy.types.Object]) -> Iterator[tuple[bpy.types.Object, str, str]]:
    """Yield (mesh, shape key, why) of the shape keys that a driver sets and that no property is keyed for."""
    for mesh in meshes:
        for name, reason in driven_shapes(mesh).reasons.items():
            yield mesh, name, reason


def control_targets(
    objects: Mapping[int, bpy.types.Object],
    meshes: Mapping[str, bpy.types.Object],
    gains: Mapping[str, Mapping[str, tuple[tuple[str, float], ...]]],
) -> list[FaceTarget]:
    """Return the controls that are parts of a character, with the channels of the shape keys that they set.

    Args:
        objects: The objects of the character by number.
        meshes: The meshes by kind of their shape keys.
        gains: By the same kinds: name of a shape key -> its (channel, gain) pairs.
    """
    numbers = {obj: number for number, obj in objects.items()}
    wanted: dict[PropertyAddress, list[tuple[Control, str, float]]] = {}
    for kind, mesh in meshes.items():
        for name, control in driven_shapes(mesh).controls.items():
            part = numbers.get(control.owner)
            for channel, gain in gains[kind].get(name, ()) if part is not None else ():
                address = part_kind("OBJECT", part), control.path, control.index
                wanted.setdefault(address, []).append((control, channel, gain))
    return [_target(address, of_address) for address, of_address in wanted.items()]


def _target(address: PropertyAddress, wanted: list[tuple[Control, str, float]]) -> FaceTarget:
    """Return how channels move a control: for each sense of it, by least squares over the shape keys that it sets.

    A shape key that is not 0 where the first one is 0 is another end of the control, and left out.
    """
    offset = -wanted[0][0].constant / wanted[0][0].slope
    same = [one for one in wanted if abs(-one[0].constant / one[0].slope - offset) < SAME]
    gains: dict[str, float] = {}
    for sense in (1, -1):
        of_sense = [one for one in same if one[0].slope * sense > 0]
        whole = sum(control.slope**2 for control, _channel, _gain in of_sense)
        for control, channel, gain in of_sense:
            gains[channel] = gains.get(channel, 0.0) + control.slope * gain / whole
    return FaceTarget(address, tuple(gains.items()), _name(address[1], address[2]), offset)


def _control(curve: bpy.types.FCurve) -> Control | str:
    """Return the property that a driver reads, or why it is not used, for the user."""
    driver = curve.driver
    line = _line(curve)
    if line is None:
        return "The curve of its driver is not a straight line"
    if driver.type == "SCRIPTED":
        linear = affine.parse(driver.expression)
    elif len(driver.variables) == 1:
        linear = affine.Affine(0.0, {driver.variables[0].name: 1.0})
    else:
        linear = None
    used = {name: slope for name, slope in linear.slopes.items() if slope} if linear else {}
    if linear is None or len(used) != 1 or next(iter(used)) not in driver.variables:
        return "Its driver does not read one property in proportion"
    name, slope = next(iter(used.items()))
    place = _place(driver.variables[name])
    if isinstance(place, str):
        return place
    constant, steepness = line
    return Control(*place, steepness * slope, constant + steepness * linear.constant)


def _line(curve: bpy.types.FCurve) -> tuple[float, float] | None:
    """Return (constant, slope) of a driver's curve, which maps what its expression gives; None if it is not straight.

    Its keys, if it has any, are its limits.
    """
    keys = [key.co.x for key in curve.keyframe_points]
    low, high = (min(keys), max(keys)) if keys else (0.0, 1.0)
    places = np.linspace(low, high, 9)
    values = np.array([curve.evaluate(place) for place in places])
    if high <= low or abs(values[-1] - values[0]) < STRAIGHT:
        return None
    slope = float(values[-1] - values[0]) / (high - low)
    constant = float(values[0]) - slope * low
    return (constant, slope) if np.abs(constant + slope * places - values).max() < STRAIGHT else None


def _place(variable: bpy.types.DriverVariable) -> tuple[bpy.types.Object, str, int] | str:
    """Return the owner, path and index of what a variable of a driver reads, or why it is not used."""
    target = variable.targets[0]
    owner = target.id
    if not isinstance(owner, bpy.types.Object):
        return "Its driver reads no object" if owner is None else f"Its driver reads {owner.name}, which is no object"
    if variable.type == "TRANSFORMS":
        is_local = target.transform_space == "LOCAL_SPACE" and target.bone_target
        if not is_local or target.transform_type not in _TRANSFORMS or target.bone_target not in owner.pose.bones:
            return "Its driver reads a transform that is not the location of a bone in its own space"
        path = bone_path(target.bone_target, "location")
        return owner, path, _TRANSFORMS[target.transform_type]
    if variable.type != "SINGLE_PROP":
        return "Its driver reads no single property"
    return _property(owner, target.data_path)


def _property(owner: bpy.types.Object, path: str) -> tuple[bpy.types.Object, str, int] | str:
    if located := _LOCATION.fullmatch(path):
        bone, number, letter = located.groups()
        return owner, f"{bone}.location", int(number) if number else "xyz".index(letter)
    if not custom_property.is_custom(path):
        return f"Its driver reads {path} of {owner.name}, which is neither a custom property nor a bone's location"
    bone, name = custom_property.names(path)
    problem = custom_property.problem(owner, bone, name)
    return problem or (owner, custom_property.path_of(bone, name), 0)


def _name(path: str, index: int) -> str:
    """Return what the user reads as a control."""
    if custom_property.is_custom(path):
        bone, name = custom_property.names(path)
        return f"{bone}: {name}" if bone else name
    quoted = re.findall(r'\["(.*)"\]', path)
    return f"{bpy.utils.unescape_identifier(quoted[0])} location {'XYZ'[index]}"
