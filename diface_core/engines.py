"""The engine of the worker: DiFACE's models or the user's 3DiFACE models, loaded on first use."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from .alignment.align import align
from .alignment.aligner import Aligner
from .audio import reading
from .constrained import channel_strengths
from .diagnostics import Evidence, check_motion, reference_request
from .errors import ModelError
from .faces.basis import reduce_shapes
from .generate import Generator
from .layers.phrases import find_speech
from .motion.resample import resample_motion
from .motion.warp import warp_motion
from .runtime.threads import limit_torch_threads
from .runtime.torch_support import check_torch
from .types import (
    MODEL_RATE,
    AdaptationRequest,
    AdaptationResult,
    Constraints,
    Diagnosis,
    DiagnosisRequest,
    Float32Array,
    GenerateRequest,
    GenerateResult,
    Motion,
    Progress,
    Report,
    SelfTestRequest,
    SelfTestResult,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
    ThreeDiface,
)
from .words import Alignment, AlignRequest

LOADING, READING, REDUCING_SHAPES = "Loading the models", "Reading the audio", "Reducing the shapes"
TRANSFERRING_SHAPES, FITTING_SHAPES = "Transferring the shapes", "Fitting the sculpt"
"""Stages, as the user reads them."""

MEASURING, CHECKING_TORCH = "Measuring the speed", "Looking for torch"
SELF_TEST_STEPS = 8
"""Number of denoising steps of *Draft*."""
WARM_UP_SECONDS = 1.0
"""Length of the sound with which the networks are called for the first time."""

WARP_PASSES = 3
"""Each pass leaves about a hundredth of the error at a pin between rows, where the curve is a straight line."""


class ThreeDifaceGenerator(Protocol):
    """The user's 3DiFACE models: `threediface.models.ThreeDifaceModels`."""

    @property
    def hash(self) -> str:
        """Return the hash (hex) of the model files."""
        ...

    def generate(
        self, waveform: Float32Array, rows: int, request: GenerateRequest, report: Report, /
    ) -> tuple[Motion, Shapes | None]:
        """Generate `rows` rows at MODEL_RATE for a waveform (N,) of 16 kHz.

        Returns:
            The weights of the shapes if the face is requested, and the head's channels if the head is; the shapes or
            None.
        """
        ...


class MotionGenerator(Protocol):
    """DiFACE's models: `generate.Generator`."""

    def generate(self, request: GenerateRequest, report: Report, /) -> GenerateResult:
        """Generate the Motion."""
        ...

    def loudness(self, request: GenerateRequest, report: Report, /) -> Float32Array:
        """Return the loudness (T,) of a request's sound at MODEL_RATE."""
        ...

    @property
    def device(self) -> str:
        """Return the name of the device."""
        ...

    def dry_run(self, seconds: float, steps: int) -> None:
        """Compute a Motion that is not used."""
        ...


class Engines:
    """The engine of the worker. Of the user's 3DiFACE models the last used are kept in memory."""

    def __init__(
        self,
        load_generator: Callable[[], MotionGenerator],
        load_threediface: Callable[[ThreeDiface], ThreeDifaceGenerator],
    ) -> None:
        self._load_generator, self._load_threediface = load_generator, load_threediface
        self._generator: MotionGenerator | None = None
        self._aligner: Aligner | None = None
        self._threediface: tuple[object, ThreeDifaceGenerator] | None = None
        self._evidence: tuple[object, Evidence] | None = None

    @classmethod
    def create(cls, cache: Path | None) -> Engines:
        """Return engines that load nothing yet. `cache` is the folder for speech features."""
        return cls(lambda: Generator.load(cache), load_threediface)

    def generate(self, request: GenerateRequest, report: Report) -> GenerateResult:
        """Generate the Motion.

        Raises:
            AudioError: The audio cannot be used.
            ModelError: A model or style file cannot be used.
        """
        if request.engine is not None:
            return self._generate_threediface(request, request.engine, report)
        return self._loaded_generator(report).generate(request, report)

    def self_test(self, request: SelfTestRequest, report: Report) -> SelfTestResult:
        """Load DiFACE's models, measure them, and look for what 3DiFACE models need. Raises ModelError."""
        generator = self._loaded_generator(report)
        report(Progress(0.3, MEASURING))
        generator.dry_run(WARM_UP_SECONDS, steps=1)
        start = time.perf_counter()
        generator.dry_run(request.seconds, steps=SELF_TEST_STEPS)
        speed = request.seconds / (time.perf_counter() - start)
        report(Progress(0.7, CHECKING_TORCH))
        support = check_torch()
        return SelfTestResult(generator.device, speed, support.device, support.problems)

    def diagnose(self, request: DiagnosisRequest, report: Report) -> Diagnosis:
        """Compare a face's motion with what the face model has for its sound. Raises AudioError, ModelError."""
        evidence = self._cached_evidence(reference_request(request.generate), report)
        rows = min(len(evidence.reference), len(request.motion))
        evidence = dataclasses.replace(evidence, reference=evidence.reference[:rows], closures=request.closures)
        return Diagnosis(check_motion(request.motion.values[:rows], evidence))

    def prefetch(self) -> None:
        """Load DiFACE's models and call each network once: first calls take longer. Raises ModelError."""
        if self._generator is None:
            self._loaded_generator().dry_run(WARM_UP_SECONDS, steps=1)

    def shapes(self, request: ShapesRequest, report: Report) -> Shapes:
        """Return the ARKit shapes of a head. Raises ModelError, and SceneError if its face cannot be found."""
        from .faces.registration.humanoid_shapes import humanoid_shapes
        from .faces.transfer.flame_shapes import flame_shapes

        if not request.is_flame:
            return humanoid_shapes(request.vertices, request.faces, report, request.landmarks).shapes
        report(Progress(0.0, TRANSFERRING_SHAPES))
        return flame_shapes(request.vertices, request.faces, request.flame)

    def solve(self, request: SolveRequest, report: Report) -> SolveResult:
        """Return the weights of shapes that reproduce a sculpted face."""
        from .faces.solve import solve_weights

        report(Progress(0.0, FITTING_SHAPES))
        return solve_weights(request)

    def adapt_style(self, request: AdaptationRequest, report: Report) -> AdaptationResult:
        """Fit a style of DiFACE's face model and write its file. Raises AudioError, ModelError, DifaceError."""
        from .style_adaptation.learn import adapt_style

        return adapt_style(request, report)

    def align(self, request: AlignRequest, report: Report) -> Alignment:
        """Return when the words of a transcript are heard.

        Raises AudioError, and DifaceError if the transcript does not fit or PocketSphinx is missing.
        """
        if self._aligner is None:
            self._aligner = Aligner()
        return align(request, self._aligner, report)

    def _cached_evidence(self, request: GenerateRequest, report: Report) -> Evidence:
        """What the sound of a request needs; the last result is kept, so that a check after each fix is fast."""
        key = request, request.audio.path.stat().st_mtime_ns if request.audio.path.is_file() else 0
        if self._evidence is None or self._evidence[0] != key:
            generator = self._loaded_generator(report)
            reference = generator.generate(request, report).motion.values
            speech = find_speech(generator.loudness(request, report))
            self._evidence = key, Evidence(reference, speech, request.rate)
        return self._evidence[1]

    def _loaded_generator(self, report: Report = lambda progress: None) -> MotionGenerator:
        if self._generator is None:
            report(Progress(0.0, LOADING))
            self._generator = self._load_generator()
        return self._generator

    def _generate_threediface(self, request: GenerateRequest, engine: ThreeDiface, report: Report) -> GenerateResult:
        start = time.perf_counter()
        report(Progress(0.0, READING))
        samples = reading.load_clip(request.audio).samples
        generator = self._load_cached_threediface(engine, report)

        seconds = len(samples) / reading.SAMPLE_RATE if request.audio.seconds is None else request.audio.seconds
        motion, shapes = generator.generate(samples, MODEL_RATE.rows(seconds), request, report)
        motion = _apply_strengths(resample_motion(motion, request.rate, request.rate.rows(seconds)), request)
        if request.constraints is not None:
            motion = _warp_to_constraints(motion, shapes, request.constraints)
        if shapes is not None:
            report(Progress(1.0, REDUCING_SHAPES))
            motion, shapes = _with_reduced_shapes(motion, shapes, engine.tolerance)
        timings = {"Total": time.perf_counter() - start}
        return GenerateResult(motion, generator.hash, timings, shapes)

    def _load_cached_threediface(self, engine: ThreeDiface, report: Report) -> ThreeDifaceGenerator:
        """The loaded models if the request names the same ones and their files did not change."""
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


def load_threediface(engine: ThreeDiface) -> ThreeDifaceGenerator:
    """Load the user's 3DiFACE models. Raises ModelError, also if the worker's Python has no torch."""
    try:
        limit_torch_threads()
        from .threediface import models
    except ModuleNotFoundError as missing:
        raise ModelError(
            f"3DiFACE models need the package {missing.name}, which the worker's Python does not have.",
            "Install the full edition of DiFACE, or set Worker Python in its preferences to a Python that has "
            "torch and transformers.",
        ) from missing
    return models.ThreeDifaceModels.load(engine)


def _latest_mtime(folder: Path | None, pattern: str) -> float:
    """Time at which a model was last written."""
    files = folder.glob(pattern) if folder else ()
    return max((path.stat().st_mtime for path in files), default=0.0)


def _apply_strengths(motion: Motion, request: GenerateRequest) -> Motion:
    values = motion.values * channel_strengths(motion.channels, request)
    return Motion(values, motion.channels, motion.rate)


def _warp_to_constraints(motion: Motion, shapes: Shapes | None, constraints: Constraints) -> Motion:
    """The motion warped to the constraints, which the models meet only approximately."""
    from .threediface.constraints import motion_constraints  # imports torch, which is loaded by now

    constraints, values = motion_constraints(constraints, motion, shapes), motion.values
    for _pass in range(WARP_PASSES if len(constraints.pins) else 1):
        values = warp_motion(values, constraints)
    return Motion(values, motion.channels, motion.rate)


def _with_reduced_shapes(motion: Motion, shapes: Shapes, tolerance: float) -> tuple[Motion, Shapes]:
    """The motion with the smallest number of shapes that reproduces it within the tolerance."""
    weights, reduced = reduce_shapes(motion.select(shapes.names).values, shapes, tolerance)
    others = tuple(name for name in motion.channels if name not in shapes.names)
    values = np.concatenate([weights, motion.select(others).values], axis=1)
    return Motion(values, (*reduced.names, *others), motion.rate), reduced
