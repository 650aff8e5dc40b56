"""`python -m diface_core.training.evaluation.evaluate_moods`: lips and FACS units of generated speech in every mood.

The first table has the lips on phones that can be lip-read, without a mood and with each at full intensity. The second
has, for each FACS unit of a mood, its amount at full intensity, and by how much it is more than without the mood while
the face speaks and in silence.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from ... import channels
from ...audio.speech_encoder import SpeechEncoder
from ...directing.articulation_controls import ArticulationControls
from ...directing.direction import Direction
from ...directing.mood_controls import NAMES, MoodControls
from ...directing.moods import MOODS, Mood, Unit
from ...faces.poses.perception import perception
from ...model.models import load_models
from ...types import MODEL_RATE, AudioSection, Float32Array, GenerateRequest, Pins
from ..corpora import is_held_out, read_grid
from .lip_closures import generate_on_clips, read_utterances
from .scorecard import PHONES, Predictions, table

SILENT_ROWS = 300
"""Rows of a still face, ten seconds."""


def in_mood(values: Float32Array, mood: str, seed: int) -> Float32Array:
    """Return face weights (T, 52) with a mood at full intensity; "" for none."""
    moods = MoodControls.constant(seed, **({mood: 1.0} if mood else {}))
    direction = Direction(ArticulationControls.constant(), moods)
    return direction.apply(values, channels.FACE, MODEL_RATE, Pins.empty(), perception().aperture)


def reached(mood: Mood, unit: Unit, before: list[Float32Array], after: list[Float32Array]) -> float:
    """Return by how much a unit is more in `after` than in `before`, relative to the unit at 1: mean over rows.

    A channel that several units of the mood move counts in proportion to what this one asks of it.
    """
    columns = [channels.FACE.index(name) for name in unit.channels]
    wanted = np.array(list(unit.channels.values()))
    gained = np.concatenate(after)[:, columns].mean(axis=0) - np.concatenate(before)[:, columns].mean(axis=0)
    whole = np.array([mood.channels[name] for name in unit.channels])
    return float(unit.amount * (gained / whole) @ wanted / wanted.sum())


def unit_table(spoken: list[Float32Array]) -> str:
    """Return the table of intended and reached units."""
    silent = [np.zeros((SILENT_ROWS, len(channels.FACE)), np.float32)]
    lines = ["| mood | unit | intended | reached in speech | reached in silence |", "|---|---|---|---|---|"]
    for name in NAMES:
        in_speech = [in_mood(values, name, number) for number, values in enumerate(spoken)]
        in_silence = [in_mood(silent[0], name, 0)]
        for unit in MOODS[name].units:
            sides = "" if len(unit.sides) > 1 else f" {unit.sides[0].lower()}"
            speech, still = (reached(MOODS[name], unit, *pair) for pair in ((spoken, in_speech), (silent, in_silence)))
            lines.append(f"| {name} | {unit.number}{sides} | {unit.amount:.2f} | {speech:.2f} | {still:.2f} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.evaluate_moods", description=__doc__
    )
    parser.add_argument("phones", type=Path, nargs="*", default=[Path("tests/data/speech.json")])
    parser.add_argument("--grid", type=int, default=0, metavar="N", help="add N held-out clips of GRID")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="folder of cached features")
    options = parser.parse_args(arguments)

    clips = [clip for path in options.phones for clip in read_utterances(path, 20)]
    if options.grid:
        judged = [clip for clip in read_grid(options.data / "grid_s1") if is_held_out(clip) and clip.phones]
        clips += judged[: options.grid]
    request = GenerateRequest(AudioSection(Path()), ("face",))
    spoken = generate_on_clips(load_models(), SpeechEncoder.load(), clips, options.cache, request)
    found = {
        mood or "no mood": Predictions(
            [in_mood(values, mood, number) for number, values in enumerate(spoken.predicted)], clips
        )
        for mood in ("", *NAMES)
    }
    print(table(PHONES, found))
    print()
    print(unit_table(spoken.predicted))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
