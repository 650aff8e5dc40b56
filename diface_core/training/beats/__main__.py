"""`python -m diface_core.training.beats`: when natural and generated heads, brows and lids move with the words."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SpeechEncoder
from ...layers.accents import find_accents
from ...layers.phrases import find_phrases
from ...model.models import load_models
from ...types import AnyFloatArray
from .. import corpora
from ..evaluation.baselines import encode_clips
from . import event_measures as measures
from . import tracks as sources
from .tracks import Track

SEEDS = 4
"""Seeds of the generated motion; each clip has its own beside."""
NOD_WINDOW, BROW_WINDOW, BLINK_WINDOW = (-0.33, 0.03), (-0.20, 0.10), (-0.60, 0.40)
"""Seconds around an accent, an accent and a phrase's end in which a nod, a rise and a blink go with it."""
COLUMNS = (
    "clips", "accents a second", "nod on accents, degrees (deviations of chance)", "lowest, highest at, s",
    "accents with a nod, by chance, %", "lower at phrase ends, degrees", "speed at phrase ends",
    "brows on accents, weight x 1000", "highest at, s", "accents with a rise, by chance, %",
    "brows move, deviation x 1000",
    "blinks a minute around phrase ends, elsewhere", "most often at, s",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.beats", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/training/heard"), help="folder of speech features")
    options = parser.parse_args(arguments)
    rows = {name: make() for name, make in _sets(options).items()}
    lines = ["| | " + " | ".join(rows) + " |", "|---" * (len(rows) + 1) + "|"]
    measured = [row(tracks) for tracks in rows.values()]
    lines += [
        f"| {name} | " + " | ".join(cells) + " |"
        for name, cells in zip(COLUMNS, zip(*measured, strict=True), strict=True)
    ]
    print("\n".join(lines))


def _sets(options: argparse.Namespace) -> dict[str, Callable[[], list[Track]]]:
    """Return what makes the tracks of each column of the table."""
    models = load_models()
    held_out = [clip for clip in corpora.read_grid(options.data / "grid_s1") if corpora.is_held_out(clip)]
    encoder = SpeechEncoder.load()
    heard = encode_clips(held_out, encoder, options.cache)
    people = sources.people(options.data)

    def heads(beats: float) -> Callable[[], list[Track]]:
        return lambda: [
            track
            for seed in range(SEEDS)
            for track in sources.generated_heads(models, people, seed, beats, encoder.dimension)
        ]

    def faces(beats: float) -> Callable[[], list[Track]]:
        return lambda: [
            track for seed in range(SEEDS) for track in sources.generated(models, heard, "grid_s1", seed, beats)
        ]

    return {
        "people": lambda: people,
        "generated, beats 0": heads(0.0),
        "generated, beats 1": heads(1.0),
        "GRID's speaker": lambda: sources.grid(options.data),
        "generated on GRID, beats 0": faces(0.0),
        "generated on GRID, beats 1": faces(1.0),
    }


def row(tracks: list[Track]) -> list[str]:
    """Return the COLUMNS of tracks."""
    accents = [find_accents(track.loudness)[:, 0] for track in tracks]
    ends = [find_phrases(track.loudness)[:, 1] for track in tracks]
    seconds = [len(track.loudness) / measures.RATE for track in tracks]
    return [
        str(len(tracks)),
        f"{sum(map(len, accents)) / sum(seconds):.2f}",
        *_head_cells(tracks, accents, ends, seconds),
        *_brow_cells(tracks, accents, seconds),
        *_blink_cells(tracks, ends),
    ]


def _head_cells(
    tracks: list[Track], accents: list[AnyFloatArray], ends: list[AnyFloatArray], seconds: list[float]
) -> list[str]:
    rng, turned = np.random.default_rng(0), [measures.without_posture(track.head) for track in tracks]
    pitch = [one[:, 0] for one in turned]
    nod = measures.average(accents, pitch, rng)
    speed = [np.linalg.norm(np.gradient(one, axis=0), axis=1) for one in turned]
    at_end = measures.average(ends, [s / s.mean() for s in speed], rng)
    lowered = measures.average(ends, pitch, rng)
    assert nod is not None
    assert at_end is not None
    assert lowered is not None
    low, low_at = nod.extreme(-0.47, -0.17, False)
    high, high_at = nod.extreme(-0.17, 0.13, True)
    scores = [nod.score[round(at * measures.RATE) + measures.HALF] for at in (low_at, high_at)]
    hits = measures.hit_rate(accents, [measures.strokes(t.head[:, 0]) for t in tracks], seconds, NOD_WINDOW, rng)
    after = slice(measures.HALF - 3, measures.HALF + 10)
    return [
        f"{high - low:.2f} ({scores[0]:.1f}, {scores[1]:.1f})",
        f"{low_at:.2f}, {high_at:.2f}",
        f"{100 * hits[0]:.0f}, {100 * hits[1]:.0f}",
        f"{lowered.mean[after].max():.2f}",
        f"{1 + at_end.mean[after].mean():.2f}",
    ]


def _brow_cells(tracks: list[Track], accents: list[AnyFloatArray], seconds: list[float]) -> list[str]:
    if not len(tracks[0].brows):
        return ["", "", "", ""]
    rng, brows = np.random.default_rng(0), [track.brows for track in tracks]
    mean = measures.average(accents, brows, rng)
    assert mean is not None
    high, at = mean.extreme(-0.3, 0.2, True)
    hits = measures.hit_rate(accents, [measures.rises(b) for b in brows], seconds, BROW_WINDOW, rng)
    deviation = float(np.mean([b.std() for b in brows]))
    return [
        f"{1000 * high:.0f} ({mean.score[round(at * measures.RATE) + measures.HALF]:.1f})",
        f"{at:.2f}",
        f"{100 * hits[0]:.0f}, {100 * hits[1]:.0f}",
        f"{1000 * deviation:.0f}",
    ]


def _blink_cells(tracks: list[Track], ends: list[AnyFloatArray]) -> list[str]:
    if not len(tracks[0].lids):
        return ["", ""]
    shut, seconds = [measures.blinks(track.lids) for track in tracks], [len(t.lids) / measures.RATE for t in tracks]
    near, elsewhere, best = measures.event_rates(ends, shut, seconds, BLINK_WINDOW)
    return [f"{60 * near:.0f}, {60 * elsewhere:.0f}", f"{best:.1f}"]


if __name__ == "__main__":
    main()
