"""Samples the motion of a character that says nothing: idle, or listening to another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .. import channels
from ..layers.breath import Breath
from ..layers.phrases import find_phrases
from ..motion.offsets import without_offsets
from ..runtime.sliding_windows import CHUNK_ROWS
from ..types import (
    LISTEN,
    MODEL_RATE,
    AnyFloatArray,
    ConstraintProvider,
    Constraints,
    Float32Array,
    GenerateRequest,
    ReportFraction,
    SampleRows,
)
from .reactions import Reactions
from .resting_face import RestingFace

CALM = 0.45
"""Share of the head model's motion, which is a speaker's, that a silent character shows (chosen)."""
SWAY_DEGREES = 0.5
"""How far the head goes back with a whole breath (chosen)."""
SILENCE = -3.0
"""Loudness of silence: 60 dB below speech."""


@dataclass(frozen=True)
class SilentSampler:
    """Samples face and head of a silent character, as the models do for one that speaks (`types.SampleRows`).

    The face rests, with small changes of expression and a listener's reactions. The head is the head model's for
    silence, calmer, with the sway of the breath, postures and nods.

    Attributes:
        resting: Changes of expression.
        reactions: What a listener does; nothing if the character is idle.
        breath: The breath that the head sways with.
        sample_head: The head model.
        width: Columns of a row of features; the last is the loudness.
    """

    resting: RestingFace
    reactions: Reactions
    breath: Breath
    sample_head: SampleRows
    width: int

    @classmethod
    def of_request(
        cls, request: GenerateRequest, loudness: Float32Array, sample_head: SampleRows, width: int
    ) -> SilentSampler:
        """Draw what happens from the request's seed.

        Args:
            request: The request, whose role is "idle" or "listen".
            loudness: Loudness (T,) of the whole sound at MODEL_RATE: the speaker's, or silence.
            sample_head: The head model.
            width: Columns of a row of features; the last is the loudness.
        """
        rows, seed, reactions = len(loudness), request.seed, Reactions.none()
        if request.role == LISTEN:
            reactions = Reactions.sample(find_phrases(loudness), rows, seed, request.reactions)
        breath_seed = seed if request.layers.breath is None else request.layers.breath
        breath = Breath.sample(np.zeros((0, 2)), rows, breath_seed)
        return cls(RestingFace.sample(rows, seed), reactions, breath, sample_head, width)

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
        """Yield values (n, C) at MODEL_RATE in order. The features are not read: a silent face does not follow them."""
        done = 0
        for head in self._head_parts(rows, request, constraint_provider, first_row):
            times = (first_row + done + np.arange(len(head))) / MODEL_RATE.value
            values = head
            if "face" in request.parts:
                values = np.concatenate([self.face(times), head], axis=1)
            if constraint_provider is not None:
                values = _keep_motion(values, constraint_provider(done, done + len(head)), head.shape[1])
            yield values.astype(np.float32)
            done += len(head)
            report(done / rows)

    def face(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return the face weights (T, 52), 0 to 1, at `times` (s)."""
        return np.clip(np.maximum(self.resting.weights(times), self.reactions.weights(times)), 0, 1)

    def gestures(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return the rotation of the head (T, 3), rad, besides the head model's, at `times` (s)."""
        degrees = self.reactions.rotation(times)
        degrees[:, 0] -= SWAY_DEGREES * self.breath.volume(times)
        return np.radians(degrees)

    def _head_parts(
        self,
        rows: int,
        request: GenerateRequest,
        provider: ConstraintProvider | None,
        first_row: int,
    ) -> Iterator[Float32Array]:
        """Rows (n, 3) of the head in parts; rows without columns if it is not asked for."""
        if "head" not in request.parts:
            for first in range(0, rows, CHUNK_ROWS):
                yield np.zeros((min(CHUNK_ROWS, rows - first), 0), np.float32)
            return
        only_head = dataclasses.replace(request, parts=("head",), constraints=None)
        head_provider = None if provider is None else self._head_provider(provider, first_row)
        done = 0
        silence = _silent_features(rows, self.width)
        for part in self.sample_head(silence, rows, only_head, head_provider, lambda fraction: None, first_row):
            times = (first_row + done + np.arange(len(part))) / MODEL_RATE.value
            yield (CALM * part + self.gestures(times)).astype(np.float32)
            done += len(part)

    def _head_provider(self, provider: ConstraintProvider, first_row: int) -> ConstraintProvider:
        """Provide the constraints of the head model's share of the rotation: without the gestures, and at its scale."""

        def provide(first: int, last: int) -> Constraints:
            constraints = provider(first, last)
            columns = range(constraints.values.shape[1] - len(channels.HEAD), constraints.values.shape[1])
            head = constraints.select(columns)
            gestures = self.gestures((first_row + np.arange(first, last)) / MODEL_RATE.value).astype(np.float32)
            return without_offsets(head, gestures, CALM)

        return provide


def _silent_features(rows: int, width: int) -> Iterator[Float32Array]:
    """Features (n, width) of silence, in parts."""
    for first in range(0, rows, CHUNK_ROWS):
        part = np.zeros((min(CHUNK_ROWS, rows - first), width), np.float32)
        part[:, -1] = SILENCE
        yield part


def _keep_motion(values: AnyFloatArray, constraints: Constraints, head_columns: int) -> AnyFloatArray:
    """The values with the share of the existing face that is kept; the head model has kept its own."""
    face = slice(0, values.shape[1] - head_columns)
    existing = np.where(np.isfinite(constraints.values[:, face]), constraints.values[:, face], values[:, face])
    kept = np.where(constraints.known_mask[:, face], 1.0, constraints.keep_motion)
    values = values.copy()
    values[:, face] += kept * (existing - values[:, face])
    return values
