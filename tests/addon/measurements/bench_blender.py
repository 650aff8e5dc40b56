"""Times of generation, writing keys and playback in Blender, as table rows: `python3 build.py bench`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
from benchmark_tools import median, row, speech_file

import diface_addon
from diface_addon.core import channels, types
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.takes import take_index, take_list, use_take, write_take

RUNS = 3
FRAMES = 1800
TAKES = 20


def measure_generation(folder: Path) -> None:
    """Measure the time from a minute of speech to keys in the scene, with a running worker."""
    settings = bpy.context.scene.diface
    settings.source = "FILE"

    def generate(path: Path) -> None:
        settings.filepath = str(path)
        if bpy.ops.diface.generate() != {"FINISHED"}:
            sys.exit("generate did not finish")

    generate(speech_file(folder, 3, 99))
    for first, quality, wanted in ((0, "DRAFT", "at most 6 s"), (10, "FINAL", "")):
        settings.quality = quality
        files = iter([speech_file(folder, 60, first + number) for number in range(RUNS)])
        used_files: list[Path] = []

        def generate_new_file(files=files, used_files=used_files) -> None:
            used_files.append(next(files))
            generate(used_files[-1])

        seconds = median(generate_new_file)
        row(
            f"60 s of speech to keys, {quality.capitalize()}",
            f"{seconds:.1f} s ({60 / seconds:.0f} x real time)",
            wanted,
        )
        again = median(lambda used_files=used_files: generate(used_files[-1]))
        row(f"the same sound again, {quality.capitalize()}", f"{again:.1f} s", "")


def random_motion() -> types.Motion:
    values = np.random.default_rng(0).random((FRAMES, len(channels.ALL)), np.float32)
    return types.Motion(values, channels.ALL, types.FrameRate(30))


def measure_writing(obj: bpy.types.Object) -> None:
    """Measure writing 1,800 frames of all channels, and the same with Blender's keyframe_insert."""
    motion = random_motion()
    ours = median(lambda: write_take.write_take(obj, motion, "bench", {"first_frame": 1}))
    keys, frames = obj.data.shape_keys, 20

    def insert() -> None:
        for frame in range(frames):
            for block in keys.key_blocks[1:]:
                block.keyframe_insert("value", frame=frame)

    keys.animation_data_clear()
    theirs = median(insert, 1) * FRAMES / frames
    keys.animation_data_clear()
    measured = f"{ours:.2f} s ({theirs / ours:.0f} x as fast as keyframe_insert)"
    row(f"{FRAMES} frames of {len(channels.ALL)} channels written", measured, "at most 0.5 s")


def measure_playback(obj: bpy.types.Object) -> None:
    """Measure playback of a take, and of the same head with a key on every frame of every shape key."""
    scene = bpy.context.scene
    keys = obj.data.shape_keys

    def play() -> None:
        for frame in range(1, 301):
            scene.frame_set(frame)

    write_take.write_take(obj, random_motion(), "bench", {"first_frame": 1})
    ours = median(play)
    keys.animation_data_clear()
    obj.animation_data_clear()
    rng = np.random.default_rng(0)
    for frame in range(1, 301):
        for block in keys.key_blocks[1:]:
            block.value = rng.random()
            block.keyframe_insert("value", frame=frame)
        obj.rotation_euler = (0.01 * frame, 0, 0)
        obj.keyframe_insert("rotation_euler", frame=frame)
    theirs = median(play)
    row(
        "one frame of playback, relative to keys set by hand",
        f"{1000 * ours / 300:.1f} ms ({ours / theirs:.2f} x)",
        "at most 1 x",
    )


def measure_takes(obj: bpy.types.Object) -> None:
    """Measure reading a take as a motion, assigning another take, and the list of takes."""
    for number in range(TAKES):
        write_take.write_take(obj, random_motion(), f"take {number}", {"first_frame": 1})
    found = take_index.all_takes()
    names = iter(list(found) * 3)
    read = median(lambda: evaluate_curves.sample_motion(obj, 1, FRAMES, channels.ALL))
    row(f"a take of {FRAMES} frames read as a motion", f"{1000 * read:.0f} ms", "100 ms")
    switch = median(lambda: use_take.use_take(obj, take_index.all_takes()[next(names)]), 9)
    row(f"another of {TAKES} takes assigned", f"{1000 * switch:.0f} ms", "50 ms")
    listed = median(lambda: take_list.entries(obj), 9)
    row(f"list of {TAKES} takes", f"{1000 * listed:.0f} ms", "250 ms")


def main() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    try:
        bpy.ops.diface.add_head()
        obj = bpy.context.object
        measure_writing(obj)
        measure_playback(obj)
        with tempfile.TemporaryDirectory() as folder:
            measure_generation(Path(folder))
        measure_takes(obj)
    finally:
        diface_addon.unregister()


if __name__ == "__main__":
    main()
