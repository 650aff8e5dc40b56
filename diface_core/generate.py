"""GenerateRequest -> GenerateResult: the whole pipeline, in a stream of rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from . import audio, channels
from .errors import AudioError, ModelError
from .feature_cache import FeatureCache, new_key
from .layers import Events
from .loudness import RATE, Overview, overview
from .resample import resample_constraints, resampled
from .types import (
    MODEL_RATE,
    AudioSection,
    Constraints,
    FloatArray,
    GenerateRequest,
    GenerateResult,
    Motion,
    Progress,
    Report,
)

Fraction = Callable[[float], None]
"""Told how much of one stage is done, 0 to 1; may raise Cancelled."""

Wishes = Callable[[int, int], Constraints]
"""(first, last) -> what is kept of those rows at MODEL_RATE, in the columns of the request's parts."""

Each = Callable[[int, Motion], None]
"""Told every stretch of the Motion as soon as it is finished, and which row it begins at."""

READING, LISTENING, MAKING = "Reading the sound", "Listening to the speech", "Making the motion"
READING_SHARE, LISTENING_SHARE = 0.02, 0.45
"""Of the time that a request takes, about what the first two stages need where the sound was not heard before."""


class Encoder(Protocol):
    """Hears speech: blocks (N,) of a sound become features (n, D), one row a row of the models' Motion, in order."""

    @property
    def hash(self) -> str: ...

    def stream(self, blocks: Iterable[FloatArray], sound: Overview, /) -> Iterator[FloatArray]: ...


class Models(Protocol):
    """Moves face and head: features become values (n, C) at MODEL_RATE with the channels of the request's parts, in
    order, in parts of any length; `rows` is how many there will be."""

    @property
    def hash(self) -> str: ...

    def stream(
        self,
        features: Iterable[FloatArray],
        rows: int,
        request: GenerateRequest,
        wishes: Wishes | None,
        report: Fraction,
        /,
    ) -> Iterator[FloatArray]: ...


class Generator:
    """The engine of worker and command line: models loaded once, features kept between requests."""

    def __init__(self, encoder: Encoder, models: Models, cache: FeatureCache) -> None:
        self._encoder, self._models, self._cache = encoder, models, cache

    @classmethod
    def load(cls, cache: Path | None = None) -> Generator:
        """Load encoder and models (seconds). Raises ModelError where a file is missing or damaged."""
        # torch comes in here, so that a command line can refuse its arguments without it.
        from .features import SpeechEncoder
        from .model.bundle import load_models

        return cls(SpeechEncoder.load(), load_models(), FeatureCache(cache))

    def generate(
        self, request: GenerateRequest, report: Report, each: Each = lambda first, motion: None
    ) -> GenerateResult:
        """Make the Motion, told to `each` as it grows. Raises AudioError, ModelError, and what the callbacks raise."""
        stages = _Stages(report)
        key, sound = self._read(request, stages)
        names = channels.of_request(request.parts, request.layers)
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
        stages = _Stages(report)
        for motion in self._make(request, *self._read(request, stages), stages):
            yield motion
            stages.go_on()
        stages.finish()

    def _read(self, request: GenerateRequest, stages: _Stages) -> tuple[str, Overview]:
        """Hear the sound once, for its key in the cache and its loudness."""
        digest = new_key(self._encoder.hash, RATE)

        def blocks() -> Iterator[FloatArray]:
            stages.report(READING, 0.0)
            for block in audio.blocks(request.audio):
                stages.report(READING, 0.0)
                digest.update(block.data)
                yield block

        sound = overview(blocks())
        audio.check_heard(request.audio, sound.peak)
        expected = (_rows(request, sound), len(channels.of_request(request.parts, request.layers)))
        if request.constraints and request.constraints.values.shape != expected:
            raise ValueError(f"constraints must have shape {expected}. Got {request.constraints.values.shape}.")
        stages.report(READING, 1.0)
        return digest.hexdigest(), sound

    def _make(self, request: GenerateRequest, key: str, sound: Overview, stages: _Stages) -> Iterator[Motion]:
        names = channels.of_parts(request.parts)
        rows = len(sound.loudness)
        features = self._cache.parts(key)
        if features is None:
            features = self._cache.keep(key, self._listen(request.audio, sound, stages), rows)
        else:
            stages.skip(LISTENING)

        wishes = _wishes(request)
        values = self._models.stream(features, rows, request, wishes, lambda done: stages.report(MAKING, done))
        strong = (_strengthen(part, names, request) for part in values)
        events, first = Events.of(sound.loudness, request.layers), 0
        for part in resampled(strong, MODEL_RATE, request.rate, _rows(request, sound)):
            motion = events.on(Motion(part, names, request.rate), first)
            yield _keep(motion, request.constraints, first)
            first += len(motion)

    def _listen(self, section: AudioSection, sound: Overview, stages: _Stages) -> Iterator[FloatArray]:
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
    for block in audio.blocks(section):
        samples -= len(block)
        yield block
    if samples:
        raise AudioError(f"{section.path.name} was changed while it was read.", "Try again.")


def _wishes(request: GenerateRequest) -> Wishes | None:
    """The request's constraints in any rows at the models' rate, as they have to be before the strengths."""
    kept = request.constraints
    if kept is None:
        return None
    names = channels.of_parts(request.parts)
    all_names = channels.of_request(request.parts, request.layers)
    columns = [all_names.index(name) for name in names]
    strengths = _strengths(names, request)

    def wishes(first: int, last: int) -> Constraints:
        some = resample_constraints(kept, request.rate, MODEL_RATE, last - first, first)
        values = some.values[:, columns]
        before = np.divide(values, strengths, out=np.zeros_like(values), where=strengths > 0)
        return Constraints(before, some.keep[:, columns] & (strengths > 0))

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


def _keep(motion: Motion, kept: Constraints | None, first: int) -> Motion:
    """The artist's values exactly: the models kept them at their own rate, where rows fall between the artist's."""
    if kept is None:
        return motion
    some = slice(first, first + len(motion))
    return Motion(np.where(kept.keep[some], kept.values[some], motion.values), motion.channels, motion.rate)


class _Stages:
    """Turns the fractions of stages that take turns into the request's, and measures how long each took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        making = 1 - READING_SHARE - LISTENING_SHARE
        self._shares = {READING: READING_SHARE, LISTENING: LISTENING_SHARE, MAKING: making}
        self._done: dict[str, float] = {}
        self._since = time.perf_counter()
        self.timings: dict[str, float] = {}
        """Seconds that each stage took so far."""

    def report(self, stage: str, fraction: float) -> None:
        """`fraction` of a stage is done, and the time since the last report was spent on it."""
        now = time.perf_counter()
        self.timings[stage] = self.timings.get(stage, 0.0) + now - self._since
        self._since = now
        self._done[stage] = fraction
        done = sum(self._shares[name] * part for name, part in self._done.items())
        self._report(Progress(min(done, 1.0), self._last_begun()))

    def skip(self, stage: str) -> None:
        """The stage is not needed: the last one takes its share."""
        self._shares[MAKING] += self._shares.pop(stage)

    def go_on(self) -> None:
        """Time since the last report was another's."""
        self._since = time.perf_counter()

    def finish(self) -> None:
        """All is done."""
        self._report(Progress(1.0, self._last_begun()))

    def _last_begun(self) -> str:
        return next(name for name in (MAKING, LISTENING, READING) if name in self._done)
