"""Notes for the user about curves that an edit did not change, or that do not show."""

from __future__ import annotations

import bpy

from ...rig.property_address import PropertyAddress
from ..animation import active_curves
from ..animation.active_curves import ActiveCurve
from ..keys.wording import names_note
from ..pins.pin_values import locked_notes
from .rewrite_keys import CurveChange


def edit_notes(
    obj: bpy.types.Object,
    changes: list[CurveChange],
    active: dict[PropertyAddress, ActiveCurve],
    locked: list[CurveChange],
    clamped: list[str],
) -> list[str]:
    """Return notes about locked and muted curves, and about shape keys clamped to their sliders' ranges."""
    muted = [change for change in changes if change.address in active and _is_muted(active[change.address].fcurve)]
    notes = locked_notes(obj, [change.address for change in locked])
    notes += curves_note("Muted, so it does not show:", obj, muted)
    return notes + names_note("Held within the slider's range:", clamped)


def curves_note(text: str, obj: bpy.types.Object, changes: list[CurveChange]) -> list[str]:
    """Return a note with the channels of `changes`: one, or none without changes."""
    names = active_curves.channels_by_address(obj)
    return names_note(text, list(dict.fromkeys(names[change.address] for change in changes)))


def _is_muted(fcurve: bpy.types.FCurve) -> bool:
    return fcurve.mute or (fcurve.group is not None and fcurve.group.mute)
