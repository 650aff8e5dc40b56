"""Choices that settings and operators share, and what each choice means in a request."""

from __future__ import annotations

from ..core import channels

PARTS_BY_CHOICE = {"FACE": ("face",), "HEAD": ("head",), "BOTH": ("face", "head")}
"""The choice `scene.diface.parts` in the words of a GenerateRequest."""

STEPS = {"DRAFT": 8, "FINAL": 25}
"""Denoising steps of `scene.diface.quality`."""

LAYER_NAMES = ("blinks", "gaze", "breath")
"""The switches of the layers; the seed of each is named `..._seed`."""

REGION_ITEMS = tuple((name.upper(), name.capitalize(), "") for name in channels.REGIONS)
"""Parts of the face and the head, as an enum's choices."""


def region_channels(chosen: set[str]) -> tuple[str, ...]:
    """The channels of the regions chosen, of an enum with REGIONS."""
    return tuple(name for region in channels.REGIONS if region.upper() in chosen for name in channels.REGIONS[region])
