"""`python -m diface_core.training.other_sounds.measure PACKAGES`: the face on recorded sounds, before and after.

PACKAGES is the folder with the unpacked packages of recorded_sounds.toml. --speech adds speech of a corpus.
"""

from __future__ import annotations

import argparse
import dataclasses
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ... import channels
from ...audio.reading import load_clip
from ...audio.speech_encoder import SpeechEncoder
from ...errors import AudioError
from ...model.models import Models, load_models
from ...nonverbal.sounds.sound_amounts import sound_amounts
from ...nonverbal.sounds.sound_classes import CLASSES, SoundClassifier
from ...nonverbal.sounds.sound_motion import show_sounds
from ...types import AudioSection, Float32Array, GenerateRequest
from ..evaluation.silence import LipActivity
from .sequences import UNKNOWN, labelled

SETS = Path(__file__).parent / "recorded_sounds.toml"
SECONDS = 40.0
"""Longest part of a file that is used."""
SHORTEST = 0.2
"""Seconds; shorter files are left out."""


@dataclass(frozen=True)
class Measured:
    """One file: rows of each class as shown (K,), their number, and the lips before and after."""

    shown: Float32Array
    rows: int
    before: LipActivity
    after: LipActivity


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.other_sounds.measure", description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--speech", type=Path, nargs="*", default=[], metavar="FILE", help="more speech, a row each")
    options = parser.parse_args(arguments)
    tools = SpeechEncoder.load(), load_models(), SoundClassifier.load()
    names = " | ".join(f"shown as {name}" for name in CLASSES)
    print(f"| sounds | files | {names} | lips apart mm | after | widest mm | after | speed mm/s | after |")
    print("|---" * (len(CLASSES) + 8) + "|")
    for found in tomllib.loads(SETS.read_text())["sets"]:
        print(_row(found["name"], [_measure(section, found["heard"], *tools) for section in _files(found, options)]))
    for file in options.speech:
        print(_row(file.name, [_measure(AudioSection(file), "speech", *tools)]))


def _files(found: dict[str, Any], options: argparse.Namespace) -> Iterator[AudioSection]:
    """Yield the sections of a set that can be used."""
    for file in sorted((options.packages / found["package"]).glob(found["files"]))[:: found.get("every", 1)]:
        section = AudioSection(file, *found.get("section", (0.0, None)))
        try:
            if load_clip(section).seconds >= SHORTEST:
                yield section
        except AudioError as reason:
            print(f"left out: {file.name} ({reason.message})")


def _measure(
    section: AudioSection, heard_as: str, encoder: SpeechEncoder, models: Models, classifier: SoundClassifier
) -> Measured:
    clip = load_clip(section)
    clip = dataclasses.replace(clip, samples=clip.samples[: round(SECONDS * clip.rate)])
    features = encoder.encode(clip)
    spoken = models.sample(features, GenerateRequest(section, ("face",))).values
    found = sound_amounts(features, classifier)
    labels = labelled(clip.samples, CLASSES.index(heard_as))
    counted = labels[: len(found)] != UNKNOWN
    shown = show_sounds(spoken, channels.FACE, found)
    amounts = found[: len(counted)][counted, : len(CLASSES)]
    return Measured(amounts.sum(axis=0), len(amounts), LipActivity.measure(spoken), LipActivity.measure(shown))


def _row(name: str, measured: list[Measured]) -> str:
    shares = np.sum([one.shown for one in measured], axis=0) / max(1, sum(one.rows for one in measured))
    lips = [
        f"{np.median([getattr(activity, field) for activity in activities]):.2f}"
        for field in ("gap", "widest", "speed")
        for activities in ([one.before for one in measured], [one.after for one in measured])
    ]
    return f"| {name} | {len(measured)} | {' | '.join(f'{share:.0%}' for share in shares)} | {' | '.join(lips)} |"


if __name__ == "__main__":
    main()
