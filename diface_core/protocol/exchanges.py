"""The kinds of requests that the worker accepts, each with its messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..types import AdaptationRequest, DiagnosisRequest, GenerateRequest, SelfTestRequest, ShapesRequest, SolveRequest
from ..words import AlignRequest
from . import alignment_messages, messages
from .framing import Message


@dataclass(frozen=True)
class Exchange:
    """A kind of request and its reply, with the functions that pack and parse them.

    Attributes:
        kind: Kind of the request's message, and name of the engine's method that handles it.
        request_type: Type of the request.
        response_kind: Kind of the reply's message.
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
        messages.generate_request_message,
        messages.parse_generate_request,
        "result",
        messages.generate_result_message,
        messages.parse_generate_result,
    ),
    Exchange(
        "shapes",
        ShapesRequest,
        messages.shapes_request_message,
        messages.parse_shapes_request,
        "shapes made",
        messages.shapes_result_message,
        messages.parse_shapes_result,
    ),
    Exchange(
        "solve",
        SolveRequest,
        messages.solve_request_message,
        messages.parse_solve_request,
        "solved",
        messages.solve_result_message,
        messages.parse_solve_result,
    ),
    Exchange(
        "adapt_style",
        AdaptationRequest,
        messages.adaptation_request_message,
        messages.parse_adaptation_request,
        "style adapted",
        messages.adaptation_result_message,
        messages.parse_adaptation_result,
    ),
    Exchange(
        "self_test",
        SelfTestRequest,
        messages.self_test_request_message,
        messages.parse_self_test_request,
        "tested",
        messages.self_test_result_message,
        messages.parse_self_test_result,
    ),
    Exchange(
        "align",
        AlignRequest,
        alignment_messages.align_request_message,
        alignment_messages.parse_align_request,
        "aligned",
        alignment_messages.alignment_message,
        alignment_messages.parse_alignment,
    ),
    Exchange(
        "diagnose",
        DiagnosisRequest,
        messages.diagnosis_request_message,
        messages.parse_diagnosis_request,
        "diagnosed",
        messages.diagnosis_message,
        messages.parse_diagnosis,
    ),
)
"""Every kind of request that the worker accepts. A new one is one entry here and one method of the engine."""


def exchange_for(request: object) -> Exchange:
    """Return the exchange that a request belongs to."""
    return next(exchange for exchange in EXCHANGES if isinstance(request, exchange.request_type))
