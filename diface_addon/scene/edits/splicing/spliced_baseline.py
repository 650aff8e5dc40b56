"""The baseline of a spliced take, so that the user's keys of either take still count as edits."""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

from ....rig.property_address import PointsByAddress, PropertyAddress
from ...keys.key_table import SAME_TIME, KeyTable
from ...keys.write_keys import SampledCurve
from ...provenance import baseline, stored_request, take_request
from .span import Span


def generated_keys(table: KeyTable, span: Span, with_plateau: bool) -> KeyTable:
    """Return the keys of a spliced curve that are neither take's: those on the ramps, and perhaps between them."""
    inside = table.between(span.first, span.last)
    return inside if with_plateau else inside.outside(*span.plateau)


def update_baseline(
    baseline_points: PointsByAddress,
    address: PropertyAddress,
    generated: KeyTable,
    theirs: npt.NDArray | None,
    span: Span,
) -> None:
    """Replace the baseline of a curve in the span.

    Args:
        baseline_points: The baseline of an Action of the new take.
        address: The curve.
        generated: The keys that the splice generated.
        theirs: The baseline (N, 2) of the other take; None if its keys were resampled.
        span: The span of the splice.
    """
    mine = baseline_points.get(address, np.zeros((0, 2), np.float32))
    outside = mine[(mine[:, 0] < span.first - SAME_TIME) | (mine[:, 0] > span.last + SAME_TIME)]
    first, last = span.plateau
    if theirs is not None:
        theirs = theirs[(theirs[:, 0] >= first - SAME_TIME) & (theirs[:, 0] <= last + SAME_TIME)]
    points = np.concatenate([outside, generated.co, *([] if theirs is None else [theirs])]).astype(np.float32)
    baseline_points[address] = points[np.argsort(points[:, 0], kind="stable")]


def store_baseline(copy: bpy.types.Action, baseline_points: PointsByAddress, record: dict[str, object]) -> None:
    """Store the baseline of an Action of the new take, and what was spliced into it."""
    request = stored_request.require_request(copy)
    first, uneven = request["first_frame"], {}
    samples: dict[str, list[SampledCurve]] = {}
    for kind, curves in baseline.read_samples(copy).items():
        samples[kind] = []
        for curve in curves:
            points = baseline_points[kind, curve.path, curve.index]
            frames = first + np.arange(len(curve.values))
            values = np.interp(frames, points[:, 0], points[:, 1]).astype(np.float32)
            samples[kind].append(SampledCurve(curve.path, curve.index, values))
            if len(points) != len(frames) or np.any(points[:, 0] != frames):
                uneven[kind, curve.path, curve.index] = points
    baseline.store(copy, {**request, "spliced": [*request.get("spliced", ()), record]}, samples, uneven)
    take_request.discard(copy)
