"""The denoisers that DiFACE ships, face and head, and how a Motion is sampled from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import channels, device
from ..diffusion import guidance
from ..diffusion.constraints import Kept, nothing_kept
from ..diffusion.sampler import sample
from ..errors import ModelError
from ..types import MODEL_RATE, Constraints, FloatArray, GenerateRequest, Motion
from . import checkpoint, lips
from .denoiser import Denoiser
from .pieces import in_pieces

WEIGHTS = Path(__file__).parent.parent / "weights"


@dataclass(frozen=True)
class Models:
    """One denoiser a part ("face", "head"), and the hash (hex) of their files."""

    denoisers: dict[str, Denoiser]
    hash: str

    def sample(
        self, features: FloatArray, request: GenerateRequest, report: Callable[[float], None] = lambda fraction: None
    ) -> Motion:
        """The Motion of `request.parts` for features (T, D) at MODEL_RATE; strengths and other rates are not applied.

        Constraints, if any, have these rows and the columns of `request.parts`. `report` gets the fraction done and may
        raise to stop. Raises ModelError for an unknown style.
        """
        names = channels.of_parts(request.parts)
        share, done, columns = 1 / len(request.parts), 0.0, []
        for part in (part for part in channels.PARTS if part in request.parts):
            kept = _columns(request.constraints, names, channels.PARTS[part])
            start = done
            values = self._part(part, features, request, kept, lambda f, start=start: report(start + f * share))
            columns.append(values)
            done += share
        return Motion(np.concatenate(columns, axis=1), names, MODEL_RATE)

    def _part(
        self,
        part: str,
        features: FloatArray,
        request: GenerateRequest,
        constraints: Constraints | None,
        report: Callable[[float], None],
    ) -> FloatArray:
        denoiser = self.denoisers[part]
        rows = len(features)
        number = style_number(denoiser, request.style.blend[0][0] if part == "face" and request.style.blend else None)
        with torch.inference_mode():
            style = denoiser.style_vector(torch.tensor([number], device=denoiser.device))
            noise = seeded_noise(request.seed, part, rows, len(denoiser.config.channels)).to(denoiser.device)
            kept = nothing_kept(noise) if constraints is None else _kept(denoiser, constraints)
            heard = torch.from_numpy(features)[None].to(denoiser.device)
            reach = -(-max(denoiser.reach, denoiser.speech.reach) // denoiser.stride) * denoiser.stride
            speech = in_pieces(lambda first, last: denoiser.speech(heard[:, first:last]), rows, reach)

            def denoise(xt: Tensor, t: Tensor, heard: bool) -> Tensor:
                def piece(first: int, last: int) -> Tensor:
                    condition = speech[:, first:last] if heard else denoiser.speech.unheard
                    return denoiser(xt[:, first:last], t[None].to(xt.device), condition, style, kept.rows(first, last))

                return in_pieces(piece, rows, reach)

            scale = request.guidance if part == "face" else 1.0
            guided = guidance.guided(lambda x, t: denoise(x, t, True), lambda x, t: denoise(x, t, False), scale)
            x0 = denoiser.denormalise(sample(guided, noise, kept, request.steps, report))[0].cpu().numpy()
        values = lips.meet(x0) if part == "face" else x0
        return values if constraints is None else np.where(constraints.keep, constraints.values, values)


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


def style_number(denoiser: Denoiser, name: str | None) -> int:
    """Which style `name` is; None is the first. Raises ModelError for an unknown one."""
    styles = denoiser.config.styles
    if name is None:
        return 0
    if name not in styles:
        raise ModelError(f"There is no style called {name}.", f"Choose one of {', '.join(styles)}.")
    return styles.index(name)


def seeded_noise(seed: int, part: str, rows: int, width: int) -> Tensor:
    """Noise (1, rows, width) of a seed: row r is the same however many rows follow, face and head are independent."""
    generator = np.random.default_rng([seed, list(channels.PARTS).index(part)])
    return torch.from_numpy(generator.standard_normal((rows, width), np.float32))[None]


def _columns(constraints: Constraints | None, names: tuple[str, ...], wanted: tuple[str, ...]) -> Constraints | None:
    if constraints is None:
        return None
    columns = [names.index(name) for name in wanted]
    return Constraints(constraints.values[:, columns], constraints.keep[:, columns])


def _kept(denoiser: Denoiser, constraints: Constraints) -> Kept:
    values = denoiser.normalise(torch.from_numpy(np.nan_to_num(constraints.values)).to(denoiser.device))
    return Kept(values[None], torch.from_numpy(constraints.keep)[None].to(denoiser.device))
