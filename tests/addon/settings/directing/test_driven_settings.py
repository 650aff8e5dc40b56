"""Drivers of the settings that direct a character: they count on every frame, and what they read is followed."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.settings.directing import direction_settings, direction_updates
from tests.addon.scene import small_takes
from tests.addon.scene.small_takes import FIRST, SMILE
from tests.addon.settings.directing.test_articulation_settings import keys, stored, values


@pytest.fixture
def take(head) -> bpy.types.Object:
    """The small character with a take."""
    small_takes.write(head)
    return head


@pytest.fixture
def control(take) -> bpy.types.Object:
    """Return an object whose property "jaw" drives the jaw of a character."""
    found = bpy.data.objects.new("Control", None)
    bpy.context.scene.collection.objects.link(found)
    found["jaw"] = 1.0
    drive(take, "articulation.jaw", found)
    return found


def drive(obj: bpy.types.Object, path: str, control: bpy.types.Object) -> bpy.types.FCurve:
    """Let the property "jaw" of a control drive a setting."""
    curve = obj.driver_add(f"diface.{path}")
    curve.driver.type = "AVERAGE"
    variable = curve.driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = control, '["jaw"]'
    return curve


def change(control: bpy.types.Object, value: float) -> None:
    """Change the control, as a user does, and let the timer follow."""
    control["jaw"] = value
    control.update_tag()
    bpy.context.view_layer.update()
    direction_updates.apply_changes()


def test_a_driver_counts_on_every_frame(take):
    before = values(take)
    curve = take.driver_add("diface.articulation.jaw")
    curve.driver.expression = f"1.0 if frame <= {FIRST + 10} else 0.5"
    bpy.ops.diface.apply_articulation()
    assert np.array_equal(values(take)[:11], before[:11])
    assert values(take)[11:] == pytest.approx(0.5 * before[11:])


def test_keys_of_what_a_driver_reads_count_on_their_frames(take, control):
    before = values(take)
    for frame, value in ((FIRST + 10, 1.0), (FIRST + 11, 0.5)):
        control["jaw"] = value
        control.keyframe_insert('["jaw"]', frame=frame)
    bpy.ops.diface.apply_articulation()
    assert np.array_equal(values(take)[:10], before[:10])
    assert values(take)[12:] == pytest.approx(0.5 * before[12:])


def test_the_timer_follows_what_a_driver_reads(take, control):
    before = values(take)
    change(control, 0.25)
    assert values(take) == pytest.approx(0.25 * before)
    change(control, 1.0)
    assert np.array_equal(values(take), before)


def test_the_timer_follows_keys_of_what_a_driver_reads(take, control):
    before = values(take)
    control.keyframe_insert('["jaw"]', frame=FIRST)
    action = control.animation_data.action
    (curve,) = (
        [curve for bag in action.layers[0].strips[0].channelbags for curve in bag.fcurves]
        if hasattr(action, "layers")
        else action.fcurves
    )
    curve.keyframe_points[0].co.y = 0.5
    action.update_tag()
    bpy.context.view_layer.update()
    direction_updates.apply_changes()
    assert values(take) == pytest.approx(0.5 * before)


def test_the_timer_leaves_takes_whose_drivers_give_the_same(take, control):
    change(control, 0.5)
    written = keys(take), stored(take)
    control.location.x = 3.0
    bpy.context.view_layer.update()
    direction_updates.apply_changes()
    assert (keys(take), stored(take)) == written
    assert not direction_updates._read


def test_settings_with_a_driver_are_named_by_reset(take, control):
    change(control, 0.5)
    assert direction_settings.reset(take, direction_settings.ARTICULATION, ("jaw", "lips")) == ["Jaw"]
    assert values(take)[5] == pytest.approx(0.5 * values_of_plain(take)[5])


def values_of_plain(obj: bpy.types.Object) -> np.ndarray:
    """Return the values of the jaw as generated."""
    with direction_settings.reading_plain(obj):
        return values(obj)


def test_gains_with_drivers_can_be_removed_in_any_order(take, control):
    for name in ("jawOpen", "mouthSmileLeft"):
        bpy.ops.diface.add_channel_gain(channel=name)
    smile = values(take, SMILE)
    drive(take, "articulation.gains[0].gain", control)
    drive(take, "articulation.gains[1].gain", control)
    change(control, 0.5)
    bpy.ops.diface.remove_channel_gain(channel="jawOpen")
    assert list(direction_settings.find_drivers(take)) == [
        "diface.articulation.jaw",
        "diface.articulation.gains[0].gain",
    ]
    assert values(take, SMILE) == pytest.approx(0.5 * smile)


def test_moods_can_be_driven(take, control):
    drive(take, "mood.happy", control)
    before = values(take, SMILE)
    change(control, 1.0)
    assert values(take, SMILE).mean() > before.mean()


def test_nothing_is_left_in_the_file(take, control):
    before = len(bpy.data.objects), len(bpy.data.scenes), len(bpy.data.actions)
    change(control, 0.5)
    assert (len(bpy.data.objects), len(bpy.data.scenes), len(bpy.data.actions)) == before
