"""`python -m diface_core batch TABLE --out DIR`: motion files for the lines of a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ..cli.exit_status import SOME_FAILED, run_command
from ..cli.generate_options import integer_in_range
from .lines import KINDS, BadLine, read_batch
from .make_line import FAILED, Outcome
from .report import NOT_REACHED
from .run import run_batch

MAX_NAMED = 20
"""Failures that are printed; the report has all."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser("python -m diface_core batch", description=__doc__)
    add = parser.add_argument
    add("table", type=Path, help="a .csv file with a column sound; other columns are name, transcript, language, pins, "
        "outputs, preset, mood, and the options of generate (style, seed, fps, ...)")  # fmt: skip
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the outputs and of the report")
    add("--outputs", type=_kinds, default=("npz",), metavar="KIND,...",
        help=f"kinds of files of lines that name none: {', '.join(KINDS)} (default: npz)")  # fmt: skip
    add("--no-diagnostics", dest="is_checked", action="store_false",
        help="do not compare the motions with their sounds, which is faster")  # fmt: skip
    add("--no-pictures", dest="has_pictures", action="store_false", help="leave pictures out of the report")
    where = parser.add_mutually_exclusive_group().add_argument
    where("--workers", type=integer_in_range(1, 256), default=1, help="number of processes (default: %(default)s)")
    where("--scheduler", metavar="ADDRESS", help="address of a Dask scheduler whose workers make the lines")
    return parser


def run(options: argparse.Namespace) -> int:
    """Make the lines and print how it went. Returns the exit status. Raises DifaceError."""
    batch = read_batch(options.table, options.outputs, options.is_checked, options.has_pictures)
    bad = [line for line in batch.lines if isinstance(line, BadLine)]
    for text in (*batch.notes, *(f"Row {line.number}: {line.reason}" for line in bad[:MAX_NAMED])):
        print(text, file=sys.stderr)
    failures = len(bad)
    with tqdm(total=len(batch.lines), initial=len(bad), unit="line", file=sys.stderr) as bar:

        def report(outcome: Outcome) -> None:
            nonlocal failures
            bar.update()
            if outcome.status == FAILED:
                failures += 1
                if failures <= MAX_NAMED:
                    bar.write(f"Row {outcome.number}: {outcome.reason}", file=sys.stderr)

        summary = run_batch(batch.lines, options.out, options.workers, options.scheduler, report)
    print(f"{summary.text()} {options.out / 'report.html'}")
    return SOME_FAILED if summary.counts.get(FAILED) or summary.counts.get(NOT_REACHED) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = build_parser().parse_args(arguments)
    return run_command(lambda: run(options))


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(text.lower().replace(" ", "").split(","))
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise argparse.ArgumentTypeError(f"must be some of {', '.join(KINDS)}. Got {wrong[0]}")
    return kinds
