"""Keys as arrays: read, written exactly, and joined."""

from __future__ import annotations

from dataclasses import fields

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.scene.keys.key_table import KeyTable

CHOICES = {
    "interpolation": ("BEZIER", "LINEAR", "CONSTANT", "BOUNCE", "ELASTIC", "BACK"),
    "handle_left_type": ("FREE", "ALIGNED", "VECTOR", "AUTO", "AUTO_CLAMPED"),
    "handle_right_type": ("FREE", "ALIGNED", "VECTOR", "AUTO", "AUTO_CLAMPED"),
    "type": ("KEYFRAME", "EXTREME", "BREAKDOWN", "JITTER", "GENERATED"),
    "easing": ("AUTO", "EASE_IN", "EASE_OUT", "EASE_IN_OUT"),
}


def new_curve(name: str = "A", index: int = 0) -> bpy.types.FCurve:
    obj = bpy.data.objects.new(name, None)
    held = compat.new_channelbag(bpy.data.actions.new(name), obj)
    return held.fcurves.new("location", index=index)


def user_curve(seed: int, count: int = 40) -> bpy.types.FCurve:
    """Return a curve whose keys have random values of every property."""
    rng, curve = np.random.default_rng(seed), new_curve()
    for frame in np.cumsum(rng.random(count) * 3 + 0.1):
        key = curve.keyframe_points.insert(frame, rng.normal())
        for name, choices in CHOICES.items():
            setattr(key, name, rng.choice(choices))
    for key in curve.keyframe_points:
        for side in ("handle_left", "handle_right"):
            if rng.random() < 0.5:
                setattr(key, side, np.array(getattr(key, side)) + 0.3 * rng.normal(size=2))
        key.amplitude, key.back, key.period = rng.random(3)
        for part in ("control_point", "left_handle", "right_handle"):
            setattr(key, f"select_{part}", bool(rng.random() > 0.5))
    return curve


def equal(a: KeyTable, b: KeyTable) -> bool:
    return all(np.array_equal(getattr(a, field.name), getattr(b, field.name)) for field in fields(KeyTable))


@pytest.mark.parametrize("seed", range(6))
def test_keys_written_back_are_unchanged(scene, seed) -> None:
    curve = user_curve(seed)
    times = np.linspace(-2, 70, 300)
    before, played = KeyTable.read(curve), [curve.evaluate(time) for time in times]
    before.write(curve)
    assert equal(KeyTable.read(curve), before)
    assert [curve.evaluate(time) for time in times] == played
    other = new_curve("B")
    before.write(other)
    assert equal(KeyTable.read(other), before)


@pytest.mark.parametrize("seed", range(3))
def test_between_and_outside_are_all_keys(scene, seed) -> None:
    table = KeyTable.read(user_curve(seed))
    first, last = float(table.frames[5]), float(table.frames[20])
    inside, outside = table.between(first, last), table.outside(first, last)
    assert (len(inside), len(outside)) == (16, len(table) - 16)
    assert equal(KeyTable.joined([inside, outside]), table)
    assert equal(KeyTable.joined([outside, inside, table]), table)


def test_joined_keeps_the_later_of_keys_at_the_same_time() -> None:
    first = KeyTable.generated([1, 2, 3], [0.1, 0.2, 0.3])
    second = KeyTable.generated([2.0004, 2.5], [0.7, 0.8], "EXTREME")
    joined = KeyTable.joined([first, second])
    assert joined.co.tolist() == KeyTable.generated([1, 2.0004, 2.5, 3], [0.1, 0.7, 0.8, 0.3]).co.tolist()
    assert (joined.type[[1, 2]] == second.type).all()
    assert (joined.type[[0, 3]] == first.type[:2]).all()
    assert len(KeyTable.joined([first[:0], second[:0]])) == 0


def test_generated_keys_are_on_straight_lines(scene) -> None:
    rng = np.random.default_rng(0)
    frames, values = np.arange(7, 47), rng.normal(size=40).astype(np.float32)
    curve = new_curve()
    KeyTable.generated(frames, values).write(curve)
    assert {(key.type, key.interpolation, key.select_control_point) for key in curve.keyframe_points} == {
        ("GENERATED", "LINEAR", False)
    }
    between = np.linspace(7, 46, 200)
    assert [curve.evaluate(time) for time in between] == pytest.approx(np.interp(between, frames, values), abs=1e-5)
    before = KeyTable.read(curve)
    curve.update()
    assert KeyTable.read(curve).handle_left == pytest.approx(before.handle_left, abs=1e-5)


def test_nearest(scene) -> None:
    table = KeyTable.generated([1, 2, 4], [0, 0, 0])
    near, same = table.nearest([-5, 1.2, 2.0005, 3.2, 4, 90])
    assert near.tolist() == [0, 0, 1, 2, 2, 2]
    assert same.tolist() == [False, False, True, False, True, False]


def test_playback_shows_what_was_written(scene, head) -> None:
    head.keyframe_insert("location", index=0, frame=1)
    curve = compat.active_channelbag(head.animation_data).fcurves[0]
    scene.frame_set(3)
    KeyTable.generated([1, 5], [0.0, 4.0]).write(curve)
    bpy.context.view_layer.update()
    scene.frame_set(4)
    scene.frame_set(3)
    assert head.location.x == pytest.approx(2.0)
