"""The names of the styles that the shipped face model was trained on, from the header of its file."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from ..core import diface_core


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The styles' names, the default first; none where the model is missing or cannot be read."""
    path = Path(diface_core.__file__).parent / "weights" / "face.safetensors"
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return tuple(json.loads(header["__metadata__"]["config"])["styles"])
    except (OSError, ValueError, KeyError):
        return ()  # what is wrong with the file is said when it is used
