"""A GLB file in a Godot project: the scene, the animation and its values are those of Blender's timeline."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels
from tests.addon.scene.export.exports import FIRST, LAST, animate

GODOT = os.environ.get("DIFACE_GODOT") or shutil.which("godot3-server")
"""Godot 3 without a window (Debian: godot3-server)."""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(GODOT is None, reason="Godot was not found (Debian: apt-get install godot3-server)."),
]
FPS = 24
IMPORT_SECONDS = 90
PROJECT = 'config_version=4\n[application]\nconfig/name="check"\n'
CHECK = """
extends SceneTree
func _init():
    var root = load("res://line.glb").instance()
    var player = root.get_node("AnimationPlayer")
    var name = player.get_animation_list()[0]
    var animation = player.get_animation(name)
    var tracks = {}
    for track in range(animation.get_track_count()):
        var keys = []
        for key in range(animation.track_get_key_count(track)):
            if animation.track_get_type(track) == Animation.TYPE_VALUE:
                keys.append([animation.track_get_key_time(track, key), animation.track_get_key_value(track, key)])
        tracks[str(animation.track_get_path(track))] = keys
    print("FOUND " + JSON.print({"name": name, "length": animation.length, "tracks": tracks}))
    quit()
"""


def test_godot_plays_the_line_under_its_names(scene, tmp_path) -> None:
    bpy.ops.diface.add_head()
    head = bpy.context.object
    scene.render.fps, scene.frame_start, scene.frame_end = FPS, FIRST, LAST
    animate(head)
    bpy.ops.diface.export_gltf(filepath=str(tmp_path / "line.glb"), names="ARKIT")
    frames = range(FIRST, LAST + 1)
    wanted = np.array([[value_at(head, frame, name) for name in channels.FACE] for frame in frames])

    found = read_in_godot(tmp_path)
    assert found["name"] == "line"
    assert found["length"] == pytest.approx((LAST - FIRST) / FPS, abs=1e-5)
    shapes = {path.rpartition("/")[2]: keys for path, keys in found["tracks"].items() if "blend_shapes/" in path}
    assert set(channels.FACE) <= set(shapes)
    for column, name in enumerate(channels.FACE):
        times, values = np.array(shapes[name]).T
        np.testing.assert_allclose(times, np.arange(len(frames)) / FPS, atol=1e-5)
        np.testing.assert_allclose(values, wanted[:, column], atol=1e-5, err_msg=name)
    assert any(path.lower().endswith("skeleton:head") for path in found["tracks"])


def value_at(head: bpy.types.Object, frame: int, name: str) -> float:
    bpy.context.scene.frame_set(frame)
    return head.data.shape_keys.key_blocks[name].value


def read_in_godot(folder: Path) -> dict:
    """Import the files of a folder into a Godot project, and return what the script found."""
    (folder / "project.godot").write_text(PROJECT, "utf-8")
    (folder / "check.gd").write_text(CHECK.replace("    ", "\t"), "utf-8")
    (folder / "home").mkdir()
    environment = {**os.environ, "HOME": str(folder / "home"), "XDG_DATA_HOME": str(folder / "home")}
    with contextlib.suppress(subprocess.TimeoutExpired):  # Debian's Godot 3.2 may hang at its exit, after the import
        run_godot(environment, "--path", str(folder), "--editor", "--quit")
    shown = run_godot(environment, "--path", str(folder), "-s", "check.gd")
    line = next((line for line in shown.splitlines() if line.startswith("FOUND ")), None)
    assert line, shown
    return json.loads(line.removeprefix("FOUND "))


def run_godot(environment: dict[str, str], *arguments: str) -> str:
    command = [str(GODOT), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=False)
    return done.stdout
