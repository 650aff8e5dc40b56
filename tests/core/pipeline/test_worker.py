"""The worker as a real process, over pipes as under Blender."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from diface_core import AudioError, AudioSection, GenerateRequest, Style, WorkerError, protocol
from diface_core.protocol import Message

pytestmark = pytest.mark.slow

SCENARIOS = Path(__file__).parents[1] / "worker"
"""Folder of worker_scenarios.py, which the process imports as a module."""


class Pipe:
    """The add-on's end of a worker's pipe."""

    def __init__(self, scenario: str = "") -> None:
        paths = os.pathsep.join([str(SCENARIOS), str(SCENARIOS.parents[2])])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "worker_scenarios"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths, "SCENARIO": scenario},
        )

    def send(self, message: Message) -> None:
        self.process.stdin.write(protocol.pack(message))

    def send_request(self, number: int, style: str | None = None, **more) -> None:
        self.send(
            protocol.generate_request_message(
                GenerateRequest(AudioSection(Path("a.wav")), style=Style.named(style), **more), number
            )
        )

    def read(self) -> Message | None:
        return protocol.read(self.process.stdout)

    def until(self, *kinds: str) -> Message:
        while (message := self.read()) is not None:
            if message.kind in kinds:
                return message
        raise AssertionError(f"the worker ended without any of {kinds}")

    def close(self) -> str:
        self.process.kill()
        _, errors = self.process.communicate()
        return errors.decode()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    assert pipe.read().kind == "hello"
    assert pipe.read().kind == "ready"
    yield pipe
    pipe.close()


def test_hello_is_sent_before_the_models_load():
    pipe = Pipe("load hangs")
    hello = pipe.read()
    assert hello.kind == "hello"
    assert hello.data["protocol"] == protocol.VERSION
    assert hello.data["versions"]["python"] == "{}.{}.{}".format(*sys.version_info)
    assert set(hello.data["versions"]) == {"python", "onnxruntime", "torch", "pocketsphinx"}
    assert hello.data["versions"]["onnxruntime"]
    pipe.close()


def test_request_gets_progress_and_result(pipe):
    pipe.send_request(7, steps=4, seed=3)
    seen = []
    while (message := pipe.read()).kind == "progress":
        assert message.request_id == 7
        seen.append(protocol.parse_progress(message).fraction)
    assert seen == [0, 0, 0.25, 0.5, 0.75]
    assert (message.kind, message.request_id) == ("result", 7)
    np.testing.assert_array_equal(protocol.parse_generate_result(message).motion.values, np.full((30, 55), 3))


def test_requests_are_handled_in_order(pipe):
    for number in range(5):
        pipe.send_request(number, seed=number)
    for number in range(5):
        message = pipe.until("result")
        assert message.request_id == number
        assert protocol.parse_generate_result(message).motion.values[0, 0] == number


def test_request_may_come_before_ready():
    pipe = Pipe("slow load")
    pipe.send_request(1)
    assert [pipe.read().kind for _ in range(2)] == ["hello", "ready"]
    assert pipe.until("result").request_id == 1
    pipe.close()


def test_cancel_stops_the_running_request_only(pipe):
    pipe.send_request(1, "slow")
    pipe.send_request(2)
    pipe.until("progress")
    pipe.send(Message("cancel", 1))
    assert pipe.until("cancelled", "result").request_id == 1
    assert (last := pipe.until("cancelled", "result")).kind == "result"
    assert last.request_id == 2


def test_waiting_request_can_be_cancelled(pipe):
    pipe.send_request(1, "slow")
    pipe.send_request(2)
    pipe.send(Message("cancel", 2))
    pipe.send(Message("cancel", 1))
    replies = [pipe.until("cancelled", "result") for _ in range(2)]
    assert [(reply.kind, reply.request_id) for reply in replies] == [("cancelled", 1), ("cancelled", 2)]


def test_diface_error_is_sent_unchanged(pipe):
    pipe.send_request(1, "audio")
    error = protocol.parse_error(pipe.until("error"))
    assert isinstance(error, AudioError)
    assert (error.message, error.hint) == ("a.wav is silent.", "Choose another.")
    pipe.send_request(2)
    assert pipe.until("result").request_id == 2


def test_internal_error_is_sent_with_its_traceback(pipe):
    pipe.send_request(1, "bug")
    error = protocol.parse_error(pipe.until("error"))
    assert isinstance(error, WorkerError)
    assert "KeyError: 'oops'" in error.message
    assert "bug" in error.hint
    assert "in bug\n" in error.__notes__[0]
    pipe.send_request(2)
    assert pipe.until("result").request_id == 2
    assert 'raise KeyError("oops")' in pipe.close()


@pytest.mark.parametrize("style", ["memory", "torch_memory"])
def test_out_of_memory_has_a_message(pipe, style):
    pipe.send_request(1, style)
    error = protocol.parse_error(pipe.until("error"))
    assert "memory" in error.message
    assert "shorter" in error.hint


def test_output_of_libraries_does_not_reach_the_pipe(pipe):
    pipe.send_request(1, "prints")
    assert [pipe.read().kind for _ in range(2)] == ["progress", "result"]
    errors = pipe.close()
    for text in ("printed", "written", "written to fd 1", "printed by a child"):
        assert f"{text}\n" in errors


def test_standard_input_is_empty_for_libraries(pipe):
    pipe.send_request(1, "reads")
    assert pipe.until("result", "error").kind == "result"


@pytest.mark.parametrize("style", [None, "slow", "stuck"])
def test_end_of_the_pipe_ends_the_process(pipe, style):
    if style:
        pipe.send_request(1, style)
        pipe.until("progress")
    pipe.process.stdin.close()
    assert pipe.process.wait(10) == 0
    pipe.process.stdin = None


def test_end_of_the_pipe_ends_a_loading_process():
    pipe = Pipe("load hangs")
    pipe.read()
    pipe.process.stdin.close()
    assert pipe.process.wait(10) == 0
    pipe.process.stdin = None
    pipe.close()


def test_quit_ends_the_process(pipe):
    pipe.send_request(1, "stuck")
    pipe.send(Message("quit"))
    assert pipe.process.wait(10) == 0


def test_closed_output_pipe_ends_the_process(pipe):
    pipe.process.stdout.close()
    pipe.send_request(1, "slow")
    assert pipe.process.wait(10) == 0
    pipe.process.stdout = None


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C goes another way there")
def test_worker_ignores_ctrl_c(pipe):
    pipe.send_request(1, "slow")
    pipe.until("progress")
    pipe.process.send_signal(signal.SIGINT)
    pipe.send(Message("cancel", 1))
    assert pipe.until("cancelled").request_id == 1


@pytest.mark.parametrize(
    "data", [b"random bytes", protocol.pack(Message("dance", 1)), protocol.pack(Message("generate", 1))]
)
def test_malformed_input_gets_an_error_and_ends_the_process(pipe, data):
    pipe.process.stdin.write(data)
    message = pipe.until("error")
    assert message.request_id is None
    assert isinstance(protocol.parse_error(message), WorkerError)
    assert pipe.process.wait(10) == 1


@pytest.mark.parametrize(
    ("scenario", "words"), [("load needs torch", "missing_torch"), ("load breaks", "division by zero")]
)
def test_engine_that_fails_to_load_is_an_error(scenario, words):
    pipe = Pipe(scenario)
    message = pipe.until("error")
    assert message.request_id is None
    assert words in protocol.parse_error(message).message
    assert pipe.process.wait(10) == 1
    pipe.close()


def test_import_error_names_the_preference():
    pipe = Pipe("load needs torch")
    error = protocol.parse_error(pipe.until("error"))
    assert "Worker Python" in error.hint
    assert sys.executable in error.message
    pipe.close()
