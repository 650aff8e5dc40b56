"""Seconds that a change of the articulation takes on a take of a minute: run by `python3 build.py bench`."""

from __future__ import annotations

import bpy
import numpy as np
from benchmark_tools import median, row

import diface_addon
from diface_addon.core import channels, types
from diface_addon.scene.takes import write_take

SECONDS = 60
WANTED = "50 ms"
CHANGES = {
    "one setting (Jaw)": {"jaw": (0.8, 1.3)},
    "Head": {"head": (0.8, 1.3)},
    "Lead, which moves every face channel": {"lead": (20.0, 40.0)},
    "Lead, Smoothing and every strength": {"lead": (20.0, 40.0)},
}


def add_take(obj: bpy.types.Object, rate: types.FrameRate) -> None:
    """Write a take of SECONDS whose channels all move."""
    random, rows = np.random.default_rng(0), rate.rows(SECONDS)
    knots = random.random((rows // 4 + 2, len(channels.ALL))) * 0.5
    at = np.arange(rows) / 4
    values = np.stack([np.interp(at, np.arange(len(knots)), column) for column in knots.T], axis=1)
    motion = types.Motion(values.astype(np.float32), channels.ALL, rate)
    write_take.write_take(obj, motion, "Minute", {"first_frame": 1, "layers": {"blinks": 0, "gaze": 0, "breath": None}})


def measure(obj: bpy.types.Object, name: str, values: tuple[float, float]) -> float:
    """Return the median of the seconds that a setting takes to change."""
    turn = iter(values * 6)
    articulation = obj.diface.articulation
    setattr(articulation, name, next(turn))
    return median(lambda: setattr(articulation, name, next(turn)), 9)


def main() -> None:
    """Print a table row for each kind of change."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    bpy.ops.diface.add_head()
    obj = bpy.context.object
    bpy.context.scene.render.fps = 30
    add_take(obj, types.FrameRate(30))
    for what, change in CHANGES.items():
        if "every" in what and "strength" in what:
            for name in ("jaw", "lips", "rounding", "upper_face", "tongue", "head"):
                setattr(obj.diface.articulation, name, 1.2)
            obj.diface.articulation.smoothing = 30.0
        ((name, values),) = change.items()
        row(f"Articulation on a take of a minute: {what}", f"{1000 * measure(obj, name, values):.0f} ms", WANTED)
        obj.diface.articulation.property_unset(name)
    diface_addon.unregister()


if __name__ == "__main__":
    main()
