"""Measure reduced keys on generated speech: how many remain, how far the motion moves, playback and file size.

python -m tests.addon.measurements.measure_reduction [--seconds 60]

Requires a Python that has Blender as a module, and DIFACE_PYTHON.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

import diface_addon
from diface_addon import compat
from diface_addon.cli.demo import suppress_output
from diface_addon.core import channels, head_file
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.provenance.reduction_state import Reduction
from diface_addon.scene.reduction import reduce_keys, restore_keys
from diface_addon.scene.takes import take_index
from diface_addon.worker import process
from tests.addon.measurements.benchmark_tools import median, row, speech_file
from tests.addon.scene import scenes

BOUNDS = (0.1, 0.25, 0.5, 1.0)
TAKES = 4
LONG = 516
"""Seconds of the long takes: 8.6 minutes."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.addon.measurements.measure_reduction", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the speech (default: 60)")
    parser.add_argument("--no-file", action="store_true", help="do not measure the size of a file with long takes")
    given = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure_bounds(Path(folder), given.seconds)
            if not given.no_file:
                _measure_file(Path(folder))
    finally:
        process.close_shared_worker()
        diface_addon.unregister()


def _generate(folder: Path, seconds: float) -> bpy.types.Object:
    """Return the bundled head in a new file, with a take of generated speech."""
    scene = scenes.new_file()
    scene.render.fps = 30
    obj = bundled_head.add_head(bpy.context)
    scenes.use_audio_file(scene, speech_file(folder, seconds))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return obj


def _measure_bounds(folder: Path, seconds: float) -> None:
    with suppress_output():
        obj = _generate(folder, seconds)
    actions = take_index.active_take(obj)
    rows = round(30 * seconds)
    dense, count = _shown(obj, rows), _key_count(actions)
    plain = median(lambda: _play(600))
    names = ("face tolerance", "keys", "of dense", "lips mm, largest", "head degrees, largest", "time", "playback")
    print(f"| {' | '.join(names)} |\n{'|---' * len(names)}|")
    for lips in BOUNDS:
        began = time.perf_counter()
        reduce_keys.reduce(obj, actions, Reduction(lips=lips))
        taken = time.perf_counter() - began
        error, kept = _shown(obj, rows) - dense, _key_count(actions)
        played = median(lambda: _play(600)) / plain
        for action in actions:
            restore_keys.restore(action)
        plain = median(lambda: _play(600))
        cells = (f"{lips} mm", f"{kept:,}", f"{100 * kept / count:.1f}%", f"{_lips(error):.2f}", f"{_head(error):.3f}")
        print(f"| {' | '.join(cells)} | {taken:.2f} s | {played:.2f} |", flush=True)


def _measure_file(folder: Path) -> None:
    """Print the size of a file with four takes of 8.6 minutes, dense and reduced."""
    with suppress_output():
        obj = _generate(folder, LONG)
        for number in range(1, TAKES):
            bpy.context.scene.diface.seed = number
            assert bpy.ops.diface.generate() == {"FINISHED"}
    path = folder / "takes.blend"
    sizes = []
    for reduced in (False, True):
        for actions in take_index.all_takes().values() if reduced else ():
            reduce_keys.reduce(obj, actions, Reduction())
        with suppress_output():
            bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
        sizes.append(path.stat().st_size / 1e6)
    row(
        f"{TAKES} takes of {LONG / 60:.1f} minutes in one file",
        f"{sizes[0]:.0f} MB dense, {sizes[1]:.0f} MB reduced",
        "60 MB",
    )


def _shown(obj: bpy.types.Object, rows: int) -> np.ndarray:
    return evaluate_curves.sample_motion(obj, 1, rows, channels.FACE + channels.HEAD).values.astype(np.float64)


def _lips(error: np.ndarray) -> float:
    head = head_file.load_head()
    effects = 1000 * head.deltas[:, head.landmarks["lips"]]
    return float(np.linalg.norm(np.tensordot(error[:, : len(channels.FACE)], effects, 1), axis=2).max())


def _head(error: np.ndarray) -> float:
    return float(np.degrees(np.linalg.norm(error[:, -3:], axis=1).max()))


def _key_count(actions: list[bpy.types.Action]) -> int:
    return sum(len(fcurve.keyframe_points) for action in actions for _address, fcurve in compat.action_fcurves(action))


def _play(frames: int) -> None:
    for frame in range(1, frames + 1):
        bpy.context.scene.frame_set(frame)


if __name__ == "__main__":
    main()
