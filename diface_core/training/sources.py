"""The training data of each kind of denoiser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..audio.speech_encoder import SpeechEncoder
from ..learning.sequence import TrainingSequence
from . import corpora
from .dataset import DatasetConfig, build_sequences
from .head import head_sequences, head_tracks


@dataclass(frozen=True)
class Source:
    """Training data: `sequences(data, config, cache)` returns the training split; `styles` names the fixed styles.

    The styles of further corpora follow.
    """

    sequences: Callable[[Path, DatasetConfig, Path], list[TrainingSequence]]
    styles: tuple[str, ...]


def face_clips(data: Path, extra: Iterable[Mapping[str, str]] = ()) -> list[corpora.Clip]:
    """Return every clip of every face corpus, held out or not, and of the corpora `extra`.

    See `corpora.read_corpora`.
    """
    return corpora.read_corpora(data, extra)


def _face_sequences(data: Path, config: DatasetConfig, cache: Path) -> list[TrainingSequence]:
    clips = corpora.Split(config.split).training_clips(face_clips(data, config.corpora))
    return build_sequences([corpora.seal_lips(clip) for clip in clips], config, SpeechEncoder.load(), cache)


def _head_sequences(data: Path, config: DatasetConfig, cache: Path) -> list[TrainingSequence]:
    return head_sequences.prior_sequences(data, config.seed)


SOURCES: dict[str, Source] = {
    "face": Source(_face_sequences, ("grid_s1", "facegood_1114", "rendered")),
    "head": Source(_head_sequences, (head_tracks.HEAD_STYLE,)),
}
