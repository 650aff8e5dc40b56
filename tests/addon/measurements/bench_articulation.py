"""Seconds that a change of articulation, mood or gaze takes on a take of a minute: run by `python3 build.py bench`."""

from __future__ import annotations

import time

import bpy
import numpy as np
from benchmark_tools import median, row

import diface_addon
from diface_addon.core import channels, types
from diface_addon.scene.takes import write_take
from diface_addon.settings.directing import articulation_settings

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


def measure(settings: bpy.types.PropertyGroup, name: str, values: tuple[float, float]) -> float:
    """Return the median of the seconds that a core works on a change of a setting."""
    turn = iter(values * 6)
    setattr(settings, name, next(turn))
    return median(lambda: setattr(settings, name, next(turn)), 9, time.process_time)


def show(what: str, seconds: float) -> None:
    row(f"{what}, on a take of a minute", f"{1000 * seconds:.0f} ms of a core", WANTED)


def measure_gaze(obj: bpy.types.Object) -> None:
    """Print rows of the gaze at a target that is still, keyed, or moved by more than keys."""
    target = bpy.data.objects.new("Target", None)
    bpy.context.scene.collection.objects.link(target)
    target.location = (0.4, -1.4, 0.1)
    obj.diface.gaze.target, obj.diface.gaze.use = target, True
    show("Gaze at a still target", measure(obj.diface.gaze, "head", (0.3, 0.6)))
    for number in range(SECONDS // 3):
        target.location.x = (-0.4, 0.4)[number % 2]
        target.keyframe_insert("location", frame=1 + 90 * number)
    show("Gaze at a keyed target", measure(obj.diface.gaze, "head", (0.3, 0.6)))
    target.driver_add("location", 2).driver.expression = "0.1 + 0.05 * sin(frame / 30)"
    show("Gaze at a target with a driver", measure(obj.diface.gaze, "head", (0.3, 0.6)))


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
        show(f"Articulation: {what}", measure(obj.diface.articulation, name, values))
        obj.diface.articulation.property_unset(name)
    articulation_settings.reset(obj)
    show("Mood", measure(obj.diface.mood, "happy", (0.4, 0.8)))
    obj.diface.mood.happy = 0.0
    measure_gaze(obj)
    diface_addon.unregister()


if __name__ == "__main__":
    main()
