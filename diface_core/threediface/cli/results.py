"""3DiFACE's `.npy` results: reading, writing and paths."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...atomic_write import atomic_write
from ...errors import DifaceError
from ...types import Float32Array
from ...untrusted.pickle_arrays import load_npy

VERTICES = 5023
HINT = "Choose a result of 3DiFACE: a dictionary of vertice (T, 5023, 3) or (1, T, 15069) and pose (T, 3)."


@dataclass(frozen=True, eq=False)
class ThreeDifaceResult:
    """A face, a head, or both of the same length, at 30 frames per second.

    Attributes:
        vertices: (T, 5023, 3) m in FLAME's frame, without the head's rotation; None without a face.
        pose: (T, 3) rotation vector about FLAME's neck joint, radians; None without a head.
    """

    vertices: Float32Array | None
    pose: Float32Array | None

    def __len__(self) -> int:
        return max(0 if part is None else len(part) for part in (self.vertices, self.pose))

    def part(self, part: str) -> Float32Array | None:
        """Return the vertices for "face", the pose for "head"."""
        return self.vertices if part == "face" else self.pose

    def parts(self) -> tuple[str, ...]:
        """Return the names of the parts: face, head or both."""
        return tuple(name for name, part in (("face", self.vertices), ("head", self.pose)) if part is not None)


def read_result(path: Path) -> ThreeDifaceResult:
    """Return the result in a file.

    Raises:
        DifaceError: If the file is missing, would run code, or has another layout.
    """
    content = load_npy(path, HINT)
    if not isinstance(content, dict) or not {"vertice", "pose"} & set(content):
        is_dict = isinstance(content, dict)
        actual = f"the names {', '.join(map(str, content))}" if is_dict else f"a {type(content).__name__}"
        raise DifaceError(f"{path} contains {actual}, expected vertice and pose.", HINT)
    vertices = _read_part(path, "vertice", content.get("vertice"), (VERTICES, 3))
    pose = _read_part(path, "pose", content.get("pose"), (3,))
    if vertices is not None and pose is not None and len(vertices) != len(pose):
        raise DifaceError(f"{path} has {len(vertices)} frames of vertice and {len(pose)} of pose.", HINT)
    if vertices is None and pose is None:
        raise DifaceError(f"{path} is empty, expected vertice and pose.", HINT)
    return ThreeDifaceResult(vertices, pose)


def _read_part(path: Path, name: str, value: Any, frame: tuple[int, ...]) -> Float32Array | None:
    """Return an array (T, *frame), also of a flattened one or one with a leading 1; None if it is empty."""
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
        raise DifaceError(f"{path}: {name} contains values that are not finite.", HINT)
    return flat.reshape(-1, *frame).astype(np.float32)


def write_result(path: Path, result: ThreeDifaceResult) -> None:
    """Write a result to a file, as a whole or not at all.

    Raises:
        DifaceError: If the file cannot be written.
    """
    arrays = {"vertice": result.vertices, "pose": result.pose}
    content = np.array({name: array for name, array in arrays.items() if array is not None}, dtype=object)
    with write_output(path) as draft, draft.open("wb") as file:
        np.save(file, content, allow_pickle=True)


@contextlib.contextmanager
def write_output(path: Path) -> Generator[Path]:
    """Yield the path of a draft that replaces `path`, as `atomic_write`; create the folder if it does not exist.

    Raises:
        DifaceError: If the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as draft:
            yield draft
    except OSError as reason:
        hint = "Check the permissions and the free space of the disk, or choose another folder with --output."
        raise DifaceError(f"{path} cannot be written: {reason.strerror or reason}.", hint) from reason


@dataclass(frozen=True)
class ResultPaths:
    """Paths of an experiment's results, by the name of audio file and sample, `<audio>_ss<NN>`."""

    experiment: Path

    def result(self, name: str) -> Path:
        """Return the path of a result."""
        return self.experiment / "npy" / f"{name}.npy"

    def dump(self, name: str, step: int) -> Path:
        """Return the path of the intermediate result of a diffusion step."""
        return self.experiment / "npy" / f"{name}_step{step:04d}.npy"

    def graph(self, name: str) -> Path:
        """Return the path of a graph."""
        return self.experiment / "_graph" / f"{name}.png"

    def video(self, name: str) -> Path:
        """Return the path of a video."""
        return self.experiment / "_video" / f"{name}.mp4"
