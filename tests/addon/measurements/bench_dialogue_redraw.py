"""Time of a redraw of the panel Dialogue with many lines, as table rows: `python3 build.py bench`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import bpy
from benchmark_tools import row, speech_file

import diface_addon
from diface_addon.jobs.dialogue import lines, scene_plan
from diface_addon.worker import process
from tests.addon.panels import panel_drawing
from tests.addon.scene import scenes

CHARACTERS, LINES = 20, 300
REPEATS = 10
TARGET = 1000 / 24
"""Milliseconds of a frame."""
WHAT = f"{LINES} lines of {CHARACTERS} characters"


def milliseconds(run, repeats: int) -> float:
    """Return the milliseconds of the fastest of some calls."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return min(taken) * 1000


def new_scene(folder: Path) -> None:
    """Open a scene with small characters that speak lines of one second in turn, each with a take that plays."""
    scene = scenes.new_file()
    sound = speech_file(folder, 1, 1)
    cast = [scenes.add_character(scene) for _ in range(CHARACTERS)]
    for number in range(LINES):
        strip = scenes.add_strip(scene, sound, 1 + 30 * number, 1 + number % 4)
        strip.name, strip.diface.character = f"Line {number:03d}", cast[number % CHARACTERS]
    scene.diface.dialogue.others = "REST"
    if bpy.ops.diface.generate_scene() != {"FINISHED"}:
        sys.exit("Generate Scene did not finish")


def main() -> None:
    """Measure with lines that are all up to date, as most are while one is edited."""
    diface_addon.register()
    worker = process.WorkerProcess("tests.addon.worker.fake_engine")
    process._shared = worker
    with tempfile.TemporaryDirectory() as name:
        new_scene(Path(name))
        drawing = milliseconds(lambda: panel_drawing.drawn("Dialogue"), REPEATS)
        finding = milliseconds(lambda: lines.find_lines(bpy.context), REPEATS)
        bpy.context.scene.diface.dialogue.others = "LISTEN"
        planning = milliseconds(lambda: scene_plan.make_plan(bpy.context), 1)
    print(flush=True)  # Blender's last report may have been written without its end
    row(f"{WHAT}: a redraw of the panel Dialogue, with every row", f"{drawing:.0f} ms", f"at most {TARGET:.0f} ms")
    row(f"{WHAT}: their states", f"{finding:.0f} ms", "")
    row(f"{WHAT}: the plan of Generate Scene where the others listen", f"{planning / 1000:.1f} s", "")
    worker.close()
    diface_addon.unregister()


if __name__ == "__main__":
    main()
