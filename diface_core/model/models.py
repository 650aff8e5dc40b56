"""The denoisers that DiFACE ships, face and head, and the sampling of a Motion from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import channels
from ..errors import ModelError
from ..runtime import device
from ..runtime.sliding_windows import rechunk, tee_stream, zip_chunks
from ..types import MODEL_RATE, ConstraintProvider, Float32Array, GenerateRequest, Motion, ReportFraction
from . import checkpoint
from .denoiser import Denoiser
from .part_sampler import PartSampler

WEIGHTS = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True)
class Models:
    """One denoiser a part ("face", "head"), and the hash (hex) of their files."""

    denoisers: dict[str, Denoiser]
    hash: str

    def sample(
        self, features: Float32Array, request: GenerateRequest, report: ReportFraction = lambda fraction: None
    ) -> Motion:
        """The Motion of `request.parts` for features (T, D) at MODEL_RATE; strengths and other rates are not applied.

        Constraints, if any, have these rows and the columns of `request.parts`. `report` gets the fraction done and may
        raise to stop. Raises ModelError for an unknown style.
        """
        kept = request.constraints
        wishes = None if kept is None else kept.section
        parts = list(self.stream([features], len(features), request, wishes, report))
        return Motion(np.concatenate(parts), channels.of_parts(request.parts), MODEL_RATE)

    def stream(
        self,
        features: Iterable[Float32Array],
        rows: int,
        request: GenerateRequest,
        constraint_provider: ConstraintProvider | None = None,
        report: ReportFraction = lambda fraction: None,
        first_row: int = 0,
    ) -> Iterator[Float32Array]:
        """The values (n, C) of `sample` in order, in parts, while the `rows` features come in parts (n, D).

        Equal to the whole within rounding. Held are a few PIECEs of rows, however many there are. The constraints are
        asked of `wishes`. first: which row of the seed's noise these begin with.
        """
        names = channels.of_parts(request.parts)
        parts = [part for part in channels.PARTS if part in request.parts]
        done = [0] * len(parts)

        def count(part: int, more: int) -> None:
            done[part] += more
            report(sum(done) / (rows * request.steps * len(parts)))

        def of_part(index: int, heard: Iterator[Float32Array]) -> Iterator[Float32Array]:
            part = parts[index]
            own = (
                None
                if constraint_provider is None
                else _select_columns(constraint_provider, names, channels.PARTS[part])
            )
            performer = PartSampler(part, self.denoisers[part], request, first_row)
            return performer.stream(heard, rows, own, lambda more: count(index, more))

        streams = [of_part(index, heard) for index, heard in enumerate(tee_stream(rechunk(features), len(parts)))]
        for values in zip_chunks(streams):
            yield np.concatenate(values, axis=1)


def load_models(folder: Path = WEIGHTS) -> Models:
    """Read `face.safetensors` and `head.safetensors`. Raises ModelError when one is missing, damaged or wrong."""
    denoisers, digest = {}, hashlib.sha256()
    for part, names in channels.PARTS.items():
        denoiser, file_hash = checkpoint.load(folder / f"{part}.safetensors")
        if denoiser.config.channels != names:
            raise ModelError(f"{part}.safetensors moves other channels than the {part}'s.", "Install DiFACE again.")
        denoisers[part] = denoiser.to(device.best())
        digest.update(file_hash.encode())
    return Models(denoisers, digest.hexdigest())


def _select_columns(
    constraint_provider: ConstraintProvider, names: tuple[str, ...], selected: tuple[str, ...]
) -> ConstraintProvider:
    columns = [names.index(name) for name in selected]
    return lambda first, last: constraint_provider(first, last).select(columns)
