"""`python -m diface_core.training.threediface.train CONFIG`: train 3DiFACE's face or head network, and resume.

The same under torchrun: `torchrun --nproc-per-node 8 -m diface_core.training.threediface.train CONFIG`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence as Words

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
    """Read the recordings, hear them, train, and write checkpoints; returns what is in the last of them.

    Raises DifaceError for recordings, options or models that cannot be used.
    """
    learnt, held_out = recordings.read_recordings(config.data, config.part, config.frames)
    subjects = config.data.subjects or tuple(sorted({one.subject for one in learnt}))
    started = build_network(config, subjects)
    with distributed.process_group() as where:
        with distributed.local_rank_first():  # the others find the features computed
            heard = _encode_recordings(config, started.network, [*learnt, *held_out], where)
        learnt, held_out = heard[: len(learnt)], heard[len(learnt) :]
        styles = run.style_vectors(subjects, started.network.config.styles)
        masks = config.masks if config.part == "head" else NO_KNOWN_FRAMES
        return run.train_network(config, started, styles, masks, learnt, held_out)


def _encode_recordings(
    config: TrainConfig, network: Network, sequences: list[MotionRecording], device: torch.device
) -> list[MotionRecording]:
    """The sequences with their speech features, but where the speech encoder is yet to learn."""
    if isinstance(network, FaceNetwork):
        return (
            sequences
            if config.train_encoder
            else recordings.encode_with_network(network.to(device), sequences, config.cache)
        )
    assert config.face_model is not None  # a head's settings say so
    face = load_face(config.face_model, wav2vec2=config.wav2vec2)
    if face.network.config.width != network.config.width:
        raise DifaceError(
            f"The head's ch is {network.config.width}, but {config.face_model.name} gives {face.network.config.width} "
            "values a frame.",
            "Give [model] the ch of the face model by which the head hears.",
        )
    listener = face.network.to(device)
    return recordings.encode_recordings(
        sequences, lambda waveform, rows: listener.encode_audio(waveform.to(device), rows), face.hash, config.cache
    )


def main(arguments: Words[str] | None = None) -> int:
    """The command line; returns the exit status."""
    return command.run_command("diface_core.training.threediface.train", __doc__, TrainConfig, train, arguments)


if __name__ == "__main__":
    sys.exit(main())
