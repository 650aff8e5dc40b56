"""What a take with reduced keys stores: how they were reduced, the dense baseline, and the keys that were written."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import lru_cache

import bpy
import numpy as np
import numpy.typing as npt

from ...rig.property_address import PointsByAddress, PropertyAddress
from . import baseline

SETTINGS = "diface_reduction"
KEYS = "diface_reduced_keys"
DENSE = {baseline.SAMPLES: "diface_dense_samples", baseline.KEYS: "diface_dense_keys"}
"""The properties of the baseline, and those that keep it as it was before the keys were reduced."""

CurveKeys = dict[PropertyAddress, npt.NDArray[np.float32]]
"""Property -> (N, 3) frame, value and slope (value per frame) of its reduced keys."""


@dataclass(frozen=True)
class Reduction:
    """How the keys of a take are reduced.

    Attributes:
        mode: "STEP", every `step` frames, or "REDUCED", within the bounds.
        step: Frames from key to key.
        lips: Largest distance of a point of the face from the dense motion, in mm of the bundled head.
        head: Largest difference of the head's rotation, in degrees.
    """

    mode: str = "REDUCED"
    step: int = 2
    lips: float = 0.25
    head: float = 0.1


def read(action: bpy.types.Action) -> Reduction | None:
    """Return how the keys of an Action are reduced; None if they are dense or the stored data are damaged."""
    try:
        fields = json.loads(action.get(SETTINGS, ""))
        return Reduction(str(fields["mode"]), int(fields["step"]), float(fields["lips"]), float(fields["head"]))
    except (ValueError, TypeError, KeyError):
        return None


def store(action: bpy.types.Action, reduction: Reduction, keys: CurveKeys) -> None:
    """Store how the keys of an Action are reduced, with its baseline as it is now, which is the dense one."""
    remove(action)
    for name, kept in DENSE.items():
        if name in action:
            action[kept] = bytes(action[name])
    action[SETTINGS] = json.dumps(dataclasses.asdict(reduction))
    action[KEYS] = baseline.pack([[*address, len(table)] for address, table in keys.items()], list(keys.values()))


def remove(action: bpy.types.Action) -> None:
    """Remove what `store` stored."""
    for name in (SETTINGS, KEYS, *DENSE.values()):
        if name in action:
            del action[name]


def read_keys(action: bpy.types.Action) -> CurveKeys:
    """Return the keys that were written, with the current names of the shape keys; none if its keys are dense.

    The result is cached and must not be changed.
    """
    return baseline.with_current_paths(action, _unpack_keys(bytes(action[KEYS]))) if KEYS in action else {}


def read_dense_keys(action: bpy.types.Action) -> PointsByAddress:
    """Return the baseline (N, 2) before the keys were reduced, with the current names of the shape keys."""
    return baseline.read_keys(action, *DENSE.values())


@lru_cache(maxsize=8)
def _unpack_keys(stored: bytes) -> CurveKeys:
    header, values = baseline.unpack(stored)
    found, begin = {}, 0
    for kind, path, index, count in header:
        found[kind, path, index] = values[begin : begin + 3 * count].reshape(-1, 3)
        begin += 3 * count
    return found
