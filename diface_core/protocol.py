"""Requests, progress and results as bytes on a pipe: magic, header length, JSON header, arrays."""

from __future__ import annotations

import dataclasses
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from . import errors
from .errors import DifaceError, WorkerError
from .types import (
    AudioSection,
    Constraints,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Layers,
    LearnRequest,
    Learnt,
    Motion,
    Performance,
    Pins,
    Progress,
    Rows,
    Shapes,
    ShapesRequest,
    Solved,
    SolveRequest,
    Style,
    ThreeDiface,
    VertexPins,
)

VERSION = 4
"""Raised when a message changes its meaning; both ends must have the same."""

MAGIC = b"\x93DFC"
_PREFIX = struct.Struct("<4sI")
LARGEST_HEADER = 1 << 20
LARGEST_ARRAYS = 1 << 30
"""Bytes beyond which a length is taken for rubbish rather than waited for."""

DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint8", "bool")


@dataclass(frozen=True)
class Message:
    """One message: what it is, to which request it belongs (None: to none), its plain data and its arrays."""

    kind: str
    request: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


class Readable(Protocol):
    """A pipe's reading end, as `open(fd, "rb", buffering=0)` gives it: `read` may return less than asked for."""

    def read(self, size: int, /) -> bytes | None: ...


class CutShort(WorkerError):
    """The pipe ended within a message: whoever wrote it died."""


# Bytes


def pack(message: Message) -> bytes:
    """The message as bytes."""
    return b"".join(buffers(message))


def buffers(message: Message) -> Iterator[bytes | memoryview]:
    """The message's bytes one after the other, its arrays not copied."""
    arrays = {name: np.ascontiguousarray(array) for name, array in message.arrays.items()}
    header = {
        "kind": message.kind,
        "request": message.request,
        "data": message.data,
        "arrays": [[name, array.dtype.name, list(message.arrays[name].shape)] for name, array in arrays.items()],
    }
    text = json.dumps(header).encode("ascii")
    yield _PREFIX.pack(MAGIC, len(text)) + text
    for array in arrays.values():
        yield array.reshape(-1).view(np.uint8).data


def read(stream: Readable) -> Message | None:
    """The next message, or None where the stream ends between two. Raises WorkerError for anything else."""
    first = stream.read(1)
    if not first:
        return None
    magic, length = _PREFIX.unpack(first + _exactly(stream, _PREFIX.size - 1, "a message's beginning"))
    if magic != MAGIC:
        raise _rubbish(f"expected a message, got {magic!r}")
    if length > LARGEST_HEADER:
        raise _rubbish(f"a header of {length} bytes")
    header = _header(_exactly(stream, length, "a message's header"))

    arrays = {}
    for name, dtype, shape in header["arrays"]:
        count = math.prod(shape)
        array = np.frombuffer(_exactly(stream, count * np.dtype(dtype).itemsize, f"the array {name}"), dtype)
        arrays[name] = array.reshape(shape)
    return Message(header["kind"], header["request"], header["data"], arrays)


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except ValueError as error:
        raise _rubbish(f"a header that is not JSON ({error})") from error
    expected = {"kind": str, "request": int | None, "data": dict, "arrays": list}
    if not isinstance(header, dict) or set(header) != set(expected):
        raise _rubbish("a header without kind, request, data and arrays")
    for key, kind in expected.items():
        if not isinstance(header[key], kind):
            raise _rubbish(f"a header whose {key} is {header[key]!r}")

    total = 0
    for entry in header["arrays"]:
        match entry:
            case [str(), str(dtype), list(shape)] if dtype in DTYPES and all(type(n) is int and n >= 0 for n in shape):
                total += math.prod(shape) * np.dtype(dtype).itemsize
            case _:
                raise _rubbish(f"an array described as {entry!r}")
    if total > LARGEST_ARRAYS:
        raise _rubbish(f"arrays of {total} bytes")
    return header


def _exactly(stream: Readable, size: int, what: str) -> bytes:
    parts = []
    while size > 0:
        part = stream.read(size)
        if not part:
            hint = "Try again: a fresh worker starts."
            raise CutShort(f"The worker process ended within {what}, {size} bytes too early.", hint)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _rubbish(what: str) -> WorkerError:
    hint = "Try again; if it comes back, a library in the worker's Python prints where it must not."
    return WorkerError(f"The worker process sent something that is not a message: {what}.", hint)


# Meaning


def hello_message(versions: Mapping[str, str | None]) -> Message:
    """The worker's first message: `versions` of what it runs on; the protocol's own is added."""
    return Message("hello", data={"protocol": VERSION, "versions": dict(versions)})


def request_message(request: GenerateRequest, number: int) -> Message:
    """A `generate` message; `number` comes back with every answer to it."""
    kept, arrays = _constraints_data(request.constraints)
    data = {
        "audio": _audio_data(request.audio),
        "parts": list(request.parts),
        "rate": _rate_data(request.rate),
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "style_guidance": request.style_guidance,
        "variety": request.variety,
        "face_strength": request.face_strength,
        "head_strength": request.head_strength,
        "head_axes": list(request.head_axes),
        "style": dataclasses.asdict(request.style),
        "layers": dataclasses.asdict(request.layers),
        "engine": _engine_data(request.engine),
        "constraints": kept,
    }
    return Message("generate", number, data, arrays)


def request_of(message: Message) -> GenerateRequest:
    """What `request_message` packed."""
    data = message.data
    try:
        nested = ("audio", "parts", "rate", "head_axes", "style", "layers", "engine", "constraints")
        plain = {key: value for key, value in data.items() if key not in nested}
        nod, tip, turn = data["head_axes"]
        blend = tuple((str(name), float(weight)) for name, weight in data["style"]["blend"])
        return GenerateRequest(
            audio=_audio_of(data["audio"]),
            parts=tuple(data["parts"]),
            rate=FrameRate(**data["rate"]),
            head_axes=(nod, tip, turn),
            style=Style(blend, data["style"]["strength"]),
            layers=Layers(**data["layers"]),
            engine=_engine_of(data["engine"]),
            constraints=_constraints_of(message),
            **plain,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _rubbish(f"a request that is none ({error!r})") from error


def progress_message(progress: Progress, number: int | None) -> Message:
    """How far request `number` is."""
    data = {"fraction": progress.fraction, "stage": progress.stage, "seconds_left": progress.seconds_left}
    return Message("progress", number, data)


def progress_of(message: Message) -> Progress:
    """What `progress_message` packed."""
    try:
        return Progress(**message.data)
    except TypeError as error:
        raise _rubbish(f"progress that is none ({error})") from error


def rows_message(first: int, motion: Motion, number: int) -> Message:
    """A stretch of the Motion for request `number` before it is whole: its rows from `first` on."""
    return Message("rows", number, {"first": first, **_motion_data(motion)}, {"values": motion.values})


def rows_of(message: Message) -> Rows:
    """What `rows_message` packed."""
    try:
        return Rows(message.data["first"], _motion_of(message))
    except (KeyError, TypeError, ValueError) as error:
        raise _rubbish(f"rows that are none ({error!r})") from error


def result_message(result: GenerateResult, number: int) -> Message:
    """The Motion made for request `number`."""
    data = {**_motion_data(result.motion), "model_hash": result.model_hash, "timings": dict(result.timings)}
    arrays = {"values": result.motion.values}
    if result.shapes:
        data["shapes"], arrays["deltas"] = _shapes_data(result.shapes), result.shapes.deltas
    return Message("result", number, data, arrays)


def result_of(message: Message) -> GenerateResult:
    """What `result_message` packed."""
    try:
        shapes = _shapes_of(message) if "shapes" in message.data else None
        return GenerateResult(_motion_of(message), message.data["model_hash"], message.data["timings"], shapes)
    except (KeyError, TypeError, ValueError) as error:
        raise _rubbish(f"a result that is none ({error!r})") from error


def shapes_message(request: ShapesRequest, number: int) -> Message:
    """A `shapes` message; it is answered by `shapes made`, `error` or `cancelled`."""
    data = {"flame": str(request.flame) if request.flame else None}
    return Message("shapes", number, data, {"vertices": request.vertices, "faces": request.faces})


def shapes_request_of(message: Message) -> ShapesRequest:
    """What `shapes_message` packed."""
    try:
        flame = message.data["flame"]
        return ShapesRequest(message.arrays["vertices"], message.arrays["faces"], Path(flame) if flame else None)
    except (KeyError, TypeError) as error:
        raise _rubbish(f"a mesh that is none ({error!r})") from error


def shapes_made_message(shapes: Shapes, number: int) -> Message:
    """The shapes made for request `number`."""
    return Message("shapes made", number, {"shapes": _shapes_data(shapes)}, {"deltas": shapes.deltas})


def shapes_made_of(message: Message) -> Shapes:
    """What `shapes_made_message` packed."""
    try:
        return _shapes_of(message)
    except (KeyError, TypeError) as error:
        raise _rubbish(f"shapes that are none ({error!r})") from error


def solve_message(request: SolveRequest, number: int) -> Message:
    """A `solve` message; it is answered by `solved`, `error` or `cancelled`."""
    return Message("solve", number, {}, dict(vars(request)))


def solve_request_of(message: Message) -> SolveRequest:
    """What `solve_message` packed."""
    try:
        return SolveRequest(**message.arrays)
    except (TypeError, ValueError) as error:
        raise _rubbish(f"a sculpt that is none ({error!r})") from error


def solved_message(solved: Solved, number: int) -> Message:
    """The weights found for request `number`."""
    return Message("solved", number, {"rms": solved.rms, "worst": solved.worst}, {"weights": solved.weights})


def solved_of(message: Message) -> Solved:
    """What `solved_message` packed."""
    try:
        return Solved(message.arrays["weights"], message.data["rms"], message.data["worst"])
    except KeyError as error:
        raise _rubbish(f"weights that are none ({error!r})") from error


def learn_message(request: LearnRequest, number: int) -> Message:
    """A `learn` message; it is answered by `learnt`, `error` or `cancelled`."""
    performances = [
        {"name": one.name, "audio": _audio_data(one.audio), **_motion_data(one.motion)} for one in request.performances
    ]
    arrays = {str(index): one.motion.values for index, one in enumerate(request.performances)}
    data = {"name": request.name, "path": str(request.path), "performances": performances}
    return Message("learn", number, data, arrays)


def learn_request_of(message: Message) -> LearnRequest:
    """What `learn_message` packed."""
    try:
        performances = tuple(
            Performance(
                one["name"],
                _audio_of(one["audio"]),
                Motion(message.arrays[str(index)], tuple(one["channels"]), FrameRate(**one["rate"])),
            )
            for index, one in enumerate(message.data["performances"])
        )
        return LearnRequest(message.data["name"], Path(message.data["path"]), performances)
    except (KeyError, TypeError, ValueError) as error:
        raise _rubbish(f"performances that are none ({error!r})") from error


def learnt_message(learnt: Learnt, number: int) -> Message:
    """The style learnt for request `number`."""
    return Message("learnt", number, {**vars(learnt), "path": str(learnt.path)})


def learnt_of(message: Message) -> Learnt:
    """What `learnt_message` packed."""
    try:
        return Learnt(**{**message.data, "path": Path(message.data["path"])})
    except (KeyError, TypeError) as error:
        raise _rubbish(f"a style that is none ({error!r})") from error


def error_message(error: DifaceError, number: int | None, details: str = "") -> Message:
    """What went wrong with request `number`; `details` (a traceback) are for the console."""
    data = {"type": type(error).__name__, "message": error.message, "hint": error.hint, "details": details}
    return Message("error", number, data)


def error_of(message: Message) -> DifaceError:
    """What `error_message` packed, its details as a note; a type not known here comes back as a DifaceError."""
    data = message.data
    try:
        kind = getattr(errors, data["type"], DifaceError)
        if not (isinstance(kind, type) and issubclass(kind, DifaceError)) or kind is errors.Cancelled:
            kind = DifaceError
        error = kind(data["message"], data["hint"])
        if data["details"]:
            error.add_note(data["details"])
        return error
    except (KeyError, TypeError) as problem:
        raise _rubbish(f"an error that is none ({problem!r})") from problem


def _audio_data(audio: AudioSection) -> dict[str, Any]:
    return {"path": str(audio.path), "start": audio.start, "seconds": audio.seconds}


def _audio_of(data: Mapping[str, Any]) -> AudioSection:
    return AudioSection(Path(data["path"]), data["start"], data["seconds"])


def _motion_data(motion: Motion) -> dict[str, Any]:
    return {"channels": list(motion.channels), "rate": _rate_data(motion.rate)}


def _motion_of(message: Message) -> Motion:
    return Motion(message.arrays["values"], tuple(message.data["channels"]), FrameRate(**message.data["rate"]))


def _shapes_data(shapes: Shapes) -> dict[str, Any]:
    return {"names": list(shapes.names), "error": shapes.error}


def _shapes_of(message: Message) -> Shapes:
    data = message.data["shapes"]
    return Shapes(tuple(data["names"]), message.arrays["deltas"], float(data["error"]))


def _constraints_data(kept: Constraints | None) -> tuple[dict[str, float] | None, dict[str, npt.NDArray[Any]]]:
    if kept is None:
        return None, {}
    pins = {"pin_at": kept.pins.at, "pin_channel": kept.pins.channel, "pin_value": kept.pins.value}
    if kept.vertices is not None:
        pins |= {"vertex_at": kept.vertices.at, "vertex_places": kept.vertices.vertices}
    return {"pull": kept.pull, "stay": kept.stay}, {"values": kept.values, "keep": kept.keep, **pins}


def _constraints_of(message: Message) -> Constraints | None:
    data, arrays = message.data["constraints"], message.arrays
    if data is None:
        return None
    pins = Pins(arrays["pin_at"], arrays["pin_channel"], arrays["pin_value"])
    vertices = VertexPins(arrays["vertex_at"], arrays["vertex_places"]) if "vertex_at" in arrays else None
    return Constraints(arrays["values"], arrays["keep"], pins, data["pull"], data["stay"], vertices)


def _engine_data(engine: ThreeDiface | None) -> dict[str, Any] | None:
    if engine is None:
        return None
    return {name: str(value) if isinstance(value, Path) else value for name, value in vars(engine).items()}


def _engine_of(data: Mapping[str, Any] | None) -> ThreeDiface | None:
    if data is None:
        return None
    paths = {name: data[name] and Path(data[name]) for name in ("face", "head", "listener", "wav2vec2")}
    return ThreeDiface(**{**data, **paths})


def _rate_data(rate: FrameRate) -> dict[str, float]:
    return {"fps": rate.fps, "base": rate.base}


@dataclass(frozen=True)
class Exchange:
    """A kind of request and its answer, and how both become messages and come back.

    `kind` names the request's message, and the method of the engine that answers it.
    """

    kind: str
    request: type
    request_message: Callable[[Any, int], Message]
    request_of: Callable[[Message], Any]
    answer_kind: str
    answer_message: Callable[[Any, int], Message]
    answer_of: Callable[[Message], Any]


EXCHANGES = (
    Exchange("generate", GenerateRequest, request_message, request_of, "result", result_message, result_of),
    Exchange(
        "shapes", ShapesRequest, shapes_message, shapes_request_of, "shapes made", shapes_made_message, shapes_made_of
    ),
    Exchange("solve", SolveRequest, solve_message, solve_request_of, "solved", solved_message, solved_of),
    Exchange("learn", LearnRequest, learn_message, learn_request_of, "learnt", learnt_message, learnt_of),
)
"""All that the worker can be asked for: a new request is one more line here, and a method of the engine."""


def exchange_of(request: object) -> Exchange:
    """The exchange that a request begins."""
    return next(exchange for exchange in EXCHANGES if isinstance(request, exchange.request))
