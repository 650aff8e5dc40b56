"""The content of each message: requests, progress and results as plain data and arrays, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from .. import errors
from ..errors import DifaceError
from ..types import (
    FIRST_SAMPLER,
    AdaptationRequest,
    AdaptationResult,
    AnyArray,
    Constraints,
    Diagnosis,
    DiagnosisRequest,
    Finding,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Layers,
    Motion,
    Pins,
    Progress,
    SelfTestRequest,
    SelfTestResult,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
    Style,
    StyleExample,
    ThreeDiface,
    VertexPins,
)
from .audio_section import audio_data, parse_audio
from .framing import Message, malformed

T = TypeVar("T")

VERSION = 5
"""Increased when a message changes its meaning; both processes must have the same."""


def hello_message(versions: Mapping[str, str | None]) -> Message:
    """Return the worker's first message: `versions` of what it runs on, and the protocol's version."""
    return Message("hello", data={"protocol": VERSION, "versions": dict(versions)})


def generate_request_message(request: GenerateRequest, request_id: int) -> Message:
    """Return a `generate` message; `request_id` comes back with every reply to it."""
    constraints, arrays = _constraints_data(request.constraints)
    data = {
        "audio": audio_data(request.audio),
        "parts": list(request.parts),
        "rate": _rate_data(request.rate),
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "style_guidance": request.style_guidance,
        "variety": request.variety,
        "sampler": request.sampler,
        "face_strength": request.face_strength,
        "head_strength": request.head_strength,
        "head_axes": list(request.head_axes),
        "style": dataclasses.asdict(request.style),
        "layers": dataclasses.asdict(request.layers),
        "engine": _engine_data(request.engine),
        "role": request.role,
        "reactions": request.reactions,
        "other_sounds": request.other_sounds,
        "beats": request.beats,
        "constraints": constraints,
    }
    return Message("generate", request_id, data, arrays)


def parse_generate_request(message: Message) -> GenerateRequest:
    """Return the GenerateRequest of a message from `generate_request_message`.

    Raises WorkerError if it is malformed.
    """
    data = message.data
    try:
        nested = ("audio", "parts", "rate", "head_axes", "style", "layers", "engine", "constraints")
        plain: dict[str, Any] = {"sampler": FIRST_SAMPLER, "other_sounds": False, "beats": 0.0}
        plain |= {key: value for key, value in data.items() if key not in nested}
        pitch, roll, yaw = data["head_axes"]
        blend = tuple((str(name), float(weight)) for name, weight in data["style"]["blend"])
        return GenerateRequest(
            audio=parse_audio(data["audio"]),
            parts=tuple(data["parts"]),
            rate=FrameRate(**data["rate"]),
            head_axes=(pitch, roll, yaw),
            style=Style(blend, data["style"]["strength"]),
            layers=Layers(**{"tongue": None, **data["layers"]}),
            engine=_parse_engine(data["engine"]),
            constraints=_parse_constraints(message),
            **plain,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"a malformed request ({error!r})") from error


def progress_message(progress: Progress, request_id: int | None) -> Message:
    """Return the progress of a request."""
    data = {"fraction": progress.fraction, "stage": progress.stage, "seconds_left": progress.seconds_left}
    return Message("progress", request_id, data)


def parse_progress(message: Message) -> Progress:
    """Return the Progress of a message from `progress_message`. Raises WorkerError if it is malformed."""
    return _from_fields(Progress, message, "progress")


def generate_result_message(result: GenerateResult, request_id: int) -> Message:
    """Return the Motion of a request."""
    data = {**_motion_data(result.motion), "model_hash": result.model_hash, "timings": dict(result.timings)}
    data["notes"] = list(result.notes)
    arrays = {"values": result.motion.values}
    if result.shapes:
        data["shapes"], arrays["deltas"] = _shapes_data(result.shapes), result.shapes.deltas
    return Message("result", request_id, data, arrays)


def parse_generate_result(message: Message) -> GenerateResult:
    """Return the GenerateResult of a message from `generate_result_message`. Raises WorkerError if it is malformed."""
    try:
        shapes = _parse_shapes(message) if "shapes" in message.data else None
        data = message.data
        notes = tuple(map(str, data.get("notes", ())))
        return GenerateResult(_parse_motion(message), data["model_hash"], data["timings"], shapes, notes)
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"a malformed result ({error!r})") from error


def shapes_request_message(request: ShapesRequest, request_id: int) -> Message:
    """Return a `shapes` message; the reply is `shapes made`, `error` or `cancelled`."""
    data = {"flame": str(request.flame) if request.flame else None, "is_flame": request.is_flame}
    arrays = {"vertices": request.vertices, "faces": request.faces}
    if request.landmarks is not None:
        arrays["landmarks"] = request.landmarks
    return Message("shapes", request_id, data, arrays)


def parse_shapes_request(message: Message) -> ShapesRequest:
    """Return the ShapesRequest of a message from `shapes_request_message`. Raises WorkerError if it is malformed."""
    try:
        flame = message.data["flame"]
        vertices, faces = message.arrays["vertices"], message.arrays["faces"]
        file, is_flame = Path(flame) if flame else None, bool(message.data["is_flame"])
        return ShapesRequest(vertices, faces, file, is_flame, message.arrays.get("landmarks"))
    except (KeyError, TypeError) as error:
        raise malformed(f"a malformed mesh ({error!r})") from error


def shapes_result_message(shapes: Shapes, request_id: int) -> Message:
    """Return the shapes of a request."""
    return Message("shapes made", request_id, {"shapes": _shapes_data(shapes)}, {"deltas": shapes.deltas})


def parse_shapes_result(message: Message) -> Shapes:
    """Return the Shapes of a message from `shapes_result_message`. Raises WorkerError if it is malformed."""
    try:
        return _parse_shapes(message)
    except (KeyError, TypeError) as error:
        raise malformed(f"malformed shapes ({error!r})") from error


def solve_request_message(request: SolveRequest, request_id: int) -> Message:
    """Return a `solve` message; the reply is `solved`, `error` or `cancelled`."""
    return Message("solve", request_id, {}, dict(vars(request)))


def parse_solve_request(message: Message) -> SolveRequest:
    """Return the SolveRequest of a message from `solve_request_message`. Raises WorkerError if it is malformed."""
    try:
        return SolveRequest(**message.arrays)
    except (TypeError, ValueError) as error:
        raise malformed(f"a malformed sculpt ({error!r})") from error


def solve_result_message(result: SolveResult, request_id: int) -> Message:
    """Return the weights of a request."""
    return Message("solved", request_id, {"rms": result.rms, "worst": result.worst}, {"weights": result.weights})


def parse_solve_result(message: Message) -> SolveResult:
    """Return the SolveResult of a message from `solve_result_message`. Raises WorkerError if it is malformed."""
    try:
        return SolveResult(message.arrays["weights"], message.data["rms"], message.data["worst"])
    except KeyError as error:
        raise malformed(f"malformed weights ({error!r})") from error


def adaptation_request_message(request: AdaptationRequest, request_id: int) -> Message:
    """Return an `adapt_style` message; the reply is `style adapted`, `error` or `cancelled`."""
    examples = [
        {"name": example.name, "audio": audio_data(example.audio), **_motion_data(example.motion)}
        for example in request.examples
    ]
    arrays = {str(index): example.motion.values for index, example in enumerate(request.examples)}
    data = {"name": request.name, "path": str(request.path), "performances": examples}
    return Message("adapt_style", request_id, data, arrays)


def parse_adaptation_request(message: Message) -> AdaptationRequest:
    """Return the AdaptationRequest of a message from `adaptation_request_message`.

    Raises WorkerError if it is malformed.
    """
    try:
        examples = tuple(
            StyleExample(
                example["name"],
                parse_audio(example["audio"]),
                Motion(message.arrays[str(index)], tuple(example["channels"]), FrameRate(**example["rate"])),
            )
            for index, example in enumerate(message.data["performances"])
        )
        return AdaptationRequest(message.data["name"], Path(message.data["path"]), examples)
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"malformed style examples ({error!r})") from error


def adaptation_result_message(result: AdaptationResult, request_id: int) -> Message:
    """Return the fitted style of a request."""
    return Message("style adapted", request_id, {**vars(result), "path": str(result.path)})


def parse_adaptation_result(message: Message) -> AdaptationResult:
    """Return the AdaptationResult of a message from `adaptation_result_message`.

    Raises WorkerError if it is malformed.
    """
    try:
        fields: dict[str, Any] = {**message.data, "path": Path(message.data["path"])}
        return AdaptationResult(**fields)
    except (KeyError, TypeError) as error:
        raise malformed(f"a malformed style ({error!r})") from error


def self_test_request_message(request: SelfTestRequest, request_id: int) -> Message:
    """Return a `self_test` message; the reply is `tested`, `error` or `cancelled`."""
    return Message("self_test", request_id, dict(vars(request)))


def parse_self_test_request(message: Message) -> SelfTestRequest:
    """Return the SelfTestRequest of a message from `self_test_request_message`. Raises WorkerError if malformed."""
    return _from_fields(SelfTestRequest, message, "test")


def self_test_result_message(result: SelfTestResult, request_id: int) -> Message:
    """Return the result of a test."""
    return Message("tested", request_id, {**vars(result), "problems": list(result.problems)})


def parse_self_test_result(message: Message) -> SelfTestResult:
    """Return the SelfTestResult of a message from `self_test_result_message`. Raises WorkerError if malformed."""
    try:
        data = message.data
        return SelfTestResult(data["device"], data["speed"], data["torch_device"], tuple(data["problems"]))
    except (KeyError, TypeError) as error:
        raise malformed(f"a malformed result of a test ({error!r})") from error


def diagnosis_request_message(request: DiagnosisRequest, request_id: int) -> Message:
    """Return a `diagnose` message; the reply is `diagnosed`, `error` or `cancelled`."""
    generate = generate_request_message(dataclasses.replace(request.generate, constraints=None), request_id).data
    arrays: dict[str, AnyArray] = {"values": request.motion.values}
    if request.closures is not None:
        arrays["closures"] = request.closures
    return Message("diagnose", request_id, {**_motion_data(request.motion), "generate": generate}, arrays)


def parse_diagnosis_request(message: Message) -> DiagnosisRequest:
    """Return the DiagnosisRequest of a message from `diagnosis_request_message`. Raises WorkerError if malformed."""
    try:
        generate = parse_generate_request(Message("generate", message.request_id, message.data["generate"]))
        return DiagnosisRequest(generate, _parse_motion(message), message.arrays.get("closures"))
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"a malformed diagnosis request ({error!r})") from error


def diagnosis_message(diagnosis: Diagnosis, request_id: int) -> Message:
    """Return the findings of a request. The pins of all findings are joined."""
    findings = [
        {"kind": one.kind, "first": one.first, "last": one.last, "amount": one.amount, "pins": len(one.pins)}
        for one in diagnosis.findings
    ]
    pins = [one.pins for one in diagnosis.findings] or [Pins.empty()]
    arrays = {name: np.concatenate([getattr(some, name) for some in pins]) for name in ("row", "channel", "value")}
    return Message("diagnosed", request_id, {"findings": findings}, arrays)


def parse_diagnosis(message: Message) -> Diagnosis:
    """Return the Diagnosis of a message from `diagnosis_message`. Raises WorkerError if it is malformed."""
    try:
        findings, begin = [], 0
        for one in message.data["findings"]:
            chosen = slice(begin, begin + one["pins"])
            pins = Pins(*(message.arrays[name][chosen] for name in ("row", "channel", "value")))
            findings.append(Finding(one["kind"], one["first"], one["last"], one["amount"], pins))
            begin += one["pins"]
        return Diagnosis(tuple(findings))
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"a malformed diagnosis ({error!r})") from error


def error_message(error: DifaceError, request_id: int | None, details: str = "") -> Message:
    """Return the error of a request (None: of the worker); `details`, such as a traceback, are for the console."""
    data = {"type": type(error).__name__, "message": error.message, "hint": error.hint, "details": details}
    return Message("error", request_id, data)


def parse_error(message: Message) -> DifaceError:
    """Return the error of a message from `error_message`, its details as a note.

    An unknown type becomes a DifaceError.
    """
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
        raise malformed(f"a malformed error ({problem!r})") from problem


def _motion_data(motion: Motion) -> dict[str, Any]:
    return {"channels": list(motion.channels), "rate": _rate_data(motion.rate)}


def _parse_motion(message: Message) -> Motion:
    return Motion(message.arrays["values"], tuple(message.data["channels"]), FrameRate(**message.data["rate"]))


def _shapes_data(shapes: Shapes) -> dict[str, Any]:
    return {"names": list(shapes.names), "error": shapes.error, "notes": list(shapes.notes)}


def _parse_shapes(message: Message) -> Shapes:
    data = message.data["shapes"]
    return Shapes(tuple(data["names"]), message.arrays["deltas"], float(data["error"]), tuple(data["notes"]))


def _constraints_data(constraints: Constraints | None) -> tuple[dict[str, float] | None, dict[str, AnyArray]]:
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


def _from_fields(kind: type[T], message: Message, what: str) -> T:
    """Return the dataclass whose fields are the data of a message. Raises WorkerError if they are others."""
    try:
        return kind(**message.data)
    except TypeError as error:
        raise malformed(f"malformed {what} ({error})") from error


def _engine_data(engine: ThreeDiface | None) -> dict[str, Any] | None:
    if engine is None:
        return None
    return {name: str(value) if isinstance(value, Path) else value for name, value in vars(engine).items()}


def _parse_engine(data: Mapping[str, Any] | None) -> ThreeDiface | None:
    if data is None:
        return None
    fields = dict(data)
    for name in ("face", "head", "listener", "wav2vec2"):
        fields[name] = data[name] and Path(data[name])
    return ThreeDiface(**fields)


def _rate_data(rate: FrameRate) -> dict[str, float]:
    return {"fps": rate.fps, "base": rate.base}
