"""Sources and languages left out: which clips a model is trained without and evaluated on, and their features."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ....audio.feature_cache import FeatureCache, audio_key
from ....audio.loudness import SAMPLE_RATE
from ....audio.speech_encoder import SpeechEncoder
from ....types import AudioClip, Float32Array
from ... import corpora, metrics
from ...corpora import Clip, Split
from ...corpora.rendered import rendered_folder
from ...rendering.tts.voices import VOICES
from .predictors import MOUTH, Example, Predict
from .whisper_layers import layer_columns

LANGUAGE = {voice.name: voice.language.partition("-")[0] for voice in VOICES}
FAMILIES = {
    "Mandarin": ("zh",),
    "Romance": ("es", "fr", "it", "pt"),
    "German, Dutch, Swedish": ("de", "nl", "sv"),
    "Russian, Polish": ("ru", "pl"),
    "Turkish, Hindi, Korean": ("tr", "hi", "ko"),
}
"""Languages of rendered voices that are left out together. FACEGOOD is left out with Mandarin."""


DISK_LIMIT = 4 << 30
"""Bytes of cached features."""


@dataclass(frozen=True)
class Fold:
    """What one model is trained without and evaluated on."""

    name: str
    is_left_out: Callable[[Clip], bool]
    is_judged: Callable[[Clip], bool]


def language(clip: Clip) -> str:
    """Return the language of a clip, such as "en"."""
    return {"grid_s1": "en", "facegood_1114": "zh"}.get(clip.source) or LANGUAGE[clip.speaker]


def folds() -> list[Fold]:
    """Return the folds: a known source, either source left out, and each family of languages left out."""

    def held_out(source: str) -> Callable[[Clip], bool]:
        return lambda clip: clip.source == source and corpora.is_held_out(clip)

    found = [Fold("GRID known", held_out("grid_s1"), held_out("grid_s1"))]
    for name, source in (("GRID left out", "grid_s1"), ("FACEGOOD left out", "facegood_1114")):
        found.append(Fold(name, lambda clip, source=source: clip.source == source, held_out(source)))
    for name, members in FAMILIES.items():
        found.append(
            Fold(
                f"{name} left out",
                lambda clip, members=members: language(clip) in members,
                lambda clip, members=members: clip.source == "rendered" and language(clip) in members,
            )
        )
    return found


@dataclass(frozen=True)
class Judged:
    """The lips of the clips that a fold is evaluated on.

    Attributes:
        ours: How far the predicted lips are apart (T,) in each clip.
        truth: The same of the labels.
        is_grid: Whether all clips are GRID's, of which r_res is stated.
    """

    ours: list[Float32Array]
    truth: list[Float32Array]
    is_grid: bool


def judge(
    fold: Fold, clips: list[Clip], features: list[Float32Array], fit: Callable[[list[Example]], Predict]
) -> Judged:
    """Return the lips of the judged clips by a model that was fitted without them and without what is left out."""
    pairs = list(zip(clips, features, strict=True))
    predict = fit(
        [
            Example(x, clip.values[:, MOUTH], clip.known[MOUTH])
            for clip, x in pairs
            if not (fold.is_left_out(clip) or fold.is_judged(clip))
        ]
    )
    judged = [(clip, x) for clip, x in pairs if fold.is_judged(clip)]
    mouths = [predict(x) for _, x in judged]
    return Judged(
        [np.maximum(mouth[:, 0] - mouth[:, 1], 0) for mouth in mouths],
        [metrics.aperture(clip.values) for clip, _ in judged],
        all(clip.source == "grid_s1" for clip, _ in judged),
    )


def select_clips(data: Path, rendered: Path, every: int, utterances: int) -> list[Clip]:
    """Return held-out clips, every nth other clip of GRID, all of FACEGOOD, and some utterances of each voice."""
    clips = corpora.read_corpora(data)
    kept = [clip for clip in clips if corpora.is_held_out(clip)]
    for source in ("grid_s1", "facegood_1114"):
        mine = [clip for clip in clips if clip.source == source]
        mine = [clip for clip in Split().training_clips(mine) if not corpora.is_held_out(clip)]
        kept += mine[:: every if source == "grid_s1" else 1]
    counted: dict[str, int] = {}
    for clip in rendered_folder(rendered):
        counted[clip.speaker] = counted.get(clip.speaker, 0) + 1
        if counted[clip.speaker] <= utterances:
            kept.append(clip)
    return kept


def encode(clips: list[Clip], encoder: SpeechEncoder, cache: Path) -> list[Float32Array]:
    """Return the features of each clip, from the cache where they are."""
    feature_cache = FeatureCache(cache, disk_limit=DISK_LIMIT)
    found = []
    for clip in tqdm(clips, desc="hearing", unit="clip", mininterval=30):
        sound = AudioClip(clip.samples, SAMPLE_RATE)
        found.append(
            feature_cache.get_or_put(audio_key(sound, encoder.hash), lambda sound=sound: encoder.encode(sound))
        )
    return found


def layer_features(encoded: list[Float32Array], name: str, layer: int) -> list[Float32Array]:
    """Return one layer of an encoder's features (T, D) of each clip, with mel bands and loudness."""
    columns = layer_columns(name, layer)
    return [np.concatenate([x[:, part] for part in columns], axis=1) for x in encoded]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name data and folders."""
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--wheels", type=Path, default=Path(".build/downloads"), help="folder of the encoders' wheels")
    parser.add_argument("--rendered", type=Path, default=Path(".build/training/rendered"), help="rendered voices")
    parser.add_argument("--cache", type=Path, default=Path(".build/encoders"), help="folder of cached features")
