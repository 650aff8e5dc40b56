"""What each kind of denoiser is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..audio.speech_encoder import SpeechEncoder
from . import corpora
from .dataset import DatasetConfig, Sequence, build
from .head import head_sequences, head_tracks


@dataclass(frozen=True)
class Source:
    """`sequences(data, config, cache)` gives the training split; `styles` names those that it always has, those of
    further corpora follow."""

    sequences: Callable[[Path, DatasetConfig, Path], list[Sequence]]
    styles: tuple[str, ...]


def face_clips(data: Path, more: Iterable[Mapping[str, str]] = ()) -> list[corpora.Clip]:
    """Every clip of every face corpus, held out or not, and of the corpora in `more`; see `corpora.read_all`."""
    return corpora.read_all(data, more)


def _face(data: Path, config: DatasetConfig, cache: Path) -> list[Sequence]:
    clips = corpora.Split(config.split).training(face_clips(data, config.corpora))
    return build([corpora.sealed(clip) for clip in clips], config, SpeechEncoder.load(), cache)


def _head(data: Path, config: DatasetConfig, cache: Path) -> list[Sequence]:
    return head_sequences.sequences(data, config.seed)


SOURCES: dict[str, Source] = {
    "face": Source(_face, ("grid_s1", "facegood_1114", "rendered")),
    "head": Source(_head, (head_tracks.STYLE,)),
}
