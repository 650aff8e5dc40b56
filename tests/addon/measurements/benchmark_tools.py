"""Helpers of the benchmarks: table rows, medians, and speech of any length."""

from __future__ import annotations

import statistics
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]


def row(what: str, measured: str, wanted: str) -> None:
    """Print one table row; build.py collects lines that begin with "| "."""
    print(f"| {what} | {measured} | {wanted} |", flush=True)


def median(run: Callable[[], object], runs: int = 3, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median of the seconds that `run` takes; `time.process_time` leaves out those of other programs."""
    taken = []
    for _ in range(runs):
        began = clock()
        run()
        taken.append(clock() - began)
    return statistics.median(taken)


def speech_file(folder: Path, seconds: float, number: int = 0) -> Path:
    """Write the repeated sample speech from a random position on, so that no feature cache contains it."""
    import aud  # part of bpy

    samples = aud.Sound(str(ROOT / "tests/data/speech.flac")).data()[:, 0]
    once = np.roll((samples * 32_767).astype("<i2"), np.random.default_rng().integers(len(samples)))
    count = round(seconds * 16_000)
    path = folder / f"speech_{seconds:.0f}_{number}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, count, "NONE", ""))
        file.writeframes(np.tile(once, count // len(once) + 1)[:count].tobytes())
    return path
