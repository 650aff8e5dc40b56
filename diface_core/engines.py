"""Who answers a request: DiFACE's own models, or the user's 3DiFACE ones; loaded when they are first asked for."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from . import channels
from .audio import reading
from .faces.basis import few_shapes
from .generate import Each, Generator
from .motion.resample import resample
from .motion.warp import bend
from .types import (
    MODEL_RATE,
    Constraints,
    FloatArray,
    GenerateRequest,
    GenerateResult,
    LearnRequest,
    Learnt,
    Motion,
    Progress,
    Report,
    Shapes,
    ShapesRequest,
    Solved,
    SolveRequest,
    ThreeDiface,
)

LOADING, READING, FEWER = "Loading the models", "Reading the sound", "Finding the shapes"
PASSES = 3
"""Each leaves about a hundredth of what is missing at a pin between rows, where the curve is a straight line."""

CARRYING, SOLVING = "Carrying the shapes over", "Reading the sculpt"


class Performers(Protocol):
    """The user's 3DiFACE models: `threediface.models.Performers`."""

    @property
    def hash(self) -> str: ...

    def generate(
        self, waveform: FloatArray, rows: int, request: GenerateRequest, report: Report, /
    ) -> tuple[Motion, Shapes | None]:
        """`rows` rows at MODEL_RATE for a waveform (N,) of 16 kHz: the weights of the shapes where the face is asked
        for, and the head's channels where the head is."""
        ...


class Own(Protocol):
    """DiFACE's own models: `generate.Generator`."""

    def generate(self, request: GenerateRequest, report: Report, each: Each, /) -> GenerateResult: ...


class Engines:
    """The engine of the worker. Of the user's models those that were asked for last are kept."""

    def __init__(self, load_own: Callable[[], Own], load_theirs: Callable[[ThreeDiface], Performers]) -> None:
        self._load_own, self._load_theirs = load_own, load_theirs
        self._own: Own | None = None
        self._theirs: tuple[object, Performers] | None = None

    @classmethod
    def of(cls, cache: Path | None) -> Engines:
        """Nothing is loaded yet. cache: folder for speech features."""

        def performers(engine: ThreeDiface) -> Performers:
            from .threediface import models

            return models.Performers.load(engine)

        return cls(lambda: Generator.load(cache), performers)

    def generate(self, request: GenerateRequest, report: Report, each: Each) -> GenerateResult:
        """Make the Motion. Raises AudioError, ModelError, and what the callbacks raise.

        `each` is told rows only where the models are DiFACE's: of the others, the channels are known at the end.
        """
        if request.engine is not None:
            return self._perform(request, request.engine, report)
        if self._own is None:
            report(Progress(0.0, LOADING))
            self._own = self._load_own()
        return self._own.generate(request, report, each)

    def shapes(self, request: ShapesRequest, report: Report) -> Shapes:
        """The ARKit shapes for a mesh of FLAME's topology. Raises ModelError."""
        from .faces.transfer.flame_shapes import flame_shapes

        report(Progress(0.0, CARRYING))
        return flame_shapes(request.vertices, request.faces, request.flame)

    def solve(self, request: SolveRequest, report: Report) -> Solved:
        """The weights of shapes that a face was sculpted to."""
        from .faces.solve import solve

        report(Progress(0.0, SOLVING))
        return solve(request)

    def learn(self, request: LearnRequest, report: Report) -> Learnt:
        """A style for DiFACE's own face model, written to its file. Raises AudioError, ModelError, DifaceError."""
        from .style_adaptation.learn import learn

        return learn(request, report)

    def _perform(self, request: GenerateRequest, engine: ThreeDiface, report: Report) -> GenerateResult:
        began = time.perf_counter()
        report(Progress(0.0, READING))
        samples = reading.load_clip(request.audio).samples
        performers = self._performers(engine, report)

        seconds = len(samples) / reading.RATE if request.audio.seconds is None else request.audio.seconds
        motion, shapes = performers.generate(samples, MODEL_RATE.rows(seconds), request, report)
        motion = _strengthened(resample(motion, request.rate, request.rate.rows(seconds)), request)
        if request.constraints is not None:
            motion = _bent(motion, shapes, request.constraints)
        if shapes is not None:
            report(Progress(1.0, FEWER))
            motion, shapes = _with_few(motion, shapes, engine.tolerance)
        timings = {"All of it": time.perf_counter() - began}
        return GenerateResult(motion, performers.hash, timings, shapes)

    def _performers(self, engine: ThreeDiface, report: Report) -> Performers:
        """Those that are loaded, where the request names the same ones and their files are as they were."""
        files = dataclasses.replace(engine, condition=0, steps=None, tolerance=0.0)
        checkpoints = [_newest(folder, "checkpoints/*.pt") for folder in (engine.face, engine.head, engine.listener)]
        key = files, checkpoints, _newest(engine.wav2vec2, "config.json")
        if self._theirs is None or self._theirs[0] != key:
            report(Progress(0.0, LOADING))
            self._theirs = None  # so that two sets never fill the memory
            self._theirs = key, self._load_theirs(engine)
        return self._theirs[1]


def _newest(folder: Path | None, pattern: str) -> float:
    """When a model was last written."""
    files = folder.glob(pattern) if folder else ()
    return max((path.stat().st_mtime for path in files), default=0.0)


def _strengthened(motion: Motion, request: GenerateRequest) -> Motion:
    """The weights and the head's rotation times their strengths."""
    head = {name: request.head_strength * axis for name, axis in zip(channels.HEAD, request.head_axes, strict=True)}
    strengths = np.array([head.get(name, request.face_strength) for name in motion.channels], np.float32)
    return Motion(motion.values * strengths, motion.channels, motion.rate)


def _bent(motion: Motion, shapes: Shapes | None, kept: Constraints) -> Motion:
    """The motion through what is kept, exactly: the models come near, and what is missing is led in and out."""
    from .threediface.wanted import columns  # torch, which is loaded by now

    wanted, values = columns(kept, motion, shapes), motion.values
    for _time in range(PASSES if len(wanted.pins) else 1):
        values = bend(values, wanted)
    return Motion(values, motion.channels, motion.rate)


def _with_few(motion: Motion, shapes: Shapes, tolerance: float) -> tuple[Motion, Shapes]:
    """The same with as few shapes as hold the motion."""
    weights, few = few_shapes(motion.select(shapes.names).values, shapes, tolerance)
    rest = tuple(name for name in motion.channels if name not in shapes.names)
    values = np.concatenate([weights, motion.select(rest).values], axis=1)
    return Motion(values, (*few.names, *rest), motion.rate), few
