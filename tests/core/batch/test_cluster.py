"""Batches on a Dask cluster of this machine, whose workers are killed. Skipped without the package distributed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diface_core import DifaceError
from diface_core.batch.lines import read_batch
from diface_core.batch.run import run_batch
from tests.core.batch.tables import SLOW, TOY, numbered, sounds, table

distributed = pytest.importorskip("distributed", reason="Dask's package distributed is not installed.")
ROOT = Path(__file__).parents[3]


class Cluster:
    """A scheduler and workers of one thread, each a process."""

    def __init__(self, folder: Path, has_diface: bool = True) -> None:
        self._folder, self.workers = folder, []
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT) if has_diface else ""}
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", stderr=subprocess.PIPE)
        assert self.scheduler.stderr
        text = ""
        while not (match := re.search(r"Scheduler at:\s+(tcp://\S+)", text)):
            text = self.scheduler.stderr.readline()
            assert text, "The scheduler did not start."
        self.address = match[1]
        self._reader = threading.Thread(target=self.scheduler.stderr.read, daemon=True)
        self._reader.start()

    def add_worker(self) -> None:
        options = ("--nthreads", "1", "--no-nanny")
        self.workers.append(self._start("worker", self.address, *options, stderr=subprocess.DEVNULL))

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        assert self.scheduler.stderr
        self._reader.join()
        self.scheduler.stderr.close()

    def _start(self, kind: str, *options: str, stderr: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, "--no-dashboard"]
        return subprocess.Popen(command, stderr=stderr, text=True, env=self._environment, cwd=self._folder)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.close()


def run(path: Path, out: Path, address: str, engine: str = TOY):
    return run_batch(read_batch(path).lines, out, scheduler=address, engine=engine)


def statuses(out: Path) -> dict[str, str]:
    return {row["name"]: row["status"] for row in json.loads((out / "report.json").read_text())["lines"]}


def test_lines_are_made_by_a_cluster(cluster, tmp_path):
    cluster.add_worker()
    sounds(tmp_path, ["bug"])
    path = numbered(tmp_path, 30)
    path.write_text(path.read_text() + "bug.wav,1\nmissing.wav,1\n")
    run(path, tmp_path / "out", cluster.address)
    found = statuses(tmp_path / "out")
    assert (found.pop("bug"), found.pop("missing")) == ("failed", "failed")
    assert set(found.values()) == {"made"}
    assert run(path, tmp_path / "out", cluster.address).counts == {"kept": 30, "failed": 2}


def test_killed_workers_lose_nothing(cluster, tmp_path):
    for _worker in range(2):
        cluster.add_worker()

    def kill_and_replace() -> None:
        for number in range(4):
            time.sleep(1.5)
            cluster.workers[number].send_signal(signal.SIGKILL)
            cluster.add_worker()

    killer = threading.Thread(target=kill_and_replace)
    killer.start()
    run(numbered(tmp_path, 160), tmp_path / "out", cluster.address, SLOW)
    killer.join()
    assert set(statuses(tmp_path / "out").values()) <= {"made", "kept"}
    assert len(list((tmp_path / "out").glob("*.npz"))) == 160


def test_a_line_that_kills_its_workers_fails_alone(cluster, tmp_path):
    for _worker in range(12):
        cluster.add_worker()
    sounds(tmp_path, ["killed", "good"])
    path = table(tmp_path / "t.csv", ["sound"], [["killed.wav"], ["good.wav"]])
    run(path, tmp_path / "out", cluster.address)
    found = statuses(tmp_path / "out")
    assert found["killed"] == "failed"
    assert found["good"] in ("made", "kept")  # kept: its worker was killed after it had written the line


def test_a_scheduler_that_goes_away(cluster, tmp_path, caplog):
    cluster.add_worker()
    path = numbered(tmp_path, 60)

    def kill_after_some_lines() -> None:
        while len(list((tmp_path / "out").glob("*.npz"))) < 5:
            time.sleep(0.02)
        cluster.scheduler.kill()

    killer = threading.Thread(target=kill_after_some_lines, daemon=True)
    killer.start()
    with pytest.raises(DifaceError, match="went away"):
        run(path, tmp_path / "out", cluster.address, SLOW)
    killer.join()
    found = statuses(tmp_path / "out")
    assert "not reached" in found.values()
    assert not [record for record in caplog.records if record.exc_info], "a traceback would hide the message"
    assert run_batch(read_batch(path).lines, tmp_path / "out", engine=TOY).counts.keys() == {"kept", "made"}


def test_a_scheduler_without_diface_ends_the_run_at_once(tmp_path):
    cluster = Cluster(tmp_path, has_diface=False)
    try:
        cluster.add_worker()
        with pytest.raises(DifaceError, match="cannot load DiFACE"):
            run(numbered(tmp_path, 4), tmp_path / "out", cluster.address)
        assert set(statuses(tmp_path / "out").values()) == {"not reached"}
    finally:
        cluster.close()


def test_no_scheduler(tmp_path, monkeypatch):
    monkeypatch.setattr("diface_core.batch.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(DifaceError, match="No scheduler answers"):
        run(numbered(tmp_path, 1), tmp_path / "out", "tcp://127.0.0.1:9")
