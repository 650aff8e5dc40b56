"""Articulation of a character, `object.diface.articulation` of its main mesh: keyable, and applied to its takes."""

from __future__ import annotations

import bpy
from bpy.props import CollectionProperty, FloatProperty, StringProperty

from ... import compat
from ...core import articulation_controls
from ..choices import OVERRIDABLE
from . import direction_settings
from .directed_properties import directed, factor
from .direction_settings import ARTICULATION

GAIN_NOTE = "0: none, 1: as generated, 2: twice as much"


def _gain(name: str, what: str) -> object:
    """Return the setting of a factor of the motion."""
    return factor(name, f"{what}. {GAIN_NOTE}", 1.0, articulation_controls.MAX_GAIN)


class DifaceChannelGain(bpy.types.PropertyGroup):
    """The gain of one channel; `name` is the channel."""

    name: StringProperty(name="Channel", override=OVERRIDABLE)
    gain: _gain("Gain", "How strongly this channel moves, besides the setting of its part of the face")


class DifaceArticulation(bpy.types.PropertyGroup):
    """Articulation settings of a character."""

    jaw: _gain("Jaw", "How far the jaw moves. Closed lips stay closed")
    lips: _gain("Lips", "How strongly the lips press, stretch, rise and fall")
    rounding: _gain("Rounding", "How far the lips are rounded and protruded")
    upper_face: _gain("Upper Face", "How strongly brows, cheeks, nose and lower lids move")
    tongue: _gain("Tongue", "How far the tongue moves")
    head: _gain("Head", "How far the head turns")
    lead: directed(
        FloatProperty,
        "Lead",
        "Milliseconds by which the face comes before the sound; negative: after it",
        default=0.0,
        soft_min=-200.0,
        soft_max=200.0,
        min=-articulation_controls.MAX_LEAD,
        max=articulation_controls.MAX_LEAD,
        step=100,
        precision=0,
    )
    smoothing: directed(
        FloatProperty,
        "Smoothing",
        "Milliseconds over which face and head are smoothed. Closed lips stay closed",
        default=0.0,
        min=0.0,
        max=articulation_controls.MAX_SMOOTHING,
        soft_max=100.0,
        step=100,
        precision=0,
    )
    gains: CollectionProperty(type=DifaceChannelGain, override=OVERRIDABLE | {"USE_INSERTION"})


def reset(obj: bpy.types.Object) -> list[str]:
    """Set the controls of a character to their neutral values, and remove the gains of channels.

    Returns:
        The controls that F-curves or drivers set, which stay.
    """
    obj.diface.articulation.gains.clear()
    return direction_settings.reset(obj, ARTICULATION, articulation_controls.CONTROLS)


def remove_gain(obj: bpy.types.Object, index: int) -> None:
    """Remove the gain of a channel, with its F-curve or driver; those of later gains move along."""
    animation = obj.animation_data
    animated = [*direction_settings.find_fcurves(obj).values(), *direction_settings.find_drivers(obj).values()]
    curves = [curve for curve in animated if curve.data_path.startswith(f"{ARTICULATION}.gains[")]
    for curve in sorted(curves, key=_gain_index):
        if _gain_index(curve) > index:
            curve.data_path = f"{ARTICULATION}.gains[{_gain_index(curve) - 1}].gain"
        elif _gain_index(curve) == index and curve.driver is not None:
            animation.drivers.remove(curve)
        elif _gain_index(curve) == index:
            compat.active_channelbag(animation).fcurves.remove(curve)
    obj.diface.articulation.gains.remove(index)
    direction_settings.apply(obj)


def _gain_index(curve: bpy.types.FCurve) -> int:
    return int(curve.data_path.removeprefix(f"{ARTICULATION}.gains[").partition("]")[0])


GROUPS = (DifaceChannelGain, DifaceArticulation)
