"""`python -m diface_core.training.evaluation.compare`: compare networks and features on the same clips, as a table."""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...learning.sequence import TrainingSequence
from ...model.models import Models
from ...networks.denoiser import Denoiser
from ...networks.torch_denoiser import TorchDenoiser
from ...types import AudioSection, Float32Array, GenerateRequest, Style
from .. import metrics, run, sources, validation_sequences
from ..settings import TrainConfig, read_config

CONFIGS = Path(__file__).parents[1] / "configs"
REPEATS = 5


@dataclass(frozen=True)
class Result:
    """The measures of one variant.

    Attributes:
        name: The variant.
        millions: Weights in millions.
        step: Seconds of a training step.
        sample: Seconds of 8 sampling steps over a minute.
        scores: r and r_res by number of steps and style.
    """

    name: str
    millions: float
    step: float
    sample: float
    scores: dict[int, dict[str, tuple[float, float]]]


def make_variant(base: TrainConfig, name: str, changes: dict[str, Any], steps: int) -> TrainConfig:
    """Return `base` with a variant's changes, trained for `steps` steps into the cache folder."""
    model = {**base.model, **changes.get("model", {})}
    rest = {key: value for key, value in changes.items() if key != "model"}
    if model["features"] != base.model["features"]:
        rest.setdefault("audio_stream_dropout", 0.0)  # only one stream is left
    out = base.cache / "compare" / f"{name.replace(' ', '_')}.safetensors"
    return dataclasses.replace(base, out=out, steps=steps, validate_every=0, save_every=0, model=model, **rest)


def score_denoiser(denoiser: Denoiser, sequences: list[TrainingSequence], steps: int) -> dict[str, tuple[float, float]]:
    """Return r and r_res (nan for clips of several lengths) of the lips' distance, by style; guidance 1."""
    models, scores = Models({"face": TorchDenoiser(denoiser)}, ""), {}
    for style in dict.fromkeys(s.style for s in sequences if s.style in denoiser.config.styles):
        mine = [s for s in sequences if s.style == style]
        request = GenerateRequest(AudioSection(Path()), ("face",), steps=steps, guidance=1.0, style=Style.named(style))

        def opening(s: TrainingSequence, request: GenerateRequest = request) -> Float32Array:
            return metrics.aperture(models.sample(s.features.astype(np.float32), request).values)

        ours, truth = [opening(s) for s in mine], [metrics.aperture(s.values.astype(np.float32)) for s in mine]
        same = len({len(track) for track in truth}) == 1
        res = metrics.residual_correlation(ours, truth) if same else float("nan")
        scores[style] = (metrics.correlation(ours, truth), res)
    return scores


def sampling_seconds(denoiser: Denoiser, rows: int = 1800) -> float:
    """Return the median time of 8 steps over a minute of features."""
    request = GenerateRequest(AudioSection(Path()), ("face",), steps=8, guidance=1.0)
    models, features = Models({"face": TorchDenoiser(denoiser)}, ""), np.zeros((rows, 401), np.float32)

    def once() -> float:
        begin = time.perf_counter()
        models.sample(features, request)
        return time.perf_counter() - begin

    return statistics.median(once() for _ in range(REPEATS))


def train_and_score(
    config: TrainConfig, name: str, training: list[TrainingSequence], test_sequences: list[TrainingSequence]
) -> Result:
    """Train one variant and measure it."""
    config.out.parent.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    denoiser = run.train(config, training, sources.SOURCES[config.source].styles)
    step = (time.perf_counter() - begin) / config.steps
    millions = sum(p.numel() for p in denoiser.parameters()) / 1e6
    return Result(
        name,
        millions,
        step,
        sampling_seconds(denoiser),
        {steps: score_denoiser(denoiser, test_sequences, steps) for steps in (1, 8)},
    )


def table(results: list[Result]) -> str:
    """Format the results as Markdown, one row per variant; times as multiples of the first's."""
    first = results[0]
    styles = [f"{style}, {steps} steps: r / r_res" for steps in first.scores for style in first.scores[steps]]
    titles = ["", "M weights", "time of a training step", "time of 8 steps", *styles]
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for one in results:
        cells = [one.name, f"{one.millions:.1f}", f"{one.step / first.step:.1f}", f"{one.sample / first.sample:.1f}"]
        pairs = [pair for scores in one.scores.values() for pair in scores.values()]
        cells += [f"{r:.3f}" + ("" if np.isnan(res) else f" / {res:.3f}") for r, res in pairs]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.evaluation.compare", description=__doc__)
    parser.add_argument("--base", type=Path, default=CONFIGS / "face.toml")
    parser.add_argument("--variants", type=Path, default=CONFIGS / "compare.toml")
    parser.add_argument("--only", nargs="+", help="names of variants")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--quick", action="store_true", help="only the bundled corpora, two passes")
    options = parser.parse_args(arguments)

    base, variants = read_config(options.base), tomllib.loads(options.variants.read_text())
    if options.quick:
        base = dataclasses.replace(
            base, dataset=dataclasses.replace(base.dataset, corpora=(), clean_passes=1, augmented_passes=1)
        )
    training = sources.SOURCES[base.source].sequences(base.data, base.dataset, base.cache)
    held = validation_sequences.held_out_sequences(base)
    results: list[Result] = []
    for name in options.only or variants:
        results.append(train_and_score(make_variant(base, name, variants[name], options.steps), name, training, held))
        print(table(results), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
