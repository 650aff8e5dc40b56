"""Moods of a character in the keys of its takes: exact to undo, exact at pins, keyable, together with articulation."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.core import mood_controls
from diface_addon.scene.pins import pins
from diface_addon.settings.directing import direction_settings
from tests.addon.scene import layered_takes, scenes, small_takes
from tests.addon.settings.directing.test_articulation_settings import edits, keys, stored, values

FIRST = layered_takes.FIRST
SMILE, BROW = (f'key_blocks["{name}"].value' for name in ("mouthSmileLeft", "browInnerUp"))


@pytest.fixture
def full(scene) -> bpy.types.Object:
    """A character with every shape key, and a take of three seconds with layers."""
    obj = scenes.add_character(scene, layered_takes.NAMES)
    layered_takes.write(obj, layered_takes.motion(rows=72))
    return obj


@pytest.mark.parametrize("mood", mood_controls.NAMES)
def test_an_undone_mood_leaves_every_key_and_property_to_the_bit(full, mood):
    before = keys(full), stored(full)
    setattr(full.diface.mood, mood, 1.0)
    assert keys(full) != before[0]
    assert pins.find_pins(full) == []
    setattr(full.diface.mood, mood, 0.0)
    assert (keys(full), stored(full)) == before


def test_a_mood_that_is_switched_off_leaves_the_take_and_comes_back(full):
    before = keys(full)
    full.diface.mood.happy = 0.8
    shown = keys(full)
    full.diface.mood.use = False
    assert keys(full) == before
    full.diface.mood.use = True
    assert keys(full) == shown


def test_moods_raise_their_shapes_and_turn_the_head(full):
    smile, brow, nod = values(full, SMILE), values(full, BROW), values(full, "rotation_euler", 0)
    full.diface.mood.happy = 1.0
    assert (values(full, SMILE) > smile).mean() > 0.9
    full.diface.mood.happy = 0.0
    full.diface.mood.sad = 1.0
    assert (values(full, BROW) > brow).mean() > 0.9
    assert values(full, "rotation_euler", 0).mean() > 0.6 * nod.mean() + 0.09
    full.diface.mood.sad = 0.0
    assert np.array_equal(values(full, SMILE), smile)


def test_keys_of_the_user_are_kept_and_found(full):
    small_takes.key_at(full, FIRST + 9, SMILE).co.y = 0.111
    small_takes.curve(full, BROW).keyframe_points.insert(FIRST + 20.25, 0.7, options={"FAST"})
    found = edits(full)
    full.diface.mood.happy = 1.0
    full.diface.mood.seed = 3
    assert edits(full) == found
    full.diface.mood.happy = 0.0
    assert edits(full) == found


def test_a_mood_that_is_keyed_begins_at_its_keys(full):
    smile, mood = values(full, SMILE), full.diface.mood
    for frame, value in ((FIRST + 40, 0.0), (FIRST + 50, 1.0)):
        mood.happy = value
        assert mood.keyframe_insert("happy", frame=frame)
    bpy.ops.diface.apply_articulation()
    assert np.array_equal(values(full, SMILE)[:20], smile[:20])
    assert (values(full, SMILE) > smile)[60:].mean() > 0.9
    bpy.ops.diface.reset_mood()
    assert (values(full, SMILE) > smile)[60:].mean() > 0.9


def test_mood_and_articulation_are_undone_in_any_order(full):
    before = keys(full), stored(full)
    full.diface.mood.angry = 0.7
    full.diface.articulation.jaw = 1.5
    full.diface.mood.tired = 0.5
    assert bpy.ops.diface.reset_mood() == {"FINISHED"}
    assert keys(full) != before[0]
    full.diface.articulation.jaw = 1.0
    assert (keys(full), stored(full)) == before


def test_a_take_without_the_face_gets_the_posture_alone(head):
    small_takes.write(head, small_takes.motion(names=small_takes.NAMES[2:]))
    nod = values(head, "rotation_euler", 0)
    head.diface.mood.confident = 1.0
    assert values(head, "rotation_euler", 0).mean() < nod.mean() - 0.1
    direction_settings.refresh(head)
    head.diface.mood.confident = 0.0
    assert np.array_equal(values(head, "rotation_euler", 0), nod)
