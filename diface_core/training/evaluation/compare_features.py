"""`python -m diface_core.training.evaluation.compare_features`: ridges on subsets of the features, across sources."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ...audio.speech_encoder import DIMENSION, LOUDNESS, MEL, SPEECH, SpeechEncoder
from ...types import MODEL_RATE, Float32Array
from .. import corpora, metrics
from ..corpora import Clip
from ..rendering import recogniser
from .baselines import EncodedClip, encode_clips, ridge

LEVEL, PITCH = slice(LOUDNESS, LOUDNESS + 1), slice(DIMENSION, DIMENSION + 2)
IPA = slice(DIMENSION + 2, None)
FEATURE_SETS: dict[str, tuple[slice, ...]] = {
    "encoder": (SPEECH,),
    "mel bands and loudness": (MEL, LEVEL),
    "loudness": (LEVEL,),
    "loudness and pitch": (LEVEL, PITCH),
    "all": (SPEECH, MEL, LEVEL),
    "all and pitch": (SPEECH, MEL, LEVEL, PITCH),
}
IPA_FEATURE_SETS: dict[str, tuple[slice, ...]] = {
    "IPA posteriors": (IPA,),
    "IPA posteriors, mel bands and loudness": (MEL, LEVEL, IPA),
    "all and IPA posteriors": (SPEECH, MEL, LEVEL, IPA),
}
"""Additional sets with the recogniser hama."""
RATE = 16_000
WINDOW = 800
"""Samples in which pitch is estimated: 50 ms, three periods of a low voice."""
LAGS = slice(RATE // 400, RATE // 60)
"""Periods, in samples, of voices from 400 down to 60 Hz."""
OCTAVE_COST = 0.02
"""Penalty of an octave lower: multiples of a period fit as well as the period itself."""
VOICED = 0.5
"""Autocorrelation relative to the power above which a row has a pitch."""


def pitch(samples: Float32Array, rows: int) -> Float32Array:
    """Return (rows, 2): how voiced each row is, 0 to 1, and for voiced rows the pitch in octaves above 100 Hz.

    By the highest peak of the autocorrelation, corrected for the shorter overlap at long lags (Boersma 1993).
    """
    padded = np.pad(samples, (WINDOW // 2, WINDOW))
    starts = (np.arange(rows) / MODEL_RATE.value * RATE).astype(int)
    frames = padded[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, 2 * WINDOW)) ** 2
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(WINDOW), 2 * WINDOW)) ** 2)
    correlation = np.fft.irfft(power) / np.maximum(window, 0.02 * window[0])
    correlation /= np.maximum(correlation[:, :1], 1e-9)
    voicing = correlation[:, LAGS].max(axis=1).clip(0, 1)
    octaves = np.log2(RATE / np.arange(LAGS.start, LAGS.stop) / 100)
    best = (correlation[:, LAGS] + OCTAVE_COST * octaves).argmax(axis=1)
    return np.stack([voicing, octaves[best] * (voicing > VOICED)], axis=1).astype(np.float32)


def with_pitch(encoded: EncodedClip) -> EncodedClip:
    """Return the clip with its pitch appended to the features."""
    features = np.concatenate([encoded.features, pitch(encoded.clip.samples, len(encoded.features))], axis=1)
    return dataclasses.replace(encoded, features=features)


def with_ipa(encoded: EncodedClip) -> EncodedClip:
    """Return the clip with hama's IPA posteriors appended as probabilities, corrected for their delay.

    Raises:
        DifaceError: Hama is not installed.
    """
    posteriors = np.exp(recogniser.ipa_posteriors(encoded.clip.samples))
    at = (np.arange(len(encoded.features)) / MODEL_RATE.value + recogniser.DELAY) * RATE / recogniser.ROW_SAMPLES
    at = np.minimum(at, len(posteriors) - 1)
    below = np.minimum(at.astype(int), len(posteriors) - 2)
    part = (at - below).astype(np.float32)[:, None]
    rows = posteriors[below] * (1 - part) + posteriors[below + 1] * part
    return dataclasses.replace(encoded, features=np.concatenate([encoded.features, rows], axis=1))


def select_features(encoded: list[EncodedClip], columns: tuple[slice, ...]) -> list[EncodedClip]:
    """Return the same clips with some columns of their features."""
    return [
        dataclasses.replace(h, features=np.concatenate([h.features[:, part] for part in columns], axis=1))
        for h in encoded
    ]


def aperture_correlation(train: list[EncodedClip], test: list[EncodedClip]) -> float:
    """Return r of the lips' distance of a ridge from row to weights."""
    predict = ridge(train)
    ours = [metrics.aperture(predict(h.features)) for h in test]
    return metrics.correlation(ours, [metrics.aperture(h.clip.values) for h in test])


def _subsample(clips: list[Clip], every: int) -> list[Clip]:
    """Return every `every`-th training clip, and a subset of the held-out ones."""
    kept = [clip for clip in clips if corpora.is_held_out(clip)]
    return [clip for clip in clips if not corpora.is_held_out(clip)][::every] + kept[
        :: min(every, max(1, len(kept) // 4))
    ]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.compare_features", description=__doc__
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="folder of cached features")
    parser.add_argument("--ipa", action="store_true", help="add hama's IPA posteriors (slow)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="use every Nth clip of a source")
    options = parser.parse_args(arguments)

    clips = corpora.read_corpora(options.data)
    sources = list(dict.fromkeys(clip.source for clip in clips))
    clips = [clip for source in sources for clip in _subsample([c for c in clips if c.source == source], options.every)]
    heard: dict[str, list[EncodedClip]] = {}
    for one in tqdm(encode_clips(clips, SpeechEncoder.load(), options.cache), desc="pitch", unit="clip"):
        one = with_pitch(one)
        heard.setdefault(one.clip.source, []).append(with_ipa(one) if options.ipa else one)
    pairs = [(trained, judged) for trained in heard for judged in heard]
    print("| | " + " | ".join(f"{a} to {b}" for a, b in pairs) + " |\n" + "|---" * (len(pairs) + 1) + "|")
    for name, columns in (FEATURE_SETS | IPA_FEATURE_SETS if options.ipa else FEATURE_SETS).items():
        some = {source: select_features(clips, columns) for source, clips in heard.items()}
        scores = [
            aperture_correlation(
                [h for h in some[trained] if not corpora.is_held_out(h.clip)],
                [h for h in some[judged] if corpora.is_held_out(h.clip)],
            )
            for trained, judged in pairs
        ]
        print(f"| {name} | " + " | ".join(f"{score:.2f}" for score in scores) + " |", flush=True)


if __name__ == "__main__":
    main()
