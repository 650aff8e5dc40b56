"""The user's 3DiFACE models as an engine: a waveform becomes weights of a face's shapes and a head's rotation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from .. import channels
from ..errors import ModelError
from ..faces.flame.axes import blender_to_flame, flame_to_blender
from ..runtime.device import best
from ..runtime.progress import ENCODING
from ..types import MODEL_RATE, Float32Array, GenerateRequest, Motion, Progress, Report, Shapes, ThreeDiface
from . import constraints
from .checkpoint import FaceModel, HeadModel, load_face, load_head, require_encoder
from .known_frames import KnownFrames
from .projection import ClampedError
from .sampling import SamplingOptions, sample_all_vertices, sample_head, sample_hidden

FACE_STAGE, HEAD_STAGE = "Generating the face", "Generating the head"
HINT = "Set it in DiFACE's preferences, or generate without that part."
WAV2VEC2_HINT = "Set the folder of wav2vec2-base-960h, as `transformers` saves it."

ProgressCallback = Callable[[float], None]
Model = TypeVar("Model", FaceModel, HeadModel)


@dataclass(frozen=True)
class ThreeDifaceModels:
    """The loaded models of a ThreeDiface.

    Attributes:
        face: The face model, or None.
        head: The head model, or None.
        listener: The face model whose audio encoder conditions the head; the face model if no other is chosen.
    """

    face: FaceModel | None
    head: HeadModel | None
    listener: FaceModel | None

    @classmethod
    def load(cls, engine: ThreeDiface) -> ThreeDifaceModels:
        """Load the models.

        Raises:
            ModelError: If a folder is missing, damaged, or of another kind of model.
        """
        face = _to_device(load_face(engine.face, wav2vec2=engine.wav2vec2)) if engine.face else None
        head = _to_device(load_head(engine.head)) if engine.head else None
        listener = face
        if head is not None and engine.listener is not None and engine.listener != engine.face:
            listener = _to_device(load_face(engine.listener, wav2vec2=engine.wav2vec2))
        if head is not None and listener is None:
            raise ModelError(
                "A 3DiFACE head model needs a face model to encode the audio, and none is set.",
                f"Choose the general face model (cond_012_17_00_concat_prob10_vel10). {HINT}",
            )
        for model, folder in ((face, engine.face), (listener, engine.listener or engine.face)):
            if model is not None:
                require_encoder(model, folder.name if folder else "", WAV2VEC2_HINT)
        return cls(face, head, listener)

    @property
    def hash(self) -> str:
        """Hash (hex) of the files of all models."""
        hashes = [model.hash if model else "" for model in (self.face, self.head, self.listener)]
        return hashlib.sha256(" ".join(hashes).encode()).hexdigest()

    def generate(
        self, waveform: Float32Array, rows: int, request: GenerateRequest, report: Report
    ) -> tuple[Motion, Shapes | None]:
        """Generate a motion.

        Args:
            waveform: (N,) at 16 kHz.
            rows: Rows of the motion at MODEL_RATE.
            request: Its parts, seed, guidance (0.5 as published), condition and steps are used, and its constraints
                where they define whole frames. There the motion is the models' output, close to the constraint.
            report: Called with the progress; may raise to cancel.

        Returns:
            The face as weights of shapes and the head's channels; and the shapes, None without a face.

        Raises:
            ModelError: If a part has no model.
        """
        engine = request.engine or ThreeDiface(None, None)
        face = _require_model(self.face, "face") if "face" in request.parts else None
        head = _require_model(self.head, "head") if "head" in request.parts else None
        share = 1 / (1 + len(request.parts))

        def stage(name: str, number: int) -> ProgressCallback:
            return lambda done: report(Progress(min(1.0, (number + done) * share), name))

        stage(ENCODING, 0)(0.0)
        listener = self.listener if head else None
        encoded = {model.hash: encode_audio(model, waveform, rows) for model in (face, listener) if model}

        values, names, shapes = [], [], None
        if face:
            weights, shapes = _generate_face(face, encoded[face.hash], request, engine, stage(FACE_STAGE, 1))
            values.append(weights)
            names += shapes.names
        if head and listener:
            options = SamplingOptions(request.seed, known=_known_head(request, rows), steps=engine.steps)
            rotations = sample_head(head, encoded[listener.hash], options, stage(HEAD_STAGE, len(request.parts)))
            values.append(flame_to_blender(rotations))
            names += channels.HEAD
        return Motion(np.concatenate(values, 1), tuple(names), MODEL_RATE), shapes


def encode_audio(model: FaceModel, waveform: Float32Array, rows: int) -> Float32Array:
    """Return speech features (rows, ch) of a waveform (N,) at 16 kHz.

    Raises:
        ModelError: If the model has no speech encoder.
    """
    require_encoder(model, "", WAV2VEC2_HINT)
    with torch.inference_mode():
        samples = torch.from_numpy(np.ascontiguousarray(waveform, np.float32)).to(model.network.device)
        return model.network.encode_audio(samples, rows).cpu().numpy()


def _generate_face(
    model: FaceModel,
    audio_features: Float32Array,
    request: GenerateRequest,
    engine: ThreeDiface,
    report: ProgressCallback,
) -> tuple[Float32Array, Shapes]:
    """Return weights (T, K) and the shapes by which the network's last layer moves the vertices."""
    if not model.diffusion.displacement:
        message = "This 3DiFACE face model outputs vertices of its training faces, not displacements of any face."
        raise ModelError(message, "Use it on the command line: python -m diface_core threediface.")
    known = _known_face(request, len(audio_features))
    options = SamplingOptions(request.seed, engine.condition, request.guidance, known, engine.steps)
    try:
        hidden = sample_hidden(model, audio_features, options, report)
    except ClampedError:
        frames = sample_all_vertices(model, audio_features, options, report)  # every frame becomes a shape
        return _add_pin_shapes(request, np.eye(len(frames), dtype=np.float32), _shapes_from_deltas(frames))
    out = model.network.output_layer
    assert out is not None  # else sample_hidden raises
    deltas = torch.cat([out.weight.T, out.bias[None]]).cpu().numpy()
    weights = np.concatenate([hidden, np.ones((len(hidden), 1), np.float32)], 1)
    return _add_pin_shapes(request, weights, _shapes_from_deltas(deltas))


def _known_face(request: GenerateRequest, rows: int) -> KnownFrames | None:
    """Return the pinned faces (rows, 3 V) in the network's units, without the face strength."""
    kept = request.constraints
    if kept is None or kept.vertices is None or not len(kept.vertices.row) or not request.face_strength:
        return None
    pins = kept.vertices
    flat = pins.vertices.reshape(len(pins.row), -1) / np.float32(request.face_strength)
    return constraints.known_frames(pins.row, flat, request.rate, rows)


def _known_head(request: GenerateRequest, rows: int) -> KnownFrames | None:
    """Return the known rotations (rows, 3) of FLAME's neck in the network's units, without the strengths."""
    kept = request.constraints
    strengths = np.array(request.head_axes, np.float32) * np.float32(request.head_strength)
    if kept is None or not kept.known_mask.shape[1] or not strengths.all():
        return None
    rows_known, values = constraints.complete_frames(kept)
    if not len(rows_known):
        return None
    rotations = blender_to_flame((values / strengths).astype(np.float32))
    return constraints.known_frames(rows_known, rotations, request.rate, rows)


def _add_pin_shapes(request: GenerateRequest, weights: Float32Array, shapes: Shapes) -> tuple[Float32Array, Shapes]:
    """Return the same motion on shapes whose span contains the pinned faces too."""
    kept = request.constraints
    if kept is None or kept.vertices is None or not len(kept.vertices.row):
        return weights, shapes
    deltas = shapes.deltas.reshape(len(shapes.deltas), -1)
    basis = constraints.VertexBasis.spanning(deltas, kept.vertices)
    return (weights.astype(np.float64) @ basis.project(deltas)).astype(np.float32), basis.shapes


def _shapes_from_deltas(deltas: Float32Array) -> Shapes:
    names = tuple(f"threediface_{number:03d}" for number in range(len(deltas)))
    return Shapes(names, deltas.reshape(len(deltas), -1, 3))


def _require_model(model: Model | None, part: str) -> Model:
    if model is None:
        raise ModelError(f"No 3DiFACE {part} model is set to generate the {part}.", HINT)
    return model


def _to_device(model: Model) -> Model:
    model.network.to(best())
    return model
