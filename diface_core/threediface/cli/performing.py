"""A sound becomes a performance by the user's 3DiFACE models: generated, or edited through what stays."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...types import MODEL_RATE, AudioClip, FloatArray
from ..checkpoint import FaceModel
from ..models import hear
from ..sampling import Kept, sample_face, sample_head
from .cast import Cast
from .config import EvaluationConfig
from .edits import FREE, Frames, kept_frames, put_back
from .results import Performance

log = logging.getLogger(__name__)

FAR = 0.01
"""Metres that a face is from the one at rest in the middle, beyond which it is somebody else's."""

Report = Callable[[str, float], None]
"""Told what is done at the moment, and how much of it, 0 to 1."""


@dataclass(frozen=True)
class Scene:
    """One sound to perform to: `waveform` (N,) at 16 kHz over `rows` frames; `given` is what is edited, if anything."""

    waveform: FloatArray
    rows: int
    given: Performance | None = None


def scene_of(clip: AudioClip, config: EvaluationConfig, given: Performance | None = None) -> Scene:
    """All frames of the sound, or as many as num_frames_per_sample; never fewer than those given, in silence."""
    most = config.exp_cfg.num_frames_per_sample
    heard = MODEL_RATE.rows(clip.seconds)
    rows = max(min(heard, most or heard), len(given) if given else 0)
    if rows < heard:
        log.warning("num_frames_per_sample: the first %d of the sound's %d frames are used.", rows, heard)
    if rows == heard:
        return Scene(clip.samples, rows, given)
    waveform = clip.samples[: round(MODEL_RATE.seconds(rows) * clip.rate)]
    return Scene(
        np.pad(waveform, (0, max(0, round(MODEL_RATE.seconds(rows) * clip.rate) - len(waveform)))), rows, given
    )


@dataclass(frozen=True)
class Made:
    """A performance, and by part which given frame stands where (rows,), FREE where it is made anew."""

    performance: Performance
    sources: dict[str, Frames]
    dumps: dict[int, Performance]


class Performing:
    """A cast at work on one scene: the sound is heard once for all samples."""

    def __init__(self, cast: Cast, config: EvaluationConfig, scene: Scene, report: Report) -> None:
        self.cast, self.config, self.scene, self.report = cast, config, scene, report
        self.parts = ("face", "head") if config.exp_cfg.method == "both" else (config.exp_cfg.method,)
        self.sources = {part: self._source(part) for part in self.parts}
        self._heard: dict[int, FloatArray] = {}

    def sample(self, seed: int) -> Made:
        """One performance. Raises DifaceError as the models do."""
        dumps: dict[str, dict[int, FloatArray]] = {"face": {}, "head": {}}
        face = self._face(seed, dumps["face"]) if "face" in self.parts else None
        head = self._head(seed, dumps["head"]) if "head" in self.parts else None
        steps = sorted({*dumps["face"], *dumps["head"]})
        return Made(
            Performance(face, head),
            self.sources,
            {step: Performance(dumps["face"].get(step), dumps["head"].get(step)) for step in steps},
        )

    def _source(self, part: str) -> Frames:
        """Which given frames stay where: of an edited part as the edit says, of another all."""
        edit, given = self.config.exp_cfg, self.scene.given
        values = None if given is None else given.of(part)
        if given is not None and values is None:
            log.warning("edit_file holds no %s: that is generated.", part)
        if given is None or values is None:
            return np.full(self.scene.rows, FREE, np.int64)
        if part in edit.edit_part:
            return kept_frames(edit, len(values), self.scene.rows)
        return np.concatenate([np.arange(len(values)), np.full(self.scene.rows - len(values), FREE, np.int64)])

    def _face(self, seed: int, dumps: dict[int, FloatArray]) -> FloatArray:
        """Vertices (rows, 5023, 3) m."""
        model, keys, how = self.cast.face, self.config.face_motion_model, self.config.exp_cfg
        assert model is not None  # Cast.load sees to it
        source, given = self.sources["face"], self.scene.given
        before = given.vertices if given else None
        if before is not None and (source != FREE).all():
            return before[source]
        rest = 0.0 if not model.diffusion.displacement or self.cast.template is None else self.cast.template
        stays = None
        if before is not None:
            _warn_of_another_face(before, rest)
            stays = _kept((before - rest).reshape(len(before), -1), source)

        def shown(values: FloatArray) -> FloatArray:
            vertices = (values.reshape(len(values), -1, 3) + rest).astype(np.float32)
            return vertices if before is None else put_back(before, source, vertices)

        def dump(step: int, values: FloatArray) -> None:
            if step in how.dump_steps:
                dumps[step] = shown(values)

        guidance = keys.guidance_scale if keys.guidance_sampling else 1.0
        arguments = (model, self._hear(model), self.cast.style, seed, guidance, stays, how.steps)

        def report(done: float) -> None:
            self.report("Moving the face", done)

        return shown(sample_face(*arguments, report, dump if how.dump_steps else None))

    def _head(self, seed: int, dumps: dict[int, FloatArray]) -> FloatArray:
        """Rotation vectors (rows, 3)."""
        model, listener, how = self.cast.head, self.cast.listener, self.config.exp_cfg
        assert model is not None  # as above
        assert listener is not None
        source, given = self.sources["head"], self.scene.given
        before = given.pose if given else None
        if before is not None and (source != FREE).all():
            return before[source]

        def dump(step: int, pose: FloatArray) -> None:
            if step in how.dump_steps:
                dumps[step] = pose

        def report(done: float) -> None:
            self.report("Moving the head", done)

        stays = None if before is None else _kept(before, source)
        watch = dump if how.dump_steps else None
        pose = sample_head(model, self._hear(listener), seed, stays, how.steps, self.cast.style, report, watch)
        return pose if before is None else put_back(before, source, pose)

    def _hear(self, model: FaceModel) -> FloatArray:
        if id(model) not in self._heard:
            self.report("Listening to the speech", 0.0)
            self._heard[id(model)] = hear(model, self.scene.waveform, self.scene.rows)
        return self._heard[id(model)]


def _kept(values: FloatArray, source: Frames) -> Kept:
    """Frames of `values` (T, C) in their places (rows,)."""
    return Kept(values[source], source != FREE)


def _warn_of_another_face(vertices: FloatArray, rest: FloatArray | float) -> None:
    away = float(np.median(np.linalg.norm(vertices.mean(0) - rest, axis=-1)))
    if away > FAR:
        log.warning(
            "The faces of edit_file are %.0f mm from identity_for_testing: name the identity that they were made with.",
            1000 * away,
        )
