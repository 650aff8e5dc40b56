"""Converts a take to another frame rate: a new take whose keys stay in sync with the sound."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ...core import errors, types
from ...rig.property_address import PointsByAddress
from ..audio import audio_strip
from ..keys import frame_rate
from ..keys.key_table import KeyTable, nearest
from ..keys.write_keys import enum_value
from ..pins import vertex_pins
from ..provenance import baseline, edited_keys, recorded, stored_request, take_request
from ..takes import take_copies
from .edit_baseline import store_points
from .rewrite_keys import coincident_mask, evaluate_without_modifiers

TOLERANCE = 1e-6
"""Frames within which a time counts as a whole frame."""


@dataclass(frozen=True)
class TimeMapping:
    """Frames of a take at its frame rate, to frames of the scene: `origin` is where its first row is in the scene.

    Attributes:
        first_frame: First frame of the take before.
        origin: The time of its first row at the new rate, which may be between frames.
        ratio: New frame rate / old frame rate.
        rows: Rows of the take before.
    """

    first_frame: int
    origin: float
    ratio: float
    rows: int

    @property
    def frames(self) -> npt.NDArray[np.float64]:
        """The whole frames (N,) that the take covers at the new rate."""
        end = math.ceil(self.origin + self.ratio * self.rows - TOLERANCE)
        return np.arange(math.ceil(self.origin - TOLERANCE), end, dtype=np.float64)

    def to_new(self, times: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return times of the take before as times of the scene."""
        return self.origin + self.ratio * (np.asarray(times, np.float64) - self.first_frame)

    def to_old(self, times: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return times of the scene as times of the take before."""
        return self.first_frame + (np.asarray(times, np.float64) - self.origin) / self.ratio


def find_mapping(
    context: bpy.types.Context, actions: list[bpy.types.Action], rate: types.FrameRate, folder: Path
) -> TimeMapping:
    """Return where a take's rows are at another frame rate, so that they are in sync with its sound strip.

    If the strip was deleted or the sound was a file, the first row stays at its frame.

    Args:
        context: Names the sequencer.
        actions: The take.
        rate: The new frame rate.
        folder: Holds the files that have to be written.
    """
    stored = stored_request.require_request(actions[0])
    request, origin = take_request.from_json(stored), float(stored["first_frame"])
    if stored.get("sound"):
        with contextlib.suppress(errors.DifaceError):
            scene, strip = audio_strip.find_strip(context, stored["sound"])
            origin = float(audio_strip.bounds(strip)[0])
            section = audio_strip.audio_section(scene, strip, folder)
            if section.path == request.audio.path:
                origin += (request.audio.start - section.start) * rate.value
    ratio = rate.value / request.rate.value
    return TimeMapping(stored["first_frame"], origin, ratio, baseline.row_count(actions))


def check_needed(actions: list[bpy.types.Action], rate: types.FrameRate) -> None:
    """Raise SceneError if a take has the frame rate already, has no keys, or has a damaged baseline."""
    take_copies.check_has_keys(actions)
    baseline.check_readable(actions)
    if frame_rate.is_same(take_request.from_json(stored_request.read_request(actions[0])).rate, rate):
        message = f"{actions[0].name} has the scene's frame rate, {rate.value:g} frames per second."
        raise errors.SceneError(message, "Convert a take after changing the frame rate (Output properties).")


def convert_take(copies: list[bpy.types.Action], mapping: TimeMapping, rate: types.FrameRate) -> None:
    """Convert a copy of a take to another frame rate.

    Generated keys are resampled, one a frame. Pins, and curves that the user added, keep their keys, values and times
    in seconds.
    """
    for copy in copies:
        points = _convert_curves(copy, mapping)
        pins = {
            address: np.stack([mapping.to_new(old[:, 0]), old[:, 1]], axis=1).astype(np.float32)
            for address, old in baseline.read_applied_pins(copy).items()
        }
        store_points(copy, _converted_request(stored_request.read_request(copy), mapping, rate), points, pins)
        take_request.discard(copy)
    vertex_pins.retime(copies, lambda frame: float(mapping.to_new(frame)))


def _convert_curves(action: bpy.types.Action, mapping: TimeMapping) -> PointsByAddress:
    """Convert the curves of an Action, and return its new baseline."""
    before = baseline.read_baseline_keys(action)
    points: PointsByAddress = {}
    for address, curve in compat.action_fcurves(action):
        if not len(curve.keyframe_points):
            continue
        if address in before and len(before[address]):
            keys, points[address] = _resample(curve, before[address], mapping)
        else:
            keys = _retime(KeyTable.read(curve), mapping)
        keys.write(curve)
    return points


def _resample(
    fcurve: bpy.types.FCurve, generated: npt.NDArray[np.float32], mapping: TimeMapping
) -> tuple[KeyTable, npt.NDArray[np.float32]]:
    """Return the keys of a generated curve at the new rate, and its new baseline (N, 2)."""
    keys = KeyTable.read(fcurve)
    is_changed = edited_keys.changed_mask(keys, generated)
    is_pin = is_changed | (keys.type == enum_value("type", "EXTREME"))
    pins, is_known = _retime(keys[is_pin], mapping), ~is_changed[is_pin]
    times = mapping.to_old(mapping.frames)
    covered = (times >= generated[0, 0] - TOLERANCE) & (times < generated[-1, 0] + 1 - TOLERANCE)
    frames, times = mapping.frames[covered], times[covered]
    values = np.interp(times, generated[:, 0], generated[:, 1]).astype(np.float32)
    deleted = _is_deleted(keys, generated, times)
    values[deleted] = evaluate_without_modifiers(fcurve, times[deleted])
    free = ~coincident_mask(frames, pins.frames)
    resampled = KeyTable.generated(frames[free], values[free])
    at_known_pin = coincident_mask(frames, pins.frames[is_known])
    points = np.stack([frames, values], axis=1)[~at_known_pin]
    points = np.concatenate([points, pins.co[is_known]]).astype(np.float32)
    return KeyTable.joined([resampled, pins]), points[np.argsort(points[:, 0], kind="stable")]


def _is_deleted(
    keys: KeyTable, generated: npt.NDArray[np.float32], times: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return at which times the user deleted the generated keys on both sides, so that the curve itself counts."""
    exists = nearest(keys.frames, generated[:, 0])[1]
    after = np.clip(np.searchsorted(generated[:, 0], times), 0, len(generated) - 1)
    return ~exists[after] & ~exists[np.maximum(after - 1, 0)]


def _retime(keys: KeyTable, mapping: TimeMapping) -> KeyTable:
    """Return keys with their handles at the same times in seconds."""
    columns = {name: getattr(keys, name).copy() for name in ("co", "handle_left", "handle_right")}
    for column in columns.values():
        column[:, 0] = mapping.to_new(column[:, 0])
    return replace(keys, **columns)


def _converted_request(stored: dict[str, Any], mapping: TimeMapping, rate: types.FrameRate) -> dict[str, Any]:
    """Return the stored request with the new rate. The audio section begins with the first whole frame."""
    frames = mapping.frames
    audio = dict(stored["audio"]) if isinstance(stored.get("audio"), dict) else {}
    if audio:
        audio["start"] = audio.get("start", 0.0) + rate.seconds(float(frames[0]) - mapping.origin)
        audio["seconds"] = rate.seconds(len(frames))
    changes: dict[str, Any] = {"rate": {"fps": rate.fps, "base": rate.base}, "first_frame": int(frames[0])}
    if lost := recorded.lost_frames(stored):
        changes[recorded.LOST] = [np.rint(mapping.to_new(span)).astype(int).tolist() for span in lost]
    return {**stored, **changes, **({"audio": audio} if audio else {})}
