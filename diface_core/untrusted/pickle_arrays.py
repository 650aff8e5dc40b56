"""Arrays from a pickle without running its code: the only way in which pickles of others are read. numpy only."""

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
    """Admits plain containers and arrays; a pickle that names anything else is refused before anything is called.

    It is Python's unpickler, not the one in C: it can restrict which objects get a state, and a size that a damaged
    file states allocates no memory before that many bytes were read.
    """

    dispatch = dict(_PythonUnpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        home = PYTHON_2_MODULES.get(module, module).replace("numpy._core", "numpy.core")
        home = "scipy.sparse" if _SPARSE.fullmatch(home) else home
        if (home, name) not in ALLOWED_GLOBALS:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not an array")
        return ALLOWED_GLOBALS[home, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to an object outside the file")

    def _build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], ArrayStandin):
            raise pickle.UnpicklingError("it changes an object that is not an array")
        self.stack[-1].__setstate__(state)

    def _bytearray(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(self.read(length))

    dispatch[pickle.BUILD[0]] = _build
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray


def unpickle(content: bytes) -> Any:
    """Return arrays and plain containers from a pickle of any protocol, including Python 2's, whose texts are Latin-1.

    Sparse matrices become dense, chumpy's arrays numpy's.

    Raises:
        pickle.UnpicklingError: The pickle contains anything but arrays.
        Exception: The pickle is damaged; the type depends on its bytes.
    """
    stream = _Unpickler(io.BytesIO(content), encoding="latin1")
    done: dict[int, Any] = {}

    def plain(value: Any) -> Any:
        if not isinstance(value, (ArrayStandin, dict, list, tuple, set)):
            return value
        if id(value) not in done:
            done[id(value)] = None  # a container that contains itself ends here
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
    """Read a file with `unpickle`.

    Raises ModelError with `hint` if it is missing, damaged or contains anything else.
    """
    return _read(path, "a pickle of arrays", hint, lambda file: unpickle(file.read()))


def load_npy(path: Path, hint: str) -> Any:
    """Read the array of an .npy file, or its content if it is one pickled object such as a dictionary of arrays.

    Raises:
        ModelError: With `hint`; the file is missing, damaged or contains anything but arrays.
    """
    return _read(path, "an .npy file of arrays", hint, _parse_npy)


def load_npz(path: Path, hint: str) -> dict[str, Any]:
    """Return name -> array of an .npz file. Raises ModelError as `load_npy`."""
    return _read(path, "an .npz file of arrays", hint, _parse_npz)


def load_arrays(path: Path, hint: str = "Use the file as its authors published it.") -> dict[str, Float32Array]:
    """Read a pickled dictionary of name -> array of numbers, such as VOCASET's templates.pkl (Python 2 or 3).

    Raises:
        ModelError: The file is missing, damaged, or contains anything but names and numbers.
    """
    content = load_pickle(path, hint)
    if not isinstance(content, dict):
        raise ModelError(f"{path} must contain names and arrays. Got a {type(content).__name__}.", hint)
    arrays = {}
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
            raise ModelError(f"{path}: {name!r} is not an array of numbers.", hint)
        arrays[name] = value.astype(np.float32)
    return arrays


def _parse_npy(file: BinaryIO) -> Any:
    """An .npy file's array; numpy reads numbers, `unpickle` pickled objects."""
    start = file.read(8)
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(io.BytesIO(start))
    if version in headers:
        header = io.BytesIO(file.read())
        _, _, dtype = headers[version](header)
        if dtype.hasobject:
            content = unpickle(header.read())
            return content.item() if isinstance(content, np.ndarray) and content.shape == () else content
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
    # A damaged file fails with an exception that depends on its bytes.
    except Exception as reason:
        raise ModelError(f"{path} is not {kind}: {reason}.", hint) from reason
