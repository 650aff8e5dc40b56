"""Gaze at a target: eyes, lids and head of a finished motion.

The eyes jump to the target by saccades of the main sequence, stay on it while head and target move (vestibulo-ocular
reflex and pursuit, with gain 1), and do what the motion has while the character looks away. The head takes its part of
large angles. Pinned values stay, and the effect eases out around them.
"""

from __future__ import annotations

import numpy as np

from ... import channels
from ...layers.blinks import LARGE_SHIFT, REFRACTORY, SMALL_SHIFT, Blinks
from ...types import Float32Array, Float64Array, FrameRate, Pins
from ..articulation import EASE_SECONDS
from ..filters import pin_weights
from ..mood_blinks import LIDS, blink_spans
from . import head_turn
from .controls import GazeControls
from .eye_turn import EyeTurn, turn_eyes
from .geometry import GazeGeometry
from .plan import GazePlan


def look_at(
    values: Float32Array,
    names: tuple[str, ...],
    rate: FrameRate,
    controls: GazeControls,
    geometry: GazeGeometry,
    pins: Pins,
) -> Float32Array:
    """Return a motion whose eyes look at a target.

    Args:
        values: (T, C) the motion.
        names: Its C channels. An eye or a head that is not among them stays.
        rate: Its rate.
        controls: How often, how long and how strongly, constant or with T rows.
        geometry: The target, constant or with T rows, and the eyes.
        pins: Values that stay.
    """
    rows = len(values)
    if controls.is_neutral or not rows:
        return values
    before, weights = values.astype(np.float64), pin_weights(rows, len(names), pins, EASE_SECONDS * rate.value)
    changed, columns = before.copy(), [names.index(name) for name in channels.HEAD if name in names]
    can_turn = len(columns) == len(channels.HEAD)
    head = before[:, columns] if can_turn else np.zeros((rows, 3))
    plan = GazePlan.make(controls, geometry, rate, head, can_turn)
    if can_turn:
        head = head + weights[:, columns] * (head_turn.turned(head, plan.turn) - head)
        changed[:, columns] = head
    eyes = turn_eyes(plan, geometry, head, _generated(before, names, geometry), controls.column("weight", rows))
    changed = _with_eyes(changed, names, eyes, geometry)
    changed = _with_blinks(changed, names, rate, eyes, controls.seed)
    is_eye = ~np.isin(names, channels.HEAD)
    changed[:, is_eye] = (before + weights * (changed - before))[:, is_eye]
    result = changed.astype(np.float32)
    same = (weights == 0.0) | (changed == before)
    result[same] = values[same]
    return result


def _generated(values: Float64Array, names: tuple[str, ...], geometry: GazeGeometry) -> Float64Array:
    """Return the directions (T, 2, 3) in which the eyes of a motion look."""
    still = np.zeros(len(values))
    found = []
    for response in geometry.responses:
        columns = [values[:, names.index(name)] if name in names else still for name in response.names]
        found.append(response.directions(np.stack(columns, axis=1)))
    return np.stack(found, axis=1)


def _with_eyes(values: Float64Array, names: tuple[str, ...], eyes: EyeTurn, geometry: GazeGeometry) -> Float64Array:
    """Return the values with the eyes turned on the rows that are moved."""
    changed = values.copy()
    for side, response in enumerate(geometry.responses):
        weights = response.weights(eyes.directions[:, side])
        for name, column in zip(response.names, weights.T, strict=True):
            if name in names:
                at = names.index(name)
                changed[:, at] = np.where(eyes.is_moved, column, changed[:, at])
    return changed


def _with_blinks(
    values: Float64Array, names: tuple[str, ...], rate: FrameRate, eyes: EyeTurn, seed: int
) -> Float64Array:
    """Return the values with blinks that accompany large saccades, where no other blink is near."""
    columns = [names.index(name) for name in LIDS if name in names]
    if not columns:
        return values
    times = [tuple(row / rate.value for row in span) for span in blink_spans(values[:, columns].max(axis=1))]
    onsets: list[float] = []
    for onset, size in zip(eyes.onsets.tolist(), eyes.amplitudes.tolist(), strict=True):
        chance = np.random.default_rng([seed, 10, round(max(onset, 0.0) * 1000)]).random()
        if chance >= (size - SMALL_SHIFT) / (LARGE_SHIFT - SMALL_SHIFT):
            continue
        is_free = all(onset + REFRACTORY < first or onset > last + REFRACTORY / 2 for first, last in times)
        if is_free and (not onsets or onset - onsets[-1] >= REFRACTORY):
            onsets.append(onset)
    changed = values.copy()
    if onsets:
        closure = Blinks(np.array(onsets), np.ones(len(onsets))).closure(np.arange(len(values)) / rate.value)
        changed[:, columns] = np.maximum(changed[:, columns], closure[:, None])
    return changed
