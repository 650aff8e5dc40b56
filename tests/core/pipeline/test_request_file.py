"""Request files: round trips, and messages for other files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import diface_core.__main__ as command
from diface_core import (
    AudioSection,
    Constraints,
    DifaceError,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Motion,
    channels,
    request_file,
)
from diface_core.motion.files import read_npz
from diface_core.request_file import StoredRequest
from diface_core.types import Pins


def constraints(rows: int = 4) -> Constraints:
    rng = np.random.default_rng(0)
    shape = rows, len(channels.ALL)
    pins = Pins(np.array([0.5, 2.0]), np.array([3, 3], np.int32), np.array([0.1, 0.2], np.float32))
    return Constraints(rng.random(shape).astype(np.float32), rng.random(shape) < 0.5, pins, 5.0, 0.25)


def test_request_file_round_trip(tmp_path):
    request = GenerateRequest(
        AudioSection(Path("a.wav"), -0.5, 2.0), rate=FrameRate(30, 1.001), constraints=constraints()
    )
    (tmp_path / "take.diface").write_bytes(request_file.pack(StoredRequest(request, "abc")))
    back = request_file.read(tmp_path / "take.diface")
    assert back.model_hash == "abc"
    assert dataclasses.replace(back.request, constraints=None) == dataclasses.replace(request, constraints=None)
    received, sent = back.request.constraints, request.constraints
    assert np.array_equal(received.values, sent.values)
    assert np.array_equal(received.known_mask, sent.known_mask)
    assert np.array_equal(received.pins.row, sent.pins.row)
    assert (received.falloff, received.keep_motion) == (5.0, 0.25)
    assert back.with_audio(Path("b.wav")).request.audio == AudioSection(Path("b.wav"), -0.5, 2.0)


@pytest.mark.parametrize("content", [b"", b"none", b"\x93DFC\x02\x00\x00\x00{}"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "take.diface").write_bytes(content)
    with pytest.raises(DifaceError, match="not a DiFACE request"):
        request_file.read(tmp_path / "take.diface")
    with pytest.raises(DifaceError, match="Cannot read"):
        request_file.read(tmp_path / "none.diface")


@pytest.mark.parametrize(
    ("stored", "current", "is_same"),
    [
        ("", "face+lips", True), ("face", "face", True), ("face", "face+lips", True), ("face+lips", "face+lips", True),
        ("other", "face+lips", False), ("face+other", "face+lips", False), ("face+lips", "face", False),
        ("lips", "face+lips", False), ("fac", "face+lips", False),
    ],
)  # fmt: skip
def test_takes_are_compared_by_the_models_that_they_state(stored, current, is_same):
    assert request_file.is_same_hash(stored, current) == is_same


def test_models_that_are_not_used_are_not_in_the_hash():
    class Used:
        hash = "0123456789abcdef" * 4

    assert request_file.joined_hash("face") == request_file.joined_hash("face", None) == "face"
    assert request_file.joined_hash("face", None, Used()) == "face+0123456789abcdef"


@pytest.mark.parametrize("model_hash", ["mine", "other"])
def test_command_line_generates_a_take_again(tmp_path, monkeypatch, capsys, model_hash):
    class FakeEngines:
        def generate(self, request, report):
            self.request = request
            return GenerateResult(Motion(request.constraints.values, channels.ALL, request.rate), "mine+lips")

    engines = FakeEngines()
    monkeypatch.setattr(command, "_load_engines", lambda cache: engines)
    request = GenerateRequest(AudioSection(Path("a.wav")), seed=7, constraints=constraints())
    (tmp_path / "take.diface").write_bytes(request_file.pack(StoredRequest(request, model_hash)))
    arguments = [
        "generate",
        "moved.wav",
        "--make-again",
        str(tmp_path / "take.diface"),
        "--out",
        str(tmp_path / "m.npz"),
    ]
    assert command.main(arguments) == 0
    assert engines.request.seed == 7
    assert engines.request.audio.path == Path("moved.wav")
    assert np.array_equal(read_npz(tmp_path / "m.npz").values, request.constraints.values)
    assert ("different model version" in capsys.readouterr().err) == (model_hash == "other")


def test_audio_or_a_request_is_required(capsys, tmp_path):
    assert command.main(["generate", "--out", str(tmp_path / "m.npz")]) == 2
    assert "--make-again" in capsys.readouterr().err
