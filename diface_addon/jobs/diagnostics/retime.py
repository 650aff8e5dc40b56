"""Moves a take in time: to its strip, to the scene's frame rate, or back in sync. The result is a new take."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import bpy

from ...core import errors, types
from ...scene.audio import audio_strip
from ...scene.comparison import ghost
from ...scene.diagnostics import check_sound, shift_take
from ...scene.edits import convert_take
from ...scene.keys import frame_rate
from ...scene.provenance import reduction_state, stored_request, take_request
from ...scene.reduction import reduce_keys, restore_keys
from ...scene.takes import rollback, take_copies, take_index, use_take
from ...settings import scene_settings
from .. import edit_shape_keys

Change = Callable[[list[bpy.types.Action], types.FrameRate, Path], None]
"""Changes a copy of a take with a key on every frame, at a frame rate. The folder is for files to be written."""


def convert(context: bpy.types.Context) -> None:
    """Copy the active take to the scene's frame rate. Raises SceneError."""

    def change(copies: list[bpy.types.Action], rate: types.FrameRate, folder: Path) -> None:
        mapping = convert_take.find_mapping(context, copies, rate, folder)
        convert_take.convert_take(copies, mapping, rate)

    _replace(context, change, "converted")


def follow_strip(context: bpy.types.Context, strip_name: str) -> None:
    """Copy the active take to where its strip is now. Raises AudioError, SceneError."""

    def change(copies: list[bpy.types.Action], rate: types.FrameRate, folder: Path) -> None:
        stored = stored_request.require_request(copies[0])
        scene, strip = audio_strip.find_strip(context, strip_name)
        section = audio_strip.audio_section(scene, strip, folder)
        start = check_sound.strip_start(strip, section, take_request.from_json(stored), rate)
        shift_take.move(copies, start - stored["first_frame"], rate)

    _replace(context, change, "moved")


def move(
    context: bpy.types.Context, obj: bpy.types.Object, actions: list[bpy.types.Action], frames: int
) -> list[bpy.types.Action]:
    """Return a copy of a take of a character, `frames` later, which is active instead of it. Raises SceneError."""

    def change(copies: list[bpy.types.Action], rate: types.FrameRate, _folder: Path) -> None:
        shift_take.move(copies, frames, rate)

    return _copy(context, obj, actions, change, "moved", use_take.use_take)


def shift(context: bpy.types.Context, seconds: float) -> None:
    """Copy the active take with all its keys earlier by `seconds`. Raises SceneError."""

    def change(copies: list[bpy.types.Action], rate: types.FrameRate, folder: Path) -> None:
        shift_take.sync(copies, -round(seconds * rate.value), rate)

    _replace(context, change, "in sync")


def _replace(context: bpy.types.Context, change: Change, suffix: str) -> None:
    """Make a changed copy of the active take active; the file is as it was if that fails."""
    obj = scene_settings.character(context)
    actions = take_index.active_take(obj)
    if not actions:
        raise errors.SceneError(f"{obj.name} has no active take.", "Choose one under Takes.")
    _copy(context, obj, actions, change, suffix, lambda obj, new: use_take.replace_active_take(obj, actions, new))


def _copy(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    actions: list[bpy.types.Action],
    change: Change,
    suffix: str,
    use: Callable[[bpy.types.Object, list[bpy.types.Action]], None],
) -> list[bpy.types.Action]:
    """Return a changed copy of a take, which `use` makes active; the file is as it was if that fails."""
    name = edit_shape_keys.name_with_suffix(actions[0].name, suffix)
    rate = frame_rate.scene_rate(context.scene)
    with tempfile.TemporaryDirectory() as folder, rollback.all_or_nothing(obj):
        copies = take_copies.duplicate(actions, name)
        reductions = [reduction_state.read(copy) for copy in copies]
        for copy in copies:
            restore_keys.restore(copy)
        change(copies, rate, Path(folder))
        for copy, reduction in zip(copies, reductions, strict=True):
            if reduction:
                reduce_keys.reduce(obj, [copy], reduction)
        use(obj, copies)
    ghost.remove_ghosts()
    edit_shape_keys.store_current_request(context, obj)
    return copies
