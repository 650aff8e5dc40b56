"""Articulation of a character in its take's keys: exact to undo, exact at the user's keys, keyable."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import baseline, layer_tracks
from diface_addon.settings.directing import direction_settings, direction_updates
from tests.addon.fuzzing import avatar
from tests.addon.scene import layered_takes, scenes, small_takes
from tests.addon.scene.small_takes import FIRST, JAW, SMILE

MODES = ("XYZ", "QUATERNION", "AXIS_ANGLE")


@pytest.fixture
def take(head) -> bpy.types.Object:
    """The small character with a take of 40 frames from frame 11 on."""
    small_takes.write(head)
    return head


@pytest.fixture
def full(scene) -> bpy.types.Object:
    """A character with every shape key, and a take with layers."""
    obj = scenes.add_character(scene, layered_takes.NAMES)
    layered_takes.write(obj, layered_takes.motion())
    return obj


def keys(obj) -> dict:
    """Return times, values, handles and types of every key that animates a character, layers included."""
    found = {}
    for action in direction_settings.controlled_actions(obj):
        for kind in ("KEY", "OBJECT"):
            for curve in scenes.fcurves(action, kind):
                found[action.name, curve.data_path, curve.array_index] = [
                    (*k.co, *k.handle_left, *k.handle_right, k.type) for k in curve.keyframe_points
                ]
    return found


def stored(obj) -> dict:
    """Return the custom properties of every Action that animates a character."""
    return {
        (action.name, name): bytes(value) if isinstance(value, bytes) else value
        for action in direction_settings.controlled_actions(obj)
        for name, value in action.items()
        if name != layer_tracks.STATE
    }


def values(obj, path: str = JAW, index: int = 0) -> np.ndarray:
    return np.array([key.co.y for key in small_takes.curve(obj, path, index).keyframe_points])


def edits(obj) -> set:
    return {(pin.path, pin.index, round(pin.frame, 3), pin.value) for pin in pins.find_pins(obj)}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["jaw", "upper_face", "head", "lead", "smoothing"])
def test_undone_settings_leave_every_key_and_property_to_the_bit(scene, name, mode):
    obj = scenes.add_character(scene, layered_takes.NAMES)
    obj.rotation_mode = mode
    layered_takes.write(obj, layered_takes.motion())
    before = keys(obj), stored(obj)
    setattr(obj.diface.articulation, name, {"lead": -60, "smoothing": 40}.get(name, 1.7))
    assert keys(obj) != before[0]
    assert pins.find_pins(obj) == []
    obj.diface.articulation.property_unset(name)
    direction_settings.apply(obj)
    assert (keys(obj), stored(obj)) == before


def test_settings_do_not_add_up(take):
    take.diface.articulation.jaw = 0.5
    once = keys(take)
    for value in (1.9, 0.0, 0.5):
        take.diface.articulation.jaw = value
    assert keys(take) == once


def test_a_gain_multiplies_the_keys(take):
    before = values(take)
    take.diface.articulation.jaw = 0.5
    assert values(take) == pytest.approx(0.5 * before)


@pytest.mark.parametrize("mode", MODES)
def test_the_head_turns_that_much_more(head, mode):
    from diface_addon.scene.animation import evaluate_curves

    head.rotation_mode = mode
    small_takes.write(head)
    names = small_takes.NAMES[2:]
    before = evaluate_curves.sample_motion(head, FIRST, 40, names).values
    head.diface.articulation.head = 2.0
    np.testing.assert_allclose(evaluate_curves.sample_motion(head, FIRST, 40, names).values, 2 * before, atol=1e-4)


def test_keys_of_the_user_are_kept_and_found(take):
    small_takes.edit_keys(take)
    found, own = edits(take), small_takes.key_properties(take)
    take.diface.articulation.jaw = 0.3
    take.diface.articulation.head = 1.8
    take.diface.articulation.smoothing = 60
    assert edits(take) == found
    take.diface.articulation.jaw = take.diface.articulation.head = 1.0
    take.diface.articulation.smoothing = 0.0
    assert edits(take) == found
    assert small_takes.key_properties(take) == own


def test_a_key_that_the_controls_would_hide_becomes_a_pin(take):
    plain = small_takes.key_at(take, 18).co.y
    take.diface.articulation.jaw = 0.5
    small_takes.key_at(take, 18).co.y = plain
    take.diface.articulation.jaw = 1.0
    assert (JAW, 0, 18.0, np.float32(plain)) in edits(take)
    take.diface.articulation.jaw = 1.5
    assert small_takes.key_at(take, 18).co.y == plain


def test_deleted_keys_stay_deleted_and_moved_keys_moved(take):
    curve = small_takes.curve(take)
    curve.keyframe_points.remove(small_takes.key_at(take, 20))
    small_takes.key_at(take, 25).co.x = 25.4
    frames = [key.co.x for key in curve.keyframe_points]
    take.diface.articulation.jaw = 0.3
    assert [key.co.x for key in small_takes.curve(take).keyframe_points] == frames


def test_curved_keys_keep_their_shape(take):
    curve = small_takes.curve(take)
    for key in curve.keyframe_points:
        key.interpolation, key.handle_left_type, key.handle_right_type = "BEZIER", "FREE", "FREE"
    before = [key.handle_left[1] - key.co.y for key in curve.keyframe_points]
    take.diface.articulation.jaw = 0.5
    after = [key.handle_left[1] - key.co.y for key in small_takes.curve(take).keyframe_points]
    assert after == pytest.approx(before, abs=1e-6)


def test_a_locked_curve_stays_whole_and_the_others_do_not_wait_for_it(take):
    small_takes.curve(take, SMILE).lock = True
    smile, jaw = values(take, SMILE), values(take)
    take.diface.articulation.lips = take.diface.articulation.jaw = 0.5
    assert np.array_equal(values(take, SMILE), smile)
    assert values(take) == pytest.approx(0.5 * jaw)
    assert pins.find_pins(take) == []


def test_lips_that_the_take_closes_stay_closed_with_the_jaw_at_two(full):
    jaw, close = (f'key_blocks["{name}"].value' for name in ("jawOpen", "mouthClose"))
    full.diface.articulation.lips = full.diface.articulation.rounding = 0.0
    sealed = np.abs(values(full, jaw) - values(full, close)) < 0.005
    full.diface.articulation.jaw = 2.0
    assert (np.abs(values(full, jaw) - values(full, close))[sealed] < 0.01).all()


def test_layers_follow_gains_of_their_channels_alone(full):
    lids = 'key_blocks["eyeBlinkLeft"].value'
    layer = next(a for a in direction_settings.controlled_actions(full) if layer_tracks.layer_name(a) == "blinks")

    def closed() -> np.ndarray:
        curve = next(curve for curve in scenes.fcurves(layer, "KEY") if curve.data_path == lids)
        return np.array([key.co.y for key in curve.keyframe_points])

    before = closed()
    full.diface.articulation.upper_face = 0.0
    assert np.array_equal(closed(), before)
    bpy.ops.diface.add_channel_gain(channel="eyeBlinkLeft")
    full.diface.articulation.gains["eyeBlinkLeft"].gain = 0.5
    assert closed() == pytest.approx(0.5 * before)
    bpy.ops.diface.remove_channel_gain(channel="eyeBlinkLeft")
    assert np.array_equal(closed(), before)


def test_keyed_settings_act_on_their_frames(take):
    articulation = take.diface.articulation
    before = values(take)
    for frame, value in ((FIRST + 10, 1.0), (FIRST + 11, 0.5)):
        articulation.jaw = value
        assert articulation.keyframe_insert("jaw", frame=frame)
    bpy.ops.diface.apply_articulation()
    assert np.array_equal(values(take)[:10], before[:10])
    assert values(take)[12:] == pytest.approx(0.5 * before[12:])
    bpy.ops.diface.reset_articulation()
    assert np.array_equal(values(take)[:10], before[:10])


def test_changed_curves_of_settings_are_applied_by_the_timer(take):
    articulation = take.diface.articulation
    articulation.keyframe_insert("jaw", frame=FIRST)
    before = values(take)
    curve = next(c for c in scenes.fcurves(take.animation_data.action, "OBJECT") if c.data_path.endswith("jaw"))
    curve.keyframe_points[0].co.y = 0.25
    curve.id_data.update_tag()
    bpy.context.view_layer.update()
    direction_updates.apply_changes()
    assert values(take) == pytest.approx(0.25 * before)


def test_keyed_settings_are_those_of_the_face_where_other_parts_share_its_action(scene):
    face = avatar.add_avatar(scene, ("jawOpen", "mouthSmileLeft"), "XYZ")
    small_takes.write(face)
    before = values(face)
    face.diface.articulation.jaw = 0.5
    face.diface.articulation.keyframe_insert("jaw", frame=FIRST)
    bpy.ops.diface.apply_articulation()
    for action in active_actions(face):
        action.update_tag()
    bpy.context.view_layer.update()
    direction_updates.apply_changes()
    assert values(face) == pytest.approx(0.5 * before)


def test_gains_of_channels_can_be_keyed_and_removed_in_any_order(take):
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp"):
        bpy.ops.diface.add_channel_gain(channel=name)
    gains = take.diface.articulation.gains
    for item, value in zip(gains, (0.5, 0.25, 0.75), strict=True):
        item.gain = value
        item.keyframe_insert("gain", frame=FIRST)
    jaw, smile = 2 * values(take), 4 * values(take, SMILE)
    bpy.ops.diface.remove_channel_gain(channel="jawOpen")
    assert values(take) == pytest.approx(jaw)
    assert values(take, SMILE) == pytest.approx(smile / 4)
    with pytest.raises(RuntimeError, match="no gain"):
        bpy.ops.diface.remove_channel_gain(channel="jawOpen")
    with pytest.raises(RuntimeError, match="has a gain already"):
        bpy.ops.diface.add_channel_gain(channel="mouthSmileLeft")


def test_another_take_gets_the_settings_when_it_is_used(take):
    first = values(take)
    small_takes.write(take, small_takes.motion(seed=1))
    second = values(take)
    take.diface.articulation.jaw = 0.5
    other = next(a for a in bpy.data.actions if baseline.SAMPLES in a and a not in active_actions(take))
    from diface_addon.scene.provenance import stored_request

    bpy.ops.diface.use_take(take=stored_request.require_request(other)["take"])
    assert values(take) == pytest.approx(0.5 * first)
    take.diface.articulation.jaw = 1.0
    assert np.array_equal(values(take), first)
    del second


def test_without_a_take_settings_only_wait(head):
    head.diface.articulation.jaw = 2.0
    assert bpy.ops.diface.apply_articulation() == {"FINISHED"}
    assert not bpy.data.actions


def test_a_take_of_version_0_1_0_and_one_of_another_file_are_left_alone(take):
    action = active_actions(take)[0]
    del action[baseline.SAMPLES]
    before = keys(take)
    take.diface.articulation.jaw = 2.0
    assert keys(take) == before


def test_reduced_keys_are_made_of_the_motion_before_the_articulation(full):
    dense = keys(full)
    full.diface.articulation.jaw = 1.6
    assert bpy.ops.diface.set_keys(mode="REDUCED") == {"FINISHED"}
    assert pins.find_pins(full) == []
    directed = small_takes.curve(full, JAW).evaluate(FIRST + 5)
    assert bpy.ops.diface.set_keys(mode="EVERY_FRAME") == {"FINISHED"}
    assert small_takes.curve(full, JAW).evaluate(FIRST + 5) == pytest.approx(directed, abs=0.05)
    full.diface.articulation.jaw = 1.0
    after = keys(full)
    assert after.keys() == dense.keys()
    assert all([key[:2] for key in after[name]] == [key[:2] for key in dense[name]] for name in dense)
