"""The network that a training starts from: new, or loaded from a checkpoint folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

from ...errors import DifaceError
from ...threediface import options
from ...threediface.checkpoint import load_face, load_head
from ...threediface.networks import FaceNetwork, HeadNetwork, Network
from ...threediface.options import DiffusionConfig, Part
from ...threediface.wav2vec2 import build_encoder
from . import checkpoint_writer
from .settings import RunConfig, TrainConfig

ENCODER_HINT = "Set `wav2vec2` to the folder of wav2vec2-base-960h: config.json and model.safetensors."


@dataclass(frozen=True)
class InitialNetwork:
    """A network, its diffusion, and the content of its `args.yml`."""

    network: Network
    diffusion: DiffusionConfig
    arguments: Mapping[str, Any]


def build_network(config: TrainConfig, subjects: tuple[str, ...]) -> InitialNetwork:
    """Return a new network, or the one to fine-tune; only trained parameters have gradients.

    Args:
        config: The training.
        subjects: Subjects of the sequences; each becomes a style.

    Raises:
        DifaceError: If the options are invalid, the speech encoder is missing, or there are more subjects than styles.
    """
    torch.manual_seed(config.seed)
    initial = (
        _new_network(config, subjects)
        if config.fine_tune is None
        else load_network(config, config.part, config.fine_tune)
    )
    styles = initial.network.config.styles
    if config.part == "face" and len(subjects) > styles:
        raise DifaceError(
            f"There are {len(subjects)} subjects, but the network has {styles} styles.",
            "Increase `num_identity_classes` in [model], or train fewer `subjects`.",
        )
    check_frames(config, initial.network)
    _set_trainable(initial.network, config.train_encoder)
    return initial


def load_network(config: RunConfig, part: Part, folder: Path) -> InitialNetwork:
    """Return the newest checkpoint in a folder, with its `args.yml`.

    Raises:
        ModelError: If the folder has no valid checkpoint of the part.
    """
    model = load_face(folder, wav2vec2=config.wav2vec2) if part == "face" else load_head(folder)
    _check_encoder(model.network)
    arguments = yaml.safe_load((folder / "args.yml").read_text("utf-8"))
    return InitialNetwork(model.network, model.diffusion, arguments)


def _new_network(config: TrainConfig, subjects: tuple[str, ...]) -> InitialNetwork:
    model: dict[str, Any] = {"train_subjects": " ".join(subjects)}
    if config.part == "face":
        model |= {"cond_mask_prob": config.audio_dropout, "num_identity_classes": len(subjects)}
    else:
        masks = config.masks
        model |= {"cond_mask_prob": masks.cond_mask_prob, "mask_frame_prob": masks.mask_frame_prob, masks.kind: True}
    arguments = checkpoint_writer.make_arguments(config.part, model | dict(config.model), config.diffusion)
    network, diffusion = options.parse_options(arguments, "in the configuration")
    if config.part == "head":
        if network.styles:
            raise DifaceError("A head is trained without styles.", "Remove `use_identity` from [model].")
        return InitialNetwork(_with_zero_output(HeadNetwork(network)), diffusion, arguments)
    face = FaceNetwork(network, build_encoder({}, config.wav2vec2))
    _check_encoder(face)
    return InitialNetwork(_with_zero_output(face), diffusion, arguments)


def _with_zero_output(network: Network) -> Network:
    """Return the network with a zero output layer: a random one would start decimetres away from any face."""
    for parameter in network.decoder.out_embed.parameters():
        nn.init.zeros_(parameter)
    return network


def check_frames(config: RunConfig, network: Network) -> None:
    """Raise DifaceError if the frames of an example are no multiple of the network's stride, or only one."""
    stride = network.config.stride
    if config.frames % stride or config.frames < 2 * stride:
        raise DifaceError(
            f"An example has {config.frames} frames: it must be a multiple of {stride}, and at least {2 * stride}.",
            "Change `frames`, or the levels of the network (`ch_multi`).",
        )


def _check_encoder(network: nn.Module) -> None:
    if isinstance(network, FaceNetwork) and network.audio_encoder is None:
        raise DifaceError("A face network needs wav2vec2 to encode the audio, and none is set.", ENCODER_HINT)


def _set_trainable(network: Network, train_encoder: bool) -> None:
    """Enable gradients of everything but the speech encoder, and optionally of that without its convolutions.

    The speech encoder is trained in evaluation mode, without dropout.
    """
    network.train().requires_grad_(True)
    if isinstance(network, FaceNetwork) and network.audio_encoder is not None:
        network.audio_encoder.eval().requires_grad_(False)
        if train_encoder:
            network.audio_encoder.feature_projection.requires_grad_(True)
            network.audio_encoder.encoder.requires_grad_(True)
