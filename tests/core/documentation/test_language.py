"""Text is standard technical English: no banned word in docstrings, comments, messages, labels and documents."""

import re
from itertools import chain
from pathlib import Path

import pytest

from tests.core.architecture.import_graph import ROOT, modules
from tests.core.documentation import banned_words

EXCLUDED = {ROOT / "tests" / "core" / "documentation", ROOT / "tests" / "data" / "reference_0_1_0"}
"""Folders of this test, whose strings contain the banned words, and of scripts for version 0.1.0."""
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if path.parent not in EXCLUDED]
PYTHON = [
    *modules().values(),
    *(path for folder in ("tools", "docs") for path in sorted((ROOT / folder).rglob("*.py"))),
    ROOT / "build.py",
    *TESTS,
]
DOCUMENTS = [
    *(path for path in sorted(ROOT.glob("*.md"))),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "diface_core" / "weights" / "README.md",
    ROOT / "tests" / "data" / "reference_0_1_0" / "README.md",
]
VAGUE = {
    "of", "at", "on", "over", "to", "again", "told", "said", "look", "meet", "note", "hear", "heard", "own", "ask",
    "asked", "answer", "answers", "do", "about", "meant", "shown", "moved", "whole", "another", "by_hand",
}  # fmt: skip
"""Names that do not describe a module-level function."""


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_uses_no_banned_word(path: Path) -> None:
    texts = chain(banned_words.python_texts(path), banned_words.comments(path))
    assert [f"line {line}: {finding}" for line, text in texts for finding in banned_words.findings(text)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_use_no_banned_word(path: Path) -> None:
    texts = banned_words.markdown_texts(path)
    assert [f"line {line}: {finding}" for line, text in texts for finding in banned_words.findings(text)] == []


@pytest.mark.parametrize("path", [*modules().values(), *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_module_level_names_say_what_they_are(path: Path) -> None:
    defined = set(re.findall(r"^(?:def|class) (\w+)", path.read_text("utf-8"), re.MULTILINE))
    assert defined & VAGUE == set()


@pytest.mark.parametrize("text", ["The motion is made anew.", "It lets go of pins", "an answer to it answers the key"])
def test_banned_word_is_found(text: str) -> None:
    assert banned_words.findings(text)
