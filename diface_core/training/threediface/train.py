"""`python -m diface_core.training.threediface.train CONFIG`: train 3DiFACE's face or head network; can resume.

On several GPUs: `torchrun --nproc-per-node 8 -m diface_core.training.threediface.train CONFIG`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import torch

from ...errors import DifaceError
from ...learning import distributed
from ...threediface.checkpoint import load_face
from ...threediface.networks import FaceNetwork, Network
from . import command, recordings, run
from .initial_network import build_network
from .random_masks import NO_KNOWN_FRAMES
from .recordings import MotionRecording
from .settings import TrainConfig


def train(config: TrainConfig) -> Network:
    """Read the recordings, encode their audio, train and write checkpoints; return the network of the last one.

    Raises:
        DifaceError: If recordings, options or models cannot be used.
    """
    training, held_out = recordings.read_recordings(config.data, config.part, config.frames)
    subjects = config.data.subjects or tuple(sorted({one.subject for one in training}))
    initial = build_network(config, subjects)
    with distributed.process_group() as device:
        with distributed.local_rank_first():  # the other processes read the features from the cache
            encoded = _encode_recordings(config, initial.network, [*training, *held_out], device)
        training, held_out = encoded[: len(training)], encoded[len(training) :]
        styles = run.style_vectors(subjects, initial.network.config.styles)
        masks = config.masks if config.part == "head" else NO_KNOWN_FRAMES
        return run.train_network(config, initial, styles, masks, training, held_out)


def _encode_recordings(
    config: TrainConfig, network: Network, sequences: list[MotionRecording], device: torch.device
) -> list[MotionRecording]:
    """Return the sequences with their speech features, or unchanged if the speech encoder is trained."""
    if isinstance(network, FaceNetwork):
        return (
            sequences
            if config.train_encoder
            else recordings.encode_with_network(network.to(device), sequences, config.cache)
        )
    assert config.face_model is not None  # TrainConfig requires it for a head
    face = load_face(config.face_model, wav2vec2=config.wav2vec2)
    if face.network.config.width != network.config.width:
        raise DifaceError(
            f"The head's ch is {network.config.width}, but {config.face_model.name} encodes "
            f"{face.network.config.width} values per frame.",
            "Set `ch` in [model] to that of the face model.",
        )
    listener = face.network.to(device)
    return recordings.encode_recordings(
        sequences, lambda waveform, rows: listener.encode_audio(waveform.to(device), rows), face.hash, config.cache
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    return command.run_command("diface_core.training.threediface.train", __doc__, TrainConfig, train, arguments)


if __name__ == "__main__":
    sys.exit(main())
