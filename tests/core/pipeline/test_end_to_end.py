"""The real encoder and models in the command line and in the worker, each in a separate process."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from diface_core import AudioError, AudioSection, FrameRate, GenerateRequest, Layers, channels, protocol
from diface_core.motion.files import read_csv, read_npz
from diface_core.protocol import Message


@pytest.fixture
def environment(root) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root), "PYTHONWARNINGS": "error::ResourceWarning"}


def generate(speech, out, environment, *options: str) -> str:
    """Run the command and return its output."""
    command = [
        sys.executable,
        "-m",
        "diface_core",
        "generate",
        str(speech),
        "--out",
        str(out),
        "--steps",
        "2",
        *options,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.slow
def test_command_line_hears_the_chosen_channel(speech, asset, tmp_path, environment, cache):
    """Opposite channels are said in the mix; the left one gives the motion of the voice alone."""
    voice, rate = soundfile.read(speech, frames=48_000)
    opposite, plain = tmp_path / "opposite.wav", tmp_path / "plain.wav"
    soundfile.write(opposite, np.stack([voice, -0.5 * voice], axis=1), rate, subtype="FLOAT")
    soundfile.write(plain, voice, rate, subtype="FLOAT")
    assert "are opposite" in generate(opposite, tmp_path / "mix.npz", environment)
    assert "opposite " not in generate(opposite, tmp_path / "left.npz", environment, "--channel", "left")
    generate(plain, tmp_path / "plain.npz", environment)
    left, alone = (read_npz(tmp_path / f"{name}.npz") for name in ("left", "plain"))
    np.testing.assert_array_equal(left.values, alone.values)


@pytest.mark.slow
def test_command_line_generates_from_speech(speech, asset, tmp_path, environment, cache):
    common = ("--seconds", "4", "--cache", str(cache))
    output = generate(speech, tmp_path / "m.npz", environment, "--samples", "2", *common)
    assert "100%" in output
    first, second = (read_npz(tmp_path / f"m_0{number}.npz") for number in range(2))
    assert first.channels == channels.of_request(("face", "head"), Layers())
    assert len(first) == 120
    assert first.values[:, :52].min() >= 0
    assert first.values[:, :52].max() <= 1
    jaw = first.column("jawOpen")
    assert jaw.max() - jaw.min() > 0.1, "the jaw moves too little"
    assert np.abs(first.values - second.values).max() > 0.01, "different seeds give the same motion"

    # the same seed in another process, with features from the disk, at another rate and in the other format
    generate(speech, tmp_path / "m.csv", environment, "--fps", "60", *common)
    again = read_csv(tmp_path / "m.csv", FrameRate(60))
    assert len(again) == 240
    np.testing.assert_allclose(again.values[::2], first.select(again.channels).values, atol=2e-5)


@pytest.mark.slow
def test_worker_generates_from_speech(speech, asset, environment):
    worker = subprocess.Popen(
        [sys.executable, "-m", "diface_core.worker"],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )

    def send_and_read(number: int, request: GenerateRequest) -> list[Message]:
        worker.stdin.write(protocol.pack(protocol.generate_request_message(request, number)))
        found = []
        while not found or found[-1].kind == "progress":
            found.append(protocol.read(worker.stdout))
        return found

    with worker.stdin, worker.stdout:
        assert protocol.read(worker.stdout).data["versions"]["onnxruntime"]
        assert protocol.read(worker.stdout).kind == "ready"
        section = AudioSection(speech, 0.5, 3.0)
        first = send_and_read(1, GenerateRequest(section, rate=FrameRate(24), steps=3))
        stages = list(dict.fromkeys(message.data["stage"] for message in first if message.kind == "progress"))
        work = ["Reading the audio", "Encoding the speech", "Generating the motion"]
        assert stages == ["Starting", "Loading the models", *work]
        motion = protocol.parse_generate_result(first[-1]).motion
        assert motion.values.shape == (72, 58)

        same = send_and_read(2, GenerateRequest(section, rate=FrameRate(24), steps=3))
        done = {message.data.get("stage") for message in same}
        assert not done & {"Loading the models", "Encoding the speech"}
        np.testing.assert_array_equal(protocol.parse_generate_result(same[-1]).motion.values, motion.values)

        missing = send_and_read(3, GenerateRequest(AudioSection(speech.with_name("none.wav"))))
        assert isinstance(protocol.parse_error(missing[-1]), AudioError)

        worker.stdin.write(
            protocol.pack(protocol.generate_request_message(GenerateRequest(AudioSection(speech), steps=50), 4))
        )
        while protocol.read(worker.stdout).data.get("stage") != "Generating the motion":
            pass
        worker.stdin.write(protocol.pack(Message("cancel", 4)))
        while (last := protocol.read(worker.stdout)).kind == "progress":
            pass
        assert last.kind == "cancelled"
    assert worker.wait(20) == 0
