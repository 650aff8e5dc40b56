"""Perform speech with a character as a user does: pick a part, load the sound, generate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import soundfile

from diface_addon import compat
from tests.addon.scene import scenes

from ..bundled_parts import FloatArray
from ..kinds import Built
from .lips import Lips, find_lips
from .model import Model
from .recording import at_rest, record
from .verdict import SHUT, Verdict, judge

FPS = 30


def prepare(last_frame: int) -> None:
    """Set the frame rate and the range of the scene, for audio from frame 1 on."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = FPS, 1.0
    scene.frame_start, scene.frame_end = 1, last_frame
    scene.frame_set(1)


def perform(picked: bpy.types.Object, speech: Path) -> None:
    """Pick an object and generate with default settings.

    Raises:
        RuntimeError: An operator refused.
    """
    scene = bpy.context.scene
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    picked.select_set(True)
    bpy.context.view_layer.objects.active = picked
    if compat.HAS_AUDIO:
        bpy.ops.diface.load_audio(filepath=str(speech))
    else:
        scenes.use_audio_file(scene, speech)
    bpy.ops.diface.generate()


def shut_rows(phones: Path, frames: np.ndarray) -> list[np.ndarray]:
    """Return for each m, b and p of a file of phones its rows of `frames`, and one more on each side."""
    times = (frames - 1) / FPS
    spans = [(begin, end) for begin, end, label in json.loads(phones.read_text("utf-8"))["phones"] if label in SHUT]
    found = [np.flatnonzero((times > begin - 1 / FPS) & (times < end + 1 / FPS)) for begin, end in spans]
    return [rows for rows in found if len(rows)]


def rounded_row(phones: Path, frames: np.ndarray) -> int:
    """Return the index in `frames` of the middle of the first rounded phone, W or UW or OW."""
    times = (frames - 1) / FPS
    for begin, end, label in json.loads(phones.read_text("utf-8"))["phones"]:
        if label in ("W", "UW", "OW") and end < times[-1]:
            return int(np.abs(times - (begin + end) / 2).argmin())
    return len(frames) // 2


def cut_speech(file: Path, folder: Path, seconds: float) -> Path:
    """Write the first seconds of a sound file, and return its path."""
    samples, rate = soundfile.read(file)
    path = folder / "speech.wav"
    soundfile.write(path, samples[: round(seconds * rate)], rate)
    return path


def pick(built: Built, what: str) -> bpy.types.Object:
    """Return an object of a character: "main", "armature", "empty", or what begins with this name."""
    if what == "main":
        return built.main
    if what == "armature" and built.armature:
        return built.armature
    return built.empties[0] if what == "empty" and built.empties else built.part(what)


@dataclass(frozen=True)
class Performance:
    """A judged performance, and what it was judged by."""

    verdict: Verdict
    rest: dict[bpy.types.Object, FloatArray]
    lips: Lips
    turns: FloatArray


def performance(built: Built, picked: bpy.types.Object, speech: Path, model: Model, phones: Path) -> Performance:
    """Generate from a picked object, and judge what is seen at the frames of `model`.

    Raises:
        RuntimeError: An operator refused.
    """
    frames = model.frames
    prepare(int(frames[-1]))
    lips, rest = find_lips(built), at_rest(built)
    before = record(built, rest, frames)
    bpy.context.scene.frame_set(1)
    perform(picked, speech)
    after = record(built, rest, frames)
    found = judge(built, lips, rest, before, after, model.opening, shut_rows(phones, frames))
    return Performance(found, rest, lips, after.turns)
