"""3DiFACE's three edit modes as one map: the frame of the edited motion that is kept at each row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...errors import DifaceError
from ...types import Float32Array, Int64Array
from .config import ExperimentKeys

SourceFrames = Int64Array

REGENERATED = -1
KEYFRAME_INTERVAL = 60
"""Frames between two kept frames in keyframe mode, if key_frames is not set."""


def map_source_frames(edit: ExperimentKeys, edited_count: int, rows: int) -> SourceFrames:
    """Return the frame of the edited motion that is kept at each row (rows,), or REGENERATED.

    Args:
        edit: The edit mode and its frames.
        edited_count: Frames of the edited motion.
        rows: Rows of the result, at least `edited_count`; rows after the edited frames are regenerated.

    Raises:
        DifaceError: If the edit names frames out of range, or no frames.
    """
    source = np.full(rows, REGENERATED, np.int64)
    if edit.edit_mode == "in_between":
        source[:edited_count] = np.arange(edited_count)
        for first, end in edit.in_between:
            _check(first < end, "in_between", f"ranges that begin before they end. Got {first}, {end}")
            _check_range(edited_count, "in_between", [first])
            source[first:end] = REGENERATED
    elif edit.edit_mode == "keyframe":
        frames = range(0, edited_count, KEYFRAME_INTERVAL) if edit.key_frames is None else edit.key_frames
        _check_range(edited_count, "key_frames", frames)
        source[list(frames)] = list(frames)
    else:
        _check(bool(edit.key_frames_dict), "key_frames_dict", 'at least one "from, to"')
        sources, targets = zip(*edit.key_frames_dict, strict=True)
        _check_range(edited_count, "key_frames_dict", sources)
        _check_range(rows, "key_frames_dict", targets)
        _check(len(set(targets)) == len(targets), "key_frames_dict", "each target frame once. Got one of them twice")
        source[list(targets)] = sources
    return source


def restore_frames(original: Float32Array, source: SourceFrames, generated: Float32Array) -> Float32Array:
    """Return `generated` (rows, ...) with the kept frames of `original` (T, ...) restored exactly."""
    result = generated.copy()
    result[source != REGENERATED] = original[source[source != REGENERATED]]
    return result


def regenerated_ranges(source: SourceFrames) -> list[tuple[int, int]]:
    """Return the ranges [first, end) of regenerated rows."""
    borders = np.flatnonzero(np.diff(np.concatenate([[False], source == REGENERATED, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in zip(borders[::2], borders[1::2], strict=True)]


def _check_range(length: int, name: str, frames: Iterable[int]) -> None:
    outside = [frame for frame in frames if frame >= length]
    _check(not outside, name, f"frames 0 to {length - 1} of this motion. Got {', '.join(map(str, outside))}")


def _check(valid: bool, name: str, expected: str) -> None:
    if not valid:
        raise DifaceError(f"exp_cfg.{name} must name {expected}.", f"Correct it in the config, or give --{name}.")
