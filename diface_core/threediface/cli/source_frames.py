"""What stays of a motion that is edited: 3DiFACE's three ways to say it, as one map of frames."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ...errors import DifaceError
from ...types import Float32Array
from .config import ExperimentKeys

SourceFrames = npt.NDArray[np.int64]

REGENERATED = -1
KEYFRAME_INTERVAL = 60
"""Frames between two that stay in keyframe, where none are named."""


def map_source_frames(edit: ExperimentKeys, given_count: int, rows: int) -> SourceFrames:
    """For each frame of the result (rows,) which of the `given` frames stands there, or FREE where it is made anew.

    rows is `given` at least; frames after the given ones are free. Raises DifaceError for frames that are not there,
    and for an edit that says nothing.
    """
    source = np.full(rows, REGENERATED, np.int64)
    if edit.edit_mode == "in_between":
        source[:given_count] = np.arange(given_count)
        for first, end in edit.in_between:
            _check(first < end, "in_between", f"ranges that begin before they end. Got {first}, {end}")
            _check_range(given_count, "in_between", [first])
            source[first:end] = REGENERATED
    elif edit.edit_mode == "keyframe":
        frames = range(0, given_count, KEYFRAME_INTERVAL) if edit.key_frames is None else edit.key_frames
        _check_range(given_count, "key_frames", frames)
        source[list(frames)] = list(frames)
    else:
        _check(bool(edit.key_frames_dict), "key_frames_dict", 'at least one "from, to"')
        taken, places = zip(*edit.key_frames_dict, strict=True)
        _check_range(given_count, "key_frames_dict", taken)
        _check_range(rows, "key_frames_dict", places)
        _check(len(set(places)) == len(places), "key_frames_dict", "one frame for a place. Two go to the same")
        source[list(places)] = taken
    return source


def restore_frames(original: Float32Array, source: SourceFrames, generated: Float32Array) -> Float32Array:
    """`made` (rows, ...) with the frames of `given` (T, ...) in their places, bit for bit."""
    result = generated.copy()
    result[source != REGENERATED] = original[source[source != REGENERATED]]
    return result


def regenerated_ranges(source: SourceFrames) -> list[tuple[int, int]]:
    """Stretches [first, end) that are made anew."""
    borders = np.flatnonzero(np.diff(np.concatenate([[False], source == REGENERATED, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in zip(borders[::2], borders[1::2], strict=True)]


def _check_range(length: int, name: str, frames: Iterable[int]) -> None:
    outside = [frame for frame in frames if frame >= length]
    _check(not outside, name, f"frames 0 to {length - 1} of this motion. Got {', '.join(map(str, outside))}")


def _check(valid: bool, name: str, expected: str) -> None:
    if not valid:
        raise DifaceError(f"exp_cfg.{name} must name {expected}.", f"Correct it in the config, or give --{name}.")
