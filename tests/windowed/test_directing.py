"""One line of speech, directed by mouse: a mood, the gaze, a word, a fault, few keys and one that is moved."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from . import steps
from .pictures import Pictures
from .steps import HEAD, MODULE, TAKES, motion, scrub, set_key_on, set_value, wait_for_job
from .window import BlenderWindow

soundfile = pytest.importorskip("soundfile")

FINDINGS = "[row.name for row in bpy.context.window_manager.diface.findings]"
CURVES = f"""
obj = {HEAD}
bags = [bag for data in (obj, obj.data.shape_keys) for layer in data.animation_data.action.layers
        for strip in layer.strips for bag in strip.channelbags]
jaw = next(curve for bag in bags for curve in bag.fcurves if curve.data_path == 'key_blocks["jawOpen"].value')
"""
"""Assigns the curves of the active take."""
OPEN_LIPS = f"""
obj = {HEAD}
keys = obj.data.shape_keys.key_blocks
for frame in range(197, 204):
    bpy.context.scene.frame_set(frame)
    for name, value in (("jawOpen", 0.25), ("mouthClose", 0), ("mouthPressLeft", 0), ("mouthPressRight", 0)):
        keys[name].value = value
        keys[name].keyframe_insert("value")
"""
"""Sets keys that part the lips on the m of "moment"."""


@pytest.fixture(scope="module")
def sidebar(blender: BlenderWindow) -> steps.Sidebar:
    """Return the sub-panels. The head must have been added."""
    return steps.Sidebar(blender)


def new_take(blender: BlenderWindow, does: str) -> None:
    """Click a button whose job makes a take."""
    takes = len(blender.ask(TAKES))
    blender.click(does)
    blender.wait_until(lambda: len(blender.ask(TAKES)) > takes, 120, "a new take")
    wait_for_job(blender)


def test_line_is_generated(blender: BlenderWindow, small_zip: Path, speech: Path, pictures: Pictures) -> None:
    steps.install(blender, small_zip)
    # PocketSphinx has no package for the newest Python.
    blender.run(f"bpy.context.preferences.addons[{MODULE!r}].preferences.python = {sys.executable!r}")
    steps.open_panel(blender)
    steps.add_head(blender)
    pictures.frame_head()
    sound = blender.folder / "speech.wav"
    soundfile.write(sound, *soundfile.read(speech))
    steps.load_audio(blender, sound)
    steps.generate(blender)


def test_keyed_mood_changes_the_face_from_its_first_key_on(
    blender: BlenderWindow, sidebar: steps.Sidebar, pictures: Pictures
) -> None:
    before = motion(blender)
    sidebar.open("Mood")
    scrub(blender, 60)
    set_key_on(blender, "mood.happy")
    scrub(blender, 140)
    set_value(blender, "mood.happy", 0.9)
    set_key_on(blender, "mood.happy")
    pictures.take("directing-mood", 140)
    change = np.abs(motion(blender) - before)[:, 3:].max(axis=1)
    assert change[:40].max() < 1e-6  # moods ease in and out
    assert change[:59].max() < 0.01
    assert change[140:].min() > 0.1


def test_eyes_look_at_the_camera(blender: BlenderWindow, sidebar: steps.Sidebar, pictures: Pictures) -> None:
    before = motion(blender)
    sidebar.open("Gaze")
    blender.click("gaze.use")
    _x, y = blender.button("gaze.look_at")
    place = blender.region("VIEW_3D", "UI")
    blender.desktop.click(place.x + round(place.width * 0.75), y)
    blender.wait_for(f"{HEAD}.diface.gaze.use and {HEAD}.diface.gaze.look_at == 'CAMERA'", 20)
    pictures.take("directing-gaze")
    assert np.abs(motion(blender) - before).max() > 0.1


def test_word_is_chosen_from_the_list_and_said_wider(
    blender: BlenderWindow, sidebar: steps.Sidebar, speech: Path, pictures: Pictures
) -> None:
    sidebar.open("Words")
    blender.desktop.move(*blender.button("diface_words.text"))
    blender.desktop.do("click", "--repeat", 2, "--delay", 60, 1)
    time.sleep(0.5)
    words = json.loads(speech.with_suffix(".json").read_text("utf-8"))["words"]
    blender.desktop.write(" ".join(word for _start, _end, word in words))
    blender.desktop.press("Return")
    blender.click("diface.align_words()")
    blender.wait_for(f"len({HEAD}.diface_words.speeches) == 1", 60)
    wait_for_job(blender)
    time.sleep(1)
    x, y = blender.upper_edge("diface.align_words()")
    blender.desktop.click(x, y + 130)
    spoken = f"{HEAD}.diface_words.speeches[0]"
    blender.wait_for(f"{spoken}.words[{spoken}.index].text == 'weasels'", 20)
    before = motion(blender)
    new_take(blender, "diface.scale_word(how='WIDER')")
    pictures.take("directing-word")
    change = np.abs(motion(blender) - before).max(axis=1)
    assert change[76:93].max() > 0.02
    assert change[:60].max() < 1e-6
    assert change[120:].max() < 1e-6


def test_lips_that_keys_part_are_found_and_fixed_by_one_click(
    blender: BlenderWindow, sidebar: steps.Sidebar, pictures: Pictures
) -> None:
    sidebar.open("Diagnostics")
    blender.run(OPEN_LIPS)
    blender.click("diface.check_take()")
    wait_for_job(blender)
    assert len(blender.ask(FINDINGS)) == 1
    pictures.take("directing-diagnostics", 200)
    new_take(blender, "diface.fix_problem(index=0)")
    blender.wait_for(f"{FINDINGS} == []", 30)
    pictures.take("directing-sealed", 200)


def test_take_is_reduced_to_bezier_keys(blender: BlenderWindow, sidebar: steps.Sidebar, pictures: Pictures) -> None:
    count = f"{CURVES}result = sum(len(curve.keyframe_points) for bag in bags for curve in bag.fcurves)"
    sidebar.open("Takes")
    dense = blender.run(count)
    blender.click("diface.set_keys")
    time.sleep(1)
    blender.desktop.press("Return")
    blender.wait_until(lambda: blender.run(count) < 0.2 * dense, 60, "few keys")
    pictures.take("directing-reduced")


def test_key_that_is_moved_in_the_graph_editor_stays_in_the_next_take(
    blender: BlenderWindow, pictures: Pictures
) -> None:
    blender.run(
        "areas = bpy.context.window_manager.windows[0].screen.areas\n"
        "next(area for area in areas if area.type == 'DOPESHEET_EDITOR').ui_type = 'FCURVES'"
    )
    time.sleep(1)
    frame, value = blender.run(
        f"{CURVES}for bag in bags:\n"
        "    for curve in bag.fcurves:\n"
        "        for key in curve.keyframe_points:\n"
        "            key.select_control_point = key.select_left_handle = key.select_right_handle = False\n"
        "key = min(jaw.keyframe_points, key=lambda key: abs(key.co[0] - 120))\n"
        "key.select_control_point = True\n"
        "result = tuple(key.co)"
    )
    blender.desktop.move(*blender.region("GRAPH_EDITOR", "WINDOW").centre)
    blender.desktop.press("g", "y")
    blender.desktop.write("0.15")
    blender.desktop.press("Return")
    time.sleep(1)
    at_frame = f"{CURVES}result = jaw.evaluate({frame})"
    assert blender.run(at_frame) == pytest.approx(value + 0.15, abs=1e-5)
    takes = len(blender.ask(TAKES))
    blender.run(
        "area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == 'VIEW_3D')\n"
        f"bpy.context.scene.frame_set({round(frame)})\n"
        "with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area):\n"
        "    bpy.ops.diface.regenerate('INVOKE_DEFAULT', where='AROUND')"
    )
    blender.wait_until(lambda: len(blender.ask(TAKES)) > takes, 120, "a new take")
    wait_for_job(blender)
    assert blender.run(at_frame) == pytest.approx(value + 0.15, abs=1e-5)
    pictures.enlarge_graph()
    pictures.take("directing-key", below="GRAPH_EDITOR")
