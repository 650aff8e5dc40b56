"""Measure the cost of a minute of FLAME face motion in Blender.

python -m tests.addon.measurements.measure_flame FLAME.npz
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

import diface_addon
from diface_addon.core import types
from diface_addon.scene.characters import flame_mesh
from diface_addon.scene.takes import take_writers, write_take
from tests.addon.scene.flame_scenes import add_flame

ROWS, SHAPES, PLAYED = 1800, 40, 100


def main(file: Path, folder: Path) -> None:
    print(f"Blender {bpy.app.version_string}, {ROWS} frames, {SHAPES} shapes")
    draw = np.random.default_rng(0)
    names = tuple(f"shape_{number:02d}" for number in range(SHAPES))
    weights = np.sin(np.linspace(0, 300, ROWS)[:, None] + np.arange(SHAPES)).astype(np.float32)
    shapes = types.Shapes(names, draw.normal(size=(SHAPES, 5023, 3)).astype(np.float32) * 0.002)
    motion = types.Motion(weights, names, types.FrameRate(30))
    for as_cache in (False, True):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        blend = folder / f"{as_cache}.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(blend))
        obj = add_flame(file)
        began = time.perf_counter()
        placed = flame_mesh.estimate_placement(obj, file)
        placing = time.perf_counter() - began
        write_take.write_take(obj, motion, "T", {"first_frame": 1}, placed, take_writers.CustomShapes(shapes, as_cache))
        writing = time.perf_counter() - began - placing
        bpy.ops.wm.save_mainfile()
        size = blend.stat().st_size / 1e6
        beside = sum(path.stat().st_size for path in folder.glob("*_diface/*")) / 1e6
        bpy.context.scene.frame_set(1)
        began = time.perf_counter()
        for frame in range(2, PLAYED + 2):
            bpy.context.scene.frame_set(frame)
        playing = (time.perf_counter() - began) / PLAYED * 1000
        print(
            f"{'vertex animation' if as_cache else 'shape keys':<17} placing {placing:.2f} s, writing {writing:.2f} s, "
            f"playing {playing:.1f} ms a frame, .blend {size:.0f} MB, beside it {beside:.0f} MB"
        )


if __name__ == "__main__":
    diface_addon.register()
    try:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(sys.argv[1]), Path(temporary))
    finally:
        diface_addon.unregister()
