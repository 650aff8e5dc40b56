"""A .blend of version 0.1.0 (commit 16c6b03) is opened without loss, and its takes can be edited.

The files are described in tests/data/reference_0_1_0/README.md.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.scene.characters import flame_mesh
from diface_addon.scene.pins import pins, vertex_pins
from diface_addon.scene.provenance import layer_tracks, stored_request, take_request
from diface_addon.scene.styles import packed_styles
from diface_addon.scene.takes import take_index, take_list
from diface_addon.settings import preferences
from tests.addon.conftest import needs_audio
from tests.addon.scene.flame_scenes import evaluated_vertices
from tests.addon.settings.checkpoints import FACE, HEAD, checkpoint

REFERENCE = Path(__file__).parents[2] / "data" / "reference_0_1_0"
FACTS = json.loads((REFERENCE / "scene.json").read_text("utf-8"))
TAKES = {take["name"]: take for take in FACTS["takes"]}
FRAMES = FACTS["frames"]
ACTIVE = "DiFACE speech.wav edited.001"
HEAD_3DIFACE, FACE_3DIFACE = "3DiFACE speech.wav", "3DiFACE speech.wav.001"

SETTINGS = {
    "engine": "engine", "character": "character.name", "source": "source", "strip": "strip", "file": "filepath",
    "parts": "parts", "seed": "seed", "speech_guidance": "guidance", "face_strength": "face_strength",
    "head_strength": "head_strength", "head_axes": "head_axes", "style": "style", "second_style": "second_style",
    "style_mix": "style_mix", "style_strength": "style_strength", "style_guidance": "style_guidance",
    "variety": "variety", "blinks": "blinks", "blinks_seed": "blinks_seed", "gaze": "gaze", "gaze_seed": "gaze_seed",
    "breath": "breath", "breath_seed": "breath_seed", "quality": "quality", "edit_frames": "edit.frame_choice",
    "edit_regions": "edit.regions", "falloff": "edit.falloff", "keep_motion": "edit.keep_motion",
    "threediface_face": "threediface.face", "threediface_head": "threediface.head",
    "threediface_style": "threediface.condition", "threediface_all_steps": "threediface.all_steps",
    "threediface_steps": "threediface.steps", "threediface_guidance": "threediface.guidance",
    "threediface_motion_as": "threediface.motion_as",
}  # fmt: skip
"""Setting of scene.json -> its current path in `scene.diface`, or in the settings of a character."""


@pytest.fixture
def character(speech, tmp_path) -> bpy.types.Object:
    """Return the character of scene.blend, opened from a new folder that also contains the audio file."""
    shutil.copy(REFERENCE / "scene.blend", tmp_path / "scene.blend")
    samples, rate = soundfile.read(speech, frames=3 * 16000)
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    obj = bpy.data.objects["Character"]
    bpy.context.view_layer.objects.active = obj
    return obj


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """Return a folder of 3DiFACE models named as in the takes, set in the preferences."""
    folder = tmp_path / "models"
    face, head, _listener = TAKES[FACE_3DIFACE]["request"]["threediface"]["models"]
    checkpoint(folder / face, FACE)
    checkpoint(folder / head, HEAD)
    monkeypatch.setattr(preferences, "checkpoints_folder", lambda: folder)
    return folder


def request_of(action: bpy.types.Action) -> dict[str, Any]:
    """Return the request of a take under the names of scene.json; of its constraints only their number."""
    request = take_request.load(action).request
    kept, engine = request.constraints, request.engine
    return {
        "parts": list(request.parts), "fps": request.rate.value, "seed": request.seed, "steps": request.steps,
        "speech_guidance": request.guidance, "style_guidance": request.style_guidance, "variety": request.variety,
        "face_strength": request.face_strength, "head_strength": request.head_strength,
        "head_axes": list(request.head_axes),
        "style": [[Path(name).name, weight] for name, weight in request.style.blend],
        "style_strength": request.style.strength,
        "layer_seeds": [request.layers.blinks, request.layers.gaze, request.layers.breath],
        "first_frame": stored_request.read_request(action)["first_frame"],
        "constraints": kept and {
            "known": int(kept.known_mask.sum()), "pins": len(kept.pins), "falloff": kept.falloff,
            "keep_motion": kept.keep_motion,
        },
        "threediface": engine and {
            "models": [path and path.name for path in (engine.face, engine.head, engine.listener)],
            "style": engine.condition, "steps": engine.steps, "tolerance": engine.tolerance,
        },
    }  # fmt: skip


def pins_of(obj: bpy.types.Object) -> list[dict[str, Any]]:
    """Return the pins; "new" is whether the motion was not yet regenerated with them."""
    found, new = pins.find_pins_and_changes(obj)
    names = ("kind", "path", "index", "frame", "value")
    return [{**{name: getattr(pin, name) for name in names}, "new": pin in new} for pin in found]


def evaluated_values(obj: bpy.types.Object) -> dict[str, list[float]]:
    """Return the values of shape keys, rotation and location at FRAMES."""
    values: dict[str, list[float]] = {}
    for frame in FRAMES:
        bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
        for key in obj.data.shape_keys.key_blocks[1:]:
            values.setdefault(key.name, []).append(key.value)
        for axis, name in enumerate(channels.HEAD):
            values.setdefault(name, []).append(obj.rotation_euler[axis])
        values.setdefault("location", []).extend(obj.location)
    return values


def assert_evaluated_values(obj: bpy.types.Object, expected: dict[str, list[float]]) -> None:
    """Compare the evaluated animation of a character with that of version 0.1.0."""
    found = evaluated_values(obj)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, abs=1e-6), name


def active(obj: bpy.types.Object) -> set[str]:
    """Return the names of the takes that animate a character."""
    found = take_index.all_takes()
    return {found[take][0].name for take in take_index.active_takes(obj, found)}


def jaw(obj: bpy.types.Object, frame: float) -> float:
    bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
    return obj.data.shape_keys.key_blocks["jawOpen"].value


def curve(obj: bpy.types.Object, path: str, index: int) -> bpy.types.FCurve:
    return compat.find_channelbag(obj.animation_data.action, "OBJECT").fcurves.find(path, index=index)


@pytest.mark.parametrize("owner", ["Character", "Face", None])
def test_settings_are_migrated(character, owner) -> None:
    """Each character with takes gets the performance's settings of the scene, and so does a new one."""
    settings = bpy.context.scene.diface
    own = bpy.data.objects[owner].diface.performance if owner else settings.new_character
    assert (settings.edit.swap_first, settings.edit.swap_second) == (12, 40)  # from "12:40 55:80"
    for name, expected in ((name, value) for name, value in FACTS["settings"].items() if name != "swaps"):
        of_scene = SETTINGS[name].partition(".")[0] in ("character", "edit", "quality")
        value = (settings if of_scene else own).path_resolve(SETTINGS[name])
        found = sorted(value) if isinstance(expected, list) and isinstance(value, set) else value
        assert (list(found) if isinstance(expected, list) else found) == expected, name


def test_takes_are_listed(character) -> None:
    found = take_index.all_takes()
    listed = [
        {
            "id": entry.take, "name": entry.name, "owner": entry.other_character, "seed": entry.seed,
            "active": entry.is_active,
            "starred": entry.favourite,
            "layers": [layer for action in found[entry.take] if (layer := layer_tracks.layer_name(action))],
        }
        for entry in take_list.entries(character)
    ]  # fmt: skip
    assert listed == [{name: value for name, value in take.items() if name != "request"} for take in FACTS["takes"]]
    assert active(character) == {ACTIVE}


@pytest.mark.parametrize("name", TAKES)
def test_take_keeps_its_request(character, name) -> None:
    assert request_of(take_index.all_takes()[TAKES[name]["id"]][0]) == TAKES[name]["request"]


def test_pins_are_found_exactly(character) -> None:
    assert pins_of(character) == FACTS["pins"]
    assert {pin["frame"] for pin in FACTS["pins"] if pin["new"]} == {65.0}


def test_every_take_plays_the_same_motion(character) -> None:
    assert_evaluated_values(character, FACTS["shown"][ACTIVE])
    for name, expected in FACTS["shown"].items():
        assert bpy.ops.diface.use_take(take=TAKES[name]["id"]) == {"FINISHED"}
        assert_evaluated_values(character, expected)
    assert bpy.ops.diface.use_take(take=TAKES[ACTIVE]["id"]) == {"FINISHED"}
    assert_evaluated_values(character, FACTS["shown"][ACTIVE])
    assert [track.name for track in character.data.shape_keys.animation_data.nla_tracks if track.mute] == FACTS["muted"]


def test_unpin_all_restores_the_generated_motion(character) -> None:
    assert bpy.ops.diface.unpin_all(region="ALL") == {"FINISHED"}
    assert pins_of(character) == FACTS["unpinned"]["pins"] == []
    assert_evaluated_values(character, FACTS["unpinned"]["shown"])


def test_removed_pin_is_a_change_until_regeneration(character) -> None:
    bpy.context.scene.frame_set(30)
    assert bpy.ops.diface.unpin(where="PLAYHEAD") == {"FINISHED"}
    removed = next(pin for pin in FACTS["pins"] if pin["frame"] == 30)
    assert pins_of(character) == [pin for pin in FACTS["pins"] if pin != removed]
    _found, new = pins.find_pins_and_changes(character)
    assert [(pin.path, pin.frame, pin.value) for pin in new] == [
        (pin["path"], pin["frame"], pin["value"]) for pin in FACTS["pins"] if pin["new"] or pin == removed
    ]


def test_packed_style_is_unchanged(character, tmp_path) -> None:
    assert packed_styles.names() == list(FACTS["styles"])
    for name, digest in FACTS["styles"].items():
        unpacked = packed_styles.unpack(name, tmp_path)
        assert hashlib.sha256(unpacked.read_bytes()).hexdigest() == digest
        assert unpacked.name == TAKES["DiFACE speech.wav.001"]["request"]["style"][0][0]
        assert unpacked.read_bytes() == (REFERENCE / "style.safetensors").read_bytes()


def test_take_is_generated_from_the_audio_file_of_the_scene(character, worker) -> None:
    before = set(take_index.all_takes())
    assert bpy.ops.diface.generate() == {"FINISHED"}
    (new,) = set(take_index.all_takes()) - before
    request = request_of(take_index.all_takes()[new][0])
    wanted = FACTS["settings"]
    assert (request["seed"], request["style_guidance"]) == (wanted["seed"], wanted["style_guidance"])
    file = f"Reference-{FACTS['styles']['Reference'][:12]}.safetensors"
    assert [name for name, _weight in request["style"]] == [file, "grid_s1"]


@needs_audio
def test_regenerate_changes_motion_around_the_new_key_and_keeps_all_pins(character, worker) -> None:
    """The audio file of the take was moved; the strip has its current path."""
    before = {frame: jaw(character, frame) for frame in (11, 30, 40, 55, 75, 82)}
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert pins_of(character) == [{**pin, "new": False} for pin in FACTS["pins"]]
    after = {frame: jaw(character, frame) for frame in before}
    assert after[55] != before[55]
    assert after[75] != before[75]
    assert {frame: after[frame] for frame in (11, 30, 40)} == {frame: before[frame] for frame in (11, 30, 40)}
    assert jaw(character, 65) == np.float32(0.777)
    request = request_of(take_index.all_takes()[take_index.active_takes(character, take_index.all_takes()).pop()][0])
    assert (request["constraints"]["falloff"], request["constraints"]["keep_motion"]) == (5.0, 0.25)
    assert bpy.ops.diface.use_take(take=TAKES[ACTIVE]["id"]) == {"FINISHED"}
    assert_evaluated_values(character, FACTS["shown"][ACTIVE])


@needs_audio
def test_in_between_of_the_first_take(character, worker) -> None:
    assert bpy.ops.diface.use_take(take=TAKES["DiFACE speech.wav"]["id"]) == {"FINISHED"}
    before = {frame: jaw(character, frame) for frame in (18, 25, 42, 52)}
    assert bpy.ops.diface.in_between(first=20, last=50) == {"FINISHED"}
    after = {frame: jaw(character, frame) for frame in before}
    assert (after[18], after[52]) == (before[18], before[52])
    assert after[25] != before[25]
    assert after[42] != before[42]
    assert jaw(character, 30) == np.float32(0.6123)


@needs_audio
def test_edit_of_a_3diface_head(character, worker, models) -> None:
    character.data.shape_keys.animation_data_clear()  # a face of another take would be edited instead
    assert bpy.ops.diface.use_take(take=TAKES[HEAD_3DIFACE]["id"]) == {"FINISHED"}
    assert active(character) == {HEAD_3DIFACE}
    character.rotation_euler.y = 0.25
    character.keyframe_insert("rotation_euler", index=1, frame=44)
    action, turn = character.animation_data.action, curve(character, "rotation_euler", 2).evaluate(50)
    (pin,) = pins_of(character)
    assert (pin["frame"], pin["value"], pin["new"]) == (44.0, 0.25, True)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert character.animation_data.action != action
    assert pins_of(character) == [{**pin, "new": False}]
    assert curve(character, "rotation_euler", 1).evaluate(44) == 0.25
    assert curve(character, "rotation_euler", 2).evaluate(50) != turn
    request = request_of(character.animation_data.action)
    assert request["threediface"] == TAKES[HEAD_3DIFACE]["request"]["threediface"]


@pytest.fixture
def face(character, shared) -> bpy.types.Object:
    """Return the FLAME mesh with FLAME's vertices and faces, which scene.blend does not contain."""
    obj = bpy.data.objects["Face"]
    with np.load(shared / "flame2023open.npz") as arrays:
        vertices, faces = arrays["v_template"].astype(np.float64), arrays["faces"]
    rest = np.stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]], 1)
    moved = {key.name: np.empty(rest.size, np.float32) for key in obj.data.shape_keys.key_blocks}
    for name, values in moved.items():
        obj.data.shape_keys.key_blocks[name].data.foreach_get("co", values)
    obj.data.clear_geometry()
    obj.data.from_pydata(rest.tolist(), [], faces.tolist())
    for name, values in moved.items():
        obj.data.shape_keys.key_blocks[name].data.foreach_set("co", values + rest.ravel().astype(np.float32))
    obj.data.update()
    bpy.context.view_layer.objects.active = bpy.context.scene.diface.character = obj
    return obj


def test_3diface_face_plays_the_same_motion(face) -> None:
    assert flame_mesh.is_flame(face)
    assert active(face) == {FACE_3DIFACE}
    assert_evaluated_values(face, FACTS["face"]["shown"])
    (key,) = FACTS["face"]["shape_keys"]
    for frame, weight in zip(FRAMES, FACTS["face"]["shown"][key], strict=True):
        if frame == int(frame):
            moved = evaluated_vertices(face, int(frame)) - flame_mesh.rest_vertices(face)
            np.testing.assert_allclose(moved, np.tile((0, -0.01 * weight, 0), (len(moved), 1)), atol=1e-6)


def test_3diface_face_keeps_its_pin(face) -> None:
    actions = take_index.all_takes()[TAKES[FACE_3DIFACE]["id"]]
    assert vertex_pins.pin_frames(actions) == FACTS["face"]["pinned_frames"]
    assert vertex_pins.pin_frames(actions, changed_only=True) == FACTS["face"]["new_pinned_frames"]
    kept = vertex_pins.to_vertex_pins(face, actions, 11)
    assert kept.row.tolist() == [29.0]
    expected = np.zeros((5023, 3), np.float32)
    expected[::100, 1] = 0.01  # up, in FLAME's frame
    np.testing.assert_allclose(kept.vertices[0], expected, atol=1e-6)
