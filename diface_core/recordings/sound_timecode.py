"""The time of day at which a sound begins: of Broadcast Wave files (EBU Tech 3285), which field recorders write."""

from __future__ import annotations

import struct
from pathlib import Path

REFERENCE = 338
"""Offset of the time reference in the chunk `bext`: samples since midnight, 64 bits."""
MAX_CHUNKS = 1000


def start_of_sound(path: Path) -> float | None:
    """Return the seconds since midnight at which a sound file begins; None if it does not say so, or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
                return None
            samples = rate = None
            for _chunk in range(MAX_CHUNKS):
                name, size = struct.unpack("<4sI", file.read(8))
                begin = file.tell()
                if name == b"bext":
                    file.seek(begin + REFERENCE)
                    (samples,) = struct.unpack("<Q", file.read(8))
                elif name == b"fmt ":
                    rate = struct.unpack("<HHI", file.read(8))[2]
                if samples and rate:
                    return samples / rate
                file.seek(begin + size + size % 2)
    except (OSError, struct.error):
        return None
    return None
