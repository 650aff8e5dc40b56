"""Time of Generate Scene against the same lines generated alone, as table rows: `python3 build.py bench`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import bpy
from benchmark_tools import row, speech_file

import diface_addon
from diface_addon import compat

CHARACTERS = 3
SECONDS = (4, 11, 6, 9, 5, 10, 7, 8, 6, 9, 5, 10)
"""Durations of twelve lines: 90 s."""
MOST = 1.3
"""How much longer one press may take than the same lines alone."""
WHAT = f"{len(SECONDS)} lines of {CHARACTERS} characters, {sum(SECONDS)} s, Final"


def new_scene(seconds: tuple[int, ...], folder: Path, number: int) -> list[str]:
    """Open a scene with three bundled heads and a strip for each line, and return the strips' names."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    scene.render.fps = 24
    heads = []
    for _ in range(CHARACTERS):
        bpy.ops.diface.add_head()
        heads.append(bpy.context.active_object)
    editor, frame, names = scene.sequence_editor_create(), 1, []
    if compat.HAS_SEQUENCER_SCENE and bpy.context.workspace:
        bpy.context.workspace.sequencer_scene = scene
    for index, length in enumerate(seconds):
        path = speech_file(folder, length, number + index)
        strip = compat.strips(editor).new_sound(f"Line {index}", str(path), 1 + index % CHARACTERS, frame)
        strip.diface.character = heads[index % CHARACTERS]
        frame = compat.strip_bounds(strip)[1] + 6
        names.append(strip.name)
    scene.diface.quality = "FINAL"
    return names


def timed(run, **options) -> float:
    """Return the seconds that an operator takes."""
    began = time.perf_counter()
    if run(**options) != {"FINISHED"}:
        sys.exit("an operator did not finish")
    return time.perf_counter() - began


def main() -> None:
    """Measure each line alone in a new scene, and all in one press, with sounds that no cache contains."""
    diface_addon.register()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new_scene((3,), folder, 900)
        timed(bpy.ops.diface.generate_scene)  # the worker runs from now on, with its models loaded
        alone = 0.0
        for index, length in enumerate(SECONDS):
            strips = new_scene((length,), folder, 100 + index)
            alone += timed(bpy.ops.diface.generate_line, strip=strips[0])
        results = {}
        for number, others in enumerate(("REST", "LISTEN")):
            new_scene(SECONDS, folder, 200 + 100 * number)
            bpy.context.scene.diface.dialogue.others = others
            results[others] = timed(bpy.ops.diface.generate_scene)
            again = timed(bpy.ops.diface.generate_scene)
        pressed = results["REST"]
        row(f"{WHAT}: each generated alone, in all", f"{alone:.1f} s", "")
        row(
            f"{WHAT}: one press of Generate Scene",
            f"{pressed:.1f} s ({pressed / alone:.2f} x the lines alone)",
            f"at most {MOST} x",
        )
        row(f"{WHAT}: the same, and the others listen", f"{results['LISTEN']:.1f} s", "")
        row(f"{WHAT}: a press when all is up to date", f"{again:.2f} s", "")
    diface_addon.unregister()


if __name__ == "__main__":
    main()
