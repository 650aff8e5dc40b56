"""3DiFACE's `.npy` results, in and out, and where they lie."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DifaceError
from ...types import Float32Array
from ...untrusted.pickle_arrays import load_npy

VERTICES = 5023
HINT = "Choose a result of 3DiFACE: a dictionary of vertice (T, 5023, 3) or (1, T, 15069) and pose (T, 3)."


@dataclass(frozen=True)
class ThreeDifaceResult:
    """Frames at 30 a second of a face, a head or both; at least one of them is there, and both are as long.

    vertices: (T, 5023, 3) m, in FLAME's frame, without the head's turning. pose: (T, 3) rotation vector about FLAME's
    neck joint, radians.
    """

    vertices: Float32Array | None
    pose: Float32Array | None

    def __len__(self) -> int:
        return max(0 if part is None else len(part) for part in (self.vertices, self.pose))

    def part(self, part: str) -> Float32Array | None:
        """The vertices of "face", the pose of "head"."""
        return self.vertices if part == "face" else self.pose

    def parts(self) -> tuple[str, ...]:
        """Which of face and head are there."""
        return tuple(name for name, part in (("face", self.vertices), ("head", self.pose)) if part is not None)


def read_result(path: Path) -> ThreeDifaceResult:
    """The performance in a file. Raises DifaceError for a file that is missing, runs code, or is laid out otherwise."""
    found = load_npy(path, HINT)
    if not isinstance(found, dict) or not {"vertice", "pose"} & set(found):
        holds = f"the names {', '.join(map(str, found))}" if isinstance(found, dict) else f"a {type(found).__name__}"
        raise DifaceError(f"{path} holds {holds}, expected vertice and pose.", HINT)
    vertices = _read_part(path, "vertice", found.get("vertice"), (VERTICES, 3))
    pose = _read_part(path, "pose", found.get("pose"), (3,))
    if vertices is not None and pose is not None and len(vertices) != len(pose):
        raise DifaceError(f"{path} has {len(vertices)} frames of vertice and {len(pose)} of pose.", HINT)
    if vertices is None and pose is None:
        raise DifaceError(f"{path} holds nothing.", HINT)
    return ThreeDifaceResult(vertices, pose)


def _read_part(path: Path, name: str, value: Any, frame: tuple[int, ...]) -> Float32Array | None:
    """An array (T, *frame) of numbers, whatever leading 1 or flattening it came with; None where there is nothing."""
    if value is None or np.size(value) == 0:
        return None
    array = np.asarray(value)
    width = int(np.prod(frame))
    flat = array.reshape(len(array), -1) if array.ndim in (2, 3) else array
    if array.ndim == 3 and array.shape[0] == 1 and array.shape[2] == width:
        flat = array[0]
    if array.dtype.kind not in "fiu" or flat.ndim != 2 or flat.shape[1] != width:
        shape = ", ".join(map(str, ("T", *frame)))
        raise DifaceError(f"{path}: {name} must have shape ({shape}). Got {array.shape}, {array.dtype}.", HINT)
    if not np.isfinite(flat).all():
        raise DifaceError(f"{path}: {name} holds values that are not numbers.", HINT)
    return flat.reshape(-1, *frame).astype(np.float32)


def write_result(path: Path, result: ThreeDifaceResult) -> None:
    """Write it whole or, where it raises DifaceError, not at all."""
    arrays = {"vertice": result.vertices, "pose": result.pose}
    there = np.array({name: array for name, array in arrays.items() if array is not None}, dtype=object)
    with atomic_write(path) as draft, draft.open("wb") as file:
        np.save(file, there, allow_pickle=True)


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A new file's name to write to, that ends as `path` does; it takes the place of `path`, or is gone after an error.

    The folder is made where there is none. Raises DifaceError where it cannot be written to.
    """
    draft = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(path)
    except OSError as reason:
        hint = "Check that you may write there and that the disk is not full, or choose another folder with --output."
        raise DifaceError(f"{path} cannot be written: {reason.strerror or reason}.", hint) from reason
    finally:
        draft.unlink(missing_ok=True)


@dataclass(frozen=True)
class ResultPaths:
    """Where an experiment's results lie: those of one sound and sample have one name, `<audio>_ss<NN>`."""

    experiment: Path

    def result(self, name: str) -> Path:
        return self.experiment / "npy" / f"{name}.npy"

    def dump(self, name: str, step: int) -> Path:
        """What there was after a diffusion step."""
        return self.experiment / "npy" / f"{name}_step{step:04d}.npy"

    def graph(self, name: str) -> Path:
        return self.experiment / "_graph" / f"{name}.png"

    def video(self, name: str) -> Path:
        return self.experiment / "_video" / f"{name}.mp4"
