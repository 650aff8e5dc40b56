"""What enabling the add-on adds to the start of Blender: imports and registration, in fresh processes, as rows."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import bpy
from benchmark_tools import row

RUNS = 7
WORDS = "Blender's start with the add-on enabled"


def measure_in_this_process() -> None:
    """Print the milliseconds of the processor and of the clock that enabling takes, and the number of modules."""
    bpy.ops.wm.read_factory_settings()
    before = len(sys.modules)
    began = time.process_time(), time.perf_counter()
    import diface_addon  # here, because it is what is measured

    diface_addon.register()
    ended = time.process_time(), time.perf_counter()
    milliseconds = [1000 * (end - begin) for begin, end in zip(began, ended, strict=True)]
    print("milliseconds:", *milliseconds, len(sys.modules) - before, flush=True)
    diface_addon.unregister()


def measure_in_a_fresh_process() -> tuple[float, ...]:
    """Return what `measure_in_this_process` printed."""
    done = subprocess.run([sys.executable, __file__, "here"], capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("milliseconds: ")]
    if not found:
        sys.exit(done.stdout + done.stderr)
    return tuple(map(float, found[0].split()[1:]))


def main() -> None:
    measure_in_a_fresh_process()  # compiles what was changed
    processor, clock, modules = map(
        statistics.median, zip(*(measure_in_a_fresh_process() for _ in range(RUNS)), strict=True)
    )
    row(f"{WORDS}: added", f"{clock:.0f} ms", "50 ms")
    row(f"{WORDS}: of which the processor", f"{processor:.0f} ms", "")
    row(f"{WORDS}: modules", f"{modules:.0f}", "")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_in_this_process()
    else:
        main()
