"""Measure what a character of several meshes costs: finding it, solving its poses, playback, drawing the panel.

python -m tests.addon.measurements.measure_character_speed [LABEL ...]

Requires a Python that has Blender as a module. Characters of other makers are in ../shared/data/characters. Playback is
that of a take against the same character with a key on every frame of the same properties, set by hand in plain
Actions. Each figure is a median.
"""

from __future__ import annotations

import argparse
import statistics
import sys

import bpy
import numpy as np

import diface_addon
from diface_addon import compat
from diface_addon.cli.demo import suppress_output
from diface_addon.core import channels, types
from diface_addon.rig import binding, parts
from diface_addon.rig.discovery.discover import discover
from diface_addon.scene.animation import active_curves
from diface_addon.scene.takes import take_copies, take_index, write_take
from tests.addon.characters import armature_kind, eye_and_tongue_bones, kinds_by_label
from tests.addon.characters.bundled_parts import arkit_shapes
from tests.addon.characters.kinds import Built
from tests.addon.measurements.benchmark_tools import ROOT, median
from tests.addon.panels.panel_drawing import drawn
from tests.addon.scene import scenes

SHARED = ROOT.parent / "shared" / "data"
PLAYED, SOLVED, RUNS = 150, 1800, 7
PANELS = ("Main", "Edit", "Takes")
BONES, SHAPES = 250, 175
COLUMNS = (
    "character",
    "bones",
    "meshes",
    "shapes",
    "found s",
    "bound s",
    "solved s",
    "frame ms",
    "ratio",
    "no layers",
    "panel ms",
)


def large() -> Built:
    """Build a character of 250 bones and 175 shapes."""
    shapes = arkit_shapes()
    shapes |= {f"Corrective {number}": 0.1 * shapes["jawOpen"] for number in range(SHAPES - len(shapes))}
    built = armature_kind.build(armature_kind.Options(shapes=shapes, with_jaw=True, label="250 bones, 175 shapes"))
    bpy.context.view_layer.objects.active = built.armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = built.armature.data.edit_bones
    for number in range(BONES - len(bones)):
        bone = bones.new(f"Finger.{number:03}")
        bone.head, bone.tail, bone.parent = (0.4, 0, 0.9 + 0.001 * number), (0.45, 0, 0.9), bones["Hips"]
    bpy.ops.object.mode_set(mode="OBJECT")
    return built


BUILT = {"250 bones, 175 shapes": large, "eyes and tongue by bones": eye_and_tongue_bones.build_with_bones}


def smooth_motion(rows: int) -> types.Motion:
    """Return a motion of all channels that changes slowly, as speech does."""
    phases = np.random.default_rng(0).random(len(channels.ALL)) * 6
    values = 0.25 + 0.25 * np.sin(np.arange(rows)[:, None] * 0.25 + phases)
    return types.Motion(values.astype(np.float32), channels.ALL, types.FrameRate(30))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.addon.measurements.measure_character_speed")
    parser.add_argument("labels", nargs="*", help="characters (default: all)")
    given = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    try:
        for label in given.labels or [*BUILT, *kinds_by_label.labels(SHARED)]:
            with suppress_output():
                scenes.new_file()
                built = BUILT[label]() if label in BUILT else kinds_by_label.make(label, SHARED)
                cells = _measure(built)
            print(f"| {label} | {' | '.join(cells)} |", flush=True)
    finally:
        diface_addon.unregister()


def _measure(built: Built) -> list[str]:
    main = built.main
    found = median(lambda: discover(main), RUNS)
    bound = median(lambda: binding.bind(discover(main)))
    bones = len(built.armature.data.bones) if built.armature else 0
    keys = [part.data.shape_keys for part in parts.numbered_objects(main).values() if part.type == "MESH"]
    shapes = sum(len(of_mesh.key_blocks) - 1 for of_mesh in keys if of_mesh)
    motion = smooth_motion(SOLVED)
    columns = {name: motion.column(name) for name in motion.channels}
    solved = median(lambda: [group.solve(columns, motion.rate) for group in active_curves.groups(main)])
    ours, theirs = _playback(main, dict.fromkeys(channels.LAYERS, 0))
    whole, by_hand = _playback(main, None)
    bpy.context.view_layer.objects.active = main
    panel = median(lambda: [drawn(panel) for panel in PANELS], RUNS)
    numbers = f"{bones} {len(built.meshes)} {shapes}".split()
    seconds = [f"{value:.3f}" for value in (found, bound, solved)]
    return [
        *numbers,
        *seconds,
        f"{1000 * ours / PLAYED:.2f}",
        f"{ours / theirs:.2f}",
        f"{whole / by_hand:.2f}",
        f"{1000 * panel:.1f}",
    ]


def _playback(main: bpy.types.Object, layers: dict[str, int] | None) -> tuple[float, float]:
    """Return the seconds in which a take and hand-made keys play, runs in turn: other work slows both."""
    request = {"first_frame": 1, "layers": layers, "seed": 0}
    known = set(take_index.all_takes())
    written = write_take.write_take(main, smooth_motion(PLAYED), "Take", request)
    ours = [_play_seconds()]
    by_hand = take_copies.bake(main, next(take for name, take in take_index.all_takes().items() if name not in known))
    _replace_by_inserted_keys(by_hand)
    theirs = [_play_seconds()]
    for _ in range(RUNS - 1):
        for seconds, actions in ((ours, list(written.actions)), (theirs, by_hand)):
            _use(main, actions, by_hand)
            seconds.append(_play_seconds())
    return statistics.median(ours), statistics.median(theirs)


def _use(main: bpy.types.Object, actions: list[bpy.types.Action], by_hand: list[bpy.types.Action]) -> None:
    from_take = actions is not by_hand
    if from_take:
        for block in parts.data_blocks(main).values():
            if block.animation_data and block.animation_data.action in by_hand:
                block.animation_data.action = None
        write_take.use_take.use_take(main, actions)
    else:
        write_take.use_take.clear_face(main)
        for kind, block in parts.data_blocks(main).items():
            action = next((action for action in by_hand if compat.find_channelbag(action, kind)), None)
            if action:
                write_take.use_take.layer_tracks.remove_empty_tracks(block)
                compat.assign_action(block, action, kind)


def _replace_by_inserted_keys(actions: list[bpy.types.Action]) -> None:
    """Insert every key of the curves as an animator does, as Bezier keys of Blender's defaults."""
    for action in actions:
        for kind in compat.action_kinds(action):
            bag = compat.find_channelbag(action, kind)
            for path, index in [(curve.data_path, curve.array_index) for curve in bag.fcurves]:
                curve = bag.fcurves.find(path, index=index)
                points = [key.co[:] for key in curve.keyframe_points]
                bag.fcurves.remove(curve)
                new = bag.fcurves.new(path, index=index)
                for frame, value in points:
                    new.keyframe_points.insert(frame, value)


def _play_seconds() -> float:
    scene = bpy.context.scene

    def play() -> None:
        for frame in range(1, PLAYED + 1):
            scene.frame_set(frame)

    return median(play, 1)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
