"""Training examples: random windows of the sequences, with random diffusion steps, known frames and dropout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...threediface.diffusion import Schedule, seeded_noise
from ...types import Float32Array
from .random_masks import MaskConfig, draw_known_frames
from .recordings import MotionRecording


class ExampleAudio(NamedTuple):
    """The whole audio of an example: samples (N,) at 16 kHz, its rows, and the first row of the example."""

    samples: Tensor
    rows: int
    first: int


class Batch(NamedTuple):
    """Examples in the network's units.

    Attributes:
        x0: Motion (B, T, C).
        xt: Noisy motion (B, T, C); x0 on known frames.
        known: (B, T) True for known frames.
        step: Index of the diffusion step (B,), as the network expects it.
        style: Style vectors (B, styles).
        speech: Speech features (B, T, D); empty if the speech encoder is trained and encodes `sounds`.
        has_audio: (B,) False without audio conditioning.
        sounds: The audio of each example if the speech encoder is trained, else empty.
    """

    x0: Tensor
    xt: Tensor
    known: Tensor
    step: Tensor
    style: Tensor
    speech: Tensor
    has_audio: Tensor
    sounds: tuple[ExampleAudio, ...]


@dataclass(frozen=True)
class ExampleOptions:
    """What the examples of a training look like.

    Attributes:
        frames: Frames of an example.
        audio_dropout: Share of the examples without audio conditioning.
        masks: How often frames are known, and which.
        seed: Seed of everything random.
    """

    frames: int
    audio_dropout: float
    masks: MaskConfig
    seed: int


class ExampleSampler:
    """Sampler of random windows of the sequences, all equally likely.

    Every example has a separate stream of random numbers, seeded by its step and number. Therefore an interrupted
    training continues exactly, and training on one process or several is the same.

    Args:
        sequences: The recordings.
        styles: The style (styles,) of each subject; under "" that of any other.
        schedule: The diffusion's schedule.
        options: What the examples look like.
        device: Where the batches are.
    """

    def __init__(
        self, sequences: list[MotionRecording], styles: Mapping[str, Float32Array], schedule: Schedule,
        options: ExampleOptions, device: torch.device,
    ) -> None:  # fmt: skip
        self.sequences, self.styles, self.schedule = sequences, styles, schedule
        self.options, self.device = options, device
        self.cumulative_windows = np.cumsum([len(s.frames) - options.frames + 1 for s in sequences])

    def draw(self, step: int, numbers: Iterable[int]) -> Batch:
        """Return the examples of these numbers in a step."""
        drawn = [self._draw_example(np.random.default_rng([self.options.seed, step, number])) for number in numbers]
        *fields, sounds = zip(*drawn, strict=True)
        stacked = [torch.from_numpy(np.stack(field)).to(self.device) for field in fields]
        return Batch(*stacked, sounds=tuple(sound for sound in sounds if sound is not None))

    def _draw_example(self, rng: np.random.Generator) -> tuple[Any, ...]:
        window = int(rng.integers(self.cumulative_windows[-1]))
        number = int(np.searchsorted(self.cumulative_windows, window, side="right"))
        sequence = self.sequences[number]
        first = window - int(self.cumulative_windows[number - 1]) * (number > 0)
        frames = self.options.frames
        x0 = sequence.x0(first, frames)

        step = int(rng.integers(len(self.schedule)))
        alpha_bar = self.schedule.alpha_bar[step]
        noise = seeded_noise(self.schedule.config, int(rng.integers(2**63)))()(x0.shape)
        known = draw_known_frames(frames, self.options.masks, rng)
        xt = np.where(known[:, None], x0, np.sqrt(alpha_bar) * x0 + np.sqrt(1 - alpha_bar) * noise)

        speech, sound = np.zeros((frames, 0), np.float32), None
        if sequence.audio_features is None:
            samples = torch.from_numpy(sequence.samples).to(self.device)
            sound = ExampleAudio(samples, len(sequence.frames), first)
        else:
            speech = sequence.audio_features[first : first + frames].astype(np.float32)
        index = np.int64(self.schedule.step_index(step, torch.device("cpu")).item())
        has_audio = np.bool_(rng.random() >= self.options.audio_dropout)
        style = self.styles.get(sequence.subject, self.styles[""])
        return x0.astype(np.float32), xt.astype(np.float32), known, index, style, speech, has_audio, sound
