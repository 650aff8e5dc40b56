"""Compare two sets of videos blindly: make a page for raters, or pool their results."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import paths
from ..console import BuildError, say
from ..rating.page import make_page
from ..rating.pairs import find_pairs, unpaired
from ..rating.render import with_videos
from ..rating.results import pool

QUESTION = "Which face speaks more naturally?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two sets, or the results."""
    parser.add_argument("sets", nargs="*", type=Path, metavar="A B", help="folders of videos, or of motions (.npz)")
    parser.add_argument("--out", type=Path, default=paths.OUT / "rate.html", help="the page; default: out/rate.html")
    parser.add_argument("--question", default=QUESTION, help=f"default: {QUESTION}")
    parser.add_argument("--sounds", type=Path, metavar="FOLDER", help="sounds of the motions; default: beside them")
    parser.add_argument("--results", type=Path, nargs="+", metavar="FILE", help="pool result files instead")


def run(arguments: argparse.Namespace) -> int:
    """Write the page, or print the pooled results."""
    if arguments.results:
        say(pool(arguments.results).report())
        return 0
    if len(arguments.sets) != 2:
        raise BuildError(f"Name two folders to compare, or --results. Got {len(arguments.sets)} folders.")
    a, b = (folder.resolve() for folder in arguments.sets)
    names = (a.name, b.name) if a.name != b.name else (f"{a.parent.name}/{a.name}", f"{b.parent.name}/{b.name}")
    if names[0] == names[1]:
        raise BuildError(f"Both folders are {a}. Name two different ones.")
    pairs, left_out = find_pairs(a, b), unpaired(a, b)
    if left_out:
        say(f"In one folder only, left out: {', '.join(left_out)}")
    out = arguments.out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    pairs = with_videos(pairs, out.with_suffix(""), arguments.sounds and arguments.sounds.resolve())
    out.write_text(make_page(pairs, names, arguments.question), "utf-8")
    say(f"\n{len(pairs)} pairs of {names[0]} and {names[1]}: open {out} in a browser.")
    return 0
