"""Judge performances of many characters from what is seen, and write contact sheets to out/characters.

python -m tests.addon.measurements.measure_characters [LABEL ...] [--pick main|armature|empty|Teeth] [--seconds 12]

Requires a Python that has Blender as a module, and DIFACE_PYTHON. Characters of other makers are in
../shared/data/characters.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
import soundfile

import diface_addon
from diface_addon.cli.demo import suppress_output
from diface_addon.worker import process
from tests.addon.characters import kinds_by_label
from tests.addon.characters.judging import contact_sheet, performing, verdict
from tests.addon.characters.judging.bundled import Model, bundled_performance
from tests.addon.characters.kinds import Built
from tests.addon.measurements.benchmark_tools import ROOT
from tests.addon.scene import scenes

PHONES = ROOT / "tests" / "data" / "speech.json"
SHARED = ROOT.parent / "shared" / "data"
OUT = ROOT / "out" / "characters"
COLUMNS = (
    "character",
    "head °",
    "on head",
    "body",
    "mouth r",
    "open mm",
    "m b p ≤ 1 mm",
    "worst mm",
    "teeth mm",
    "kept",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.addon.measurements.measure_characters", description=__doc__)
    parser.add_argument("labels", nargs="*", help="characters (default: all)")
    parser.add_argument("--pick", default="main", help="main, armature, empty, or the name of a part")
    parser.add_argument("--seconds", type=float, default=12.0, help="length of the speech (default: 12)")
    parser.add_argument("--no-sheets", action="store_true", help="render no contact sheets")
    given = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    with _registered(), tempfile.TemporaryDirectory() as folder:
        speech = performing.cut_speech(ROOT / "tests" / "data" / "speech.flac", Path(folder), given.seconds)
        frames = np.arange(1, int(soundfile.info(speech).duration * performing.FPS))
        with suppress_output():
            model = bundled_performance(speech, frames)
        print(_model_row(model), flush=True)
        for label in given.labels or kinds_by_label.labels(SHARED):
            sheet = None if given.no_sheets else OUT / f"{label}.png"
            print(_row(label, given.pick, speech, model, sheet), flush=True)


def _row(label: str, pick: str, speech: Path, model: Model, sheet: Path | None) -> str:
    """Return the table row of one character."""
    with suppress_output():
        scenes.new_file()
        built = kinds_by_label.make(label, SHARED)
        try:
            found = performing.performance(built, performing.pick(built, pick), speech, model, PHONES)
        except (RuntimeError, ValueError) as refused:
            return f"| {label} | {' '.join(str(refused).split())[:180]} |"
        if sheet:
            _write_sheet(built, found, model, sheet)
    return _described(label, found.verdict)


def _described(label: str, found: verdict.Verdict) -> str:
    worst, part = max(((off, name) for name, off in found.on_head.items()), default=(0.0, ""))
    shut = sum(gap <= verdict.GAP_MM for gap in found.gaps)
    cells = (
        label, f"{found.turned:.1f}", f"{worst:.3f} {part}", f"{found.body:.3f}", f"{found.correlation:.2f}",
        f"{found.opening:.1f}", f"{shut} of {len(found.gaps)}", f"{max(found.gaps):.2f}",
        "" if math.isnan(found.teeth) else f"{found.teeth:.1f}", f"{found.neutral:.3f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _model_row(model: Model) -> str:
    gaps = [max(0.0, float(model.opening[rows].min())) for rows in performing.shut_rows(PHONES, model.frames)]
    turned = verdict.degrees_between(model.turns, model.turns[:1]).max()
    shut = sum(gap <= verdict.GAP_MM for gap in gaps)
    cells = ("bundled head", f"{turned:.1f}", "", "", "1", f"{model.opening.max():.1f}", f"{shut} of {len(gaps)}")
    return f"| {' | '.join(cells)} | {max(gaps):.2f} | | |"


def _write_sheet(built: Built, found: performing.Performance, model: Model, path: Path) -> None:
    frames = model.frames
    chosen = [0, int(model.opening.argmax()), performing.rounded_row(PHONES, frames), len(frames) * 2 // 3]
    shown = [int(frames[row]) for row in chosen]
    skull = found.rest[built.main][built.skull]
    contact_sheet.write_contact_sheet(built, skull, found.lips.head_size, shown, path)


@contextmanager
def _registered() -> Iterator[None]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    try:
        yield
    finally:
        process.close_shared_worker()
        diface_addon.unregister()


if __name__ == "__main__":
    main()
