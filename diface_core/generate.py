"""GenerateRequest -> GenerateResult: the whole pipeline, in a stream of rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from . import channels
from .audio import reading
from .audio.feature_cache import FeatureCache, new_digest
from .audio.loudness import SAMPLE_RATE, AudioStats, measure_audio
from .errors import AudioError, ModelError
from .layers import LayerEvents
from .motion.resample import resample_constraints, resample_stream, sample_at_rows
from .motion.segments import find_segments
from .motion.warp import warp_context_rows, warp_motion
from .runtime.progress import ENCODING, READING, SAMPLING, ProgressTracker
from .runtime.sliding_windows import sliding_windows
from .types import MODEL_RATE, AudioSection, Constraints, Float32Array, GenerateRequest, GenerateResult, Motion, Report

ReportFraction = Callable[[float], None]
"""Told how much of one stage is done, 0 to 1; may raise Cancelled."""

ConstraintProvider = Callable[[int, int], Constraints]
"""(first, last) -> what is kept of those rows at MODEL_RATE, in the columns of the request's parts."""

OnChunk = Callable[[int, Motion], None]
"""Told every stretch of the Motion as soon as it is finished, and which row it begins at."""

MAX_CACHED_STATS = 8
"""Sounds whose length and loudness are kept in mind."""


class Encoder(Protocol):
    """Hears speech: blocks (N,) of a sound become features (n, D), one row a row of the models' Motion, in order."""

    @property
    def hash(self) -> str: ...

    def stream(self, blocks: Iterable[Float32Array], stats: AudioStats, /) -> Iterator[Float32Array]: ...


class Models(Protocol):
    """Moves face and head: features become values (n, C) at MODEL_RATE with the channels of the request's parts, in
    order, in parts of any length; `rows` is how many there will be, and `first` which row of the seed's noise they
    begin with. What is kept is asked of `wishes` by rows that count from there."""

    @property
    def hash(self) -> str: ...

    def stream(
        self,
        features: Iterable[Float32Array],
        rows: int,
        request: GenerateRequest,
        constraint_provider: ConstraintProvider | None,
        report: ReportFraction,
        first_row: int = 0,
        /,
    ) -> Iterator[Float32Array]: ...


class Generator:
    """The engine of worker and command line: models loaded once, features kept between requests."""

    def __init__(self, encoder: Encoder, models: Models, cache: FeatureCache) -> None:
        self._encoder, self._models, self._cache = encoder, models, cache
        self._stats_cache: dict[object, tuple[str, AudioStats]] = {}

    @classmethod
    def load(cls, cache: Path | None = None) -> Generator:
        """Load encoder and models (seconds). Raises ModelError where a file is missing or damaged."""
        # torch comes in here, so that a command line can refuse its arguments without it.
        from .audio.speech_encoder import SpeechEncoder
        from .model.bundle import load_models

        return cls(SpeechEncoder.load(), load_models(), FeatureCache(cache))

    def generate(
        self, request: GenerateRequest, report: Report, on_chunk: OnChunk = lambda first, motion: None
    ) -> GenerateResult:
        """Make the Motion, told to `each` as it grows. Where whole rows are kept, only the others are made, and `each`
        is told nothing. Raises AudioError, ModelError, and what the callbacks raise."""
        stages = ProgressTracker(report)
        key, sound = self._read_audio(request, stages)
        names = channels.of_request(request.parts, request.layers)
        if request.constraints is not None and request.constraints.known_mask.all(axis=1).any():
            motion = self._regenerate_segments(request, request.constraints, key, sound, stages)
            stages.finish()
            return GenerateResult(motion, self._models.hash, stages.timings)
        values = np.empty((_row_count(request, sound), len(names)), np.float32)
        done = 0
        for motion in self._stream_motion(request, key, sound, stages):
            values[done : done + len(motion)] = motion.values
            on_chunk(done, motion)
            done += len(motion)
            stages.restart_timer()
        stages.finish()
        return GenerateResult(Motion(values, names, request.rate), self._models.hash, stages.timings)

    def stream(self, request: GenerateRequest, report: Report) -> Iterator[Motion]:
        """The Motion of `generate` in stretches, in order. The first ones are there before the last are computed, and
        no more of the sound and the rows is held than one of them needs, however long they are."""
        stages = ProgressTracker(report)
        for motion in self._stream_motion(request, *self._read_audio(request, stages), stages):
            yield motion
            stages.restart_timer()
        stages.finish()

    def _read_audio(self, request: GenerateRequest, tracker: ProgressTracker) -> tuple[str, AudioStats]:
        """Hear the sound once, for its key in the cache and its loudness; those heard last are remembered."""
        tracker.report(READING, 0.0)
        same = _file_identity(request.audio)
        if same not in self._stats_cache:
            self._stats_cache = {
                **dict(list(self._stats_cache.items())[-MAX_CACHED_STATS + 1 :]),
                same: self._measure_audio(request, tracker),
            }
        key, sound = self._stats_cache[same]
        expected = (_row_count(request, sound), len(channels.of_request(request.parts, request.layers)))
        kept = request.constraints
        if kept and kept.values.shape != expected:
            raise ValueError(f"constraints must have shape {expected}. Got {kept.values.shape}.")
        if kept and len(kept.pins) and not (kept.pins.row.min() >= 0 and kept.pins.row.max() <= expected[0] - 1):
            raise ValueError(f"pins must be on the rows 0 to {expected[0] - 1}.")
        tracker.report(READING, 1.0)
        return key, sound

    def _measure_audio(self, request: GenerateRequest, tracker: ProgressTracker) -> tuple[str, AudioStats]:
        digest = new_digest(self._encoder.hash, SAMPLE_RATE)

        def blocks() -> Iterator[Float32Array]:
            for block in reading.read_blocks(request.audio):
                tracker.report(READING, 0.0)
                digest.update(block.data)
                yield block

        sound = measure_audio(blocks())
        reading.check_not_silent(request.audio, sound.peak)
        return digest.hexdigest(), sound

    def _stream_motion(
        self, request: GenerateRequest, key: str, stats: AudioStats, tracker: ProgressTracker
    ) -> Iterator[Motion]:
        names = channels.of_parts(request.parts)
        rows = len(stats.loudness)
        features = self._cached_features(request, key, stats, tracker)
        wishes = _optional_constraint_provider(request)
        values = self._models.stream(features, rows, request, wishes, lambda done: tracker.report(SAMPLING, done))
        strong = (_apply_strengths(part, names, request) for part in values)
        events = LayerEvents.sample(stats.loudness, request.layers)
        parts = resample_stream(strong, MODEL_RATE, request.rate, _row_count(request, stats))
        yield from _apply_constraints(_with_layers(parts, names, request, events), request.constraints, request)

    def _regenerate_segments(
        self, request: GenerateRequest, constraints: Constraints, key: str, stats: AudioStats, tracker: ProgressTracker
    ) -> Motion:
        """The kept Motion with the rows made anew that are not kept whole."""
        names, rows = channels.of_parts(request.parts), len(stats.loudness)
        wishes, events = _constraint_provider(constraints, request), LayerEvents.sample(stats.loudness, request.layers)
        found = find_segments(constraints.known_mask, request.rate, rows)
        values = np.nan_to_num(constraints.values)
        # One pass over the features for all stretches, which are in order.
        heard = _slice_stream(
            self._cached_features(request, key, stats, tracker), [(some.model_begin, some.model_end) for some in found]
        )
        for number, (some, features) in enumerate(zip(found, heard, strict=True)):
            made = self._models.stream(
                [features],
                some.model_end - some.model_begin,
                request,
                lambda first, last, begin=some.model_begin: wishes(first + begin, last + begin),
                lambda done, number=number: tracker.report(SAMPLING, (number + done) / len(found)),
                some.model_begin,
            )
            strong = _apply_strengths(np.concatenate(list(made)), names, request)
            at = np.arange(some.first, some.last) * (MODEL_RATE.value / request.rate.value)
            part = sample_at_rows(strong, some.model_begin, np.minimum(at, some.model_end - 1))
            values[some.first : some.last] = events.apply(Motion(part, names, request.rate), some.first).values
        motion = Motion(values, channels.of_request(request.parts, request.layers), request.rate)
        return _warp_to_constraints(motion, constraints, request)

    def _cached_features(
        self, request: GenerateRequest, key: str, stats: AudioStats, tracker: ProgressTracker
    ) -> Iterator[Float32Array]:
        """The sound's features in parts: those kept, else new ones, which are kept."""
        features = self._cache.get_stream(key)
        if features is None:
            return self._cache.put_stream(key, self._encode_audio(request.audio, stats, tracker), len(stats.loudness))
        tracker.skip(ENCODING)
        return features

    def _encode_audio(
        self, section: AudioSection, stats: AudioStats, tracker: ProgressTracker
    ) -> Iterator[Float32Array]:
        """Features of a sound that was not heard before; it is read again for them."""
        tracker.report(ENCODING, 0.0)
        done = 0
        for part in self._encoder.stream(_verified_blocks(section, stats.sample_count), stats):
            done += len(part)
            tracker.report(ENCODING, done / len(stats.loudness))
            yield part


def _row_count(request: GenerateRequest, stats: AudioStats) -> int:
    """Of a strip of n frames come n rows: the sound itself is rounded to its samples and may be a hair longer."""
    return request.rate.rows(stats.seconds if request.audio.seconds is None else request.audio.seconds)


def _verified_blocks(section: AudioSection, samples: int) -> Iterator[Float32Array]:
    """The section's blocks for the second time. Raises AudioError where they are no longer as many."""
    for block in reading.read_blocks(section):
        samples -= len(block)
        yield block
    if samples:
        raise AudioError(f"{section.path.name} was changed while it was read.", "Try again.")


def _optional_constraint_provider(request: GenerateRequest) -> ConstraintProvider | None:
    """The request's constraints in any rows at the models' rate, as they have to be before the strengths."""
    kept = request.constraints
    return None if kept is None else _constraint_provider(kept, request)


def _constraint_provider(constraints: Constraints, request: GenerateRequest) -> ConstraintProvider:
    names = channels.of_parts(request.parts)
    all_names = channels.of_request(request.parts, request.layers)
    columns = [all_names.index(name) for name in names]
    strengths = _strengths(names, request)

    def wishes(first: int, last: int) -> Constraints:
        some = resample_constraints(constraints, request.rate, MODEL_RATE, last - first, first).select(columns)
        values = np.divide(some.values, strengths, out=np.zeros_like(some.values), where=strengths > 0)
        pins = some.pins[strengths[some.pins.channel] > 0]
        pins = dataclasses.replace(pins, value=pins.value / strengths[pins.channel])
        return dataclasses.replace(some, values=values, known_mask=some.known_mask & (strengths > 0), pins=pins)

    return wishes


def _strengths(names: tuple[str, ...], request: GenerateRequest) -> Float32Array:
    """What each channel is multiplied by (C,)."""
    axes = {name: request.head_strength * axis for name, axis in zip(channels.HEAD, request.head_axes, strict=True)}
    return np.array([axes.get(name, request.face_strength) for name in names], np.float32)


def _apply_strengths(values: Float32Array, names: tuple[str, ...], request: GenerateRequest) -> Float32Array:
    """Face weights and head rotation times their strengths; face weights stay in 0 to 1, or as far as asked for."""
    if not np.isfinite(values).all():
        raise ModelError(
            "The models gave values that are not numbers.", "Their files are damaged: install DiFACE again."
        )
    values = values * _strengths(names, request)
    is_face = np.isin(names, channels.FACE)
    values[:, is_face] = np.clip(values[:, is_face], 0, max(1.0, request.face_strength))
    return values


def _with_layers(
    parts: Iterable[Float32Array], names: tuple[str, ...], request: GenerateRequest, layer_events: LayerEvents
) -> Iterator[Motion]:
    first = 0
    for part in parts:
        yield layer_events.apply(Motion(part, names, request.rate), first)
        first += len(part)


def _apply_constraints(
    parts: Iterable[Motion], constraints: Constraints | None, request: GenerateRequest
) -> Iterator[Motion]:
    """The artist's values exactly: the models kept them at their own rate, where rows fall between the artist's."""
    if constraints is None:
        yield from parts
        return
    whole: Motion | None = None

    def rows() -> Iterator[Float32Array]:
        nonlocal whole
        for whole in parts:
            yield whole.values

    for window in sliding_windows(rows(), warp_context_rows(constraints.falloff), len(constraints.known_mask)):
        begin = window.first - window.valid.start
        assert whole is not None
        around = Motion(window.rows, whole.channels, whole.rate)
        bent = _warp_to_constraints(around, constraints.section(begin, begin + len(window.rows)), request)
        yield Motion(bent.values[window.valid], whole.channels, whole.rate)


def _warp_to_constraints(motion: Motion, constraints: Constraints, request: GenerateRequest) -> Motion:
    """The Motion bent through what is kept; face weights that are not the artist's own stay in their range."""
    values = warp_motion(motion.values, constraints)
    free = ~constraints.known_mask & np.isin(motion.channels, channels.SHAPES)
    row = np.clip(np.rint(constraints.pins.row).astype(int), 0, len(values) - 1)
    free[row, constraints.pins.channel] = False
    values[free] = np.clip(values[free], 0, max(1.0, request.face_strength))
    return Motion(values, motion.channels, motion.rate)


def _slice_stream(parts: Iterable[Float32Array], ranges: list[tuple[int, int]]) -> Iterator[Float32Array]:
    """Rows `first` to `last` of a stream for each pair wanted, in order; they may overlap by what one part holds."""
    held: list[Float32Array] = []
    begin = end = 0
    source = iter(parts)
    for first, last in ranges:
        while end < last and (part := next(source, None)) is not None:
            held.append(part)
            end += len(part)
        while held and begin + len(held[0]) <= first:
            begin += len(held.pop(0))
        yield np.concatenate(held)[first - begin : last - begin]
    for _ in source:  # new features are kept once all have passed
        pass


def _file_identity(section: AudioSection) -> object:
    """Equal for a section of a file that was not written since."""
    try:
        stat = section.path.stat()
    except OSError:
        return section, None
    return section, stat.st_mtime_ns, stat.st_size
