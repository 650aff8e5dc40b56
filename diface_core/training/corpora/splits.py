"""Training and evaluation splits by clip, by speaker or by source, as recorded in docs/research/splits.json."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import MODEL_RATE
from .clip import Clip

SPLIT_KINDS = ("clip", "speaker", "source")

GUARD_SECONDS = 1.0
"""Seconds of a training clip that are left away where one kept for judging goes on: no word is heard in both."""


HELD_OUT_VOICES = ("flite_slt", "espeak_en_linda", "espeak_es_edward", "espeak_zh_f1")
"""Of rendered speech whole voices are kept for judging, three women and a man, in English, Spanish and Mandarin."""


def is_held_out(clip: Clip) -> bool:
    """Whether a clip is kept for judging: of rendered speech some voices, of any other source a tenth of the clips,
    chosen by name, so that the split never moves."""
    if clip.source == "rendered":
        return clip.speaker in HELD_OUT_VOICES
    return sum(clip.name.encode()) * 2654435761 % 2**32 < 0.1 * 2**32


@dataclass(frozen=True)
class Split:
    """`clip`: about a tenth of the clips of every source, speakers known. `speaker:NAME` and `source:NAME`: all clips
    of that speaker or that source, and of the others again a tenth, which the same training can be judged on."""

    name: str = "clip"

    def __post_init__(self) -> None:
        if self.kind not in SPLIT_KINDS or (self.kind == "clip") != (self.left_out == ""):
            expected = '"clip", "speaker:NAME" or "source:NAME"'
            raise ValueError(f"A split must be {expected}. Got {self.name!r}.")

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]

    @property
    def left_out(self) -> str:
        """The speaker or source that training never meets, or ""."""
        return self.name.partition(":")[2]

    def is_held_out(self, clip: Clip) -> bool:
        """Whether the clip is kept for judging."""
        return self.is_left_out(clip) or is_held_out(clip)

    def is_left_out(self, clip: Clip) -> bool:
        """Whether the clip is of the speaker or of the source that is left out."""
        return bool(self.left_out) and getattr(clip, self.kind) == self.left_out

    def training_clips(self, clips: Iterable[Clip]) -> list[Clip]:
        """The clips to train on, shortened where they go on in one kept for judging."""
        clips = list(clips)
        kept = [clip for clip in clips if self.is_held_out(clip)]
        return [_trim_overlap(clip, kept) for clip in clips if not self.is_held_out(clip)]

    def test_clips(self, clips: Iterable[Clip]) -> list[Clip]:
        """The clips to judge on: those left out where the split leaves any out, else the tenth by name."""
        return [clip for clip in clips if (self.is_left_out(clip) if self.left_out else is_held_out(clip))]


def all_splits(clips: Iterable[Clip]) -> tuple[Split, ...]:
    """By clip, and each speaker and each source left out in turn (those that are not all there is)."""
    clips, found = list(clips), [Split()]
    for kind in SPLIT_KINDS[1:]:
        names = sorted({getattr(clip, kind) for clip in clips} - {""})
        found += [Split(f"{kind}:{name}") for name in names if len(names) > 1]
    return tuple(found)


def _trim_overlap(clip: Clip, held_out: list[Clip]) -> Clip:
    """The clip without the second at an end that touches a kept clip of the same recording."""
    if not clip.recording:
        return clip
    same = [other for other in held_out if other.recording == clip.recording and other.source == clip.source]
    before = any(abs(other.start + other.seconds - clip.start) < GUARD_SECONDS for other in same)
    after = any(abs(clip.start + clip.seconds - other.start) < GUARD_SECONDS for other in same)
    rows = round(GUARD_SECONDS * MODEL_RATE.value)
    first, last = rows * before, len(clip.values) - rows * after
    if last - first < rows or not (before or after):
        return clip
    # Whole rows, so that each stays at its sound: 1600 samples are three rows.
    begin, end = round(first / MODEL_RATE.value * SAMPLE_RATE), round(last / MODEL_RATE.value * SAMPLE_RATE)
    samples = clip.samples[begin : end if after else None]
    phones = tuple(
        dataclasses.replace(p, start=p.start - begin / SAMPLE_RATE, end=p.end - begin / SAMPLE_RATE)
        for p in clip.phones
        if p.start >= begin / SAMPLE_RATE and p.end <= begin / SAMPLE_RATE + len(samples) / SAMPLE_RATE
    )
    values = clip.values[first : first + MODEL_RATE.rows(len(samples) / SAMPLE_RATE)]
    return dataclasses.replace(
        clip, samples=samples, values=values, phones=phones, start=clip.start + begin / SAMPLE_RATE
    )
