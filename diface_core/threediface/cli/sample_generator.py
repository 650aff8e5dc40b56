"""Generation and editing of a motion by the user's 3DiFACE models, as an evaluation config describes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...runtime.progress import ENCODING
from ...types import MODEL_RATE, AudioClip, Float32Array
from ..checkpoint import FaceModel
from ..known_frames import KnownFrames
from ..models import FACE_STAGE, HEAD_STAGE, encode_audio
from ..sampling import SamplingOptions, sample_face, sample_head
from .config import EvaluationConfig
from .loaded_models import LoadedModels
from .results import ThreeDifaceResult
from .source_frames import REGENERATED, SourceFrames, map_source_frames, restore_frames

log = logging.getLogger(__name__)

MAX_IDENTITY_DISTANCE = 0.01
"""Metres: median distance from the neutral face beyond which a face is taken for another identity."""

StageCallback = Callable[[str, float], None]
"""Receives the current stage and its fraction done, 0 to 1."""


@dataclass(frozen=True)
class EvaluationInput:
    """One audio file to generate for.

    Attributes:
        waveform: (N,) at 16 kHz, as long as the rows.
        rows: Frames of the result.
        edited: The result to edit; None generates a new one.
    """

    waveform: Float32Array
    rows: int
    edited: ThreeDifaceResult | None = None


def prepare_input(
    clip: AudioClip, config: EvaluationConfig, edited: ThreeDifaceResult | None = None
) -> EvaluationInput:
    """Return the input of an audio clip: all frames or num_frames_per_sample, zero-padded to the edited frames."""
    clip_rows = MODEL_RATE.rows(clip.seconds)
    max_rows = config.exp_cfg.num_frames_per_sample or clip_rows
    rows = max(min(clip_rows, max_rows), len(edited) if edited else 0)
    if rows < clip_rows:
        log.warning("num_frames_per_sample: the first %d of the audio's %d frames are used.", rows, clip_rows)
    if rows == clip_rows:
        return EvaluationInput(clip.samples, rows, edited)
    samples = round(MODEL_RATE.seconds(rows) * clip.rate)
    waveform = clip.samples[:samples]
    return EvaluationInput(np.pad(waveform, (0, max(0, samples - len(waveform)))), rows, edited)


@dataclass(frozen=True)
class GeneratedSample:
    """A generated or edited result.

    Attributes:
        result: The result.
        source_frames: For each part the edited frame that is kept at each row (rows,), or REGENERATED.
        dumps: Intermediate results by diffusion step.
    """

    result: ThreeDifaceResult
    source_frames: dict[str, SourceFrames]
    dumps: dict[int, ThreeDifaceResult]


class SampleGenerator:
    """Generator of all samples of one input; the audio is encoded once."""

    def __init__(
        self, models: LoadedModels, config: EvaluationConfig, inputs: EvaluationInput, report: StageCallback
    ) -> None:
        self.models, self.config, self.inputs, self.report = models, config, inputs, report
        self.parts = ("face", "head") if config.exp_cfg.method == "both" else (config.exp_cfg.method,)
        self.source_frames = {part: self._map_source_frames(part) for part in self.parts}
        self._audio_features: dict[int, Float32Array] = {}

    def generate(self, seed: int) -> GeneratedSample:
        """Generate one sample.

        Raises:
            DifaceError: If the models cannot be used.
        """
        dumps: dict[str, dict[int, Float32Array]] = {"face": {}, "head": {}}
        face = self._generate_face(seed, dumps["face"]) if "face" in self.parts else None
        head = self._generate_head(seed, dumps["head"]) if "head" in self.parts else None
        steps = sorted({*dumps["face"], *dumps["head"]})
        return GeneratedSample(
            ThreeDifaceResult(face, head),
            self.source_frames,
            {step: ThreeDifaceResult(dumps["face"].get(step), dumps["head"].get(step)) for step in steps},
        )

    def _map_source_frames(self, part: str) -> SourceFrames:
        """Return the source frame of each row: as the edit defines it for an edited part, all frames for another."""
        edit, edited = self.config.exp_cfg, self.inputs.edited
        values = None if edited is None else edited.part(part)
        if edited is not None and values is None:
            log.warning("edit_file holds no %s: it is generated.", part)
        if edited is None or values is None:
            return np.full(self.inputs.rows, REGENERATED, np.int64)
        if part in edit.edit_part:
            return map_source_frames(edit, len(values), self.inputs.rows)
        return np.concatenate([np.arange(len(values)), np.full(self.inputs.rows - len(values), REGENERATED, np.int64)])

    def _generate_face(self, seed: int, dumps: dict[int, Float32Array]) -> Float32Array:
        """Return vertices (rows, 5023, 3) m."""
        model, keys, settings = self.models.face, self.config.face_motion_model, self.config.exp_cfg
        assert model is not None  # LoadedModels.load ensures it
        source, edited = self.source_frames["face"], self.inputs.edited
        original = edited.vertices if edited else None
        if original is not None and (source != REGENERATED).all():
            return original[source]
        neutral = 0.0 if not model.diffusion.displacement or self.models.template is None else self.models.template
        known = None
        if original is not None:
            _warn_of_other_identity(original, neutral)
            known = _known_frames((original - neutral).reshape(len(original), -1), source)

        def to_vertices(values: Float32Array) -> Float32Array:
            vertices = (values.reshape(len(values), -1, 3) + neutral).astype(np.float32)
            return vertices if original is None else restore_frames(original, source, vertices)

        def dump(step: int, values: Float32Array) -> None:
            if step in settings.dump_steps:
                dumps[step] = to_vertices(values)

        def report(done: float) -> None:
            self.report(FACE_STAGE, done)

        guidance = keys.guidance_scale if keys.guidance_sampling else 1.0
        options = SamplingOptions(seed, self.models.style, guidance, known, settings.steps)
        on_step = dump if settings.dump_steps else None
        return to_vertices(sample_face(model, self._encode_audio(model), options, report, on_step))

    def _generate_head(self, seed: int, dumps: dict[int, Float32Array]) -> Float32Array:
        """Return rotation vectors (rows, 3)."""
        model, listener, settings = self.models.head, self.models.listener, self.config.exp_cfg
        assert model is not None  # LoadedModels.load ensures both
        assert listener is not None
        source, edited = self.source_frames["head"], self.inputs.edited
        original = edited.pose if edited else None
        if original is not None and (source != REGENERATED).all():
            return original[source]

        def dump(step: int, pose: Float32Array) -> None:
            if step in settings.dump_steps:
                dumps[step] = pose

        def report(done: float) -> None:
            self.report(HEAD_STAGE, done)

        known = None if original is None else _known_frames(original, source)
        options = SamplingOptions(seed, self.models.style, known=known, steps=settings.steps)
        on_step = dump if settings.dump_steps else None
        pose = sample_head(model, self._encode_audio(listener), options, report, on_step)
        return pose if original is None else restore_frames(original, source, pose)

    def _encode_audio(self, model: FaceModel) -> Float32Array:
        if id(model) not in self._audio_features:
            self.report(ENCODING, 0.0)
            self._audio_features[id(model)] = encode_audio(model, self.inputs.waveform, self.inputs.rows)
        return self._audio_features[id(model)]


def _known_frames(values: Float32Array, source: SourceFrames) -> KnownFrames:
    """Return the kept frames of `values` (T, C) at their rows."""
    return KnownFrames(values[source], source != REGENERATED)


def _warn_of_other_identity(vertices: Float32Array, neutral: Float32Array | float) -> None:
    distance = float(np.median(np.linalg.norm(vertices.mean(0) - neutral, axis=-1)))
    if distance > MAX_IDENTITY_DISTANCE:
        log.warning(
            "The faces of edit_file are %.0f mm from identity_for_testing: set the identity that they were made with.",
            1000 * distance,
        )
