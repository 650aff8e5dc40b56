"""Sound strips: which there are, and which part of which file one plays."""

from __future__ import annotations

from pathlib import Path

import bpy

from ... import compat
from ...core import errors, types
from ..files import temporary
from ..keys import frame_rate
from . import decode, mixdown

StripInScene = tuple[bpy.types.Scene, bpy.types.bpy_struct]
"""A strip and the scene whose sequencer holds it."""


def list_strips(context: bpy.types.Context) -> list[StripInScene]:
    """Every sound strip that the animator can see: the sequencer's scene first, then the 3D viewport's."""
    found, seen = [], set()
    for scene in (compat.sequencer_scene(context), context.scene):
        if scene and scene.sequence_editor and scene.name not in seen:
            seen.add(scene.name)
            found += [(scene, strip) for strip in compat.strips_all(scene.sequence_editor) if strip.type == "SOUND"]
    return found


def find_strip(context: bpy.types.Context, name: str) -> StripInScene:
    """The sound strip called `name`; for an empty name the active one, or the only one. Raises AudioError."""
    placed = list_strips(context)
    if name:
        placed = [(scene, strip) for scene, strip in placed if strip.name == name]
        if not placed:
            raise errors.AudioError(f'There is no sound strip called "{name}".', "Choose another in the DiFACE panel.")
        return placed[0]
    if not placed:
        hint = "Add one in the Sequencer, press Load Audio, or choose a file."
        raise errors.AudioError("There is no sound strip in this scene.", hint)
    active = [(scene, strip) for scene, strip in placed if strip == scene.sequence_editor.active_strip]
    if len(placed) > 1 and not active:
        raise errors.AudioError("There are several sound strips.", "Choose one in the DiFACE panel.")
    return (active or placed)[0]


def add_strip(context: bpy.types.Context, path: Path, frame: int) -> bpy.types.bpy_struct:
    """A new sound strip of `path` at `frame`, where the Sequencer shows it, on a free channel. Raises AudioError.

    Where the sequencer shows no scene yet (5.0 and newer), it is set to the context's.
    """
    if not path.is_file():
        raise errors.AudioError(f"There is no sound file {path}.", "Choose another.")
    scene = compat.sequencer_scene(context) or compat.show_in_sequencer(context)
    editor = scene.sequence_editor_create()
    taken = {strip.channel for strip in compat.strips(editor)}
    channel = next(number for number in range(1, 129) if number not in taken)
    try:
        return compat.strips(editor).new_sound(path.name, str(path), channel, frame)
    except RuntimeError as reason:
        raise errors.AudioError(f"{path.name} cannot be read as sound: {reason}", "Choose another file.") from reason


def bounds(strip: bpy.types.bpy_struct) -> tuple[int, int]:
    """First frame that the strip is heard on, and the frame after the last; meta strips cut what they hold."""
    first, end = compat.strip_bounds(strip)
    for meta in _parent_metas(strip):
        meta_first, meta_end = compat.strip_bounds(meta)
        first, end = max(first, meta_first), min(end, meta_end)
    return first, end


def audio_section(scene: bpy.types.Scene, strip: bpy.types.bpy_struct, folder: Path) -> types.AudioSection:
    """What the strip plays, as part of a file that the worker can read; files that have to be made go to `folder`.

    Volume and pan are left out: they are for the mix, and the speech stays the same. Raises AudioError or
    SceneError.
    """
    first, end = bounds(strip)
    _check_playable(scene, strip, end - first)
    rate = frame_rate.scene_rate(scene)
    seconds = rate.seconds(end - first)
    file = _sound_file(strip, folder)
    if compat.strip_is_retimed(scene, strip, file):
        return types.AudioSection(mixdown.mix_strip(scene, strip, (first, end), folder), 0.0, seconds)

    hidden = first - compat.strip_bounds(strip)[0]
    start = rate.seconds(compat.strip_trim(strip) + hidden) - getattr(strip, "sound_offset", 0.0)
    return types.AudioSection(decode.ensure_readable(file, folder), start, seconds)


def _parent_metas(strip: bpy.types.bpy_struct) -> list[bpy.types.bpy_struct]:
    metas = []
    while strip := strip.parent_meta():
        metas.append(strip)
    return metas


def _check_playable(scene: bpy.types.Scene, strip: bpy.types.bpy_struct, frames: int) -> None:
    chain = [strip, *_parent_metas(strip)]
    lanes = [meta.channels for meta in chain[1:]] + [scene.sequence_editor.channels]
    if any(part.mute for part in chain):
        raise errors.AudioError(f'The strip "{strip.name}" is muted.', "Unmute it (Alt H in the Sequencer).")
    if any(lane[part.channel].mute for part, lane in zip(chain, lanes, strict=True)):
        raise errors.AudioError(f'The channel of the strip "{strip.name}" is muted.', "Unmute it in the Sequencer.")
    if frames < 1:
        raise errors.AudioError(f'The strip "{strip.name}" has no length.', "Drag its handles apart.")
    if strip.sound is None:
        raise errors.AudioError(f'The strip "{strip.name}" has no sound.', "Choose another strip.")


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
