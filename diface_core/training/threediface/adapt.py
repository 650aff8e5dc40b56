"""`python -m diface_core.training.threediface.adapt CONFIG`: fine-tune a face network to one speaker; can resume.

Only the style map and the output layer are trained (3DiFACE's personalisation).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import numpy as np
import torch

from ...errors import DifaceError
from ...learning import distributed
from ...threediface.diffusion import Schedule
from ...threediface.networks import FaceNetwork, Network
from . import command, recordings, run
from .batches import ExampleOptions, ExampleSampler
from .initial_network import InitialNetwork, check_frames, load_network
from .losses import TrainingLoss
from .random_masks import NO_KNOWN_FRAMES
from .recordings import MotionRecording
from .settings import AdaptConfig
from .vertex_weights import vertex_weights

log = logging.getLogger(__name__)


def adapt_network(config: AdaptConfig) -> Network:
    """Read one speaker's recordings, train the style and write checkpoints; return the network of the last one.

    Raises:
        DifaceError: If the recordings are of several speakers or of none, or the base cannot be used.
    """
    training, held_out = recordings.read_recordings(config.data, "face", config.frames)
    speakers = sorted({one.subject for one in training})
    if len(speakers) > 1:
        raise DifaceError(
            f"A style is trained on one speaker. Got {', '.join(speakers)}.", "Choose one of them as `subjects`."
        )
    initial = load_network(config, "face", config.base)
    check_frames(config, initial.network)
    freeze_all_but_style(initial.network)
    with distributed.process_group() as device:
        network = initial.network.to(device)
        assert isinstance(network, FaceNetwork)  # it was loaded as one
        with distributed.local_rank_first():  # the other processes read the features from the cache
            encoded = recordings.encode_with_network(network, [*training, *held_out], config.cache)
        training, held_out = encoded[: len(training)], encoded[len(training) :]
        style = nearest_style(config, initial, training) if config.style is None else config.style
        if not 0 <= style < network.config.styles:
            raise DifaceError(
                f"{config.base.name} has styles 0 to {network.config.styles - 1}. Got {style}.", "Choose one of them."
            )
        log.info("style %d becomes the style of %s", style, speakers[0])
        styles = {"": np.eye(network.config.styles, dtype=np.float32)[style]}
        return run.train_network(config, initial, styles, NO_KNOWN_FRAMES, training, held_out)


def freeze_all_but_style(network: Network) -> None:
    """Freeze everything but the style map and the output layer; batch norms keep their statistics."""
    network.eval().requires_grad_(False)
    for module in (network.decoder.style_map, network.decoder.out_embed):
        if module is not None:
            module.requires_grad_(True)


@torch.no_grad()
def nearest_style(config: AdaptConfig, initial: InitialNetwork, sequences: list[MotionRecording]) -> int:
    """Return the trained style with the smallest loss on the speaker's sequences."""
    network = initial.network
    weights = vertex_weights(config.loss, network.config.outputs)
    loss = TrainingLoss(network, config.loss, *weights).to(network.device)
    options = ExampleOptions(config.frames, 0.0, NO_KNOWN_FRAMES, config.seed)
    losses = []
    for style in np.eye(network.config.styles, dtype=np.float32):
        sampler = ExampleSampler(sequences, {"": style}, Schedule(initial.diffusion), options, network.device)
        losses.append(loss.measure(sampler.draw(0, range(run.VALIDATION_EXAMPLES)))["loss"])
    return int(np.argmin(losses))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    return command.run_command("diface_core.training.threediface.adapt", __doc__, AdaptConfig, adapt_network, arguments)


if __name__ == "__main__":
    sys.exit(main())
