"""What each kind of denoiser is trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..features import SpeechEncoder
from . import corpora, head_tracks
from .dataset import DatasetConfig, Sequence, build


@dataclass(frozen=True)
class Source:
    """`sequences(data, config, cache)` gives the training split; `styles` names its speakers, the default first."""

    sequences: Callable[[Path, DatasetConfig, Path], list[Sequence]]
    styles: tuple[str, ...]


def face_clips(data: Path) -> list[corpora.Clip]:
    """Every clip of every face corpus, held out or not."""
    return [clip for folder, read in corpora.READERS.values() for clip in read(data / folder)]


def _face(data: Path, config: DatasetConfig, cache: Path) -> list[Sequence]:
    clips = [corpora.sealed(clip) for clip in face_clips(data) if not corpora.held_out(clip)]
    return build(clips, config, SpeechEncoder.load(), cache)


def _head(data: Path, config: DatasetConfig, cache: Path) -> list[Sequence]:
    return head_tracks.sequences(data / "head_tracks", config.seed)


SOURCES: dict[str, Source] = {
    "face": Source(_face, ("grid_s1", "facegood_1114")),
    "head": Source(_head, (head_tracks.STYLE,)),
}
