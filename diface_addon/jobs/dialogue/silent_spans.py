"""What each character does while it says nothing: the frames in which it listens to a line, or is idle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import bpy

from ...core import types
from ...scene.audio import strip_identity
from ...scene.keys import frame_rate
from ...scene.provenance import stored_request, take_request
from ...scene.takes.lines import line
from . import lines

Span = tuple[int, int]
"""First frame, and the frame after the last."""
SHORTEST_LISTEN = 0.5
"""Seconds from which a line is listened to."""
SHORTEST_IDLE = 1.0
"""Seconds from which a pause is filled; in shorter ones the face rests."""


@dataclass(frozen=True)
class SilentSpan:
    """A span in which a character says nothing. Holds bpy objects: not to be kept while a job runs.

    heard: the line that it listens to; None: it is idle.
    """

    character: bpy.types.Object
    heard: lines.SceneLine | None
    first: int
    end: int

    @property
    def role(self) -> str:
        """Return the role of the request."""
        return types.IDLE if self.heard is None else types.LISTEN

    @property
    def label(self) -> str:
        """Return what is shown while the take is generated."""
        return f"{self.character.name} {'is idle' if self.heard is None else f'listens to {self.heard.strip.name}'}"

    @property
    def key(self) -> str:
        """Return the key of the takes of the span."""
        return line.key_of({"role": self.role, "first_frame": self.first, line.LINE: self.describe()})

    def describe(self) -> dict:
        """Return what the take stores about the line."""
        if self.heard is None:
            return {"id": str(self.first), line.FROM_SCENE: True}
        scene, strip = self.heard.scene, self.heard.strip
        identity = strip_identity.of_side(self.heard.identity or strip.name, self.heard.side)
        offset = self.first - self.heard.first
        return {**strip_identity.describe(scene, strip), "id": f"{identity} from {offset}", line.FROM_SCENE: True}


def find_spans(context: bpy.types.Context, found: Sequence[lines.SceneLine]) -> list[SilentSpan]:
    """Return the spans of all characters that have lines, by the setting When Silent; none if they rest.

    Args:
        context: Names the scene with the setting.
        found: The lines of the scene. Those with a problem are not heard.
    """
    others, rate = context.scene.diface.dialogue.others, frame_rate.scene_rate(context.scene)
    heard = [item for item in found if item.state != "PROBLEM"]
    if others == "REST" or not heard:
        return []
    whole = min(item.first for item in heard), max(item.end for item in heard)
    spans = []
    for obj in dict.fromkeys(item.character for item in heard):
        free = _without([whole], [(item.first, item.end) for item in heard if item.character == obj])
        for item in heard if others == "LISTEN" else ():
            inside = _within(free, (item.first, item.end)) if item.character != obj else []
            listened = _long_enough(inside, SHORTEST_LISTEN, rate)
            free = _without(free, listened)
            spans += [SilentSpan(obj, item, *span) for span in listened]
        spans += [SilentSpan(obj, None, *span) for span in _long_enough(free, SHORTEST_IDLE, rate)]
    return spans


def plays(span: SilentSpan, playing: Mapping[str, Sequence[bpy.types.Action]], rate: types.FrameRate) -> bool:
    """Return whether a take without speech that fits a span is one of those that play on the character.

    Args:
        span: The span.
        playing: What `lines.playing_takes` returned for its character.
        rate: The frame rate of the scene.
    """
    actions = playing.get(span.key)
    if not actions:
        return False
    request, spoken = stored_request.require_request(actions[0]), line.spoken_line(actions)
    same = frame_rate.is_same(take_request.stored_rate(request), rate)
    same &= spoken is not None and (spoken.first, spoken.last + 1) == (span.first, span.end)
    return same and (span.heard is None or strip_identity.plays_the_same(request[line.LINE], span.describe()))


def _without(spans: Iterable[Span], removed: Iterable[Span]) -> list[Span]:
    """Return the parts of spans that are in none of `removed`."""
    left = list(spans)
    for first, end in removed:
        parts = [((a, min(b, first)), (max(a, end), b)) for a, b in left]
        left = [part for both in parts for part in both if part[0] < part[1]]
    return left


def _within(spans: Iterable[Span], inside: Span) -> list[Span]:
    cut = [(max(a, inside[0]), min(b, inside[1])) for a, b in spans]
    return [span for span in cut if span[0] < span[1]]


def _long_enough(spans: Iterable[Span], seconds: float, rate: types.FrameRate) -> list[Span]:
    return [span for span in spans if rate.seconds(span[1] - span[0]) >= seconds]
