"""Arrays out of a pickle, without running what it says."""

from __future__ import annotations

import codecs
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.core import multiarray

from ...errors import DifaceError
from ...types import FloatArray


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Bytes, as Python 3 writes them into the older pickle formats."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in {encoding}")
    return codecs.encode(text, "latin1")


# All that numbers need. Nothing here calls anything else, whatever it is given.
ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): multiarray._reconstruct,  # pyright: ignore[reportAttributeAccessIssue]
    ("numpy._core.multiarray", "_reconstruct"): multiarray._reconstruct,  # pyright: ignore[reportAttributeAccessIssue]
    ("_codecs", "encode"): _encode,
}


class _Numbers(pickle.Unpickler):
    """Admits plain containers and numpy's arrays; a pickle that names anything else is refused before it is called."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no array")
        return ADMITTED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside of the file")


def load_arrays(path: Path) -> dict[str, FloatArray]:
    """A pickled dictionary of name -> array of numbers, such as VOCASET's templates.pkl (Python 2 or 3).

    Raises DifaceError for a file that is missing, damaged, or holds anything but names and numbers.
    """
    hint = "Use the file as its authors published it, or leave this corpus out."
    try:
        found = _Numbers(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except OSError as reason:
        raise DifaceError(f"{path} cannot be read: {reason.strerror}.", hint) from reason
    # A damaged pickle fails in whatever way its bytes happen to say.
    except Exception as reason:
        raise DifaceError(f"{path} is not a pickle of arrays: {reason}.", hint) from reason
    if not isinstance(found, dict):
        raise DifaceError(f"{path} holds a {type(found).__name__}, expected names and arrays.", hint)
    arrays = {}
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
            raise DifaceError(f"{path}: {name!r} is not an array of numbers.", hint)
        arrays[name] = value.astype(np.float32)
    return arrays
