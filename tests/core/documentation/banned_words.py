"""Words that public text must not contain, and functions that read it: docstrings, messages, labels and documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

BANNED = {
    r"\banew\b": "again; regenerate",
    r"\blet(s|ting)? go\b": "remove, release",
    r"\bun-?heard\b": "unconditional, without audio",
    r"\bdeaf\b": "without audio",
    r"\b(hears|heard by|hearing)\b": "encodes audio; is conditioned on audio",
    r"\banswers? (a|the|to|it|every|each|requests?|keys?)\b": "regenerates around; replies",
    r"\b(is|are) answered\b": "the reply is; is regenerated",
    r"\bwhat plays\b": "the active animation",
    r"\bwhat (is|was) (told|asked|made|heard|there)\b": "name the thing",
    r"\bwishes\b": "constraints",
    r"\bstretch(es)? of (frames|rows|motion|sound|time)\b": "segment, range",
    r"\bartists?\b": "user (software), animator (person)",
    r"\b(of|models?|files?|styles?) (their|its|one's|your|our|my) own\b": "the user's; separate",
    r"\bour own\b": "DiFACE's",
    r"\bshall\b": "must, is to",
    r"\b(that|which) (is|are) none\b": "None; malformed",
    r"\bthere (is|are) none\b": "no ... exists",
    r"\bas far as\b": "up to; if",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\brubbish\b": "malformed",
    r"\bwhat there is of\b": "name the thing",
    r"\bcarried\b": "copied",
    r"\blessons?\b": "examples",
    r"\b(is|are|was|were) led (to|through|in|out)\b": "passes through",
    r"\bbend(s|ing)?\b|\bbent\b": "warp",
    r"\bmanner of speaking\b|\bmanner in particular\b": "speaking style; neutral",
    r"\bmeanwhile\b.*\bmeanwhile\b": "once",
    r"\bbeside one another\b": "side by side",
    r"\btold (of|by|to|about)\b": "passed, reported",
    r"\bmade a mistake\b": "internal error",
}
"""Regular expression -> what to write in its place. Case does not matter."""

_COMPILED = {re.compile(pattern, re.IGNORECASE): instead for pattern, instead in BANNED.items()}


def findings(text: str) -> list[str]:
    """Return the banned expressions of a text, each with its replacement."""
    return [
        f"{match.group(0)!r}: write {instead}" for word, instead in _COMPILED.items() for match in word.finditer(text)
    ]


def python_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every string and docstring of a module that people read: those with a space."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every comment line of a module."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if match := re.match(r"\s*#[^!](.*)", line):
            yield number, match[1]


def markdown_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every line of a document, without code blocks."""
    inside = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line
