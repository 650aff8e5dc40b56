"""Weights as JSON: the file that Audio2Face exports, and lists of frames with their weights by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import channels
from ..types import AnyFloatArray, Float64Array
from . import column_names, facs, row_times
from .build import build
from .csv_file import AUDIO2FACE, MIN_SHAPES
from .recording import Recording

FRAME_KEYS = ("blendShapes", "blendshapes", "weights")
"""Names of the weights in a list of frames."""


def parse(data: bytes, rate: float | None) -> Recording:
    """Return the recording in a JSON file. `rate` replaces the file's rows per second. Raises ValueError for others."""
    try:
        content = json.loads(data)
        if isinstance(content, dict) and {"facsNames", "weightMat"} <= content.keys():
            return _parse_matrix(content, rate)
        frames = content.get("frames") if isinstance(content, dict) else content
        if isinstance(frames, list) and frames:
            return _parse_frames(frames, rate)
    except (TypeError, OverflowError, RecursionError, AttributeError) as reason:
        raise ValueError(f"its values are of another kind than expected ({reason})") from reason
    raise ValueError("it has neither facsNames and weightMat nor a list of frames")


def _parse_matrix(content: Mapping[str, Any], rate: float | None) -> Recording:
    names, fps = [str(name) for name in content["facsNames"]], content.get("exportFps")
    weights = np.array(content["weightMat"], np.float64)
    if weights.ndim != 2 or weights.shape[1] != len(names) or not len(weights):
        raise ValueError(f"weightMat must have {len(names)} weights in each row. Got the shape {weights.shape}")
    if rate is None and isinstance(fps, (int, float)) and 1 <= fps <= 1000:
        rate = float(fps)
    times = row_times.from_rate(len(weights), rate)
    return build(AUDIO2FACE, times, _face(names, weights), is_tracked_by_camera=False)


def _parse_frames(frames: list[Any], rate: float | None) -> Recording:
    key = next((key for key in FRAME_KEYS if key in frames[0]), None)
    if key is None:
        raise ValueError(f"its frames have none of {', '.join(FRAME_KEYS)}")
    names = list(dict.fromkeys(str(name) for frame in frames for name in frame.get(key, {})))
    weights = np.array([[float(frame.get(key, {}).get(name, np.nan)) for name in names] for frame in frames])
    time_key = next((name for name in frames[0] if column_names.time_column([str(name)])), None)
    if rate is None and time_key is not None:
        unit = column_names.TIMES[0][1] if ":" in str(frames[0][time_key]) else _unit(time_key)
        times = row_times.from_numbers(np.array([float(frame[time_key]) for frame in frames]), unit, None)
    else:
        times = row_times.from_rate(len(frames), rate)
    return build("Blendshapes", times, _face(names, weights), is_tracked_by_camera=False)


def _unit(name: str) -> float | None:
    found = column_names.time_column([name])
    return found[1] if found else None


def _face(names: list[str], weights: Float64Array) -> AnyFloatArray:
    """The face channels (T, 52) of columns named after ARKit's shapes or after action units."""
    columns = column_names.face_columns(names)
    units, known = facs.face_values(names, weights)
    if max(len(columns), known) < MIN_SHAPES:
        raise ValueError(f"its names are {len(columns)} of ARKit's shapes and {known} action units: too few")
    if known > len(columns):
        return units
    face = np.zeros((len(weights), len(channels.FACE)))
    face[:, [channels.FACE.index(name) for name in columns]] = weights[:, list(columns.values())]
    return face
