"""Recordings as the programs write them that DiFACE reads, with known values."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diface_core import channels

PASCAL = [name[0].upper() + name[1:] for name in channels.FACE]
HEAD = ["HeadYaw", "HeadPitch", "HeadRoll"]
EYES = [f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll")]


def face(rows: int, seed: int = 0) -> np.ndarray:
    """Return weights (T, 52), rounded as a file has them, different in every row."""
    return np.random.default_rng(seed).uniform(0, 0.9, (rows, 52)).round(6)


def timecodes(seconds: Sequence[float], base: int) -> list[str]:
    """Return HH:MM:SS:FF.mmm of times since midnight."""
    codes = []
    for time in seconds:
        whole = int(time)
        frame = f"{(time - whole) * base:06.3f}"
        codes.append(f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{frame}")
    return codes


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]], **options: Any) -> Path:
    """Write a table; `delimiter` and `encoding` are options."""
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as file:
        csv.writer(file, **options).writerows([header, *rows])
    return path


def live_link(
    path: Path,
    values: np.ndarray,
    codes: Sequence[str],
    angles: np.ndarray | None = None,
    spelling: Callable[[str], str] = str,
    more: int = 0,
) -> Path:
    """Write a recording of Live Link Face. Angles (T, 3) of the head are 0 by default; `more` adds columns."""
    angles = np.zeros((len(values), 3)) if angles is None else angles
    names = [*PASCAL, *HEAD, *EYES, *(f"Extra{number}" for number in range(more))]
    rows = [
        [code, 61, *row, *turn, *[0.0] * 6, *["x"] * more]
        for code, row, turn in zip(codes, values, angles, strict=True)
    ]
    return write_table(path, ["Timecode", "BlendShapeCount", *map(spelling, names)], rows)


def mediapipe(path: Path, values: np.ndarray, times: Sequence[float], time_name: str = "timestamp_ms") -> Path:
    """Write a table as MediaPipe's tools do: a time, `_neutral` and 51 names of ARKit."""
    names = [name for name in channels.FACE if name != "tongueOut"]
    rows = [[index, time, 1e-6, *row[:-1]] for index, (time, row) in enumerate(zip(times, values, strict=True))]
    return write_table(path, ["frame", time_name, "_neutral", *names], rows)


def audio2face(path: Path, values: np.ndarray, names: Sequence[str] = channels.FACE, fps: float | None = 60) -> Path:
    """Write weights (T, N) as Audio2Face exports them."""
    content = {
        "exportFps": fps,
        "trackPath": "speech.wav",
        "numPoses": len(names),
        "numFrames": len(values),
        "facsNames": list(names),
        "weightMat": values.tolist(),
    }
    path.write_text(json.dumps(content), "utf-8")
    return path
