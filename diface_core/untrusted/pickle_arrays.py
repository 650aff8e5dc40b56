"""Arrays out of a pickle, without running what it says: the one way in for pickled files of others. numpy only."""

from __future__ import annotations

import io
import pickle
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import ModelError
from ..types import Float32Array
from .array_standins import ALLOWED_GLOBALS, ArrayStandin

PYTHON_2_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_SPARSE = re.compile(r"scipy\.sparse(\.\w+)?")
_PythonUnpickler: Any = pickle._Unpickler


class _Unpickler(_PythonUnpickler):
    """Admits plain containers and arrays; a pickle that names anything else is refused before it is called.

    The unpickler in Python and not the one in C: here what may be given a state is ours to say, and a size that a
    damaged file states claims no memory before so many bytes have been read.
    """

    dispatch = dict(_PythonUnpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        home = PYTHON_2_MODULES.get(module, module).replace("numpy._core", "numpy.core")
        home = "scipy.sparse" if _SPARSE.fullmatch(home) else home
        if (home, name) not in ALLOWED_GLOBALS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no array")
        return ALLOWED_GLOBALS[home, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside of the file")

    def _build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], ArrayStandin):
            raise pickle.UnpicklingError("it changes something that is no array")
        self.stack[-1].__setstate__(state)

    def _bytearray(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(self.read(length))

    dispatch[pickle.BUILD[0]] = _build
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray


def unpickle(content: bytes) -> Any:
    """Arrays and plain containers out of a pickle of any protocol, Python 2's too; its texts are read as Latin-1.

    Sparse matrices come written out, chumpy's arrays as numpy's. Raises pickle.UnpicklingError for anything but
    arrays, and whatever its bytes happen to say for a damaged one.
    """
    stream = _Unpickler(io.BytesIO(content), encoding="latin1")
    done: dict[int, Any] = {}

    def plain(value: Any) -> Any:
        if not isinstance(value, (ArrayStandin, dict, list, tuple, set)):
            return value
        if id(value) not in done:
            done[id(value)] = None  # one that holds itself ends here
            done[id(value)] = resolved(value)
        return done[id(value)]

    def resolved(value: Any) -> Any:
        if isinstance(value, ArrayStandin):
            return value.to_plain(plain)
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return type(value)(plain(item) for item in value)

    return plain(stream.load())


def load_pickle(path: Path, hint: str) -> Any:
    """What a file holds, see `unpickle`. Raises ModelError with `hint` where it is missing, damaged or holds more."""
    return _read(path, "a pickle of arrays", hint, lambda file: unpickle(file.read()))


def load_npy(path: Path, hint: str) -> Any:
    """The array of an .npy file, or what it holds where it holds one pickled thing such as a dictionary of arrays.

    Raises ModelError with `hint` where it is missing, damaged or holds anything but arrays.
    """
    return _read(path, "an .npy file of arrays", hint, _parse_npy)


def load_npz(path: Path, hint: str) -> dict[str, Any]:
    """Name -> array of an .npz file. Raises ModelError as `load_npy` does."""
    return _read(path, "an .npz file of arrays", hint, _parse_npz)


def load_arrays(path: Path, hint: str = "Use the file as its authors published it.") -> dict[str, Float32Array]:
    """A pickled dictionary of name -> array of numbers, such as VOCASET's templates.pkl (Python 2 or 3).

    Raises ModelError for a file that is missing, damaged, or holds anything but names and numbers.
    """
    found = load_pickle(path, hint)
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds a {type(found).__name__}, expected names and arrays.", hint)
    arrays = {}
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
            raise ModelError(f"{path}: {name!r} is not an array of numbers.", hint)
        arrays[name] = value.astype(np.float32)
    return arrays


def _parse_npy(file: BinaryIO) -> Any:
    """An .npy file's array; numpy reads numbers, `unpickle` what is pickled."""
    start = file.read(8)
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(io.BytesIO(start))
    if version in headers:
        header = io.BytesIO(file.read())
        _, _, dtype = headers[version](header)
        if dtype.hasobject:
            found = unpickle(header.read())
            return found.item() if isinstance(found, np.ndarray) and found.shape == () else found
        header.seek(0)
        return np.lib.format.read_array(io.BytesIO(start + header.read()), allow_pickle=False)
    raise pickle.UnpicklingError(f"an .npy file of version {version}")


def _parse_npz(file: BinaryIO) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        return {name.removesuffix(".npy"): _parse_npy(io.BytesIO(archive.read(name))) for name in archive.namelist()}


def _read(path: Path, kind: str, hint: str, reader: Callable[[BinaryIO], Any]) -> Any:
    try:
        with path.open("rb") as file:
            return reader(file)
    except OSError as reason:
        raise ModelError(f"{path} cannot be read: {reason.strerror}.", hint) from reason
    # A damaged file fails in whatever way its bytes happen to say.
    except Exception as reason:
        raise ModelError(f"{path} is not {kind}: {reason}.", hint) from reason
