"""`python -m diface_core.training.evaluate_head`: amplitude and speed of generated heads beside natural ones."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..audio import load_clip
from ..features import DIMENSION, LOUDNESS, SpeechEncoder
from ..model.bundle import Models, load_models
from ..types import MODEL_RATE, AudioSection, FloatArray, GenerateRequest
from . import head_tracks

SEEDS = 4


def statistics(rotation: FloatArray) -> FloatArray:
    """Deviation of the rotation vector (T, 3) in degrees and of its speed in degrees/s, axis by axis: (6,)."""
    degrees = np.degrees(rotation)
    return np.concatenate([degrees.std(0), (np.diff(degrees, axis=0) * MODEL_RATE.value).std(0)])


def generated(models: Models, features: FloatArray, steps: int) -> FloatArray:
    """The mean statistics of some seeds."""
    requests = [GenerateRequest(AudioSection(Path()), ("head",), seed=seed, steps=steps) for seed in range(SEEDS)]
    return np.mean([statistics(models.sample(features, request).values) for request in requests], axis=0)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.evaluate_head", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--speech", type=Path, default=Path("tests/data/speech.flac"))
    parser.add_argument("--steps", type=int, default=25)
    given = parser.parse_args(arguments)

    models, tracks = load_models(), head_tracks.tracks(given.data / "head_tracks")
    rows = {"natural, median of 12": np.median([statistics(rotation) for rotation, _ in tracks.values()], axis=0)}
    for name in sorted(name for name, (_, loudness) in tracks.items() if np.isfinite(loudness).all()):
        rotation, loudness = tracks[name]
        features = np.zeros((len(rotation), DIMENSION), np.float32)
        features[:, LOUDNESS] = loudness
        kind = "held out" if name in head_tracks.HELD_OUT else "trained on"
        rows[f"{name}, natural ({kind})"] = statistics(rotation)
        rows[f"{name}, ours"] = generated(models, features, given.steps)
    speech = SpeechEncoder.load().encode(load_clip(AudioSection(given.speech)))
    rows[f"{given.speech.name}, ours"] = generated(models, speech, given.steps)

    print("| | nod ° | tip ° | turn ° | nod °/s | tip °/s | turn °/s |\n|---|---|---|---|---|---|---|")
    for name, values in rows.items():
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in values) + " |")


if __name__ == "__main__":
    main()
