"""Articulation: the strength and the timing of a finished motion, changed without the models.

Pins keep their values exactly, and every effect eases out around them. Lips that the motion closes stay closed.
"""

from __future__ import annotations

import numpy as np

from .. import channels
from ..types import Float32Array, Float64Array, FrameRate, Pins
from .articulation_controls import ArticulationControls
from .filters import gaussian, pin_weights
from .mouth import CLOSE, JAW, keep_closed_lips

EASE_SECONDS = 0.25
"""Seconds around a pin within which the effect eases out: about a syllable (Greenberg 1999: 0.2 s on average)."""
SMOOTHING_LEVELS = 5
"""Filters between which a smoothing that changes over time is interpolated."""
EYES_AND_BREATH = channels.LAYER_CHANNELS


def articulate(
    values: Float32Array,
    names: tuple[str, ...],
    rate: FrameRate,
    controls: ArticulationControls,
    pins: Pins,
    aperture: Float64Array,
) -> Float32Array:
    """Return a motion with articulation controls applied: lead, then smoothing, then the gains, then closed lips.

    Args:
        values: (T, C) the motion before the controls.
        names: Its C channels.
        rate: Its rate.
        controls: The controls, constant or with T rows.
        pins: Values that stay. Their values are those of the motion.
        aperture: (52,) mm that each face channel at weight 1 parts the lips.
    """
    if controls.is_neutral or not len(values):
        return values
    weights = pin_weights(len(values), len(names), pins, EASE_SECONDS * rate.value)
    moved = _with_lead(values.astype(np.float64), names, rate, controls, weights)
    smooth = moved + weights * (_smoothed(moved, rate, controls) - moved)
    changed = _with_gains(smooth, names, controls, weights)
    changed = keep_closed_lips(changed, moved, names, weights, aperture)
    result = changed.astype(np.float32)
    is_face = np.isin(names, channels.SHAPES)
    top = np.maximum(1.0, values[:, is_face].max(axis=0, initial=0.0))
    result[:, is_face] = np.clip(result[:, is_face], np.minimum(0.0, values[:, is_face].min(axis=0)), top)
    result[weights == 0.0] = values[weights == 0.0]
    return result


def _with_lead(
    values: Float64Array, names: tuple[str, ...], rate: FrameRate, controls: ArticulationControls, weights: Float64Array
) -> Float64Array:
    """Return the values with the face that much earlier. Eyelids, gaze, breath and head keep their time."""
    lead = controls.column("lead") * (rate.value / 1000.0)
    if not lead.any():
        return values
    columns = [n for n, name in enumerate(names) if name in channels.SPEECH and name not in EYES_AND_BREATH]
    last = len(values) - 1
    row = np.arange(len(values))[:, None] + lead[:, None] * weights[:, columns]
    row = np.clip(row, 0, last)
    below = row.astype(np.intp)
    part = row - below
    face, moved = values[:, columns], values.copy()
    above = np.take_along_axis(face, np.minimum(below + 1, last), axis=0)
    moved[:, columns] = np.take_along_axis(face, below, axis=0) * (1.0 - part) + above * part
    return moved


def _smoothed(values: Float64Array, rate: FrameRate, controls: ArticulationControls) -> Float64Array:
    """Return the values through a Gaussian filter whose deviation is that of each row."""
    deviation = controls.column("smoothing") * (rate.value / 1000.0)
    top = float(deviation.max())
    if top <= 0.0:
        return values
    if np.all(deviation == top):
        return gaussian(values, top)
    deviation = np.broadcast_to(deviation, len(values))
    levels = np.linspace(0.0, top, SMOOTHING_LEVELS)
    filtered = np.stack([values, *(gaussian(values, level) for level in levels[1:].tolist())])
    place = deviation / levels[1]
    below = np.minimum(place.astype(int), SMOOTHING_LEVELS - 2)
    part = (place - below)[:, None]
    rows = np.arange(len(values))
    return filtered[below, rows] * (1.0 - part) + filtered[below + 1, rows] * part


def _with_gains(
    values: Float64Array, names: tuple[str, ...], controls: ArticulationControls, weights: Float64Array
) -> Float64Array:
    """Return the values times their gains. mouthClose is multiplied as jawOpen really is, within 0 and 1."""
    changed = values.copy()
    for column, name in enumerate(names):
        gain = controls.gain(name)
        if np.any(gain != 1.0):
            changed[:, column] *= 1.0 + weights[:, column] * (gain - 1.0)
    if JAW in names:
        jaw = names.index(JAW)
        changed[:, jaw] = np.minimum(changed[:, jaw], np.maximum(1.0, values[:, jaw]))
        if CLOSE in names:
            close = names.index(CLOSE)
            ratio = np.divide(changed[:, jaw], values[:, jaw], out=np.ones(len(values)), where=values[:, jaw] > 1e-6)
            changed[:, close] *= 1.0 + weights[:, close] * (ratio - 1.0)
    return changed
