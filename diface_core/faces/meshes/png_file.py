"""Images as PNG files (ISO/IEC 15948), with the standard library alone."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

GREY, COLOUR = 0, 2


def png(image: npt.NDArray[np.uint8]) -> bytes:
    """Return the file of an image (H, W) in grey, or (H, W, 3) in colour, uint8, the first row at the top."""
    height, width = image.shape[:2]
    kind = GREY if image.ndim == 2 else COLOUR
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], axis=1)  # a row begins with 0
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def write_png(path: Path, image: npt.NDArray[np.uint8]) -> None:
    """Write an image as `png` describes it."""
    path.write_bytes(png(image))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
