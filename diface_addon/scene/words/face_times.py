"""The times of words to which the face of a take was moved, stored with the take: other words are where they sound."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import bpy

from ..animation.active_actions import active_actions

PROPERTY = "diface_word_times"
"""Custom property of a take's Actions: [[start, end in the sound], [start, end of the face]] of moved words, JSON."""

Times = tuple[float, float]
"""Start and end of a word in seconds of the sound."""


def read(obj: bpy.types.Object) -> dict[Times, Times]:
    """Return where the active take's face has the words that were moved, by their times in the sound."""
    for action in active_actions(obj):
        stored = action.get(PROPERTY)
        if isinstance(stored, str):
            return _parse(stored)
    return {}


def write(actions: Iterable[bpy.types.Action], moved: Mapping[Times, Times]) -> None:
    """Store the times with a take."""
    text = json.dumps([[list(sound), list(face)] for sound, face in moved.items()])
    for action in actions:
        action[PROPERTY] = text


def _parse(stored: str) -> dict[Times, Times]:
    try:
        return {_times(sound): _times(face) for sound, face in json.loads(stored)}
    except (ValueError, TypeError):
        return {}  # edited by hand, or of a later version: the words are where they sound


def _times(pair: Iterable[float]) -> Times:
    start, end = pair
    return float(start), float(end)
