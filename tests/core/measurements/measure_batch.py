"""Batches of short lines: speed with one and two processes, memory over the run, and what 20 kills cost.

    python tests/core/measurements/measure_batch.py [LINES] [--no-kills] [--no-diagnostics]

Wall times are of a machine that others may use too; the time of the cores (CPU) is not affected much.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parents[3]
SECONDS = 3.0
KILLS = 20


def main(count: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = write_lines(folder, count)
        for workers in (1, 2):
            before = cpu_seconds()
            wall, memory = timed(table, folder / f"out{workers}", workers)
            speech, cpu = count * SECONDS, cpu_seconds() - before
            print(f"{workers} worker(s): {count} lines of {SECONDS:g} s in {wall:.1f} s, start included")
            print(
                f"  {speech / wall:.1f} times real time; by the time of one core ({cpu:.1f} s) {speech / cpu:.1f} times"
            )
            print(f"  memory of all processes, MB at quarters of the run: {quarters(memory)}")
        if "--no-kills" not in sys.argv:
            kill_often(table, folder / "killed", count)


def write_lines(folder: Path, count: int) -> Path:
    """Write sounds of noise bursts, and the table."""
    rng = np.random.default_rng(0)
    rows = ["sound,seed"]
    for number in range(count):
        bursts = np.repeat(rng.uniform(0, 0.2, 30), round(SECONDS * 16000) // 30)
        soundfile.write(folder / f"{number:05d}.wav", bursts * rng.standard_normal(len(bursts)), 16000)
        rows.append(f"{number:05d}.wav,{number}")
    (folder / "lines.csv").write_text("\n".join(rows))
    return folder / "lines.csv"


def start(table: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    """Start the command line in a separate process group."""
    arguments = ["batch", str(table), "--out", str(out), "--workers", str(workers)]
    arguments += [option for option in sys.argv if option == "--no-diagnostics"]
    return subprocess.Popen(
        [sys.executable, "-m", "diface_core", *arguments], cwd=ROOT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def timed(table: Path, out: Path, workers: int) -> tuple[float, list[float]]:
    """Return the seconds of a run, and the memory of its processes in MB, five times a second."""
    began, process, memory = time.monotonic(), start(table, out, workers), []
    while process.poll() is None:
        memory.append(resident(process.pid))
        time.sleep(0.2)
    assert process.returncode == 0
    return time.monotonic() - began, memory


def resident(group: int) -> float:
    """Return the resident memory of a process group in MB (Linux)."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return total


def cpu_seconds() -> float:
    """Return the time that the cores spent on the processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def quarters(memory: list[float]) -> list[int]:
    """Return the memory at quarters of the run."""
    return [round(memory[round(part * (len(memory) - 1))]) for part in (0.25, 0.5, 0.75, 0.97)]


def kill_often(table: Path, out: Path, count: int) -> None:
    """Kill a run KILLS times at random moments, let it end, and print the result."""
    rng, kills = random.Random(0), 0
    while kills < KILLS:
        process = start(table, out, 2)
        try:
            process.wait(rng.uniform(2.0, 4.0))
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
    assert start(table, out, 2).wait() == 0
    rows = json.loads((out / "report.json").read_text("utf-8"))["lines"]
    lost = sum(row["status"] not in ("made", "kept") for row in rows)
    whole = sum(len(np.load(path)["values"]) == 90 for path in out.glob("*.npz"))
    drafts = len(list(out.rglob("*.part")))
    print(f"{kills} kills: {lost} of {count} lines lost, {whole} files whole, {drafts} drafts left")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
