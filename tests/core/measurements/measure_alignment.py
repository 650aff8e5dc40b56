"""Print the tables of docs/research/alignment.md: errors of the times, and scores of right and wrong transcripts.

python -m tests.core.measurements.measure_alignment GRID_FOLDER [--clips 865]

needs the packages pocketsphinx and espeakng-loader; with the program flite also its voices, whose phones have exact
times.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from diface_core.alignment.align import FIT_LIMIT
from diface_core.alignment.aligner import FRAMES_PER_SECOND, SAMPLE_RATE, AlignedWord, Aligner
from diface_core.alignment.pronunciation import ENGLISH, pronounce
from diface_core.transcripts.tokens import split_words
from diface_core.types import Float32Array
from diface_core.words import DOUBTFUL_SCORE

CLIP_SAMPLES = 48_000
SILENCES = ("sil", "sp", "SIL", "SP")
SENTENCES = (
    "Baby boys and puppies have big brown bumpy paws.",
    "The quick brown fox jumps over the lazy dog while my mother makes marmalade.",
    "Please remember to bring the money for the museum before five.",
    "She sells sea shells by the shore, but nobody buys them in winter.",
    "Every morning Tom took a long walk through the quiet village.",
    "We would like to know whether you are coming to the meeting tomorrow.",
)
VOICES = ("slt", "rms", "awb", "kal16")


class Clip(NamedTuple):
    """A sentence: its sound at 16 kHz, its words as [start, end, word], its phones as [start, end, ARPAbet]."""

    samples: Float32Array
    words: list[list]
    phones: list[list]

    @property
    def text(self) -> str:
        return " ".join(word for _start, _end, word in self.words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("grid", type=Path)
    parser.add_argument("--clips", type=int, default=865)
    options = parser.parse_args()
    aligner, clips = Aligner(), list(read_grid(options.grid))
    random.Random(0).shuffle(clips)
    clips = clips[: options.clips]
    measure_times("GRID", aligner, clips)
    measure_scores(aligner, clips)
    if shutil.which("flite"):
        for voice in VOICES:
            measure_times(f"flite {voice}", aligner, [speak(voice, text) for text in SENTENCES])


def measure_times(label: str, aligner: Aligner, clips: Sequence[Clip]) -> None:
    """Print the errors in ms of the words' borders and of the phones' starts."""
    words, phones, lost = [], [], 0
    for clip in clips:
        found = align_text(aligner, clip, clip.text)
        if len(found) != len(clip.words):
            lost += 1
            continue
        for word, (start, end, _text) in zip(found, clip.words, strict=True):
            words += [word.phones[0].start - start * FRAMES_PER_SECOND, word.phones[-1].end - end * FRAMES_PER_SECOND]
        mine = [phone for word in found for phone in word.phones]
        if [phone.label for phone in mine] == [label for _start, _end, label in clip.phones]:
            phones += [a.start - b[0] * FRAMES_PER_SECOND for a, b in zip(mine, clip.phones, strict=True)]
    for what, errors in (("words", words), ("phones", phones)):
        if any(end for _start, end, _text in clips[0].words) or what == "phones":
            print(f"| {label}, {what} | {summary(10 * np.array(errors))} |")
    print(f"  {lost} of {len(clips)} sentences with words left out")


def summary(errors: np.ndarray) -> str:
    size = np.abs(errors)
    shares = f"{(size <= 30.01).mean():.1%} | {(size <= 60.01).mean():.1%}"
    return f"{len(errors)} | {np.median(errors):+.0f} | {np.median(size):.0f} | {np.quantile(size, 0.9):.0f} | {shares}"


def measure_scores(aligner: Aligner, clips: Sequence[Clip]) -> None:
    """Print the scores of right and wrong transcripts, and which share the limits tell."""
    chance = random.Random(1)
    right = [align_text(aligner, clip, clip.text) for clip in clips]
    other = [align_text(aligner, clip, chance.choice(clips).text) for clip in clips[:200]]
    wrong = [align_text(aligner, clip, chance.choice(SENTENCES)) for clip in clips[:200]]
    for label, found in (("its own", right), ("another sentence of GRID", other), ("other text", wrong)):
        scores = np.array([mean_score(words) for words in found])
        edges = np.quantile(scores, [0, 0.05, 0.5, 0.95, 1]).round(1).tolist()
        print(f"| {label} | {len(scores)} | {edges} | {(scores < FIT_LIMIT).mean():.1%} |")
    single = np.array([word.score for words in right for word in words])
    print(f"words of right transcripts below {DOUBTFUL_SCORE}: {(single < DOUBTFUL_SCORE).mean():.2%}")


def mean_score(words: Sequence[AlignedWord]) -> float:
    lengths = [word.phones[-1].end - word.phones[0].start for word in words]
    return float(np.average([word.score for word in words], weights=lengths)) if words else -99.0


def align_text(aligner: Aligner, clip: Clip, text: str) -> list[AlignedWord]:
    return aligner.align(clip.samples, pronounce(split_words(text).words, ENGLISH, aligner.lookup).known)


def read_grid(folder: Path) -> Iterator[Clip]:
    labels = json.loads((folder / "phones.json").read_text("utf-8"))
    sound = soundfile.read(folder / "audio.flac", dtype="float32")[0]
    for index, key in enumerate(np.load(folder / "motion.npz")["keys"].tolist()):
        if key in labels:
            words, phones = (
                [part for part in labels[key][tier] if part[2] not in SILENCES] for tier in ("words", "phones")
            )
            yield Clip(sound[index * CLIP_SAMPLES : (index + 1) * CLIP_SAMPLES], words, phones)


def speak(voice: str, text: str) -> Clip:
    """Return a sentence of flite. Its words have no times: a word's are those of its phones, which may differ."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "speech.wav")
        command = ["flite", "-voice", voice, "-t", text, "-o", str(file), "-psdur"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        samples, rate = soundfile.read(file, dtype="float32")
    assert rate == SAMPLE_RATE
    phones, start = [], 0.0
    for part in printed.split():
        label, end = part.rsplit(":", 1)
        if label != "pau":
            phones.append([start, float(end), {"ax": "AH"}.get(label, label.upper())])
        start = float(end)
    return Clip(samples, [[0, 0, word] for word in split_words(text).words], phones)


if __name__ == "__main__":
    main()
