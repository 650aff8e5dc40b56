"""`python -m diface_core.training.evaluation.evaluate_layers`: compare blinks, gaze and breath with publications."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ... import channels
from ...audio.loudness import measure_audio
from ...audio.reading import load_clip
from ...layers.blinks import AROUND_END
from ...layers.events import LayerEvents
from ...layers.phrases import find_phrases
from ...types import MODEL_RATE, AnyFloatArray, AudioSection, FrameRate, Layers, Motion
from . import layer_measures as measures

FINE = FrameRate(1000)
"""Rows per second at which the curves are sampled: a saccade of 1 degree lasts 27 ms."""


def file_loudness(path: Path) -> AnyFloatArray:
    """Return the loudness (T,) at MODEL_RATE of a sound file."""
    return measure_audio([load_clip(AudioSection(path)).samples]).loudness


def silent_loudness(seconds: float) -> AnyFloatArray:
    """Return the loudness of silence."""
    return np.full(MODEL_RATE.rows(seconds), -3.0, np.float32)


def sample_layers(loudness: AnyFloatArray, seed: int) -> Motion:
    """Sample all layers on a still face at a high rate."""
    still = np.zeros((FINE.rows(MODEL_RATE.seconds(len(loudness))), len(channels.FACE)), np.float32)
    return LayerEvents.sample(loudness, Layers(seed, seed, seed)).apply(Motion(still, channels.FACE, FINE))


def measure_layers(loudness: AnyFloatArray, seeds: int) -> dict[str, str]:
    """Return each measure as text, over `seeds` takes of one sound."""
    motions = [sample_layers(loudness, seed) for seed in range(seeds)]
    minutes = seeds * len(loudness) / MODEL_RATE.value / 60
    ends = find_phrases(loudness)[:, 1]
    return (
        _blink_measures(motions, minutes, ends) | _gaze_measures(motions, minutes) | _breath_measures(motions, minutes)
    )


def _blink_measures(motions: list[Motion], minutes: float, ends: AnyFloatArray) -> dict[str, str]:
    spans = [measures.blink_spans(motion) for motion in motions]
    begins, lasts = np.concatenate([s[:, 0] for s in spans]), np.concatenate([s[:, 1] - s[:, 0] for s in spans])
    waits = np.concatenate([np.diff(s[:, 0]) for s in spans])
    falls, rises = np.concatenate([measures.closing_and_opening_times(motion) for motion in motions]).T
    length = len(motions[0]) / FINE.value
    anywhere = measures.share_near(np.arange(0, length, 0.01), ends, -AROUND_END[0], AROUND_END[1])
    near = measures.share_near(begins, ends, -AROUND_END[0], AROUND_END[1])
    return {
        "blinks a minute": f"{len(begins) / minutes:.1f}",
        "blink, ms: median, 5 to 95%": _spread(1000 * lasts),
        "lids fall, rise, ms": f"{1000 * np.median(falls):.0f}, {1000 * np.median(rises):.0f}",
        "shortest wait between two, s": f"{waits.min():.2f}",
        "around phrase ends: blinks, time": f"{near:.0%}, {anywhere:.0%}" if len(ends) else "-",
    }


def _gaze_measures(motions: list[Motion], minutes: float) -> dict[str, str]:
    found = [measures.saccades(motion) for motion in motions]
    sizes, lasts, speeds = (
        np.concatenate([getattr(one, name) for one in found]) for name in ("amplitudes", "durations", "speeds")
    )
    slope, base = np.polyfit(sizes, lasts, 1)
    away = np.concatenate([np.linalg.norm(measures.gaze_angles(motion), axis=1) > 3 for motion in motions])
    fastest = [_median(speeds[np.abs(sizes - size) < 1]) for size in (5, 10, 15)]
    return {
        "saccades a minute": f"{len(sizes) / minutes:.0f}",
        "saccade, degrees: median, 5 to 95%": _spread(sizes, 1),
        "saccade lasts": f"{1000 * base:.0f} ms + {1000 * slope:.1f} ms a degree",
        "fastest at 5, 10, 15 degrees, deg/s": ", ".join(fastest),
        "fixation, ms: median, 5 to 95%": _spread(1000 * np.concatenate([one.fixations for one in found])),
        "time looking away": f"{away.mean():.0%}",
    }


def _breath_measures(motions: list[Motion], minutes: float) -> dict[str, str]:
    spans = np.concatenate([measures.breaths(motion) for motion in motions])
    return {
        "breaths a minute": f"{len(spans) / minutes:.1f}",
        "breath in, s: median, 5 to 95%": _spread(spans[:, 1] - spans[:, 0], 2),
    }


def _median(values: AnyFloatArray) -> str:
    return f"{np.median(values):.0f}" if len(values) else "-"


def _spread(values: AnyFloatArray, digits: int = 0) -> str:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return f"{middle:.{digits}f}, {low:.{digits}f} to {high:.{digits}f}"


def main() -> None:
    """Run the command line: print a table of the sounds, and of silence."""
    parser = argparse.ArgumentParser(description="Compare blinks, gaze and breath with published figures.")
    parser.add_argument("sounds", nargs="+", type=Path, help="speech as wav, flac, ogg or mp3")
    parser.add_argument("--seeds", type=int, default=20, help="takes of each (default: 20)")
    options = parser.parse_args()
    loudness_by_sound = {path.stem: file_loudness(path) for path in options.sounds} | {"silence": silent_loudness(120)}
    tables = {name: measure_layers(sound, options.seeds) for name, sound in loudness_by_sound.items()}
    print(f"| measure | {' | '.join(tables)} |\n|---|{'---|' * len(tables)}")
    for measure in next(iter(tables.values())):
        print(f"| {measure} | {' | '.join(table[measure] for table in tables.values())} |")


if __name__ == "__main__":
    main()
