"""Who is judged on what: by clip, on speakers that are known, and by source, on what training never met."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SpeechEncoder
from ..corpora import Clip, Split
from .baselines import Heard, hear


@dataclass(frozen=True)
class Judgement:
    """`judged` clips, the `train` ones that the baselines learn from, and our face that learnt from no more.

    unseen: whether neither met the source of the judged clips.
    """

    name: str
    judged: list[Heard]
    train: list[Heard]
    face: Path
    unseen: bool = False


def judgements(
    clips: list[Clip], encoder: SpeechEncoder, cache: Path, weights: Path, without: dict[str, Path], most: int = 0
) -> list[Judgement]:
    """By clip: the held-out clips of each source (`most` of them, 0 for all), by the face in the folder `weights`.

    By source: the same clips, by the faces in `without` and by baselines that never met the source. Raises ValueError
    for a source that has no clips.
    """
    split = Split()
    judging = split.judging(clips)
    sources = list(dict.fromkeys(clip.source for clip in judging))
    unknown = set(without) - set(sources)
    if unknown:
        raise ValueError(f"A source must be one of {', '.join(sources)}. Got {', '.join(sorted(unknown))}.")
    judging = [clip for source in sources for clip in spaced([c for c in judging if c.source == source], most)]
    heard, trained = hear(judging, encoder, cache), hear(split.training(clips), encoder, cache)

    found = []
    for source in sources:
        judged = [h for h in heard if h.clip.source == source]
        mine = [h for h in trained if h.clip.source == source]
        others = [h for h in trained if h.clip.source != source]
        found.append(Judgement(f"{source}, split by clip", judged, mine, weights / "face.safetensors"))
        if source in without:
            found.append(Judgement(f"{source}, split by source", judged, others, without[source], unseen=True))
    return found


def spaced(clips: list[Clip], most: int) -> list[Clip]:
    """At most so many, evenly chosen; all for 0."""
    if not most:
        return clips
    chosen = np.unique(np.linspace(0, len(clips) - 1, min(most, len(clips))).round().astype(int))
    return [clips[number] for number in chosen]
