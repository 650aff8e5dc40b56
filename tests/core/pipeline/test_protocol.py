"""Protocol: round trips through a pipe that returns any number of bytes, and malformed messages."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diface_core import (
    AudioError,
    AudioSection,
    Cancelled,
    Constraints,
    DifaceError,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Layers,
    ModelError,
    Motion,
    Progress,
    Style,
    WorkerError,
    channels,
    protocol,
)
from diface_core.protocol import MAGIC, Message, framing
from diface_core.types import (
    FIRST_SAMPLER,
    SAMPLER,
    AdaptationRequest,
    AdaptationResult,
    Diagnosis,
    DiagnosisRequest,
    Finding,
    Pins,
    SelfTestRequest,
    SelfTestResult,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
    StyleExample,
    ThreeDiface,
    VertexPins,
)
from diface_core.words import Alignment, AlignRequest, Cue, Phone, Word

number = st.floats(allow_nan=False)
rate = st.builds(FrameRate, st.floats(1, 240), st.floats(0.5, 2))
text = st.text(max_size=30)
shape = hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=60)


def floats(size):
    return hnp.arrays(np.float32, size, elements=st.floats(-10, 10, width=32))


@st.composite
def constraints(draw):
    size = draw(shape)
    count = draw(st.integers(0, 3))
    faces = VertexPins(np.sort(np.arange(count) + draw(st.floats(0, 1))), draw(floats((count, 4, 3))))
    pins = Pins(np.arange(count) / 2, np.zeros(count, np.int32), draw(floats((count,))))
    how = {"pins": pins, "falloff": draw(st.floats(0.1, 50)), "keep_motion": draw(st.floats(0, 1))}
    return Constraints(
        draw(floats(size)), draw(hnp.arrays(np.bool_, size)), vertices=draw(st.none() | st.just(faces)), **how
    )


folders = st.none() | text.map(Path)
engines = st.builds(
    ThreeDiface, folders, folders, folders, folders, st.integers(0, 7), st.none() | st.integers(10, 50), number
)

requests = st.builds(
    GenerateRequest,
    audio=st.builds(AudioSection, text.map(Path), number, st.none() | number),
    parts=st.sampled_from([("face",), ("head",), ("face", "head")]),
    rate=rate,
    seed=st.integers(0, 2**63),
    steps=st.integers(1, 50),
    guidance=number,
    face_strength=number,
    head_strength=number,
    style_guidance=number,
    variety=number,
    sampler=st.sampled_from([1, 2]),
    head_axes=st.tuples(number, number, number),
    style=st.builds(Style, st.lists(st.tuples(text, number)).map(tuple), number),
    layers=st.builds(Layers, *[st.none() | st.integers(0, 2**63)] * 3),
    constraints=st.none() | constraints(),
    engine=st.none() | engines,
)


def test_request_without_a_sampler_is_of_the_first():
    """Requests of 0.1.0 do not state one."""
    message = protocol.generate_request_message(GenerateRequest(AudioSection(Path("a.wav"))), 1)
    assert protocol.parse_generate_request(message).sampler == SAMPLER
    del message.data["sampler"]
    assert protocol.parse_generate_request(message).sampler == FIRST_SAMPLER


@st.composite
def motions(draw):
    names = draw(st.lists(st.sampled_from(channels.ALL), min_size=1, unique=True))
    return Motion(draw(floats((draw(st.integers(0, 50)), len(names)))), tuple(names), draw(rate))


@st.composite
def shapes(draw):
    names = tuple(draw(st.lists(text, max_size=3)))
    deltas = hnp.arrays(np.float32, (len(names), draw(st.integers(0, 9)), 3), elements=st.floats(-1, 1, width=32))
    return Shapes(names, draw(deltas), draw(number))


def assert_equal_shapes(found: Shapes, wanted: Shapes) -> None:
    assert (found.names, found.error) == (wanted.names, wanted.error)
    np.testing.assert_array_equal(found.deltas, wanted.deltas)


class SlowPipe:
    """A pipe that returns at most `size` bytes per read."""

    def __init__(self, data: bytes, size: int) -> None:
        self.stream, self.size = io.BytesIO(data), size

    def read(self, size: int, /) -> bytes:
        return self.stream.read(min(size, self.size))


def assert_equal_arrays(found, wanted) -> None:
    for name, array in vars(wanted).items():
        np.testing.assert_array_equal(getattr(found, name), array)
        assert getattr(found, name).dtype == array.dtype


def through(message: Message, size: int = 1 << 30) -> Message:
    stream = SlowPipe(protocol.pack(message), size)
    back = protocol.read(stream)
    assert back is not None
    assert protocol.read(stream) is None
    return back


@pytest.mark.slow
@given(requests, st.integers(1, 200))
def test_request_round_trip(request, size):
    back = protocol.parse_generate_request(through(protocol.generate_request_message(request, 7), size))
    assert {**vars(back), "constraints": None} == {**vars(request), "constraints": None}
    assert (back.constraints is None) == (request.constraints is None)
    if request.constraints and back.constraints:
        np.testing.assert_array_equal(back.constraints.values, request.constraints.values)
        np.testing.assert_array_equal(back.constraints.known_mask, request.constraints.known_mask)
        assert back.constraints.known_mask.dtype == np.bool_
        assert (back.constraints.falloff, back.constraints.keep_motion) == (
            request.constraints.falloff,
            request.constraints.keep_motion,
        )
        assert_equal_arrays(back.constraints.pins, request.constraints.pins)
        assert (back.constraints.vertices is None) == (request.constraints.vertices is None)
        if request.constraints.vertices:
            assert_equal_arrays(back.constraints.vertices, request.constraints.vertices)


@given(motions(), shapes())
def test_result_with_shapes_round_trip(motion, made):
    back = protocol.parse_generate_result(
        through(protocol.generate_result_message(GenerateResult(motion, "a", {}, made), 3))
    )
    assert back.shapes is not None
    assert_equal_shapes(back.shapes, made)


@given(shapes(), folders)
def test_shapes_round_trip(made, flame):
    vertices, faces = np.ones((5, 3), np.float32), np.zeros((2, 3), np.int32)
    message = through(protocol.shapes_request_message(ShapesRequest(vertices, faces, flame), 4))
    asked = protocol.parse_shapes_request(message)
    assert (message.kind, message.request_id, asked.flame) == ("shapes", 4, flame)
    np.testing.assert_array_equal(asked.vertices, vertices)
    np.testing.assert_array_equal(asked.faces, faces)
    assert_equal_shapes(protocol.parse_shapes_result(through(protocol.shapes_result_message(made, 4))), made)


@given(number, st.text(), number, st.none() | st.text(), st.lists(st.text()))
def test_self_test_round_trip(seconds, device, speed, torch_device, problems):
    request = SelfTestRequest(seconds)
    assert protocol.parse_self_test_request(through(protocol.self_test_request_message(request, 4))) == request
    result = SelfTestResult(device, speed, torch_device, tuple(problems))
    assert protocol.parse_self_test_result(through(protocol.self_test_result_message(result, 4))) == result


times = st.tuples(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4)).map(lambda pair: (pair[0], pair[0] + pair[1]))
phones = st.builds(lambda label, pair: Phone(label, *pair), text, times)
words = st.builds(
    lambda label, pair, parts, accent, score: Word(label, *pair, tuple(parts), accent, score),
    text, times, st.lists(phones, max_size=3), st.none() | st.floats(0, 9), st.none() | st.floats(-90, 0),
)  # fmt: skip
cues = st.builds(Cue, text) | st.builds(lambda label, pair: Cue(label, *pair), text, times)


@given(st.lists(cues, max_size=3), st.lists(words, max_size=3), st.lists(text, max_size=2), text)
def test_alignment_round_trip(said, heard, notes, language):
    request = AlignRequest(AudioSection(Path("speech.wav"), 0.5, 2.0), tuple(said), language)
    assert protocol.parse_align_request(through(protocol.align_request_message(request, 4))) == request
    result = Alignment(tuple(heard), tuple(notes))
    assert protocol.parse_alignment(through(protocol.alignment_message(result, 4))) == result


@given(hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=5), number, number, st.data())
def test_solve_round_trip(size, rms, worst, data):
    shape_count, vertices = size
    weights = [data.draw(floats((shape_count,))) for _ in range(3)]
    deltas, moved = data.draw(floats((shape_count, vertices, 3))), data.draw(floats((vertices, 3)))
    request = SolveRequest(deltas, moved, *weights, np.arange(vertices) % 2 == 0)
    message = through(protocol.solve_request_message(request, 4))
    back = protocol.parse_solve_request(message)
    assert (message.kind, message.request_id) == ("solve", 4)
    for name, array in vars(request).items():
        np.testing.assert_array_equal(getattr(back, name), array)
    found = protocol.parse_solve_result(through(protocol.solve_result_message(SolveResult(weights[0], rms, worst), 4)))
    np.testing.assert_array_equal(found.weights, weights[0])
    assert (found.rms, found.worst) == (rms, worst)


sections = st.builds(AudioSection, text.map(Path), number, st.none() | number)


@given(text, text.map(Path), st.lists(st.builds(StyleExample, text, sections, motions()), max_size=3).map(tuple))
def test_adaptation_request_round_trip(name, path, performances):
    message = through(protocol.adaptation_request_message(AdaptationRequest(name, path, performances), 6))
    back = protocol.parse_adaptation_request(message)
    assert (message.kind, message.request_id) == ("adapt_style", 6)
    assert (back.name, back.path, len(back.examples)) == (name, path, len(performances))
    for received, sent in zip(back.examples, performances, strict=True):
        assert (received.name, received.audio) == (sent.name, sent.audio)
        assert (received.motion.channels, received.motion.rate) == (sent.motion.channels, sent.motion.rate)
        np.testing.assert_array_equal(received.motion.values, sent.motion.values)


@given(text.map(Path), number, number, number, st.integers(0, 400))
def test_adaptation_result_round_trip(path, seconds, before, after, steps):
    learnt = AdaptationResult(path, seconds, before, after, steps)
    assert protocol.parse_adaptation_result(through(protocol.adaptation_result_message(learnt, 6))) == learnt


@given(motions(), text, st.dictionaries(text, number, max_size=4), st.lists(text, max_size=3).map(tuple))
def test_result_round_trip(motion, model_hash, timings, notes):
    message = through(protocol.generate_result_message(GenerateResult(motion, model_hash, timings, notes=notes), 3))
    back = protocol.parse_generate_result(message)
    assert (message.kind, message.request_id) == ("result", 3)
    np.testing.assert_array_equal(back.motion.values, motion.values)
    assert back.motion.values.dtype == np.float32
    assert (back.motion.channels, back.motion.rate) == (motion.channels, motion.rate)
    assert (back.model_hash, back.timings, back.notes) == (model_hash, timings, notes)


@given(st.builds(Progress, number, text, st.none() | number))
def test_progress_round_trip(progress):
    assert protocol.parse_progress(through(protocol.progress_message(progress, 1))) == progress


@given(st.sampled_from([AudioError, ModelError, WorkerError, DifaceError]), text, text, text)
def test_error_round_trip(kind, message, hint, details):
    back = protocol.parse_error(through(protocol.error_message(kind(message, hint), None, details)))
    assert type(back) is kind
    assert (back.message, back.hint) == (message, hint)
    assert getattr(back, "__notes__", []) == ([details] if details else [])


@pytest.mark.parametrize("kind", ["Cancelled", "Path", "annotations", "NoSuchError"])
def test_unknown_error_type_is_a_diface_error(kind):
    data = {"type": kind, "message": "m", "hint": "h", "details": ""}
    assert type(protocol.parse_error(Message("error", 1, data))) is DifaceError


def test_messages_follow_each_other():
    stream = io.BytesIO(b"".join(protocol.pack(Message(str(kind))) for kind in range(5)))
    assert [protocol.read(stream) for _ in range(6)] == [*(Message(str(kind)) for kind in range(5)), None]


def test_path_that_is_not_unicode_round_trip():
    path = Path("/tmp/\udcff\udce9.wav")
    request = GenerateRequest(AudioSection(path))
    assert protocol.parse_generate_request(through(protocol.generate_request_message(request, 1))).audio.path == path


def test_non_contiguous_and_scalar_arrays():
    array = np.arange(24, dtype=np.float64).reshape(4, 6)[::2, ::-1].T
    back = through(Message("m", arrays={"a": array, "b": np.array(True)})).arrays
    np.testing.assert_array_equal(back["a"], array)
    assert back["b"].shape == ()


def broken(data: bytes) -> str:
    with pytest.raises(WorkerError) as caught:
        protocol.read(io.BytesIO(data))
    assert caught.value.hint
    return caught.value.message


@pytest.mark.slow
@given(motions(), st.data())
def test_every_truncation_is_refused(motion, data):
    packed = protocol.pack(protocol.generate_result_message(GenerateResult(motion, "x"), 1))
    cut = data.draw(st.integers(1, len(packed) - 1))
    assert "too early" in broken(packed[:cut])


@given(st.binary(min_size=8).filter(lambda data: data[:4] != MAGIC))
def test_random_bytes_are_refused(data):
    assert "malformed message" in broken(data)


def test_text_printed_before_a_message_is_shown():
    assert "Hell" in broken(b"Hello from a library\n" + protocol.pack(Message("hello")))


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"kind": "x"}',
        b'{"kind": 5, "request": 1, "data": {}, "arrays": []}',
        b'{"kind": "x", "request": "1", "data": {}, "arrays": []}',
        b'{"kind": "x", "request": 1, "data": [], "arrays": []}',
        b'{"kind": "x", "request": 1, "data": {}, "arrays": [["a", "object", [1]]]}',
        b'{"kind": "x", "request": 1, "data": {}, "arrays": [["a", "float32", [-1]]]}',
        b'{"kind": "x", "request": 1, "data": {}, "arrays": [["a", "float32", [1.5]]]}',
        b'{"kind": "x", "request": 1, "data": {}, "arrays": [["a", "float32", [true]]]}',
        b'{"kind": "x", "request": 1, "data": {}, "arrays": [["a", "float32"]]}',
        b'{"kind": "x", "request": 1, "data": {}, "arrays": [["a", "float32", [99999, 99999]]]}',
    ],
)
def test_bad_headers_are_refused(header):
    assert "malformed message" in broken(struct.pack("<4sI", MAGIC, len(header)) + header + bytes(100))


def test_excessive_header_length_is_refused():
    assert "4294967295 bytes" in broken(struct.pack("<4sI", MAGIC, 2**32 - 1))


@pytest.mark.parametrize("change", [{"rate": {"fps": -1}}, {"rate": 5}, {"audio": {}}, {"oddity": 1}, {"parts": 3}])
def test_request_with_wrong_data_is_refused(change):
    message = protocol.generate_request_message(GenerateRequest(AudioSection(Path("a"))), 1)
    with pytest.raises(WorkerError, match="malformed request"):
        protocol.parse_generate_request(Message("generate", 1, {**message.data, **change}))


def test_other_messages_with_wrong_data_are_refused():
    with pytest.raises(WorkerError, match="result"):
        protocol.parse_generate_result(Message("result", 1, {"channels": ["a"]}))
    with pytest.raises(WorkerError, match="error"):
        protocol.parse_error(Message("error", 1, {"type": "AudioError"}))
    with pytest.raises(WorkerError, match="progress"):
        protocol.parse_progress(Message("progress", 1, {"speed": 1}))


def test_header_is_plain_ascii_json():
    packed = protocol.pack(protocol.progress_message(Progress(0.5, "Zuhören"), 1))
    assert json.loads(packed[8:].decode("ascii"))["data"]["stage"] == "Zuhören"


def test_cancelled_is_not_an_error_type():
    """Cancelled has a separate message: an error must not be taken for a cancellation by the user."""
    assert type(protocol.parse_error(protocol.error_message(Cancelled(), 1))) is DifaceError


def test_message_above_the_size_limit_is_refused_before_it_is_packed(monkeypatch):
    monkeypatch.setattr(framing, "MAX_ARRAY_BYTES", 100)
    protocol.pack(Message("m", arrays={"a": np.zeros(100, np.uint8)}))
    message = Message("m", arrays={"a": np.zeros(50, np.uint8), "b": np.zeros(51, np.uint8)})
    with pytest.raises(WorkerError, match="GiB at most") as caught:
        next(protocol.buffers(message))
    assert "fewer vertices" in caught.value.hint


def test_receiver_accepts_what_the_sender_sends(monkeypatch):
    monkeypatch.setattr(framing, "MAX_ARRAY_BYTES", 100)
    assert through(Message("m", arrays={"a": np.zeros(100, np.uint8)})).arrays["a"].shape == (100,)


@given(motions(), st.none() | hnp.arrays(np.float64, (3, 2), elements=st.floats(0, 9)), st.data())
def test_diagnosis_round_trip(motion, closures, data):
    request = DiagnosisRequest(GenerateRequest(AudioSection(Path("a.wav"))), motion, closures)
    message = through(protocol.diagnosis_request_message(request, 4))
    back = protocol.parse_diagnosis_request(message)
    assert (message.kind, back.generate, back.motion.channels) == ("diagnose", request.generate, motion.channels)
    np.testing.assert_array_equal(back.motion.values, motion.values)
    assert (back.closures is None) == (closures is None)
    if closures is not None:
        np.testing.assert_array_equal(back.closures, closures)
    counts = data.draw(st.lists(st.integers(0, 3), max_size=3))
    pins = [Pins(np.arange(n) + 0.5, np.arange(n, dtype=np.int32), np.ones(n, np.float32)) for n in counts]
    findings = tuple(Finding("missed_closure", n, n + 1, 0.5, some) for n, some in enumerate(pins))
    found = protocol.parse_diagnosis(through(protocol.diagnosis_message(Diagnosis(findings), 4))).findings
    assert [(f.kind, f.first, f.last, f.amount) for f in found] == [
        (f.kind, f.first, f.last, f.amount) for f in findings
    ]
    for one, other in zip(found, findings, strict=True):
        assert_equal_arrays(one.pins, other.pins)
