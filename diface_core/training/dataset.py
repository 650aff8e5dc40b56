"""Training sequences of the denoiser: features and values of clips, in sounds of every usual length."""

from __future__ import annotations

import hashlib
import json
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..atomic_write import atomic_folder
from ..audio.speech_encoder import SAMPLE_RATE, SpeechEncoder
from ..learning.sequence import TrainingSequence
from ..types import AudioClip
from .augmentation import augment
from .augmentation.augment import AugmentationConfig
from .corpora import Clip

log = logging.getLogger(__name__)

MAX_SECONDS = 30.0
"""Longest sound in seconds. Features of a short clip differ from those of the same clip inside a longer sound."""


@dataclass(frozen=True)
class DatasetConfig:
    """What is trained on, and how often.

    Attributes:
        clean_passes: Passes over all clips as recorded.
        augmented_passes: Passes over all clips with augmentation.
        seed: Seed of the augmentation and of the clips' order.
        source_factors: Factor on both numbers of passes per source, to balance small and large sources.
        split: See `corpora.Split`.
        corpora: `{kind, folder}` of further corpora, see `corpora.READERS_BY_KIND`.
        augmentation: Ranges of the augmentation.
    """

    clean_passes: int = 2
    augmented_passes: int = 6
    seed: int = 0
    source_factors: Mapping[str, float] = field(default_factory=dict)
    split: str = "clip"
    corpora: tuple[Mapping[str, str], ...] = ()
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)


def build_sequences(
    clips: list[Clip], config: DatasetConfig, encoder: SpeechEncoder, cache: Path
) -> list[TrainingSequence]:
    """Return all sequences of all passes over all sources.

    Each pass is computed once, stored in `cache` and memory-mapped from there.

    Args:
        clips: The training clips.
        config: Which passes to compute.
        encoder: The speech encoder that computes the features.
        cache: Folder of the stored passes.
    """
    todo = []
    for source in sorted({clip.source for clip in clips}):
        mine = [clip for clip in clips if clip.source == source]
        factor = config.source_factors.get(source, 1.0)
        kinds = [False] * round(config.clean_passes * factor) + [True] * round(config.augmented_passes * factor)
        todo += [(mine, number, varied) for number, varied in enumerate(kinds)]
    sequences: list[TrainingSequence] = []
    for mine, number, varied in tqdm(todo, desc="features", unit="pass", disable=None):
        variety = config.augmentation if varied else None
        path = cache / f"pass_{_cache_key(mine, config.seed, number, variety, encoder.hash)}"
        if not path.exists():
            seed = [config.seed, number, zlib.crc32(mine[0].source.encode())]
            _save(path, _encode_pass(mine, np.random.default_rng(seed), variety, encoder))
        sequences += _load(path)
    return sequences


def _cache_key(clips: list[Clip], seed: int, number: int, augmentation: AugmentationConfig | None, encoder: str) -> str:
    """Return a hash of everything that a pass depends on."""
    content = hashlib.sha256()
    for clip in clips:
        content.update(f"{clip.name}/{clip.style}/{clip.source}".encode())
        content.update(clip.samples.tobytes() + clip.values.tobytes() + clip.known.tobytes())
    varied = [augment.RECIPE_VERSION, asdict(augmentation)] if augmentation else None
    key = [content.hexdigest(), seed, number, varied, encoder, MAX_SECONDS]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


def _encode_pass(
    clips: list[Clip], rng: np.random.Generator, augmentation: AugmentationConfig | None, encoder: SpeechEncoder
) -> Iterator[TrainingSequence]:
    """Yield every clip once, in sounds of one clip or of several consecutive clips of one speaker."""
    others = [clip.samples for clip in clips]
    for group in tqdm(list(_group_clips(clips, rng)), desc=clips[0].source, unit="sound", leave=False, disable=None):
        samples = np.concatenate([clip.samples for clip in group])
        values = np.concatenate([clip.values for clip in group])
        if augmentation:
            voice = augment.draw_augmentation(rng, augmentation)
            samples = augment.augment_audio(samples, voice, rng, others)
            values = augment.retime_motion(values, voice, len(samples))
        features = encoder.encode(AudioClip(samples, SAMPLE_RATE))
        rows = min(len(features), len(values))
        first = group[0]
        yield TrainingSequence(
            features[:rows].astype(np.float16), values[:rows].astype(np.float16), first.known, first.style
        )


def _group_clips(clips: list[Clip], rng: np.random.Generator) -> Iterator[list[Clip]]:
    """Yield the clips in random order, grouped up to MAX_SECONDS.

    The clips of a group share speaker and known channels.
    """
    alike: dict[tuple[str, str, bytes], list[Clip]] = {}
    for clip in clips:
        alike.setdefault((clip.style, clip.speaker, clip.known.tobytes()), []).append(clip)
    for _, mine in sorted(alike.items()):
        waiting: list[Clip] = []
        for index in rng.permutation(len(mine)):
            clip = mine[index]
            longest = 0.0 if rng.random() < 0.3 else rng.uniform(6.0, MAX_SECONDS)
            if waiting and sum(len(c.samples) for c in [*waiting, clip]) / SAMPLE_RATE > longest:
                yield waiting
                waiting = []
            waiting.append(clip)
        if waiting:
            yield waiting


def _save(path: Path, sequences: Iterable[TrainingSequence]) -> None:
    """Write the sequences one by one, so that at most one is in memory; the folder appears only when complete."""
    index, widths = [], (0, 0)
    with atomic_folder(path) as draft:
        with (draft / "features").open("wb") as features, (draft / "values").open("wb") as values:
            for one in sequences:
                one.features.astype("<f2").tofile(features)
                one.values.astype("<f2").tofile(values)
                index.append({"rows": len(one.values), "style": one.style, "known": one.known.tolist()})
                widths = one.features.shape[1], one.values.shape[1]
        (draft / "index.json").write_text(json.dumps({"widths": widths, "sequences": index}))


def _load(path: Path) -> list[TrainingSequence]:
    """Load stored sequences as memory maps: hours of them need no memory until they are used."""
    index = json.loads((path / "index.json").read_text())
    rows = sum(one["rows"] for one in index["sequences"])
    features, values = (
        np.memmap(path / name, "<f2", "r", shape=(rows, width))
        for name, width in zip(("features", "values"), index["widths"], strict=True)
    )
    sequences, first = [], 0
    for one in index["sequences"]:
        part = slice(first, first := first + one["rows"])
        sequences.append(TrainingSequence(features[part], values[part], np.array(one["known"], bool), one["style"]))
    return sequences
