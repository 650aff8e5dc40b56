"""Kill the worker at a random moment of every Generate, and count lost scenes and leaked processes, as table rows.

docs/research/reliability.md has the command.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np

import diface_addon
from diface_addon import compat
from diface_addon.scene.takes import take_index
from diface_addon.worker import process
from tests.addon.measurements.benchmark_tools import ROOT, row

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT)
LONGEST = 1.6
"""Seconds after the click until the last moment of a kill: a generation with a new worker takes about as long."""


@dataclass
class Outcomes:
    """What happened in all generations."""

    messages: collections.Counter[str] = field(default_factory=collections.Counter)
    pids: set[int] = field(default_factory=set)
    killed = finished = refused = changed = missing = 0


def is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def state_of_file() -> list[object]:
    """Return the names of all data-blocks, what animates each, and all keys as bytes."""
    found: list[object] = []
    for collection in ("objects", "meshes", "shape_keys", "actions", "scenes", "sounds", "materials"):
        for block in getattr(bpy.data, collection):
            animation = getattr(block, "animation_data", None)
            tracks = [(track.name, len(track.strips)) for track in animation.nla_tracks] if animation else []
            action = animation.action.name if animation and animation.action else None
            found.append((collection, block.name, block.users, action, tracks))
    for action in bpy.data.actions:
        for bag in filter(None, (compat.find_channelbag(action, kind) for kind in ("KEY", "OBJECT"))):
            for curve in bag.fcurves:
                keys = np.empty(2 * len(curve.keyframe_points), np.float32)
                curve.keyframe_points.foreach_get("co", keys)
                found.append((action.name, curve.data_path, curve.array_index, keys.tobytes()))
    return found


def kill_later(seconds: float, number: int, outcomes: Outcomes, stop: threading.Event) -> None:
    """Kill the worker that runs after `seconds`, if one does."""
    stop.wait(seconds)
    pid = process.shared_worker().pid
    if pid is None:
        return
    outcomes.pids.add(pid)
    try:
        os.kill(pid, number)
        outcomes.killed += 1
    except ProcessLookupError:
        pass


def generate_once(chance: random.Random, outcomes: Outcomes) -> None:
    """Generate with a kill at a random moment, and compare the scene with the one before."""
    before, takes = state_of_file(), len(take_index.all_takes())
    stop = threading.Event()
    delay, number = chance.uniform(0, LONGEST), chance.choice(SIGNALS)
    killer = threading.Thread(target=kill_later, args=(delay, number, outcomes, stop))
    killer.start()
    try:
        assert bpy.ops.diface.generate() == {"FINISHED"}
        outcomes.finished += 1
        outcomes.missing += len(take_index.all_takes()) != takes + 1
    except RuntimeError as error:
        outcomes.refused += 1
        outcomes.messages[str(error).removeprefix("Error: ").partition(". ")[0]] += 1
        outcomes.changed += before != state_of_file()
    stop.set()
    killer.join()
    if pid := process.shared_worker().pid:
        outcomes.pids.add(pid)


def reopened_takes(folder: Path) -> int:
    """Save the file, open it again, and return the number of its takes."""
    path = str(folder / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    return len(take_index.all_takes())


def report(outcomes: Outcomes, kept: int, leaked: int) -> None:
    """Print the table rows."""
    row("generations, each with a kill at a random moment", str(outcomes.finished + outcomes.refused), "100")
    row("workers killed while they ran", str(outcomes.killed), "")
    row("finished: killed after the result, or while nothing was begun", str(outcomes.finished), "")
    row("ended with a message, and the scene as before", str(outcomes.refused - outcomes.changed), "")
    row("lost scenes: changed by a generation that failed", str(outcomes.changed), "0")
    row("lost takes: missing after a generation that finished", str(outcomes.missing), "0")
    row("takes missing after saving and reopening the file", str(outcomes.finished - kept), "0")
    row("processes of workers", str(len(outcomes.pids)), "")
    row("leaked processes", str(leaked), "0")
    for message, count in outcomes.messages.most_common():
        row(f"message: {message}", str(count), "")


def main() -> None:
    """Run all generations."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100, help="number of generations")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments")
    arguments = parser.parse_args()
    chance, outcomes = random.Random(arguments.seed), Outcomes()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            bpy.ops.diface.add_head()
            settings = bpy.context.scene.diface
            settings.source, settings.filepath = "FILE", str(ROOT / "tests/data/speech.flac")
            for seed in range(arguments.count):
                settings.seed = seed
                generate_once(chance, outcomes)
            settings.seed = arguments.count
            assert bpy.ops.diface.generate() == {"FINISHED"}, "the generation after the last kill failed"
            kept = reopened_takes(Path(folder)) - 1
        finally:
            diface_addon.unregister()
    time.sleep(1)
    leaked = sum(map(is_running, outcomes.pids))
    report(outcomes, kept, leaked)
    if outcomes.changed or outcomes.missing or leaked or kept != outcomes.finished:
        sys.exit("A scene was lost, or a process leaked.")


if __name__ == "__main__":
    main()
