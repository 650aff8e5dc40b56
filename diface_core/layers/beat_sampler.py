"""Samples a motion whose head and brows beat with the accents of the speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .. import channels
from ..motion.offsets import without_offsets
from ..types import (
    MODEL_RATE,
    ConstraintProvider,
    Constraints,
    Float32Array,
    GenerateRequest,
    ReportFraction,
    SampleRows,
)
from .beats import Beats

NODDING = "head_rx"
RAISED = {"browInnerUp": 1.0, "browOuterUpLeft": 0.8, "browOuterUpRight": 0.8}
"""Channels that a rise of the brows moves, and how much."""


@dataclass(frozen=True)
class BeatSampler:
    """A sampler (`types.SampleRows`) around another one.

    The other one is given known values and pins without the beats, so that the sum meets them.

    Attributes:
        sample_rows: Samples the motion without beats.
        beats: The beats of the whole audio.
    """

    sample_rows: SampleRows
    beats: Beats

    @classmethod
    def of_request(cls, request: GenerateRequest, loudness: Float32Array, sample_rows: SampleRows) -> SampleRows:
        """Return the sampler of a request, for the loudness (T,) of its whole audio."""
        if request.beats == 0:
            return sample_rows
        seed = request.seed if request.variety > 0 else 0  # without variety all seeds give the same
        return cls(sample_rows, Beats.sample(loudness, seed))

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
        """Yield values (n, C) in order. An existing motion that is kept has its own beats."""
        names, strength = channels.of_parts(request.parts), request.beats
        if constraint_provider is not None:
            strength *= 1 - constraint_provider(0, min(rows, 1)).keep_motion

        def offsets(first: int, last: int) -> Float32Array:
            times = (first_row + np.arange(first, last)) / MODEL_RATE.value
            return strength * beat_offsets(self.beats, times, names)

        def provide(first: int, last: int) -> Constraints:
            assert constraint_provider is not None
            return without_offsets(constraint_provider(first, last), offsets(first, last))

        done = 0
        provider = None if constraint_provider is None else provide
        for part in self.sample_rows(features, rows, request, provider, report, first_row):
            yield part + offsets(done, done + len(part))
            done += len(part)


def beat_offsets(beats: Beats, times: Float32Array, names: tuple[str, ...]) -> Float32Array:
    """Return what the beats add (T, C) to the channels `names` at `times` (s)."""
    offsets = np.zeros((len(times), len(names)), np.float32)
    if NODDING in names:
        offsets[:, names.index(NODDING)] = beats.pitch(times)
    if any(name in names for name in RAISED):
        lift = beats.lift(times)
        for name, share in RAISED.items():
            offsets[:, names.index(name)] = share * lift
    return offsets
