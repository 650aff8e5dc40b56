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
from .faces.basis import reduce_shapes
from .generate import Generator, OnChunk
from .motion.resample import resample_motion
from .motion.warp import warp_motion
from .types import (
    MODEL_RATE,
    AdaptationRequest,
    AdaptationResult,
    Constraints,
    Float32Array,
    GenerateRequest,
    GenerateResult,
    Motion,
    Progress,
    Report,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
    ThreeDiface,
)

LOADING, READING, REDUCING_SHAPES = "Loading the models", "Reading the audio", "Finding the shapes"
WARP_PASSES = 3
"""Each leaves about a hundredth of what is missing at a pin between rows, where the curve is a straight line."""

TRANSFERRING_SHAPES, FITTING_SHAPES = "Carrying the shapes over", "Reading the sculpt"


class ThreeDifaceGenerator(Protocol):
    """The user's 3DiFACE models: `threediface.models.Performers`."""

    @property
    def hash(self) -> str: ...

    def generate(
        self, waveform: Float32Array, rows: int, request: GenerateRequest, report: Report, /
    ) -> tuple[Motion, Shapes | None]:
        """`rows` rows at MODEL_RATE for a waveform (N,) of 16 kHz: the weights of the shapes where the face is asked
        for, and the head's channels where the head is."""
        ...


class MotionGenerator(Protocol):
    """DiFACE's own models: `generate.Generator`."""

    def generate(self, request: GenerateRequest, report: Report, on_chunk: OnChunk, /) -> GenerateResult: ...


class Engines:
    """The engine of the worker. Of the user's models those that were asked for last are kept."""

    def __init__(
        self,
        load_generator: Callable[[], MotionGenerator],
        load_threediface: Callable[[ThreeDiface], ThreeDifaceGenerator],
    ) -> None:
        self._load_generator, self._load_threediface = load_generator, load_threediface
        self._generator: MotionGenerator | None = None
        self._threediface: tuple[object, ThreeDifaceGenerator] | None = None

    @classmethod
    def create(cls, cache: Path | None) -> Engines:
        """Nothing is loaded yet. cache: folder for speech features."""

        def performers(engine: ThreeDiface) -> ThreeDifaceGenerator:
            from .threediface import models

            return models.ThreeDifaceModels.load(engine)

        return cls(lambda: Generator.load(cache), performers)

    def generate(self, request: GenerateRequest, report: Report, on_chunk: OnChunk) -> GenerateResult:
        """Make the Motion. Raises AudioError, ModelError, and what the callbacks raise.

        `each` is told rows only where the models are DiFACE's: of the others, the channels are known at the end.
        """
        if request.engine is not None:
            return self._generate_threediface(request, request.engine, report)
        if self._generator is None:
            report(Progress(0.0, LOADING))
            self._generator = self._load_generator()
        return self._generator.generate(request, report, on_chunk)

    def shapes(self, request: ShapesRequest, report: Report) -> Shapes:
        """The ARKit shapes for a mesh of FLAME's topology. Raises ModelError."""
        from .faces.transfer.flame_shapes import flame_shapes

        report(Progress(0.0, TRANSFERRING_SHAPES))
        return flame_shapes(request.vertices, request.faces, request.flame)

    def solve(self, request: SolveRequest, report: Report) -> SolveResult:
        """The weights of shapes that a face was sculpted to."""
        from .faces.solve import solve_weights

        report(Progress(0.0, FITTING_SHAPES))
        return solve_weights(request)

    def adapt_style(self, request: AdaptationRequest, report: Report) -> AdaptationResult:
        """A style for DiFACE's own face model, written to its file. Raises AudioError, ModelError, DifaceError."""
        from .style_adaptation.learn import adapt_style

        return adapt_style(request, report)

    def _generate_threediface(self, request: GenerateRequest, engine: ThreeDiface, report: Report) -> GenerateResult:
        began = time.perf_counter()
        report(Progress(0.0, READING))
        samples = reading.load_clip(request.audio).samples
        performers = self._load_cached_threediface(engine, report)

        seconds = len(samples) / reading.SAMPLE_RATE if request.audio.seconds is None else request.audio.seconds
        motion, shapes = performers.generate(samples, MODEL_RATE.rows(seconds), request, report)
        motion = _with_strengths(resample_motion(motion, request.rate, request.rate.rows(seconds)), request)
        if request.constraints is not None:
            motion = _warp_to_constraints(motion, shapes, request.constraints)
        if shapes is not None:
            report(Progress(1.0, REDUCING_SHAPES))
            motion, shapes = _with_reduced_shapes(motion, shapes, engine.tolerance)
        timings = {"All of it": time.perf_counter() - began}
        return GenerateResult(motion, performers.hash, timings, shapes)

    def _load_cached_threediface(self, engine: ThreeDiface, report: Report) -> ThreeDifaceGenerator:
        """Those that are loaded, where the request names the same ones and their files are as they were."""
        files = dataclasses.replace(engine, condition=0, steps=None, tolerance=0.0)
        checkpoints = [
            _latest_mtime(folder, "checkpoints/*.pt") for folder in (engine.face, engine.head, engine.listener)
        ]
        key = files, checkpoints, _latest_mtime(engine.wav2vec2, "config.json")
        if self._threediface is None or self._threediface[0] != key:
            report(Progress(0.0, LOADING))
            self._threediface = None  # so that two sets never fill the memory
            self._threediface = key, self._load_threediface(engine)
        return self._threediface[1]


def _latest_mtime(folder: Path | None, pattern: str) -> float:
    """When a model was last written."""
    files = folder.glob(pattern) if folder else ()
    return max((path.stat().st_mtime for path in files), default=0.0)


def _with_strengths(motion: Motion, request: GenerateRequest) -> Motion:
    """The weights and the head's rotation times their strengths."""
    head = {name: request.head_strength * axis for name, axis in zip(channels.HEAD, request.head_axes, strict=True)}
    strengths = np.array([head.get(name, request.face_strength) for name in motion.channels], np.float32)
    return Motion(motion.values * strengths, motion.channels, motion.rate)


def _warp_to_constraints(motion: Motion, shapes: Shapes | None, constraints: Constraints) -> Motion:
    """The motion through what is kept, exactly: the models come near, and what is missing is led in and out."""
    from .threediface.constraints import motion_constraints  # torch, which is loaded by now

    wanted, values = motion_constraints(constraints, motion, shapes), motion.values
    for _time in range(WARP_PASSES if len(wanted.pins) else 1):
        values = warp_motion(values, wanted)
    return Motion(values, motion.channels, motion.rate)


def _with_reduced_shapes(motion: Motion, shapes: Shapes, tolerance: float) -> tuple[Motion, Shapes]:
    """The same with as few shapes as hold the motion."""
    weights, few = reduce_shapes(motion.select(shapes.names).values, shapes, tolerance)
    rest = tuple(name for name in motion.channels if name not in shapes.names)
    values = np.concatenate([weights, motion.select(rest).values], axis=1)
    return Motion(values, (*few.names, *rest), motion.rate), few
