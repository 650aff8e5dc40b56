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
    AdaptationRequest,
    AdaptationResult,
    AudioSection,
    Constraints,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Layers,
    Motion,
    MotionChunk,
    Pins,
    Progress,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
    Style,
    StyleExample,
    ThreeDiface,
    VertexPins,
)

VERSION = 5
"""Raised when a message changes its meaning; both ends must have the same."""

MAGIC = b"\x93DFC"
_PREFIX = struct.Struct("<4sI")
MAX_HEADER_BYTES = 1 << 20
MAX_ARRAY_BYTES = 1 << 30
"""Bytes beyond which a length is taken for rubbish rather than waited for."""

DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint8", "bool")


@dataclass(frozen=True)
class Message:
    """One message: what it is, to which request it belongs (None: to none), its plain data and its arrays."""

    kind: str
    request_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


class Readable(Protocol):
    """A pipe's reading end, as `open(fd, "rb", buffering=0)` gives it: `read` may return less than asked for."""

    def read(self, size: int, /) -> bytes | None: ...


class TruncatedMessage(WorkerError):
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
        "request": message.request_id,
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
    magic, length = _PREFIX.unpack(first + _read_exactly(stream, _PREFIX.size - 1, "a message's beginning"))
    if magic != MAGIC:
        raise _malformed(f"expected a message, got {magic!r}")
    if length > MAX_HEADER_BYTES:
        raise _malformed(f"a header of {length} bytes")
    header = _parse_header(_read_exactly(stream, length, "a message's header"))

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
        raise _malformed(f"a header that is not JSON ({error})") from error
    expected = {"kind": str, "request": int | None, "data": dict, "arrays": list}
    if not isinstance(header, dict) or set(header) != set(expected):
        raise _malformed("a header without kind, request, data and arrays")
    for key, kind in expected.items():
        if not isinstance(header[key], kind):
            raise _malformed(f"a header whose {key} is {header[key]!r}")

    total = 0
    for entry in header["arrays"]:
        match entry:
            case [str(), str(dtype), list(shape)] if dtype in DTYPES and all(type(n) is int and n >= 0 for n in shape):
                total += math.prod(shape) * np.dtype(dtype).itemsize
            case _:
                raise _malformed(f"an array described as {entry!r}")
    if total > MAX_ARRAY_BYTES:
        raise _malformed(f"arrays of {total} bytes")
    return header


def _read_exactly(stream: Readable, size: int, what: str) -> bytes:
    parts = []
    while size > 0:
        part = stream.read(size)
        if not part:
            hint = "Try again: a fresh worker starts."
            raise TruncatedMessage(f"The worker process ended within {what}, {size} bytes too early.", hint)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _malformed(problem: str) -> WorkerError:
    hint = "Try again; if it comes back, a library in the worker's Python prints where it must not."
    return WorkerError(f"The worker process sent something that is not a message: {problem}.", hint)


# Meaning


def hello_message(versions: Mapping[str, str | None]) -> Message:
    """The worker's first message: `versions` of what it runs on; the protocol's own is added."""
    return Message("hello", data={"protocol": VERSION, "versions": dict(versions)})


def generate_request_message(request: GenerateRequest, request_id: int) -> Message:
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
    return Message("generate", request_id, data, arrays)


def parse_generate_request(message: Message) -> GenerateRequest:
    """What `request_message` packed."""
    data = message.data
    try:
        nested = ("audio", "parts", "rate", "head_axes", "style", "layers", "engine", "constraints")
        plain = {key: value for key, value in data.items() if key not in nested}
        nod, tip, turn = data["head_axes"]
        blend = tuple((str(name), float(weight)) for name, weight in data["style"]["blend"])
        return GenerateRequest(
            audio=_parse_audio(data["audio"]),
            parts=tuple(data["parts"]),
            rate=FrameRate(**data["rate"]),
            head_axes=(nod, tip, turn),
            style=Style(blend, data["style"]["strength"]),
            layers=Layers(**data["layers"]),
            engine=_parse_engine(data["engine"]),
            constraints=_parse_constraints(message),
            **plain,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(f"a request that is none ({error!r})") from error


def progress_message(progress: Progress, request_id: int | None) -> Message:
    """How far request `number` is."""
    data = {"fraction": progress.fraction, "stage": progress.stage, "seconds_left": progress.seconds_left}
    return Message("progress", request_id, data)


def parse_progress(message: Message) -> Progress:
    """What `progress_message` packed."""
    try:
        return Progress(**message.data)
    except TypeError as error:
        raise _malformed(f"progress that is none ({error})") from error


def chunk_message(first: int, motion: Motion, request_id: int) -> Message:
    """A stretch of the Motion for request `number` before it is whole: its rows from `first` on."""
    return Message("rows", request_id, {"first": first, **_motion_data(motion)}, {"values": motion.values})


def parse_chunk(message: Message) -> MotionChunk:
    """What `rows_message` packed."""
    try:
        return MotionChunk(message.data["first"], _parse_motion(message))
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(f"rows that are none ({error!r})") from error


def generate_result_message(result: GenerateResult, request_id: int) -> Message:
    """The Motion made for request `number`."""
    data = {**_motion_data(result.motion), "model_hash": result.model_hash, "timings": dict(result.timings)}
    arrays = {"values": result.motion.values}
    if result.shapes:
        data["shapes"], arrays["deltas"] = _shapes_data(result.shapes), result.shapes.deltas
    return Message("result", request_id, data, arrays)


def parse_generate_result(message: Message) -> GenerateResult:
    """What `result_message` packed."""
    try:
        shapes = _parse_shapes(message) if "shapes" in message.data else None
        return GenerateResult(_parse_motion(message), message.data["model_hash"], message.data["timings"], shapes)
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(f"a result that is none ({error!r})") from error


def shapes_request_message(request: ShapesRequest, request_id: int) -> Message:
    """A `shapes` message; it is answered by `shapes made`, `error` or `cancelled`."""
    data = {"flame": str(request.flame) if request.flame else None}
    return Message("shapes", request_id, data, {"vertices": request.vertices, "faces": request.faces})


def parse_shapes_request(message: Message) -> ShapesRequest:
    """What `shapes_message` packed."""
    try:
        flame = message.data["flame"]
        return ShapesRequest(message.arrays["vertices"], message.arrays["faces"], Path(flame) if flame else None)
    except (KeyError, TypeError) as error:
        raise _malformed(f"a mesh that is none ({error!r})") from error


def shapes_result_message(shapes: Shapes, request_id: int) -> Message:
    """The shapes made for request `number`."""
    return Message("shapes made", request_id, {"shapes": _shapes_data(shapes)}, {"deltas": shapes.deltas})


def parse_shapes_result(message: Message) -> Shapes:
    """What `shapes_made_message` packed."""
    try:
        return _parse_shapes(message)
    except (KeyError, TypeError) as error:
        raise _malformed(f"shapes that are none ({error!r})") from error


def solve_request_message(request: SolveRequest, request_id: int) -> Message:
    """A `solve` message; it is answered by `solved`, `error` or `cancelled`."""
    return Message("solve", request_id, {}, dict(vars(request)))


def parse_solve_request(message: Message) -> SolveRequest:
    """What `solve_message` packed."""
    try:
        return SolveRequest(**message.arrays)
    except (TypeError, ValueError) as error:
        raise _malformed(f"a sculpt that is none ({error!r})") from error


def solve_result_message(result: SolveResult, request_id: int) -> Message:
    """The weights found for request `number`."""
    return Message("solved", request_id, {"rms": result.rms, "worst": result.worst}, {"weights": result.weights})


def parse_solve_result(message: Message) -> SolveResult:
    """What `solved_message` packed."""
    try:
        return SolveResult(message.arrays["weights"], message.data["rms"], message.data["worst"])
    except KeyError as error:
        raise _malformed(f"weights that are none ({error!r})") from error


def adaptation_request_message(request: AdaptationRequest, request_id: int) -> Message:
    """A `learn` message; it is answered by `learnt`, `error` or `cancelled`."""
    performances = [
        {"name": one.name, "audio": _audio_data(one.audio), **_motion_data(one.motion)} for one in request.examples
    ]
    arrays = {str(index): one.motion.values for index, one in enumerate(request.examples)}
    data = {"name": request.name, "path": str(request.path), "performances": performances}
    return Message("adapt_style", request_id, data, arrays)


def parse_adaptation_request(message: Message) -> AdaptationRequest:
    """What `learn_message` packed."""
    try:
        performances = tuple(
            StyleExample(
                one["name"],
                _parse_audio(one["audio"]),
                Motion(message.arrays[str(index)], tuple(one["channels"]), FrameRate(**one["rate"])),
            )
            for index, one in enumerate(message.data["performances"])
        )
        return AdaptationRequest(message.data["name"], Path(message.data["path"]), performances)
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(f"performances that are none ({error!r})") from error


def adaptation_result_message(result: AdaptationResult, request_id: int) -> Message:
    """The style learnt for request `number`."""
    return Message("style adapted", request_id, {**vars(result), "path": str(result.path)})


def parse_adaptation_result(message: Message) -> AdaptationResult:
    """What `learnt_message` packed."""
    try:
        return AdaptationResult(**{**message.data, "path": Path(message.data["path"])})
    except (KeyError, TypeError) as error:
        raise _malformed(f"a style that is none ({error!r})") from error


def error_message(error: DifaceError, request_id: int | None, details: str = "") -> Message:
    """What went wrong with request `number`; `details` (a traceback) are for the console."""
    data = {"type": type(error).__name__, "message": error.message, "hint": error.hint, "details": details}
    return Message("error", request_id, data)


def parse_error(message: Message) -> DifaceError:
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
        raise _malformed(f"an error that is none ({problem!r})") from problem


def _audio_data(audio: AudioSection) -> dict[str, Any]:
    return {"path": str(audio.path), "start": audio.start, "seconds": audio.seconds}


def _parse_audio(data: Mapping[str, Any]) -> AudioSection:
    return AudioSection(Path(data["path"]), data["start"], data["seconds"])


def _motion_data(motion: Motion) -> dict[str, Any]:
    return {"channels": list(motion.channels), "rate": _rate_data(motion.rate)}


def _parse_motion(message: Message) -> Motion:
    return Motion(message.arrays["values"], tuple(message.data["channels"]), FrameRate(**message.data["rate"]))


def _shapes_data(shapes: Shapes) -> dict[str, Any]:
    return {"names": list(shapes.names), "error": shapes.error}


def _parse_shapes(message: Message) -> Shapes:
    data = message.data["shapes"]
    return Shapes(tuple(data["names"]), message.arrays["deltas"], float(data["error"]))


def _constraints_data(constraints: Constraints | None) -> tuple[dict[str, float] | None, dict[str, npt.NDArray[Any]]]:
    if constraints is None:
        return None, {}
    pins = {
        "pin_at": constraints.pins.row,
        "pin_channel": constraints.pins.channel,
        "pin_value": constraints.pins.value,
    }
    if constraints.vertices is not None:
        pins |= {"vertex_at": constraints.vertices.row, "vertex_places": constraints.vertices.vertices}
    return {"pull": constraints.falloff, "stay": constraints.keep_motion}, {
        "values": constraints.values,
        "keep": constraints.known_mask,
        **pins,
    }


def _parse_constraints(message: Message) -> Constraints | None:
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


def _parse_engine(data: Mapping[str, Any] | None) -> ThreeDiface | None:
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
    request_type: type
    request_message: Callable[[Any, int], Message]
    parse_request: Callable[[Message], Any]
    response_kind: str
    response_message: Callable[[Any, int], Message]
    parse_response: Callable[[Message], Any]


EXCHANGES = (
    Exchange(
        "generate",
        GenerateRequest,
        generate_request_message,
        parse_generate_request,
        "result",
        generate_result_message,
        parse_generate_result,
    ),
    Exchange(
        "shapes",
        ShapesRequest,
        shapes_request_message,
        parse_shapes_request,
        "shapes made",
        shapes_result_message,
        parse_shapes_result,
    ),
    Exchange(
        "solve",
        SolveRequest,
        solve_request_message,
        parse_solve_request,
        "solved",
        solve_result_message,
        parse_solve_result,
    ),
    Exchange(
        "adapt_style",
        AdaptationRequest,
        adaptation_request_message,
        parse_adaptation_request,
        "style adapted",
        adaptation_result_message,
        parse_adaptation_result,
    ),
)
"""All that the worker can be asked for: a new request is one more line here, and a method of the engine."""


def exchange_for(request: object) -> Exchange:
    """The exchange that a request begins."""
    return next(exchange for exchange in EXCHANGES if isinstance(request, exchange.request_type))
