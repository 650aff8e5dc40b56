"""Run the whole workflow without a window, with the operators of the add-on.

    python -m diface_addon.cli.demo SOUND FOLDER

For a Python that has Blender as a module; `build.py demo` runs it. Writes FOLDER/demo.blend, .fbx, .abc and .mp4, and
at the very end FOLDER/demo.done with their names.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

import bpy

from .. import compat, register, unregister
from ..settings import performance

REPORT_INTERVAL = 5.0
"""Seconds between two progress lines of the render."""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m diface_addon.cli.demo", description=__doc__)
    parser.add_argument("sound", type=Path, help="recorded speech")
    parser.add_argument("folder", type=Path, help="where the results go")
    arguments = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    register()
    try:
        files = talking_head(arguments.sound, arguments.folder)
    except RuntimeError as error:  # an operator reported an error
        sys.exit(f"demo: {error}")
    finally:
        unregister()
    (arguments.folder / "demo.done").write_text("\n".join(map(str, files)), "utf-8")


def talking_head(sound: Path, folder: Path) -> list[Path]:
    """Add the head, load the sound, generate, and write the files. Returns their paths."""
    scene, operators = bpy.context.scene, bpy.ops.diface
    blend, fbx, alembic, video = (folder / f"demo.{ending}" for ending in ("blend", "fbx", "abc", "mp4"))

    run_step("adding the head", operators.add_head, with_stage=True)
    run_step(f"loading {sound.name}", operators.load_audio, filepath=str(sound))
    editor = compat.sequencer_scene(bpy.context).sequence_editor
    strip = next(strip for strip in compat.strips_all(editor) if strip.name == performance.active(bpy.context).strip)
    scene.frame_start, end = compat.strip_bounds(strip)
    scene.frame_end = end - 1
    scene.diface.quality = "FINAL"
    scene.render.resolution_x = scene.render.resolution_y = 640
    scene.display.render_aa = "5"  # half the time of the default 8; the lashes still look good

    run_step("generating face and head", operators.generate)
    run_step("exporting FBX", operators.export_fbx, filepath=str(fbx))
    run_step("exporting Alembic", operators.export_alembic, filepath=str(alembic))
    scene.frame_set(scene.frame_start)
    strip.sound.pack()  # the .blend must work on another computer
    run_step("saving the .blend", bpy.ops.wm.save_as_mainfile, filepath=str(blend), copy=True)
    run_step("rendering the playblast", playblast, filepath=str(video))
    return [video, blend, fbx, alembic]


def run_step(label: str, operator: Callable[..., set[str]], **settings: object) -> None:
    """Run one operator, and print what it is and how long it took. Raises RuntimeError if it does not finish."""
    print(f"   {label} ...", flush=True)
    start = time.monotonic()
    result = operator(**settings)
    if result != {"FINISHED"}:
        raise RuntimeError(f"{label} ended with {', '.join(result)}.")
    print(f"   {label}: {time.monotonic() - start:.1f} s", flush=True)


def playblast(filepath: str) -> set[str]:
    """Run the playblast operator, and print its progress."""
    scene = bpy.context.scene
    with print_frame_progress(scene.frame_start, scene.frame_end):
        return bpy.ops.diface.playblast(filepath=filepath)


@contextlib.contextmanager
def print_frame_progress(first: int, last: int) -> Generator[None]:
    """Print a line every few seconds about the frames that are rendered, instead of Blender's three per frame."""
    last_report = time.monotonic()
    with suppress_output() as out:

        def report_frame(scene: bpy.types.Scene, *_depsgraph: object) -> None:
            nonlocal last_report
            if time.monotonic() - last_report >= REPORT_INTERVAL:
                last_report = time.monotonic()
                print(f"   frame {scene.frame_current - first + 1} of {last - first + 1}", file=out, flush=True)

        # A handler that is left behind crashes Blender at exit.
        bpy.app.handlers.render_post.append(report_frame)
        try:
            yield
        finally:
            bpy.app.handlers.render_post.remove(report_frame)


@contextlib.contextmanager
def suppress_output() -> Generator[TextIO]:
    """Hide what Blender prints, unless the block raises. Yields a file that writes to the terminal."""
    sys.stdout.flush()
    with (
        os.fdopen(os.dup(1), "w", encoding="utf-8") as out,
        os.fdopen(os.dup(2), "wb") as errors,
        TemporaryFile() as output,
    ):
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        try:
            yield out
        except BaseException:
            output.seek(0)
            errors.write(output.read())
            raise
        finally:
            sys.stdout.flush()
            os.dup2(out.fileno(), 1)
            os.dup2(errors.fileno(), 2)


if __name__ == "__main__":
    main()
