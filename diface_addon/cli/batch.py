"""Generate the dialogue of a scene without a window.

    python -m diface_addon.cli.batch SCENE.blend --out DONE.blend --report REPORT

For a Python that has Blender as a module. Does what Generate Scene does, and saves the file after every line, whole or
not at all. A run that was stopped continues where it was: lines that are up to date are left alone. REPORT gets
report.json, report.html and a picture of each line. The exit status is 0 if all lines are up to date, 1 if some
are not.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

import bpy

from .. import register, unregister
from ..core import errors
from ..jobs import running_job
from ..jobs.dialogue import line_jobs, lines, scene_plan
from . import batch_report


def main() -> int:
    """Run the command. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m diface_addon.cli.batch", description=__doc__)
    parser.add_argument("scene", type=Path, help="a .blend file whose strips have characters")
    parser.add_argument("--out", type=Path, help="the file to save; default: SCENE")
    parser.add_argument("--report", type=Path, help="folder for the report")
    parser.add_argument("--quality", choices=("DRAFT", "FINAL"), help="default: the scene's")
    parser.add_argument("--no-pictures", action="store_true", help="leave pictures out of the report")
    arguments = parser.parse_args()
    if not arguments.scene.is_file():
        parser.error(f"there is no file {arguments.scene}")
    register()
    try:
        return run(
            arguments.scene, arguments.out, arguments.report, arguments.quality, with_pictures=not arguments.no_pictures
        )
    except errors.DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 2
    finally:
        unregister()


def run(
    scene: Path, out: Path | None, report: Path | None, quality: str | None = None, *, with_pictures: bool = True
) -> int:
    """Generate the lines of a file. Returns the exit status.

    Args:
        scene: A .blend file.
        out: The file that is saved, and with which an earlier run continues if it is not older; None: `scene`.
        report: Folder for the report; None: no report.
        quality: Choice of the setting Quality; None: the scene's.
        with_pictures: Whether the report has a picture of each line.

    Raises:
        SceneError: No strip has a character.
    """
    target = (out or scene).absolute()
    for draft in target.parent.glob(f".{target.stem}.*.blend"):  # of a run that was killed while it saved
        draft.unlink()
    continues = target.is_file() and target.stat().st_mtime >= scene.stat().st_mtime
    bpy.ops.wm.open_mainfile(filepath=str(target if continues else scene.absolute()))
    context = bpy.context
    if quality:
        context.scene.diface.quality = quality
    scene_plan.check_has_lines(context)
    rows = _generate(context, target)
    if report:
        batch_report.write(context, report, rows, with_pictures)
    bad = [row for row in rows if row.reason]
    print(f"{len(rows)} lines, {len(bad)} failed")
    return 1 if bad else 0


def _generate(context: bpy.types.Context, target: Path) -> list[batch_report.Row]:
    """Work on every step, and save after each. Returns a row for each line, and for each other take that failed."""
    plan, rows = scene_plan.make_plan(context), {}
    for item in lines.find_lines(context):
        rows[item.label] = batch_report.Row(item.label, item.text, item.text if item.state == "PROBLEM" else "")
    for number, step in enumerate(plan.steps, 1):
        began, reason = time.monotonic(), ""
        try:
            _finish(step.begin(context))
        except errors.DifaceError as error:
            reason = str(error)
        took = round(time.monotonic() - began, 2)
        row = rows.get(step.label, batch_report.Row(step.label, ""))
        if step.speaks or reason:
            rows[step.label] = dataclasses.replace(row, state="Failed" if reason else "Made", reason=reason, took=took)
        print(f"{number} of {len(plan.steps)}: {step.label} {reason or 'made'}", flush=True)
        if not reason:
            _save(target)
    _finish(line_jobs.begin_unassigning())
    _save(target)
    return list(rows.values())


def _finish(job: running_job.RunningJob) -> None:
    """Wait for a job and write its result. Raises DifaceError."""
    try:
        job.wait()
        job.write_result()
    finally:
        job.end()


def _save(target: Path) -> None:
    """Save the file whole or not at all: in the folder of `target`, then in its place."""
    draft = target.with_name(f".{target.stem}.{os.getpid()}.blend")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(draft), copy=True, check_existing=False)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
