"""The lines that a character speaks: its takes, as the timeline plays them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import bpy

from ..animation import active_curves
from ..keys import nla
from ..provenance import stored_request
from ..takes.lines import line
from .export_scene import Clip


def lines(obj: bpy.types.Object, frames: tuple[int, int]) -> list[Clip]:
    """Return the takes that animate a character within a range, in the order of their frames.

    Each is the active one, or on an NLA track that is not muted. Takes with the same name get numbers.

    Args:
        obj: The main mesh.
        frames: First and last frame of the range; lines are cut to it.
    """
    spans: dict[str, tuple[str, int, int]] = {}
    for take, name, first, last in _playing(obj):
        start, end = max(first, frames[0]), min(last, frames[1])
        if start <= end:
            known = spans.get(take, (name, start, end))
            spans[take] = known[0], min(known[1], start), max(known[2], end)
    found: list[Clip] = []
    for name, start, end in sorted(spans.values(), key=lambda span: span[1:]):
        same = sum(clip.name == name or clip.name.startswith(f"{name} (") for clip in found)
        found.append(Clip(f"{name} ({same + 1})" if same else name, (start, end)))
    return found


def _playing(obj: bpy.types.Object) -> Iterator[tuple[str, str, int, int]]:
    """Yield identifier, name, first and last frame of each take that plays on a data-block of a character."""
    for block in active_curves.data_blocks(obj).values():
        animation = block.animation_data
        if animation is None:
            continue
        if animation.action is not None and (request := _of_take(animation.action)):
            yield request["take"], _name(animation.action, request), *_whole(*animation.action.frame_range)
        for strip in nla.unmuted_strips(animation, with_lines=True):
            if strip.action is not None and (request := _of_take(strip.action)):
                identifier = f"{request['take']} {strip.frame_start:g}"
                frames = nla.frames_without_fades(strip)
                yield identifier, _name(strip.action, request), *_whole(*frames)


def _of_take(action: bpy.types.Action) -> dict | None:
    request = stored_request.read_request(action)
    return request if request and "layer" not in request and not line.is_from_scene(request) else None


def _name(action: bpy.types.Action, request: dict) -> str:
    return request.get("name") or action.name


def _whole(first: float, last: float) -> tuple[int, int]:
    return math.floor(first), math.ceil(last)
