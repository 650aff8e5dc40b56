"""Graded articulatory features of phones: what the mouth does for ARPAbet and IPA symbols.

Places, manners and vowel heights follow the IPA chart (Handbook of the International Phonetic Association, 1999). A
phone that no corpus has is composed instead of looked up: y has i's tongue and u's lips, a retroflex its place's
features.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np

from ...types import Float32Array

FEATURES: tuple[str, ...] = (
    "silence", "vowel", "open", "back", "round", "front_spread", "labial", "labiodental", "dental", "alveolar",
    "lateral", "rhotic", "sibilant", "postalveolar", "palatal", "velar", "glottal", "plosive", "fricative", "nasal",
    "glide",
)  # fmt: skip
"""All from 0 to 1. open: 0 the jaw of i, 1 that of a. labial: the lips meet. round: they are drawn together."""

SILENCE = "_"
"""The symbol of a pause."""

PAUSE_LABELS = ("SIL", "SP", "SPN", "PAU", "", SILENCE, "#", "|", "‖", "sil", "sp", "pau")
"""Labels of a pause in the various corpora."""

PARTING_CHANNELS = (
    "mouthFunnel",
    "mouthLowerDown",
    "mouthUpperUp",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthRollUpper",
)
"""Shapes that would part closed lips."""
SEALED_LIMITS = {"mouthPress": 0.12, "mouthRollLower": 0.03}
"""Largest values of shapes of closed lips: above them they part on the bundled head."""

# How open, how far back and how round.
VOWELS: dict[str, tuple[float, float, float]] = {
    "i": (0, 0, 0), "y": (0, 0, 1), "ɨ": (0, 0.5, 0), "ʉ": (0, 0.5, 1), "ɯ": (0, 1, 0), "u": (0, 1, 1),
    "ɪ": (0.2, 0.2, 0), "ʏ": (0.2, 0.2, 0.9), "ʊ": (0.2, 0.8, 0.8),
    "e": (0.35, 0, 0), "ø": (0.35, 0, 1), "ɘ": (0.35, 0.5, 0), "ɵ": (0.35, 0.5, 0.9), "ɤ": (0.35, 1, 0),
    "o": (0.35, 1, 1), "ə": (0.45, 0.5, 0),
    "ɛ": (0.65, 0, 0), "œ": (0.65, 0, 0.9), "ɜ": (0.6, 0.5, 0), "ɞ": (0.6, 0.5, 0.8), "ʌ": (0.65, 0.9, 0),
    "ɔ": (0.65, 1, 0.8),
    "æ": (0.85, 0, 0), "ɐ": (0.85, 0.5, 0), "a": (1, 0.3, 0), "ä": (1, 0.5, 0), "ɶ": (1, 0, 0.8), "ɑ": (1, 1, 0),
    "ɒ": (1, 1, 0.6),
}  # fmt: skip

# Symbols: features at 1, or at the value after the equals sign.
CONSONANTS: dict[str, str] = {
    "p b ɓ": "labial plosive", "m": "labial nasal", "ʙ": "labial",
    "ɸ β": "labiodental=0.4 round=0.3 fricative", "f v": "labiodental fricative", "ɱ": "labiodental nasal",
    "ʋ ⱱ": "labiodental=0.7 glide",
    "θ ð": "dental fricative",
    "t d ɗ": "alveolar plosive", "n": "alveolar nasal", "ɾ r": "alveolar rhotic=0.4", "s z": "alveolar sibilant",
    "l ɫ ɺ": "alveolar lateral", "ɬ ɮ": "alveolar lateral fricative",
    "ɹ": "rhotic round=0.5", "ɻ": "rhotic round=0.4", "ʃ ʒ": "postalveolar sibilant round=0.6",
    "ɕ ʑ": "palatal=0.5 postalveolar=0.5 sibilant round=0.2", "ʂ ʐ": "postalveolar=0.8 sibilant round=0.4",
    "ʈ ɖ": "alveolar=0.7 plosive", "ɳ": "alveolar=0.7 nasal", "ɭ": "alveolar=0.7 lateral", "ɽ": "alveolar rhotic=0.6",
    "c ɟ": "palatal plosive", "ç ʝ": "palatal fricative", "ɲ": "palatal nasal", "ʎ": "palatal lateral",
    "j": "palatal glide", "ɥ": "palatal glide round",
    "k g ɡ ɠ": "velar plosive", "ŋ": "velar nasal", "x ɣ ɧ": "velar fricative", "ɰ ʟ": "velar glide",
    "w ʍ": "velar glide round",
    "q ɢ": "velar plosive", "ɴ": "velar nasal", "χ ʁ ʀ": "velar fricative",
    "h ɦ ħ ʕ": "glottal fricative", "ʔ": "glottal plosive",
}  # fmt: skip

RHOTIC_VOWELS = {"ɚ": "ə", "ɝ": "ɜ"}

# Marks after or on a symbol, and the features that they add. Other marks (length, stress, tone, voice, nasality) do not
# affect the lips.
MARKS: dict[str, dict[str, float]] = {
    "ʷ": {"round": 0.8}, "ʲ": {"palatal": 0.5}, "̹": {"round": 0.3}, "˞": {"rhotic": 0.6}, "ᶣ": {"round": 0.8},
}  # fmt: skip
SILENT_MARKS = "ˈˌːˑʰʱˠˤʼ͜͡‿ˀⁿˡ̚˥˦˧˨˩˩↗↘ꜛꜜ.ʴ-ᵊ'0123456789"
"""Marks without a visible effect."""

ARPABET: dict[str, str] = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AX": "ə", "AY": "aɪ", "EH": "ɛ", "ER": "ɝ", "EY": "eɪ",
    "IH": "ɪ", "IY": "i", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ", "UW": "u", "AXR": "ɚ", "IX": "ɨ", "UX": "ʉ",
    "B": "b", "CH": "tʃ", "D": "d", "DH": "ð", "DX": "ɾ", "F": "f", "G": "ɡ", "HH": "h", "JH": "dʒ", "K": "k", "L": "l",
    "M": "m", "N": "n", "NG": "ŋ", "P": "p", "Q": "ʔ", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "V": "v",
    "W": "w", "WH": "ʍ", "Y": "j", "Z": "z", "ZH": "ʒ", "EL": "l", "EM": "m", "EN": "n", "NX": "n",
}  # fmt: skip

LABIALS = frozenset("pbmɓ")
"""The sounds whose lips meet and part once."""
LABIODENTALS = frozenset("fvɱʋ")


def phone_symbols(label: str) -> tuple[str, ...]:
    """Return the symbols of a phone's label, each with its marks: "AY" -> a, ɪ; "tʃʷ" -> t, ʃʷ.

    Diphthongs and affricates are two sounds of equal length, a pause is SILENCE. A label in capitals is ARPAbet, with
    or without a stress digit.

    Raises:
        ValueError: A symbol is in neither alphabet.
    """
    if label in PAUSE_LABELS:
        return (SILENCE,)
    if label.isascii() and label.rstrip("012").isupper():
        if label.rstrip("012") not in ARPABET:
            raise ValueError(f"Phones must be ARPAbet or IPA. Got {label!r}.")
        label = ARPABET[label.rstrip("012")]
    symbols: list[str] = []
    for symbol in unicodedata.normalize("NFD", label.replace("ä", "a").replace("g", "ɡ")):
        if symbol in _SYMBOL_FEATURES:
            symbols.append(symbol)
        elif symbol in MARKS and symbols:
            symbols[-1] += symbol
        elif symbol == "\u0327" and symbols and symbols[-1] == "c":  # the cedilla of a decomposed ç
            symbols[-1] = "ç"
        elif symbol not in SILENT_MARKS and not unicodedata.combining(symbol) and not symbol.isspace():
            raise ValueError(f"Phones must be ARPAbet or IPA. Got {label!r}; {symbol!r} is in neither alphabet.")
    if not symbols:
        raise ValueError(f"Phones must be ARPAbet or IPA. Got {label!r}, which consists of marks only.")
    return tuple(symbols)


@lru_cache(maxsize=1024)
def base_symbol(sound: str) -> str:
    """Return the symbol of a sound without its marks."""
    return sound[0]


def articulatory_features(sound: str) -> Float32Array:
    """Return the features of one of `phone_symbols`: (len(FEATURES),) float32, each from 0 to 1."""
    values = dict(_SYMBOL_FEATURES[base_symbol(sound)])
    for mark in sound[1:]:
        for name, more in MARKS[mark].items():
            values[name] = min(1.0, values.get(name, 0.0) + more)
    return np.array([values.get(name, 0.0) for name in FEATURES], np.float32)


def _build_symbol_features() -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {SILENCE: {"silence": 1.0}}
    for symbol, (opened, back, rounded) in VOWELS.items():
        spread = (1 - opened) * (1 - back) * (1 - rounded)
        table[symbol] = {"vowel": 1.0, "open": opened, "back": back, "round": rounded, "front_spread": spread}
    for symbol, vowel in RHOTIC_VOWELS.items():
        table[symbol] = table[vowel] | {"rhotic": 0.7, "round": 0.3}
    for symbols, text in CONSONANTS.items():
        pairs = (word.split("=") for word in text.split())
        said = {pair[0]: float(pair[1]) if len(pair) > 1 else 1.0 for pair in pairs}
        table |= dict.fromkeys(symbols.split(), said)
    return table


_SYMBOL_FEATURES = _build_symbol_features()
