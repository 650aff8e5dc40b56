"""`python -m diface_core.training.rendering --out .build/training/rendered`: render all available voices to disk."""

from __future__ import annotations

import argparse
import dataclasses
import random
from pathlib import Path

from tqdm import tqdm

from . import prompts, sentences, speech
from .tts import registry
from .tts.voices import VOICES, Voice

MIN_SPEED, MAX_SPEED = 0.75, 1.5
"""Range of drawn speeds, as many below 1 as above."""


def render(voice: Voice, minutes: float) -> list[speech.Utterance]:
    """Render so many minutes of a voice; the result is deterministic."""
    if voice.engine == "prompts":
        return prompts.recorded_utterances(voice.name, voice.voice, minutes)
    draw = random.Random(voice.name)
    utterances: list[speech.Utterance] = []
    seconds = 0.0
    for sentence in sentences.draw_sentences(voice.language, voice.name):
        speed = MIN_SPEED * (MAX_SPEED / MIN_SPEED) ** draw.random()
        said = registry.speak(voice, sentence, speed)
        utterances.append(speech.Utterance(f"{voice.name}_{len(utterances):04d}", sentence, said))
        seconds += len(said.samples) / speech.SAMPLE_RATE
        if seconds >= 60 * minutes:
            break
    return utterances


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for <voice>.flac and <voice>.json")
    parser.add_argument("--only", default="", help="only voices whose names begin with this")
    parser.add_argument("--share", type=float, default=1.0, help="share of each voice's minutes")
    parser.add_argument("--again", action="store_true", help="render voices again that already exist")
    options = parser.parse_args()

    voices = [voice for voice in VOICES if voice.name.startswith(options.only)]
    missing = registry.missing_engines({voice.engine for voice in voices})
    total = 0.0
    for voice in tqdm(voices, unit="voice"):
        if voice.engine in missing or ((options.out / f"{voice.name}.json").exists() and not options.again):
            continue
        about = dataclasses.asdict(voice)
        about = {key: about[key] for key in ("language", "engine", "speaker", "licence")}
        seconds = speech.write_voice(options.out, voice.name, about, render(voice, voice.minutes * options.share))
        total += seconds
        tqdm.write(f"{voice.name}: {seconds:.0f} s")
    print(f"{total / 60:.1f} minutes written to {options.out}.")
    for hint in missing.values():
        print(f"Left out: {hint}")


if __name__ == "__main__":
    main()
