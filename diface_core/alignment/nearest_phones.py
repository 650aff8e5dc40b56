"""Sounds of any language as the nearest ones of American English, which the acoustic model knows.

Nearest by place and manner of articulation, and for vowels by height, backness and rounding (International Phonetic
Association 2015). The times of a sound depend little on which of two similar models is aligned with it.
"""

from __future__ import annotations

import unicodedata

SEVERAL = {
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "ɔø": "OY", "ɔʏ": "OY", "tʃ": "CH",
    "dʒ": "JH", "ts": "T S", "dz": "D Z", "tɕ": "CH", "dʑ": "JH", "tʂ": "CH", "dʐ": "JH", "pf": "P F", "ai": "AY",
    "au": "AW", "ei": "EY", "ou": "OW", "oi": "OY", "ɑu": "AW", "ɑi": "AY", "oɪ": "OY",
}  # fmt: skip
"""Two symbols that are one sound."""

SINGLE = {
    "i": "IY", "y": "IY", "ɨ": "IH", "ʉ": "UW", "ɯ": "UW", "u": "UW", "ɪ": "IH", "ʏ": "IH", "ʊ": "UH", "e": "EY",
    "ø": "ER", "ɘ": "AH", "ɵ": "UH", "ɤ": "AH", "o": "OW", "ə": "AH", "ɛ": "EH", "œ": "ER", "ɜ": "ER", "ɞ": "ER",
    "ʌ": "AH", "ɔ": "AO", "æ": "AE", "ɐ": "AH", "a": "AA", "ɶ": "AA", "ɑ": "AA", "ɒ": "AO", "ɚ": "ER", "ɝ": "ER",
    "ᵻ": "IH", "p": "P", "b": "B", "m": "M", "ɱ": "M", "ʙ": "B", "f": "F", "v": "V", "ɸ": "F", "β": "V", "ʋ": "V",
    "θ": "TH", "ð": "DH", "t": "T", "d": "D", "n": "N", "s": "S", "z": "Z", "l": "L", "ɬ": "S", "ɮ": "Z", "r": "R",
    "ɾ": "D", "ɹ": "R", "ɺ": "L", "ʃ": "SH", "ʒ": "ZH", "ɕ": "SH", "ʑ": "ZH", "ʂ": "SH", "ʐ": "ZH", "ʈ": "T", "ɖ": "D",
    "ɳ": "N", "ɭ": "L", "ɻ": "R", "ɽ": "D", "c": "K", "ɟ": "G", "ɲ": "N Y", "ç": "SH", "ʝ": "Y", "ʎ": "L Y", "j": "Y",
    "ɥ": "W", "k": "K", "ɡ": "G", "g": "G", "ŋ": "NG", "x": "HH", "ɣ": "G", "ɰ": "W", "w": "W", "ʍ": "W", "q": "K",
    "ɢ": "G", "ɴ": "NG", "χ": "HH", "ʁ": "R", "ʀ": "R", "h": "HH", "ɦ": "HH", "ħ": "HH", "ʕ": "AH", "ɫ": "L", "ɧ": "SH",
    "ɓ": "B", "ɗ": "D", "ɠ": "G",
}  # fmt: skip
"""IPA -> ARPAbet. A glottal stop is left out."""

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
"""The vowels of ARPAbet."""


def nearest_phones(ipa: str) -> tuple[str, ...]:
    """Return the ARPAbet phones nearest to a phone in IPA; marks of stress, length, tone and nasality are ignored."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFD", unicodedata.normalize("NFC", ipa).replace("ç", "\ue000"))
        if not unicodedata.combining(letter) and unicodedata.category(letter) not in ("Lm", "Nd", "Po", "Sk")
    ).replace("\ue000", "ç")
    phones: list[str] = []
    at = 0
    while at < len(plain):
        pair = SEVERAL.get(plain[at : at + 2])
        found = pair or SINGLE.get(plain[at], "")
        phones += found.split()
        at += 2 if pair else 1
    return tuple(phone for index, phone in enumerate(phones) if index == 0 or phone != phones[index - 1])
