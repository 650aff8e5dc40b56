"""Moods on a finished motion: the face's units and the head's posture are added, and the mouth keeps speaking."""

from __future__ import annotations

import numpy as np

from .. import channels
from ..types import Float32Array, Float64Array, FrameRate, Pins
from . import mood_blinks
from .articulation import EASE_SECONDS
from .filters import gaussian, pin_weights
from .mood_controls import NAMES, MoodControls
from .moods import MOODS
from .mouth import MouthState, keep_closed_lips

APEX_SECONDS, PAUSE_SECONDS = (0.67, 4.0), (0.7, 2.5)
"""Shortest and longest time that an expression is at its height: chosen, after the felt smiles of Ekman & Friesen 1982;
and between two heights."""
ONSET, OFFSET = 0.5, 0.75
"""Seconds in which an expression rises to its height and eases from it (chosen)."""
EASED = 0.75
"""Intensity between two heights."""
ROUND_LEFT, CLOSED_LEFT = 0.3, 0.85
"""Share of the corners' shapes that stays where the lips round, and where they meet."""
AT_REST_ONLY = frozenset(("jawOpen", "mouthPressLeft", "mouthPressRight", "mouthPucker"))
"""Channels that would open or shut a speaking mouth: moods move them while it rests."""
PARTING = ("mouthUpperUp", "mouthLowerDown", "mouthShrugLower")
"""Shapes that move one lip from the other: none of them where the lips meet."""
PARTED_MM = 1.2
"""Aperture from which mouthClose does not make up for a mood: it would shut sounds that are nearly closed."""
CORNERS = ("mouthSmile", "mouthFrown", "mouthStretch", "mouthDimple")
OPPOSITES = (("mouthSmile", "mouthFrown"), ("browOuterUp", "browDown"), ("eyeWide", "eyeSquint"))
"""Shapes of one muscle against another: a mood quiets the opposite of what it shows."""
QUIETED = 0.7
"""Share of the opposite that is quieted at full intensity."""
CORNER_SUM = 1.15
"""Limit of mouthSmile + mouthStretch + mouthDimple of one side: more than that tears the corners of many characters."""
CALM = 0.7
"""Share of the upper face's and the corners' motion that the mood "neutral" takes away."""


def express(
    values: Float32Array,
    names: tuple[str, ...],
    rate: FrameRate,
    controls: MoodControls,
    pins: Pins,
    aperture: Float64Array,
) -> Float32Array:
    """Return a motion in moods.

    Args:
        values: (T, C) the motion.
        names: Its C channels.
        rate: Its rate.
        controls: Intensities, constant or with T rows.
        pins: Values that stay.
        aperture: (52,) mm that each face channel at weight 1 parts the lips.
    """
    if controls.is_neutral or not len(values):
        return values
    weights = pin_weights(len(values), len(names), pins, EASE_SECONDS * rate.value)
    before = values.astype(np.float64)
    levels = mood_levels(controls, len(values), rate)
    mouth = MouthState.of(before, names, rate, aperture)
    changed = _with_calm(before, names, levels[:, NAMES.index("neutral")])
    changed = mood_blinks.with_blink_rate(changed, names, rate, _average(levels, "blinks"), controls.seed)
    changed = _with_units(changed, names, levels, mouth)
    changed = _with_head(changed, names, rate, levels)
    changed = before + weights * (changed - before)
    changed = keep_closed_lips(changed, before, names, weights, aperture, mouth.resting, PARTED_MM)
    result = changed.astype(np.float32)
    result[weights == 0.0] = values[weights == 0.0]
    return result


def mood_levels(controls: MoodControls, rows: int, rate: FrameRate) -> Float64Array:
    """Return how strongly each mood shows (rows, M): its intensity, with onsets that take time, and its variation."""
    levels = controls.intensities(rows)
    seconds = np.arange(rows) / rate.value
    for number, name in enumerate(NAMES):
        if levels[:, number].any():
            slow = gaussian(levels[:, [number]], MOODS[name].onset / 4 * rate.value)[:, 0]
            levels[:, number] = np.clip(slow, 0.0, 1.0) * _variation(seconds, controls.seed, number)
    return levels


def _variation(seconds: Float64Array, seed: int, number: int) -> Float64Array:
    """Return the course of an expression (T,), from EASED to 1: heights with rises and falls between them."""
    rng = np.random.default_rng([seed, 6, number])
    times, heights = [0.0], [1.0]
    while times[-1] < seconds[-1] + 1.0:
        height = times[-1] + rng.uniform(*APEX_SECONDS)
        eased = height + OFFSET
        again = eased + rng.uniform(*PAUSE_SECONDS)
        times += [height, eased, again, again + ONSET]
        heights += [1.0, EASED, EASED, rng.uniform(0.9, 1.0)]
    return np.interp(seconds, times, heights)


def _average(levels: Float64Array, field: str) -> Float64Array:
    """Return a factor of the moods (T,): 1 where none shows."""
    return 1.0 + levels @ np.array([getattr(MOODS[name], field) - 1.0 for name in NAMES])


def _with_calm(values: Float64Array, names: tuple[str, ...], level: Float64Array) -> Float64Array:
    """Return the values with less of what the upper face and the corners of the mouth show."""
    if not level.any():
        return values
    calm = values.copy()
    for column, name in enumerate(names):
        if name.startswith(("brow", "cheekSquint", "noseSneer", "eyeSquint", "eyeWide", "mouthSmile", "mouthFrown")):
            calm[:, column] *= 1.0 - CALM * level
    return calm


def _with_units(values: Float64Array, names: tuple[str, ...], levels: Float64Array, mouth: MouthState) -> Float64Array:
    """Return the values with the units of the moods, within what a face can do."""
    added = {
        name: column * _left_to_moods(name, mouth) for name, column in _unit_channels(levels).items() if name in names
    }
    for side in ("Left", "Right"):
        if "eyeWide" + side in added and "eyeBlink" + side in names:
            shut = values[:, names.index("eyeBlink" + side)]
            added["eyeWide" + side] = added["eyeWide" + side] * np.clip(1.0 - shut, 0.0, 1.0)
    for one, other in OPPOSITES:
        for side in ("Left", "Right"):
            _quiet(added, one + side, other + side)
    changed = values.copy()
    for column, name in enumerate(names):
        opposite = _opposite_of(name)
        if opposite in added:
            changed[:, column] *= 1.0 - QUIETED * added[opposite]
        if name in added:
            room = np.maximum(1.0 - changed[:, column], 0.0)
            changed[:, column] += added[name] * room
    _limit_corners(changed, values, names)
    return changed


def _unit_channels(levels: Float64Array) -> dict[str, Float64Array]:
    """Return the sum of the moods' units (T,) by channel."""
    found: dict[str, Float64Array] = {}
    for number, name in enumerate(NAMES):
        if levels[:, number].any():
            for channel, value in MOODS[name].channels.items():
                found[channel] = found.get(channel, 0.0) + value * levels[:, number]
    return {channel: np.clip(column, 0.0, 1.0) for channel, column in found.items()}


def _left_to_moods(name: str, mouth: MouthState) -> Float64Array:
    """Return the share (T,) of a channel that the speech leaves to moods."""
    if name in AT_REST_ONLY:
        return mouth.resting
    if name.startswith(PARTING):
        return np.maximum((1.0 - mouth.closed) ** 2, mouth.resting)
    if name.startswith(CORNERS):
        rounded = 1.0 - (1.0 - ROUND_LEFT) * mouth.rounded
        closed = 1.0 - (1.0 - CLOSED_LEFT) * mouth.closed * (1.0 - mouth.resting)
        return rounded * closed
    return np.ones(len(mouth.closed))


def _quiet(added: dict[str, Float64Array], one: str, other: str) -> None:
    """Take what two opposites have in common from both, as moods that contradict each other do not fight."""
    if one in added and other in added and one.startswith("mouth"):
        common = QUIETED * np.minimum(added[one], added[other])
        added[one], added[other] = added[one] - common, added[other] - common


def _opposite_of(name: str) -> str:
    for side in ("Left", "Right"):
        stem = name.removesuffix(side)
        if stem != name:
            for one, other in OPPOSITES:
                if stem in (one, other):
                    return (other if stem == one else one) + side
    return ""


def _limit_corners(changed: Float64Array, values: Float64Array, names: tuple[str, ...]) -> None:
    """Limit the sum of the shapes that draw one corner of the mouth outwards, to CORNER_SUM or what it was."""
    for side in ("Left", "Right"):
        columns = [
            names.index(stem + side) for stem in ("mouthSmile", "mouthStretch", "mouthDimple") if stem + side in names
        ]
        if columns:
            own, now = values[:, columns].sum(axis=1), changed[:, columns].sum(axis=1)
            most = np.maximum(CORNER_SUM, own)
            changed[:, columns] *= np.minimum(1.0, most / np.maximum(now, 1e-9))[:, None]


def _with_head(values: Float64Array, names: tuple[str, ...], rate: FrameRate, levels: Float64Array) -> Float64Array:
    """Return the values with the moods' posture and tempo of the head."""
    if not set(channels.HEAD) <= set(names):
        return values
    columns = [names.index(name) for name in channels.HEAD]
    head = values[:, columns]
    for number, name in enumerate(NAMES):
        if MOODS[name].smoothing and levels[:, number].any():
            slow = gaussian(head, MOODS[name].smoothing / 1000.0 * rate.value)
            head = head + levels[:, [number]] * (slow - head)
    posture = np.radians(np.array([MOODS[name].head for name in NAMES]))
    moved = values.copy()
    moved[:, columns] = head * _average(levels, "tempo")[:, None] + levels @ posture
    return moved
