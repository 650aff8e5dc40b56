"""Who is judged on what: by clip, on speakers that are known, and by source, on what training never met."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SpeechEncoder
from ..corpora import Clip, Split
from .baselines import EncodedClip, encode_clips


@dataclass(frozen=True)
class EvaluationSet:
    """`judged` clips, the `train` ones that the baselines learn from, and our face that learnt from no more.

    unseen: whether neither met the source of the judged clips.
    """

    name: str
    test: list[EncodedClip]
    train: list[EncodedClip]
    face: Path
    unseen_source: bool = False


def evaluation_sets(
    clips: list[Clip], encoder: SpeechEncoder, cache: Path, weights: Path, left_out: dict[str, Path], max_clips: int = 0
) -> list[EvaluationSet]:
    """By clip: the held-out clips of each source (`most` of them, 0 for all), by the face in the folder `weights`.

    By source: the same clips, by the faces in `without` and by baselines that never met the source. Raises ValueError
    for a source that has no clips.
    """
    split = Split()
    judging = split.test_clips(clips)
    sources = list(dict.fromkeys(clip.source for clip in judging))
    unknown = set(left_out) - set(sources)
    if unknown:
        raise ValueError(f"A source must be one of {', '.join(sources)}. Got {', '.join(sorted(unknown))}.")
    judging = [
        clip for source in sources for clip in evenly_spaced([c for c in judging if c.source == source], max_clips)
    ]
    heard, trained = encode_clips(judging, encoder, cache), encode_clips(split.training_clips(clips), encoder, cache)

    found = []
    for source in sources:
        judged = [h for h in heard if h.clip.source == source]
        mine = [h for h in trained if h.clip.source == source]
        others = [h for h in trained if h.clip.source != source]
        found.append(EvaluationSet(f"{source}, split by clip", judged, mine, weights / "face.safetensors"))
        if source in left_out:
            found.append(
                EvaluationSet(f"{source}, split by source", judged, others, left_out[source], unseen_source=True)
            )
    return found


def evenly_spaced(clips: list[Clip], max_clips: int) -> list[Clip]:
    """At most so many, evenly chosen; all for 0."""
    if not max_clips:
        return clips
    chosen = np.unique(np.linspace(0, len(clips) - 1, min(max_clips, len(clips))).round().astype(int))
    return [clips[number] for number in chosen]
