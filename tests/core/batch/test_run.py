"""Runs of a batch: each line alone, continued after any end, nothing twice, no half-written file."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from diface_core import DifaceError
from diface_core.__main__ import main
from diface_core.batch import command
from diface_core.batch.lines import read_batch
from diface_core.batch.lock import exclusive
from diface_core.batch.run import run_batch
from diface_core.motion.files import read_npz
from tests.core.batch.tables import TOY, numbered, sounds, table
from tests.core.batch.toy_engines import LOG

ROOT = Path(__file__).parents[3]


def run(path: Path, out: Path, workers: int = 1, engine: str = TOY):
    return run_batch(read_batch(path).lines, out, workers, engine=engine)


def report(out: Path) -> list[dict]:
    return json.loads((out / "report.json").read_text("utf-8"))["lines"]


@pytest.mark.parametrize("workers", [1, 2])
def test_lines_become_files_and_a_report(tmp_path, workers):
    summary = run(numbered(tmp_path, 6), tmp_path / "out", workers)
    assert summary.counts == {"made": 6}
    assert summary.made_seconds == pytest.approx(3.0)
    for number in range(6):
        motion = read_npz(tmp_path / "out" / f"line{number:03d}.npz")
        assert len(motion) == 15
        assert (motion.values == np.float32(number / 100)).all()
    assert [row["status"] for row in report(tmp_path / "out")] == ["made"] * 6
    assert "6 made" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_every_kind_of_output(tmp_path):
    sounds(tmp_path, ["a"])
    path = table(tmp_path / "t.csv", ["sound", "name", "outputs"], [["a.wav", "shot/a", "npz, csv, json"]])
    run(path, tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out" / "shot").iterdir()) == ["a.csv", "a.json", "a.npz"]


@pytest.mark.parametrize("workers", [1, 3])
def test_each_line_fails_alone(tmp_path, workers, monkeypatch):
    sounds(tmp_path, ["good", "also", "bug"])
    (tmp_path / "text.wav").write_text("no sound")
    rows = [["good.wav", 1], ["missing.wav", 1], ["text.wav", 1], ["bug.wav", 1], ["also.wav", "x"], ["also.wav", 2]]
    rows[5][0] = "also.wav"
    path = table(tmp_path / "t.csv", ["sound", "seed", "name"], [[*row, f"n{n}"] for n, row in enumerate(rows)])
    run(path, tmp_path / "out", workers)
    found = report(tmp_path / "out")
    assert [row["status"] for row in found] == ["made", "failed", "failed", "failed", "failed", "made"]
    for row, reason in zip(found[1:5], ("no sound file", "not a supported", "a bug", "seed"), strict=True):
        assert reason in row["reason"]


def test_a_process_that_dies_costs_only_its_line(tmp_path):
    sounds(tmp_path, ["killed", *(f"good{n}" for n in range(6))])
    names = ["good0", "killed", "good1", "good2", "good3", "good4", "good5"]
    path = table(tmp_path / "t.csv", ["sound"], [[f"{name}.wav"] for name in names])
    run(path, tmp_path / "out", 2)
    statuses = {row["name"]: row["status"] for row in report(tmp_path / "out")}
    assert statuses.pop("killed") == "failed"
    assert set(statuses.values()) == {"made"}


def test_what_is_done_is_kept_and_what_changed_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    path, out = numbered(tmp_path, 4), tmp_path / "out"
    run(path, out)
    assert run(path, out).counts == {"kept": 4}
    (out / "line001.npz").unlink()
    sounds(tmp_path, ["line002"], 0.7)
    lines = path.read_text().replace("line003.wav,3", "line003.wav,9")
    path.write_text(lines)
    assert run(path, out).counts == {"kept": 1, "made": 3}
    assert sorted((tmp_path / "log").read_text().split()) == sorted(
        [*(f"line{n:03d}" for n in range(4)), "line001", "line002", "line003"]
    )
    assert run(path, out).counts == {"kept": 4}


def test_pins(tmp_path):
    sounds(tmp_path, ["a"], 1.0)
    table(tmp_path / "pins.csv", ["seconds", "channel", "value"], [[0.5, "jawOpen", 0.25]])
    table(tmp_path / "late.csv", ["seconds", "channel", "value"], [[9, "jawOpen", 0.25]])
    table(tmp_path / "other.csv", ["seconds", "channel", "value"], [[0, "wings", 0.25]])
    rows = [["a.wav", f"n{n}", name] for n, name in enumerate(["pins.csv", "late.csv", "other.csv", "none.csv"])]
    path = table(tmp_path / "t.csv", ["sound", "name", "pins"], rows)
    lines = read_batch(path).lines
    run_batch(lines, tmp_path / "out", engine=TOY)
    found = report(tmp_path / "out")
    assert [row["status"] for row in found] == ["made", "failed", "failed", "failed"]
    for row, reason in zip(found[1:], ("outside the sound", "'wings'", "No such file"), strict=True):
        assert reason in row["reason"]


def test_two_runs_do_not_share_a_folder(tmp_path):
    (tmp_path / "out" / ".batch").mkdir(parents=True)
    with (
        exclusive(tmp_path / "out" / ".batch" / "lock"),
        pytest.raises(DifaceError, match="Another run works"),
    ):
        run(numbered(tmp_path, 1), tmp_path / "out")


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DifaceError, match="Cannot work in"):
        run(numbered(tmp_path, 1), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_continues(tmp_path, workers):
    """Killed at random moments: every line is made, none after it was done, and no half file is left."""
    path, out, log = numbered(tmp_path, 40), tmp_path / "out", tmp_path / "log"
    environment = {**os.environ, LOG: str(log)}
    rng, kills = random.Random(workers), 0
    for _try in range(60):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.batch.run_slowly", str(path), str(out), str(workers)],
            cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.wait(rng.uniform(1.0, 2.5)) == 0
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            time.sleep(0.05)
    assert [row["status"] in ("made", "kept") for row in report(out)] == [True] * 40
    assert not list(out.rglob("*.part"))
    for number in range(40):
        assert len(read_npz(out / f"line{number:03d}.npz")) == 15
    again = len(log.read_text().split()) - 40
    assert 0 <= again <= workers * kills  # only lines that a kill interrupted


def test_bundled_models(tmp_path):
    """The same motion as `generate` makes, by one process and by two."""
    path = numbered(tmp_path, 2)
    for workers in (1, 2):
        summary = run_batch(read_batch(path).lines, tmp_path / f"out{workers}", workers)
        assert summary.counts == {"made": 2}
    assert main(["generate", str(tmp_path / "line001.wav"), "--seed", "1", "--out", str(tmp_path / "m.npz")]) == 0
    expected = read_npz(tmp_path / "m.npz").values
    for workers in (1, 2):
        np.testing.assert_allclose(read_npz(tmp_path / f"out{workers}" / "line001.npz").values, expected, atol=1e-5)


def test_command_line(tmp_path, monkeypatch, capsys):
    path = numbered(tmp_path, 2)
    monkeypatch.setattr(command, "run_batch", lambda *arguments: run_batch(*arguments, engine=TOY))
    assert command.main([str(path), "--out", str(tmp_path / "out"), "--outputs", "csv"]) == 0
    assert "2 made" in capsys.readouterr().out
    assert (tmp_path / "out" / "line000.csv").is_file()
    path.write_text(path.read_text() + "missing.wav,1\n")
    assert command.main([str(path), "--out", str(tmp_path / "out"), "--outputs", "csv"]) == 1
    captured = capsys.readouterr()
    assert "2 kept, 1 failed" in captured.out
    assert "Row 4: There is no sound file" in captured.err
    assert command.main([str(tmp_path / "none.csv"), "--out", str(tmp_path / "out")]) == 2
