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
"""Seconds that are removed from a training clip next to a held-out clip of the same recording: no word is in both."""


HELD_OUT_VOICES = (
    "flite_slt", "espeak_en_linda", "espeak_es_edward", "espeak_zh_f1",
    "espeak_fr_annie", "espeak_de_gustave", "espeak_it_sandro", "espeak_pt_marcelo", "espeak_ru_boris", "espeak_nl_max",
    "espeak_pl_andrea", "espeak_sv_jacky", "espeak_tr_alicia", "espeak_hi_gene2", "espeak_ko_shelby",
)  # fmt: skip
"""Rendered voices that are held out as a whole, in 14 languages: timbres that no other voice of their language has."""


def is_held_out(clip: Clip) -> bool:
    """Return whether a clip is held out: some voices of rendered speech, a tenth of the clips of any other source.

    The tenth is selected by name, so that the split never changes.
    """
    if clip.source == "rendered":
        return clip.speaker in HELD_OUT_VOICES
    return sum(clip.name.encode()) * 2654435761 % 2**32 < 0.1 * 2**32


@dataclass(frozen=True)
class Split:
    """A split by its name.

    `clip`: about a tenth of the clips of every source is held out; the speakers are known. `speaker:NAME` and
    `source:NAME`: all clips of that speaker or source, and a tenth of the others, on which the same training can be
    evaluated.
    """

    name: str = "clip"

    def __post_init__(self) -> None:
        if self.kind not in SPLIT_KINDS or (self.kind == "clip") != (self.left_out == ""):
            expected = '"clip", "speaker:NAME" or "source:NAME"'
            raise ValueError(f"A split must be {expected}. Got {self.name!r}.")

    @property
    def kind(self) -> str:
        """Return "clip", "speaker" or "source"."""
        return self.name.partition(":")[0]

    @property
    def left_out(self) -> str:
        """Return the speaker or source that is excluded from the training, or ""."""
        return self.name.partition(":")[2]

    def is_held_out(self, clip: Clip) -> bool:
        """Return whether the clip is held out."""
        return self.is_left_out(clip) or is_held_out(clip)

    def is_left_out(self, clip: Clip) -> bool:
        """Return whether the clip belongs to the excluded speaker or source."""
        return bool(self.left_out) and getattr(clip, self.kind) == self.left_out

    def training_clips(self, clips: Iterable[Clip]) -> list[Clip]:
        """Return the training clips, trimmed next to held-out clips of the same recording."""
        clips = list(clips)
        held_out = [clip for clip in clips if self.is_held_out(clip)]
        return [_trim_overlap(clip, held_out) for clip in clips if not self.is_held_out(clip)]

    def test_clips(self, clips: Iterable[Clip]) -> list[Clip]:
        """Return the evaluation clips: those of the excluded speaker or source if any, else the tenth by name."""
        return [clip for clip in clips if (self.is_left_out(clip) if self.left_out else is_held_out(clip))]


def all_splits(clips: Iterable[Clip]) -> tuple[Split, ...]:
    """Return the split by clip, and those that exclude one speaker or source, where others remain."""
    clips, splits = list(clips), [Split()]
    for kind in SPLIT_KINDS[1:]:
        names = sorted({getattr(clip, kind) for clip in clips} - {""})
        splits += [Split(f"{kind}:{name}") for name in names if len(names) > 1]
    return tuple(splits)


def _trim_overlap(clip: Clip, held_out: list[Clip]) -> Clip:
    """Return the clip without the second at an end that touches a held-out clip of the same recording."""
    if not clip.recording:
        return clip
    same = [other for other in held_out if other.recording == clip.recording and other.source == clip.source]
    before = any(abs(other.start + other.seconds - clip.start) < GUARD_SECONDS for other in same)
    after = any(abs(clip.start + clip.seconds - other.start) < GUARD_SECONDS for other in same)
    rows = round(GUARD_SECONDS * MODEL_RATE.value)
    first, last = rows * before, len(clip.values) - rows * after
    if last - first < rows or not (before or after):
        return clip
    # Whole rows, so that each keeps its sound: 1600 samples are three rows.
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
