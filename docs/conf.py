"""Sphinx configuration of the documentation site: `python3 build.py docs`.

The pages stay plain Markdown that a code host shows as it is. The index pages list their pages as links;
`_add_toctree` makes the site's navigation from those lists, so that no page needs Sphinx directives.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

DOCS = Path(__file__).parent
MANIFEST = tomllib.loads((DOCS.parent / "blender_manifest.toml").read_text("utf-8"))

project = MANIFEST["name"]
author = MANIFEST["maintainer"]
copyright = MANIFEST["copyright"][0]  # noqa: A001 - the name that Sphinx reads
version = release = MANIFEST["version"]

extensions = ["myst_parser"]
exclude_patterns = ["README.md"]  # the same entrance as index.md, for readers of the folder on a code host
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"{project} {release}"
html_show_sourcelink = False

_LISTED_PAGE = re.compile(r"^\s*(?:-|\d+\.) \[[^\]]+\]\(([\w/-]+)\.md\)", re.MULTILINE)


def _add_toctree(_app: Sphinx, page: str, source: list[str]) -> None:
    """Append a hidden toctree to an index page: the pages that its lists link to, in their order."""
    if page.rpartition("/")[2] == "index":
        entries = "\n".join(dict.fromkeys(_LISTED_PAGE.findall(source[0])))
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n"


def setup(app: Sphinx) -> None:
    """Register the hook; Sphinx calls this."""
    app.connect("source-read", _add_toctree)
