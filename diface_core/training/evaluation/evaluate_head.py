"""`python -m diface_core.training.evaluation.evaluate_head`: compare generated heads with natural ones."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch

from ...audio.loudness import measure_audio
from ...audio.speech_encoder import DIMENSION, LOUDNESS
from ...diffusion.known_region import unconstrained
from ...diffusion.sampler import sample
from ...model.models import WEIGHTS
from ...networks import checkpoint
from ...networks.denoiser import Denoiser
from ...types import Float32Array
from .. import corpora
from ..head import head_measures as measures
from ..head import head_tracks
from ..head.head_measures import RATE, AnyFloatArray
from ..head.head_prior import HeadPrior
from ..head.head_prior_fit import MIN_SPECTRUM_ROWS, has_speech

TrackArrays = tuple[AnyFloatArray, AnyFloatArray]
"""Rotation vectors (T, 3) in rad and loudness (T,)."""
HeadSampler = Callable[[AnyFloatArray], AnyFloatArray]
"""Loudness (T,) -> rotation vectors (S, T, 3) in rad of several seeds."""

STEPS = (1, 2, 4, 8, 25)
SEEDS = 8
COLUMNS = (
    "nod °", "tilt °", "turn °", "nod °/s", "tilt °/s", "turn °/s", "spectrum dB", "beats", "by chance", "lead r",
    "phrase ends", "pauses",
)  # fmt: skip


def prior_sampler(prior: HeadPrior) -> HeadSampler:
    """Return a sampler of the prior."""
    return lambda loudness: np.stack([prior.draw(loudness, np.random.default_rng(seed)) for seed in range(SEEDS)])


def denoiser_sampler(denoiser: Denoiser, steps: int) -> HeadSampler:
    """Return a sampler of the denoiser with `steps` steps."""

    def perform(loudness: AnyFloatArray) -> AnyFloatArray:
        features = torch.zeros(1, len(loudness), DIMENSION)
        features[0, :, LOUDNESS] = torch.from_numpy(np.asarray(loudness, np.float32))
        noise = np.stack([np.random.default_rng(seed).standard_normal((len(loudness), 3)) for seed in range(SEEDS)])
        with torch.inference_mode():
            speech, style = denoiser.speech(features), denoiser.style_vector(torch.zeros(1, dtype=torch.long))

            def denoise(xt: Float32Array, t: float) -> Float32Array:
                return denoiser(torch.from_numpy(xt), torch.full((1,), t), speech, style).numpy()

            xt = noise.astype(np.float32)
            x0 = sample(denoise, xt, unconstrained(xt), steps)
            return denoiser.denormalise(torch.from_numpy(x0)).numpy()

    return perform


def measure_motion(rotation: AnyFloatArray, loudness: AnyFloatArray, natural: AnyFloatArray) -> AnyFloatArray:
    """Return the COLUMNS of one motion (T, 3), NaN where a measure is not defined."""
    degrees = np.degrees(rotation.astype(np.float64))
    values = [
        *degrees.std(0),
        *(np.diff(degrees, axis=0) * RATE).std(0),
        np.nan,
        np.nan,
        np.nan,
        np.nan,
        np.nan,
        np.nan,
    ]
    if len(rotation) >= MIN_SPECTRUM_ROWS:
        shape = measures.unit_power(measures.spectrum(degrees))
        values[6] = measures.spectral_distance(shape, natural).mean()
    if has_speech(loudness):
        values[7:9] = measures.beat_alignment(degrees, loudness, np.random.default_rng(0))
        values[9] = measures.loudness_correlation(degrees, loudness)
        values[10:] = measures.phrase_end_speed_ratio(degrees, loudness), measures.pause_speed_ratio(degrees, loudness)
    return np.array(values)


def table(title: str, rows: dict[str, list[AnyFloatArray]]) -> str:
    """Format as Markdown: medians over motions, each with its 95% bootstrap interval over the motions."""
    lines = [f"### {title}\n", "| | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    rng = np.random.default_rng(0)
    for name, motions in rows.items():
        cells = []
        for column, values in zip(COLUMNS, np.array(motions).T, strict=True):
            digits = 1 if "°" in column or "dB" in column else 2
            cells.append(_cell(values[np.isfinite(values)], digits, rng))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(values: AnyFloatArray, digits: int, rng: np.random.Generator) -> str:
    if not len(values):
        return ""
    if len(values) < 3:
        return f"{np.median(values):.{digits}f}"
    draws = np.median(rng.choice(values, (1000, len(values))), axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{np.median(values):.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def load_unseen_sounds(data: Path, speech: Path) -> dict[str, AnyFloatArray]:
    """Return the loudness of sounds not used in training: the sample speech, and held-out clips, joined to a minute."""
    sounds = {speech.name: soundfile.read(speech, dtype="float32")[0].astype(np.float32)}
    for name, clips in {
        "GRID": corpora.read_grid(data / "grid_s1"),
        "FACEGOOD": corpora.read_facegood(data / "facegood"),
    }.items():
        held_out = [clip.samples for clip in clips if corpora.is_held_out(clip)]
        sounds[f"{name}, held out"] = np.concatenate(held_out)[: 60 * 16_000]
    return {name: measure_audio([samples]).loudness for name, samples in sounds.items()}


def seed_diversity(motions: AnyFloatArray) -> float:
    """Return the distance between seeds (S, T, 3) over the motion's deviation: 1 if independent, 0 if equal."""
    return float(np.sqrt(motions.var(0).mean() / motions.var(1).mean()))


def _evaluation_sounds(
    options: argparse.Namespace, tracks: dict[str, TrackArrays], fitted: dict[str, TrackArrays]
) -> dict[str, dict[str, tuple[AnyFloatArray | None, AnyFloatArray]]]:
    """Return natural rotations (T, 3), if any, and loudness (T,) by title and sound."""
    return {
        "On the loudness of the natural clips that the prior was fitted to": {
            name: track for name, track in fitted.items() if has_speech(track[1])
        },
        "On the loudness of the natural clips held out": {name: tracks[name] for name in head_tracks.HELD_OUT},
        "On new sounds": {
            name: (None, loudness) for name, loudness in load_unseen_sounds(options.data, options.speech).items()
        },
        "In silence (a minute)": {f"{level}": (None, np.full(1800, level)) for level in (-3.0, -1.5)},
    }


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.evaluate_head", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--speech", type=Path, default=Path("tests/data/speech.flac"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS / "head.safetensors")
    options = parser.parse_args(arguments)

    denoiser, _ = checkpoint.load(options.weights)
    makers = {"prior": prior_sampler(HeadPrior.load())}
    makers |= {f"ours, {steps} steps": denoiser_sampler(denoiser, steps) for steps in STEPS}
    tracks = head_tracks.load_tracks(options.data / "head_tracks")
    fitted = {name: track for name, track in tracks.items() if name not in head_tracks.HELD_OUT}
    natural = measures.median_spectrum(
        [rotation for rotation, _ in fitted.values() if len(rotation) >= MIN_SPECTRUM_ROWS]
    )

    every = [measure_motion(rotation, loudness, natural) for rotation, loudness in tracks.values()]
    print(table("Natural", {"12 people": every}))
    sets = _evaluation_sounds(options, tracks, fitted)
    seeds = {}
    for title, sounds in sets.items():
        rows = {"natural": [measure_motion(r, loudness, natural) for r, loudness in sounds.values() if r is not None]}
        for name, perform in makers.items():
            made = [(perform(loudness), loudness) for _, loudness in sounds.values()]
            rows[name] = [measure_motion(motion, loudness, natural) for motions, loudness in made for motion in motions]
            seeds[name, title] = np.mean([seed_diversity(motions) for motions, _ in made])
        print(table(title, {name: values for name, values in rows.items() if values}))
    print("Distance between seeds, over the motion itself: " + ", ".join(
        f"{name} {seeds[name, 'On new sounds']:.2f}" for name in makers))  # fmt: skip


if __name__ == "__main__":
    main()
