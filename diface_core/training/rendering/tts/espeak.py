"""eSpeak NG, the formant synthesiser of 100 languages: phoneme events from its library. Debian: libespeak-ng1."""

from __future__ import annotations

import ctypes
from functools import lru_cache

import numpy as np

from ....types import Float32Array
from ..phones import STOPS, normalise_ipa
from ..speech import AlignedSpeech, make_aligned_speech

INSTALL_HINT = "eSpeak NG is not installed. Install it with: apt-get install libespeak-ng1 espeak-ng-data"
LIBRARY = "libespeak-ng.so.1"

MAX_CLOSURE_SECONDS = 0.1
"""Longest silence in seconds before a burst that is the stop's closure; a longer one contains a pause."""
SILENCE_AMPLITUDE = 1e-4

# Constants of speak_lib.h.
_SYNCHRONOUS, _PHONEMES_IN_IPA, _UTF8 = 2, 3, 1
_END, _PHONEME = 0, 7
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Espeak:
    """The library, which can be opened once per process, and the data that its callback receives."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(LIBRARY)
        self.rate = self.library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEMES_IN_IPA)
        self.sound: list[np.ndarray] = []
        self.events: list[tuple[int, str]] = []
        self.callback = _Callback(self._on_events)
        self.library.espeak_SetSynthCallback(self.callback)

    def _on_events(self, samples, count, events) -> int:
        if count > 0:
            self.sound.append(np.ctypeslib.as_array(samples, (count,)).copy())
        at = 0
        while events[at].type != _END:
            if events[at].type == _PHONEME:
                self.events.append((events[at].sample, bytes(events[at].id.string).decode(errors="ignore")))
            at += 1
        return 0


@lru_cache(maxsize=1)
def _load_library() -> _Espeak:
    return _Espeak()


def speak(text: str, voice: str, speed: float, pitch: float, pitch_range: float = 50.0) -> AlignedSpeech:
    """Speak one sentence.

    Args:
        text: The sentence.
        voice: Language, or language+variant (en-us+f2).
        speed: 1 is 165 words per minute.
        pitch: 0 to 99, 50 is the voice's default.
        pitch_range: 0 to 99, 50 is the voice's default.

    Raises:
        ValueError: The voice does not exist.
    """
    engine = _load_library()
    if engine.library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"Expected a voice of eSpeak NG. Got {voice!r}.")
    for parameter, value in ((_RATE, 165 * speed), (_PITCH, pitch), (_RANGE, pitch_range)):
        engine.library.espeak_SetParameter(parameter, round(value), 0)
    engine.sound.clear()
    engine.events.clear()
    data = text.encode()
    engine.library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
    engine.library.espeak_Synchronize()
    samples = np.concatenate(engine.sound).astype(np.float32) / 32768
    return make_aligned_speech(samples, engine.rate, phones_from_events(engine.events, samples, engine.rate))


def phones_from_events(
    events: list[tuple[int, str]], samples: Float32Array, rate: int
) -> list[tuple[float, float, str]]:
    """Convert events (sample at which a phoneme starts, its IPA cut at 8 bytes) to (start s, end s, IPA).

    A language's name in brackets is a switch of language, not a sound. An event without a letter (a tone, a palatal
    glide) extends the phone before it if it sounds, and is a pause otherwise. The library assigns the closure of a
    stop, which is digital silence, to the preceding phone: here it is part of the stop.
    """
    starts = [(at, label) for at, label in events if not label.startswith("(")]
    spans: list[tuple[int, int, str]] = []
    for (start, label), end in zip(starts, [*(at for at, _ in starts[1:]), len(samples)], strict=True):
        symbol = normalise_ipa(label)
        if not symbol and spans and end > start and np.abs(samples[start:end]).mean() > SILENCE_AMPLITUDE:
            spans[-1] = (spans[-1][0], end, spans[-1][2])
            continue
        if symbol[:1] in STOPS and spans:
            closed = start - _trailing_silence(samples[max(0, start - round(MAX_CLOSURE_SECONDS * rate)) : start])
            spans = [(first, min(last, closed), before) for first, last, before in spans if first < closed]
            start = closed
        spans.append((start, end, symbol))
    return [(start / rate, end / rate, symbol) for start, end, symbol in spans]


def _trailing_silence(samples: Float32Array) -> int:
    """Return the number of samples of digital silence at the end."""
    loud = np.flatnonzero(np.abs(samples) > SILENCE_AMPLITUDE)
    return len(samples) - (int(loud[-1]) + 1 if len(loud) else 0)
