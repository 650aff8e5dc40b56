"""Sentences and buttons of Diagnostics."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ...core import channels, types
from .problem import PoseKey, Problem


class Kind(NamedTuple):
    """How a kind of problem is shown: its icon, the label of its fix ("" without one) and what the fix does."""

    icon: str
    fix: str
    tooltip: str


KINDS = {
    "missed_closure": Kind("MOD_LENGTH", "Seal Lips", "Pin closed lips at this sound, and adapt the motion around it"),
    "false_contact": Kind("MOD_THICKNESS", "Open Lips", "Pin an open mouth here, and adapt the motion around it"),
    "moving_in_silence": Kind("PLAY_SOUND", "Rest", "Pin a resting mouth in this silence"),
    "pin_against_speech": Kind("UNPINNED", "Unpin", "Regenerate the motion without the pins of lips and jaw here"),
    "sync_offset": Kind("TIME", "Shift", "Copy the take with all its keys moved, so that it is in sync with its sound"),
    "strip_moved": Kind("NLA", "Follow Strip", "Copy the take with all its keys moved to where its strip is now"),
    "strip_replaced": Kind("FILE_SOUND", "Regenerate", "Generate a take with the same settings for the new sound"),
    "sound_gone": Kind("ERROR", "", "Bring the sound strip or file back under that name"),
    "sound_unreadable": Kind("ERROR", "", "The strip's sound cannot be compared with the take"),
    "rate_changed": Kind("PREVIEW_RANGE", "Convert", "Copy the take to the scene's frame rate"),
    "muted": Kind("MUTE_IPO_ON", "Unmute", "Show what is muted"),
    "clipped": Kind("SORT_DESC", "Raise Limit", "Raise the end of the slider, and regenerate what was cut off"),
    "missing_shape": Kind("SHAPEKEY_DATA", "Add Shape Keys", "Add the ARKit shapes to the character as shape keys"),
}
"""Kind of problem -> how it is shown."""


def from_finding(finding: types.Finding, first_frame: int) -> Problem:
    """Return the problem of a finding of the worker; row r is at frame first_frame + r."""
    keys = tuple(
        PoseKey(first_frame + float(row), channels.FACE[channel], float(value))
        for row, channel, value in zip(finding.pins.row, finding.pins.channel, finding.pins.value, strict=True)
    )
    first, last = first_frame + finding.first, first_frame + finding.last
    jump = keys[len(keys) // 2].frame if keys else first
    text = SENTENCES[finding.kind](finding.amount)
    return Problem(finding.kind, text, first, last, jump, keys, amount=finding.amount)


SENTENCES = {
    "missed_closure": lambda amount: f"Lips {amount:.1f} mm open on m, b or p",
    "false_contact": lambda amount: "Lips closed on an open sound",
    "moving_in_silence": lambda amount: "Mouth moves in silence",
    "sync_offset": lambda amount: f"Face {abs(amount):.2f} s {'late' if amount > 0 else 'early'}",
}
"""Kind of finding -> its sentence, from its amount."""


PIN_SENTENCES = {
    "missed_closure": "Pins keep the lips open on m, b or p",
    "false_contact": "Pins close the lips on an open sound",
    "moving_in_silence": "Pins move the mouth in silence",
}
"""Kind of finding -> its sentence if pins cause it."""


def caused_by_pins(problem: Problem) -> Problem:
    """Return a problem as one of the pins in its frames."""
    text = PIN_SENTENCES[problem.kind]
    return replace(problem, kind="pin_against_speech", text=text, keys=(), target=problem.kind)


def frame_range(first: float, last: float) -> str:
    """Return a range of frames in words."""
    return f"{first:g}" if first == last else f"{first:g}-{last:g}"
