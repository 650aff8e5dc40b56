"""What the conventions call each channel, as sequences of words without the side.

A pattern is a sequence of words; `a|b` stands for either, `a?` for an optional word. `V` is upper or lower; `W` is also
what stands for them at the end of a name or in Character Creator 4 (u, d, t, b, up, down). A name of one side of a
channel that has no side is a half of it; likewise upper and lower are parts, except where the channel names the lip.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["sided", "middle", "direction", "gaze"]


@dataclass(frozen=True)
class Phrase:
    """What a sequence of words means.

    Attributes:
        stem: The channel without its side; of the gaze to a side, "eyeLook".
        kind: "sided": the name's side makes the channel. "middle": one channel, a side is a half. "direction": the
            side is the direction. "gaze": one side is the eye, the other the direction.
        pattern: What it was made from: the parts of a channel have the same.
        part: "upper" or "lower" if it is this part of the channel.
        is_arkit: ARKit's words.
        needs_context: Means this only in a set of names that is about a face, where no other name means it.
        needs: Another stem that the set must have by another name.
        order: Place of the pattern in its table: the first is the most literal.
    """

    stem: str
    kind: Kind
    pattern: str
    part: str = ""
    is_arkit: bool = False
    needs_context: bool = False
    needs: str = ""
    order: int = 0


_SIDED = {
    "eyeBlink": "eye blink, eye close, lid close, lid blink, eye lid close, eye lid blink, blink, eye blink close, "
    "eye close max",
    "eyeSquint": "eye squint, eye squint inner, squint, lid tighten, eye lid tighten, eye slit, eye squint simple, "
    "eye tighten, eye squint max",
    "eyeWide": "eye wide, eye open up, upper lid raise, eye upper lid raise, eye wide open, lid raise",
    "eyeLookUp": "eye look up, look up",
    "eyeLookDown": "eye look down, look down",
    "eyeLookIn": "eye look in, look in",
    "eyeLookOut": "eye look out, look out",
    "mouthSmile": "mouth smile, smile, mouth|lip corner pull, mouth lip corner pull, mouth smile simple, lip smile, "
    "mouth smile max",
    "mouthFrown": "mouth frown, mouth|lip corner depress, mouth lip corner depress, mouth sad, lip frown",
    "mouthDimple": "mouth dimple, dimple, lip dimple",
    "mouthStretch": "mouth stretch, lip stretch, mouth lip stretch",
    "mouthPress": "mouth press W?, lip press, mouth lip press",
    "mouthLowerDown": "mouth lower down, mouth down lower, lower lip down|depress, mouth lower lip depress|down, "
    "lip lower down|depress, mouth snarl lower",
    "mouthUpperUp": "mouth upper up, mouth up upper, upper lip up|raise, mouth upper lip up|raise, lip upper up|raise, "
    "mouth snarl upper",
    "browDown": "brow down, brow lower|lowerer, brow drop",
    "browOuterUp": "brow outer up, brow raise outer, outer brow up|raise, brow outer raise, brow extern up, "
    "brow up outer, brow out vert max",
    "cheekSquint": "cheek squint, cheek raise, eye cheek raise, cheek flex",
    "noseSneer": "nose sneer, nose wrinkle, nose scrunch, nose flank raise, nose elevation",
}
_MIDDLE = {
    "jawOpen": "jaw open, jaw drop",
    "jawForward": "jaw forward, jaw thrust",
    "mouthClose": "mouth close W?, mouth? lip together W?, lip toward",
    "mouthFunnel": "mouth funnel W?, lip funnel W?, mouth V funnel, lip V funnel, V lip funnel, mouth lip funnel W?, "
    "funnel, mouth pucker open, mouth whistle narrow adjust",
    "mouthPucker": "mouth pucker W?, lip pucker W?, mouth V pucker, lip V pucker, V lip pucker, mouth? lip purse W?, "
    "mouth lip pucker W?, pucker",
    "browInnerUp": "brow inner up, brow raise in|inner, inner brow up|raise, brow inner raise, brow up inner, "
    "brow mid vert max",
    "cheekPuff": "cheek puff, cheek blow, mouth cheek blow, cheek balloon, cheek inflate, cheek blow cor",
    "tongueOut": "tongue out, tongue out cor, tongue out max",
    "breathIn": "breath in",
    "tongueTipUp": "tongue tip up|raise, tongue up, tongue curl up|u",
    "tongueBodyUp": "tongue body up|raise, tongue mid up|raise, tongue back up|raise, tongue dorsum up|raise, "
    "tongue raise",
}
_OF_LIP = {
    "mouthRoll": "mouth roll V, mouth roll in V, V lip roll, V lip roll in, mouth V lip roll in, mouth lip roll V, "
    "lip roll V, lip roll in V, lip suck W, mouth suck W, V lip suck, mouth V lip under, V lip under, V lip in",
    "mouthShrug": "mouth shrug V, mouth raise V, chin raise W, mouth chin raise W, jaw chin raise W, chin V raise",
}
"""The channels that have upper or lower in their name."""
_DIRECTION = {
    "jaw": "jaw, jaw sideways|slide|shift",
    "mouth": "mouth V?, mouth sideways|slide|shift, mouth V lip shift, mid mouth, midmouth",
}
_GAZE = "eye look, look"

_CONTEXT_SIDED = {
    "eyeLookUp": "eye up", "eyeLookDown": "eye down", "eyeLookIn": "eye in", "eyeLookOut": "eye out",
    "mouthSmile": "mouth|lip corner up, corner pull", "browDown": "brow d, lowerer",
    "mouthFrown": "frown, mouth|lip corner down, corner depress", "mouthUpperUp": "upper raise",
    "browOuterUp": "brow up, brow raise, brow u, outer raise", "noseSneer": "sneer",
    "mouthStretch": "mouth wide, stretch",
}  # fmt: skip
_CONTEXT_MIDDLE = {
    "jawOpen": "mouth open, mouth open max, jaw down, mouth stretch c",
    "jawForward": "jaw out, jaw out max",
    "mouthClose": "mouth ape shape, lip close",
    "mouthFunnel": "mouth V overturn",
    "mouthPucker": "mouth pout, mouth narrow, mouth kiss, kiss",
    "browInnerUp": "brow up|u|raise c|mid, mid brow up, inner raise",
    "cheekPuff": "puff",
    "mouthShrugLower": "chin raise, mouth lower overlay, lower lip raise",
    "tongueOut": "tongue long step",
}
_CONTEXT_OF_LIP = {"mouthRoll": "mouth V inside, lip V close, V lip close"}

FACS = {
    1: "browInnerUp", 2: "browOuterUp", 4: "browDown", 5: "eyeWide", 6: "cheekSquint", 7: "eyeSquint", 9: "noseSneer",
    10: "mouthUpperUp", 12: "mouthSmile", 14: "mouthDimple", 15: "mouthFrown", 16: "mouthLowerDown",
    17: "mouthShrugLower", 18: "mouthPucker", 19: "tongueOut", 20: "mouthStretch", 22: "mouthFunnel", 24: "mouthPress",
    26: "jawOpen", 29: "jawForward", 30: "jaw", 34: "cheekPuff", 43: "eyeBlink", 45: "eyeBlink",
}  # fmt: skip
"""Action unit -> stem (Ekman and Friesen 2002), where one unit is one channel."""

EXACT = {
    "ウィンク2": "eyeBlinkLeft", "ウィンク2右": "eyeBlinkRight", "まばたき左": "eyeBlinkLeft",
    "まばたき右": "eyeBlinkRight",
    "まばたきL": "eyeBlinkLeft", "まばたきR": "eyeBlinkRight",
}  # fmt: skip
"""Whole names in compatibility form. In MMD, the second wink closes one eye without a smile; unmarked is the left."""

_VERTICALS = {"V": ("upper", "lower"), "W": ("upper", "lower", "u", "d", "t", "b", "up", "down")}
_UPPER = {"upper", "u", "t", "up"}


def _expanded(pattern: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each sequence of words of a pattern, with "upper" or "lower" if it has a V or W."""
    options: list[list[tuple[str, str]]] = []
    for token in pattern.split():
        word = token.rstrip("?")
        choice = [(part, "upper" if part in _UPPER else "lower") for part in _VERTICALS.get(word, ())]
        choice = choice or [(part, "") for part in word.split("|")]
        options.append([*choice, ("", "")] if token.endswith("?") else choice)
    for sequence in itertools.product(*options):
        yield tuple(word for word, _ in sequence if word), next((part for _, part in sequence if part), "")


def _patterns(table: dict[str, str]) -> Iterator[tuple[str, str]]:
    for stem, patterns in table.items():
        for pattern in patterns.split(","):
            yield stem, pattern.strip()


def _arkit_words() -> set[tuple[str, ...]]:
    """Return ARKit's words of each channel without its side."""
    tables = (_SIDED, _MIDDLE)
    found = {
        tuple(next(iter(_patterns({stem: text})))[1].removesuffix(" W?").split())
        for t in tables
        for stem, text in t.items()
    }
    return (
        found
        | {("mouth", act, lip) for act in ("roll", "shrug") for lip in ("upper", "lower")}
        | {("jaw",), ("mouth",)}
    )


def _build() -> dict[tuple[str, ...], Phrase]:
    phrases: dict[tuple[str, ...], Phrase] = {}

    def add(table: dict[str, str], kind: Kind, *, context: bool = False, of_lip: bool = False) -> None:
        for order, (stem, pattern) in enumerate(_patterns(table)):
            for words, part in _expanded(pattern):
                whole = stem + part.capitalize() if of_lip else stem
                of_whole = "" if of_lip else part
                phrase = Phrase(whole, kind, pattern, of_whole, words in arkit, context, order=order)
                phrases.setdefault(words, phrase)

    arkit = _arkit_words()
    add(_SIDED, "sided")
    add(_MIDDLE, "middle")
    add(_OF_LIP, "middle", of_lip=True)
    add(_DIRECTION, "direction")
    add({"eyeLook": _GAZE}, "gaze")
    add(_CONTEXT_SIDED, "sided", context=True)
    add(_CONTEXT_MIDDLE, "middle", context=True)
    add(_CONTEXT_OF_LIP, "middle", context=True, of_lip=True)
    phrases["eye", "open"] = Phrase("eyeWide", "sided", "eye open", needs_context=True, needs="eyeBlink")
    phrases["eye",] = Phrase("eyeLook", "gaze", "eye", needs_context=True)
    return phrases


PHRASES = _build()
"""Words -> what they mean."""
