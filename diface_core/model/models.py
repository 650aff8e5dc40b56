"""The denoisers that DiFACE ships, face and head, and the sampling of a Motion from them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import channels
from ..errors import ModelError
from ..inference.denoiser import GRAPHS, OnnxDenoiser
from ..inference.denoiser_file import read_denoiser_file
from ..request_file import joined_hash
from ..runtime.sliding_windows import rechunk, tee_stream, zip_chunks
from ..types import MODEL_RATE, ConstraintProvider, Float32Array, GenerateRequest, Motion, ReportFraction
from .closure_detector import ClosureDetector
from .motion_denoiser import MotionDenoiser
from .part_sampler import PartSampler
from .sampling_rule import sampling_rule

log = logging.getLogger(__name__)

WEIGHTS = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True)
class Models:
    """The denoisers and what closes the lips.

    Attributes:
        denoisers: One per part ("face", "head").
        hash: Hash (hex) of the denoisers' files.
        closures: Finds m, b and p in the features; None closes only what the denoiser closes.
    """

    denoisers: Mapping[str, MotionDenoiser]
    hash: str
    closures: ClosureDetector | None = None

    @property
    def device(self) -> str:
        """Names of the devices that the denoisers run on."""
        return ", ".join(sorted({denoiser.device for denoiser in self.denoisers.values()}))

    def hash_of(self, request: GenerateRequest) -> str:
        """Return the hash of what makes the motion of a request: the denoisers', and the detector's if it is used."""
        is_used = "face" in request.parts and sampling_rule("face", request.sampler).shuts_closures
        return joined_hash(self.hash, self.closures if is_used else None)

    def sample(
        self, features: Float32Array, request: GenerateRequest, report: ReportFraction = lambda fraction: None
    ) -> Motion:
        """Return the Motion of `request.parts` for features (T, D) at MODEL_RATE, without strengths and resampling.

        Constraints have these rows and the columns of `request.parts`. `report` is called with the fraction done and
        may raise.

        Raises:
            ModelError: A style is unknown.
        """
        provider = None if request.constraints is None else request.constraints.section
        parts = list(self.stream([features], len(features), request, provider, report))
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
        """Yield the values (n, C) of `sample` in order, in parts; equal to the whole up to rounding.

        Memory holds a few CHUNK_ROWS, whatever the length. The constraints of `request` are not read.

        Args:
            features: Features in parts (n, D).
            rows: Their total number of rows.
            request: The request.
            constraint_provider: Returns the constraints of rows, or None.
            report: Called with the fraction done; may raise to stop.
            first_row: Row of the seed's noise that these rows begin with.
        """
        names = channels.of_parts(request.parts)
        parts = [part for part in channels.PARTS if part in request.parts]
        done = [0] * len(parts)

        def count_rows(index: int, row_count: int) -> None:
            done[index] += row_count
            report(sum(done) / (rows * request.steps * len(parts)))

        def part_stream(index: int, part_features: Iterator[Float32Array]) -> Iterator[Float32Array]:
            part = parts[index]
            provider = _select_columns(constraint_provider, names, channels.PARTS[part])
            sampler = PartSampler(part, self.denoisers[part], request, first_row, self.closures)
            return sampler.stream(part_features, rows, provider, lambda row_count: count_rows(index, row_count))

        inputs = tee_stream(rechunk(features), len(parts))
        streams = [part_stream(index, part_features) for index, part_features in enumerate(inputs)]
        for values in zip_chunks(streams):
            yield np.concatenate(values, axis=1)


def load_models(folder: Path = WEIGHTS, graphs: Path = GRAPHS) -> Models:
    """Load the models of ONNX Runtime.

    Args:
        folder: Where face.safetensors and head.safetensors are.
        graphs: Where their graphs are.

    Raises:
        ModelError: A file is missing, damaged or wrong.
    """
    denoisers, digest = {}, hashlib.sha256()
    for part, names in channels.PARTS.items():
        file = read_denoiser_file(folder / f"{part}.safetensors")
        if file.config.channels != names:
            raise ModelError(f"{part}.safetensors has other channels than the {part}'s.", "Install DiFACE again.")
        denoisers[part] = OnnxDenoiser.load(file, graphs)
        digest.update(file.hash.encode())
    models = Models(denoisers, digest.hexdigest(), ClosureDetector.load())
    log.info("The models run on %s.", models.device)
    return models


def _select_columns(
    constraint_provider: ConstraintProvider | None, names: tuple[str, ...], selected: tuple[str, ...]
) -> ConstraintProvider | None:
    if constraint_provider is None:
        return None
    columns = [names.index(name) for name in selected]
    return lambda first, last: constraint_provider(first, last).select(columns)
