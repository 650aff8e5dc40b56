"""Articulation and mood on characters of every kind: they show, no key counts as the user's, and all can be undone."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.jobs import bind_character
from diface_addon.rig.discovery.find_character import find_character
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.directing.gaze.head_at_rest import world_to_head
from diface_addon.scene.directing.gaze.head_frame import HeadFrame
from diface_addon.scene.directing.gaze.places import sample
from diface_addon.scene.pins import pins
from diface_addon.scene.takes import write_take
from diface_addon.settings import scene_settings
from diface_addon.settings.directing import direction_settings
from tests.addon.characters import kinds_by_label, other_makers
from tests.addon.scene import scenes
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SHARED = ROOT.parent / "shared" / "data"
FIRST, ROWS = 5, 90
ON = {"blinks": 0, "gaze": 0, "breath": None}


def motion() -> types.Motion:
    """Return a motion that opens the mouth, moves the lips and nods, with closed lips between."""
    values = np.zeros((ROWS, len(channels.ALL)), np.float32)
    wave = np.maximum(np.sin(np.arange(ROWS) / 5), 0)
    for name, size in (
        ("jawOpen", 0.4),
        ("mouthFunnel", 0.2),
        ("mouthLowerDownLeft", 0.2),
        ("mouthLowerDownRight", 0.2),
    ):
        values[:, channels.ALL.index(name)] = size * wave
    values[:, channels.ALL.index("browInnerUp")] = 0.2 * wave
    values[:, channels.ALL.index("head_rx")] = 0.05 * np.sin(np.arange(ROWS) / 12)
    return types.Motion(values, channels.ALL, types.FrameRate(24))


def keys(obj: bpy.types.Object) -> dict[tuple, bytes]:
    """Return all keys of the active take and its layers."""
    return {
        (action.name, kind, curve.data_path, curve.array_index): scenes.curve_points(
            action, kind, curve.data_path, curve.array_index
        ).tobytes()
        for action in direction_settings.controlled_actions(obj)
        for kind in compat.action_kinds(action)
        for curve in scenes.fcurves(action, kind)
    }


def character(label: str) -> bpy.types.Object:
    """Return a character of a label, with a take."""
    if label in other_makers.CHARACTERS and not (SHARED / "characters").is_dir():
        pytest.skip("../shared/data/characters is not there.")
    scenes.new_file()
    picked = kinds_by_label.make(label, SHARED).main
    bpy.context.view_layer.objects.active = picked
    scenes.set_rate(bpy.context.scene, "24")
    obj = scene_settings.character(bpy.context)
    bind_character.bind_new(obj)
    write_take.write_take(obj, motion(), "T", {"first_frame": FIRST, "layers": ON, "seed": 0})
    return obj


@pytest.mark.parametrize("label", [*kinds_by_label.BUILT, *other_makers.CHARACTERS])
def test_directing_shows_and_is_undone_to_the_bit(label):
    obj = character(label)
    before = keys(obj)
    jaw = evaluate_curves.sample_motion(obj, FIRST, ROWS, ("jawOpen",)).values[:, 0]
    obj.diface.articulation.jaw = 1.5
    wide = evaluate_curves.sample_motion(obj, FIRST, ROWS, ("jawOpen",)).values[:, 0]
    assert wide.max() > 1.2 * jaw.max()
    obj.diface.mood.happy = 0.9
    obj.diface.articulation.smoothing = 30
    assert pins.find_pins(obj) == []
    smile = evaluate_curves.sample_motion(obj, FIRST, ROWS, ("mouthSmileLeft", "mouthSmileRight")).values
    assert smile.mean() > 0.1
    obj.diface.mood.happy = 0.0
    assert bpy.ops.diface.reset_articulation() == {"FINISHED"}
    assert keys(obj) == before


@pytest.mark.parametrize("label", [*kinds_by_label.BUILT, *other_makers.CHARACTERS])
def test_gaze_turns_what_a_character_has_and_is_undone_to_the_bit(label):
    obj = character(label)
    before, names = keys(obj), (*channels.LAYERS["gaze"], *channels.HEAD)
    plain = evaluate_curves.sample_motion(obj, FIRST, ROWS, names).values
    target = bpy.data.objects.new("Target", None)
    bpy.context.scene.collection.objects.link(target)
    found = HeadFrame.of(obj, find_character(obj))
    at_rest = np.linalg.inv(world_to_head(found, sample([found.base], np.array([1.0]))[0], np.array([1.0]))[0])
    eyes = found.eyes()
    middle = np.mean([eye.centre for eye in eyes], axis=0) if eyes else found.joints()[0][-1]
    apart = float(np.linalg.norm(eyes[0].centre - eyes[1].centre)) if eyes else 0.06
    target.location = (at_rest @ np.append(middle + apart * np.array([14.0, -14.0, 0.0]), 1.0))[:3]
    obj.diface.gaze.often, obj.diface.gaze.target, obj.diface.gaze.use = 1.0, target, True
    assert pins.find_pins(obj) == []
    turned = evaluate_curves.sample_motion(obj, FIRST, ROWS, names)
    if np.abs(turned.values - plain).max() > 0:
        left = {name: turned.column(name)[40:].mean() for name in names}
        assert left["head_rz"] > 0.2 or left["eyeLookOutLeft"] > 0.3
        assert left["eyeLookInLeft"] < 0.1
    else:
        assert not {"eyeLookOutLeft", "head_rz"} & {n for n, c in zip(names, plain.T, strict=True) if c.any()}
    obj.diface.gaze.use = False
    assert keys(obj) == before
