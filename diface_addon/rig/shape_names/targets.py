"""The shape keys that each channel moves, chosen from all the names of one mesh."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...core import channels
from . import words
from .bare_names import bare_names
from .reading import Reading, readings

_FACE_CHANNELS = 6
"""A set with this many channels in unambiguous words is about a face: other names in it may be less explicit."""
_SHARED_SHARE = 0.6
_SHARED_NAMES = 10
_COMPLETE = (
    {("", "")},
    {("Left", ""), ("Right", "")},
    {("", "upper"), ("", "lower")},
    {(side, lip) for side in ("Left", "Right") for lip in ("upper", "lower")},
)


@dataclass(frozen=True)
class NamedTarget:
    """A shape key that a channel moves.

    Attributes:
        name: The shape key.
        channel: The channel. A channel can have several shape keys, and a shape key several channels.
        gain: Value of the shape key at weight 1 of the channel.
        low: Lowest value of the shape key that its channels need: -1 for a control with two directions.
        high: Highest value.
    """

    name: str
    channel: str
    gain: float = 1.0
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class _Named:
    index: int
    name: str
    meant: Reading


def named_targets(names: Sequence[str], others: Sequence[str] = ()) -> tuple[NamedTarget, ...]:
    """Return the shape keys of each channel, in the order of the channels.

    Where several names mean a channel, the first of these kinds is taken: ARKit's spelling; ARKit's words; the complete
    parts of a channel in ARKit's words (`browInnerUp_L`, `browInnerUp_R`); the same with a number at the end; other
    words; words that mean a channel only among other names of a face (`MouthOpen`). Of one kind, the vocabulary (the
    words before) with the most channels is taken, then the most literal words, then the first name. A channel that no
    name of a face means is looked for among names with one wrong letter.

    Args:
        names: The names of all shape keys of one mesh, without its reference key.
        others: Those of the character's other meshes. They show that names such as `MouthOpen` are about a face.
    """
    return _named_targets(tuple(names), tuple(others))


def single_channel(name: str) -> str | None:
    """Return the channel that the name means by itself, whole and with gain 1; None if it means none or several."""
    found = readings(name)
    if len(found) != 1 or found[0].needs_context or found[0].part != ("", "") or found[0].gain != 1.0:
        return None
    return found[0].channel


@lru_cache(maxsize=64)
def _named_targets(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[NamedTarget, ...]:
    named = _read_all(names)
    chosen = _chosen([one for one in named if not one.meant.needs_context])
    among = set(chosen) | set(_chosen([one for one in _read_all(others) if not one.meant.needs_context]))
    if len(among) >= _FACE_CHANNELS:
        stems = {channel.removesuffix("Left").removesuffix("Right") for channel in among}
        named = [one for one in named if not one.meant.needs or one.meant.needs in stems]
        chosen = _chosen(named)
        used = {one.name for members in chosen.values() for one in members}
        chosen = _chosen([*named, *_corrected(names, used)]) | chosen
    return _targets(chosen)


def _read_all(names: tuple[str, ...]) -> list[_Named]:
    bare = bare_names(names)
    prefix = _shared_start(bare)
    return [
        _Named(index, name, meant)
        for index, (name, short) in enumerate(zip(names, bare, strict=True))
        for meant in readings(short, prefix) or readings(name, prefix)
    ]


def _corrected(names: tuple[str, ...], used: set[str]) -> list[_Named]:
    """Return what names that no channel uses mean if a slip of the pen is corrected: `mouthPuker`."""
    bare = bare_names(names)
    unknown = [(index, words.corrected(short)) for index, short in enumerate(bare) if names[index] not in used]
    return [
        _Named(index, names[index], meant)
        for index, text in unknown
        if text != bare[index]
        for meant in readings(text, _shared_start(bare))
    ]


def _shared_start(names: tuple[str, ...]) -> str:
    """Return the word that most names start with; "" if none or if it is about the face."""
    if len(names) < _SHARED_NAMES:
        return ""
    split = [[word.text for word in words.words_of(name) if not word.is_number] for name in names]
    return _shared(texts[0] for texts in split if texts)


def _shared(texts: Iterable[str]) -> str:
    counts = Counter(texts)
    word, count = counts.most_common(1)[0] if counts else ("", 0)
    is_shared = count >= _SHARED_SHARE * counts.total()
    return word if is_shared and word not in words.NOUNS | words.ACTIONS | words.SMALL | set(words.SIDES) else ""


def _chosen(named: list[_Named]) -> dict[str, list[_Named]]:
    """Return the shape keys of each channel."""
    covered: dict[str, set[str]] = defaultdict(set)
    groups: dict[tuple[str, int, str, str], dict[tuple[str, str], _Named]] = defaultdict(dict)
    for one in named:
        meant = one.meant
        covered[meant.vocabulary].add(meant.channel)
        groups[meant.channel, _kind(meant), meant.vocabulary, meant.pattern].setdefault(meant.part, one)
    best: dict[str, tuple[tuple[int, int, int, int], list[_Named]]] = {}
    for (channel, kind, vocabulary, _), parts in groups.items():
        if set(parts) not in _COMPLETE:
            continue
        members = sorted(parts.values(), key=lambda one: one.index)
        key = (kind, -len(covered[vocabulary]), members[0].meant.order, members[0].index)
        if channel not in best or key < best[channel][0]:
            best[channel] = (key, members)
    return {channel: members for channel, (_, members) in best.items()}


def _kind(meant: Reading) -> int:
    """Return the rank of how a name means its channel: 0 is best."""
    if meant.is_exact:
        return 0
    kind = 1 if meant.is_arkit else 5 if not meant.needs_context else 9
    return kind + 2 * meant.is_numbered + (meant.part != ("", ""))


def _targets(chosen: dict[str, list[_Named]]) -> tuple[NamedTarget, ...]:
    gains: dict[str, list[float]] = defaultdict(list)
    for members in chosen.values():
        for one in members:
            gains[one.name].append(one.meant.gain)
    return tuple(
        NamedTarget(one.name, channel, one.meant.gain, min(0.0, *gains[one.name]), max(0.0, *gains[one.name]))
        for channel in channels.SHAPES
        for one in chosen.get(channel, ())
    )
