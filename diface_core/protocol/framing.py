"""Messages as bytes on a pipe: magic, header length, JSON header, arrays. Checks the size before any allocation."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..errors import WorkerError
from ..types import AnyArray

MAGIC = b"\x93DFC"
_PREFIX = struct.Struct("<4sI")
MAX_HEADER_BYTES = 1 << 20
MAX_ARRAY_BYTES = 1 << 30
"""Bytes above which a length counts as malformed, and a message is not sent."""

DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint8", "bool")


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        kind: What the message is.
        request_id: The request that it belongs to, or None.
        data: JSON data.
        arrays: Name -> array of one of DTYPES.
    """

    kind: str
    request_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, AnyArray] = field(default_factory=dict)


class Readable(Protocol):
    """The reading end of an unbuffered pipe. `read` may return fewer bytes than requested."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most `size` bytes; none at the end of the stream."""
        ...


class TruncatedMessage(WorkerError):
    """The pipe ended within a message: the process that wrote it ended."""


def pack(message: Message) -> bytes:
    """Return the message as bytes. Raises WorkerError as `buffers` does."""
    return b"".join(buffers(message))


def buffers(message: Message) -> Iterator[bytes | memoryview]:
    """Yield the message's bytes in order, without a copy of its arrays.

    Raises:
        WorkerError: The message is larger than the receiver accepts; nothing was yielded.
    """
    check_size(message)
    arrays = {name: np.ascontiguousarray(array) for name, array in message.arrays.items()}
    header = {
        "kind": message.kind,
        "request": message.request_id,
        "data": message.data,
        "arrays": [[name, array.dtype.name, list(message.arrays[name].shape)] for name, array in arrays.items()],
    }
    text = json.dumps(header).encode("ascii")
    yield _PREFIX.pack(MAGIC, len(text)) + text
    for array in arrays.values():
        yield array.reshape(-1).view(np.uint8).data


def check_size(message: Message) -> None:
    """Check that the receiver accepts the message.

    Raises:
        WorkerError: The arrays hold more than MAX_ARRAY_BYTES.
    """
    size = sum(array.nbytes for array in message.arrays.values())
    if size > MAX_ARRAY_BYTES:
        limit, got = MAX_ARRAY_BYTES / 2**30, size / 2**30
        hint = "Choose a shorter range, or a mesh with fewer vertices or shape keys."
        raise WorkerError(f"A request and its result must have {limit:.1f} GiB at most. Got {got:.1f} GiB.", hint)


def read(stream: Readable) -> Message | None:
    """Read the next message.

    Returns:
        The message, or None if the stream ends between two messages.

    Raises:
        TruncatedMessage: The stream ends within a message.
        WorkerError: The bytes are malformed.
    """
    first = stream.read(1)
    if not first:
        return None
    magic, length = _PREFIX.unpack(first + _read_exactly(stream, _PREFIX.size - 1, "the start of a message"))
    if magic != MAGIC:
        raise malformed(f"expected a message, got {magic!r}")
    if length > MAX_HEADER_BYTES:
        raise malformed(f"a header of {length} bytes")
    header = _parse_header(_read_exactly(stream, length, "the header of a message"))
    arrays = {}
    for name, dtype, shape in header["arrays"]:
        count = math.prod(shape)
        array = np.frombuffer(_read_exactly(stream, count * np.dtype(dtype).itemsize, f"the array {name}"), dtype)
        arrays[name] = array.reshape(shape)
    return Message(header["kind"], header["request"], header["data"], arrays)


def _parse_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except ValueError as error:
        raise malformed(f"a header that is not JSON ({error})") from error
    expected = {"kind": str, "request": int | None, "data": dict, "arrays": list}
    if not isinstance(header, dict) or set(header) != set(expected):
        raise malformed("a header without kind, request, data and arrays")
    for key, kind in expected.items():
        if not isinstance(header[key], kind):
            raise malformed(f"a header whose {key} is {header[key]!r}")

    total = 0
    for entry in header["arrays"]:
        match entry:
            case [str(), str(dtype), list(shape)] if dtype in DTYPES and all(type(n) is int and n >= 0 for n in shape):
                total += math.prod(shape) * np.dtype(dtype).itemsize
            case _:
                raise malformed(f"an array described as {entry!r}")
    if total > MAX_ARRAY_BYTES:
        raise malformed(f"arrays of {total} bytes")
    return header


def _read_exactly(stream: Readable, size: int, what: str) -> bytes:
    parts = []
    while size > 0:
        part = stream.read(size)
        if not part:
            hint = "Try again: a new worker starts."
            raise TruncatedMessage(f"The worker process ended within {what}, {size} bytes too early.", hint)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def malformed(problem: str) -> WorkerError:
    """Return the error for a malformed message; `problem` is a noun phrase."""
    hint = "Try again. If it happens again, a library in the worker's Python prints to the pipe."
    return WorkerError(f"The worker process sent a malformed message: {problem}.", hint)
