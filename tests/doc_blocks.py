"""Code blocks of the documentation, and checks that the tests of core and add-on share."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_NEEDS_BLENDER = re.compile(r"^\s*(import bpy|from bpy)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its place, its language, and its text without the indentation of the fence."""

    page: str
    line: int
    language: str
    text: str
    section: str

    @property
    def place(self) -> str:
        """Return PAGE:LINE."""
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text, found = page.read_text("utf-8"), []
    for match in _FENCE.finditer(text):
        inside = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        headings = re.findall(r"^## (.+)$", _without_blocks(text[: match.start()]), re.MULTILINE)
        line = text.count("\n", 0, match.start()) + 1
        section = headings[-1] if headings else ""
        found.append(Block(page.relative_to(ROOT).as_posix(), line, match["language"], inside, section))
    return found


def _without_blocks(text: str) -> str:
    return _FENCE.sub("", text)


def prose(page: Path) -> str:
    """Return the page without its fenced blocks."""
    return _without_blocks(page.read_text("utf-8"))


def all_blocks(*languages: str) -> list[Block]:
    """Return the blocks of all pages in one of the languages."""
    return [block for page in PAGES for block in blocks(page) if block.language in languages]


def scripts(in_blender: bool) -> dict[str, list[Block]]:
    """Return the Python blocks by page, those of sections that import bpy or those of the others."""
    found = all_blocks("python")
    with_blender = {(block.page, block.section) for block in found if _NEEDS_BLENDER.search(block.text)}
    chosen: dict[str, list[Block]] = {}
    for block in found:
        if ((block.page, block.section) in with_blender) == in_blender:
            chosen.setdefault(block.page, []).append(block)
    return chosen


def run_script(page_blocks: list[Block]) -> None:
    """Execute the blocks of a page one after the other, in one namespace."""
    names: dict[str, object] = {"__name__": "documentation"}
    for block in page_blocks:
        code = compile("\n" * block.line + block.text, str(ROOT / block.page), "exec")
        exec(code, names)


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the words of each command of a shell block."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield words


def module_call(words: list[str]) -> tuple[str, list[str]] | None:
    """Return the module and the arguments of `python -m` and `torchrun -m`; None for other commands."""
    program = Path(words[0]).name
    if program not in ("python", "python3", "torchrun") or "-m" not in words:
        return None
    at = words.index("-m")
    return words[at + 1], words[at + 2 :]


class Parsed(Exception):
    """Raised when the arguments were accepted."""


def check_arguments(module: str, arguments: list[str]) -> None:
    """Parse the arguments with the module's command line, and stop it after parsing.

    Raises:
        AssertionError: The module has no command line, or refuses the arguments.
    """
    main = command_line(module)
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self: argparse.ArgumentParser, args: object = None, namespace: object = None) -> None:
        parse(self, args, namespace)  # type: ignore[call-overload]
        raise Parsed

    with (
        mock.patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop),
        mock.patch.object(sys, "argv", [module, *arguments]),
    ):
        status = _status(main)
    assert status == 0, f"{module} does not accept {arguments}."


def command_line(module: str) -> Callable[[], object]:
    """Return the function that `python -m MODULE` runs."""
    found = importlib.util.find_spec(module)
    assert found, f"There is no module {module}."
    is_package = found.submodule_search_locations is not None
    called = importlib.import_module(f"{module}.__main__" if is_package else module)
    assert hasattr(called, "main"), f"{module} has no command line."
    return called.main


def _status(main: Callable[[], object]) -> object:
    """Return the exit status; None if `main` ended without parsing arguments."""
    try:
        main()
    except Parsed:
        return 0
    except SystemExit as end:
        return end.code or 0  # --help
    return None
