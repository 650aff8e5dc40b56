"""The denoiser of the samplers: a network with its conditioning on speech and style, and classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..errors import ModelError
from ..types import Float32Array
from .checkpoint import FaceModel, HeadModel
from .networks import Network, PrecomputedSpeech
from .options import NetworkConfig
from .unet.session import StepDenoiser

HiddenDenoiser = Callable[[Tensor, Tensor], Tensor]
"""Embedded motion (1, ch, T) and diffusion step (1,) -> hidden output (B, T, ch) of each conditioning."""

GuidanceMix = Callable[[Tensor], Tensor]
"""Outputs of all conditionings (B, ...) -> guided output (1, ...)."""


def guided_denoiser(
    network: Network,
    audio_features: Float32Array,
    style: int | Float32Array,
    guidance: float,
    approximate: bool = False,
) -> tuple[HiddenDenoiser, GuidanceMix]:
    """Return a denoiser with classifier-free guidance (Ho & Salimans 2022) towards the speech.

    Args:
        network: The network.
        audio_features: Speech features (T, ch), T a multiple of the network's stride.
        style: Index of a trained style, or a weight of each (styles,).
        guidance: 0 is unconditional, 1 conditional, anything else runs the network both ways.
        approximate: Whether to use the faster order of computation, equal to the original's up to rounding.

    Returns:
        The denoiser, and the mix of its outputs.

    Raises:
        ModelError: If the model does not have the style.
    """
    needed = _conditionings(network, audio_features, guidance)
    # The original runs them one after the other; a batch of two rounds differently.
    parts = (
        [network.speech_per_layer(needed, PrecomputedSpeech)]
        if approximate
        else [network.speech_per_layer(one[None]) for one in needed]
    )
    size = len(needed) if approximate else 1
    speaker = style_vector(network, style)

    def denoise(embedded: Tensor, t: Tensor) -> Tensor:
        return torch.cat([network.run_hidden_layers(embedded.expand(size, -1, -1), t, part, speaker) for part in parts])

    def mix(values: Tensor) -> Tensor:
        return values if len(values) == 1 else values[1:] + guidance * (values[:1] - values[1:])

    return denoise, mix


def step_denoiser(
    model: FaceModel | HeadModel,
    audio_features: Float32Array,
    style: int | Float32Array,
    guidance: float,
    approximate: bool = False,
) -> StepDenoiser:
    """Return a denoiser of one motion with classifier-free guidance: on ONNX Runtime, or by guided_denoiser on torch.

    Args:
        model: The model.
        audio_features: Speech features (T, ch), T a multiple of the network's stride.
        style: Index of a trained style, or a weight of each (styles,).
        guidance: As for guided_denoiser.
        approximate: As for guided_denoiser, on torch.

    Raises:
        ModelError: If the model does not have the style.
    """
    network = model.network
    if model.unet is not None:
        speech = _conditionings(network, audio_features, guidance)
        weights = np.array([1.0] if len(speech) == 1 else [guidance, 1 - guidance], np.float32)
        return model.unet.denoiser(speech, weights, style_vector(network, style))
    denoise, mix = guided_denoiser(network, audio_features, style, guidance, approximate)

    def step(embedded: Float32Array, row: int) -> Float32Array:
        columns = torch.from_numpy(embedded).to(network.device).T[None]
        return mix(denoise(columns, torch.tensor([row], device=network.device)))[0].cpu().numpy()

    return step


def _conditionings(network: Network, audio_features: Float32Array, guidance: float) -> Tensor:
    """Return the speech features (B, T, ch) of the conditionings that the guidance needs: with speech, without."""
    speech = torch.from_numpy(audio_features).to(network.device)
    both = torch.stack([speech, torch.zeros_like(speech)])
    return both[:1] if guidance == 1 else both[1:] if guidance == 0 else both


def style_vector(network: Network, style: int | Float32Array) -> Tensor | None:
    """Return the style (1, styles); None for a network without styles.

    Raises:
        ModelError: If the model does not have the style.
    """
    count = network.config.styles
    if not count:
        return None
    weights = style if isinstance(style, np.ndarray) else np.arange(count) == style
    if weights.shape != (count,) or not weights.any():
        actual = f"Got {style}." if not isinstance(style, np.ndarray) else f"Got weights of shape {style.shape}."
        raise ModelError(f"The model has the styles 0 to {count - 1}. {actual}", "Choose one of them.")
    return torch.from_numpy(weights.astype(np.float32))[None].to(network.device)


def pad_to_stride(audio_features: Float32Array, config: NetworkConfig) -> Float32Array:
    """Return speech features (T, ch), followed by copies of the last row up to a multiple of the network's stride.

    Raises:
        ValueError: If there are no rows.
        ModelError: If the features have another width than the network expects.
    """
    if audio_features.ndim != 2 or not len(audio_features):
        raise ValueError(f"audio_features must have shape (frames, {config.width}). Got {audio_features.shape}.")
    if audio_features.shape[1] != config.width:
        raise ModelError(
            f"The {config.part} model expects {config.width} speech features per frame, but its listener gives "
            f"{audio_features.shape[1]}.",
            "Choose as listener the general face model that the model was trained with.",
        )
    # Reflect padding and instance norm need at least two rows at the coarsest level.
    min_rows = 2 if config.padding == "reflect" or config.norm == "instance" else 1
    rows = max(min_rows, -(-len(audio_features) // config.stride)) * config.stride
    return np.concatenate([audio_features, np.repeat(audio_features[-1:], rows - len(audio_features), 0)]).astype(
        np.float32
    )
