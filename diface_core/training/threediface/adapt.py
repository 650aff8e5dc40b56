"""`python -m diface_core.training.threediface.adapt CONFIG`: a face network takes on one speaker's style, and resumes.

The style map and the output layer learn; everything else stays as it is (3DiFACE's personalisation).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence as Words

import numpy as np
import torch

from ...errors import DifaceError
from ...learning import distributed
from ...threediface.diffusion import Schedule
from ...threediface.networks import FaceNetwork, Network
from . import command, recordings, run
from .batches import ExampleSampler
from .initial_network import InitialNetwork, check_frames, load_network
from .losses import TrainingLoss
from .random_masks import NO_KNOWN_FRAMES
from .recordings import MotionRecording
from .settings import AdaptConfig
from .vertex_weights import vertex_weights

log = logging.getLogger(__name__)


def adapt_network(config: AdaptConfig) -> Network:
    """Read one speaker's recordings, learn the style, and write checkpoints; returns what is in the last of them.

    Raises DifaceError for recordings of several speakers or none, and for a base that cannot be used.
    """
    learnt, held_out = recordings.read_recordings(config.data, "face", config.frames)
    speakers = sorted({one.subject for one in learnt})
    if len(speakers) > 1:
        raise DifaceError(
            f"A style is that of one speaker, and these are {', '.join(speakers)}.", "Name one in `subjects`."
        )
    started = load_network(config, "face", config.base)
    check_frames(config, started.network)
    freeze_all_but_style(started.network)
    with distributed.process_group() as where:
        network = started.network.to(where)
        assert isinstance(network, FaceNetwork)  # it was loaded as one
        with distributed.local_rank_first():  # the others find the features computed
            heard = recordings.encode_with_network(network, [*learnt, *held_out], config.cache)
        learnt, held_out = heard[: len(learnt)], heard[len(learnt) :]
        style = nearest_style(config, started, learnt) if config.style is None else config.style
        if not 0 <= style < network.config.styles:
            raise DifaceError(
                f"{config.base.name} has styles 0 to {network.config.styles - 1}. Got {style}.", "Choose one of them."
            )
        log.info("style %d becomes that of %s", style, speakers[0])
        styles = {"": np.eye(network.config.styles, dtype=np.float32)[style]}
        return run.train_network(config, started, styles, NO_KNOWN_FRAMES, learnt, held_out)


def freeze_all_but_style(network: Network) -> None:
    """The style map and the output layer have gradients, nothing else; what counts as it trains (batch norm) counts no
    more."""
    network.eval().requires_grad_(False)
    for module in (network.decoder.style_map, network.decoder.out_embed):
        if module is not None:
            module.requires_grad_(True)


@torch.no_grad()
def nearest_style(config: AdaptConfig, initial: InitialNetwork, sequences: list[MotionRecording]) -> int:
    """The trained style with the smallest loss on the speaker's sequences."""
    network = initial.network
    judging = TrainingLoss(network, config.loss, *vertex_weights(config.loss, network.config.outputs)).to(
        network.device
    )
    losses = []
    for style in np.eye(network.config.styles, dtype=np.float32):
        drawn = ExampleSampler(
            sequences, {"": style}, Schedule(initial.diffusion), config.frames, 0.0, NO_KNOWN_FRAMES, config.seed,
            network.device,
        ).draw(0, range(run.VALIDATION_EXAMPLES))  # fmt: skip
        losses.append(judging.measure(drawn)["loss"])
    return int(np.argmin(losses))


def main(arguments: Words[str] | None = None) -> int:
    """The command line; returns the exit status."""
    return command.run_command("diface_core.training.threediface.adapt", __doc__, AdaptConfig, adapt_network, arguments)


if __name__ == "__main__":
    sys.exit(main())
