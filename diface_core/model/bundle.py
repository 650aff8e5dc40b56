"""The denoisers that DiFACE ships, face and head, and how a Motion is sampled from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import channels
from ..diffusion import schedule
from ..diffusion.constraints import Guard, Kept, nothing_kept
from ..diffusion.guidance import guided
from ..diffusion.sampler import Reach, Rows, stream
from ..errors import ModelError
from ..motion.warp import reach
from ..runtime import device
from ..runtime.parallel import side_by_side
from ..runtime.sliding_windows import regrouped, split, together, windows
from ..types import MODEL_RATE, Constraints, FloatArray, GenerateRequest, Motion, Pins, Style
from . import checkpoint, lips
from .denoiser import Denoiser
from .style import styled

WEIGHTS = Path(__file__).parent.parent / "weights"

Fraction = Callable[[float], None]
Wishes = Callable[[int, int], Constraints]
"""(first, last) -> what is kept of those rows at MODEL_RATE, in the columns of the request's parts."""


@dataclass(frozen=True)
class Models:
    """One denoiser a part ("face", "head"), and the hash (hex) of their files."""

    denoisers: dict[str, Denoiser]
    hash: str

    def sample(
        self, features: FloatArray, request: GenerateRequest, report: Fraction = lambda fraction: None
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
        features: Iterable[FloatArray],
        rows: int,
        request: GenerateRequest,
        wishes: Wishes | None = None,
        report: Fraction = lambda fraction: None,
        first: int = 0,
    ) -> Iterator[FloatArray]:
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

        def of_part(index: int, heard: Iterator[FloatArray]) -> Iterator[FloatArray]:
            part = parts[index]
            own = None if wishes is None else _columns(wishes, names, channels.PARTS[part])
            performer = Performer(part, self.denoisers[part], request, first)
            return performer.stream(heard, rows, own, lambda more: count(index, more))

        streams = [of_part(index, heard) for index, heard in enumerate(split(regrouped(features), len(parts)))]
        for values in together(streams):
            yield np.concatenate(values, axis=1)


class Performer:
    """One part's denoiser at work on one request, from row `first` of the seed's noise on. Raises ModelError for an
    unknown style."""

    def __init__(self, part: str, denoiser: Denoiser, request: GenerateRequest, first: int = 0) -> None:
        self._part, self._request, self._first = part, request, first
        # The head has one style, its motion goes with the speech only loosely, and its noise is how far it moves.
        face = part == "face"
        self._variety = request.variety if face else 1.0
        self._scales = (request.guidance, request.style_guidance) if face else (1.0, 1.0)
        with torch.inference_mode():
            self._denoiser, self._style = styled(denoiser, request.style if face else Style())
            self._no_style = torch.zeros_like(self._style)
        self._guard = _lips_guard(self._denoiser) if face else None

    def stream(
        self, features: Iterator[FloatArray], rows: int, wishes: Wishes | None, count: Callable[[int], None]
    ) -> Iterator[FloatArray]:
        """Values (n, C) in order; `count` is told how many rows more one of the steps has done."""
        begun = self._begun(features, rows, wishes)
        if wishes is None:
            performed = self._sampled(begun, rows, self._denoiser.reach, 0.0, count)
        else:
            first = wishes(0, min(rows, 1))
            performed = self._sampled(begun, rows, self._denoiser.reach + reach(first.pull), first.stay, count)
        done = 0
        for part in performed:
            x0 = self._denoiser.denormalise(part.xt)[0].cpu().numpy()
            values = lips.meet(x0) if self._part == "face" else x0
            if wishes is not None:
                kept = wishes(done, done + len(values))
                values = np.where(kept.keep, kept.values, values)
            yield values
            done += len(values)

    def _begun(self, features: Iterator[FloatArray], rows: int, wishes: Wishes | None) -> Iterator[Rows]:
        """The rows before the first step: noise, and as much of what is there already as shall stay."""
        noise = noise_of(self._request.seed, self._part, len(self._denoiser.config.channels))
        noise(self._first)
        done = 0
        for speech in self._hear(features, rows):
            last = done + speech.shape[1]
            xt = self._variety * noise(last - done).to(self._denoiser.device)
            kept = nothing_kept(xt)
            if wishes is not None:
                kept = _kept(self._denoiser, wishes(done, last), self._guard)
            yield Rows(xt, speech, kept)
            done = last

    def _sampled(
        self, begun: Iterator[Rows], rows: int, around: int, stay: float, count: Callable[[int], None]
    ) -> Iterator[Rows]:
        """x0, from noise in all steps, or in fewer the more of the kept values' Motion stays (Meng et al. 2022)."""
        where = Reach(around, self._denoiser.stride, rows)
        if stay == 0:
            return stream(self._denoise, begun, self._request.steps, where, count)
        begun = _bent(begun, around, rows, 1 - stay)
        if stay == 1:
            return begun
        steps = max(1, round(self._request.steps * (1 - stay)))
        return stream(self._denoise, begun, steps, where, count, 1 - stay)

    def _hear(self, features: Iterator[FloatArray], rows: int) -> Iterator[Tensor]:
        """Rows (1, n, W) of the tower."""
        tower = self._denoiser.speech
        for window in windows(features, tower.reach, rows):
            with torch.inference_mode():
                heard = tower(torch.from_numpy(window.rows)[None].to(self._denoiser.device))
            yield heard[:, window.inner]

    def _denoise(self, rows: Rows, t: Tensor) -> Tensor:
        denoiser = self._denoiser

        def predict(heard: bool, with_style: bool) -> Tensor:
            speech = rows.speech if heard else denoiser.speech.unheard
            style = self._style if with_style else self._no_style
            with torch.inference_mode():
                return denoiser(rows.xt, t[None].to(rows.xt.device), speech, style, rows.kept)

        each = map if rows.xt.is_cuda else side_by_side
        with torch.inference_mode():
            return guided(predict, *self._scales, each)


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


def noise_of(seed: int, part: str, width: int) -> Callable[[int], Tensor]:
    """A seed's noise: each call gives the next `rows` rows (1, rows, width). Face and head are independent."""
    generator = np.random.default_rng([seed, list(channels.PARTS).index(part)])
    return lambda rows: torch.from_numpy(generator.standard_normal((rows, width), np.float32))[None]


def _columns(wishes: Wishes, names: tuple[str, ...], wanted: tuple[str, ...]) -> Wishes:
    columns = [names.index(name) for name in wanted]
    return lambda first, last: wishes(first, last).select(columns)


def _kept(denoiser: Denoiser, constraints: Constraints, guard: Guard | None) -> Kept:
    values = denoiser.normalise(torch.from_numpy(np.nan_to_num(constraints.values)).to(denoiser.device))
    keep, pins = torch.from_numpy(constraints.keep).to(denoiser.device), constraints.pins
    mean, deviation = (denoiser.get_buffer(name).cpu().numpy() for name in ("mean", "deviation"))
    value = ((pins.value - mean[pins.channel]) / deviation[pins.channel]).astype(np.float32)
    wanted = replace(constraints, values=values.cpu().numpy(), pins=Pins(pins.at, pins.channel, value))
    return Kept(values[None], keep[None], wanted, guard)


def _bent(begun: Iterator[Rows], around: int, rows: int, start: float) -> Iterator[Rows]:
    """Instead of noise alone, what the rows' own values, bent, are at t `start`."""
    alpha, sigma = schedule.alpha_sigma(torch.tensor(start))
    for window in windows(begun, around, rows, join=Rows.joined):
        bent = window.rows.kept.impose(window.rows.kept.values)[:, window.inner]
        some = window.rows[window.inner]
        yield Rows(alpha.to(bent) * bent + sigma.to(bent) * some.xt, some.speech, some.kept)


def _lips_guard(denoiser: Denoiser) -> Guard:
    """Lips that the speech shuts stay shut beside a pin."""
    mean, deviation = (denoiser.get_buffer(name).cpu().numpy() for name in ("mean", "deviation"))

    def guard(predicted: FloatArray, bent: FloatArray, wanted: Constraints) -> FloatArray:
        pinned = wanted.keep.copy()
        near = np.clip(np.stack([np.floor(wanted.pins.at), np.ceil(wanted.pins.at)]).astype(int), 0, len(bent) - 1)
        pinned[near, wanted.pins.channel] = True
        shut = lips.stay_shut(predicted * deviation + mean, bent * deviation + mean, pinned)
        return ((shut - mean) / deviation).astype(np.float32)

    return guard
