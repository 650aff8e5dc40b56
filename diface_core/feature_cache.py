"""Speech features kept by what they were made from, in memory and on disk, both bounded."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

from .types import AudioClip, FloatArray

log = logging.getLogger(__name__)

IN_MEMORY = 96 << 20
ON_DISK = 512 << 20
"""Bytes kept; the least recently used go first."""


def key_of(clip: AudioClip, encoder_hash: str) -> str:
    """Equal for equal sound heard by the same encoder, whatever file it came from."""
    digest = hashlib.sha256(f"{encoder_hash} {clip.rate} ".encode())
    digest.update(np.ascontiguousarray(clip.samples).data)
    return digest.hexdigest()


class FeatureCache:
    """Features (T, D) as float16 by key. `folder` None keeps them in memory only.

    A folder that cannot be read or written, and a damaged file in it, cost time and not the result.
    """

    def __init__(self, folder: Path | None = None, in_memory: int = IN_MEMORY, on_disk: int = ON_DISK) -> None:
        self._folder = folder
        self._in_memory, self._on_disk = in_memory, on_disk
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()

    def get(self, key: str) -> FloatArray | None:
        """The features kept under `key`, or None."""
        half = self._kept.get(key)
        if half is None:
            half = self._load(key)
        if half is None:
            return None
        self._remember(key, half)
        return half.astype(np.float32)

    def put(self, key: str, features: FloatArray) -> FloatArray:
        """Keep `features`. They are rounded to float16 in place and returned: both ways give the same Motion."""
        half = features.astype(np.float16)
        self._remember(key, half)
        try:
            self._save(key, half)
        except OSError as reason:
            log.warning("Speech features are not kept on disk: %s", reason)
        features[...] = half
        return features

    def _remember(self, key: str, half: np.ndarray) -> None:
        self._kept[key] = half
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(array.nbytes for array in self._kept.values()) > self._in_memory:
            self._kept.popitem(last=False)

    def _load(self, key: str) -> np.ndarray | None:
        if self._folder is None:
            return None
        path = self._folder / f"{key}.npy"
        try:
            half = np.load(path, allow_pickle=False)
            if half.dtype != np.float16 or half.ndim != 2:
                raise ValueError(f"expected features (T, D) float16, got {half.shape} {half.dtype}")
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError) as damage:
            log.warning("Speech features are made again, %s cannot be used: %s", path.name, damage)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return half

    def _save(self, key: str, half: np.ndarray) -> None:
        if self._folder is None or half.nbytes > self._on_disk:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        # Two Blenders may share the folder: a file appears whole or not at all.
        handle, temporary = tempfile.mkstemp(suffix=".part", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, half)
            Path(temporary).replace(self._folder / f"{key}.npy")
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._forget_oldest(self._folder)

    def _forget_oldest(self, folder: Path) -> None:
        found = []
        for path in folder.glob("*.npy"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat(), path))
        total = 0
        for stat, path in sorted(found, key=lambda pair: pair[0].st_mtime_ns, reverse=True):
            total += stat.st_size
            if total > self._on_disk:
                path.unlink(missing_ok=True)
