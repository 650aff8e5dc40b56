"""Compare ways to sample the face, on GRID's held-out clips.

    python -m diface_core.training.evaluation.experiments.compare_sampling

Every row is one way of choosing the starting noise of the mouth, the steps that predict it, and the guidance; brows,
lids and cheeks start from all of their noise. `docs/research/sampling.md` discusses the table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .... import channels
from ....audio.speech_encoder import SpeechEncoder
from ....diffusion import schedule
from ....diffusion.guidance import Conditions, apply_guidance
from ....diffusion.known_region import unconstrained
from ....diffusion.sampler import Hold, SamplerState, WindowSpec, sample_stream
from ....model import lip_closure
from ....model.models import load_models
from ....model.motion_denoiser import MotionDenoiser
from ....model.part_sampler import noise_source
from ....model.sampling_rule import MOUTH
from ....model.style import apply_style
from ....types import Float32Array, Style
from ... import metrics
from ...corpora import Split, read_grid
from ..baselines import EncodedClip, encode_clips
from ..scorecard import MILLIMETRES, PHONES, TIMING, TRACKS, Predictions, format_measure

IS_MOUTH = np.array([name.startswith(MOUTH) for name in channels.FACE])
HEADINGS = (
    "aperture r_res", "jitter ratio", "lift", "m b p within 0.5 mm %", "others %", "false contact %",
    "contact apex within a frame %", "LVE", "FDD", "DTW lip distance",
)  # fmt: skip
COLUMNS = [column for column in TRACKS + PHONES + TIMING + MILLIMETRES if column.heading in HEADINGS]
STYLE, SEEDS, CLIPS_WITH_TAKES = "grid_s1", 4, 24
SPREAD_SEEDS, SPREAD_TIME = 4, 0.85
"""Noises whose predictions at a time show what the model does not know."""

NoiseScale = Callable[["FaceSampler", EncodedClip], Float32Array]
"""Scale of the starting noise: (C,) or (T, C)."""


@dataclass(frozen=True)
class Variant:
    """A way to sample.

    Attributes:
        noise: Scale of the starting noise.
        guidance: Guidance scale of the speech.
        hold: Time of the second prediction of the mouth, 1 for none; None predicts it at every step.
        press: Whether small gaps between the lips are closed.
        steps: Number of steps.
    """

    noise: NoiseScale
    guidance: float = 1.0
    hold: float | None = None
    press: bool = False
    steps: int = 8


class FaceSampler:
    """The bundled face in GRID's style."""

    def __init__(self, denoiser: MotionDenoiser, training: list[EncodedClip]) -> None:
        self.denoiser, self._style = apply_style(denoiser, Style.named(STYLE))
        self.unexplained = self._measure_unexplained(training)

    def sample(self, variant: Variant, heard: EncodedClip, seed: int) -> Float32Array:
        """Return face weights (T, 52)."""
        speech = self.denoiser.encode_speech(heard.features)
        noise = noise_source(seed, "face", len(channels.FACE))(speech.shape[1])
        xt = (noise * variant.noise(self, heard)).astype(np.float32)
        hold = None if variant.hold is None else Hold(np.flatnonzero(IS_MOUTH).astype(np.int32), variant.hold)
        states = [SamplerState.initial(xt, speech, unconstrained(xt))]
        spec = WindowSpec(0, 1, xt.shape[1])

        def denoise(rows: SamplerState, t: float) -> Float32Array:
            return self.predict(rows.xt, t, speech, variant.guidance)

        (done,) = sample_stream(denoise, states, variant.steps, spec, hold=hold)
        values = self.denoiser.scale.denormalise(done.xt)[0]
        return lip_closure.close_small_gaps(values) if variant.press else lip_closure.separate_lips(values)

    def predict(self, xt: Float32Array, t: float, speech: Float32Array, guidance: float = 1.0) -> Float32Array:
        """Return x0 (1, T, C)."""
        no_speech = np.broadcast_to(self.denoiser.no_speech, speech.shape)

        def predict(conditions: Sequence[Conditions]) -> Sequence[Float32Array]:
            heard = np.concatenate([speech if with_speech else no_speech for with_speech, _ in conditions])
            style = np.repeat(self._style, len(conditions), axis=0)
            return np.split(self.denoiser.denoise(xt, t, heard, style, np.zeros_like(xt)), len(conditions))

        return apply_guidance(predict, guidance, 1.0)

    def spread(self, heard: EncodedClip) -> Float32Array:
        """Return the deviation (T, C) of predictions from several noises, relative to each channel's mean."""
        speech = self.denoiser.encode_speech(heard.features)
        mean = self.predict(np.zeros((1, speech.shape[1], len(channels.FACE)), np.float32), 1.0, speech)
        found = []
        for seed in range(SPREAD_SEEDS):
            noise = noise_source(100 + seed, "face", len(channels.FACE))(speech.shape[1])
            found.append(self.predict(schedule.add_noise(mean, noise, SPREAD_TIME), SPREAD_TIME, speech)[0])
        deviation = np.std(found, axis=0)
        return deviation / np.maximum(deviation.mean(axis=0), 1e-6)

    def _measure_unexplained(self, training: list[EncodedClip]) -> Float32Array:
        """Return the share (C,) of each channel's variance that the mean performance leaves; 1 if it is not known."""
        errors, truth = [], []
        for heard in training:
            speech = self.denoiser.encode_speech(heard.features)
            mean = self.predict(np.zeros((1, speech.shape[1], len(channels.FACE)), np.float32), 1.0, speech)
            errors.append(self.denoiser.scale.denormalise(mean)[0] - heard.clip.values)
            truth.append(heard.clip.values)
        share = np.square(np.concatenate(errors)).mean(0) / np.maximum(np.concatenate(truth).var(0), 1e-8)
        return np.where(training[0].clip.known, np.clip(share, 0, 1), 1).astype(np.float32)


def constant(mouth: float) -> NoiseScale:
    """Return a constant scale of the mouth's noise."""
    return lambda sampler, heard: np.where(IS_MOUTH, np.float32(mouth), np.float32(1))


def by_spread(mouth: float, power: int) -> NoiseScale:
    """Return a scale that is larger (`power` 1) or smaller (-1) where the model's predictions differ more."""
    return lambda sampler, heard: np.where(IS_MOUTH, mouth * np.clip(sampler.spread(heard), 0.2, 3.0) ** power, 1.0)


def by_unexplained(power: float) -> NoiseScale:
    """Return a scale from the share of each channel's variance that the speech leaves, on training clips."""
    return lambda sampler, heard: sampler.unexplained**power


VARIANTS = {
    "0.1.0: noise 1, guidance 1.5, press": Variant(constant(1), 1.5, press=True),
    "noise 1": Variant(constant(1), press=True),
    "(i) mouth 0.5, guidance 1.5": Variant(constant(0.5), 1.5, press=True),
    "(i) mouth 0.5, guidance 1.2": Variant(constant(0.5), 1.2, press=True),
    "(i) mouth 0.5": Variant(constant(0.5), press=True),
    "(i) mouth 0.3": Variant(constant(0.3), press=True),
    "(i) mouth 0": Variant(constant(0.0), press=True),
    "(ii) square root of the unexplained share": Variant(by_unexplained(0.5), press=True),
    "(ii) unexplained share": Variant(by_unexplained(1.0), press=True),
    "(ii) mouth 0.3, more where predictions differ": Variant(by_spread(0.3, 1), press=True),
    "(ii) mouth 0.3, less where predictions differ": Variant(by_spread(0.3, -1), press=True),
    "(iii) mouth 0.3, predicted once": Variant(constant(0.3), hold=1.0, press=True),
    "(iii) mouth 0.3, again at 0.5": Variant(constant(0.3), hold=0.5, press=True),
    "(iii) mouth 0.3, again at 0.25": Variant(constant(0.3), hold=0.25, press=True),
    "mouth 0.3, no press": Variant(constant(0.3)),
    "mouth 0.3, again at 0.5, no press": Variant(constant(0.3), hold=0.5),
    "mouth 1, again at 0.25, no press": Variant(constant(1), hold=0.25),
    "as shipped: mouth 0.3, again at 0.25, no press": Variant(constant(0.3), hold=0.25),
    "as shipped, 25 steps": Variant(constant(0.3), hold=0.25, steps=25),
}


def report_row(name: str, variant: Variant, sampler: FaceSampler, judged: list[EncodedClip]) -> str:
    """Return a row of the table: all columns, and how much brows and lips differ between seeds."""
    predicted = Predictions([sampler.sample(variant, heard, 0) for heard in judged], [heard.clip for heard in judged])
    cells = [format_measure(column.measure(predicted), column.digits, column.factor) for column in COLUMNS]
    some = judged[:CLIPS_WITH_TAKES]
    takes = [np.stack([sampler.sample(variant, heard, seed) for seed in range(SEEDS)]) for heard in some]
    spread = metrics.seed_spread_by_part(takes, [heard.clip.phones for heard in some])
    cells += [format_measure(spread[part], 3) for part in ("brows", "lips")]
    return f"| {name} | " + " | ".join(cell.partition(" (")[0] for cell in cells) + " |"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.compare_sampling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="folder of cached features")
    options = parser.parse_args(arguments)

    clips, encoder = read_grid(options.data / "grid_s1"), SpeechEncoder.load()
    judged = encode_clips(Split().test_clips(clips), encoder, options.cache)
    training = encode_clips(Split().training_clips(clips)[::6], encoder, options.cache)
    sampler = FaceSampler(load_models().denoisers["face"], training)
    titles = [column.heading for column in COLUMNS] + ["brows", "lips"]
    print("| | " + " | ".join(titles) + " |\n" + "|---" * (len(titles) + 1) + "|", flush=True)
    for name, variant in tqdm(VARIANTS.items(), desc="sampling"):
        print(report_row(name, variant, sampler, judged), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
