"""`python -m diface_core.training.other_sounds.measure_pauses SPEECH ...`: whether pauses rest, and live.

The first minute of each sound, in speech and in pauses: lips (mm apart), head (degrees a second), brows (weights a
second).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ... import channels
from ...generate import Generator
from ...layers.phrases import find_speech
from ...types import AudioSection, GenerateRequest
from .. import metrics

HEADER = "| sound | pauses s | lips mm | in pauses | head °/s | in pauses | brows /s | in pauses |"
SECONDS = 60.0
MARGINS = -0.1, 0.15
"""Seconds before and after speech that do not count as a pause."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.other_sounds.measure_pauses", description=__doc__
    )
    parser.add_argument("speech", type=Path, nargs="+")
    generator = Generator.load()
    print(f"{HEADER}\n{'|---' * HEADER.count(' | ')}|---|")
    for file in parser.parse_args(arguments).speech:
        print(_row(generator, file))


def _row(generator: Generator, file: Path) -> str:
    request = GenerateRequest(AudioSection(file, 0.0, SECONDS))
    motion = generator.generate(request, lambda progress: None).motion
    times, speaking = np.arange(len(motion)) / motion.rate.value, np.zeros(len(motion), bool)
    for begin, end in find_speech(generator.loudness(request, lambda progress: None)) + MARGINS:
        speaking |= (times >= begin) & (times <= end)
    brows = tuple(name for name in channels.FACE if name.startswith("brow"))
    tracks = (
        metrics.lip_gap(motion.select(channels.FACE).values),
        np.degrees(_speed(motion.select(channels.HEAD).values, motion.rate.value)),
        _speed(motion.select(brows).values, motion.rate.value),
    )
    cells = [f"{track[rows].mean():.2f}" for track in tracks for rows in (speaking, ~speaking)]
    return f"| {file.name} | {np.sum(~speaking) / motion.rate.value:.1f} | {' | '.join(cells)} |"


def _speed(values: np.ndarray, rate: float) -> np.ndarray:
    """Return the summed speed (T,) of the columns."""
    return np.abs(np.diff(values, axis=0, prepend=values[:1])).sum(axis=1) * rate


if __name__ == "__main__":
    main()
