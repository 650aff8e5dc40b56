"""Asterisk's recorded telephone prompts: speakers of five languages, at 16 kHz in G.722.

Debian: asterisk-core-sounds-{en,es,fr,it,ru}-g722. PyPI's av decodes G.722. Phones come from recogniser.py.
"""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import Float32Array
from . import recogniser
from .recognise_folder import recognise_phones
from .speech import Utterance, make_aligned_speech

FOLDER = Path("/usr/share/asterisk/sounds")
INSTALL_HINT = (
    "Asterisk's prompts, or av or hama to read them, are not installed. Install them with: apt-get install "
    "asterisk-core-sounds-en-g722 (and es, fr, it, ru); pip install --require-hashes --no-deps -r wheels/rendering.txt"
)
BYTES_A_SECOND = 8000
MIN_SECONDS, MAX_SECONDS = 1.2, 20.0
"""Range of usable prompts in seconds: shorter ones are single letters and beeps."""


def is_available() -> bool:
    """Return whether the prompts and the packages to read them are installed."""
    return FOLDER.is_dir() and all(importlib.util.find_spec(name) for name in ("av", "hama"))


def choose_prompts(speaker: str, minutes: float) -> list[Path]:
    """Return prompts of a folder of FOLDER ("ru_RU_f_IvrvoiceRU") of so many minutes, drawn from all of it."""
    sizes = {path: path.stat().st_size / BYTES_A_SECOND for path in sorted((FOLDER / speaker).rglob("*.g722"))}
    spoken = [path for path in sizes if MIN_SECONDS <= sizes[path] <= MAX_SECONDS and "silence" not in path.parts]
    random.Random(speaker).shuffle(spoken)
    ends = np.cumsum([sizes[path] for path in spoken])
    return spoken[: int(np.searchsorted(ends, 60 * minutes)) + 1]


def decode_prompt(path: Path) -> Float32Array:
    """Return the samples (N,) float32 at 16 kHz of one prompt."""
    import av

    with av.open(str(path), format="g722") as file:
        parts = [frame.to_ndarray().ravel() for frame in file.decode(audio=0)]
    samples = np.concatenate(parts)
    return samples.astype(np.float32) / 32768


def recorded_utterances(voice: str, speaker: str, minutes: float) -> list[Utterance]:
    """Return so many minutes of a speaker's prompts with recognised phones; the text is unknown: ""."""
    sounds = {str(path.relative_to(FOLDER)): decode_prompt(path) for path in choose_prompts(speaker, minutes)}
    posteriors = {name: recogniser.ipa_posteriors(samples) for name, samples in sounds.items()}
    utterances = []
    for name, said in recognise_phones(sounds, posteriors).items():
        rows = [(phone.start, phone.end, phone.label) for phone in said.phones]
        if any(label for *_, label in rows):
            utterances.append(
                Utterance(f"{voice}_{Path(name).stem}", "", make_aligned_speech(said.samples, SAMPLE_RATE, rows))
            )
    return utterances
