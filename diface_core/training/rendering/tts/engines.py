"""The engines by name: which of them are here, and how to get the others."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .. import prompts
from ..speech import Spoken
from . import espeak, flite, kokoro, piper
from .voices import Voice


@dataclass(frozen=True)
class Engine:
    """`here` tells whether it can speak, `speak(voice, text, speed)` does, `hint` says how to get it."""

    here: Callable[[], bool]
    speak: Callable[[Voice, str, float], Spoken]
    hint: str


def _library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _packages(*names: str) -> bool:
    return all(importlib.util.find_spec(name) for name in names)


def _recordings_only(voice: Voice, text: str, speed: float) -> Spoken:
    raise TypeError(f"A synthesiser is wanted. Got {voice.name!r}, which is recorded.")


ENGINES: dict[str, Engine] = {
    "flite": Engine(
        lambda: shutil.which("flite") is not None,
        lambda voice, text, speed: flite.speak(text, voice.voice, speed, voice.pitch),
        flite.MISSING,
    ),
    "espeak": Engine(
        lambda: _library(espeak.LIBRARY),
        lambda voice, text, speed: espeak.speak(text, voice.voice, speed, voice.pitch, voice.lively),
        espeak.MISSING,
    ),
    "piper": Engine(
        lambda: _packages(*piper.PACKAGES),
        lambda voice, text, speed: piper.speak(text, speed, voice.pitch),
        piper.MISSING,
    ),
    "kokoro": Engine(
        lambda: _packages(*kokoro.PACKAGES),
        lambda voice, text, speed: kokoro.speak(text, voice.voice, speed),
        kokoro.MISSING,
    ),
    "prompts": Engine(prompts.here, _recordings_only, prompts.MISSING),
}


def missing(names: Iterable[str]) -> dict[str, str]:
    """Of these engines, those that are not installed -> how to get each."""
    return {name: ENGINES[name].hint for name in sorted(names) if not ENGINES[name].here()}


def speak(voice: Voice, text: str, speed: float) -> Spoken:
    """One sentence of a voice."""
    return ENGINES[voice.engine].speak(voice, text, speed)
