"""A sound becomes a performance by the user's 3DiFACE models: generated, or edited through what stays."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...types import MODEL_RATE, AudioClip, Float32Array
from ..checkpoint import FaceModel
from ..models import encode_audio
from ..sampling import KnownFrames, sample_face, sample_head
from .config import EvaluationConfig
from .loaded_models import LoadedModels
from .results import ThreeDifaceResult
from .source_frames import REGENERATED, SourceFrames, map_source_frames, restore_frames

log = logging.getLogger(__name__)

MAX_IDENTITY_DISTANCE = 0.01
"""Metres that a face is from the one at rest in the middle, beyond which it is somebody else's."""

StageCallback = Callable[[str, float], None]
"""Told what is done at the moment, and how much of it, 0 to 1."""


@dataclass(frozen=True)
class EvaluationInput:
    """One sound to perform to: `waveform` (N,) at 16 kHz over `rows` frames; `given` is what is edited, if anything."""

    waveform: Float32Array
    rows: int
    edited: ThreeDifaceResult | None = None


def prepare_input(
    clip: AudioClip, config: EvaluationConfig, edited: ThreeDifaceResult | None = None
) -> EvaluationInput:
    """All frames of the sound, or as many as num_frames_per_sample; never fewer than those given, in silence."""
    most = config.exp_cfg.num_frames_per_sample
    heard = MODEL_RATE.rows(clip.seconds)
    rows = max(min(heard, most or heard), len(edited) if edited else 0)
    if rows < heard:
        log.warning("num_frames_per_sample: the first %d of the sound's %d frames are used.", rows, heard)
    if rows == heard:
        return EvaluationInput(clip.samples, rows, edited)
    waveform = clip.samples[: round(MODEL_RATE.seconds(rows) * clip.rate)]
    return EvaluationInput(
        np.pad(waveform, (0, max(0, round(MODEL_RATE.seconds(rows) * clip.rate) - len(waveform)))), rows, edited
    )


@dataclass(frozen=True)
class GeneratedSample:
    """A performance, and by part which given frame stands where (rows,), FREE where it is made anew."""

    result: ThreeDifaceResult
    source_frames: dict[str, SourceFrames]
    dumps: dict[int, ThreeDifaceResult]


class SampleGenerator:
    """A cast at work on one scene: the sound is heard once for all samples."""

    def __init__(
        self, models: LoadedModels, config: EvaluationConfig, inputs: EvaluationInput, report: StageCallback
    ) -> None:
        self.models, self.config, self.inputs, self.report = models, config, inputs, report
        self.parts = ("face", "head") if config.exp_cfg.method == "both" else (config.exp_cfg.method,)
        self.source_frames = {part: self._map_source_frames(part) for part in self.parts}
        self._audio_features: dict[int, Float32Array] = {}

    def generate(self, seed: int) -> GeneratedSample:
        """One performance. Raises DifaceError as the models do."""
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
        """Which given frames stay where: of an edited part as the edit says, of another all."""
        edit, given = self.config.exp_cfg, self.inputs.edited
        values = None if given is None else given.part(part)
        if given is not None and values is None:
            log.warning("edit_file holds no %s: that is generated.", part)
        if given is None or values is None:
            return np.full(self.inputs.rows, REGENERATED, np.int64)
        if part in edit.edit_part:
            return map_source_frames(edit, len(values), self.inputs.rows)
        return np.concatenate([np.arange(len(values)), np.full(self.inputs.rows - len(values), REGENERATED, np.int64)])

    def _generate_face(self, seed: int, dumps: dict[int, Float32Array]) -> Float32Array:
        """Vertices (rows, 5023, 3) m."""
        model, keys, how = self.models.face, self.config.face_motion_model, self.config.exp_cfg
        assert model is not None  # Cast.load sees to it
        source, given = self.source_frames["face"], self.inputs.edited
        before = given.vertices if given else None
        if before is not None and (source != REGENERATED).all():
            return before[source]
        rest = 0.0 if not model.diffusion.displacement or self.models.template is None else self.models.template
        stays = None
        if before is not None:
            _warn_of_other_identity(before, rest)
            stays = _known_frames((before - rest).reshape(len(before), -1), source)

        def shown(values: Float32Array) -> Float32Array:
            vertices = (values.reshape(len(values), -1, 3) + rest).astype(np.float32)
            return vertices if before is None else restore_frames(before, source, vertices)

        def dump(step: int, values: Float32Array) -> None:
            if step in how.dump_steps:
                dumps[step] = shown(values)

        guidance = keys.guidance_scale if keys.guidance_sampling else 1.0
        arguments = (model, self._encode_audio(model), self.models.style, seed, guidance, stays, how.steps)

        def report(done: float) -> None:
            self.report("Moving the face", done)

        return shown(sample_face(*arguments, report, dump if how.dump_steps else None))

    def _generate_head(self, seed: int, dumps: dict[int, Float32Array]) -> Float32Array:
        """Rotation vectors (rows, 3)."""
        model, listener, how = self.models.head, self.models.listener, self.config.exp_cfg
        assert model is not None  # as above
        assert listener is not None
        source, given = self.source_frames["head"], self.inputs.edited
        before = given.pose if given else None
        if before is not None and (source != REGENERATED).all():
            return before[source]

        def dump(step: int, pose: Float32Array) -> None:
            if step in how.dump_steps:
                dumps[step] = pose

        def report(done: float) -> None:
            self.report("Moving the head", done)

        stays = None if before is None else _known_frames(before, source)
        watch = dump if how.dump_steps else None
        pose = sample_head(
            model, self._encode_audio(listener), seed, stays, how.steps, self.models.style, report, watch
        )
        return pose if before is None else restore_frames(before, source, pose)

    def _encode_audio(self, model: FaceModel) -> Float32Array:
        if id(model) not in self._audio_features:
            self.report("Encoding the speech", 0.0)
            self._audio_features[id(model)] = encode_audio(model, self.inputs.waveform, self.inputs.rows)
        return self._audio_features[id(model)]


def _known_frames(values: Float32Array, source: SourceFrames) -> KnownFrames:
    """Frames of `values` (T, C) in their places (rows,)."""
    return KnownFrames(values[source], source != REGENERATED)


def _warn_of_other_identity(vertices: Float32Array, rest: Float32Array | float) -> None:
    away = float(np.median(np.linalg.norm(vertices.mean(0) - rest, axis=-1)))
    if away > MAX_IDENTITY_DISTANCE:
        log.warning(
            "The faces of edit_file are %.0f mm from identity_for_testing: name the identity that they were made with.",
            1000 * away,
        )
