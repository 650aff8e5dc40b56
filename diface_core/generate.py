"""GenerateRequest -> GenerateResult: the whole pipeline."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from . import channels
from .audio import load_clip
from .blinks import with_blinks
from .errors import ModelError
from .feature_cache import FeatureCache, key_of
from .resample import resample, resample_constraints
from .types import (
    MODEL_RATE,
    AudioClip,
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

ENCODING_SHARE = 0.45
"""Of the time that a request takes, about what the speech encoder needs where it has not heard the sound before."""


class Encoder(Protocol):
    """Hears speech: an AudioClip becomes features (T, D), one row a row of the models' Motion."""

    @property
    def hash(self) -> str: ...

    def encode(self, clip: AudioClip, report: Fraction, /) -> FloatArray: ...


class Models(Protocol):
    """Moves face and head: features become a Motion at MODEL_RATE with the channels of the request's parts."""

    @property
    def hash(self) -> str: ...

    def sample(self, features: FloatArray, request: GenerateRequest, report: Fraction, /) -> Motion: ...


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

    def generate(self, request: GenerateRequest, report: Report) -> GenerateResult:
        """Make the Motion. Raises AudioError, ModelError, and what `report` raises (Cancelled)."""
        stages = _Stages(report)

        stages.begin("Reading the sound", 0.0, 0.02)
        clip = load_clip(request.audio)
        # Of a strip of n frames come n rows: the clip's own length is rounded to its samples and may be a hair longer.
        seconds = clip.seconds if request.audio.seconds is None else request.audio.seconds
        rows = request.rate.rows(seconds)
        _check_constraints(request, rows)

        key = key_of(clip, self._encoder.hash)
        features = self._cache.get(key)
        share = ENCODING_SHARE if features is None else 0.0
        if features is None:
            stages.begin("Listening to the speech", 0.02, 0.02 + share)
            features = self._cache.put(key, self._encoder.encode(clip, stages.report))
        del clip  # an hour of sound is 230 MB

        stages.begin("Making the motion", 0.02 + share, 0.98)
        motion = self._models.sample(features, _for_models(request, len(features)), stages.report)

        stages.begin("Finishing", 0.98, 1.0)
        motion = resample(_strengthen(motion, request), request.rate, rows)
        motion = _keep(with_blinks(motion, request.seed), request)
        stages.report(1.0)
        return GenerateResult(motion, self._models.hash, stages.end())


def _check_constraints(request: GenerateRequest, rows: int) -> None:
    expected = (rows, len(channels.of_parts(request.parts)))
    if request.constraints and request.constraints.values.shape != expected:
        raise ValueError(f"constraints must have shape {expected}. Got {request.constraints.values.shape}.")


def _for_models(request: GenerateRequest, rows: int) -> GenerateRequest:
    """The request with its constraints in `rows` rows at the models' rate, as they have to be before the strengths."""
    kept = request.constraints
    if kept is None:
        return request
    strengths = _strengths(channels.of_parts(request.parts), request)
    before = np.divide(kept.values, strengths, out=np.zeros_like(kept.values), where=strengths > 0)
    at_rate = resample_constraints(Constraints(before, kept.keep & (strengths > 0)), request.rate, MODEL_RATE, rows)
    return dataclasses.replace(request, constraints=at_rate)


def _strengths(names: tuple[str, ...], request: GenerateRequest) -> FloatArray:
    """What each channel is multiplied by (C,)."""
    return np.where(np.isin(names, channels.FACE), request.face_strength, request.head_strength).astype(np.float32)


def _strengthen(motion: Motion, request: GenerateRequest) -> Motion:
    """Face weights and head rotation times their strengths; face weights stay in 0 to 1, or as far as asked for."""
    if not np.isfinite(motion.values).all():
        raise ModelError(
            "The models gave values that are not numbers.", "Their files are damaged: install DiFACE again."
        )
    values = motion.values * _strengths(motion.channels, request)
    is_face = np.isin(motion.channels, channels.FACE)
    values[:, is_face] = np.clip(values[:, is_face], 0, max(1.0, request.face_strength))
    return Motion(values, motion.channels, motion.rate)


def _keep(motion: Motion, request: GenerateRequest) -> Motion:
    """The artist's values exactly: the models kept them at their own rate, where rows fall between the artist's."""
    kept = request.constraints
    if kept is None:
        return motion
    return Motion(np.where(kept.keep, kept.values, motion.values), motion.channels, motion.rate)


class _Stages:
    """Turns each stage's own 0 to 1 into the request's, and measures the stages."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._name, self._first, self._last = "", 0.0, 0.0
        self._began = time.perf_counter()
        self._timings: dict[str, float] = {}

    def begin(self, name: str, first: float, last: float) -> None:
        """The next stage, from fraction `first` to `last` of the request."""
        self.end()
        self._name, self._first, self._last = name, first, last
        self._began = time.perf_counter()
        self.report(0.0)

    def report(self, fraction: float) -> None:
        """`fraction` of the present stage is done."""
        self._report(Progress(self._first + fraction * (self._last - self._first), self._name))

    def end(self) -> dict[str, float]:
        """Seconds that each stage so far took."""
        if self._name:
            self._timings[self._name] = time.perf_counter() - self._began
        return self._timings
