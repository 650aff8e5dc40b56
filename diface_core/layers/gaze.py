"""Gaze: fixations on the listener's face and away from it, with saccades between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..channels import LOOK_DEGREES
from ..motion.easing import minimum_jerk
from ..types import MODEL_RATE, AnyFloatArray
from .clock import Clock

FACE_TARGETS = ((1.3, 0.6), (-1.3, 0.6), (0.0, -2.0))
"""Yaw and pitch (degrees) of a listener's eyes and mouth at 1.4 m, relative to the middle of the face."""
TARGET_SHARES = (0.4, 0.4, 0.2)

MUTUAL_GAZE_SECONDS = {True: 3.13, False: 7.92}
AVERSION_SECONDS = {True: (0.93, 0.80), False: (0.43, 0.24)}
"""Seconds of a look at the listener, and mean and standard deviation of a look away, by whether one speaks (chosen,
after Lee, Badler & Badler 2002)."""
START_PAUSE, AWAY_AT_START, LEAD = 0.3, 0.55, (0.05, 0.35)
BACK_AT_END, AROUND_END = 0.8, (-0.25, 0.1)
"""Speakers look away as an utterance begins and back as it ends (chosen, after Kendon 1967): how often, and in which
interval around that moment (s). An utterance begins after a pause of START_PAUSE seconds."""

MEAN_AMPLITUDE, MIN_AMPLITUDE, MAX_AMPLITUDE = 6.9, 3.0, 18.0
"""Degrees of looks away: exponential (chosen, after Lee et al. 2002), and its limits: the head would follow a
larger one."""
DIRECTIONS = (15.5, 6.5, 17.7, 7.4, 16.8, 7.9, 20.4, 7.8)
"""Percent of the directions left, left up, up, and so on around (chosen, after Lee et al. 2002)."""
DRIFT = 2.0
"""Mean degrees of the saccades within one look away."""

FIXATION, FIXATION_SPREAD, MIN_FIXATION = 0.5, 0.5, 0.2
"""Seconds: median of the log-normal durations of fixations, their deviation in log, and the minimum."""
PLACE, AHEAD = 2.2, 0.55
"""Seconds that a person who looks at nobody stays at a place (median), and the share of places ahead (chosen)."""
DURATION_BASE, DURATION_SLOPE = 0.025, 0.0024
"""Seconds of a saccade of amplitude 0, and seconds per degree: the main sequence (chosen, after Bahill, Clark &
Stark 1975)."""
LARGE_SACCADE = 5.0
"""Degrees from which a saccade is a gaze shift that a blink may accompany."""


@dataclass(frozen=True)
class Gaze:
    """Saccades in order. Before the first the eyes look ahead.

    Attributes:
        onsets: (S,) seconds.
        targets: (S, 2) yaw and pitch in degrees (left and up positive) that the eyes fixate from then on.
    """

    onsets: AnyFloatArray
    targets: AnyFloatArray

    @classmethod
    def sample(cls, phrases: AnyFloatArray, rows: int, seed: int) -> Gaze:
        """Sample saccades for audio of `rows` rows with `phrases` (P, 2) in seconds."""
        rng = np.random.default_rng([seed, 4])
        onsets: list[float] = []
        targets: list[tuple[float, float]] = []
        now = 0.0
        for begin, end in [*_gaze_aversions(phrases, rows, rng), (rows / MODEL_RATE.value,) * 2]:
            _add_fixations(onsets, targets, now, begin, rng, _face_target)
            first = _random_aversion_target(rng)
            _add_fixations(
                onsets, targets, begin, end, rng, lambda rng, last, first=first: _nearby_target(rng, last, first)
            )
            now = end
        return cls(np.array(onsets, np.float64), np.array(targets, np.float64).reshape(-1, 2))

    @classmethod
    def sample_around(cls, rows: int, seed: int) -> Gaze:
        """Sample the saccades of a person who looks at nobody: from place to place, most of them ahead."""
        rng = np.random.default_rng([seed, 9])
        onsets: list[float] = []
        targets: list[tuple[float, float]] = []
        now = 0.0
        while now < rows / MODEL_RATE.value:
            begin = now
            now += max(MIN_FIXATION, float(rng.lognormal(np.log(PLACE), FIXATION_SPREAD)))
            ahead = rng.random() < AHEAD
            first = _clamped_target(*rng.normal(0, DRIFT, 2)) if ahead else _random_aversion_target(rng)
            _add_fixations(
                onsets, targets, begin, now, rng, lambda rng, last, first=first: _nearby_target(rng, last, first)
            )
        return cls(np.array(onsets, np.float64), np.array(targets, np.float64).reshape(-1, 2))

    @property
    def amplitudes(self) -> AnyFloatArray:
        """Amplitudes (S,) of the saccades in degrees."""
        return np.linalg.norm(np.diff(self.targets, axis=0, prepend=np.zeros((1, 2))), axis=1)

    @property
    def shifts(self) -> AnyFloatArray:
        """The large saccades (N, 2): seconds and degrees."""
        large = self.amplitudes >= LARGE_SACCADE
        return np.stack([self.onsets[large], self.amplitudes[large]], 1)

    def angles(self, times: AnyFloatArray) -> AnyFloatArray:
        """Return yaw and pitch (T, 2) in degrees at `times` (s). Saccades never overlap."""
        last = np.searchsorted(self.onsets, times, side="right")
        since = times - np.concatenate([[-np.inf], self.onsets])[last]
        duration = np.concatenate([[1.0], saccade_duration(self.amplitudes)])[last]
        targets = np.concatenate([np.zeros((1, 2)), self.targets])
        part = minimum_jerk(since / duration)[:, None]
        return targets[np.maximum(last - 1, 0)] * (1 - part) + targets[last] * part


def saccade_duration(amplitude: AnyFloatArray) -> AnyFloatArray:
    """Return the seconds of saccades of these amplitudes in degrees."""
    return DURATION_BASE + DURATION_SLOPE * amplitude


def eye_look_weights(angles: AnyFloatArray) -> dict[str, AnyFloatArray]:
    """Return the eight `eyeLook` weights, 0 to 1, that rotate both eyes by yaw and pitch (T, 2) in degrees."""
    left, up = angles.T
    angle = {"OutLeft": left, "InRight": left, "InLeft": -left, "OutRight": -left}
    angle |= {f"{way}{side}": sign * up for way, sign in (("Up", 1), ("Down", -1)) for side in ("Left", "Right")}
    limit = {name: LOOK_DEGREES[name.removesuffix("Left").removesuffix("Right")] for name in angle}
    return {f"eyeLook{name}": np.clip(angle[name] / limit[name], 0, 1).astype(np.float32) for name in angle}


def _gaze_aversions(phrases: AnyFloatArray, rows: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Begins and ends of looks away: at starts of utterances and at random; most end with the phrase."""
    times = np.arange(rows) / MODEL_RATE.value
    inside = np.searchsorted(phrases[:, 0], times, side="right") > np.searchsorted(phrases[:, 1], times, side="right")
    clock = Clock(np.where(inside, 1 / MUTUAL_GAZE_SECONDS[True], 1 / MUTUAL_GAZE_SECONDS[False]))
    starts = _utterance_start_aversions(phrases, rng)

    looks, now = [], 0.0
    while True:
        due = max(clock.time_after(now, rng.exponential()), MIN_FIXATION)  # the first look at the listener starts at 0
        cued = next((start for start in starts if now + MIN_FIXATION <= start <= due), None)
        begin = due if cued is None else cued
        if begin >= clock.seconds:
            return looks
        speaking = cued is not None or bool(inside[min(int(begin * MODEL_RATE.value), rows - 1)])
        mean, deviation = AVERSION_SECONDS[speaking]
        end = begin + max(MIN_FIXATION, rng.gamma((mean / deviation) ** 2, deviation**2 / mean))
        end = _aversion_end(phrases, begin, end, rng)
        looks.append((begin, end))
        now = end + MIN_FIXATION
        starts = [start for start in starts if start > now]


def _utterance_start_aversions(phrases: AnyFloatArray, rng: np.random.Generator) -> list[float]:
    """Times of looks away that begin because an utterance does."""
    pauses = phrases[:, 0] - np.concatenate([[0.0], phrases[:, 1]])[: len(phrases)]
    times = []
    for start, pause in zip(phrases[:, 0].tolist(), pauses.tolist(), strict=True):
        lead, away = rng.uniform(*LEAD), rng.random() < AWAY_AT_START
        if away and pause >= START_PAUSE:
            times.append(start - lead)
    return times


def _aversion_end(phrases: AnyFloatArray, begin: float, end: float, rng: np.random.Generator) -> float:
    """The end of a look away, moved to that of the phrase if it would be later."""
    passed = int(np.searchsorted(phrases[:, 1], begin + MIN_FIXATION - AROUND_END[0]))
    back, near = rng.random() < BACK_AT_END, rng.uniform(*AROUND_END)
    if back and passed < len(phrases) and phrases[passed, 1] < end:
        return float(phrases[passed, 1]) + near
    return end


def _add_fixations(onsets, targets, begin: float, end: float, rng: np.random.Generator, choose) -> None:
    """Add the saccades of one look from `begin` to `end`: the first at `begin`, each to a target from `choose`."""
    now = begin
    while now < end:
        last = targets[-1] if targets else (0.0, 0.0)
        target = choose(rng, last if now > begin else None)
        if target != last:
            onsets.append(now)
            targets.append(target)
        now += max(MIN_FIXATION, float(rng.lognormal(np.log(FIXATION), FIXATION_SPREAD)))
        if end - now < MIN_FIXATION:
            return


def _face_target(rng: np.random.Generator, _last: tuple[float, float] | None) -> tuple[float, float]:
    return FACE_TARGETS[rng.choice(len(FACE_TARGETS), p=TARGET_SHARES)]


def _random_aversion_target(rng: np.random.Generator) -> tuple[float, float]:
    """First target of a look away."""
    amplitude = min(MIN_AMPLITUDE + rng.exponential(MEAN_AMPLITUDE), MAX_AMPLITUDE)
    share = np.array(DIRECTIONS) / sum(DIRECTIONS)
    angle = np.radians(45 * rng.choice(len(share), p=share) + rng.uniform(-22.5, 22.5))
    return _clamped_target(amplitude * np.cos(angle), amplitude * np.sin(angle))


def _nearby_target(rng: np.random.Generator, last: tuple[float, float] | None, first: tuple[float, float]):
    """`first`, then points around the last one."""
    if last is None:
        return first
    amplitude, angle = min(0.5 + rng.exponential(DRIFT), 2 * DRIFT), rng.uniform(0, 2 * np.pi)
    return _clamped_target(last[0] + amplitude * np.cos(angle), last[1] + amplitude * np.sin(angle))


def _clamped_target(yaw: float, pitch: float) -> tuple[float, float]:
    up, down = 0.8 * LOOK_DEGREES["Up"], 0.8 * LOOK_DEGREES["Down"]
    return float(np.clip(yaw, -MAX_AMPLITUDE, MAX_AMPLITUDE)), float(np.clip(pitch, -down, up))
