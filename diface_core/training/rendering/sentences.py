"""Sentences to speak: templates of sentences.toml with filled slots, drawn from a seed."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("sentences.toml")
SLOT = re.compile(r"\{(.+?)\}")


def draw_sentences(language: str, seed: str) -> Iterator[str]:
    """Yield sentences of a language ("en", "zh": see sentences.toml) without end, each template once per round.

    The same seed gives the same sentences; none is repeated while the lists have another.

    Raises:
        KeyError: The language has no sentences.
    """
    lists = _lists()[language]
    draw = random.Random(f"{language} {seed}")
    said: set[str] = set()
    while True:
        for template in draw.sample(lists["templates"], len(lists["templates"])):
            sentence = fill_template(template, lists, draw)
            if sentence not in said or draw.random() < 0.05:
                said.add(sentence)
                yield sentence


def fill_template(template: str, lists: dict[str, list[str]], draw: random.Random) -> str:
    """Return the template with a word in each slot, no word twice if its list is long enough, capitalised."""
    words = {name: iter(draw.sample(lists[name], len(lists[name]))) for name in set(SLOT.findall(template))}
    text = SLOT.sub(lambda slot: next(words[slot[1]]), template)
    return text[0].upper() + text[1:]


@lru_cache(maxsize=1)
def _lists() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def languages() -> tuple[str, ...]:
    """Return the languages with sentences."""
    return tuple(_lists())
