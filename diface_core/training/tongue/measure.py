"""`python -m diface_core.training.tongue.measure CONFIG VOICE.json ...`: the tongue of voices that were held out.

CONFIG is the training's, for the corpora and the baselines. Each VOICE.json is of `training/rendering`, with its FLAC
beside it. GRID's held-out clips, and sounds without speech, are added.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import LOUDNESS, SpeechEncoder
from ...model.tongue_detector import CONTEXT, TongueDetector
from ...types import Float32Array
from .. import metrics
from ..corpora import Clip, is_held_out, read_grid
from ..corpora.not_speech import non_speech_clips
from ..evaluation.baselines import encode_clips
from ..evaluation.lip_closures import read_utterances
from ..evaluation.scorecard import Column, Predictions, table
from ..metrics import PAUSE_LABELS, lip_closures, phone_rows
from ..metrics.measure import Measure, mean_measure
from ..row_network import Example
from ..settings import TrainConfig, read_config
from ..visemes.articulation import VOWELS, base_symbol, phone_symbols
from .fit import example, sequences
from .targets import COLUMNS, sound_targets, with_tongue

PEAK, CERTAIN, ABSENT = 0.5, 0.9, 0.2
"""A peak; the least target of a sound that must have one; the largest target of one that must not."""
PENALTY = 1e3
"""Of the ridge regressions, in rows of standardised features."""
UTTERANCES = 1000

Predict = Callable[[Float32Array], Float32Array]
"""Features (T, D) -> tongue (T, 3)."""


@dataclass(frozen=True)
class Ridge:
    """A ridge regression from the rows around a row, `reach` on either side and `step` apart."""

    columns: slice
    reach: int = 0
    step: int = 1

    def fit(self, examples: Sequence[Example]) -> Predict:
        """Return the predictor."""
        clips = [np.asarray(e.features[:, self.columns], np.float32) for e in examples]
        mean = np.mean([clip.mean(0) for clip in clips], axis=0)
        deviation = np.sqrt(np.mean([clip.var(0) for clip in clips], axis=0)) + 1e-3
        rest = np.mean(np.concatenate([np.asarray(e.labels, np.float32) for e in examples]), axis=0)
        size = clips[0].shape[1] * len(self._shifts())
        gram, moment = np.zeros((size, size)), np.zeros((size, len(rest)))
        for clip, one in zip(clips, examples, strict=True):
            x = self._around((clip - mean) / deviation)
            gram += x.T @ x
            moment += x.T @ (np.asarray(one.labels, np.float32) - rest)
        weights = np.linalg.solve(gram + PENALTY * np.eye(size), moment).astype(np.float32)

        def predict(features: Float32Array) -> Float32Array:
            return self._around((features[:, self.columns] - mean) / deviation) @ weights + rest

        return predict

    def _around(self, features: Float32Array) -> Float32Array:
        """Return rows with their neighbours (T, D (2 reach / step + 1)); beyond the ends the mean."""
        padded = np.pad(features, ((self.reach, self.reach), (0, 0)))
        return np.concatenate([padded[shift : shift + len(features)] for shift in self._shifts()], axis=1)

    def _shifts(self) -> range:
        return range(0, 2 * self.reach + 1, self.step)


BASELINES = {
    "ridge, a row": Ridge(slice(None)),
    "ridge, five of nine rows": Ridge(slice(None), CONTEXT, 2),
    "loudness, nine rows": Ridge(slice(LOUDNESS, LOUDNESS + 1), CONTEXT),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.tongue.measure", description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("voices", type=Path, nargs="*")
    parser.add_argument("--weights", type=Path, help="default: the shipped file")
    parser.add_argument("--heard", type=Path, default=Path(".build/heard"), help="folder of cached features")
    options = parser.parse_args(arguments)
    config, encoder = read_config(options.config), SpeechEncoder.load()

    def judge(predict: Predict, clips: list[Clip]) -> Predictions:
        heard = encode_clips(clips, encoder, options.heard)
        return Predictions([predict(one.features) for one in heard], [with_tongue(one.clip) for one in heard])

    network = TongueDetector.load(options.weights).articulation
    methods = {"network": network} | {name: ridge.fit(_clean_examples(config)) for name, ridge in BASELINES.items()}
    grid = [clip for clip in read_grid(config.data / "grid_s1") if is_held_out(clip) and clip.phones]
    voices = {path.stem: read_utterances(path, UTTERANCES) for path in options.voices}
    pooled = [clip for clips in voices.values() for clip in clips]
    for name, clips in {"GRID": grid, f"{len(voices)} voices": pooled}.items():
        if clips:
            judged = {method: judge(predict, clips) for method, predict in methods.items()}
            print(f"\n{name}, {len(clips)} clips\n\n{table(TABLE, judged)}")
    if voices:
        print(f"\n{table(TABLE, {name: judge(network, clips) for name, clips in voices.items()})}")
    silent = non_speech_clips(60, ("grid_s1",), seed=1)
    print("\nRows of sounds without speech with more than 0.2, %, and the largest value:")
    for method, predict in methods.items():
        rest = np.concatenate(judge(predict, silent).predicted)
        print(f"{method}: {100 * (rest > ABSENT).any(1).mean():.2f}, {rest.max():.2f}")


def _clean_examples(config: TrainConfig) -> list[Example]:
    """Return the training data as recorded, without augmentation."""
    return [example(one) for one in sequences(replace(config, dataset=replace(config.dataset, augmented_passes=0)))]


def _correlation(column: int) -> Column:
    def measure(judged: Predictions) -> Measure:
        return metrics.pooled_correlation(_tracks(judged.predicted, column), _tracks(judged.truth, column))

    return Column(f"{COLUMNS[column]} r", measure, 2)


def _peaks(heading: str, column: int) -> Column:
    """Return the share of the sounds made with this part of the tongue that have a peak within a row of them."""

    def is_made_with(label: str) -> bool:
        return max(sound_targets(sound)[column] for sound in phone_symbols(label)) >= CERTAIN

    def measure(judged: Predictions) -> Measure:
        tracks = _tracks(judged.predicted, column)
        values = lip_closures.phone_extremes(tracks, judged.phones_by_clip, is_made_with, narrow=False)
        return mean_measure([float((v > PEAK).sum()) for v in values], [len(v) for v in values])

    return Column(heading, measure, 0, 100)


def _false_peaks(heading: str, kind: lip_closures.PhonePredicate) -> Column:
    """Return the share of sounds far from any raised tongue that have a peak of the tip or body."""

    def measure(judged: Predictions) -> Measure:
        counts = np.zeros((len(judged.clips), 2))
        for count, ours, clip in zip(counts, judged.predicted, judged.clips, strict=True):
            for phone in clip.phones:
                near = phone_rows(phone, len(ours), 1)
                if phone.label not in PAUSE_LABELS and kind(phone.label) and clip.values[near].max() < ABSENT:
                    count += float(ours[phone_rows(phone, len(ours))].max() > PEAK), 1.0
        return mean_measure(counts[:, 0], counts[:, 1])

    return Column(heading, measure, 1, 100)


def _is_vowel(label: str) -> bool:
    return all(base_symbol(sound) in VOWELS for sound in phone_symbols(label))


def _timing(judged: Predictions) -> Measure:
    return metrics.pooled_sync_offset(_tracks(judged.predicted, 0), _tracks(judged.truth, 0))


def _jitter(judged: Predictions) -> Measure:
    return metrics.pooled_jitter(_tracks(judged.predicted, 0), _tracks(judged.truth, 0))


def _tracks(values: Sequence[Float32Array], column: int) -> list[Float32Array]:
    return [rows[:, column] for rows in values]


TABLE = [
    *(_correlation(column) for column in range(len(COLUMNS))),
    _peaks("t d n l peak %", 0),
    _peaks("k g ŋ peak %", 1),
    _peaks("θ ð peak %", 2),
    _false_peaks("false in m b p %", lip_closures.is_labial),
    _false_peaks("false in vowels %", _is_vowel),
    Column("tip late ms", _timing, 0),
    Column("tip jitter", _jitter, 2),
]


if __name__ == "__main__":
    main()
