"""Which known vocabulary a mesh's shapes belong to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from ...channels import FACE
from .action_units import UNIT_NAMES, UNITS
from .expressions import COMMON, MMD, UNITY_CHAN, VRM, VROID
from .mouth_shapes import Recipe
from .pose_set import PoseSet, channel_numbers, pose_set
from .rig_units import CHARACTER_CREATOR, DAZ, MAKEHUMAN, MIXAMO
from .visemes import PHONEMES, RHUBARB, VRM1_VOWELS

EXPRESSIONS: tuple[tuple[dict[str, Recipe], int, int], ...] = (
    (VROID, 3, 3), (MMD, 3, 1), (MAKEHUMAN, 6, 3), (DAZ, 3, 3), (MIXAMO, 6, 6), (CHARACTER_CREATOR, 8, 8), (VRM, 3, 1),
    (UNITY_CHAN, 1, 1), (COMMON, 3, 1),
)  # fmt: skip
"""Vocabularies of expressions and units, and how many of their names a mesh must have: under a prefix, and without
one."""

MIN_PHONEMES = 4
"""Different mouths under one prefix that make a vocabulary of visemes."""

VISEME_PREFIX = re.compile(r"(vis(eme)?|v|vrc|vi|phon(eme)?|phn|lip(sync)?|mth|mouth|talk|speech|sound)[^a-z]*$")
"""The end of a prefix that says that visemes follow: two of them are enough."""

DUPLICATE = re.compile(r"\.\d{3}$")
CUT = re.compile(r"(?<=[^\w]|_)(?=\w)|(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[^\W\d_])")
SIDES = {"l", "r", "left", "right"}
CHANNELS = {name.lower() for name in FACE} | {re.sub("(?<=[lr])(eft|ight)$", "", name.lower()) for name in FACE}
"""ARKit's channels by their lower-case letters, also with L and R."""
UNIT_NUMBER = re.compile(r"^AU[\W_]?0*(\d+)(?:[\W_]?([LR])(?![A-Za-z]))?(?:[\W_]([A-Za-z]+))?$", re.IGNORECASE)
UNIT_NAME = re.compile(
    r"^(.*?)[_. -]?(Left|Right|LEFT|RIGHT|(?<![A-Za-z])[LR]|(?<=[a-z_.])[LR]|(?<=[_. -])(?:[lr]|left|right))?$"
)


def known_poses(names: Sequence[str]) -> PoseSet | None:
    """Return the poses among a mesh's shapes whose vocabulary is known; None if none is.

    Prefixes (`Head_viseme_aa`, `Face.M_F00_000_00_Fcl_MTH_A`) and numbers of duplicates are ignored. Single letters
    and short names count only with enough others of their vocabulary. Shapes that rest are left out, and ARKit's
    channels are not among the vocabularies: see `channel_poses`.
    """
    names = [name for name in names if not any(_letters(rest) in CHANNELS for _, rest in _splits(name))]
    recipes: dict[str, Recipe] = {}
    for found in (_phonemes(names), _action_units(names), *_expressions(names)):
        for name, recipe in found.items():
            recipes.setdefault(name, recipe)
    moving = {name: recipes[name] for name in dict.fromkeys(names) if recipes.get(name)}
    return pose_set(moving) if moving else None


def _letters(text: str) -> str:
    """Return the lower-case letters and signs of a name, half-width letters made full-width."""
    return re.sub(r"[\W\d_]+", "", unicodedata.normalize("NFKC", text).lower()) or unicodedata.normalize("NFKC", text)


def _letters_and_digits(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\W_]+", "", text.lower()) or text


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """Yield prefix and rest of a name, the longest rest first."""
    name = DUPLICATE.sub("", name)
    for cut in (0, *(found.start() for found in CUT.finditer(name) if found.start())):
        yield name[:cut], name[cut:]


def _phonemes(names: Sequence[str]) -> dict[str, Recipe]:
    """Return the visemes of the prefix that has the most."""
    groups: dict[str, dict[str, str]] = {}
    for name in names:
        for prefix, rest in _splits(name):
            if _letters(rest) in PHONEMES or _letters(rest) in RHUBARB:
                groups.setdefault(re.sub(r"\d+", "#", prefix.lower()), {})[name] = _letters(rest)
                break
    best: dict[str, Recipe] = {}
    for prefix, tokens in groups.items():
        mouths = _group_recipes(prefix, tokens)
        if len(mouths) > len(best):
            best = mouths
    return best


def _group_recipes(prefix: str, tokens: dict[str, str]) -> dict[str, Recipe]:
    """Return the mouths of one prefix's names (name -> letters); none if they are not a vocabulary of visemes."""
    present = set(tokens.values())
    table = PHONEMES
    if len(present & {"b", "c", "d", "f", "g", "h", "x"}) >= 5:
        table = {**PHONEMES, **RHUBARB}
    if {"aa", "ih", "ou", "oh"} <= present:
        table = {**PHONEMES, **VRM1_VOWELS}
    sounds = {token for token in present & set(table) if token not in SIDES and token not in ("neutral", "open")}
    several = {token for token in sounds if len(token) > 1 or not token.isascii()}
    vowels = len(sounds & {"a", "i", "u", "e", "o"}) >= MIN_PHONEMES
    enough = len(several) >= MIN_PHONEMES or vowels or table.get("a") is RHUBARB["a"]
    enough = enough or (len(several) >= 2 and bool(several & {"mbp", "fv", "wq", "etc", "ai"}))
    enough = enough or (len(sounds) >= 2 and bool(VISEME_PREFIX.search(prefix)))
    if not enough:
        return {}
    return {name: table[token] for name, token in tokens.items() if token in table}


def _action_units(names: Sequence[str]) -> dict[str, Recipe]:
    """Return the action units, by number (AU_12, AU12_L, AU_02_L_OuterBrowRaiser) or by name (browLowerer)."""
    units: dict[str, Recipe] = {}
    for name in names:
        for _prefix, rest in _splits(name):
            found = UNIT_NUMBER.match(rest)
            number, side = (int(found[1]), found[2]) if found else _unit_by_name(rest)
            if number in UNITS:
                units[name] = _one_side(UNITS[number], side)
                break
    return units if len(units) >= 2 else {}


def _unit_by_name(text: str) -> tuple[int, str | None]:
    found = UNIT_NAME.match(text)
    name, side = (found[1], found[2]) if found else (text, None)
    return UNIT_NAMES.get(_letters(name), 0), side


def _one_side(recipe: Recipe, side: str | None) -> Recipe:
    """Return a recipe of one side (L, R, Left or Right); without a side, or for channels without sides, as it is."""
    if not side:
        return recipe
    ending = "Left" if side.lower().startswith("l") else "Right"
    sided: dict[str, float] = {}
    for channel, value in recipe.items():
        if len(channel_numbers(channel)) == 2:
            sided[channel + ending] = value
        elif not channel.endswith(("Left", "Right")):
            sided[channel] = value / 2
        elif channel.endswith(ending):
            sided[channel] = value
    return sided


def _expressions(names: Sequence[str]) -> list[dict[str, Recipe]]:
    """Return the poses of each vocabulary of expressions of which a mesh has enough names under one prefix."""
    vocabularies = []
    for table, prefixed, bare in EXPRESSIONS:
        groups: dict[str, dict[str, Recipe]] = {}
        for name in names:
            for prefix, rest in _splits(name):
                if (key := _letters_and_digits(rest)) in table:
                    groups.setdefault(re.sub(r"\d+", "#", prefix.lower()), {})[name] = table[key]
                    break
        for prefix, group in groups.items():
            if len(group) >= (prefixed if prefix else bare):
                vocabularies.append(group)
    return vocabularies
