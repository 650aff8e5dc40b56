"""Long recordings with noise, music and two channels: time and memory of the command line.

    python tests/core/measurements/measure_long_sounds.py [MINUTES] [CASE ...]

The speech of the tests is repeated; what is beside it is made here. Prints a row of a table for each case.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parents[3]
RATE = 48_000
BLOCK_SECONDS = 10
HUM_HZ, CHORD_HZ = 50.0, (220.0, 277.2, 329.6, 440.0)
Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Beside = Callable[[np.random.Generator, Samples], Samples]


def noise(rng: np.random.Generator, seconds: Samples) -> Samples:
    """Return white noise, 20 dB below full scale."""
    return 0.1 * rng.standard_normal(len(seconds)).astype(np.float32)


def music(rng: np.random.Generator, seconds: Samples) -> Samples:
    """Return a chord with a beat twice a second."""
    chord = sum(np.sin(2 * np.pi * hertz * seconds) for hertz in CHORD_HZ)
    return (0.1 * chord * np.exp(-2 * (seconds % 0.5)) + 0.003 * noise(rng, seconds)).astype(np.float32)


def hum(rng: np.random.Generator, seconds: Samples) -> Samples:
    """Return loud hum of the mains."""
    return (0.2 * np.sin(2 * np.pi * HUM_HZ * seconds) + 0.003 * noise(rng, seconds)).astype(np.float32)


CASES: dict[str, tuple[Beside | None, tuple[str, ...]]] = {
    "speech alone": (None, ()),
    "noise": (noise, ()),
    "music": (music, ()),
    "hum, --high-pass": (hum, ("--high-pass",)),
    "music on the left, --channel louder": (music, ("--channel", "louder")),
    "hum on the left, --channel louder --high-pass": (hum, ("--channel", "louder", "--high-pass")),
}
"""What is beside the speech, and the options. It is in both channels, or with `louder` only in the quieter one."""


def main(minutes: float, names: list[str]) -> None:
    """Measure and print."""
    print(f"{minutes:g} min, stereo, {RATE} Hz; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(
        "| sound | wall s | CPU s | times real time by CPU | peak memory MB | what is said |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as name:
        for case in names or CASES:
            beside, options = CASES[case]
            sound = Path(name) / "sound.flac"
            write_sound(sound, minutes, beside, alone="louder" in options)
            wall, cpu, memory, said = generate(sound, Path(name) / "motion.npz", options)
            print(f"| {case} | {wall:.0f} | {cpu:.0f} | {60 * minutes / cpu:.0f} | {memory:.0f} | {said} |", flush=True)


def write_sound(path: Path, minutes: float, beside: Beside | None, alone: bool) -> None:
    """Write speech with something beside it, block by block.

    Args:
        path: The file.
        minutes: Its length.
        beside: What is beside the speech.
        alone: The left channel has only what is beside, 12 dB lower, and the right one only speech.
    """
    rng, count = np.random.default_rng(0), BLOCK_SECONDS * RATE
    speech, rate = soundfile.read(ROOT / "tests/data/speech.flac", dtype="float32")
    voice = np.interp(np.arange(0, len(speech), rate / RATE), np.arange(len(speech)), speech).astype(np.float32)
    with soundfile.SoundFile(str(path), "w", RATE, 2) as file:
        for first in range(0, round(60 * minutes * RATE), count):
            spoken = voice[np.arange(first, first + count) % len(voice)]
            seconds = np.arange(first, first + count, dtype=np.float64) / RATE
            other = beside(rng, seconds) if beside else np.zeros_like(spoken)
            both = (other / 4, spoken) if alone else (spoken + other, spoken + other)
            file.write(np.clip(np.stack(both, axis=1), -1, 1))


def generate(sound: Path, out: Path, options: tuple[str, ...]) -> tuple[float, float, float, str]:
    """Return wall and CPU seconds, peak memory in MB, and the notes of a run of `generate`."""
    command = [sys.executable, "-m", "diface_core", "generate", str(sound), "--out", str(out), *options]
    began, errors = time.monotonic(), out.with_suffix(".log")
    with errors.open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    text = errors.read_text("utf-8")
    if status:
        raise SystemExit(text)
    said = " ".join(line.strip() for line in text.splitlines() if "|" not in line and line.strip())
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said or "-"


if __name__ == "__main__":
    numbers = [argument for argument in sys.argv[1:] if argument.replace(".", "").isdigit()]
    main(float(numbers[0]) if numbers else 8.0, [argument for argument in sys.argv[1:] if argument in CASES])
