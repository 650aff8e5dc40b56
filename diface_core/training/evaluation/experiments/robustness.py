"""Speech as recordings have it: music, noise, other voices, bad lines, levels, held vowels, laughter, fast and slow.

    python -m diface_core.training.evaluation.experiments.robustness

GRID's held-out clips, each with 1.5 s in which nobody speaks before and after it, are changed, and compared with the
motion of the clip as recorded. Laughter and held vowels have no recorded motion; how open they are is measured.
`docs/research/robustness.md` discusses the table.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy import signal
from tqdm import tqdm

from ....audio.loudness import SAMPLE_RATE
from ....audio.speech_encoder import SpeechEncoder
from ....faces.lip_geometry import lip_gap
from ....types import MODEL_RATE, AudioClip, Float32Array, GenerateRequest
from ...augmentation import noises
from ...augmentation.augment import Augmentation, augment_audio, retime_motion
from ...augmentation.voice_change import time_stretch
from ...corpora import Clip, Phone, Split, read_grid
from ...metrics.lip_closures import is_open
from ..evaluate import load_weights, make_request
from ..scorecard import PHONES, TIMING, TRACKS, Predictions, table
from ..silence import NON_SPEECH_SOUNDS

PAUSE_SECONDS = 1.5
PAUSE_ROWS, GUARD_ROWS = round(PAUSE_SECONDS * MODEL_RATE.value), 9
"""Rows of a pause, and those next to the speech that do not count: lips open before it."""
HELD = 4
"""How many times as long the open vowels of sung speech are."""
LAUGHS_PER_SECOND = 5

Change = Callable[[Float32Array, np.random.Generator], Float32Array]
"""Samples with pauses, to those with the change."""

HEADINGS = ("aperture r_res", "jitter ratio", "m b p within 0.5 mm %", "others %", "false contact %")
COLUMNS = [column for column in TRACKS + PHONES + TIMING if column.heading in HEADINGS]


def music(length: int) -> Float32Array:
    """Return chords and drums (length,) of deviation 1."""
    parts = [NON_SPEECH_SOUNDS[kind](np.random.default_rng(0)) for kind in ("chords", "drums")]
    mixed = np.resize(parts[0], length) + np.resize(parts[1], length)
    return np.asarray(mixed / mixed.std(), np.float32)


def with_background(background: Callable[[int, np.random.Generator], Float32Array], decibels: float) -> Change:
    """Return a change that adds a background of deviation 1, so many dB below the speech."""

    def change(samples: Float32Array, rng: np.random.Generator) -> Float32Array:
        level = noises.speech_level(samples[samples != 0]) * 10 ** (-decibels / 20)
        return np.asarray(samples + level * background(len(samples), rng), np.float32)

    return change


def other_voice(voice: Float32Array) -> Callable[[int, np.random.Generator], Float32Array]:
    """Return a background of one talker."""
    scaled = voice / noises.speech_level(voice)
    return lambda length, rng: np.resize(np.roll(scaled, -int(rng.integers(len(scaled)))), length)


def clipped(samples: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Return the samples cut at a fifth of their peak."""
    peak = 0.2 * float(np.abs(samples).max())
    return np.clip(samples, -peak, peak)


def changes(voice: Float32Array) -> dict[str, Change]:
    """Return every change by its name; `voice` is the second speaker's."""
    return {
        "as recorded": lambda samples, rng: samples,
        "music, 12 dB below": with_background(lambda length, rng: music(length), 12),
        "music, as loud": with_background(lambda length, rng: music(length), 0),
        "pink noise, 12 dB below": with_background(lambda length, rng: noises.pink(length, rng, ()), 12),
        "pink noise, 6 dB below": with_background(lambda length, rng: noises.pink(length, rng, ()), 6),
        "a second voice, 12 dB below": with_background(other_voice(voice), 12),
        "a second voice, as loud": with_background(other_voice(voice), 0),
        "telephone": lambda samples, rng: noises.telephone(samples),
        "8 kHz": lambda samples, rng: noises.narrow_band(samples),
        "-46 dB": lambda samples, rng: np.asarray(samples * 10 ** (-46 / 20) / np.abs(samples).max(), np.float32),
        "clipped at a fifth of the peak": clipped,
        "a room's echoes": lambda samples, rng: noises.add_reverberation(samples, 0.6, rng),
    }


def change_speed(clip: Clip, twentieths: int) -> Clip:
    """Return the clip spoken at another speed, the motion with it."""
    voice = Augmentation(speed=twentieths)
    samples = augment_audio(clip.samples, voice, np.random.default_rng(0))
    values, factor = retime_motion(clip.values, voice, len(samples)), 20 / twentieths
    phones = tuple(Phone(p.start * factor, p.end * factor, p.label) for p in clip.phones)
    return dataclasses.replace(clip, samples=samples, values=values, phones=phones)


def hold_vowels(clip: Clip) -> Clip:
    """Return the sound of the clip with its open vowels HELD times as long, as in a song; its motion is unknown."""
    parts, phones, here, done = [], [], 0, 0.0
    for phone in clip.phones:
        begin, end = round(phone.start * SAMPLE_RATE), round(phone.end * SAMPLE_RATE)
        parts.append(clip.samples[here:begin])
        done += len(parts[-1]) / SAMPLE_RATE
        sound = clip.samples[begin:end]
        parts.append(time_stretch(sound, HELD * len(sound)) if is_open(phone.label) else sound)
        phones.append(Phone(done, done := done + len(parts[-1]) / SAMPLE_RATE, phone.label))
        here = end
    return dataclasses.replace(clip, samples=np.concatenate([*parts, clip.samples[here:]]), phones=tuple(phones))


def laughter(clip: Clip) -> Float32Array:
    """Return two seconds of "ha ha ha" made of the clip's first open vowel: breath and voice in turns."""
    vowel = next(p for p in clip.phones if is_open(p.label))
    voiced = time_stretch(
        clip.samples[round(vowel.start * SAMPLE_RATE) : round(vowel.end * SAMPLE_RATE)], 2 * SAMPLE_RATE
    )
    breath = np.asarray(signal.lfilter([1], [1, -0.6], np.random.default_rng(0).standard_normal(len(voiced))))
    pulse = np.clip(np.sin(2 * np.pi * LAUGHS_PER_SECOND * np.arange(len(voiced)) / SAMPLE_RATE), 0, None)
    level = noises.speech_level(voiced)
    return np.asarray(voiced * pulse + 0.1 * level * breath * (1 - pulse), np.float32)


class Speaker:
    """A model that speaks a sound between two pauses."""

    def __init__(self, weights: Path) -> None:
        self._models, self._encoder = load_weights(weights), SpeechEncoder.load()
        self._request: GenerateRequest = make_request(self._models, "grid_s1", GenerateRequest.steps, 1.0)

    def speak(self, samples: Float32Array, change: Change, seed: int) -> tuple[Float32Array, Float32Array]:
        """Return the rows (T, 52) of the sound, and those of the pauses around it."""
        pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.float32)
        changed = change(np.concatenate([pause, samples, pause]), np.random.default_rng(seed))
        values = self._models.sample(self._encoder.encode(AudioClip(changed, SAMPLE_RATE)), self._request).values
        rows = slice(PAUSE_ROWS, PAUSE_ROWS + MODEL_RATE.rows(len(samples) / SAMPLE_RATE))
        quiet = np.concatenate([values[: rows.start - GUARD_ROWS], values[rows.stop + GUARD_ROWS :]])
        return values[rows], quiet


def report(weights: Path, clips: list[Clip], voice: Float32Array) -> str:
    """Return the tables as Markdown."""
    speaker, found, pauses = Speaker(weights), {}, {}
    cases = {name: (clips, change) for name, change in changes(voice).items()}
    same = cases["as recorded"][1]
    for name, twentieths in (("1.6 times as fast", 32), ("0.6 times as fast", 12)):
        cases[name] = [change_speed(clip, twentieths) for clip in clips], same
    for name, (said, change) in tqdm(cases.items()):
        spoken = [speaker.speak(clip.samples, change, number) for number, clip in enumerate(said)]
        lengths = [min(len(values), len(clip.values)) for (values, _), clip in zip(spoken, said, strict=True)]
        cut = [dataclasses.replace(c, values=c.values[:rows]) for c, rows in zip(said, lengths, strict=True)]
        found[name] = Predictions([values[:rows] for (values, _), rows in zip(spoken, lengths, strict=True)], cut)
        pauses[name] = np.concatenate([quiet for _, quiet in spoken])
    lines = ["| | the mouth where nobody speaks, mean mm | widest 1% there, mm |", "|---|---|---|"]
    gaps = {name: lip_gap(values) for name, values in pauses.items()}
    lines += [f"| {name} | {gap.mean():.2f} | {np.quantile(gap, 0.99):.1f} |" for name, gap in gaps.items()]
    return "\n\n".join([table(COLUMNS, found), "\n".join(lines), _openings(speaker, clips, same)])


def _openings(speaker: Speaker, clips: list[Clip], same: Change) -> str:
    """Return how open the mouth is on open vowels, on the same vowels held, and in laughter."""
    held = [hold_vowels(clip) for clip in clips]
    rows = {name: _open_rows(speaker, some, same) for name, some in (("open vowels", clips), ("held", held))}
    laughs = [speaker.speak(laughter(clip), same, 0)[0] for clip in clips if any(is_open(p.label) for p in clip.phones)]
    rows["laughter"] = lip_gap(np.concatenate(laughs))
    lines = ["| | lips apart, mm, mean | lowest tenth | within 0.5 mm, % of the time |", "|---|---|---|---|"]
    for name, gap in rows.items():
        lines.append(f"| {name} | {gap.mean():.1f} | {np.quantile(gap, 0.1):.1f} | {100 * (gap < 0.5).mean():.0f} |")
    return "\n".join(lines)


def _open_rows(speaker: Speaker, clips: list[Clip], same: Change) -> Float32Array:
    """Return the lips' distances in the middle half of every open vowel."""
    gaps = []
    for clip in clips:
        gap = lip_gap(speaker.speak(clip.samples, same, 0)[0])
        for phone in clip.phones:
            if is_open(phone.label):
                quarter = (phone.end - phone.start) / 4
                first, last = (round(t * MODEL_RATE.value) for t in (phone.start + quarter, phone.end - quarter))
                gaps.append(gap[first : max(last, first + 1)])
    return np.concatenate(gaps)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.robustness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=Path("diface_core/weights/face.safetensors"))
    parser.add_argument("--every", type=int, default=4, metavar="N", help="every Nth held-out clip with phones")
    options = parser.parse_args(arguments)
    clips = [clip for clip in Split().test_clips(read_grid(options.data / "grid_s1")) if clip.phones]
    second = np.concatenate([clip.samples for clip in clips[1::8]])
    # Another voice than his: a woman's vocal tract and pitch.
    voice = augment_audio(second, Augmentation(pitch=1.6, formants=1.18), np.random.default_rng(0))
    print(report(options.weights, clips[:: options.every], voice))


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    main()
