"""Applies the articulation, the mood and the gaze of a character to the takes that animate it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

import bpy
import numpy as np
import numpy.typing as npt

from ... import compat
from ...core import articulation_controls, direction, gaze_controls, gaze_target, mood_controls
from ...rig import parts
from ...scene.animation import active_actions
from ...scene.directing import controlled_keys, driven_values
from ...scene.directing.gaze import aim
from ...scene.provenance import layer_tracks
from ...scene.takes.lines import line_strips, rest_action

ARTICULATION, MOOD, GAZE = SETTINGS = ("diface.articulation", "diface.mood", "diface.gaze")
"""RNA paths of the settings from the object."""
NOT_KEYED: set[str] = set()
"""Options of settings that hold for the whole take, so that Blender offers no key or driver for them."""
AnimatedValues = Mapping[str, npt.NDArray[np.float64]]
"""RNA path -> values (T,) of a setting that is animated."""


def apply(obj: bpy.types.Object) -> None:
    """Let the takes that animate a character be as it is directed."""
    controlled_keys.apply(obj, controlled_actions(obj), lambda frames: sample(obj, frames))


def refresh(obj: bpy.types.Object | None) -> None:
    """Apply what directs a character to those of its active takes that were directed otherwise."""
    if obj is not None:
        controlled_keys.apply(obj, controlled_actions(obj), lambda frames: sample(obj, frames), only_outdated=True)


def update(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Apply what directs the character whose setting changed: the update function of the settings."""
    apply(settings.id_data)


def reset(obj: bpy.types.Object, group: str, names: Sequence[str]) -> list[str]:
    """Set settings of a character to their defaults, and apply them.

    Args:
        obj: The character.
        group: One of SETTINGS.
        names: The settings.

    Returns:
        The labels of those that F-curves or drivers set, which stay.
    """
    settings, animated = obj.path_resolve(group), find_fcurves(obj) | find_drivers(obj)
    for name in names:
        settings.property_unset(name)
    apply(obj)
    return [settings.bl_rna.properties[name].name for name in names if f"{group}.{name}" in animated]


@contextmanager
def reading_plain(obj: bpy.types.Object, others: Sequence[bpy.types.Action] = ()) -> Generator[None]:
    """Take what directs a character out of its active takes and of `others` while takes are read and new ones made.

    Afterwards these takes are as they were, and takes that are active only now are directed.
    """
    actions = [*controlled_actions(obj), *others]
    with controlled_keys.without_controls(list(dict.fromkeys(actions))):
        yield
    refresh(obj)


@contextmanager
def changing_plain(obj: bpy.types.Object, others: Sequence[bpy.types.Action] = ()) -> Generator[None]:
    """Take what directs a character out of its active takes and of `others` while their keys are changed."""
    actions = list(dict.fromkeys([*controlled_actions(obj), *others]))
    controlled_keys.remove(actions)
    try:
        yield
    finally:
        controlled_keys.apply(obj, actions, lambda frames: sample(obj, frames))


def controlled_actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """Return the Actions of the active takes and of the other lines that play, with those of their layers."""
    layers = layer_tracks.active_layer_actions(parts.data_blocks(obj).values())
    return [*active_actions.active_actions(obj), *layers, *line_strips.resting_actions(obj)]


def sample(obj: bpy.types.Object, frames: npt.NDArray[np.float64]) -> direction.Direction:
    """Return what directs a character at `frames`: settings with an F-curve or a driver on every frame, others once."""
    animated = _sample_animated(obj, frames)
    return direction.Direction(
        _sample_articulation(obj, animated), _sample_mood(obj, animated), _sample_gaze(obj, animated, frames)
    )


def _sample_animated(obj: bpy.types.Object, frames: npt.NDArray[np.float64]) -> AnimatedValues:
    """Return the values (T,) of the settings with an F-curve or a driver, which counts if there are both."""
    curves = {path: [curve.evaluate(at) for at in frames.tolist()] for path, curve in find_fcurves(obj).items()}
    return {path: np.array(values) for path, values in curves.items()} | driven_values.sample(find_drivers(obj), frames)


def gaze_aim(obj: bpy.types.Object) -> aim.Aim | None:
    """Return what a character looks at; None if it looks at nothing in particular."""
    settings = obj.diface.gaze
    return aim.Aim(settings.look_at, settings.target) if settings.use else None


def _sample_articulation(obj: bpy.types.Object, animated: AnimatedValues) -> articulation_controls.ArticulationControls:
    settings = obj.diface.articulation
    paths = {name: f"{ARTICULATION}.{name}" for name in articulation_controls.CONTROLS}
    values = {name: getattr(settings, name) for name in paths}
    for index, item in enumerate(settings.gains):
        if item.name in articulation_controls.GAIN_CHANNELS and item.name not in values:
            values[item.name], paths[item.name] = item.gain, f"{ARTICULATION}.gains[{index}].gain"
    return articulation_controls.ArticulationControls(tuple(values), _table(values, paths, animated))


def _sample_mood(obj: bpy.types.Object, animated: AnimatedValues) -> mood_controls.MoodControls:
    settings = obj.diface.mood
    if not settings.use:
        return mood_controls.MoodControls.constant()
    values = {name: getattr(settings, name) for name in mood_controls.NAMES}
    paths = {name: f"{MOOD}.{name}" for name in values}
    return mood_controls.MoodControls(_table(values, paths, animated), settings.seed)


def _sample_gaze(
    obj: bpy.types.Object, animated: AnimatedValues, frames: npt.NDArray[np.float64]
) -> gaze_target.GazeTarget | None:
    aimed, settings = gaze_aim(obj), obj.diface.gaze
    if aimed is None or aim.problem(obj, aimed):
        return None
    values = {name: getattr(settings, name) for name in gaze_controls.CONTROLS}
    paths = {name: f"{GAZE}.{name}" for name in values}
    controls = gaze_controls.GazeControls(_table(values, paths, animated), settings.seed)
    return None if controls.is_neutral else gaze_target.GazeTarget(controls, aim.geometry(obj, aimed, frames))


def _table(values: Mapping[str, float], paths: Mapping[str, str], animated: AnimatedValues) -> npt.NDArray[np.float64]:
    """Return settings (T, K) on every frame, or (1, K) if none is animated."""
    columns = [animated.get(paths[name], np.array([value], np.float64)) for name, value in values.items()]
    rows = max(map(len, columns))
    return np.stack([np.resize(column, rows) for column in columns], axis=1)


def find_drivers(obj: bpy.types.Object) -> dict[str, bpy.types.FCurve]:
    """Return the drivers of the settings by RNA path."""
    drivers = obj.animation_data.drivers if obj.animation_data else ()
    return {driver.data_path: driver for driver in drivers if driver.data_path.startswith(SETTINGS) and not driver.mute}


def find_fcurves(obj: bpy.types.Object) -> dict[str, bpy.types.FCurve]:
    """Return the F-curves of the settings by RNA path: in the object's active Action, or below its lines."""
    return {curve.data_path: curve for curve in _settings_fcurves(obj) if len(curve.keyframe_points) and not curve.mute}


def is_animated(obj: bpy.types.Object) -> bool:
    """Return whether settings of this object have F-curves, muted ones included.

    Meshes and armature of a character share an Action: the curves of one object are those of its slot.
    """
    return any(True for _curve in _settings_fcurves(obj))


def _settings_fcurves(obj: bpy.types.Object) -> Iterator[bpy.types.FCurve]:
    """Yield the F-curves of the settings of an object."""
    animation = obj.animation_data
    sources = [animation] if animation and animation.action else []
    for channelbag in filter(None, map(compat.active_channelbag, [*rest_action.rest_strips(obj), *sources])):
        yield from (curve for curve in channelbag.fcurves if curve.data_path.startswith(SETTINGS))
