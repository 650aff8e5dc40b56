"""The user's 3DiFACE models at work on a request: a waveform becomes a face's shapes and a head's rotation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from .. import channels
from ..errors import ModelError
from ..runtime.device import best
from ..types import MODEL_RATE, Float32Array, GenerateRequest, Motion, Progress, Report, Shapes, ThreeDiface
from . import constraints
from .checkpoint import FaceModel, HeadModel, load_face, load_head
from .projection import ClampedError
from .sampling import KnownFrames, sample_all_vertices, sample_head, sample_hidden

ENCODING_STAGE, FACE_STAGE, HEAD_STAGE = "Encoding the speech", "Moving the face", "Moving the head"
HINT = "Set it in DiFACE's preferences, or leave that part out."

ProgressCallback = Callable[[float], None]
Model = TypeVar("Model", FaceModel, HeadModel)


@dataclass(frozen=True)
class ThreeDifaceModels:
    """The models of a ThreeDiface, loaded; `listener` is whose speech features the head hears."""

    face: FaceModel | None
    head: HeadModel | None
    listener: FaceModel | None

    @classmethod
    def load(cls, engine: ThreeDiface) -> ThreeDifaceModels:
        """Raises ModelError where a folder is missing, damaged, or of another kind of model."""
        face = _to_device(load_face(engine.face, wav2vec2=engine.wav2vec2)) if engine.face else None
        head = _to_device(load_head(engine.head)) if engine.head else None
        listener = face
        if head is not None and engine.listener not in (None, engine.face):
            listener = _to_device(load_face(engine.listener, wav2vec2=engine.wav2vec2))
        if head is not None and listener is None:
            raise ModelError(
                "A 3DiFACE head model hears by a face model, and there is none.", f"{_listener_hint()} {HINT}"
            )
        for model, folder in ((face, engine.face), (listener, engine.listener or engine.face)):
            if model is not None and model.network.audio_encoder is None:
                raise _missing_encoder_error(folder)
        return cls(face, head, listener)

    @property
    def hash(self) -> str:
        """Hex, of all their files."""
        hashes = [model.hash if model else "" for model in (self.face, self.head, self.listener)]
        return hashlib.sha256(" ".join(hashes).encode()).hexdigest()

    def generate(
        self, waveform: Float32Array, rows: int, request: GenerateRequest, report: Report
    ) -> tuple[Motion, Shapes | None]:
        """`rows` rows at MODEL_RATE for a waveform (N,) of 16 kHz: the face as weights of shapes, the head's channels.

        Of the request are used: parts, seed, guidance (towards the speech; 0.5 as published), and the engine's
        condition and steps; and the constraints, as far as they give whole frames: through these the models go as they
        do on the original's command line, and their own motion there comes back, which is near to what was given.
        Raises ModelError where a part has no model, and what `report` raises.
        """
        engine = request.engine or ThreeDiface(None, None)
        face = _require_model(self.face, "face") if "face" in request.parts else None
        head = _require_model(self.head, "head") if "head" in request.parts else None
        share = 1 / (1 + len(request.parts))

        def stage(name: str, number: int) -> ProgressCallback:
            return lambda done: report(Progress(min(1.0, (number + done) * share), name))

        stage(ENCODING_STAGE, 0)(0.0)
        listener = self.listener if head else None
        heard = {model.hash: encode_audio(model, waveform, rows) for model in (face, listener) if model}

        values, names, shapes = [], [], None
        if face:
            weights, shapes = _generate_face(face, heard[face.hash], request, engine, stage(FACE_STAGE, 1))
            values.append(weights)
            names += shapes.names
        if head and listener:
            told = stage(HEAD_STAGE, len(request.parts))
            given = _known_head(request, rows)
            found = sample_head(head, heard[listener.hash], request.seed, given, steps=engine.steps, report=told)
            values.append(head_from_neck(found))
            names += channels.HEAD
        return Motion(np.concatenate(values, 1), tuple(names), MODEL_RATE), shapes


def encode_audio(model: FaceModel, waveform: Float32Array, rows: int) -> Float32Array:
    """Speech features (rows, ch) of a waveform (N,) at 16 kHz. Raises ModelError where the model has no encoder."""
    if model.network.audio_encoder is None:
        raise _missing_encoder_error(None)
    with torch.inference_mode():
        sound = torch.from_numpy(np.ascontiguousarray(waveform, np.float32)).to(model.network.device)
        return model.network.encode_audio(sound, rows).cpu().numpy()


def head_from_neck(rotations: Float32Array) -> Float32Array:
    """Rotation vectors of FLAME's neck (T, 3) as head_rx, head_ry, head_rz (T, 3), radians.

    In FLAME's frame Y is up and the face looks along +Z; in ours Z is up and it looks along -Y; in both +X is the
    character's left. So (x, y, z) there is (x, -z, y) here, and a rotation vector turns with its frame.
    """
    return np.stack([rotations[:, 0], -rotations[:, 2], rotations[:, 1]], axis=1)


def neck_from_head(rotations: Float32Array) -> Float32Array:
    """The way back."""
    return np.stack([rotations[:, 0], rotations[:, 2], -rotations[:, 1]], axis=1)


def _generate_face(
    model: FaceModel,
    audio_features: Float32Array,
    request: GenerateRequest,
    engine: ThreeDiface,
    report: ProgressCallback,
) -> tuple[Float32Array, Shapes]:
    """Weights (T, K) of the shapes that the network's last layer moves the vertices by."""
    if not model.diffusion.displacement:
        message = "This 3DiFACE face model gives vertices, not how far they move from a face of one's own."
        raise ModelError(message, "Use it on the command line: python -m diface_core threediface.")
    given = _known_face(request, len(audio_features))
    how = (model, audio_features, engine.condition, request.seed, request.guidance, given, engine.steps, report)
    try:
        thought = sample_hidden(*how)
    except ClampedError:
        frames = sample_all_vertices(*how)  # each frame its own shape
        return _add_pin_shapes(request, np.eye(len(frames), dtype=np.float32), _shapes_from_deltas(frames))
    out = model.network.output_layer
    assert out is not None  # else there was no thought
    deltas = torch.cat([out.weight.T, out.bias[None]]).cpu().numpy()
    weights = np.concatenate([thought, np.ones((len(thought), 1), np.float32)], 1)
    return _add_pin_shapes(request, weights, _shapes_from_deltas(deltas))


def _known_face(request: GenerateRequest, rows: int) -> KnownFrames | None:
    """The faces that are given (rows, 3 V), as the network makes them: without the strength."""
    kept = request.constraints
    if kept is None or kept.vertices is None or not len(kept.vertices.row) or not request.face_strength:
        return None
    pins = kept.vertices
    flat = pins.vertices.reshape(len(pins.row), -1) / np.float32(request.face_strength)
    return constraints.known_frames(pins.row, flat, request.rate, rows)


def _known_head(request: GenerateRequest, rows: int) -> KnownFrames | None:
    """The rotations that are given (rows, 3), FLAME's neck's, as the network makes them: without the strengths."""
    kept = request.constraints
    strengths = np.array(request.head_axes, np.float32) * np.float32(request.head_strength)
    if kept is None or not kept.known_mask.shape[1] or not strengths.all():
        return None
    at, values = constraints.complete_frames(kept)
    if not len(at):
        return None
    return constraints.known_frames(at, neck_from_head((values / strengths).astype(np.float32)), request.rate, rows)


def _add_pin_shapes(request: GenerateRequest, weights: Float32Array, shapes: Shapes) -> tuple[Float32Array, Shapes]:
    """The same motion on shapes that can say the faces that are kept, too."""
    kept = request.constraints
    if kept is None or kept.vertices is None or not len(kept.vertices.row):
        return weights, shapes
    deltas = shapes.deltas.reshape(len(shapes.deltas), -1)
    axes = constraints.VertexBasis.spanning(deltas, kept.vertices)
    return (weights.astype(np.float64) @ axes.project(deltas)).astype(np.float32), axes.shapes


def _shapes_from_deltas(deltas: Float32Array) -> Shapes:
    names = tuple(f"threediface_{number:03d}" for number in range(len(deltas)))
    return Shapes(names, deltas.reshape(len(deltas), -1, 3))


def _require_model(model: Model | None, part: str) -> Model:
    if model is None:
        raise ModelError(f"There is no 3DiFACE {part} model for the {part}.", HINT)
    return model


def _to_device(model: Model) -> Model:
    model.network.to(best())
    return model


def _listener_hint() -> str:
    return "Choose the general face model (cond_012_17_00_concat_prob10_vel10)."


def _missing_encoder_error(folder: Path | None) -> ModelError:
    which = f"The 3DiFACE model {folder.name}" if folder else "The 3DiFACE model"
    message = f"{which} has no speech encoder in its checkpoint, and there is no wav2vec2."
    return ModelError(message, "Set the folder of wav2vec2-base-960h, as `transformers` saves it.")
