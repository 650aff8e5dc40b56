"""Speech features kept by what they were made from, in memory and on disk, both bounded."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from ..runtime.sliding_windows import PIECE
from ..types import AudioClip, FloatArray

log = logging.getLogger(__name__)

IN_MEMORY = 32 << 20
ON_DISK = 512 << 20
"""Bytes kept, of 20 minutes and of 6 hours; the least recently used go first."""


def new_key(encoder_hash: str, rate: int) -> hashlib._Hash:
    """A digest to be updated with all samples of a sound; then its `hexdigest` is the sound's key."""
    return hashlib.sha256(f"{encoder_hash} {rate} ".encode())


def key_of(clip: AudioClip, encoder_hash: str) -> str:
    """Equal for equal sound heard by the same encoder, whatever file it came from."""
    digest = new_key(encoder_hash, clip.rate)
    digest.update(np.ascontiguousarray(clip.samples).data)
    return digest.hexdigest()


class FeatureCache:
    """Features (T, D) as float16 by key, whole or in parts. `folder` None keeps them in memory only.

    Those of a sound too long for the memory's bound are on disk only, and read as they are needed; where there is no
    folder, the last one is kept all the same. A folder that cannot be read or written, and a damaged file in it, cost
    time and not the result.
    """

    def __init__(self, folder: Path | None = None, in_memory: int = IN_MEMORY, on_disk: int = ON_DISK) -> None:
        self._folder = folder
        self._in_memory, self._on_disk = in_memory, on_disk
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()

    def get(self, key: str) -> FloatArray | None:
        """The features kept under `key`, or None."""
        parts = self.parts(key)
        return None if parts is None else np.concatenate(list(parts))

    def put(self, key: str, features: FloatArray) -> FloatArray:
        """Keep `features`, and return them rounded to float16: both ways give the same Motion."""
        return np.concatenate(list(self.keep(key, [features], len(features))))

    def parts(self, key: str) -> Iterator[FloatArray] | None:
        """The features kept under `key` in order, in parts of PIECE rows; or None."""
        half = self._kept.get(key)
        if half is not None:
            self._remember(key, half)
            return _pieces(half)
        return self._open(key)

    def keep(self, key: str, parts: Iterable[FloatArray], rows: int) -> Iterator[FloatArray]:
        """`parts`, of `rows` rows in all, rounded to float16 as they pass; once all have passed they are kept."""
        halves = []
        with contextlib.closing(_File(self._folder, key)) as file:
            for part in parts:
                half = part.astype(np.float16)
                size = rows * half.shape[1] * half.itemsize
                if size <= self._on_disk:
                    file.append(half, rows)
                if size <= self._in_memory or self._folder is None:
                    halves.append(half)
                yield half.astype(np.float32)
            file.finish()
        if halves:
            self._remember(key, np.concatenate(halves))
        self._forget_oldest()

    def _remember(self, key: str, half: np.ndarray) -> None:
        self._kept[key] = half
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(array.nbytes for array in self._kept.values()) > self._in_memory:
            self._kept.popitem(last=False)

    def _open(self, key: str) -> Iterator[FloatArray] | None:
        if self._folder is None:
            return None
        path = self._folder / f"{key}.npy"
        try:
            file = path.open("rb")
        except OSError:
            return None
        try:
            shape = _shape(file)
            os.utime(path)
        except (OSError, ValueError, EOFError) as damage:
            log.warning("Speech features are made again, %s cannot be used: %s", path.name, damage)
            file.close()
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return _read(file, shape)

    def _forget_oldest(self) -> None:
        if self._folder is None:
            return
        found = []
        for path in self._folder.glob("*.npy"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat(), path))
        total = 0
        for stat, path in sorted(found, key=lambda pair: pair[0].st_mtime_ns, reverse=True):
            total += stat.st_size
            if total > self._on_disk:
                # Windows refuses while another Blender reads it; a later request forgets it then.
                with contextlib.suppress(OSError):
                    path.unlink()


class _File:
    """A file on its way. Two Blenders may share the folder: it appears there whole or not at all."""

    def __init__(self, folder: Path | None, key: str) -> None:
        self._folder, self._key = folder, key
        self._file: IO[bytes] | None = None
        self._failed = folder is None

    def append(self, half: np.ndarray, rows: int) -> None:
        """The next rows, of `rows` in all."""
        if self._failed or self._folder is None:
            return
        try:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.NamedTemporaryFile(suffix=".part", dir=self._folder, delete=False)  # noqa: SIM115
                header = {"descr": "<f2", "fortran_order": False, "shape": (rows, half.shape[1])}
                np.lib.format.write_array_header_1_0(self._file, header)
            self._file.write(half.tobytes())
        except OSError as reason:
            self._give_up(reason)

    def finish(self) -> None:
        """All rows have come."""
        if self._file is None:
            return
        try:
            self._file.close()
            Path(self._file.name).replace(Path(self._file.name).with_name(f"{self._key}.npy"))
            self._file = None
        except OSError as reason:
            self._give_up(reason)

    def close(self) -> None:
        """Leave nothing that is not finished."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                Path(self._file.name).unlink()
            self._file = None

    def _give_up(self, reason: OSError) -> None:
        log.warning("Speech features are not kept on disk: %s", reason)
        self._failed = True
        self.close()


def _shape(file: IO[bytes]) -> tuple[int, int]:
    """Of an .npy file's features, to whose first value it is read on. Raises ValueError for any other file."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"expected version 1.0, got {version}")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype != np.float16 or len(shape) != 2 or fortran_order:
        raise ValueError(f"expected features (T, D) float16, got {shape} {dtype}")
    size = os.fstat(file.fileno()).st_size - file.tell()
    if size != 2 * shape[0] * shape[1]:
        raise ValueError(f"expected {2 * shape[0] * shape[1]} bytes, got {size}")
    return shape


def _read(file: IO[bytes], shape: tuple[int, int]) -> Iterator[FloatArray]:
    with file:
        for first in range(0, shape[0], PIECE):
            rows = min(PIECE, shape[0] - first)
            yield np.fromfile(file, np.float16, rows * shape[1]).reshape(rows, shape[1]).astype(np.float32)


def _pieces(half: np.ndarray) -> Iterator[FloatArray]:
    for first in range(0, len(half), PIECE):
        yield half[first : first + PIECE].astype(np.float32)
