"""Which line of dialogue a take speaks, and at which frames.

A line is a sound strip that a character speaks. Takes that are made for a strip store its identity; other takes are
told apart by the name of their sound.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy

from .... import compat
from ....core import types
from ...provenance import baseline, layer_tracks, stored_request, take_request
from ..rest_easing import EASE_SECONDS

LINE = "line"
"""Field of a stored request: the identity of the strip, and what the strip played when the take was made."""
FROM_SCENE = "scene"
"""Field of LINE: Generate Scene made the take, which has no speech, and may replace it."""
LARGEST_OVERLAP = 0.5
"""Share of the shorter of two takes that may lie within the other one for both to play."""
NO_KEYS = (math.inf, -math.inf)
"""First and last frame of no keys."""


@dataclass(frozen=True)
class SpokenLine:
    """What a take speaks.

    Attributes:
        key: The same for takes of one line.
        first: First frame of the line.
        last: Its last frame.
        reach: First and last frame of the take's keys; the user may have set some outside of the line.
        fade: Frames in which the line fades where it would be cut.
    """

    key: str
    first: float
    last: float
    reach: tuple[float, float] = NO_KEYS
    fade: int = 0

    def stays(self, other: SpokenLine) -> bool:
        """Return whether a take of this line goes on playing when one of `other` becomes active."""
        shared = min(self.last, other.last) - max(self.first, other.first)
        shorter = min(self.last - self.first, other.last - other.first)
        return self.key != other.key and shared <= LARGEST_OVERLAP * shorter


def spoken_line(actions: Sequence[bpy.types.Action]) -> SpokenLine | None:
    """Return what a take speaks. None for an Action that is no take, and for a take whose face is a vertex cache."""
    main = _without_layers(actions)
    request = stored_request.read_request(main[0]) if main else None
    if request is None or "cache" in request:
        return None
    rows = baseline.row_count(main)
    first = request["first_frame"]
    last = first + rows - 1 if rows else max(first, *(action.frame_range[1] for action in main))
    return SpokenLine(key_of(request), first, last)


def with_keys(spoken: SpokenLine, actions: Sequence[bpy.types.Action]) -> SpokenLine:
    """Return a line with the frames of its take's keys, and its fade."""
    main = _without_layers(actions)
    frames = [spoken.first, spoken.last, *(frame for action in main for frame in _key_frames(action))]
    fade = round(EASE_SECONDS * take_request.stored_rate(stored_request.require_request(main[0])).value)
    return replace(spoken, reach=(min(frames), max(frames)), fade=fade)


def _without_layers(actions: Sequence[bpy.types.Action]) -> list[bpy.types.Action]:
    return [action for action in actions if layer_tracks.layer_name(action) is None]


def _key_frames(action: bpy.types.Action) -> Iterator[float]:
    """Yield the frames of the first and last keys of what a take animates, not of curves that the user added."""
    for kind, curves in baseline.read_samples(action).items():
        bag = compat.find_channelbag(action, kind)
        for curve in curves if bag else ():
            fcurve = bag.fcurves.find(curve.path, index=curve.index)
            if fcurve and len(fcurve.keyframe_points):
                yield from (fcurve.keyframe_points[0].co.x, fcurve.keyframe_points[-1].co.x)


def key_of(request: dict[str, Any]) -> str:
    """Return what is the same for all takes of one line; that of a listener differs from the speaker's."""
    role = request.get("role", types.SPEAK)
    if role == types.IDLE:
        return f"{role} {request['first_frame']}"
    key = str(request[LINE].get("id", "")) if LINE in request else f"sound {request.get('sound', '')}"
    return key if role == types.SPEAK else f"{role} {key}"


def is_from_scene(request: dict[str, Any]) -> bool:
    """Return whether Generate Scene made a take without speech, for a pause or for what another character says."""
    return bool(request.get(LINE, {}).get(FROM_SCENE))


def fields_after_edit(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the field LINE of a take's request, for a take that is made from it."""
    return {LINE: stored[LINE]} if LINE in stored else {}
