"""The moods: which FACS units each shows, its head posture, tempo and blinks, and where that was published.

Units are those of Ekman and Friesen's Facial Action Coding System (1978; 2002), `faces/poses/action_units.py` in
ARKit's channels. docs/research/moods.md names the source of each unit.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..channels import FACE
from ..faces.poses.action_units import UNITS

SIDES = ("Left", "Right")


@dataclass(frozen=True)
class Unit:
    """A FACS unit of a mood: its number, its amount at full intensity, and the sides it is on."""

    number: int
    amount: float
    sides: tuple[str, ...] = SIDES

    @property
    def channels(self) -> dict[str, float]:
        """The channels of the unit and their values at full intensity."""
        found: dict[str, float] = {}
        for name, value in UNITS[self.number].items():
            sided = (name,) if name in FACE else tuple(name + side for side in self.sides)
            found |= dict.fromkeys(sided, value * self.amount)
        return found


@dataclass(frozen=True)
class Mood:
    """A mood at full intensity.

    Attributes:
        units: FACS units that it shows.
        head: Degrees that the head nods down, tilts to its left and turns to its left, in the axes of channels.HEAD.
        tempo: Factor of the head's own motion.
        smoothing: Milliseconds over which the head's motion is smoothed.
        blinks: Factor of the number of blinks.
        onset: Seconds in which the expression appears when its intensity jumps.
    """

    units: tuple[Unit, ...] = ()
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tempo: float = 1.0
    smoothing: float = 0.0
    blinks: float = 1.0
    onset: float = 0.6

    @property
    def channels(self) -> dict[str, float]:
        """The channels of all units; the largest value where units share one."""
        found: dict[str, float] = {}
        for unit in self.units:
            for name, value in unit.channels.items():
                found[name] = max(found.get(name, 0.0), value)
        return found


LEFT, RIGHT = (("Left",), ("Right",))

MOODS: dict[str, Mood] = {
    "neutral": Mood(tempo=0.8),
    "happy": Mood((Unit(6, 0.9), Unit(12, 1.0), Unit(25, 0.25)), head=(-2, 3, 0), tempo=1.25),
    "sad": Mood(
        (Unit(1, 1.0), Unit(4, 0.4), Unit(15, 1.0), Unit(17, 0.4), Unit(41, 0.5)),
        (8, 3, 0), 0.6, smoothing=60, onset=1.2,
    ),
    "angry": Mood((Unit(4, 1.0), Unit(5, 0.35), Unit(7, 0.7), Unit(23, 0.9)), (5, 0, 0), 1.3, blinks=0.6),
    "afraid": Mood(
        (Unit(1, 1.0), Unit(2, 0.5), Unit(4, 0.5), Unit(5, 1.0), Unit(20, 1.0), Unit(25, 0.5), Unit(26, 0.4)),
        (-4, 0, 0), 1.1, blinks=1.5, onset=0.4,
    ),
    "surprised": Mood(
        (Unit(1, 1.0), Unit(2, 1.0), Unit(5, 0.9), Unit(26, 0.8)), (-4, 0, 0), blinks=0.7, onset=0.3
    ),
    "disgusted": Mood((Unit(4, 0.5), Unit(9, 1.0), Unit(10, 0.7), Unit(17, 0.5)), (-3, 2, 5), 0.9),
    "confident": Mood(
        (Unit(12, 0.5), Unit(6, 0.2)), head=(-10, 0, 0), tempo=0.8, smoothing=40
    ),
    "tired": Mood(
        (Unit(42, 0.75), Unit(15, 0.5)), head=(9, 5, 0), tempo=0.5, smoothing=120, blinks=1.4, onset=1.5
    ),
    "playful": Mood(
        (Unit(6, 0.6), Unit(12, 0.85, LEFT), Unit(12, 0.45, RIGHT), Unit(2, 0.9, RIGHT), Unit(1, 0.2), Unit(7, 0.3)),
        (0, 9, 5), 1.3,
    ),
}  # fmt: skip
"""Name -> mood at full intensity."""
