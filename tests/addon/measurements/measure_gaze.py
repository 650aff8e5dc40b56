"""Measure the angle between rendered eyes and their target, on generated speech: heads that nod, targets that move.

python -m tests.addon.measurements.measure_gaze [FILE] [--seconds 12]

Requires a Python that has Blender as a module, and DIFACE_PYTHON. Characters of other makers are measured if they are
beside the checkout.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np

import diface_addon
from diface_addon.cli.demo import suppress_output
from diface_addon.scene.characters import bundled_head
from diface_addon.settings import scene_settings
from diface_addon.worker import process
from tests.addon.characters import eye_and_tongue_bones, other_makers
from tests.addon.characters.eye_angles import Eyeballs
from tests.addon.scene import scenes
from tests.conftest import ROOT

SPEECH = ROOT / "tests" / "data" / "speech.flac"
SHARED = ROOT.parent / "shared" / "data" / "characters"
ROCKETBOX_EYES = {"Left": "AK_15_EyeLookOutLeft", "Right": "AK_16_EyeLookOutRight"}
TARGETS = {
    "1.4 m ahead": (0.0, 1.4, 0.0),
    "10 degrees aside": (0.25, 1.4, 0.0),
    "45 degrees aside": (1.0, 1.0, 0.0),
    "20 degrees up": (0.0, 1.3, 0.47),
    "0.4 m ahead": (0.0, 0.4, 0.0),
}
"""Metres to the left, ahead and up of the middle of the eyes, of a head with 64 mm between the eyes."""
EYES_APART = 0.064
SETTLED, STEP = 30, 5
"""First frame that is measured, and frames between two."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.addon.measurements.measure_gaze", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=SPEECH, help="speech (default: the sample)")
    parser.add_argument("--seconds", type=float, default=12.0, help="seconds of it that are measured (default: 12)")
    given = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    try:
        _row("character", "target", "median", "95%", "largest, degrees", "head turns, degrees", "applied in, ms")
        for label, eyes in _characters():
            _measure(label, eyes, given.file, given.seconds)
    finally:
        process.close_shared_worker()
        diface_addon.unregister()


def _characters() -> Iterator[tuple[str, Eyeballs]]:
    """Yield characters in new files, by label, with their eyeballs at rest."""
    scenes.new_file()
    yield "bundled head", Eyeballs.of_bundled(bundled_head.add_head(bpy.context))
    for label, tracked in (("eye bones", ""), ("a target for each eye", "each")):
        scenes.new_file()
        yield label, Eyeballs.of_built(eye_and_tongue_bones.build_with_bones(tracked))
    if SHARED.is_dir():
        scenes.new_file()
        main_mesh = other_makers.load("Rocketbox", SHARED).main
        bpy.context.view_layer.objects.active = main_mesh
        yield "Rocketbox", Eyeballs.of_shapes(main_mesh, ROCKETBOX_EYES)


def _measure(label: str, eyes: Eyeballs, file: Path, seconds: float) -> None:
    """Print a row for each target of a character."""
    scene = bpy.context.scene
    scene.render.fps = 30
    scenes.use_audio_file(scene, file)
    scene.frame_set(1)
    with suppress_output():
        assert bpy.ops.diface.generate() == {"FINISHED"}
    obj = scene_settings.character(bpy.context)
    target = bpy.data.objects.new("Target", None)
    scene.collection.objects.link(target)
    left, right = (points.mean(axis=0) for points in (eyes.rest["Left"], eyes.rest["Right"]))
    size = float(np.linalg.norm(left - right)) / EYES_APART
    axes = size * np.stack([(left - right) / np.linalg.norm(left - right), eyes.forward, [0.0, 0.0, 1.0]])
    frames = range(SETTLED, int(seconds * 30), STEP)
    obj.diface.gaze.often, obj.diface.gaze.target = 1.0, target
    for name, place in TARGETS.items():
        target.location = eyes.centre() + np.array(place) @ axes
        bpy.context.view_layer.update()
        obj.diface.gaze.use = False
        begin = time.process_time()
        obj.diface.gaze.use = True
        _print(label, name, eyes, [np.array(target.location)] * len(frames), frames, time.process_time() - begin)
    across = [eyes.centre() + np.array((x, 1.4, 0.0)) @ axes for x in (-0.6, 0.6)]
    for number in range(int(seconds) // 3 + 2):
        target.location = across[number % 2]
        target.keyframe_insert("location", frame=1 + 90 * number)
    begin = time.process_time()
    bpy.ops.diface.apply_articulation()
    spent = time.process_time() - begin
    places = []
    for frame in frames:
        scene.frame_set(frame)
        places.append(np.array(target.matrix_world.translation))
    _print(label, "moves across in 3 s", eyes, places, frames, spent)


def _print(label: str, name: str, eyes: Eyeballs, places: list[np.ndarray], frames: range, spent: float) -> None:
    """Print the angles on frames of the scene, the largest turn of the head, and how long a core worked on it."""
    found, turns = [], []
    for frame, place in zip(frames, places, strict=True):
        found.append(eyes.errors(place, [frame])[0])
        turns.append(eyes.turn_of_pair())
    angles = np.array(found)
    _row(label, name, *(f"{value:.2f}" for value in (np.median(angles), np.quantile(angles, 0.95), angles.max())),
        f"{max(turns):.0f}", f"{1000 * spent:.0f}")  # fmt: skip


def _row(*cells: str) -> None:
    """Print a row of a table."""
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
