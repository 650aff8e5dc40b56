"""Time from the first Generate in a fresh Blender to 12 s of keys, with and without an early worker, as rows."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bpy
from benchmark_tools import row, speech_file

import diface_addon
from diface_addon.jobs.setup import prefetch
from diface_addon.worker import process

RUNS = 5
SECONDS = 12
CHOOSING = 3.0
"""Seconds that the user takes from adding the head to the click."""
EARLY, AT_THE_CLICK = "early", "at the click"


def measure_in_this_process(start: str) -> None:
    """Print the seconds that starting the worker takes from the interface, and those from the click to keys."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_CACHE_HOME"] = folder
            bpy.ops.diface.add_head()
            began = time.perf_counter()
            if start == EARLY:
                prefetch._start()  # what the timer calls; without a window no timer runs
            blocked = time.perf_counter() - began
            settings = bpy.context.scene.diface
            settings.source, settings.filepath = "FILE", str(speech_file(Path(folder), SECONDS))
            time.sleep(CHOOSING)
            began = time.perf_counter()
            if bpy.ops.diface.generate() != {"FINISHED"}:
                sys.exit("generate did not finish")
            print(f"seconds: {blocked} {time.perf_counter() - began}", flush=True)
            assert process.shared_worker().pid
    finally:
        diface_addon.unregister()


def measure_in_a_fresh_process(start: str) -> tuple[float, float]:
    """Return the seconds that the interface waited for the start, and those from the click to keys."""
    done = subprocess.run([sys.executable, __file__, start], capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("seconds: ")]
    if not found:
        sys.exit(done.stdout + done.stderr)
    blocked, clicked = map(float, found[0].split()[1:])
    return blocked, clicked


def main() -> None:
    for start, wanted in ((AT_THE_CLICK, ""), (EARLY, "1 s")):
        runs = [measure_in_a_fresh_process(start) for _ in range(RUNS)]
        seconds = statistics.median(clicked for _, clicked in runs)
        row(f"First click to {SECONDS} s of keys, worker started {start}", f"{seconds:.2f} s", wanted)
    row("Interface waits for the early start", f"{1000 * max(blocked for blocked, _ in runs):.0f} ms", "")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_in_this_process(sys.argv[1])
    else:
        main()
