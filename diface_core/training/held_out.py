"""The clips held out, as sequences: what a training is measured on while it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..feature_cache import FeatureCache, key_of
from ..features import DIMENSION, LOUDNESS, RATE, SpeechEncoder
from ..types import AudioClip
from . import corpora, head_tracks
from .corpora import Clip
from .dataset import Sequence
from .sources import face_clips


def sequences(source: str, data: Path, cache: Path) -> list[Sequence]:
    """The held-out clips of a source in `sources.SOURCES`: for "head" the tracks, else those of every face corpus."""
    if source == "head":
        return _tracks(data / "head_tracks")
    return alone([clip for clip in face_clips(data) if corpora.held_out(clip)], SpeechEncoder.load(), cache / "heard")


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
