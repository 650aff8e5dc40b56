"""The held-out clips as sequences for validation."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..audio.feature_cache import FeatureCache, audio_key
from ..audio.speech_encoder import DIMENSION, LOUDNESS, SAMPLE_RATE, SpeechEncoder
from ..learning.sequence import TrainingSequence
from ..types import AudioClip
from . import corpora
from .corpora import Clip
from .head import head_tracks
from .settings import TrainConfig
from .sources import face_clips

MAX_CLIPS_PER_STYLE = 48
"""Clips per style: enough to follow a training, few enough to measure often."""


def held_out_sequences(config: TrainConfig) -> list[TrainingSequence]:
    """Return what a training holds out: head tracks for "head", else the clips that its split holds out."""
    if config.source == "head":
        return _head_sequences(config.data / "head_tracks")
    clips = corpora.Split(config.dataset.split).test_clips(face_clips(config.data, config.dataset.corpora))
    few = [
        clip
        for style in sorted({c.style for c in clips})
        for clip in _evenly_spaced([c for c in clips if c.style == style])
    ]
    return encode_separately(few, SpeechEncoder.load(), config.cache / "heard")


def _evenly_spaced(clips: list[Clip]) -> list[Clip]:
    """Return at most MAX_CLIPS_PER_STYLE clips, from the first to the last."""
    return [
        clips[i] for i in np.unique(np.linspace(0, len(clips) - 1, min(len(clips), MAX_CLIPS_PER_STYLE)).astype(int))
    ]


def encode_separately(clips: list[Clip], encoder: SpeechEncoder, cache: Path | None) -> list[TrainingSequence]:
    """Return every clip with features computed from its sound alone, as for a user who loads only that clip."""
    feature_cache, sequences = FeatureCache(cache), []
    for clip in tqdm(clips, desc="hearing", unit="clip", leave=False, disable=None):
        sound = AudioClip(clip.samples, SAMPLE_RATE)
        features = feature_cache.get_or_put(audio_key(sound, encoder.hash), partial(encoder.encode, sound))
        rows = min(len(features), len(clip.values))
        values = clip.values[:rows].astype(np.float16)
        sequences.append(TrainingSequence(features[:rows].astype(np.float16), values, clip.known, clip.style))
    return sequences


def _head_sequences(folder: Path) -> list[TrainingSequence]:
    tracks = head_tracks.load_tracks(folder)
    sequences = []
    for name in head_tracks.HELD_OUT:
        rotation, loudness = tracks[name]
        features = np.zeros((len(rotation), DIMENSION), np.float16)
        features[:, LOUDNESS] = loudness
        sequences.append(
            TrainingSequence(features, rotation.astype(np.float16), np.ones(3, bool), head_tracks.HEAD_STYLE)
        )
    return sequences
