"""The correspondence between FLAME's topology and the bundled head, as indices and weights.

`asset_build.register_flame` computes it.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ..head import MICROMETRE, Head, Int32Array, load_head
from . import topology as topology

ASSET = Path(__file__).parent / "flame_correspondence.npz"
HINT = "Run `python -m diface_core.asset_build.register_flame FLAME.npz` in the checkout: it writes this file."
WEIGHT_STEPS = 65535
"""Weights are stored in this many steps."""

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Correspondence:
    """FLAME's 5,023 vertices on the bundled head, and the lines of FLAME's mesh that must meet.

    Attributes:
        corners: (5023, 3) int32 vertices of the head.
        weights: (5023, 3) float64 weights of the corners. They sum to 1, or to 0 where the head has no counterpart: the
            eyeballs, which rotate, and the eyes' pockets behind them.
        upper_lip: (N,) vertices from the right to the left; each touches a point of the lower lip.
        lower_lip: (N, 4) vertices of the lower lip whose weighted mean is that point.
        lower_weights: (N, 4) weights of `lower_lip`.
        lip_fractions: (N,) position along the mouth, 0 to 1.
        upper_mouth: (N,) vertices of the upper lip and the inside of the mouth, with the corners.
        lower_mouth: (N,) the same of the lower lip.
        lids: Per side ("Left", "Right") the rings of FLAME's lids from the eye's pocket out: the upper lid's vertices
            and the lower's, both from the inner to the outer corner, corners included.
        head: Hash of the head that the correspondence was computed on.
    """

    corners: Int32Array
    weights: Float64Array
    upper_lip: Int32Array
    lower_lip: Int32Array
    lower_weights: Float64Array
    lip_fractions: Float64Array
    upper_mouth: Int32Array
    lower_mouth: Int32Array
    lids: dict[str, list[tuple[Int32Array, Int32Array]]]
    head: str

    @property
    def has_match(self) -> npt.NDArray[np.bool_]:
        """Return a mask (5023,) of FLAME's vertices that have a counterpart on the head."""
        return self.weights.sum(axis=1) > 0.5

    def sample(self, values: npt.NDArray[np.floating]) -> Float64Array:
        """Sample values (..., V, 3) at the head's vertices at FLAME's: (..., 5023, 3); 0 without a counterpart."""
        return np.einsum("vc,...vcx->...vx", self.weights, values[..., self.corners, :].astype(np.float64))


def load_correspondence(path: Path | None = None, head: Head | None = None) -> Correspondence:
    """Load the shipped correspondence, or the one at `path`.

    Raises:
        ModelError: The file is missing or malformed, or belongs to another head than `head` (default: the bundled one).
    """
    path = path or ASSET
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            loaded = _from_arrays(dict(arrays))
    except FileNotFoundError as error:
        raise ModelError(f"The correspondence file {path} is missing.", HINT) from error
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} cannot be read as a correspondence: {error}.", HINT) from error
    if loaded.head != head_hash(head or load_head()):
        raise ModelError(f"{path} belongs to another head than the bundled one.", HINT)
    return loaded


def to_arrays(correspondence: Correspondence) -> dict[str, npt.NDArray[Any]]:
    """Return the file's arrays, as whole numbers."""
    lids = {
        f"lids_{side}_{ring}_{name}": line.astype(np.uint16)
        for side, rings in correspondence.lids.items()
        for ring, both in enumerate(rings)
        for name, line in zip(("upper", "lower"), both, strict=True)
    }
    return {
        "corners": correspondence.corners.astype(np.uint16),
        "weights": np.round(correspondence.weights * WEIGHT_STEPS).astype(np.uint16),
        "upper_lip": correspondence.upper_lip.astype(np.uint16),
        "lower_lip": correspondence.lower_lip.astype(np.uint16),
        "lower_weights": np.round(correspondence.lower_weights * WEIGHT_STEPS).astype(np.uint16),
        "lip_fractions": np.round(correspondence.lip_fractions * WEIGHT_STEPS).astype(np.uint16),
        "upper_mouth": correspondence.upper_mouth.astype(np.uint16),
        "lower_mouth": correspondence.lower_mouth.astype(np.uint16),
        "head": np.array([correspondence.head]),
        **lids,
    }


def _from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> Correspondence:
    lids: dict[str, list[tuple[Int32Array, Int32Array]]] = {}
    for side in topology.EYEBALLS:
        count = sum(name.startswith(f"lids_{side}_") for name in arrays) // 2
        names = [(f"lids_{side}_{ring}_upper", f"lids_{side}_{ring}_lower") for ring in range(count)]
        lids[side] = [(arrays[a].astype(np.int32), arrays[b].astype(np.int32)) for a, b in names]
    return Correspondence(
        corners=arrays["corners"].astype(np.int32),
        weights=_normalised_weights(arrays["weights"]),
        upper_lip=arrays["upper_lip"].astype(np.int32),
        lower_lip=arrays["lower_lip"].astype(np.int32),
        lower_weights=_normalised_weights(arrays["lower_weights"]),
        lip_fractions=arrays["lip_fractions"] / WEIGHT_STEPS,
        upper_mouth=arrays["upper_mouth"].astype(np.int32),
        lower_mouth=arrays["lower_mouth"].astype(np.int32),
        lids=lids,
        head=str(arrays["head"][0]),
    )


def _normalised_weights(steps: npt.NDArray[Any]) -> Float64Array:
    """Return rows that sum to 1, or to 0."""
    sums = steps.astype(np.float64).sum(axis=1, keepdims=True)
    return np.divide(steps, sums, out=np.zeros(steps.shape), where=sums > 0)


def head_hash(head: Head) -> str:
    """Return a hash that identifies a head's mesh."""
    places = np.round(head.vertices / MICROMETRE).astype("<i4")
    return hashlib.sha256(places.tobytes() + head.loop_vertices.astype("<i4").tobytes()).hexdigest()
