"""The option `--mood`: constant intensities, which a motion shows from its first row to its last."""

from __future__ import annotations

import argparse
import dataclasses

from ..directing.mood import express
from ..directing.mood_controls import NAMES, MoodControls
from ..errors import DifaceError
from ..faces.poses.perception import perception
from ..types import GenerateRequest, Motion, Pins
from .generate_options import blend

Moods = tuple[tuple[str, float], ...]
"""(name, intensity) pairs."""


def moods(text: str) -> Moods:
    """Parse `happy`, `happy:0.6` or `happy:0.6,tired:0.3`; an intensity that is left out is 1."""
    pairs = blend(text.lower().replace(" ", ""))
    if wrong := [name for name, _ in pairs if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"must be some of {', '.join(NAMES)}. Got {wrong[0][:80]}")
    if too_much := [intensity for _, intensity in pairs if intensity > 1]:
        raise argparse.ArgumentTypeError(f"must have intensities of 0 to 1. Got {too_much[0]:g}")
    return pairs


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option to the parser of `generate`, or of a line of a batch."""
    help_text = "moods with intensities of 0 to 1, such as happy:0.6 or happy:0.3,tired:0.5; alone, a mood has 1"
    parser.add_argument("--mood", type=moods, default=(), metavar="NAME[:INTENSITY],...", help=help_text)


def check_parts(shown: Moods, request: GenerateRequest) -> None:
    """Raise DifaceError if there are moods, and no face that could show them."""
    if shown and "face" not in request.parts:
        raise DifaceError("A mood needs the face, and only the head is generated.", "Leave out the mood, or --head.")


def in_mood(motion: Motion, shown: Moods, request: GenerateRequest) -> Motion:
    """Return a motion in moods; pins stay, and the request's seed is that of the variation."""
    if not shown:
        return motion
    controls = MoodControls.constant(request.seed, **dict(shown))
    pins = Pins.empty() if request.constraints is None else request.constraints.pins
    values = express(motion.values, motion.channels, motion.rate, controls, pins, perception().aperture)
    return dataclasses.replace(motion, values=values)
