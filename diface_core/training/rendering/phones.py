"""Every engine's phone labels -> IPA in one closed set of symbols.

A label is one of SYMBOLS; or up to MOST of them for what moves within one phone: a diphthong (eɪ, uai), an affricate
(tʃ), a vowel that ends in its r (oɹ). Length, stress, tone, aspiration and nasality are left out: none of them is seen
on the lips. A pause is SILENCE.
"""

from __future__ import annotations

import unicodedata

from ..visemes.articulation import ARPABET

SILENCE = ""

VOWELS = frozenset("iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝ")
CONSONANTS = frozenset("pbmɱfvʋɸβθðtdnszlrɾɹʃʒɕʑʂʐʈɖɳɭɻɽcɟɲçʝʎjɥkɡŋxɣɰwʍqɴχʁʀhɦħʕʔɬ")
SYMBOLS = VOWELS | CONSONANTS
"""All that can come out, next to SILENCE."""
MAX_SYMBOLS = 4

# Written otherwise, here or there.
EQUIVALENTS: dict[str, str] = {
    "g": "ɡ", "ʤ": "dʒ", "ʧ": "tʃ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ", "ꭧ": "tʂ", "ɫ": "l", "ᵻ": "ɪ", "ᵊ": "ə",
    "ä": "a", "ɓ": "b", "ɗ": "d", "ɮ": "ɬ", "ʙ": "b", "ɺ": "ɾ", "ɢ": "ɡ", "ɧ": "ʃ", "ʟ": "l", "ɠ": "ɡ", "ᵝ": "",
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "Q": "əʊ", "*": "",
}  # fmt: skip


def from_arpabet(label: str) -> str:
    """One ARPAbet label in any case, stress digits allowed; "pau" and its like -> SILENCE. Raises ValueError."""
    name = label.rstrip("0123456789").upper()
    if name in ("PAU", "SIL", "H#", "BRTH", "SSIL", ""):
        return SILENCE
    if name not in ARPABET:
        raise ValueError(f"An ARPAbet label is wanted. Got {label!r}.")
    return normalise_ipa(ARPABET[name])


def normalise_ipa(label: str) -> str:
    """IPA as any engine writes it -> one of the closed set; SILENCE for a label of marks only.

    Raises ValueError for a letter that is no IPA.
    """
    text = "".join(EQUIVALENTS.get(letter, letter) for letter in unicodedata.normalize("NFC", label))
    found = ""
    for letter in text:
        if letter in SYMBOLS:
            found += "" if found.endswith(letter) else letter
            continue
        first = unicodedata.normalize("NFD", letter)[0]  # a vowel with its tilde or tone
        if first in SYMBOLS:
            found += first
        elif letter.isalpha() and unicodedata.category(letter) != "Lm":
            raise ValueError(f"IPA is wanted. Got {label!r}, whose {letter!r} is none.")
    return found[:MAX_SYMBOLS]
