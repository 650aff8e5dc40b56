"""Which line of dialogue a take speaks, and at which frames.

A line is a sound strip that a character speaks. Takes that are made for a strip store its identity; other takes are
told apart by the name of their sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from ....core import types
from ...provenance import baseline, layer_tracks, stored_request

LINE = "line"
"""Field of a stored request: the identity of the strip, and what the strip played when the take was made."""
LARGEST_OVERLAP = 0.5
"""Share of the shorter of two takes that may lie within the other one for both to play."""


@dataclass(frozen=True)
class SpokenLine:
    """What a take speaks. key: the same for takes of one line. The take plays from frame `first` to `last`."""

    key: str
    first: float
    last: float

    def stays(self, other: SpokenLine) -> bool:
        """Return whether a take of this line goes on playing when one of `other` becomes active."""
        shared = min(self.last, other.last) - max(self.first, other.first)
        shorter = min(self.last - self.first, other.last - other.first)
        return self.key != other.key and shared <= LARGEST_OVERLAP * shorter


def spoken_line(actions: Sequence[bpy.types.Action]) -> SpokenLine | None:
    """Return what a take speaks. None for an Action that is no take, and for a take whose face is a vertex cache."""
    main = [action for action in actions if layer_tracks.layer_name(action) is None]
    request = stored_request.read_request(main[0]) if main else None
    if request is None or "cache" in request:
        return None
    rows = baseline.row_count(main)
    first = request["first_frame"]
    last = first + rows - 1 if rows else max(first, *(action.frame_range[1] for action in main))
    return SpokenLine(key_of(request), first, last)


def key_of(request: dict[str, Any]) -> str:
    """Return what is the same for all takes of one line; that of a listener differs from the speaker's."""
    role = request.get("role", types.SPEAK)
    if role == types.IDLE:
        return f"{role} {request['first_frame']}"
    key = str(request[LINE].get("id", "")) if LINE in request else f"sound {request.get('sound', '')}"
    return key if role == types.SPEAK else f"{role} {key}"


def fields_after_edit(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the field LINE of a take's request, for a take that is made from it."""
    return {LINE: stored[LINE]} if LINE in stored else {}
