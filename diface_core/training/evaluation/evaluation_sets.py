"""Evaluation sets: by clip, on speakers of the training, and by source, on sources held out from the training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SpeechEncoder
from ..corpora import Clip, Split
from .baselines import EncodedClip, encode_clips


@dataclass(frozen=True)
class EvaluationSet:
    """Clips to evaluate on, the training clips of the baselines, and a face model trained on the same clips.

    Attributes:
        name: The title of the tables.
        test: Clips to evaluate on.
        train: Clips that the baselines are fitted to.
        face: The weights of the face model.
        unseen_source: Whether neither was trained on the source of the test clips.
    """

    name: str
    test: list[EncodedClip]
    train: list[EncodedClip]
    face: Path
    unseen_source: bool = False


def evaluation_sets(
    clips: list[Clip], encoder: SpeechEncoder, cache: Path, weights: Path, left_out: dict[str, Path], max_clips: int = 0
) -> list[EvaluationSet]:
    """Return the evaluation sets by clip, and by source for the models in `left_out`.

    By source: the same clips, with faces and baselines that were not trained on the source.

    Args:
        clips: All clips.
        encoder: The speech encoder.
        cache: Folder of cached features.
        weights: Folder of the shipped model.
        left_out: Source -> weights of a face trained without it.
        max_clips: Largest number of clips per source, 0 for all.

    Raises:
        ValueError: A source has no clips.
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
    """Return at most `max_clips` clips, evenly spaced; all for 0."""
    if not max_clips:
        return clips
    chosen = np.unique(np.linspace(0, len(clips) - 1, min(max_clips, len(clips))).round().astype(int))
    return [clips[number] for number in chosen]
