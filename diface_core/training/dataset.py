"""The clips as the denoiser meets them: features and values side by side, in sounds of every usual length."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from ..features import RATE, SpeechEncoder
from ..types import AudioClip, BoolArray
from . import augment
from .corpora import Clip

log = logging.getLogger(__name__)

LONGEST = 30.0
"""Seconds at most in one sound. Features of a short clip differ from those of the same clip inside a long sound."""


@dataclass(frozen=True)
class Sequence:
    """One sound as the denoiser meets it: `features` (T, D), `values` (T, C) float16, `known` (C,), `style`."""

    features: npt.NDArray[np.floating]
    values: npt.NDArray[np.floating]
    known: BoolArray
    style: str


@dataclass(frozen=True)
class DatasetConfig:
    """`clean` and `varied`: how often all clips are gone through as recorded and in other voices."""

    clean: int = 2
    varied: int = 6
    seed: int = 0


def build(clips: list[Clip], config: DatasetConfig, encoder: SpeechEncoder, cache: Path) -> list[Sequence]:
    """All sequences of all passes, each pass computed once and kept in `cache`."""
    sequences: list[Sequence] = []
    motion = hashlib.sha256()
    for clip in clips:
        motion.update(clip.values.tobytes() + clip.known.tobytes())
    passes = [False] * config.clean + [True] * config.varied
    for number, varied in enumerate(tqdm(passes, desc="features", unit="pass")):
        key = [encoder.hash, config.seed, number, varied, motion.hexdigest(), asdict(augment.Voice()), LONGEST]
        name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
        path = cache / f"pass_{name}.npz"
        if not path.exists():
            _save(path, list(_one_pass(clips, config.seed * 1000 + number, varied, encoder)))
        sequences += _load(path)
    return sequences


def _one_pass(clips: list[Clip], seed: int, varied: bool, encoder: SpeechEncoder) -> Iterator[Sequence]:
    """Every clip once, in sounds of one clip or of several of one speaker in a row."""
    rng = np.random.default_rng(seed)
    for group in tqdm(list(_groups(clips, rng)), desc="sounds", leave=False):
        samples = np.concatenate([clip.samples for clip in group])
        values = np.concatenate([clip.values for clip in group])
        if varied:
            voice = augment.draw(rng)
            samples = augment.vary(samples, voice, rng)
            values = augment.vary_motion(values, voice, len(samples))
        features = encoder.encode(AudioClip(samples, RATE))
        rows = min(len(features), len(values))
        first = group[0]
        yield Sequence(features[:rows].astype(np.float16), values[:rows].astype(np.float16), first.known, first.style)


def _groups(clips: list[Clip], rng: np.random.Generator) -> Iterator[list[Clip]]:
    for style in sorted({clip.style for clip in clips}):
        mine = [clip for clip in clips if clip.style == style]
        waiting: list[Clip] = []
        for index in rng.permutation(len(mine)):
            clip = mine[index]
            longest = 0.0 if rng.random() < 0.3 else rng.uniform(6.0, LONGEST)
            if waiting and sum(len(c.samples) for c in [*waiting, clip]) / RATE > longest:
                yield waiting
                waiting = []
            waiting.append(clip)
        if waiting:
            yield waiting


def _save(path: Path, sequences: list[Sequence]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for number, sequence in enumerate(sequences):
        for name, value in asdict(sequence).items():
            arrays[f"{number}/{name}"] = np.asarray(value)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def _load(path: Path) -> list[Sequence]:
    with np.load(path) as arrays:
        count = len({name.split("/")[0] for name in arrays.files})
        return [
            Sequence(
                arrays[f"{number}/features"], arrays[f"{number}/values"], arrays[f"{number}/known"],
                str(arrays[f"{number}/style"]),
            )
            for number in range(count)
        ]  # fmt: skip
