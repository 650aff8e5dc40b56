"""Normalisation of every engine's phone labels to IPA with a closed set of symbols.

A label is one of SYMBOLS; or up to MAX_SYMBOLS of them for movement within one phone: a diphthong (eɪ, uai), an
affricate (tʃ), a vowel that ends in its r (oɹ). Length, stress, tone, aspiration and nasality are dropped: they are not
visible on the lips. A pause is SILENCE.
"""

from __future__ import annotations

import unicodedata

from ..visemes.articulation import ARPABET

SILENCE = ""

VOWELS = frozenset("iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝ")
CONSONANTS = frozenset("pbmɱfvʋɸβθðtdnszlrɾɹʃʒɕʑʂʐʈɖɳɭɻɽcɟɲçʝʎjɥkɡŋxɣɰwʍqɴχʁʀhɦħʕʔɬ")
STOPS = frozenset("pbtdkɡcɟqʈɖʔ")
SYMBOLS = VOWELS | CONSONANTS
"""All possible symbols besides SILENCE."""
MAX_SYMBOLS = 4

# Alternative spellings.
EQUIVALENTS: dict[str, str] = {
    "g": "ɡ", "ʤ": "dʒ", "ʧ": "tʃ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ", "ꭧ": "tʂ", "ɫ": "l", "ᵻ": "ɪ", "ᵊ": "ə",
    "ä": "a", "ɓ": "b", "ɗ": "d", "ɮ": "ɬ", "ʙ": "b", "ɺ": "ɾ", "ɢ": "ɡ", "ɧ": "ʃ", "ʟ": "l", "ɠ": "ɡ", "ᵝ": "",
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "Q": "əʊ", "*": "",
}  # fmt: skip


def from_arpabet(label: str) -> str:
    """Convert one ARPAbet label in any case, with or without a stress digit; "pau" and similar give SILENCE.

    Raises:
        ValueError: The label is not ARPAbet.
    """
    name = label.rstrip("0123456789").upper()
    if name in ("PAU", "SIL", "H#", "BRTH", "SSIL", ""):
        return SILENCE
    if name not in ARPABET:
        raise ValueError(f"Expected an ARPAbet label. Got {label!r}.")
    return normalise_ipa(ARPABET[name])


def normalise_ipa(label: str) -> str:
    """Convert IPA of any engine to the closed set; SILENCE for a label of marks only.

    Raises:
        ValueError: A letter is not IPA.
    """
    text = "".join(EQUIVALENTS.get(letter, letter) for letter in unicodedata.normalize("NFC", label))
    symbols = ""
    for letter in text:
        if letter in SYMBOLS:
            symbols += "" if symbols.endswith(letter) else letter
            continue
        first = unicodedata.normalize("NFD", letter)[0]  # a vowel with its tilde or tone
        if first in SYMBOLS:
            symbols += first
        elif letter.isalpha() and unicodedata.category(letter) != "Lm":
            raise ValueError(f"Expected IPA. Got {label!r}; {letter!r} is not an IPA letter.")
    return symbols[:MAX_SYMBOLS]
