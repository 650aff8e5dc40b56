"""The clips held out, as sequences: what a training is measured on while it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..audio.feature_cache import FeatureCache, key_of
from ..audio.speech_encoder import DIMENSION, LOUDNESS, RATE, SpeechEncoder
from ..types import AudioClip
from . import corpora
from .corpora import Clip
from .dataset import Sequence
from .head import head_tracks
from .settings import TrainConfig
from .sources import face_clips

MOST = 48
"""Clips judged of one style: enough to see where a training goes, few enough to measure often."""


def sequences(config: TrainConfig) -> list[Sequence]:
    """What a training of this configuration holds out: head tracks for "head", else clips as its split chooses them."""
    if config.source == "head":
        return _tracks(config.data / "head_tracks")
    clips = corpora.Split(config.dataset.split).judging(face_clips(config.data, config.dataset.corpora))
    few = [
        clip for style in sorted({c.style for c in clips}) for clip in _evenly([c for c in clips if c.style == style])
    ]
    return alone(few, SpeechEncoder.load(), config.cache / "heard")


def _evenly(clips: list[Clip]) -> list[Clip]:
    """At most MOST of the clips, from the first to the last."""
    return [clips[i] for i in np.unique(np.linspace(0, len(clips) - 1, min(len(clips), MOST)).astype(int))]


def alone(clips: list[Clip], encoder: SpeechEncoder, cache: Path | None) -> list[Sequence]:
    """Every clip with the features of its own sound, as a user who brings that clip alone would get them."""
    kept, made = FeatureCache(cache), []
    for clip in tqdm(clips, desc="hearing", unit="clip", leave=False, disable=None):
        sound = AudioClip(clip.samples, RATE)
        key = key_of(sound, encoder.hash)
        features = kept.get(key)
        if features is None:
            features = kept.put(key, encoder.encode(sound))
        rows = min(len(features), len(clip.values))
        values = clip.values[:rows].astype(np.float16)
        made.append(Sequence(features[:rows].astype(np.float16), values, clip.known, clip.style))
    return made


def _tracks(folder: Path) -> list[Sequence]:
    tracks = head_tracks.tracks(folder)
    made = []
    for name in head_tracks.HELD_OUT:
        rotation, loudness = tracks[name]
        features = np.zeros((len(rotation), DIMENSION), np.float16)
        features[:, LOUDNESS] = loudness
        made.append(Sequence(features, rotation.astype(np.float16), np.ones(3, bool), head_tracks.STYLE))
    return made
