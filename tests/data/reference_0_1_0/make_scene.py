"""Write scene.blend, scene.json, take.diface and style.safetensors with the add-on of version 0.1.0.

Runs at commit 16c6b03 only, with that commit's names. From the root of a checkout of it, whose assets are made, with
the variables PYTHONPATH=. and DIFACE_PYTHON (a Python with torch), and FLAME 2023 Open's arrays in FLAME_NPZ:

    BPY_4_5_PYTHON PATH/TO/make_scene.py strip                              (4.2's module cannot make sound strips)
    BPY_4_2_PYTHON PATH/TO/make_scene.py scene OUT_FOLDER FLAME_NPZ

The files are made in FOLDER, as takes keep the absolute path of their sound. README.md says what they hold.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import soundfile
from tests.addon.checkpoints import FACE, HEAD, checkpoint

import diface_addon
from diface_addon import compat, jobs, preferences, properties
from diface_addon.core import channels
from diface_addon.scene import (
    flame_mesh,
    generated,
    layer_tracks,
    packed_styles,
    pins,
    take_list,
    take_request,
    takes,
    vertex_pins,
)
from tests.addon import flame_scenes, scenes

FOLDER = Path("/tmp/diface_reference/0_1_0")
SPEECH = Path("tests/data/speech.flac")
SECONDS, FPS, FIRST = 3, 24, 11
NAMES = (
    "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight", "browInnerUp",
    "cheekPuff", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookUpLeft", "eyeLookOutRight", "breathIn", "cheeky",
)  # fmt: skip
FRAMES = (11, 25, 30, 35, 40.5, 51.25, 54, 65, 82)
GENERAL, HEAD_MODEL = "cond_012_17_00_concat_prob10_vel10", "head_reg"


def strip() -> None:
    """Write the scene that scene.blend begins as: a sound strip of three seconds from frame FIRST on."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    samples, rate = soundfile.read(SPEECH, frames=SECONDS * 16000)
    soundfile.write(FOLDER / "speech.wav", samples, rate)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = FPS, FIRST, FIRST + SECONDS * FPS - 1
    scene.sequence_editor_create()
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "strip.blend"))
    compat.strips(scene.sequence_editor).new_sound("speech.wav", "//speech.wav", 1, FIRST)
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "strip.blend"))


def make(out: Path, flame: Path) -> None:
    """Make the scene, save it, open it again, and write down what is in it."""
    shutil.copy(SPEECH, FOLDER / "long.flac")
    diface_addon.register()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(FOLDER / "strip.blend"))
        obj = scenes.add_character(bpy.context.scene, NAMES)
        style_file = personalised(obj)
        speak(obj)
        threediface(obj, flame)
        last_settings(obj)
        bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "scene.blend"), compress=True)
        jobs.close_shared_worker()
        bpy.ops.wm.open_mainfile(filepath=str(FOLDER / "scene.blend"))
        facts = facts_of(bpy.data.objects["Character"])
    finally:
        diface_addon.unregister()
    text = re.sub(r"(?<=[\[,])\s+(?=[-\d])|(?<=\d)\s+(?=\])", "", json.dumps(facts, indent=1))  # numbers in one line
    (out / "scene.json").write_text(text + "\n", "utf-8")
    (out / "style.safetensors").write_bytes(style_file)
    shutil.copy(FOLDER / "scene.blend", out / "scene.blend")
    asked = [str(FOLDER / "scene.blend"), "--take", "DiFACE speech.wav edited", "--out", str(out / "take.diface")]
    subprocess.run([sys.executable, "-m", "diface_addon.make_again", *asked], check=True)


def do(name: str, /, **options: Any) -> None:
    """Run one of the add-on's operators."""
    assert getattr(bpy.ops.diface, name)(**options) == {"FINISHED"}, name


def active(obj: bpy.types.Object) -> str:
    """The id of the take that animates a character."""
    (take,) = takes.active_takes(obj, takes.all_takes())
    return take


def personalised(obj: bpy.types.Object) -> bytes:
    """Learn the style "Reference" from a take of the whole recording, which is deleted again; its file."""
    settings = bpy.context.scene.diface
    settings.source, settings.filepath, settings.seed = "FILE", "//long.flac", 11
    do("generate")
    keys = obj.data.shape_keys.animation_data.action
    for name, scale in (("jawOpen", 1.4), ("mouthSmileLeft", 2.0), ("mouthSmileRight", 2.0)):
        for key in compat.channels_of(keys, "KEY").fcurves.find(f'key_blocks["{name}"].value').keyframe_points:
            key.co.y = min(1.0, key.co.y * scale)
    do("personalise", name="Reference")
    do("delete_take", take=active(obj))
    return packed_styles.data_of("Reference")


def speak(obj: bpy.types.Object) -> None:
    """Four takes of the bundled models: generated, regenerated around keys, in-between, and in another style."""
    settings = bpy.context.scene.diface
    settings.filepath, settings.seed = "//speech.wav", 3
    settings.guidance, settings.style_guidance, settings.variety = 2.0, 1.5, 0.9
    settings.face_strength, settings.head_strength, settings.head_axes = 1.1, 0.8, (1.0, 0.5, 1.5)
    settings.style, settings.second_style, settings.style_mix = "grid_s1", "rendered", 0.25
    settings.style_strength = 1.2
    settings.blinks_seed, settings.gaze_seed, settings.breath_seed = 4, 2, 1
    do("generate")

    scene, blocks = bpy.context.scene, obj.data.shape_keys.key_blocks
    for frame, value in ((20, 0.1), (60, 0.8)):  # curves of the user in the take's Actions
        blocks["cheeky"].value = value
        blocks["cheeky"].keyframe_insert("value", frame=frame)
        obj.location.x = value
        obj.keyframe_insert("location", index=0, frame=frame)
    curve(obj, "jawOpen", 30).co.y = 0.6123
    blocks["mouthSmileLeft"].value = 0.45
    blocks["mouthSmileLeft"].keyframe_insert("value", frame=40.5)
    curve(obj, "browInnerUp", 50).co.x = 51.25
    scene.frame_set(35)
    obj.rotation_euler.z = 0.25
    obj.keyframe_insert("rotation_euler", index=2, frame=35)
    settings.edit.pull, settings.edit.stay = 5.0, 0.25
    do("regenerate", where="AROUND")
    obj.data.shape_keys.animation_data.nla_tracks["DiFACE breath"].mute = True

    settings.edit.regions, settings.seed = {"LIPS", "JAW", "HEAD"}, 9
    do("in_between", first=55, last=75)
    between = active(obj)
    do("favourite_take", take=between)

    settings.style, settings.second_style, settings.style_mix = "Reference", "grid_s1", 0.4
    settings.parts, settings.seed, settings.gaze = "FACE", 5, False
    do("generate")
    settings.parts, settings.gaze = "BOTH", True
    do("use_take", take=between)
    curve(obj, "jawOpen", 65).co.y = 0.777  # a key that no take knows yet


def curve(obj: bpy.types.Object, name: str, frame: float) -> bpy.types.Keyframe:
    """The key of a shape key's curve at a frame."""
    animated = compat.channels_of(obj.data.shape_keys.animation_data.action, "KEY")
    points = animated.fcurves.find(f'key_blocks["{name}"].value').keyframe_points
    return next(key for key in points if key.co.x == frame)


def threediface(obj: bpy.types.Object, flame: Path) -> None:
    """Takes of the test worker in place of a user's 3DiFACE models: a head for the character, and a FLAME face.

    The FLAME mesh is saved without its vertices' places and without its edges; its shape keys hold displacements.
    """
    models = FOLDER.parent / "models"
    if not models.is_dir():
        checkpoint(models / GENERAL, FACE)
        checkpoint(models / HEAD_MODEL, HEAD)
    preferences.checkpoints_folder = lambda: models
    preferences.flame_file = lambda: None
    jobs.close_shared_worker()
    jobs._shared = jobs.WorkerProcess("tests.addon.engine")

    settings, playing = bpy.context.scene.diface, active(obj)
    settings.engine, settings.seed = "THREEDIFACE", 6
    settings.threediface.condition, settings.threediface.steps, settings.threediface.guidance = "5", 12, 0.75
    settings.parts = "HEAD"
    do("generate")
    do("use_take", take=playing)

    face = flame_scenes.add_flame(flame)
    face.name = "Face"
    settings.parts = "BOTH"
    do("generate")
    (actions,) = [some for some in takes.all_takes().values() if "shape_keys" in generated.request_of(some[0])]
    moved = np.zeros((5023, 3), np.float32)
    moved[::100, 2] = 0.01
    rest = flame_mesh.rest(face)
    vertex_pins.add(face, actions, 40.0, rest + moved)
    mesh = face.data
    deltas = {key.name: places(key) - rest for key in mesh.shape_keys.key_blocks}
    mesh.clear_geometry()
    mesh.vertices.add(len(rest))
    for name, delta in deltas.items():
        mesh.shape_keys.key_blocks[name].data.foreach_set("co", delta.round(7).ravel())
    bpy.context.view_layer.objects.active = obj


def places(key: bpy.types.ShapeKey) -> np.ndarray:
    """Where a shape key has the vertices (V, 3)."""
    found = np.empty(3 * len(key.data), np.float32)
    key.data.foreach_get("co", found)
    return found.reshape(-1, 3)


def last_settings(obj: bpy.types.Object) -> None:
    """The settings as the file has them."""
    settings = bpy.context.scene.diface
    settings.engine, settings.character, settings.strip, settings.quality = "DIFACE", obj, "speech.wav", "FINAL"
    settings.seed, settings.edit.swaps, settings.edit.source = 8, "12:40 55:80", "MARKERS"
    settings.threediface.face, settings.threediface.head, settings.threediface.all_steps = GENERAL, HEAD_MODEL, True


def facts_of(obj: bpy.types.Object) -> dict[str, Any]:
    """What is in the file, in terms that do not depend on names in the code."""
    found, listed = takes.all_takes(), take_list.entries(obj)
    playing = active(obj)
    facts = {
        "blender": bpy.app.version_string,
        "settings": settings_of(bpy.context.scene.diface),
        "takes": [
            {
                "id": entry.take, "name": entry.name, "owner": entry.owner, "seed": entry.seed,
                "active": entry.plays, "starred": entry.favourite,
                "layers": [layer_tracks.layer_of(action) for action in takes.apart(found[entry.take])[1]],
                "request": request_of(found[entry.take][0]),
            }
            for entry in listed
        ],
        "pins": pins_of(obj),
        "muted": [track.name for track in obj.data.shape_keys.animation_data.nla_tracks if track.mute],
        "styles": {name: hashlib.sha256(packed_styles.data_of(name)).hexdigest() for name in packed_styles.names()},
        "frames": FRAMES,
        "shown": {},
    }  # fmt: skip
    for entry in listed:
        if not entry.owner:
            takes.use_take(obj, found[entry.take])
            facts["shown"][entry.name] = shown(obj)
    takes.use_take(obj, found[playing])
    do("unpin_all")
    facts["unpinned"] = {"pins": pins_of(obj), "shown": shown(obj)}
    face = bpy.data.objects["Face"]
    (theirs,) = [actions for actions in found.values() if "shape_keys" in generated.request_of(actions[0])]
    facts["face"] = {
        "shape_keys": generated.request_of(theirs[0])["shape_keys"],
        "pinned_frames": vertex_pins.frames(theirs),
        "new_pinned_frames": vertex_pins.frames(theirs, unsettled=True),
        "shown": shown(face),
    }
    return facts


def settings_of(settings: properties.DifaceSettings) -> dict[str, Any]:
    """The scene's settings."""
    edit, theirs = settings.edit, settings.threediface
    return {
        "engine": settings.engine, "character": settings.character.name, "source": settings.source,
        "strip": settings.strip, "file": settings.filepath, "parts": settings.parts, "seed": settings.seed,
        "speech_guidance": settings.guidance, "face_strength": settings.face_strength,
        "head_strength": settings.head_strength, "head_axes": [*settings.head_axes], "style": settings.style,
        "second_style": settings.second_style, "style_mix": settings.style_mix,
        "style_strength": settings.style_strength, "style_guidance": settings.style_guidance,
        "variety": settings.variety, "blinks": settings.blinks, "blinks_seed": settings.blinks_seed,
        "gaze": settings.gaze, "gaze_seed": settings.gaze_seed, "breath": settings.breath,
        "breath_seed": settings.breath_seed, "quality": settings.quality, "edit_frames": edit.source,
        "edit_regions": sorted(edit.regions), "falloff": edit.pull, "keep_motion": edit.stay, "swaps": edit.swaps,
        "threediface_face": theirs.face, "threediface_head": theirs.head, "threediface_style": theirs.condition,
        "threediface_all_steps": theirs.all_steps, "threediface_steps": theirs.steps,
        "threediface_guidance": theirs.guidance, "threediface_motion_as": theirs.motion_as,
    }  # fmt: skip


def request_of(action: bpy.types.Action) -> dict[str, Any]:
    """The whole request that a take keeps; of its constraints how many there are."""
    asked = take_request.kept(action).request
    kept, engine = asked.constraints, asked.engine
    return {
        "parts": asked.parts, "fps": asked.rate.value, "seed": asked.seed, "steps": asked.steps,
        "speech_guidance": asked.guidance, "style_guidance": asked.style_guidance, "variety": asked.variety,
        "face_strength": asked.face_strength, "head_strength": asked.head_strength, "head_axes": asked.head_axes,
        "style": [[Path(name).name, weight] for name, weight in asked.style.blend],
        "style_strength": asked.style.strength,
        "layer_seeds": [asked.layers.blinks, asked.layers.gaze, asked.layers.breath],
        "first_frame": generated.request_of(action)["first_frame"],
        "constraints": kept and {
            "known": int(kept.keep.sum()), "pins": len(kept.pins), "falloff": kept.pull, "keep_motion": kept.stay,
        },
        "threediface": engine and {
            "models": [path and path.name for path in (engine.face, engine.head, engine.listener)],
            "style": engine.condition, "steps": engine.steps, "tolerance": engine.tolerance,
        },
    }  # fmt: skip


def pins_of(obj: bpy.types.Object) -> list[dict[str, Any]]:
    """The pins, and whether the motion was made without knowing them."""
    found, new = pins.look(obj)
    names = ("kind", "path", "index", "frame", "value")
    return [{**{name: getattr(pin, name) for name in names}, "new": pin in new} for pin in found]


def shown(obj: bpy.types.Object) -> dict[str, list[float]]:
    """What the shape keys and the rotation are at FRAMES."""
    values: dict[str, list[float]] = {}
    for frame in FRAMES:
        bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
        for key in obj.data.shape_keys.key_blocks[1:]:
            values.setdefault(key.name, []).append(key.value)
        for axis, name in enumerate(channels.HEAD):
            values.setdefault(name, []).append(obj.rotation_euler[axis])
        values.setdefault("location", []).extend(obj.location)
    return values


if __name__ == "__main__":
    strip() if sys.argv[1] == "strip" else make(*map(Path, sys.argv[2:4]))
