"""Memory of the worker for short and long sounds, and the time of each stage, as table rows."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import bpy  # noqa: F401 - provides the module aud, which writes the audio files
from benchmark_tools import ROOT, row, speech_file

from diface_addon.core import types
from diface_addon.worker.process import WorkerProcess

PYTHON = Path(os.environ["DIFACE_PYTHON"])


def fresh_worker(cache: Path | None = None) -> WorkerProcess:
    """Start a separate worker."""
    worker = WorkerProcess()
    worker.start(PYTHON, cache=cache)
    return worker


def peak_memory(process: int) -> float:
    """Return the peak memory of a process in MB (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("The system does not report the peak memory of a process.")


def measure_memory(folder: Path) -> None:
    """Measure peak memory and the time of a new worker for each length."""
    for minutes, steps in ((1, 4), (10, 4), (30, 4), (60, 4), (60, 8)):
        with tempfile.TemporaryDirectory() as cache:
            worker = fresh_worker(Path(cache))
            request = types.GenerateRequest(types.AudioSection(speech_file(folder, 60 * minutes)), steps=steps)
            began = time.perf_counter()
            worker.submit(request).wait()
            seconds = time.perf_counter() - began
            if steps == 4:
                memory = f"{peak_memory(worker.pid):.0f} MB"
                row(f"worker's peak memory, {minutes} min of speech", memory, "under 300 MB")
            row(
                f"{minutes} min of speech, {steps} steps, fresh worker",
                f"{seconds:.0f} s",
                "60 s" if steps == 8 else "",
            )
            worker.close()


def measure_cancel(folder: Path) -> None:
    """Measure the time from Cancel to the first reply to the next request."""
    worker = fresh_worker()
    short = types.GenerateRequest(types.AudioSection(ROOT / "tests/data/speech.flac"), steps=4)
    long = types.GenerateRequest(types.AudioSection(speech_file(folder, 300)), steps=25)
    worker.submit(short).wait()
    taken = []
    for seed in range(5):
        job = worker.submit(long)
        time.sleep(0.4 + 0.2 * seed)
        began = time.perf_counter()
        job.cancel()
        until_cancelled = time.perf_counter() - began
        worker.submit(short).wait()
        taken.append((until_cancelled, time.perf_counter() - began))
    worker.close()
    row(
        "Cancel until the job ends, without the panel's polling interval of 0.1 s",
        f"{1000 * statistics.median(t for t, _ in taken):.0f} ms",
        "300 ms",
    )
    row("Cancel until the next 12 s of speech are generated", f"{statistics.median(t for _, t in taken):.1f} s", "")


def measure_denoising(folder: Path) -> None:
    """Measure denoising alone: a minute from cached features."""
    worker = fresh_worker()
    path = speech_file(folder, 60)
    worker.submit(types.GenerateRequest(types.AudioSection(path), steps=1)).wait()
    for count in (1, 8, 25):
        runs = [
            worker.submit(types.GenerateRequest(types.AudioSection(path), seed=s, steps=count)).wait().timings
            for s in range(3)
        ]
        seconds = statistics.median(sum(run.values()) for run in runs)
        row(f"60 s of speech from cached features, {count} steps", f"{seconds:.2f} s", "1 s" if count == 8 else "")
    worker.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure_denoising(Path(folder))
        measure_cancel(Path(folder))
        measure_memory(Path(folder))


if __name__ == "__main__":
    main()
