"""Stand-ins for the array classes of numpy, scipy and chumpy while a pickle is read: containers that run nothing."""

from __future__ import annotations

import codecs
import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..types import AnyArray

Resolve = Callable[[Any], Any]
"""Converts what the unpickler built to plain containers and arrays."""

_NUMERIC_DTYPE = re.compile(r"[<>=|]?[?biufcSU]\d*")
_OBJECT_DTYPE = re.compile(r"[|]?O\d*")
_MAX_SPARSE_ELEMENTS = 2**27
"""Elements of a dense array from a sparse matrix; a file that states more is refused."""


class ArrayStandin:
    """Stands for a class that a pickle names. It stores its arguments and calls nothing."""

    args: tuple[Any, ...] = ()
    state: Any = None

    def __init__(self, *args: Any) -> None:
        self.args = args

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def to_plain(self, resolve: Resolve) -> Any:
        """Return the array that this stands for."""
        raise pickle.UnpicklingError("a type in place of an array")


class _DTypeStandin(ArrayStandin):
    """numpy.dtype: (code, align, copy); the second item of its state is the byte order."""

    def to_dtype(self) -> np.dtype[Any]:
        code = self.args[0] if self.args else None
        if not isinstance(code, str) or not (_NUMERIC_DTYPE.fullmatch(code) or _OBJECT_DTYPE.fullmatch(code)):
            raise pickle.UnpicklingError(f"an array of {code!r}")
        order = self.state[1] if self.state else "|"
        return np.dtype(code).newbyteorder(order) if order in ("<", ">") else np.dtype(code)


class _ArrayState(ArrayStandin):
    """numpy.ndarray; its state is ([version,] shape, dtype, Fortran order, data)."""

    def to_plain(self, resolve: Resolve) -> Any:
        shape, kind, fortran, data = self.state[-4:]
        return _array(shape, kind, data, "F" if fortran else "C", resolve)


class _Buffer(ArrayStandin):
    """numpy.ndarray as protocol 5 writes it: (data, dtype, shape, order)."""

    def to_plain(self, resolve: Resolve) -> Any:
        data, kind, shape, order = self.args[:4]
        return _array(shape, kind, data, order, resolve)


class _Scalar(ArrayStandin):
    """A numpy scalar: (dtype, data)."""

    def to_plain(self, resolve: Resolve) -> Any:
        return _array((), self.args[0], self.args[1], "C", resolve)[()]


class _SparseColumns(ArrayStandin):
    """scipy.sparse matrices with compressed columns, and with compressed rows in the subclass."""

    by_rows = False

    def to_plain(self, resolve: Resolve) -> Any:
        state = resolve(self.state)
        starts = np.asarray(state["indptr"])
        major = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        minor = np.asarray(state["indices"])
        return _dense(state, major, minor) if self.by_rows else _dense(state, minor, major)


class _SparseRows(_SparseColumns):
    by_rows = True


class _SparseCoordinates(ArrayStandin):
    """scipy.sparse matrices as rows, columns and values."""

    def to_plain(self, resolve: Resolve) -> Any:
        state = resolve(self.state)
        rows, columns = state["coords"] if "coords" in state else (state["row"], state["col"])
        return _dense(state, rows, columns)


class _Chumpy(ArrayStandin):
    """chumpy.ch.Ch, which wraps an array `x`."""

    def to_plain(self, resolve: Resolve) -> Any:
        return np.asarray(resolve(self.state["x"]))


class _ChumpySelect(ArrayStandin):
    """chumpy.reordering.Select: the elements `idxs` of the flat `a`, in `preferred_shape`."""

    def to_plain(self, resolve: Resolve) -> Any:
        array, indices, shape = (resolve(self.state[name]) for name in ("a", "idxs", "preferred_shape"))
        return np.ravel(array)[np.asarray(indices)].reshape(shape)


def _array(shape: Any, kind: Any, data: Any, order: Any, resolve: Resolve) -> AnyArray:
    if not isinstance(kind, _DTypeStandin) or order not in ("C", "F"):
        raise pickle.UnpicklingError("an array whose type or order is unknown")
    dtype = kind.to_dtype()
    if dtype.hasobject:
        array = np.empty(math.prod(shape), object)
        array[:] = [resolve(element) for element in data]
        return array.reshape(shape, order=order)
    content = data.encode("latin1") if isinstance(data, str) else bytes(data)
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise pickle.UnpicklingError(f"an array of shape {shape} with {len(content)} bytes")
    return np.ndarray(shape, dtype, content, order=order).astype(dtype.newbyteorder("="), order="C")


def _dense(state: dict[str, Any], rows: Any, columns: Any) -> AnyArray:
    rows, columns, values = (np.asarray(part) for part in (rows, columns, state["data"]))
    shape = tuple(state["_shape"] if "_shape" in state else state["shape"])
    if math.prod(shape) > _MAX_SPARSE_ELEMENTS or len(shape) != 2 or (len(rows) and min(rows.min(), columns.min()) < 0):
        raise pickle.UnpicklingError(f"a sparse matrix of shape {shape} with indices outside")
    dense = np.zeros(shape, values.dtype)
    np.add.at(dense, (rows, columns), values)  # duplicate entries are summed
    return dense


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Bytes, as Python 3 writes them into the older pickle formats."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in {encoding}")
    return codecs.encode(text, "latin1")


def _reconstruct(kind: Any, *_: Any) -> ArrayStandin:
    """An empty stand-in whose state follows: `_reconstruct` of numpy, `_reconstructor` of copyreg."""
    if not (isinstance(kind, type) and issubclass(kind, ArrayStandin)):
        raise pickle.UnpicklingError("it creates an object that is not an array")
    return kind()


# Everything that arrays need. Nothing here calls anything else, whatever its arguments.
ALLOWED_GLOBALS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _ArrayState,
    ("numpy", "matrix"): _ArrayState,
    ("numpy.matrixlib.defmatrix", "matrix"): _ArrayState,
    ("numpy", "dtype"): _DTypeStandin,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _Scalar,
    ("numpy.core.numeric", "_frombuffer"): _Buffer,
    ("copyreg", "_reconstructor"): _reconstruct,
    ("builtins", "object"): ArrayStandin,
    ("builtins", "set"): set,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytes"): lambda: b"",  # how Python 3 writes empty bytes
    ("chumpy.ch", "Ch"): _Chumpy,
    ("chumpy.reordering", "Select"): _ChumpySelect,
    **{("scipy.sparse", f"csc_{kind}"): _SparseColumns for kind in ("matrix", "array")},
    **{("scipy.sparse", f"csr_{kind}"): _SparseRows for kind in ("matrix", "array")},
    **{("scipy.sparse", f"coo_{kind}"): _SparseCoordinates for kind in ("matrix", "array")},
}
