"""Pronunciations by eSpeak NG, the speech synthesiser, from the package espeakng-loader: 130 languages, offline.

The C interface is that of speak_lib.h of eSpeak NG 1.52.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
from functools import lru_cache

from ..errors import DifaceError

PACKAGE = "espeakng_loader"
INSTALL_HINT = (
    "Press Create Environment in DiFACE's preferences, or install the package espeakng-loader into the worker's Python."
)

_OUTPUT_NONE, _DONT_EXIT = 2, 0x8000
_CHARS_UTF8, _IPA = 1, 0x02
_SEPARATOR = "_"


def is_installed() -> bool:
    """Return whether the package is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def pronounce(text: str, language: str) -> tuple[str, ...]:
    """Return the phones of a word in IPA with stress marks; empty if it has none.

    Args:
        text: One word or number, as it is written.
        language: Code of a language or voice of eSpeak NG, such as "de" or "en-us".

    Raises:
        DifaceError: eSpeak NG is missing, or does not know the language.
    """
    library = _library()
    if library.espeak_SetVoiceByName(language.encode()) != 0:
        hint = 'Use one of its codes, such as "de", "fr", "es" or "cmn".'
        raise DifaceError(f'eSpeak NG does not know the language "{language}".', hint)
    pointer, mode = ctypes.pointer(ctypes.c_char_p(text.encode())), _IPA | ord(_SEPARATOR) << 8
    found: list[str] = []
    while pointer.contents.value:
        clause = library.espeak_TextToPhonemes(pointer, _CHARS_UTF8, mode) or b""
        found += clause.decode("utf-8", errors="replace").replace(" ", _SEPARATOR).split(_SEPARATOR)
    return tuple(phone for phone in found if phone and not phone.startswith("("))


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    try:
        loader = importlib.import_module(PACKAGE)
        library = ctypes.CDLL(loader.get_library_path())
    except (ImportError, OSError) as reason:
        raise DifaceError("eSpeak NG, which knows how words are pronounced, is missing.", INSTALL_HINT) from reason
    if library.espeak_Initialize(_OUTPUT_NONE, 0, loader.get_data_path().encode(), _DONT_EXIT) < 0:
        raise DifaceError("eSpeak NG cannot read its data.", INSTALL_HINT)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = (ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int)
    return library
