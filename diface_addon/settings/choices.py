"""Choices that settings and operators share, and what each choice means in a request."""

from __future__ import annotations

from ..core import channels

OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}
"""Option of properties that a library override of a character may change."""

PARTS_BY_CHOICE = {"FACE": ("face",), "HEAD": ("head",), "BOTH": ("face", "head")}
"""`GenerateRequest.parts` of each choice of the setting `parts`."""

STEPS = {"DRAFT": 8, "FINAL": 25}
"""Denoising steps of each choice of `scene.diface.quality`."""

LAYER_NAMES = ("blinks", "gaze", "breath")
"""The switches of the layers. The seed of each is named `..._seed`."""

REGION_DESCRIPTIONS = {
    "lips": "Mouth shapes: opening, rounding, smile, press and roll",
    "jaw": "Jaw opening, forward and sideways",
    "cheeks": "Cheeks and nose",
    "brows": "Eyebrows",
    "eyes": "Eyelids and the direction of the eyes",
    "tongue": "Tongue",
    "head": "Rotation of the head",
}

REGION_ITEMS = tuple((name.upper(), name.capitalize(), REGION_DESCRIPTIONS[name]) for name in channels.REGIONS)
"""Items of an enum property: the regions of the face, and the head."""

ALL_REGIONS = frozenset(identifier for identifier, _name, _description in REGION_ITEMS)


def region_channels(chosen: set[str]) -> tuple[str, ...]:
    """Return the channels of the chosen regions, given as identifiers of `REGION_ITEMS`."""
    return tuple(name for region in channels.REGIONS if region.upper() in chosen for name in channels.REGIONS[region])


def editable_channels(chosen: set[str]) -> tuple[str, ...]:
    """Return the channels that an edit of the chosen regions may change: of all regions, the breath too."""
    names = region_channels(chosen)
    return (*names, *channels.LAYERS["breath"]) if chosen == ALL_REGIONS else names
