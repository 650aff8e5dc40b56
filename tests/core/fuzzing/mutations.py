"""Mutations that keep a zip archive whole, so that a reader gets past its checksums (npz, .pt)."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable

Mutate = Callable[[bytes, int], bytes]
"""Bytes and the largest size of the result -> changed bytes."""

WHOLE_SHARE = 0.3
"""Share of mutations of the archive's own bytes."""


def mutate_archive(data: bytes, max_size: int, seed: int, mutate: Mutate) -> bytes:
    """Return the archive with one member changed, or its own bytes changed.

    Args:
        data: A zip archive, or what earlier mutations left of one.
        max_size: Largest size of the result.
        seed: Chooses the member.
        mutate: What changes the bytes.
    """
    draw = random.Random(seed)
    members = _unpack(data)
    if not members or draw.random() < WHOLE_SHARE:
        return mutate(data, max_size)
    name = draw.choice(sorted(members))
    room = max(64, max_size - len(data))
    members[name] = mutate(members[name], len(members[name]) + min(room, 4096))
    packed = _pack(members)
    return packed if len(packed) <= max_size else mutate(data, max_size)


def _unpack(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # noqa: BLE001 - zipfile raises many types for a damaged archive
        return {}


def _pack(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()
