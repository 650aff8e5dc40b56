"""Training examples: random stretches of the sequences, and all that is left to chance about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...threediface.diffusion import Schedule, seeded_noise
from ...types import Float32Array
from .random_masks import MaskConfig, draw_known_frames
from .recordings import MotionRecording


class ExampleAudio(NamedTuple):
    """The whole sound of an example: samples (N,), the rows that it lasts, and the one where the example begins."""

    samples: Tensor
    rows: int
    first: int


class Batch(NamedTuple):
    """Examples in the network's units.

    x0 (B, T, C); xt (B, T, C), x0 where it is given; given (B, T) bool; step (B,) as the network is told it;
    style (B, styles); speech (B, T, D), or without values where it is yet to be heard, in `sounds`; heard (B,) bool.
    """

    x0: Tensor
    xt: Tensor
    known: Tensor
    step: Tensor
    style: Tensor
    speech: Tensor
    has_audio: Tensor
    sounds: tuple[ExampleAudio, ...]


class ExampleSampler:
    """Random stretches of the sequences, each as likely as any other.

    Example `number` of step `step` is always the same one: it has a stream of random numbers of its own. So a training
    goes on as if it had not been interrupted, and it is the same training on one process or on several.
    styles: the style (styles,) of each subject, and under "" that of any other.
    """

    def __init__(
        self, sequences: list[MotionRecording], styles: Mapping[str, Float32Array], schedule: Schedule, frames: int,
        audio_dropout: float, masks: MaskConfig, seed: int, device: torch.device,
    ) -> None:  # fmt: skip
        self.sequences, self.styles, self.schedule, self.frames = sequences, styles, schedule, frames
        self.audio_dropout, self.masks, self.seed, self.device = audio_dropout, masks, seed, device
        self.cumulative_windows = np.cumsum([len(s.frames) - frames + 1 for s in sequences])

    def draw(self, step: int, numbers: Iterable[int]) -> Batch:
        """The examples of these numbers in this step."""
        drawn = [self._draw_example(np.random.default_rng([self.seed, step, number])) for number in numbers]
        *fields, sounds = zip(*drawn, strict=True)
        stacked = [torch.from_numpy(np.stack(field)).to(self.device) for field in fields]
        return Batch(*stacked, sounds=tuple(sound for sound in sounds if sound is not None))

    def _draw_example(self, rng: np.random.Generator) -> tuple[Any, ...]:
        window = int(rng.integers(self.cumulative_windows[-1]))
        number = int(np.searchsorted(self.cumulative_windows, window, side="right"))
        sequence = self.sequences[number]
        first = window - int(self.cumulative_windows[number - 1]) * (number > 0)
        x0 = sequence.x0(first, self.frames)

        step = int(rng.integers(len(self.schedule)))
        alpha_bar = self.schedule.alpha_bar[step]
        noise = seeded_noise(self.schedule.config, int(rng.integers(2**63)))()(x0.shape)
        given = draw_known_frames(self.frames, self.masks, rng)
        xt = np.where(given[:, None], x0, np.sqrt(alpha_bar) * x0 + np.sqrt(1 - alpha_bar) * noise)

        speech, sound = np.zeros((self.frames, 0), np.float32), None
        if sequence.audio_features is None:
            samples = torch.from_numpy(sequence.samples).to(self.device)
            sound = ExampleAudio(samples, len(sequence.frames), first)
        else:
            speech = sequence.audio_features[first : first + self.frames].astype(np.float32)
        told = np.int64(self.schedule.step_index(step, torch.device("cpu")).item())
        heard = np.bool_(rng.random() >= self.audio_dropout)
        style = self.styles.get(sequence.subject, self.styles[""])
        return x0.astype(np.float32), xt.astype(np.float32), given, told, style, speech, heard, sound
