"""Sound strips: find them, add them, and read which part of which file one plays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import bpy

from ... import compat
from ...core import errors, types
from ..files import temporary
from ..keys import frame_rate
from . import decode, mixdown

StripInScene = tuple[bpy.types.Scene, bpy.types.bpy_struct]
"""A strip, and the scene whose sequencer contains it."""

SOUND, MOVIE, SCENE = "SOUND", "MOVIE", "SCENE"
"""Types of strips that can have speech: a movie's own sound, and all sound of another scene."""
AUDIBLE = (SOUND, MOVIE, SCENE)

MAX_CHANNELS = 128
"""Channels that Blender's sequencer has."""


def list_strips(context: bpy.types.Context) -> list[StripInScene]:
    """Return every visible sound strip: those of the sequencer's scene, then those of the 3D viewport's.

    Without any, movie and scene strips.
    """
    every = list_all_strips(context)
    return [(scene, strip) for scene, strip in every if strip.type == SOUND] or every


def list_all_strips(context: bpy.types.Context) -> list[StripInScene]:
    """Return every visible strip that can have speech: sound strips, then movie and scene strips."""
    strips: list[StripInScene] = []
    scenes: list[bpy.types.Scene] = []
    for scene in (compat.sequencer_scene(context), context.scene):
        if scene and scene.sequence_editor and scene not in scenes:
            scenes.append(scene)
            strips += [(scene, strip) for strip in compat.strips_all(scene.sequence_editor)]
    heard = [(scene, strip) for scene, strip in strips if strip.type in AUDIBLE]
    return sorted(heard, key=lambda pair: pair[1].type != SOUND)


def find_strip(context: bpy.types.Context, name: str) -> StripInScene:
    """Return the strip called `name`; for an empty name the active sound strip, or the only one. Raises AudioError."""
    strips = list_strips(context)
    if name:
        strips = [(scene, strip) for scene, strip in list_all_strips(context) if strip.name == name]
        if not strips:
            raise errors.AudioError(f'There is no sound strip called "{name}".', "Choose another in the DiFACE panel.")
        return strips[0]
    if not strips:
        hint = "Add one in the Sequencer, press Load Audio, or choose a file."
        raise errors.AudioError("There is no sound strip in this scene.", hint)
    active = [(scene, strip) for scene, strip in strips if strip == scene.sequence_editor.active_strip]
    if len(strips) > 1 and not active:
        raise errors.AudioError("There are several sound strips.", "Choose one in the DiFACE panel.")
    return (active or strips)[0]


def add_strips(
    context: bpy.types.Context, paths: Sequence[Path], frame: int
) -> tuple[list[bpy.types.bpy_struct], list[errors.AudioError]]:
    """Add sound strips one after another on one channel, the first at a frame, and make it the active strip.

    Returns:
        The strips, and the errors of the files that cannot be read.

    Raises:
        AudioError: No file can be read, or no channel is free.
    """
    strips: list[bpy.types.bpy_struct] = []
    failures: list[errors.AudioError] = []
    for path in paths:
        begin, channel = (compat.strip_bounds(strips[-1])[1], strips[0].channel) if strips else (frame, None)
        try:
            strips.append(add_strip(context, path, begin, channel))
        except errors.AudioError as error:
            failures.append(error)
    if not strips:
        raise failures[0]
    if len(strips) > 1 and (scene := compat.sequencer_scene(context)):
        scene.sequence_editor.active_strip = strips[0]  # pyrefly: ignore[bad-assignment]
    return strips, failures


def add_strip(context: bpy.types.Context, path: Path, frame: int, channel: int | None = None) -> bpy.types.bpy_struct:
    """Add a sound strip in the scene that the Sequencer shows.

    If the Sequencer shows no scene (5.0 and later), it is set to the context's scene first.

    Args:
        context: Names the scenes.
        path: The sound file.
        frame: The first frame of the strip.
        channel: Its channel; None for one that is free from `frame` on.

    Raises:
        AudioError: The file cannot be read, or no channel is free.
    """
    if not path.is_file():
        raise errors.AudioError(f"There is no sound file {path}.", "Choose another.")
    scene = compat.sequencer_scene(context) or compat.show_in_sequencer(context)
    editor = scene.sequence_editor_create()
    channel = channel or _free_channel(editor, frame)
    try:
        strip = compat.strips(editor).new_sound(path.name, str(path), channel, frame)
    except RuntimeError as reason:
        raise errors.AudioError(f"{path.name} cannot be read as sound: {reason}", "Choose another file.") from reason
    if strip.sound.channels == "INVALID":  # Blender makes a strip of a file that it cannot read
        _remove(editor, strip)
        raise errors.AudioError(f"{path.name} cannot be read as sound.", "Choose another file.")
    return strip


def _remove(editor: bpy.types.SequenceEditor, strip: bpy.types.bpy_struct) -> None:
    """Remove a sound strip, and its sound if nothing else has it."""
    sound = strip.sound
    compat.strips(editor).remove(strip)
    if not sound.users:
        bpy.data.sounds.remove(sound)


def _free_channel(editor: bpy.types.SequenceEditor, frame: int) -> int:
    """Return the lowest empty channel; if all have strips, the lowest whose strips end before `frame`."""
    last_ends = dict.fromkeys(range(1, MAX_CHANNELS + 1), -math.inf)
    for strip in compat.strips(editor):
        last_ends[strip.channel] = max(last_ends.get(strip.channel, -math.inf), compat.strip_bounds(strip)[1])
    empty = [channel for channel, end in last_ends.items() if end == -math.inf]
    free = empty or [channel for channel, end in last_ends.items() if end <= frame]
    if not free:
        message = f"All {MAX_CHANNELS} channels of the Sequencer have strips after frame {frame}."
        raise errors.AudioError(message, "Delete or move some strips, or go to a later frame.")
    return free[0]


def bounds(strip: bpy.types.bpy_struct) -> tuple[int, int]:
    """Return the first frame on which the strip is audible, and the frame after the last; metas trim their strips."""
    first, end = compat.strip_bounds(strip)
    for meta in _parent_metas(strip):
        meta_first, meta_end = compat.strip_bounds(meta)
        first, end = max(first, meta_first), min(end, meta_end)
    return first, end


def audio_section(scene: bpy.types.Scene, strip: bpy.types.bpy_struct, folder: Path) -> types.AudioSection:
    """Return what the strip plays, as a section of a file that the worker can read.

    Volume and pan are ignored: they do not change the speech.

    Args:
        scene: The scene of the strip.
        strip: A sound strip.
        folder: Holds the files that have to be written.

    Raises:
        AudioError: The strip is muted, has no length, or its sound cannot be read.
        SceneError: A file cannot be written.
    """
    first, end = bounds(strip)
    check_playable(scene, strip, end - first)
    rate = frame_rate.scene_rate(scene)
    seconds = rate.seconds(end - first)
    if strip.type == SCENE:
        return types.AudioSection(_scene_sound(strip, rate, (first, end), folder), 0.0, seconds)
    if strip.type == MOVIE:
        return types.AudioSection(_movie_sound(strip, folder), first_second(strip, rate), seconds)
    file = _sound_file(strip, folder)
    if compat.strip_is_retimed(scene, strip, file):
        return types.AudioSection(mixdown.mix_strip(scene, strip, (first, end), folder), 0.0, seconds)

    return types.AudioSection(decode.ensure_readable(file, folder), first_second(strip, rate), seconds)


def first_second(strip: bpy.types.bpy_struct, rate: types.FrameRate) -> float:
    """Return the second of its sound with which a strip begins; negative if it begins with silence.

    At the sound's speed: 0 for a strip whose speed was changed, in Blenders that store that, and for a scene strip:
    what they play is mixed down.
    """
    if strip.type == SCENE or len(getattr(strip, "retiming_keys", ())):
        return 0.0
    hidden = bounds(strip)[0] - compat.strip_bounds(strip)[0]
    return rate.seconds(compat.strip_trim(strip) + hidden) - getattr(strip, "sound_offset", 0.0)


def _parent_metas(strip: bpy.types.bpy_struct) -> list[bpy.types.bpy_struct]:
    metas = []
    while strip := strip.parent_meta():
        metas.append(strip)
    return metas


def check_playable(scene: bpy.types.Scene, strip: bpy.types.bpy_struct, frames: int) -> None:
    """Raise AudioError if a strip of so many frames is not heard: muted, without length or sound. Fast."""
    chain = [strip, *_parent_metas(strip)]
    lanes = [meta.channels for meta in chain[1:]] + [scene.sequence_editor.channels]
    if any(part.mute for part in chain):
        raise errors.AudioError(f'The strip "{strip.name}" is muted.', "Unmute it (Alt H in the Sequencer).")
    if any(lane[part.channel].mute for part, lane in zip(chain, lanes, strict=True)):
        raise errors.AudioError(f'The channel of the strip "{strip.name}" is muted.', "Unmute it in the Sequencer.")
    if frames < 1:
        raise errors.AudioError(f'The strip "{strip.name}" has no length.', "Drag its handles apart.")
    if strip.type == SOUND and strip.sound is None:
        raise errors.AudioError(f'The strip "{strip.name}" has no sound.', "Choose another strip.")


def _scene_sound(strip: bpy.types.bpy_struct, rate: types.FrameRate, frames: tuple[int, int], folder: Path) -> Path:
    """Return what the scene of a strip plays from frames[0] up to frames[1] of the strip's scene. Raises AudioError."""
    inner = strip.scene
    if inner is None or len(getattr(strip, "retiming_keys", ())):
        message = f'The scene strip "{strip.name}" has no scene, or another speed.'
        raise errors.AudioError(message, "Choose another strip.")
    if not frame_rate.is_same(frame_rate.scene_rate(inner), rate):
        hint = "Give both scenes the same frame rate (Output properties)."
        raise errors.AudioError(f'The scene "{inner.name}" has another frame rate than its strip.', hint)
    begin = inner.frame_start + round(compat.strip_trim(strip)) + frames[0] - compat.strip_bounds(strip)[0]
    return mixdown.mix_other_scene(inner, (begin, begin + frames[1] - frames[0]), folder)


def _movie_sound(strip: bpy.types.bpy_struct, folder: Path) -> Path:
    """Return the sound of a movie as a file that the worker can read. Raises AudioError."""
    if len(getattr(strip, "retiming_keys", ())):
        hint = "Add a sound strip of the movie, retime that, and choose it."
        raise errors.AudioError(f'The movie strip "{strip.name}" plays at another speed.', hint)
    path = Path(bpy.path.abspath(strip.filepath)).absolute()
    if not path.is_file():
        hint = "Find it with File > External Data > Find Missing Files, or choose another strip."
        raise errors.AudioError(f'The file of the movie strip "{strip.name}" is missing: {path}.', hint)
    return decode.ensure_readable(path, folder)


def _sound_file(strip: bpy.types.bpy_struct, folder: Path) -> Path:
    sound = strip.sound
    path = Path(bpy.path.abspath(sound.filepath, library=sound.library)).absolute()
    if sound.packed_file:
        packed = folder / f"packed{path.suffix}"
        with temporary.raising_scene_errors():
            packed.write_bytes(sound.packed_file.data)
        return packed
    if not path.is_file():
        hint = "Find it with File > External Data > Find Missing Files, or choose another strip."
        raise errors.AudioError(f'The sound file of the strip "{strip.name}" is missing: {path}.', hint)
    return path
