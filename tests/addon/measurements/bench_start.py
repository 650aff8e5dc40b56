"""What enabling the add-on adds to the start of Blender, against an add-on with one panel, as rows."""

from __future__ import annotations

import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bpy
from benchmark_tools import row

RUNS = 11
WORDS = "Blender's start with the add-on enabled"
SMALL = """
import bpy

class EMPTY_PT_panel(bpy.types.Panel):
    bl_label, bl_space_type, bl_region_type = "Empty", "VIEW_3D", "UI"

    def draw(self, context):
        pass

register, unregister = bpy.utils.register_classes_factory((EMPTY_PT_panel,))
"""
"""The add-on that is measured in turn with DiFACE: what any add-on costs is no part of the result."""


def measure_in_this_process(name: str) -> None:
    """Print the milliseconds of the clock and of the processor that enabling an add-on takes, and its modules."""
    bpy.ops.wm.read_factory_settings()
    before = len(sys.modules)
    began = time.perf_counter(), time.process_time()
    addon = importlib.import_module(name)
    addon.register()
    ended = time.perf_counter(), time.process_time()
    milliseconds = [1000 * (end - begin) for begin, end in zip(began, ended, strict=True)]
    print("milliseconds:", *milliseconds, len(sys.modules) - before, flush=True)
    addon.unregister()


def measure_in_a_fresh_process(name: str, folder: str) -> tuple[float, ...]:
    """Return what `measure_in_this_process` printed. Modules are compiled once, as where an add-on is installed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join([folder, environment.get("PYTHONPATH", "")])
    command = [sys.executable, __file__, name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    found = [line for line in done.stdout.splitlines() if line.startswith("milliseconds: ")]
    if not found:
        sys.exit(done.stdout + done.stderr)
    return tuple(map(float, found[0].split()[1:]))


def main() -> None:
    ours: list[tuple[float, ...]] = []
    small: list[tuple[float, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "small_addon.py").write_text(SMALL, "utf-8")
        for _ in range(RUNS + 1):
            ours.append(measure_in_a_fresh_process("diface_addon", folder))
            small.append(measure_in_a_fresh_process("small_addon", folder))
    clock, processor, modules = (  # the first of each compiled what was changed
        statistics.median(values) - statistics.median(others)
        for values, others in zip(zip(*ours[1:], strict=True), zip(*small[1:], strict=True), strict=True)
    )
    row(f"{WORDS}: added", f"{clock:.0f} ms", "50 ms")
    row(f"{WORDS}: of which the processor", f"{processor:.0f} ms", "")
    row(f"{WORDS}: modules", f"{modules:.0f}", "")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_in_this_process(sys.argv[1])
    else:
        main()
