"""The command line with substitutes for the models; test_end_to_end.py runs the real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import diface_core.__main__ as command
from diface_core import GenerateRequest, GenerateResult, Layers, Motion, Progress, Style, channels
from diface_core.audio.reading import load_clip
from diface_core.motion.files import read_csv, read_npz


class FakeGenerator:
    """Generator whose values are all seed / 100; records the requests."""

    def __init__(self) -> None:
        self.requests: list[GenerateRequest] = []

    def generate(self, request: GenerateRequest, report) -> GenerateResult:
        self.requests.append(request)
        clip = load_clip(request.audio)
        for step in range(11):
            report(Progress(step / 10, "Generating the motion"))
        names = channels.of_parts(request.parts)
        values = np.full((request.rate.rows(clip.seconds), len(names)), request.seed / 100, np.float32)
        return GenerateResult(Motion(values, names, request.rate), "fake")


@pytest.fixture
def generator(monkeypatch) -> FakeGenerator:
    fake = FakeGenerator()
    monkeypatch.setattr(command, "_load_engines", lambda cache: fake)
    return fake


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "speech.wav", np.sin(np.arange(32000) / 10), 16000)
    return tmp_path / "speech.wav"


def run(*arguments) -> int:
    return command.main(["generate", *map(str, arguments)])


def test_generate_writes_a_motion_file(generator, wav, tmp_path, capsys):
    assert run(wav, "--out", tmp_path / "m.npz") == 0
    motion = read_npz(tmp_path / "m.npz")
    assert motion.values.shape == (60, 55)
    assert generator.requests == [GenerateRequest(generator.requests[0].audio)]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "100%" in captured.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.npz", "speech.wav"]


def test_every_option_reaches_the_request(generator, wav, tmp_path):
    options = "--seed 5 --steps 20 --style s1 --guidance 2.5 --fps 24/1.001 --head --face-strength 0.5"
    options += " --head-strength 1.5 --start -0.25 --seconds 1.5"
    assert run(wav, "--out", tmp_path / "m.csv", *options.split()) == 0
    (request,) = generator.requests
    assert (request.seed, request.steps, request.style, request.guidance) == (5, 20, Style.named("s1"), 2.5)
    assert request.rate.value == pytest.approx(24000 / 1001)
    assert (request.parts, request.face_strength, request.head_strength) == (("head",), 0.5, 1.5)
    assert (request.audio.start, request.audio.seconds) == (-0.25, 1.5)
    assert len(read_csv(tmp_path / "m.csv", request.rate)) == 36


def test_every_sampling_option_reaches_the_request(generator, wav, tmp_path):
    options = "--style ada:0.7,grid_s1:0.3 --style-strength 1.5 --style-guidance 2 --variety 0.5"
    options += " --head-axes 1,0.5,0 --blink-seed 3 --gaze-seed 4 --no-breath --tongue 0.5"
    assert run(wav, "--out", tmp_path / "m.npz", *options.split()) == 0
    (request,) = generator.requests
    assert request.style == Style((("ada", 0.7), ("grid_s1", 0.3)), 1.5)
    assert (request.style_guidance, request.variety, request.head_axes) == (2, 0.5, (1, 0.5, 0))
    assert request.layers == Layers(3, 4, None, 0.5)


def test_moods_are_shown_and_need_a_face(generator, wav, tmp_path, capsys):
    assert run(wav, "--out", tmp_path / "plain.npz") == 0
    assert run(wav, "--out", tmp_path / "happy.npz", "--mood", "happy:0.7") == 0
    plain, happy = read_npz(tmp_path / "plain.npz"), read_npz(tmp_path / "happy.npz")
    assert happy.column("mouthSmileLeft")[30] > plain.column("mouthSmileLeft")[30] + 0.1
    assert run(wav, "--out", tmp_path / "no.npz", "--mood", "happy", "--head") != 0
    assert "needs the face" in capsys.readouterr().err
    assert not (tmp_path / "no.npz").exists()


def test_style_files_and_weights(generator, wav, tmp_path):
    for given, wanted in {
        "mine.safetensors:2": (("mine.safetensors", 2.0),),
        "C:\\styles\\mine.safetensors": (("C:\\styles\\mine.safetensors", 1.0),),
        "C:/mine.safetensors:0.5,ada": (("C:/mine.safetensors", 0.5), ("ada", 1.0)),
    }.items():
        assert run(wav, "--out", tmp_path / "m.npz", "--style", given) == 0
        assert generator.requests[-1].style.blend == wanted


def test_every_sample_has_its_seeds(generator, wav, tmp_path):
    assert (
        run(
            wav,
            "--out",
            tmp_path / "m.npz",
            "--samples",
            2,
            "--seed",
            7,
            "--gaze-seed",
            5,
            "--no-blinks",
            "--no-tongue",
        )
        == 0
    )
    assert [request.seed for request in generator.requests] == [7, 8]
    assert [request.layers for request in generator.requests] == [Layers(None, 5, 0, None), Layers(None, 6, 1, None)]


def test_samples_are_numbered_and_seeded(generator, wav, tmp_path):
    assert run(wav, "--out", tmp_path / "m.npz", "--samples", 3, "--seed", 7) == 0
    for number in range(3):
        assert read_npz(tmp_path / f"m_0{number}.npz").values[0, 0] == np.float32((7 + number) / 100)
    assert not (tmp_path / "m.npz").exists()


def refused(capsys, *arguments) -> str:
    assert run(*arguments) == 2
    return capsys.readouterr().err


def test_unknown_suffix_is_refused_before_the_models_load(generator, wav, tmp_path, capsys):
    message = refused(capsys, wav, "--out", tmp_path / "m.bvh")
    assert message == "Cannot write m.bvh: its name must end in .npz, .csv or .json.\nChoose another file name.\n"
    assert "does not exist" in refused(capsys, wav, "--out", tmp_path / "no" / "m.npz")
    assert not generator.requests


def test_unusable_audio_prints_a_message_and_a_hint(generator, tmp_path, capsys):
    message = refused(capsys, tmp_path / "none.wav", "--out", tmp_path / "m.npz").splitlines()
    assert "The audio file is missing" in message[-2]
    assert message[-1] == "Restore it, or choose another file."
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [
        ["--steps", "0"],
        ["--steps", "51"],
        ["--steps", "x"],
        ["--fps", "0"],
        ["--fps", "24/0"],
        ["--fps", "fast"],
        ["--seconds", "-1"],
        ["--samples", "0"],
        ["--face-strength", "3"],
        ["--guidance", "nan"],
        ["--face", "--head"],
        ["--seed", "-1"],
        ["--style", "ada:0"],
        ["--style", "ada,,"],
        ["--style", "ada:-1"],
        ["--style-strength", "3"],
        ["--head-axes", "1,1"],
        ["--head-axes", "1,1,3"],
        ["--variety", "-1"],
        ["--blink-seed", "x"],
        ["--no-gaze", "--gaze-seed", "1"],
    ],
)
def test_bad_options_are_refused(generator, wav, tmp_path, capsys, options):
    with pytest.raises(SystemExit) as caught:
        run(wav, "--out", tmp_path / "m.npz", *options)
    assert caught.value.code == 2
    assert options[0] in capsys.readouterr().err
    assert not generator.requests


def test_ctrl_c_exits_with_130(generator, wav, tmp_path, capsys, monkeypatch):
    def interrupted(request, report):
        raise KeyboardInterrupt

    monkeypatch.setattr(generator, "generate", interrupted)
    assert run(wav, "--out", tmp_path / "m.npz") == 130
    assert "Cancelled" in capsys.readouterr().err
    assert not (tmp_path / "m.npz").exists()


def test_bad_options_are_refused_without_torch(root, tmp_path):
    """Arguments are checked before heavy imports, and there is no traceback."""
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')")
    command_line = [sys.executable, "-m", "diface_core", "generate", "a.wav", "--out", "m.bvh"]
    paths = os.pathsep.join([str(tmp_path), str(root)])
    done = subprocess.run(
        command_line, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Cannot write m.bvh")
    assert done.stdout == ""


def test_personalise_parses_its_arguments(tmp_path, capsys):
    assert command.main(["personalise", "a.wav", "m.npz", "--out", str(tmp_path / "s.txt")]) == 2
    assert "must end in .safetensors" in capsys.readouterr().err


def test_idle_needs_seconds_instead_of_a_sound(generator, tmp_path, capsys):
    assert run("--role", "idle", "--out", tmp_path / "m.npz") == 2
    assert "--seconds" in capsys.readouterr().err


def test_role_and_reactions_reach_the_request(generator, wav, tmp_path):
    assert run(wav, "--role", "listen", "--reactions", "1.5", "--out", tmp_path / "m.npz") == 0
    assert (generator.requests[0].role, generator.requests[0].reactions) == ("listen", 1.5)
