"""Tables and sounds of batches."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

TOY = "tests.core.batch.toy_engines:Toy"
SLOW = "tests.core.batch.toy_engines:Slow"


def sounds(folder: Path, names: Sequence[str], seconds: float = 0.5) -> None:
    """Write sounds of noise with these names."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16000))
    for name in names:
        soundfile.write(folder / f"{name}.wav", noise, 16000)


def table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> Path:
    """Write a table."""
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *rows])
    return path


def numbered(folder: Path, count: int) -> Path:
    """Write `count` sounds, and a table with a line for each."""
    names = [f"line{number:03d}" for number in range(count)]
    sounds(folder, names)
    return table(folder / "lines.csv", ["sound", "seed"], [[f"{name}.wav", n % 50] for n, name in enumerate(names)])
