"""The engines by name: whether each is installed, and how to install it."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .. import prompts
from ..speech import AlignedSpeech
from . import espeak, flite, kokoro, piper
from .voices import Voice


@dataclass(frozen=True)
class Engine:
    """An engine: `is_available` tests whether it can speak, `speak(voice, text, speed)` speaks.

    `hint` says how to install it.
    """

    is_available: Callable[[], bool]
    speak: Callable[[Voice, str, float], AlignedSpeech]
    hint: str


def _library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _packages(*names: str) -> bool:
    return all(importlib.util.find_spec(name) for name in names)


def _reject_recorded_voice(voice: Voice, text: str, speed: float) -> AlignedSpeech:
    raise TypeError(f"Expected a synthesised voice. Got {voice.name!r}, which is recorded.")


ENGINES: dict[str, Engine] = {
    "flite": Engine(
        lambda: shutil.which("flite") is not None,
        lambda voice, text, speed: flite.speak(text, voice.voice, speed, voice.pitch),
        flite.INSTALL_HINT,
    ),
    "espeak": Engine(
        lambda: _library(espeak.LIBRARY),
        lambda voice, text, speed: espeak.speak(text, voice.voice, speed, voice.pitch, voice.pitch_range),
        espeak.INSTALL_HINT,
    ),
    "piper": Engine(
        lambda: _packages(*piper.PACKAGES),
        lambda voice, text, speed: piper.speak(text, speed, voice.pitch),
        piper.INSTALL_HINT,
    ),
    "kokoro": Engine(
        lambda: _packages(*kokoro.PACKAGES),
        lambda voice, text, speed: kokoro.speak(text, voice.voice, speed),
        kokoro.INSTALL_HINT,
    ),
    "prompts": Engine(prompts.is_available, _reject_recorded_voice, prompts.INSTALL_HINT),
}


def missing_engines(names: Iterable[str]) -> dict[str, str]:
    """Return those of these engines that are not installed, with how to install each."""
    return {name: ENGINES[name].hint for name in sorted(names) if not ENGINES[name].is_available()}


def speak(voice: Voice, text: str, speed: float) -> AlignedSpeech:
    """Speak one sentence with a voice."""
    return ENGINES[voice.engine].speak(voice, text, speed)
