"""`python -m diface_core.training.evaluation.silence`: whether the mouth rests in silence, noise and music.

The sounds are synthesised independently of the training's resting sounds (`corpora/not_speech.py`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...audio.reading import load_clip
from ...audio.speech_encoder import SAMPLE_RATE, SpeechEncoder
from ...model.models import Models, load_models
from ...types import AudioClip, AudioSection, Float32Array, GenerateRequest
from .. import metrics

SECONDS = 8.0
RESTING_GAP, RESTING_SPEED = 0.2, 0.2
"""Relative to speech's mean lip gap and speed: below both the mouth does not appear to talk."""

Synthesiser = Callable[[np.random.Generator], Float32Array]


@dataclass(frozen=True)
class LipActivity:
    """Lip gap (mm, mean), lip speed (mm/s, mean), and widest gap (mm)."""

    gap: float
    speed: float
    widest: float

    @classmethod
    def measure(cls, weights: Float32Array) -> LipActivity:
        """Measure face weights (T, 52)."""
        gap = metrics.lip_gap(weights)
        return cls(float(gap.mean()), float(metrics.lip_speed(weights).mean()), float(gap.max()))

    def is_at_rest(self, speech: LipActivity) -> bool:
        """Return whether the mouth rests, compared with its activity in speech."""
        return self.gap <= RESTING_GAP * speech.gap and self.speed <= RESTING_SPEED * speech.speed


# --- sounds without speech -------------------------------------------------------------------------------------------


def silence(rng: np.random.Generator) -> Float32Array:
    """Return digital silence."""
    return np.zeros(round(SECONDS * SAMPLE_RATE), np.float32)


def room(rng: np.random.Generator) -> Float32Array:
    """Return the noise of a quiet room, 60 dB below full scale."""
    return 1e-3 * white(rng) / 0.1


def white(rng: np.random.Generator) -> Float32Array:
    """Return white noise."""
    return (0.1 * rng.standard_normal(round(SECONDS * SAMPLE_RATE))).astype(np.float32)


def pink(rng: np.random.Generator) -> Float32Array:
    """Return noise whose power falls by 3 dB per octave."""
    spectrum = np.fft.rfft(white(rng))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return _normalise_level(np.fft.irfft(spectrum))


def chords(rng: np.random.Generator) -> Float32Array:
    """Return a pad that changes its chord every second, six harmonics per note."""
    roots = np.array([220.0, 174.6, 196.0, 261.6, 220.0, 146.8, 164.8, 196.0])
    return _normalise_level(
        np.concatenate([sum(_tone(root * ratio, 1.0, 0.15) for ratio in (1, 1.25, 1.5)) for root in roots])
    )


def arpeggio(rng: np.random.Generator) -> Float32Array:
    """Return plucked notes, six per second."""
    notes = 220.0 * 2 ** (rng.choice([0, 3, 7, 12, 15], round(6 * SECONDS)) / 12)
    return _normalise_level(
        np.concatenate([_tone(note, 1 / 6, 0.005, decay=8.0) for note in notes])[: round(SECONDS * SAMPLE_RATE)]
    )


def drums(rng: np.random.Generator) -> Float32Array:
    """Return kick and snare, two beats per second, with a hi-hat between them."""
    time = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    kick = np.sin(2 * np.pi * 60 * time * (1 + 0.5 * np.exp(-time * 30))) * np.exp(-time * 14)
    snare = rng.standard_normal(len(time)) * np.exp(-time * 22)
    hat = 0.3 * np.diff(rng.standard_normal(len(time) + 1)) * np.exp(-time * 60)
    bar = np.concatenate([kick, hat, snare, hat]).astype(np.float64)
    return _normalise_level(np.tile(bar, round(SECONDS)))


NON_SPEECH_SOUNDS: dict[str, Synthesiser] = {
    "silence": silence, "a quiet room": room, "white noise": white, "pink noise": pink, "chords": chords,
    "arpeggio": arpeggio, "drums": drums,
}  # fmt: skip


def _tone(hertz: float, seconds: float, attack: float, decay: float = 0.0) -> Float32Array:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = sum(np.sin(2 * np.pi * hertz * harmonic * time) / harmonic for harmonic in range(1, 7))
    ends = np.minimum(1, np.minimum(time, seconds - time) / attack)
    return (wave * np.clip(ends, 0, 1) * np.exp(-decay * time)).astype(np.float32)


def _normalise_level(samples: npt.NDArray[np.floating]) -> Float32Array:
    """Return the samples at a root mean square of 0.05."""
    return (0.05 * samples / np.sqrt(np.mean(samples**2))).astype(np.float32)


# --- the report ------------------------------------------------------------------------------------------------------


def report(models: Models, encoder: SpeechEncoder, speech: Path, steps: int = GenerateRequest.steps) -> str:
    """Format as Markdown: lips on speech, and on every sound without speech."""
    request = GenerateRequest(AudioSection(speech), ("face",), steps=steps)

    def lips(clip: AudioClip) -> LipActivity:
        return LipActivity.measure(models.sample(encoder.encode(clip), request).values)

    spoken = lips(load_clip(request.audio))
    found = {
        name: lips(AudioClip(make(np.random.default_rng(0)), SAMPLE_RATE)) for name, make in NON_SPEECH_SOUNDS.items()
    }
    lines = ["## Sounds without speech", "", "| | lip gap mm | widest mm | lip speed mm/s | rests |"]
    lines += ["|---|---|---|---|---|", _row("speech", spoken, "")]
    lines += [_row(name, rest, "yes" if rest.is_at_rest(spoken) else "no") for name, rest in found.items()]
    return "\n".join(lines)


def _row(name: str, rest: LipActivity, verdict: str) -> str:
    return f"| {name} | {rest.gap:.2f} | {rest.widest:.1f} | {rest.speed:.1f} | {verdict} |"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.evaluation.silence", description=__doc__)
    parser.add_argument("--speech", type=Path, default=Path("tests/data/speech.flac"))
    parser.add_argument("--steps", type=int, default=GenerateRequest.steps)
    options = parser.parse_args(arguments)
    print(report(load_models(), SpeechEncoder.load(), options.speech, options.steps))


if __name__ == "__main__":
    main()
