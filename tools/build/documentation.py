"""The documentation site, and the links between the project's Markdown files."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from . import paths
from .console import BuildError, run
from .venvs import make_venv
from .versions import CORE_PYTHON

_CODE = re.compile(r"^(```|~~~).*?^\1|^(?: {4}|\t).*?$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\]\([^)]*\))*\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*#*$", re.MULTILINE)


def build_site() -> Path:
    """Build the site with Sphinx, which also checks the links between pages; return the first page."""
    pinned = paths.PINNED / "docs.txt"
    python = make_venv("docs", CORE_PYTHON, [pinned], lambda python: [pinned])
    output = paths.OUT / "docs"
    options = ["-W", "--keep-going", "-n", "-E", "-b", "html", "-d", paths.BUILD / "docs"]
    run("docs: build the site", [python, "-m", "sphinx", *options, paths.ROOT / "docs", output])
    return output / "index.html"


def check_links() -> None:
    """Check every relative link of the project's Markdown files.

    Raises:
        BuildError: A link leads to no file or to no heading; the message lists all of them.
    """
    broken = [problem for file in markdown_files() for problem in broken_links(file)]
    if broken:
        raise BuildError("Broken links:\n" + "".join(f"    {problem}\n" for problem in broken))


def markdown_files() -> list[Path]:
    """Return the Markdown files that git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
    files = done.stdout.splitlines() if not done.returncode else []
    found = [paths.ROOT / name for name in files] or [*paths.ROOT.glob("*.md"), *(paths.ROOT / "docs").rglob("*.md")]
    return sorted({file for file in found if file.is_file()})


def broken_links(file: Path) -> Iterator[str]:
    """Yield "FILE: TARGET" for each relative link of a Markdown file that leads nowhere."""
    text = _CODE.sub("", file.read_text("utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        place = (file.parent / name) if name else file
        headings = anchors(place) if anchor and place.suffix == ".md" and place.is_file() else {anchor}
        if not place.exists() or anchor not in headings:
            yield f"{file.relative_to(paths.ROOT).as_posix()}: {target}"


def anchors(file: Path) -> set[str]:
    """Return the anchors of a Markdown file's headings, as code hosts and MyST write them."""
    headings = _HEADING.findall(re.sub(r"^(```|~~~).*?^\1", "", file.read_text("utf-8"), flags=re.M | re.S))
    names: dict[str, int] = {}
    result = set()
    for heading in headings:
        slug = slugify(heading)
        count = names.get(slug, 0)
        names[slug] = count + 1
        result.add(f"{slug}-{count}" if count else slug)
    return result


def slugify(heading: str) -> str:
    """Return the anchor of a heading: lower case, punctuation removed, spaces as hyphens."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    kept = [sign for sign in text if sign in " -_" or unicodedata.category(sign)[0] in "LNM"]
    return "".join(kept).replace(" ", "-")
