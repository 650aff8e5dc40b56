"""`python -m diface_core.training.evaluate`: our models and the baselines on clips never trained on, as a table."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .. import channels
from ..feature_cache import FeatureCache, key_of
from ..features import LOUDNESS, RATE, SpeechEncoder
from ..model import lips
from ..model.bundle import WEIGHTS, Models, load_models
from ..types import AudioClip, AudioSection, FloatArray, GenerateRequest, Style
from . import metrics
from .corpora import Clip, held_out, sealed
from .sources import face_clips

Predict = Callable[[FloatArray], FloatArray]
"""Features (T, D) -> face weights (T, 52)."""

RIDGE = (1e1, 1e2, 1e3, 1e4)


@dataclass(frozen=True)
class Heard:
    """A clip and its features, computed from the clip alone."""

    clip: Clip
    features: FloatArray


def hear(clips: list[Clip], encoder: SpeechEncoder, cache: Path) -> list[Heard]:
    """Features of every clip, as a user who brings that clip alone would get them."""
    kept = FeatureCache(cache)

    def features(clip: Clip) -> FloatArray:
        sound = AudioClip(clip.samples, RATE)
        key = key_of(sound, encoder.hash)
        known = kept.get(key)
        return kept.put(key, encoder.encode(sound)) if known is None else known

    return [Heard(clip, features(clip)) for clip in tqdm(clips, desc="hearing", unit="clip")]


def ridge(train: list[Heard]) -> Predict:
    """Ridge regression from a row of features to the weights; its penalty chosen on every eighth training clip."""
    known = train[0].clip.known
    folds = [[h for i, h in enumerate(train) if (i % 8 == 0) == checked] for checked in (False, True)]

    def fit(some: list[Heard], penalty: float) -> Predict:
        x = np.concatenate([h.features for h in some]).astype(np.float64)
        y = np.concatenate([h.clip.values for h in some]).astype(np.float64)
        mean, deviation, rest = x.mean(0), x.std(0) + 1e-6, y.mean(0)
        x = (x - mean) / deviation
        weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (y - rest))

        def predict(features: FloatArray) -> FloatArray:
            return (((features - mean) / deviation) @ weights + rest).astype(np.float32)

        return predict

    def error(penalty: float) -> float:
        predict = fit(folds[0], penalty)
        return float(np.mean([((predict(h.features) - h.clip.values)[:, known] ** 2).mean() for h in folds[1]]))

    return fit(train, min(RIDGE, key=error))


def with_meeting_lips(predict: Predict) -> Predict:
    """A baseline whose lips are pressed shut as ours are (`model/lips.py`)."""
    return lambda features: lips.meet(predict(features))


def seal(heard: list[Heard]) -> list[Heard]:
    """The same with m, b and p sealed in the labels, as our models are trained on."""
    return [dataclasses.replace(h, clip=sealed(h.clip)) for h in heard]


def loudness_to_jaw(train: list[Heard]) -> Predict:
    """The jaw opens in proportion to loudness; nothing else moves."""
    x = np.concatenate([h.features[:, LOUDNESS] for h in train])
    slope, rest = np.polyfit(x, np.concatenate([metrics.column(h.clip.values, "jawOpen") for h in train]), 1)

    def predict(features: FloatArray) -> FloatArray:
        values = np.zeros((len(features), len(channels.FACE)), np.float32)
        values[:, channels.FACE.index("jawOpen")] = slope * features[:, LOUDNESS] + rest
        return values

    return predict


def mean_track(train: list[Heard]) -> Predict:
    """The mean of the training clips, row by row: what a clip's place in the corpus tells, without its sound."""
    longest = max(len(h.clip.values) for h in train)
    total, count = np.zeros((longest, len(channels.FACE))), np.zeros((longest, 1))
    for h in train:
        total[: len(h.clip.values)] += h.clip.values
        count[: len(h.clip.values)] += 1
    track = (total / count).astype(np.float32)
    return lambda features: track[np.minimum(np.arange(len(features)), longest - 1)]


def ours(models: Models, style: str, steps: int, guidance: float, seed: int = 0) -> Predict:
    """The diffusion model."""
    request = GenerateRequest(
        AudioSection(Path()),
        ("face",),
        seed=seed,
        steps=steps,
        guidance=guidance,
        style=Style.of(style),
    )
    return lambda features: models.sample(features, request).values


def measure(mine: list[FloatArray], clips: list[Clip]) -> dict[str, float]:
    """All measures of one row of the table: face weights (T, 52) for each clip, against the clips' own."""
    truth = [clip.values for clip in clips]
    gap, true_gap = [metrics.aperture(v) for v in mine], [metrics.aperture(v) for v in truth]

    def r(channel: str) -> float:
        return metrics.correlation(*([metrics.column(v, channel) for v in some] for some in (mine, truth)))

    closures, lift = metrics.closure_rates(gap, clips)
    same_length = len({len(v) for v in truth}) == 1
    return {
        "jawOpen r": r("jawOpen"),
        "mouthPucker r": r("mouthPucker"),
        "aperture r": metrics.correlation(gap, true_gap),
        "aperture r_res": metrics.residual_correlation(gap, true_gap) if same_length else float("nan"),
        "m b p closed %": 100 * closures,
        "lift": 100 * lift,
        "late by ms": metrics.sync_offset(gap, true_gap),
        "jitter ratio": metrics.jitter(gap) / metrics.jitter(true_gap),
    }


def rows(
    models: Models, style: str, heard: list[Heard], steps: list[int], guidances: list[float]
) -> dict[str, Predict]:
    """What is compared, by name; baselines are fitted to the style's training clips."""
    train = [h for h in heard if not held_out(h.clip)]
    compared: dict[str, Predict] = {
        "mean track, no sound": mean_track(train),
        "loudness to jaw": loudness_to_jaw(train),
        "ridge on the features": ridge(train),
        "ridge, our labels and lips": with_meeting_lips(ridge(seal(train))),
    }
    for count in steps:
        for scale in guidances:
            compared[f"ours, {count} steps, guidance {scale:g}"] = ours(models, style, count, scale)
    return compared


def table(results: dict[str, dict[str, float]]) -> str:
    """Markdown, one row a method."""
    names = list(next(iter(results.values())))
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for name, scores in results.items():
        cells = ["" if np.isnan(v) else f"{v:.0f}" if "r" not in n.split() and "r_res" not in n and "ratio" not in n
                 else f"{v:.3f}" for n, v in scores.items()]  # fmt: skip
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="where features are kept")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 8, 25])
    parser.add_argument("--guidance", type=float, nargs="+", default=[1.0])
    parser.add_argument("--out", type=Path, help="write the tables to this file too")
    options = parser.parse_args(arguments)

    encoder, models = SpeechEncoder.load(), load_models(options.weights)
    clips = face_clips(options.data)
    parts = []
    for style in dict.fromkeys(clip.style for clip in clips):
        heard = hear([clip for clip in clips if clip.style == style], encoder, options.cache)
        judged = [h for h in heard if held_out(h.clip)]
        compared = rows(models, style, heard, options.steps, options.guidance)
        judged_clips = [h.clip for h in judged]
        results = {"truth": measure([clip.values for clip in judged_clips], judged_clips)}
        for name, predict in tqdm(compared.items(), desc=style):
            results[name] = measure([predict(h.features) for h in judged], judged_clips)
        parts.append(f"### {style}: {len(judged)} clips held out\n\n{table(results)}\n")
    text = "\n".join(parts)
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
