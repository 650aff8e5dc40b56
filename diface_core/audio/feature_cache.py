"""Speech features cached by a hash of the audio, in memory and on disk, both limited in size."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np

from ..atomic_write import Draft, remove_drafts
from ..runtime.sliding_windows import CHUNK_ROWS
from ..types import AudioClip, Float32Array

log = logging.getLogger(__name__)

MEMORY_LIMIT = 32 << 20
DISK_LIMIT = 512 << 20
"""Bytes: features of 20 minutes in memory and of 6 hours on disk; the least recently used are removed first."""

ABANDONED_SECONDS = 3600
"""Age at which a file that is not complete is that of a process that was killed, and is removed."""


def new_digest(encoder_hash: str, rate: int) -> hashlib._Hash:
    """Return a digest to update with all samples of some audio; its `hexdigest` is then the audio's key."""
    return hashlib.sha256(f"{encoder_hash} {rate} ".encode())


def audio_key(clip: AudioClip, encoder_hash: str) -> str:
    """Return a key that is equal for equal samples and the same encoder, whatever file they came from."""
    digest = new_digest(encoder_hash, clip.rate)
    digest.update(np.ascontiguousarray(clip.samples).data)
    return digest.hexdigest()


class FeatureCache:
    """Features (T, D) as float16 by key, whole or in parts. `folder` None keeps them in memory only.

    Features larger than the memory limit are on disk only and read as needed; without a folder the last ones are kept
    regardless. A folder that cannot be read or written, or a damaged file in it, costs time but never the result.
    """

    def __init__(
        self, folder: Path | None = None, memory_limit: int = MEMORY_LIMIT, disk_limit: int = DISK_LIMIT
    ) -> None:
        self._folder = folder
        self._memory_limit, self._disk_limit = memory_limit, disk_limit
        self._entries: OrderedDict[str, np.ndarray] = OrderedDict()

    def get(self, key: str) -> Float32Array | None:
        """Return the features of `key`, or None."""
        parts = self.get_stream(key)
        return None if parts is None else np.concatenate(list(parts))

    def put(self, key: str, features: Float32Array) -> Float32Array:
        """Store `features`, and return them rounded to float16 as `get` does, so that both give the same Motion."""
        return np.concatenate(list(self.put_stream(key, [features], len(features))))

    def get_or_put(self, key: str, compute: Callable[[], Float32Array]) -> Float32Array:
        """Return the features of `key`, which are computed and stored if they are not there."""
        known = self.get(key)
        return self.put(key, compute()) if known is None else known

    def get_stream(self, key: str) -> Iterator[Float32Array] | None:
        """Return the features of `key` in order, in parts of CHUNK_ROWS rows; or None."""
        half = self._entries.get(key)
        if half is not None:
            self._put_in_memory(key, half)
            return _split_into_chunks(half)
        return self._open_from_disk(key)

    def put_stream(self, key: str, parts: Iterable[Float32Array], rows: int) -> Iterator[Float32Array]:
        """Yield `parts`, of `rows` rows in total, rounded to float16; they are stored once all were read."""
        kept, done = None, 0
        with contextlib.closing(_PartialFile(self._folder, key)) as file:
            for part in parts:
                half = part.astype(np.float16)
                size = rows * half.shape[1] * half.itemsize
                if size <= self._disk_limit:
                    file.append(half, rows)
                if size <= self._memory_limit or self._folder is None:
                    kept = np.empty((rows, half.shape[1]), np.float16) if kept is None else kept
                    kept[done : done + len(half)] = half
                done += len(half)
                yield half.astype(np.float32)
            file.finish()
        if kept is not None:
            self._put_in_memory(key, kept[:done])
        self._evict_from_disk()

    def _put_in_memory(self, key: str, half: np.ndarray) -> None:
        self._entries[key] = half
        self._entries.move_to_end(key)
        while len(self._entries) > 1 and sum(array.nbytes for array in self._entries.values()) > self._memory_limit:
            self._entries.popitem(last=False)

    def _open_from_disk(self, key: str) -> Iterator[Float32Array] | None:
        if self._folder is None:
            return None
        path = self._folder / f"{key}.npy"
        try:
            file = path.open("rb")
        except OSError:
            return None
        try:
            shape = _read_shape(file)
        except (OSError, ValueError, EOFError) as damage:
            log.warning("Speech features are computed again, %s cannot be used: %s", path.name, damage)
            file.close()
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):  # another process has removed the file, which is still open here
            os.utime(path)
        return _read_chunks(file, shape)

    def _evict_from_disk(self) -> None:
        if self._folder is None:
            return
        remove_drafts(self._folder, older_than=ABANDONED_SECONDS)
        files = []
        for path in self._folder.glob("*.npy"):
            with contextlib.suppress(FileNotFoundError):
                files.append((path.stat(), path))
        total = 0
        for stat, path in sorted(files, key=lambda pair: pair[0].st_mtime_ns, reverse=True):
            total += stat.st_size
            if total > self._disk_limit:
                # Windows refuses while another Blender reads the file; a later request removes it.
                with contextlib.suppress(OSError):
                    path.unlink()


class _PartialFile:
    """A feature file that is being written. It appears in the folder, which two Blenders may share, when complete."""

    def __init__(self, folder: Path | None, key: str) -> None:
        self._folder, self._key = folder, key
        self._draft: Draft | None = None
        self._file: IO[bytes] | None = None
        self._failed = folder is None

    def append(self, features: np.ndarray, rows: int) -> None:
        """Write the next rows of a file of `rows` rows."""
        if self._failed or self._folder is None:
            return
        try:
            if self._file is None:
                self._open(self._folder, (rows, features.shape[1]))
            if self._file is not None:
                self._file.write(features.tobytes())
        except OSError as reason:
            self._disable(reason)

    def finish(self) -> None:
        """Put the complete file in its place."""
        if self._file is None or self._draft is None:
            return
        try:
            self._file.close()
            self._draft.commit()
            self._file = self._draft = None
        except OSError as reason:
            self._disable(reason)

    def close(self) -> None:
        """Discard a file that is not complete."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if self._draft is not None:
            self._draft.discard()
        self._file = self._draft = None

    def _open(self, folder: Path, shape: tuple[int, int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._draft = Draft.create(folder / f"{self._key}.npy")
        self._file = self._draft.path.open("wb")
        np.lib.format.write_array_header_1_0(self._file, {"descr": "<f2", "fortran_order": False, "shape": shape})

    def _disable(self, reason: OSError) -> None:
        log.warning("Speech features are not cached on disk: %s", reason)
        self._failed = True
        self.close()


def _read_shape(file: IO[bytes]) -> tuple[int, int]:
    """Shape of the features in an .npy file, which is read up to its first value. Raises ValueError for other files."""
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


def _read_chunks(file: IO[bytes], shape: tuple[int, int]) -> Iterator[Float32Array]:
    with file:
        for first in range(0, shape[0], CHUNK_ROWS):
            rows = min(CHUNK_ROWS, shape[0] - first)
            yield np.fromfile(file, np.float16, rows * shape[1]).reshape(rows, shape[1]).astype(np.float32)


def _split_into_chunks(features: np.ndarray) -> Iterator[Float32Array]:
    for first in range(0, len(features), CHUNK_ROWS):
        yield features[first : first + CHUNK_ROWS].astype(np.float32)
