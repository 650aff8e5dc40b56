"""A listener's reactions (backchannels): nods, raised brows, smiles and tilts at the ends of the speaker's phrases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import channels
from ..types import MODEL_RATE, AnyFloatArray
from .curves import bump, levels, random_onsets

DELAY = (-0.15, 0.45)
"""Seconds from the end of a phrase to the onset of a reaction: listeners respond at the ends of clauses and in the
pauses after them, some before the pause begins (chosen, after Dittmann & Llewellyn 1968 and Ward & Tsukahara 2000)."""
AT_PHRASE_END, WITHIN_PHRASE = 0.65, 0.35
"""Chances of a reaction to a phrase's end, and of one in the course of each LONG seconds of a phrase (chosen)."""
LONG = 4.0
LEAST_APART = 1.2
"""Seconds between two reactions."""

NOD, NODS, BROWS, SMILE = "nod", "nods", "brows", "smile"
SHARES = {NOD: 0.45, NODS: 0.30, BROWS: 0.15, SMILE: 0.10}
"""How often a reaction is of each kind: most are movements of the head (chosen, after Maynard 1987)."""
BROWS_WITH_NOD = 0.25
"""Share of the nods with raised brows."""

NOD_DEGREES, NOD_SECONDS = (2.5, 6.0), (0.45, 0.70)
"""How far the head goes down in a single nod, and how long it takes to return."""
CYCLE_SECONDS, CYCLES, DECAY = (0.36, 0.50), (2, 3), 0.72
"""A repeated nod: seconds of a cycle, 2.0 to 2.8 Hz, the number of cycles, and each one's size relative to the one
before (chosen)."""

TILT_EVERY, TILT_LEAST, TILT_SECONDS = 7.0, 3.0, 1.4
"""Seconds from one change of the listener's posture to the next, the least, and how long it takes (chosen)."""
TILT_DEGREES = (2.0, 3.0, 2.5)
"""Deviations of pitch, tilt and turn of the postures."""


@dataclass(frozen=True)
class Reaction:
    """One reaction.

    Attributes:
        onset: Second at which it begins.
        pitches: (onset, seconds, degrees down) of each stroke of the head.
        face: Channel -> weight, and the bump (onset, rise, hold, fall) that they share.
    """

    onset: float
    pitches: tuple[tuple[float, float, float], ...] = ()
    face: tuple[tuple[str, float], ...] = ()
    shape: tuple[float, float, float, float] = (0.0, 0.3, 0.3, 0.5)

    @property
    def end(self) -> float:
        """Second at which it is over."""
        onset, rise, hold, fall = self.shape
        strokes = [begin + seconds for begin, seconds, _degrees in self.pitches]
        return max([self.onset, *strokes, onset + rise + hold + fall if self.face else self.onset])


@dataclass(frozen=True)
class Reactions:
    """A listener's reactions in the order of time, and the postures between which the head moves slowly.

    Attributes:
        events: The reactions.
        tilts: (K,) seconds at which the posture changes.
        postures: (K, 3) rotation of the head from then on, degrees about the axes of channels.HEAD.
    """

    events: tuple[Reaction, ...]
    tilts: AnyFloatArray
    postures: AnyFloatArray

    @classmethod
    def none(cls) -> Reactions:
        """Return no reactions: of a face that listens to nobody."""
        return cls((), np.zeros(0), np.zeros((0, 3)))

    @classmethod
    def sample(cls, phrases: AnyFloatArray, rows: int, seed: int, amount: float = 1.0) -> Reactions:
        """Sample the reactions to a speaker.

        A reaction depends on the seed and the time of its phrase alone: phrases elsewhere do not change it, except
        that of two that are close only the first stays.

        Args:
            phrases: (P, 2) begins and ends of the speaker's phrases, seconds.
            rows: Number of rows at MODEL_RATE.
            seed: Seed.
            amount: How often and how much the listener reacts, 0 to 2; 1 as people do.
        """
        seconds, events = rows / MODEL_RATE.value, []
        for cue, chance in _cues(phrases):
            rng = np.random.default_rng([seed, 23, round(cue * 1000)])
            reaction = _draw(cue + rng.uniform(*DELAY), amount, rng)
            is_wanted = rng.random() < min(1.0, chance * amount) and 0 < reaction.onset < seconds
            if is_wanted and (not events or reaction.onset - events[-1].end >= LEAST_APART / max(1.0, amount)):
                events.append(reaction)
        rng = np.random.default_rng([seed, 24])
        tilts = random_onsets(seconds, TILT_EVERY, TILT_LEAST, rng)
        postures = np.clip(rng.standard_normal((len(tilts), 3)), -1.5, 1.5) * TILT_DEGREES
        return cls(tuple(events), tilts, min(1.0, amount) * postures)

    def weights(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return the face weights (T, 52) at `times` (s)."""
        weights = np.zeros((len(times), len(channels.FACE)))
        for event in self._during(times):
            amount = bump(times, *event.shape)
            for name, value in event.face:
                column = channels.FACE.index(name)
                weights[:, column] = np.maximum(weights[:, column], value * amount)
        return weights

    def rotation(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return the rotation of the head (T, 3) at `times` (s), degrees about the axes of channels.HEAD."""
        rotation = levels(times, self.tilts, self.postures, TILT_SECONDS)
        for event in self._during(times):
            for onset, seconds, degrees in event.pitches:
                rotation[:, 0] += degrees * bump(times, onset, 0.45 * seconds, 0.0, 0.55 * seconds)
        return rotation

    def _during(self, times: AnyFloatArray) -> list[Reaction]:
        """Return the reactions that are seen at some of `times` (s), which increase."""
        if not len(times):
            return []
        return [event for event in self.events if event.onset <= times[-1] and event.end >= times[0]]


def _cues(phrases: AnyFloatArray) -> list[tuple[float, float]]:
    """Seconds at which a listener may react, in order, and the chance of it."""
    cues = []
    for begin, end in phrases.tolist():
        inside = np.arange(begin + LONG, end - LONG / 2, LONG)
        cues += [(float(cue), WITHIN_PHRASE) for cue in inside]
        cues.append((end, AT_PHRASE_END))
    return cues


def _draw(onset: float, amount: float, rng: np.random.Generator) -> Reaction:
    """Draw a reaction that begins at `onset`."""
    kind = rng.choice(list(SHARES), p=list(SHARES.values()))
    size = np.sqrt(amount) * rng.uniform(0.6, 1.0)
    if kind == SMILE:
        return Reaction(onset, face=_smile(size), shape=(onset, 0.5, rng.uniform(0.4, 1.2), 0.8))
    if kind == BROWS:
        return Reaction(onset, face=_brows(size), shape=(onset, 0.2, rng.uniform(0.15, 0.5), 0.4))
    pitches = _nods(onset, size, rng) if kind == NODS else _nod(onset, size, rng)
    with_brows = rng.random() < BROWS_WITH_NOD
    return Reaction(onset, pitches, _brows(0.7 * size) if with_brows else (), (onset, 0.2, 0.2, 0.4))


def _nod(onset: float, size: float, rng: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    return ((onset, rng.uniform(*NOD_SECONDS), size * rng.uniform(*NOD_DEGREES)),)


def _nods(onset: float, size: float, rng: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    cycle, degrees = rng.uniform(*CYCLE_SECONDS), size * rng.uniform(*NOD_DEGREES)
    count = rng.integers(CYCLES[0], CYCLES[1] + 1)
    return tuple((onset + number * cycle, cycle, degrees * DECAY**number) for number in range(count))


def _brows(size: float) -> tuple[tuple[str, float], ...]:
    weights = (("browInnerUp", 0.45), ("browOuterUpLeft", 0.4), ("browOuterUpRight", 0.4))
    return tuple((name, float(min(1.0, size * value))) for name, value in (*weights, *_both("eyeWide", 0.12)))


def _smile(size: float) -> tuple[tuple[str, float], ...]:
    weights = (*_both("mouthSmile", 0.4), *_both("cheekSquint", 0.25), *_both("eyeSquint", 0.15))
    return tuple((name, float(min(1.0, size * value))) for name, value in weights)


def _both(name: str, value: float) -> tuple[tuple[str, float], ...]:
    return (name + "Left", value), (name + "Right", value)
