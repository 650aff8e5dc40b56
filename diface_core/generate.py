"""GenerateRequest -> GenerateResult: the whole pipeline, in a stream of rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from . import channels
from .audio import reading
from .audio.feature_cache import FeatureCache, new_key
from .audio.loudness import RATE, Overview, overview
from .errors import AudioError, ModelError
from .layers import Events
from .motion.resample import resample_constraints, resampled, sampled
from .motion.segments import stretches
from .motion.warp import bend, reach
from .runtime.progress import LISTENING, MAKING, READING, Stages
from .runtime.sliding_windows import windows
from .types import MODEL_RATE, AudioSection, Constraints, FloatArray, GenerateRequest, GenerateResult, Motion, Report

Fraction = Callable[[float], None]
"""Told how much of one stage is done, 0 to 1; may raise Cancelled."""

Wishes = Callable[[int, int], Constraints]
"""(first, last) -> what is kept of those rows at MODEL_RATE, in the columns of the request's parts."""

Each = Callable[[int, Motion], None]
"""Told every stretch of the Motion as soon as it is finished, and which row it begins at."""

REMEMBERED = 8
"""Sounds whose length and loudness are kept in mind."""


class Encoder(Protocol):
    """Hears speech: blocks (N,) of a sound become features (n, D), one row a row of the models' Motion, in order."""

    @property
    def hash(self) -> str: ...

    def stream(self, blocks: Iterable[FloatArray], sound: Overview, /) -> Iterator[FloatArray]: ...


class Models(Protocol):
    """Moves face and head: features become values (n, C) at MODEL_RATE with the channels of the request's parts, in
    order, in parts of any length; `rows` is how many there will be, and `first` which row of the seed's noise they
    begin with. What is kept is asked of `wishes` by rows that count from there."""

    @property
    def hash(self) -> str: ...

    def stream(
        self,
        features: Iterable[FloatArray],
        rows: int,
        request: GenerateRequest,
        wishes: Wishes | None,
        report: Fraction,
        first: int = 0,
        /,
    ) -> Iterator[FloatArray]: ...


class Generator:
    """The engine of worker and command line: models loaded once, features kept between requests."""

    def __init__(self, encoder: Encoder, models: Models, cache: FeatureCache) -> None:
        self._encoder, self._models, self._cache = encoder, models, cache
        self._sounds: dict[object, tuple[str, Overview]] = {}

    @classmethod
    def load(cls, cache: Path | None = None) -> Generator:
        """Load encoder and models (seconds). Raises ModelError where a file is missing or damaged."""
        # torch comes in here, so that a command line can refuse its arguments without it.
        from .audio.speech_encoder import SpeechEncoder
        from .model.bundle import load_models

        return cls(SpeechEncoder.load(), load_models(), FeatureCache(cache))

    def generate(
        self, request: GenerateRequest, report: Report, each: Each = lambda first, motion: None
    ) -> GenerateResult:
        """Make the Motion, told to `each` as it grows. Where whole rows are kept, only the others are made, and `each`
        is told nothing. Raises AudioError, ModelError, and what the callbacks raise."""
        stages = Stages(report)
        key, sound = self._read(request, stages)
        names = channels.of_request(request.parts, request.layers)
        if request.constraints is not None and request.constraints.keep.all(axis=1).any():
            motion = self._edit(request, request.constraints, key, sound, stages)
            stages.finish()
            return GenerateResult(motion, self._models.hash, stages.timings)
        values = np.empty((_rows(request, sound), len(names)), np.float32)
        done = 0
        for motion in self._make(request, key, sound, stages):
            values[done : done + len(motion)] = motion.values
            each(done, motion)
            done += len(motion)
            stages.go_on()
        stages.finish()
        return GenerateResult(Motion(values, names, request.rate), self._models.hash, stages.timings)

    def stream(self, request: GenerateRequest, report: Report) -> Iterator[Motion]:
        """The Motion of `generate` in stretches, in order. The first ones are there before the last are computed, and
        no more of the sound and the rows is held than one of them needs, however long they are."""
        stages = Stages(report)
        for motion in self._make(request, *self._read(request, stages), stages):
            yield motion
            stages.go_on()
        stages.finish()

    def _read(self, request: GenerateRequest, stages: Stages) -> tuple[str, Overview]:
        """Hear the sound once, for its key in the cache and its loudness; those heard last are remembered."""
        stages.report(READING, 0.0)
        same = _same(request.audio)
        if same not in self._sounds:
            self._sounds = {
                **dict(list(self._sounds.items())[-REMEMBERED + 1 :]),
                same: self._overview(request, stages),
            }
        key, sound = self._sounds[same]
        expected = (_rows(request, sound), len(channels.of_request(request.parts, request.layers)))
        kept = request.constraints
        if kept and kept.values.shape != expected:
            raise ValueError(f"constraints must have shape {expected}. Got {kept.values.shape}.")
        if kept and len(kept.pins) and not (kept.pins.at.min() >= 0 and kept.pins.at.max() <= expected[0] - 1):
            raise ValueError(f"pins must be on the rows 0 to {expected[0] - 1}.")
        stages.report(READING, 1.0)
        return key, sound

    def _overview(self, request: GenerateRequest, stages: Stages) -> tuple[str, Overview]:
        digest = new_key(self._encoder.hash, RATE)

        def blocks() -> Iterator[FloatArray]:
            for block in reading.blocks(request.audio):
                stages.report(READING, 0.0)
                digest.update(block.data)
                yield block

        sound = overview(blocks())
        reading.check_heard(request.audio, sound.peak)
        return digest.hexdigest(), sound

    def _make(self, request: GenerateRequest, key: str, sound: Overview, stages: Stages) -> Iterator[Motion]:
        names = channels.of_parts(request.parts)
        rows = len(sound.loudness)
        features = self._features(request, key, sound, stages)
        wishes = _wishes(request)
        values = self._models.stream(features, rows, request, wishes, lambda done: stages.report(MAKING, done))
        strong = (_strengthen(part, names, request) for part in values)
        events = Events.of(sound.loudness, request.layers)
        parts = resampled(strong, MODEL_RATE, request.rate, _rows(request, sound))
        yield from _kept(_with_events(parts, names, request, events), request.constraints, request)

    def _edit(self, request: GenerateRequest, kept: Constraints, key: str, sound: Overview, stages: Stages) -> Motion:
        """The kept Motion with the rows made anew that are not kept whole."""
        names, rows = channels.of_parts(request.parts), len(sound.loudness)
        wishes, events = _wishes_of(kept, request), Events.of(sound.loudness, request.layers)
        found = stretches(kept.keep, request.rate, rows)
        values = np.nan_to_num(kept.values)
        # One pass over the features for all stretches, which are in order.
        heard = _sections(self._features(request, key, sound, stages), [(some.begin, some.end) for some in found])
        for number, (some, features) in enumerate(zip(found, heard, strict=True)):
            made = self._models.stream(
                [features],
                some.end - some.begin,
                request,
                lambda first, last, begin=some.begin: wishes(first + begin, last + begin),
                lambda done, number=number: stages.report(MAKING, (number + done) / len(found)),
                some.begin,
            )
            strong = _strengthen(np.concatenate(list(made)), names, request)
            at = np.arange(some.first, some.last) * (MODEL_RATE.value / request.rate.value)
            part = sampled(strong, some.begin, np.minimum(at, some.end - 1))
            values[some.first : some.last] = events.on(Motion(part, names, request.rate), some.first).values
        motion = Motion(values, channels.of_request(request.parts, request.layers), request.rate)
        return _through(motion, kept, request)

    def _features(self, request: GenerateRequest, key: str, sound: Overview, stages: Stages) -> Iterator[FloatArray]:
        """The sound's features in parts: those kept, else new ones, which are kept."""
        features = self._cache.parts(key)
        if features is None:
            return self._cache.keep(key, self._listen(request.audio, sound, stages), len(sound.loudness))
        stages.skip(LISTENING)
        return features

    def _listen(self, section: AudioSection, sound: Overview, stages: Stages) -> Iterator[FloatArray]:
        """Features of a sound that was not heard before; it is read again for them."""
        stages.report(LISTENING, 0.0)
        done = 0
        for part in self._encoder.stream(_unchanged(section, sound.samples), sound):
            done += len(part)
            stages.report(LISTENING, done / len(sound.loudness))
            yield part


def _rows(request: GenerateRequest, sound: Overview) -> int:
    """Of a strip of n frames come n rows: the sound itself is rounded to its samples and may be a hair longer."""
    return request.rate.rows(sound.seconds if request.audio.seconds is None else request.audio.seconds)


def _unchanged(section: AudioSection, samples: int) -> Iterator[FloatArray]:
    """The section's blocks for the second time. Raises AudioError where they are no longer as many."""
    for block in reading.blocks(section):
        samples -= len(block)
        yield block
    if samples:
        raise AudioError(f"{section.path.name} was changed while it was read.", "Try again.")


def _wishes(request: GenerateRequest) -> Wishes | None:
    """The request's constraints in any rows at the models' rate, as they have to be before the strengths."""
    kept = request.constraints
    return None if kept is None else _wishes_of(kept, request)


def _wishes_of(kept: Constraints, request: GenerateRequest) -> Wishes:
    names = channels.of_parts(request.parts)
    all_names = channels.of_request(request.parts, request.layers)
    columns = [all_names.index(name) for name in names]
    strengths = _strengths(names, request)

    def wishes(first: int, last: int) -> Constraints:
        some = resample_constraints(kept, request.rate, MODEL_RATE, last - first, first).select(columns)
        values = np.divide(some.values, strengths, out=np.zeros_like(some.values), where=strengths > 0)
        pins = some.pins[strengths[some.pins.channel] > 0]
        pins = dataclasses.replace(pins, value=pins.value / strengths[pins.channel])
        return dataclasses.replace(some, values=values, keep=some.keep & (strengths > 0), pins=pins)

    return wishes


def _strengths(names: tuple[str, ...], request: GenerateRequest) -> FloatArray:
    """What each channel is multiplied by (C,)."""
    axes = {name: request.head_strength * axis for name, axis in zip(channels.HEAD, request.head_axes, strict=True)}
    return np.array([axes.get(name, request.face_strength) for name in names], np.float32)


def _strengthen(values: FloatArray, names: tuple[str, ...], request: GenerateRequest) -> FloatArray:
    """Face weights and head rotation times their strengths; face weights stay in 0 to 1, or as far as asked for."""
    if not np.isfinite(values).all():
        raise ModelError(
            "The models gave values that are not numbers.", "Their files are damaged: install DiFACE again."
        )
    values = values * _strengths(names, request)
    is_face = np.isin(names, channels.FACE)
    values[:, is_face] = np.clip(values[:, is_face], 0, max(1.0, request.face_strength))
    return values


def _with_events(
    parts: Iterable[FloatArray], names: tuple[str, ...], request: GenerateRequest, events: Events
) -> Iterator[Motion]:
    first = 0
    for part in parts:
        yield events.on(Motion(part, names, request.rate), first)
        first += len(part)


def _kept(parts: Iterable[Motion], kept: Constraints | None, request: GenerateRequest) -> Iterator[Motion]:
    """The artist's values exactly: the models kept them at their own rate, where rows fall between the artist's."""
    if kept is None:
        yield from parts
        return
    whole: Motion | None = None

    def rows() -> Iterator[FloatArray]:
        nonlocal whole
        for whole in parts:
            yield whole.values

    for window in windows(rows(), reach(kept.pull), len(kept.keep)):
        begin = window.first - window.inner.start
        assert whole is not None
        around = Motion(window.rows, whole.channels, whole.rate)
        bent = _through(around, kept.section(begin, begin + len(window.rows)), request)
        yield Motion(bent.values[window.inner], whole.channels, whole.rate)


def _through(motion: Motion, kept: Constraints, request: GenerateRequest) -> Motion:
    """The Motion bent through what is kept; face weights that are not the artist's own stay in their range."""
    values = bend(motion.values, kept)
    free = ~kept.keep & np.isin(motion.channels, channels.SHAPES)
    row = np.clip(np.rint(kept.pins.at).astype(int), 0, len(values) - 1)
    free[row, kept.pins.channel] = False
    values[free] = np.clip(values[free], 0, max(1.0, request.face_strength))
    return Motion(values, motion.channels, motion.rate)


def _sections(parts: Iterable[FloatArray], wanted: list[tuple[int, int]]) -> Iterator[FloatArray]:
    """Rows `first` to `last` of a stream for each pair wanted, in order; they may overlap by what one part holds."""
    held: list[FloatArray] = []
    begin = end = 0
    source = iter(parts)
    for first, last in wanted:
        while end < last and (part := next(source, None)) is not None:
            held.append(part)
            end += len(part)
        while held and begin + len(held[0]) <= first:
            begin += len(held.pop(0))
        yield np.concatenate(held)[first - begin : last - begin]
    for _ in source:  # new features are kept once all have passed
        pass


def _same(section: AudioSection) -> object:
    """Equal for a section of a file that was not written since."""
    try:
        stat = section.path.stat()
    except OSError:
        return section, None
    return section, stat.st_mtime_ns, stat.st_size
