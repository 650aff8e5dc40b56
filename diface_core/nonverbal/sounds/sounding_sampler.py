"""Samples a motion that shows laughs, breaths and other sounds instead of speaking them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ... import channels
from ...runtime.sliding_windows import tee_stream, zip_chunks
from ...types import ConstraintProvider, Float32Array, GenerateRequest, ReportFraction, SampleRows
from .sound_amounts import stream_amounts
from .sound_classes import SoundClassifier
from .sound_motion import show_sounds


@dataclass(frozen=True)
class SoundingSampler:
    """A sampler (`types.SampleRows`) around another one, which speaks.

    Attributes:
        sample_speech: Samples the motion of the speech.
        classifier: Tells speech from other sounds.
    """

    sample_speech: SampleRows
    classifier: SoundClassifier

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
        names, share = channels.of_parts(request.parts), 1.0
        if constraint_provider is not None:
            share -= constraint_provider(0, min(rows, 1)).keep_motion
        spoken, listened = tee_stream(features, 2)
        values = self.sample_speech(spoken, rows, request, constraint_provider, report, first_row)
        for part, amounts in zip_chunks([values, stream_amounts(listened, rows, self.classifier)]):
            yield show_sounds(part, names, amounts, share)
