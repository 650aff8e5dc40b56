"""A builder of ONNX graphs that writes the file format by itself, so that a worker needs no package `onnx`.

The format is Protocol Buffers with the field numbers of onnx.proto (https://github.com/onnx/onnx).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..types import Float32Array
from .session import OPSET

IR_VERSION = 9
"""Version of the file format: read by onnxruntime 1.15 and later."""
PRODUCER = "DiFACE"
WEIGHT_LOCATION = "provided by the session"
"""Where a graph says that the values of its weights are."""

Attribute = int | float | str | Sequence[int]
Shape = Sequence[int | str]
"""Sizes of a tensor's axes; a name stands for a size that a call decides."""

FLOAT, INT32, INT64, BOOL = 1, 6, 7, 9
_TYPES = {"float32": FLOAT, "int32": INT32, "int64": INT64, "bool": BOOL}


class OnnxGraph:
    """Collects the nodes of one graph; methods return the name of the value that they add.

    Attributes:
        weights: Values of the weights that `weight` added, by name: they are not in the file, so the session that opens
            the graph must be given them.
    """

    def __init__(self) -> None:
        self.weights: dict[str, Float32Array] = {}
        self._nodes: list[bytes] = []
        self._initializers: list[bytes] = []
        self._weight_names: set[str] = set()
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, shape: Shape, dtype: npt.DTypeLike = np.float32) -> str:
        """Add an input."""
        self._inputs.append(_value_info(name, shape, _TYPES[np.dtype(dtype).name]))
        return name

    def output(self, name: str, value: str, shape: Shape) -> None:
        """Make a value a float32 output."""
        self._nodes.append(_node("Identity", [value], [name], {}))
        self._outputs.append(_value_info(name, shape, FLOAT))

    def weight(self, name: str, values: npt.NDArray[np.floating]) -> str:
        """Add a float32 weight with its values for the session; a name that exists already is the same weight."""
        if name not in self.weights:
            self.weights[name] = np.ascontiguousarray(values, np.float32)
        return self.session_weight(name, *self.weights[name].shape)

    def session_weight(self, name: str, *shape: int) -> str:
        """Add a float32 weight whose values the session has; a name that exists already is the same weight."""
        if name not in self._weight_names:
            self._weight_names.add(name)
            location = _text(1, "location") + _text(2, WEIGHT_LOCATION)
            header = _tensor_header(name, shape, FLOAT)
            self._initializers.append(header + _message(13, location) + _number(14, 1))
        return name

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.int64) -> str:
        """Add a constant that is stored in the graph."""
        array, name = np.asarray(values, dtype), f"constant/{len(self._initializers)}"
        header = _tensor_header(name, array.shape, _TYPES[array.dtype.name])
        self._initializers.append(header + _message(9, array.tobytes()))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """Add a node with one output."""
        return self.ops(kind, *inputs, count=1, **attributes)[0]

    def ops(self, kind: str, *inputs: str, count: int, **attributes: Attribute) -> list[str]:
        """Add a node with `count` outputs."""
        names = [f"{kind}/{len(self._nodes)}/{number}" for number in range(count)]
        self._nodes.append(_node(kind, inputs, names, attributes))
        return names

    def reshape(self, x: str, *shape: int) -> str:
        """Add a Reshape; -1 is inferred."""
        return self.op("Reshape", x, self.constant(shape))

    def silu(self, x: str) -> str:
        """Add a SiLU; onnxruntime makes one operation of it."""
        return self.op("Mul", x, self.op("Sigmoid", x))

    def to_bytes(self, name: str = "graph", metadata: Mapping[str, str] | None = None) -> bytes:
        """Return the file's content, with `metadata` for `Session.metadata`."""
        parts = (
            (1, self._nodes), (2, [name.encode()]), (5, self._initializers), (11, self._inputs), (12, self._outputs),
        )  # fmt: skip
        graph = b"".join(_message(field, one) for field, values in parts for one in values)
        opset = _text(1, "") + _number(2, OPSET)
        properties = b"".join(_message(14, _text(1, key) + _text(2, value)) for key, value in (metadata or {}).items())
        return _number(1, IR_VERSION) + _text(2, PRODUCER) + _message(7, graph) + _message(8, opset) + properties


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], attributes: dict[str, Attribute]) -> bytes:
    names = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in outputs)
    return names + _text(4, kind) + b"".join(_message(5, _attribute(*item)) for item in sorted(attributes.items()))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, 3)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, 7)


def _tensor_header(name: str, shape: Sequence[int], kind: int) -> bytes:
    return b"".join(_number(1, size) for size in shape) + _number(2, kind) + _text(8, name)


def _value_info(name: str, shape: Shape, kind: int) -> bytes:
    axes = (_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape)
    tensor = _number(1, kind) + _message(2, b"".join(_message(1, axis) for axis in axes))
    return _text(1, name) + _message(2, _message(1, tensor))


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, content: bytes) -> bytes:
    return _key(field, 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value % 2**64)  # negative numbers in two's complement


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Encode seven bits per byte, the lowest first; the highest bit of a byte marks that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
