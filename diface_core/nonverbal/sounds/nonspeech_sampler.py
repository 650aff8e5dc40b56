"""Samples a motion that shows laughs, breaths and other sounds instead of speaking them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ... import channels
from ...runtime.sliding_windows import map_sections, tee_stream, zip_chunks
from ...types import ConstraintProvider, Float32Array, GenerateRequest, ReportFraction, SampleRows
from .sound_amounts import REACH, sound_amounts, stream_amounts
from .sound_classes import SoundClassifier
from .sound_motion import show_sounds


@dataclass(frozen=True)
class NonSpeechSampler:
    """A sampler (`types.SampleRows`) around another one, which speaks.

    Attributes:
        sample_speech: Samples the motion of the speech.
        hear: Yields the amounts of sounds of feature rows in parts, given with their number; see `stream_amounts`.
    """

    sample_speech: SampleRows
    hear: Callable[[Iterable[Float32Array], int], Iterator[Float32Array]]

    @classmethod
    def of_whole(cls, sample_speech: SampleRows, classifier: SoundClassifier) -> NonSpeechSampler:
        """Return the sampler of a whole sound."""
        return cls(sample_speech, partial(stream_amounts, classifier=classifier))

    @classmethod
    def of_sections(
        cls,
        speakers: Iterable[SampleRows],
        classifier: SoundClassifier,
        features: Iterable[Float32Array],
        ranges: list[tuple[int, int]],
    ) -> Iterator[SampleRows]:
        """Yield the sampler around each of `speakers`, of rows `first` to `last` of features for each of `ranges`.

        The sounds around the section are classified too, so that they are shown as in the whole.
        """
        heard = map_sections(features, ranges, REACH, lambda part: sound_amounts(part, classifier))
        for sample_speech, amounts in zip(speakers, heard, strict=True):
            yield cls(sample_speech, lambda _features, _rows, heard=amounts: iter([heard]))

    def __call__(
        self,
        features: Iterable[Float32Array],
        rows: int,
        request: GenerateRequest,
        constraint_provider: ConstraintProvider | None,
        report: ReportFraction,
        first_row: int = 0,
        /,
    ) -> Iterator[Float32Array]:
        """Yield values (n, C) in order. Of an existing motion that is kept, only the rest is changed."""
        names, share = channels.of_samples(request), 1.0
        if constraint_provider is not None:
            share -= constraint_provider(0, min(rows, 1)).keep_motion
        spoken, listened = tee_stream(features, 2)
        values = self.sample_speech(spoken, rows, request, constraint_provider, report, first_row)
        for part, amounts in zip_chunks([values, self.hear(listened, rows)]):
            yield show_sounds(part, names, amounts, share)
