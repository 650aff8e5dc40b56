"""A denoiser on ONNX Runtime."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..types import Float32Array
from .channel_scale import ChannelScale
from .denoiser_config import DenoiserConfig
from .denoiser_file import DenoiserFile, config_from_dict, fingerprint, read_denoiser_file
from .session import DAMAGED, Session

GRAPHS = Path(__file__).parents[1] / "assets"
"""Folder of the graphs of the bundled models, which `diface_core.asset_build.export_onnx` writes."""

OUTPUT_LAYER = "leave.2"
DENOISER_WEIGHTS = ("time.", "enter.", "network.", "leave.0.")
"""How the names of the weights begin that are in the denoiser's graph; the output layer's are inputs."""
ONE_THREAD_WEIGHTS = 800_000
"""A network with fewer weights is computed by one thread. Several wait for each other after every operation, which took
the head's network, of any length up to a minute, as long or up to twice as long on two cores."""
SPEECH_WEIGHTS = ("speech.mean", "speech.deviation", "speech.embed.", "speech.blocks.")
"""The same for the speech tower."""


@dataclass(frozen=True)
class OnnxDenoiser:
    """(xt, t, speech, style) to x0, in the units of `scale`: `model.motion_denoiser.MotionDenoiser`.

    Attributes:
        config: The architecture.
        scale: Mean and deviation of the channels.
        styles: (S, 2 width), vectors of the trained styles.
        no_speech: (W,), the learnt input in place of speech.
        stride: Windows must begin at multiples of this to give the result of the whole sequence.
        context_rows: Receptive field on either side, in rows of xt, speech and known values.
        speech_context_rows: The same of the speech tower, in rows of features.
        path: The file of the weights.
        feature_scale: Mean and deviation (D,) of the features' columns.
        output_weight: (C, width), weight of the last layer.
        output_bias: (C,), its bias.
    """

    config: DenoiserConfig
    scale: ChannelScale
    styles: Float32Array
    no_speech: Float32Array
    stride: int
    context_rows: int
    speech_context_rows: int
    path: Path
    feature_scale: tuple[Float32Array, Float32Array]
    output_weight: Float32Array
    output_bias: Float32Array
    _tower: Session
    _network: Session

    @classmethod
    def load(cls, file: DenoiserFile, graphs: Path = GRAPHS) -> OnnxDenoiser:
        """Open the networks of a denoiser.

        Args:
            file: The content of its safetensors file, such as face.safetensors.
            graphs: Folder of its graphs: face.onnx and face_speech.onnx.

        Raises:
            ModelError: A graph is missing, damaged, or of another architecture.
        """
        weights, name = file.weights, file.path.stem
        tower = _open(graphs / f"{name}_speech.onnx", file, SPEECH_WEIGHTS)
        network = _open(graphs / f"{name}.onnx", file, DENOISER_WEIGHTS)
        stride, context_rows, speech_context_rows = (
            int(network.metadata[key]) for key in ("stride", "context_rows", "speech_context_rows")
        )
        return cls(
            file.config,
            ChannelScale(weights["mean"], weights["deviation"], weights["known"]),
            weights["style.weight"],
            weights["speech.unheard"],
            stride,
            context_rows,
            speech_context_rows,
            file.path,
            (weights["speech.mean"], weights["speech.deviation"]),
            weights[f"{OUTPUT_LAYER}.weight"],
            weights[f"{OUTPUT_LAYER}.bias"],
            tower,
            network,
        )

    @property
    def device(self) -> str:
        """Name of the device that computes."""
        return self._network.device

    @property
    def fingerprint(self) -> str:
        """Hash (hex) of the weights as trained, which style files name."""
        return _file_fingerprint(self.path)

    def encode_speech(self, features: Float32Array) -> Float32Array:
        """Return the speech tower's rows (1, T, W) for features (T, D)."""
        return self._tower.run(features=features[None])

    def denoise(
        self, xt: Float32Array, t: float, speech: Float32Array, style: Float32Array, flags: Float32Array
    ) -> Float32Array:
        """Return x0 (B, T, C) for each of B conditions.

        Args:
            xt: (1, T, C), with the known values in place.
            t: Time of `xt`.
            speech: (B, T, W), from `encode_speech` or `no_speech` in every row.
            style: (B, 2 width), style vectors; 0 is none.
            flags: (1, T, C), 1 where a value is known, else 0.
        """
        count = len(style)
        return self._network.run(
            xt=np.repeat(xt, count, axis=0),
            flags=np.repeat(flags, count, axis=0),
            speech=speech,
            t=np.full(count, t, np.float32),
            style=style,
            output_weight=self.output_weight,
            output_bias=self.output_bias,
        )

    def with_single_style(self, name: str, vector: Float32Array) -> OnnxDenoiser:
        """Return the denoiser with one style, `vector` (2 width,)."""
        config = replace(self.config, styles=(name,), default_style=())
        return replace(self, config=config, styles=vector[None].astype(np.float32))

    def with_output_offsets(self, weight: Float32Array, bias: Float32Array) -> OnnxDenoiser:
        """Return the denoiser with offsets (C, width) and (C,) added to its last layer."""
        return replace(self, output_weight=self.output_weight + weight, output_bias=self.output_bias + bias)


@lru_cache(maxsize=4)
def _file_fingerprint(path: Path) -> str:
    return fingerprint(read_denoiser_file(path).weights)


def _open(path: Path, file: DenoiserFile, prefixes: tuple[str, ...]) -> Session:
    weights = {name: value for name, value in file.weights.items() if name.startswith(prefixes)}
    is_small = sum(value.size for value in weights.values()) < ONE_THREAD_WEIGHTS
    session = Session(path, weights, threads=1 if is_small else None)
    if config_from_dict(json.loads(session.metadata["config"])) != file.config:
        raise ModelError(f"The network file {path.name} does not match {file.path.name}.", DAMAGED)
    return session
