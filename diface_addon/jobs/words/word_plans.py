"""What the buttons of a word regenerate, and which pins they set: plans for jobs/edit.py."""

from __future__ import annotations

import math
from collections.abc import Mapping

import bpy
import numpy as np

from ...core import channels, errors, lip_perception
from ...scene.pins import pins
from ...settings import scene_settings
from .. import edit_plan
from .word_list import WordFrames

MOUTH = tuple(name for region in ("lips", "jaw") for name in channels.REGIONS[region])
BROWS_RAISED = {"browInnerUp": 0.45, "browOuterUpLeft": 0.35, "browOuterUpRight": 0.35}
"""What Emphasise adds to the brows at the accent: FACS action units 1 and 2, the most frequent ones with prosodic
emphasis (Ekman 1979; Cavé et al., About the relationship between eyebrow movements and F0 variations, 1996)."""
NOD = math.radians(4.5)
"""What it adds to the nod at the accent; before it the head rises by a third of that (Hadar et al., Kinematics of head
movements accompanying speech during conversation, 1983: fast movements with stressed syllables)."""
RISE = -NOD / 3
BEFORE, RISEN, AFTER = 0.3, 0.15, 0.4
"""Seconds from the accent to the unchanged motion before and after it, and to the raised head."""
EASE = 0.12
"""Seconds around a word within which the mouth adapts."""
PARTING = 0.2
"""mm by which a channel at weight 1 moves the lips apart or together, from which Hold Closed sets it to 0."""
SOFTER, WIDER = 0.6, 1.4
"""Factors of the mouth's channels. A closure stays one: jawOpen and mouthClose change alike."""

Poses = Mapping[int, Mapping[str, float]]
"""Frame -> values of channels."""


def plan_closed(base: edit_plan.EditContext, word: WordFrames) -> edit_plan.Plan:
    """Return the plan that holds the lips closed for the whole word."""
    frames = _frames_within(base, *word.frames)
    aperture = lip_perception.perception().aperture
    closed = {name: 0.0 for name in MOUTH if abs(aperture[channels.FACE.index(name)]) >= PARTING}
    return _plan(base, dict.fromkeys(frames, closed), EASE, f"hold closed {word.text}")


def plan_scaled(base: edit_plan.EditContext, word: WordFrames, factor: float) -> edit_plan.Plan:
    """Return the plan that scales the mouth's motion in a word, at the middle of each of its sounds."""
    first, last = word.frames
    frames = _frames_within(base, first, last, {round(frame) for frame in word.phones})
    now = {frame: _values(base, frame, MOUTH) for frame in frames}
    poses = {
        frame: {name: min(max(value * factor, 0.0), 1.0) for name, value in values.items()}
        for frame, values in now.items()
    }
    return _plan(base, poses, EASE, f"{'softer' if factor < 1 else 'wider'} {word.text}", word.frames)


def plan_emphasised(base: edit_plan.EditContext, word: WordFrames) -> edit_plan.Plan:
    """Return the plan that raises the brows and nods at the accent of a word."""
    rate, accent = base.motion.rate.value, word.accent
    peak = _nearest_frame(base, accent)
    steps = {round(accent - RISEN * rate): (0.5, RISE), peak: (1.0, NOD)}
    ends = (round(accent - BEFORE * rate), round(accent + AFTER * rate))
    poses = {frame: _values(base, frame, (*BROWS_RAISED, *channels.HEAD)) for frame in ends if _is_inside(base, frame)}
    for frame, (share, nod) in steps.items():
        if not _is_inside(base, frame):
            continue
        pose = _values(base, frame, (*BROWS_RAISED, *channels.HEAD))
        raised = {name: min(pose[name] + share * more, 1.0) for name, more in BROWS_RAISED.items() if name in pose}
        turned = {"head_rx": pose["head_rx"] + nod} if "head_rx" in pose else {}
        poses[frame] = pose | raised | turned
    return _plan(base, poses, 0.0, f"emphasise {word.text}")


def _plan(
    base: edit_plan.EditContext, poses: Poses, ease: float, label: str, frames: tuple[int, int] | None = None
) -> edit_plan.Plan:
    """Return the plan that pins `poses` and warps the existing motion to them.

    Args:
        base: The motion that is edited.
        poses: The values at each frame.
        ease: Seconds before and after that adapt.
        label: For the name of the take.
        frames: First and last frame that change besides `ease`; None: those of the poses.
    """
    obj = scene_settings.character(bpy.context)
    names = tuple(dict.fromkeys(name for pose in poses.values() for name in pose))
    new = [pin for frame, pose in poses.items() for pin in pins.value_pins(obj, frame, dict(pose))]
    if not new:
        message = f"{obj.name} has no shapes for this that the active take animates."
        raise errors.SceneError(message, "Generate a take of the face with DiFACE's models.")
    replaced = {(pin.address, pin.frame) for pin in new}
    kept = tuple(pin for pin in base.pins if (pin.address, pin.frame) not in replaced)
    reach = math.ceil(ease * base.motion.rate.value)
    first, last = frames or (min(poses), max(poses))
    mask = base.regenerate_mask(first - reach, last + reach, names)
    return edit_plan.Plan(mask, (*kept, *new), keep_motion=1.0, label=label)


def _values(base: edit_plan.EditContext, frame: int, names: tuple[str, ...]) -> dict[str, float]:
    """Return the values of the channels that the motion has."""
    row = base.motion.values[frame - base.first_frame]
    return {name: float(value) for name, value in zip(base.motion.channels, row, strict=True) if name in names}


def _is_inside(base: edit_plan.EditContext, frame: int) -> bool:
    return base.first_frame <= frame <= base.last_frame


def _nearest_frame(base: edit_plan.EditContext, frame: float) -> int:
    """Return a frame as a whole one. Raises SceneError if it is outside the take."""
    return _frames_within(base, round(frame), round(frame))[0]


def _frames_within(base: edit_plan.EditContext, first: int, last: int, chosen: set[int] | None = None) -> list[int]:
    """Return the frames of a word that the take has, of those `chosen`. Raises SceneError without any."""
    wanted = np.arange(first, last + 1).tolist() if chosen is None else sorted(chosen)
    inside = [frame for frame in wanted if _is_inside(base, frame)]
    if not inside:
        message = f"The word is at frames {first} to {last}, the take at {base.first_frame} to {base.last_frame}."
        raise errors.SceneError(message, "Choose a word within the take, or generate for this strip.")
    return inside
