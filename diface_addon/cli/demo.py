"""The whole job without a window, by the add-on's own operators: `python -m diface_addon.cli.demo SOUND FOLDER`.

For a Python that has Blender as a module; `build.py demo` calls it. It leaves FOLDER/demo.blend, .fbx, .abc and .mp4,
and at the very end FOLDER/demo.done with their names.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

import bpy

from .. import compat, register, unregister

REPORT_INTERVAL = 5.0
"""Seconds between two lines about the frames that are done."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m diface_addon.cli.demo", description=__doc__)
    parser.add_argument("sound", type=Path, help="recorded speech")
    parser.add_argument("folder", type=Path, help="where the results go")
    given = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    register()
    try:
        made = talking_head(given.sound, given.folder)
    except RuntimeError as refused:  # an operator's report(ERROR)
        sys.exit(f"demo: {refused}")
    finally:
        unregister()
    (given.folder / "demo.done").write_text("\n".join(map(str, made)), "utf-8")


def talking_head(sound: Path, folder: Path) -> list[Path]:
    """Add the head, load the sound, generate, and write the files; returns their paths."""
    scene, operators = bpy.context.scene, bpy.ops.diface
    blend, fbx, alembic, film = (folder / f"demo.{ending}" for ending in ("blend", "fbx", "abc", "mp4"))

    run_step("adding the head", operators.add_head, with_stage=True)
    run_step(f"loading {sound.name}", operators.load_audio, filepath=str(sound))
    editor = compat.sequencer_scene(bpy.context).sequence_editor
    strip = next(strip for strip in compat.strips_all(editor) if strip.name == scene.diface.strip)
    scene.frame_start, end = compat.strip_bounds(strip)
    scene.frame_end = end - 1
    scene.diface.quality = "FINAL"
    scene.render.resolution_x = scene.render.resolution_y = 640
    scene.display.render_aa = "5"  # half the time of the default 8, and the lashes still look fine

    run_step("generating face and head", operators.generate)
    run_step("exporting FBX", operators.export_fbx, filepath=str(fbx))
    run_step("exporting Alembic", operators.export_alembic, filepath=str(alembic))
    scene.frame_set(scene.frame_start)
    strip.sound.pack()  # so that the file can be moved
    run_step("saving the .blend", bpy.ops.wm.save_as_mainfile, filepath=str(blend), copy=True)
    run_step("rendering the playblast", playblast, filepath=str(film))
    return [film, blend, fbx, alembic]


def run_step(label: str, operator: Callable[..., set[str]], **settings: object) -> None:
    """Run one operator, and say what it is and how long it took. Raises RuntimeError where it does not finish."""
    print(f"   {label} ...", flush=True)
    start = time.monotonic()
    answer = operator(**settings)
    if answer != {"FINISHED"}:
        raise RuntimeError(f"{label} ended with {', '.join(answer)}.")
    print(f"   {label}: {time.monotonic() - start:.1f} s", flush=True)


def playblast(filepath: str) -> set[str]:
    """The operator, telling of its frames."""
    scene = bpy.context.scene
    with print_frame_progress(scene.frame_start, scene.frame_end):
        return bpy.ops.diface.playblast(filepath=filepath)


@contextlib.contextmanager
def print_frame_progress(first: int, last: int) -> Iterator[None]:
    """Meanwhile, a line now and then says how many frames are rendered, in place of Blender's three a frame."""
    told = time.monotonic()
    with suppress_output() as out:

        def tell(scene: bpy.types.Scene, *_depsgraph: object) -> None:
            nonlocal told
            if time.monotonic() - told >= REPORT_INTERVAL:
                told = time.monotonic()
                print(f"   frame {scene.frame_current - first + 1} of {last - first + 1}", file=out, flush=True)

        # Blender crashes at its exit where a handler is left.
        bpy.app.handlers.render_post.append(tell)
        try:
            yield
        finally:
            bpy.app.handlers.render_post.remove(tell)


@contextlib.contextmanager
def suppress_output() -> Iterator[TextIO]:
    """Meanwhile, what Blender's own code prints is shown only where it fails; the file given writes to the terminal."""
    sys.stdout.flush()
    with (
        os.fdopen(os.dup(1), "w", encoding="utf-8") as out,
        os.fdopen(os.dup(2), "wb") as errors,
        TemporaryFile() as said,
    ):
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        try:
            yield out
        except BaseException:
            said.seek(0)
            errors.write(said.read())
            raise
        finally:
            sys.stdout.flush()
            os.dup2(out.fileno(), 1)
            os.dup2(errors.fileno(), 2)


if __name__ == "__main__":
    main()
