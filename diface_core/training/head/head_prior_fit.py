"""`python -m diface_core.training.head.head_prior_fit`: measure natural head tracks, and write the prior's table."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from scipy import signal

from . import head_tracks
from .head_measures import LOUDNESS_RANGE, RATE, WINDOW, AnyFloatArray, angular_speed, frequencies, spectrum, unit_power
from .head_prior import LAGS, TABLE_PATH, HeadPrior, loudness_gain

Track = tuple[AnyFloatArray, AnyFloatArray]
"""Rotation vectors (T, 3) in rad and loudness (T,)."""

MIN_SPECTRUM_ROWS = 230
"""Shortest track in rows from which a spectrum is measured."""
RIDGE = 0.02
ROUNDS = 6
DRAWS_PER_TRACK = 6


def fit_prior(tracks: list[Track]) -> HeadPrior:
    """Measure the prior from these tracks; all people weigh the same. Loudness may be NaN or digital silence."""
    rotations, heard = [rotation for rotation, _ in tracks], [track for track in tracks if has_speech(track[1])]
    people = np.array([rotation.std(0) for rotation in rotations])
    middling = np.median(people, axis=0)
    shape = natural_spectrum(rotations, middling / np.linalg.norm(middling))
    spread = float(np.log(np.linalg.norm(people, axis=1)).std())
    gain = fit_gain(heard)
    burst, memory = fit_bursts(rotations)
    prior = HeadPrior(shape, float(np.linalg.norm(middling)), spread, gain, 0.0, burst, memory)
    return calibrate(prior, [loudness for _, loudness in heard])


def has_speech(loudness: AnyFloatArray) -> bool:
    """Return whether a track's loudness is usable: not NaN and not digital silence."""
    return bool(np.isfinite(loudness).all() and np.ptp(np.clip(loudness, *LOUDNESS_RANGE)) > 0.5)


def natural_spectrum(rotations: list[AnyFloatArray], axes: AnyFloatArray) -> AnyFloatArray:
    """Return the cross spectrum (F, 3, 3) of a median person: medians of powers and correlations, total power 1.

    Heads turn left as often as right, so nodding correlates with neither: those correlations are 0.

    Args:
        rotations: Rotation vectors (T, 3) per track.
        axes: (3,) deviation of each axis.
    """
    powers, together = [], []
    for rotation in (rotation for rotation in rotations if len(rotation) >= MIN_SPECTRUM_ROWS):
        power = spectrum(rotation)
        settings = {"fs": RATE, "nperseg": min(WINDOW, len(rotation)), "nfft": WINDOW}
        cross = np.real(signal.csd(rotation[:, 1], rotation[:, 2], **settings)[1])
        powers.append(_smooth(unit_power(power)))
        together.append(_smooth(cross) / np.sqrt(_smooth(power[:, 1]) * _smooth(power[:, 2])))
    power, correlation = np.median(powers, axis=0), np.median(together, axis=0)
    power[0] = power[1]  # the tracks' means were subtracted
    power = unit_power(power) * axes**2
    shape = np.zeros((len(power), 3, 3))
    shape[:, [0, 1, 2], [0, 1, 2]] = power
    shape[:, 1, 2] = shape[:, 2, 1] = correlation * np.sqrt(power[:, 1] * power[:, 2])
    return shape


def _smooth(power: AnyFloatArray) -> AnyFloatArray:
    """Return the mean over a sixth of an octave in both directions: minutes are not enough for every bin."""
    at = frequencies()
    near = (at[None] >= at[:, None] * 0.89) & (at[None] <= at[:, None] * 1.12)
    return (near @ power) / near.sum(1).reshape(-1, *[1] * (power.ndim - 1))


def fit_gain(tracks: list[Track]) -> AnyFloatArray:
    """Fit the filter (len(LAGS),) from loudness to log speed, by ridge regression on smooth basis functions."""
    centres = np.arange(-24, 25, 6)
    bumps = np.maximum(0, 0.5 + 0.5 * np.cos(np.pi * np.clip((LAGS[None] - centres[:, None]) / 6, -1, 1)))
    rows, targets = [], []
    for rotation, loudness in tracks:
        columns = np.stack([loudness_gain(bump, loudness) for bump in bumps], 1)
        target = log_speed(rotation)
        rows.append((columns - columns.mean(0)) / np.sqrt(len(tracks)))
        targets.append((target - target.mean()) / np.sqrt(len(tracks)))
    x, y = np.concatenate(rows), np.concatenate(targets)
    scale = RIDGE * np.trace(x.T @ x)
    weights = np.linalg.solve(x.T @ x + scale * np.eye(len(bumps)) / len(bumps), x.T @ y)
    return weights @ bumps


def log_speed(rotation: AnyFloatArray) -> AnyFloatArray:
    """Return the logarithm of the root mean square speed over a fifth of a second, (T,)."""
    window = np.hanning(8)[1:-1]
    power = signal.fftconvolve(angular_speed(rotation) ** 2, window / window.sum(), "same")
    return np.log(np.maximum(power, 1e-3 * power.mean())) / 2


def fit_bursts(rotations: list[AnyFloatArray]) -> tuple[float, float]:
    """Return the deviation of the logarithm of the gain, loudness included, and its memory (s).

    Velocity that is Gaussian times a log-normal gain has a kurtosis of 3 exp(4 s^2), s the deviation of the log gain.
    """
    velocities = [np.diff(rotation, axis=0) for rotation in rotations if len(rotation) >= MIN_SPECTRUM_ROWS]
    kurtosis = np.median([((v**4).mean(0) / (v**2).mean(0) ** 2).mean() for v in velocities])
    forgotten = [_memory_seconds(log_speed(rotation)) for rotation in rotations if len(rotation) >= MIN_SPECTRUM_ROWS]
    return float(np.sqrt(np.log(kurtosis / 3) / 4)), float(np.median(forgotten))


def _memory_seconds(values: AnyFloatArray) -> float:
    """Return the seconds after which the autocorrelation of `values` is below 1 / e."""
    centred = values - values.mean()
    together = signal.correlate(centred, centred, "full")[len(values) - 1 :]
    return float(np.argmax(together < together[0] / np.e) / RATE)


def calibrate(measured: HeadPrior, loudness: list[AnyFloatArray]) -> HeadPrior:
    """Return the prior whose drawn motions give the same measurements as `measured` on natural ones.

    The gain changes the spectrum, and random fluctuations of speed mask some of the effect of loudness.
    """
    prior = measured
    for _ in range(ROUNDS):
        explained = np.mean([loudness_gain(prior.gain, heard).var() for heard in loudness])
        prior = dataclasses.replace(
            prior,
            quiet=float(np.mean([loudness_gain(prior.gain, heard).mean() for heard in loudness])),
            burst=float(np.sqrt(max(measured.burst**2 - explained, 0.04))),
        )
        rng = np.random.default_rng(0)
        drawn = [
            (prior.draw(np.tile(heard, 3), rng), np.tile(heard, 3))
            for heard in loudness
            for _ in range(DRAWS_PER_TRACK)
        ]

        made = _smooth(np.mean([spectrum(motion) for motion, _ in drawn], axis=0)) / prior.amplitude**2
        made[0] = made[1]
        change = np.sqrt(np.clip(np.einsum("fii->fi", measured.spectrum) / made, 0.25, 4.0))
        heard = fit_gain(drawn) @ measured.gain / (measured.gain @ measured.gain)
        prior = dataclasses.replace(
            prior,
            spectrum=prior.spectrum * change[:, :, None] * change[:, None, :],
            gain=prior.gain / np.clip(heard, 0.5, 2.0),
        )
    return prior


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.head.head_prior_fit", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=TABLE_PATH)
    options = parser.parse_args(arguments)
    tracks = head_tracks.load_tracks(options.data / "head_tracks")
    prior = fit_prior([track for name, track in tracks.items() if name not in head_tracks.HELD_OUT])
    prior.save(options.out)
    print(
        f"amplitude {np.degrees(prior.amplitude):.1f} degrees, log-deviation {prior.spread:.2f} across people; "
        f"bursts {prior.burst:.2f}, memory {prior.memory:.2f} s"
    )


if __name__ == "__main__":
    main()
