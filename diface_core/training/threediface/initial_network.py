"""The network that a training starts from: new, or out of a checkpoint folder."""

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

ENCODER_HINT = "Give `wav2vec2`, the folder of wav2vec2-base-960h: config.json beside the weights."


@dataclass(frozen=True)
class InitialNetwork:
    """A network, its diffusion, and what its folder's `args.yml` is to say."""

    network: Network
    diffusion: DiffusionConfig
    arguments: Mapping[str, Any]


def build_network(config: TrainConfig, subjects: tuple[str, ...]) -> InitialNetwork:
    """A new network of the configuration's options, or the one to be tuned; what learns has gradients.

    subjects: those of the sequences, a style each. Raises DifaceError for options that fit no network, a speech
    encoder that is missing, or more subjects than styles.
    """
    torch.manual_seed(config.seed)
    started = (
        _new_network(config, subjects)
        if config.fine_tune is None
        else load_network(config, config.part, config.fine_tune)
    )
    styles = started.network.config.styles
    if config.part == "face" and len(subjects) > styles:
        raise DifaceError(
            f"There are {len(subjects)} subjects, but the network has {styles} styles.",
            "Give `num_identity_classes` in [model] as many, or train fewer `subjects`.",
        )
    check_frames(config, started.network)
    _set_trainable(started.network, config.train_encoder)
    return started


def load_network(config: RunConfig, part: Part, folder: Path) -> InitialNetwork:
    """The newest checkpoint in `folder`, and its `args.yml` as it stands. Raises ModelError for another one."""
    model = load_face(folder, wav2vec2=config.wav2vec2) if part == "face" else load_head(folder)
    _check_encoder(model.network)
    saying = yaml.safe_load((folder / "args.yml").read_text("utf-8"))
    return InitialNetwork(model.network, model.diffusion, saying)


def _new_network(config: TrainConfig, subjects: tuple[str, ...]) -> InitialNetwork:
    given: dict[str, Any] = {"train_subjects": " ".join(subjects)}
    if config.part == "face":
        given |= {"cond_mask_prob": config.audio_dropout, "num_identity_classes": len(subjects)}
    else:
        masks = config.masks
        given |= {"cond_mask_prob": masks.cond_mask_prob, "mask_frame_prob": masks.mask_frame_prob, masks.kind: True}
    saying = checkpoint_writer.make_arguments(config.part, given | dict(config.model), config.diffusion)
    network, diffusion = options.parse_options(saying, "in the configuration")
    if config.part == "head":
        if network.styles:
            raise DifaceError("A head is trained without styles.", "Leave `use_identity` out of [model].")
        return InitialNetwork(_with_zero_output(HeadNetwork(network)), diffusion, saying)
    face = FaceNetwork(network, build_encoder({}, config.wav2vec2))
    _check_encoder(face)
    return InitialNetwork(_with_zero_output(face), diffusion, saying)


def _with_zero_output(network: Network) -> Network:
    """The network with an output layer of zeros: one drawn at random would begin decimetres away from any face."""
    for parameter in network.decoder.out_embed.parameters():
        nn.init.zeros_(parameter)
    return network


def check_frames(config: RunConfig, network: Network) -> None:
    """Raises DifaceError for examples that the network cannot halve as often as it does."""
    stride = network.config.stride
    if config.frames % stride or config.frames < 2 * stride:
        raise DifaceError(
            f"An example has {config.frames} frames: it must be a multiple of {stride}, and at least {2 * stride}.",
            "Change `frames`, or the levels of the network (`ch_multi`).",
        )


def _check_encoder(network: nn.Module) -> None:
    if isinstance(network, FaceNetwork) and network.audio_encoder is None:
        raise DifaceError("A face network hears by wav2vec2, and there is none.", ENCODER_HINT)


def _set_trainable(network: Network, train_encoder: bool) -> None:
    """Everything but the speech encoder; of that, where it learns too, all but the convolutions and what masks need.

    It learns as it listens, without dropout.
    """
    network.train().requires_grad_(True)
    if isinstance(network, FaceNetwork) and network.audio_encoder is not None:
        network.audio_encoder.eval().requires_grad_(False)
        if train_encoder:
            network.audio_encoder.feature_projection.requires_grad_(True)
            network.audio_encoder.encoder.requires_grad_(True)
