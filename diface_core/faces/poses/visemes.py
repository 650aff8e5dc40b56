"""Names of visemes and phonemes, and the mouth shape of each.

The sources are the vocabularies' documentation: Oculus LipSync and Ready Player Me (15 visemes, `sil` to `U`), VRM
0.x and 1.0 (the Japanese vowels A I U E O as `aa` `ih` `ou` `ee` `oh`), VRChat (`v_` and the Oculus names), Character
Creator (15 visemes by their phonemes, or 8 shapes of the lips and 7 of the tongue), the Microsoft Speech API (0 to
21, which MPFB names by their phonemes), Preston Blair and Papagayo (AI E O U MBP FV WQ L etc rest), Rhubarb Lip Sync
(A to H and X), Genesis 3 and 8 (`eCTRLv` and ARPAbet). Names are compared by their lower-case letters.
"""

from __future__ import annotations

from . import mouth_shapes as mouth
from .mouth_shapes import Recipe

PHONEMES: dict[str, Recipe] = {
    **dict.fromkeys(("sil", "silence", "rest", "neutral", "x"), mouth.REST),
    **dict.fromkeys(
        ("pp", "mm", "m", "b", "p", "mbp", "bmp", "pbm", "mpb", "bpm", "mp", "explosive", "closed", "ん", "ン"),
        mouth.CLOSED,
    ),
    **dict.fromkeys(("aa", "ah", "a", "ai", "aaa", "aaahax", "ahaa", "ay", "open", "あ", "ア", "ワ"), mouth.OPEN),
    **dict.fromkeys(("ae", "aei"), mouth.OPEN_FRONT),
    **dict.fromkeys(("e", "eh", "ey", "eyehuh", "aeeh", "え", "エ"), mouth.MID_FRONT),
    **dict.fromkeys(("er", "ax", "uh", "aw", "etc"), mouth.CENTRAL),
    **dict.fromkeys(("i", "ih", "ee", "iy", "eee", "ii", "yiyihix", "wide", "い", "イ"), mouth.SPREAD),
    **dict.fromkeys(("o", "oh", "ao", "ow", "oy", "ooh", "お", "オ"), mouth.ROUND_OPEN),
    **dict.fromkeys(
        ("u", "ou", "uw", "oo", "uu", "w", "wq", "woo", "wuw", "qw", "tighto", "う", "ウ", "ω"), mouth.ROUND
    ),
    **dict.fromkeys(("ff", "f", "v", "fv", "dentallip"), mouth.LABIODENTAL),
    **dict.fromkeys(("th", "dh", "thdh"), mouth.DENTAL),
    **dict.fromkeys(("dd", "t", "d", "n", "nn", "dtn", "tdn", "tldn", "dt", "td"), mouth.ALVEOLAR),
    **dict.fromkeys(("l", "ll"), mouth.LATERAL),
    **dict.fromkeys(("kk", "k", "g", "kg", "gk", "kgng", "kghng", "ng", "cdgk", "cdgknrsthyz"), mouth.VELAR),
    **dict.fromkeys(("ch", "sh", "j", "jh", "zh", "chj", "shch", "shchjhzh", "affricate"), mouth.POSTALVEOLAR),
    **dict.fromkeys(("ss", "s", "z", "sz"), mouth.SIBILANT),
    **dict.fromkeys(("rr", "r"), mouth.RHOTIC),
    **dict.fromkeys(("h", "hh"), mouth.GLOTTAL),
    "lipopen": {"mouthLowerDown": 0.6, "mouthUpperUp": 0.5},
    "tight": {"mouthPucker": 0.35, "mouthPress": 0.15},
}
"""Letters of the name -> the mouth."""

RHUBARB: dict[str, Recipe] = {
    "a": mouth.CLOSED, "b": mouth.SIBILANT, "c": mouth.MID_FRONT, "d": mouth.OPEN, "e": mouth.ROUND_OPEN,
    "f": mouth.ROUND, "g": mouth.LABIODENTAL, "h": mouth.LATERAL, "x": mouth.REST,
}  # fmt: skip
"""The letters of Rhubarb Lip Sync."""

VRM1_VOWELS: dict[str, Recipe] = {"ee": mouth.MID_FRONT}
"""In VRM 1.0 `ee` is the Japanese vowel e, and `ih` the vowel i."""
