"""What stays of a motion that is edited: 3DiFACE's three ways to say it, as one map of frames."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ...errors import DifaceError
from ...types import FloatArray
from .config import ExperimentKeys

Frames = npt.NDArray[np.int64]

FREE = -1
EVERY = 60
"""Frames between two that stay in keyframe, where none are named."""


def kept_frames(edit: ExperimentKeys, given: int, rows: int) -> Frames:
    """For each frame of the result (rows,) which of the `given` frames stands there, or FREE where it is made anew.

    rows is `given` at least; frames after the given ones are free. Raises DifaceError for frames that are not there,
    and for an edit that says nothing.
    """
    source = np.full(rows, FREE, np.int64)
    if edit.edit_mode == "in_between":
        source[:given] = np.arange(given)
        for first, end in edit.in_between:
            _check(first < end, "in_between", f"ranges that begin before they end. Got {first}, {end}")
            _within(given, "in_between", [first])
            source[first:end] = FREE
    elif edit.edit_mode == "keyframe":
        frames = range(0, given, EVERY) if edit.key_frames is None else edit.key_frames
        _within(given, "key_frames", frames)
        source[list(frames)] = list(frames)
    else:
        _check(bool(edit.key_frames_dict), "key_frames_dict", 'at least one "from, to"')
        taken, places = zip(*edit.key_frames_dict, strict=True)
        _within(given, "key_frames_dict", taken)
        _within(rows, "key_frames_dict", places)
        _check(len(set(places)) == len(places), "key_frames_dict", "one frame for a place. Two go to the same")
        source[list(places)] = taken
    return source


def put_back(given: FloatArray, source: Frames, made: FloatArray) -> FloatArray:
    """`made` (rows, ...) with the frames of `given` (T, ...) in their places, bit for bit."""
    result = made.copy()
    result[source != FREE] = given[source[source != FREE]]
    return result


def ranges(source: Frames) -> list[tuple[int, int]]:
    """Stretches [first, end) that are made anew."""
    borders = np.flatnonzero(np.diff(np.concatenate([[False], source == FREE, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in zip(borders[::2], borders[1::2], strict=True)]


def _within(length: int, name: str, frames: Iterable[int]) -> None:
    outside = [frame for frame in frames if frame >= length]
    _check(not outside, name, f"frames 0 to {length - 1} of this motion. Got {', '.join(map(str, outside))}")


def _check(right: bool, name: str, expected: str) -> None:
    if not right:
        raise DifaceError(f"exp_cfg.{name} must name {expected}.", f"Correct it in the config, or give --{name}.")
