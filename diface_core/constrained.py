"""Constraints and strengths of a request, applied before, between and after the models: numpy only."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from . import channels
from .errors import ModelError
from .layers.events import LayerEvents
from .motion.resample import resample_constraints, sample_at_rows
from .motion.segments import Segment, find_segments
from .motion.warp import warp_context_rows, warp_motion
from .runtime.sliding_windows import sliding_windows
from .types import (
    MODEL_RATE,
    ConstraintProvider,
    Constraints,
    Float32Array,
    GenerateRequest,
    Motion,
    ReportFraction,
    SampleRows,
)

SampleSections = Callable[[list[tuple[int, int]]], Iterator[tuple[SampleRows, Float32Array]]]
"""Yields for rows `first` to `last`, for each (first, last) in order, what samples them and their features."""


def channel_strengths(names: tuple[str, ...], request: GenerateRequest) -> Float32Array:
    """Return the factor (C,) of each channel: the strength of its part, times the axis factor for the head."""
    axes = {name: request.head_strength * axis for name, axis in zip(channels.HEAD, request.head_axes, strict=True)}
    return np.array([axes.get(name, request.face_strength) for name in names], np.float32)


def apply_strengths(values: Float32Array, names: tuple[str, ...], request: GenerateRequest) -> Float32Array:
    """Return values (T, C) times their strengths; face weights stay within 0 and 1, or the face's strength if higher.

    Raises:
        ModelError: The values are not finite.
    """
    if not np.isfinite(values).all():
        raise ModelError(
            "The models returned values that are not finite.", "Their files are damaged: reinstall DiFACE."
        )
    values = values * channel_strengths(names, request)
    is_face = np.isin(names, channels.FACE)
    values[:, is_face] = np.clip(values[:, is_face], 0, max(1.0, request.face_strength))
    return values


def constraint_provider(constraints: Constraints, request: GenerateRequest) -> ConstraintProvider:
    """Return a provider of the constraints at the models' rate, divided by the strengths that are applied later."""
    names = channels.of_parts(request.parts)
    all_names = channels.of_request(request.parts, request.layers)
    columns = [all_names.index(name) for name in names]
    strengths = channel_strengths(names, request)

    def provide(first: int, last: int) -> Constraints:
        at_rows = resample_constraints(constraints, request.rate, MODEL_RATE, last - first, first).select(columns)
        values = np.divide(at_rows.values, strengths, out=np.zeros_like(at_rows.values), where=strengths > 0)
        pins = at_rows.pins[strengths[at_rows.pins.channel] > 0]
        pins = dataclasses.replace(pins, value=pins.value / strengths[pins.channel])
        known_mask = at_rows.known_mask & (strengths > 0)
        return dataclasses.replace(at_rows, values=values, known_mask=known_mask, pins=pins)

    return provide


def apply_constraints(
    parts: Iterable[Motion], constraints: Constraints | None, request: GenerateRequest
) -> Iterator[Motion]:
    """Yield the parts of a Motion with the constraints met exactly.

    The models met them at their rate, whose rows are between those of the request.
    """
    if constraints is None:
        yield from parts
        return
    part: Motion | None = None

    def rows() -> Iterator[Float32Array]:
        nonlocal part
        for part in parts:
            yield part.values

    for window in sliding_windows(rows(), warp_context_rows(constraints.falloff), len(constraints.known_mask)):
        begin = window.first - window.valid.start
        assert part is not None
        with_context = Motion(window.rows, part.channels, part.rate)
        warped = _warp_to_constraints(with_context, constraints.section(begin, begin + len(window.rows)), request)
        yield Motion(warped.values[window.valid], part.channels, part.rate)


def regenerate_segments(
    sample_sections: SampleSections,
    loudness: Float32Array,
    constraints: Constraints,
    request: GenerateRequest,
    report: ReportFraction,
) -> Motion:
    """Return the Motion of the constraints with those rows regenerated that are not known in every channel.

    Args:
        sample_sections: Yields a sampler and the features for each section.
        loudness: Loudness (T,) of the whole audio at MODEL_RATE.
        constraints: The request's constraints.
        request: The request.
        report: Called with the fraction done.
    """
    names, model_rows = channels.of_samples(request), len(loudness)
    provide = constraint_provider(constraints, request)
    events = LayerEvents.sample(loudness, request.layers, request.role)
    segments = find_segments(constraints.known_mask, request.rate, model_rows)
    values = np.nan_to_num(constraints.values)
    # The segments are in order, so one pass over the features serves all.
    ranges = [(segment.model_begin, segment.model_end) for segment in segments]
    for number, (segment, (sample_rows, part)) in enumerate(zip(segments, sample_sections(ranges), strict=True)):
        sampled = sample_rows(
            [part],
            segment.model_end - segment.model_begin,
            request,
            lambda first, last, begin=segment.model_begin: provide(first + begin, last + begin),
            lambda done, number=number: report((number + done) / len(segments)),
            segment.model_begin,
        )
        scaled = apply_strengths(np.concatenate(list(sampled)), names, request)
        motion = Motion(_resample_segment(scaled, segment, request), names, request.rate)
        values[segment.first : segment.last] = events.apply(motion, segment.first).values
    motion = Motion(values, channels.of_request(request.parts, request.layers), request.rate)
    return _warp_to_constraints(motion, constraints, request)


def _resample_segment(values: Float32Array, segment: Segment, request: GenerateRequest) -> Float32Array:
    """Rows of a segment at the request's rate, from the models' rows."""
    rows = np.arange(segment.first, segment.last) * (MODEL_RATE.value / request.rate.value)
    return sample_at_rows(values, segment.model_begin, np.minimum(rows, segment.model_end - 1))


def _warp_to_constraints(motion: Motion, constraints: Constraints, request: GenerateRequest) -> Motion:
    """The Motion warped to the constraints; face weights that are neither known nor pinned stay in their range."""
    values = warp_motion(motion.values, constraints)
    free = ~constraints.known_mask & np.isin(motion.channels, channels.SHAPES)
    row = np.clip(np.rint(constraints.pins.row).astype(int), 0, len(values) - 1)
    free[row, constraints.pins.channel] = False
    values[free] = np.clip(values[free], 0, max(1.0, request.face_strength))
    return Motion(values, motion.channels, motion.rate)
