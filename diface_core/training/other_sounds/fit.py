"""`python -m diface_core.training.other_sounds.fit SPEECH ...`: fit the classifier of sounds, write its weights.

SPEECH are sound files, or folders of them: the corpora and the rendered voices. Laughs, coughs, breaths, music and
noise are synthesised, so that every recorded one is left to measure with.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import optimize
from tqdm import tqdm

from ...audio.loudness import SAMPLE_RATE
from ...audio.reading import load_clip
from ...audio.speech_encoder import SpeechEncoder
from ...nonverbal.sounds.sound_classes import CLASSES, WEIGHTS, SoundClassifier, summaries
from ...types import AudioClip, AudioSection, Float32Array, Float64Array, Int64Array
from .sequences import UNKNOWN, draw_sequence

SEQUENCES = 560
UTTERANCE, UTTERANCES = 4.0, 10
"""Seconds of an utterance, and how many are taken of each minute and each file."""
EVERY = 2
"""Of so many rows one is used: neighbours are nearly equal."""
PENALTY = 1e-2
"""Weight of the squared weights (summaries have unit variance)."""
SOUND_FILES = (".flac", ".wav", ".ogg")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.other_sounds.fit", description=__doc__)
    parser.add_argument("speech", type=Path, nargs="+", help="sound files, or folders of them")
    parser.add_argument("--sequences", type=int, default=SEQUENCES)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    speeches = list(read_utterances(options.speech))
    print(f"{len(speeches)} utterances")
    rows, labels = training_rows(speeches, options.sequences)
    print(", ".join(f"{name}: {(labels == number).sum()} rows" for number, name in enumerate(CLASSES)))
    fit(rows, labels).save(options.out)


def read_utterances(paths: list[Path]) -> Iterator[Float32Array]:
    """Yield utterances of UTTERANCE seconds from random places of sound files."""
    rng = np.random.default_rng(0)
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    length = round(UTTERANCE * SAMPLE_RATE)
    for file in files:
        if file.suffix not in SOUND_FILES:
            continue
        samples = load_clip(AudioSection(file)).samples
        count = min(150, max(UTTERANCES, UTTERANCES * len(samples) // (60 * SAMPLE_RATE)))
        for first in rng.integers(0, max(1, len(samples) - length), count).tolist():
            yield samples[first : first + length]


def training_rows(speeches: list[Float32Array], count: int) -> tuple[Float32Array, Int64Array]:
    """Return summaries (N, F) and classes (N,) of the rows of `count` sequences."""
    encoder, rows, labels = SpeechEncoder.load(), [], []
    for seed in tqdm(range(count)):
        sequence = draw_sequence(speeches, seed)
        found = summaries(encoder.encode(AudioClip(sequence.samples, SAMPLE_RATE)))
        counted = np.flatnonzero(sequence.labels != UNKNOWN)[::EVERY]
        rows.append(found[counted])
        labels.append(sequence.labels[counted])
    return np.concatenate(rows), np.concatenate(labels)


def fit(rows: Float32Array, labels: Int64Array) -> SoundClassifier:
    """Return the softmax regression of classes (N,) on rows (N, F); every class counts equally."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    inputs, wanted = (rows - mean) / scale, np.eye(len(CLASSES))[labels]
    importance = 1 / (len(CLASSES) * np.bincount(labels, minlength=len(CLASSES)))[labels]
    shape = inputs.shape[1], len(CLASSES)

    def loss(flat: Float64Array) -> tuple[float, Float64Array]:
        weights, bias = flat[: -shape[1]].reshape(shape), flat[-shape[1] :]
        scores = inputs @ weights + bias
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        entropy = -np.log(np.maximum(shares[np.arange(len(labels)), labels], 1e-12))
        off = importance[:, None] * (shares - wanted)
        gradient = np.concatenate([(inputs.T @ off + 2 * PENALTY * weights).ravel(), off.sum(axis=0)])
        return float(importance @ entropy + PENALTY * np.square(weights).sum()), gradient

    start = np.zeros(shape[0] * shape[1] + shape[1])
    flat = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    weights, bias = flat[: -shape[1]].reshape(shape), flat[-shape[1] :]
    return SoundClassifier(*(np.asarray(array, np.float32) for array in (mean, scale, weights, bias)))


if __name__ == "__main__":
    main()
