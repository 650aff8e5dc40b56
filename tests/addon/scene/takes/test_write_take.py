"""Takes: new Actions with generated keys; existing Actions are unchanged; edits of the user are found."""

from __future__ import annotations

from dataclasses import fields

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.scene.keys.key_table import KeyTable
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import baseline, rest_pose, stored_request
from diface_addon.scene.takes import take_index, use_take, write_take
from tests.addon.scene import scenes

JAW = 'key_blocks["jawOpen"].value'


def motion(rows: int = 40, seed: int = 0, names=channels.ALL) -> types.Motion:
    values = np.random.default_rng(seed).random((rows, len(names)), np.float32) * 0.5
    return types.Motion(values, names, types.FrameRate(24))


def write(obj, made=None, first_frame: int = 11, **request) -> write_take.TakeResult:
    return write_take.write_take(obj, made or motion(), "T", {"first_frame": first_frame, **request})


def test_every_key_is_generated_linear_and_on_a_frame(scene, head) -> None:
    made = motion()
    take = write(head, made)
    for action in take.actions:
        for kind in ("KEY", "OBJECT"):
            for curve in getattr(compat.find_channelbag(action, kind), "fcurves", ()):
                keys = curve.keyframe_points
                assert {key.type for key in keys} == {"GENERATED"}
                assert {key.interpolation for key in keys} == {"LINEAR"}
                assert [key.co.x for key in keys] == list(range(11, 51))
    assert scenes.jaw_keys(head)[:, 1] == pytest.approx(made.column("jawOpen"))


def test_playback_shows_the_values(scene, head) -> None:
    made = motion()
    write(head, made)
    for row in (0, 7, 39):
        scene.frame_set(11 + row)
        block = head.data.shape_keys.key_blocks["mouthSmileLeft"]
        assert block.value == pytest.approx(made.column("mouthSmileLeft")[row])


def test_one_action_where_there_are_slots(scene, head) -> None:
    take = write(head)
    assert len(take.actions) == (1 if compat.HAS_ACTION_SLOTS else 2)
    assert all(action.use_fake_user for action in take.actions)
    assert head.animation_data.action in take.actions
    assert head.data.shape_keys.animation_data.action in take.actions


def test_only_shapes_of_channels_are_animated(scene, head) -> None:
    take = write(head)
    action = head.data.shape_keys.animation_data.action
    paths = {curve.data_path for curve in compat.find_channelbag(action, "KEY").fcurves}
    assert paths == {JAW, 'key_blocks["mouthSmileLeft"].value'}
    assert "No shape key for" in take.notes[0]


def test_driven_shape_key_is_not_keyed(scene, head) -> None:
    head.data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    take = write(head)
    action = head.data.shape_keys.animation_data.action
    assert compat.find_channelbag(action, "KEY").fcurves.find(JAW) is None
    assert "A driver sets, not keyed: jawOpen." in take.notes


def test_values_are_clamped_to_sliders(scene, head) -> None:
    block = head.data.shape_keys.key_blocks["jawOpen"]
    block.slider_min, block.slider_max = 0.1, 0.2
    take = write(head)
    values = scenes.jaw_keys(head)[:, 1]
    assert (values.min(), values.max()) == pytest.approx((0.1, 0.2))
    assert "Held within the slider's range: jawOpen." in take.notes


def test_user_action_is_pushed_down_and_plays(scene, head) -> None:
    head.keyframe_insert("location", index=0, frame=1)
    head.location.x = 4
    head.keyframe_insert("location", index=0, frame=41)
    action = head.animation_data.action
    before = scenes.curve_points(action, "OBJECT", "location").copy()

    write(head)
    write(head, motion(seed=1))
    assert (scenes.curve_points(action, "OBJECT", "location") == before).all()
    assert [strip.action for track in head.animation_data.nla_tracks for strip in track.strips] == [action]
    scene.frame_set(41)
    assert head.location.x == pytest.approx(4)
    assert head.rotation_euler.x != 0


def test_use_take_activates_an_earlier_take(scene, head) -> None:
    first, second = write(head), write(head, motion(seed=1))
    ids = list(take_index.all_takes())
    assert len(ids) == 2
    assert head.animation_data.action in second.actions
    by_name = {actions[0].name: (take, actions) for take, actions in take_index.all_takes().items()}
    take, actions = by_name[first.name]
    use_take.use_take(head, actions)
    assert take_index.active_takes(head, take_index.all_takes()) == {take}
    assert head.animation_data.action in first.actions
    assert head.data.shape_keys.animation_data.action in first.actions


def test_takes_of_two_characters(scene, head) -> None:
    write(head)
    other = scenes.add_character(scene)
    write(other, motion(seed=1))
    assert other.animation_data.action != head.animation_data.action


def test_rest_rotation_after_the_action_is_unassigned(scene, head) -> None:
    head.rotation_euler = (0.1, 0.2, 0.3)
    write(head)
    rest = rest_pose.rest_rotation(head)
    scene.frame_set(20)
    head.animation_data.action = None
    write(head, motion(seed=1))
    assert list(rest_pose.rest_rotation(head)) == pytest.approx(list(rest))


def test_copy_of_a_take_by_the_user_is_a_take(scene, head) -> None:
    write(head)
    original = head.data.shape_keys.animation_data.action
    copy = original.copy()
    compat.assign_action(head.data.shape_keys, copy)
    (active,) = {
        take for take in take_index.active_takes(head, take_index.all_takes()) if copy in take_index.all_takes()[take]
    }
    assert original not in take_index.all_takes()[active]
    write(head, motion(seed=1))
    assert copy.use_fake_user
    use_take.use_take(head, take_index.all_takes()[active])
    assert head.data.shape_keys.animation_data.action == copy
    assert len(take_index.all_takes()) == 3


def test_take_resets_influence_and_blend_type(scene, head) -> None:
    head.keyframe_insert("location", frame=1)
    head.animation_data.action_influence, head.animation_data.action_blend_type = 0.0, "ADD"
    take = write(head)
    assert (head.animation_data.action_influence, head.animation_data.action_blend_type) == (1.0, "REPLACE")
    scene.frame_set(20)
    curve = scenes.curve_points(take.actions[-1], "OBJECT", "rotation_euler", 0)
    assert head.rotation_euler.x == pytest.approx(curve[9, 1])


@pytest.mark.parametrize("layered", [False, True])
@pytest.mark.parametrize(("influence", "blend"), [(0.25, "REPLACE"), (1.0, "ADD"), (0.5, "ADD")])
def test_pushed_down_action_keeps_its_influence_and_blending(scene, head, layered, influence, blend) -> None:
    if layered:
        head.location = (1, 0, 0)
        head.keyframe_insert("location", frame=1)
        compat.push_down(head)
    head.location = (4, 0, 0)
    head.keyframe_insert("location", frame=1)
    head.animation_data.action_influence, head.animation_data.action_blend_type = influence, blend
    scene.frame_set(20)
    before = head.location.x
    write(head)
    scene.frame_set(21)
    scene.frame_set(20)
    assert head.location.x == pytest.approx(before)


def test_notes_about_muted_solo_and_driven_properties(scene, head) -> None:
    assert not [note for note in write(head).notes if "show" in note or "driver" in note]
    head.data.shape_keys.key_blocks["jawOpen"].mute = True
    head.show_only_shape_key = True
    head.driver_add("rotation_euler", 0)
    notes = write(head).notes
    assert "Muted, so it does not show: jawOpen." in notes
    assert any("Solo Active Shape Key" in note for note in notes)
    assert any("driver sets the rotation of Character" in note for note in notes)


def test_note_about_a_track_that_plays_alone(scene, head) -> None:
    keys = head.data.shape_keys
    keys.animation_data_create()
    track = keys.animation_data.nla_tracks.new()
    track.name = "mine"
    assert not [note for note in write(head).notes if "Solo" in note]
    track.is_solo = True
    assert [note for note in write(head).notes if "Solo" in note and "mine" in note]


# The user's animation of other properties


def user_curve(obj, path: str, index: int = 0) -> bpy.types.FCurve:
    owner = obj.data.shape_keys if path.startswith("key_blocks") else obj
    return compat.active_channelbag(owner.animation_data).fcurves.find(path, index=index)


def curve_contents(curve: bpy.types.FCurve) -> tuple:
    """Return the keys and settings of a curve."""
    keys = KeyTable.read(curve)
    settings = [
        (m.type, m.mute, m.influence, getattr(m, "cycles_after", 0), getattr(m, "phase", 0)) for m in curve.modifiers
    ]
    return (
        [getattr(keys, field.name).tobytes() for field in fields(KeyTable)],
        (curve.extrapolation, curve.mute, curve.lock, tuple(curve.color), curve.group and curve.group.name),
        settings,
    )


CHEEKY = 'key_blocks["cheeky"].value'


def test_user_curves_are_copied_into_the_next_take(scene, head) -> None:
    write(head)
    for frame, x in ((11, 0.0), (41, 5.0)):
        head.location.x = x
        head.keyframe_insert("location", index=0, frame=frame)
    head.keyframe_insert("scale", index=2, frame=20)
    head.data.shape_keys.key_blocks["cheeky"].keyframe_insert("value", frame=30)
    walk, cheeky = user_curve(head, "location"), user_curve(head, CHEEKY)
    walk.keyframe_points[0].handle_right = 20.25, 3.5
    walk.extrapolation, walk.lock = "LINEAR", True
    walk.modifiers.new("CYCLES").cycles_after = 3
    noise = walk.modifiers.new("NOISE")
    noise.phase, noise.influence, noise.use_influence = 0.25, 0.5, True
    cheeky.mute = True
    kept = curve_contents(walk), curve_contents(user_curve(head, "scale", 2)), curve_contents(cheeky)
    old = head.animation_data.action
    for seed in (1, 2):
        made = motion(seed=seed)
        take = write(head, made)
        assert (
            curve_contents(user_curve(head, "location")),
            curve_contents(user_curve(head, "scale", 2)),
            curve_contents(user_curve(head, CHEEKY)),
        ) == kept
        assert pins.find_pins(head) == []
        assert [scenes.find_edits(action) for action in take.actions] == [{}] * len(take.actions)
        assert scenes.jaw_keys(head)[:, 1] == pytest.approx(made.column("jawOpen"))
        assert head.animation_data.action != old
    scene.frame_set(11)
    assert head.location.x == pytest.approx(user_curve(head, "location").evaluate(11))


def test_generated_curves_are_not_copied_into_the_next_take(scene, head) -> None:
    write(head)
    head.rotation_mode = "QUATERNION"
    user_curve(head, JAW).keyframe_points[3].co.y = 0.9
    write(head, motion(seed=1))
    assert {curve.data_path for curve in compat.active_channelbag(head.animation_data).fcurves} == {
        "rotation_quaternion"
    }
    assert pins.find_pins(head) == []


def test_user_curves_are_copied_only_for_written_parts(scene, head) -> None:
    write(head)
    head.keyframe_insert("location", frame=11)
    action = head.animation_data.action
    write(head, motion(names=channels.SHAPES))
    assert head.animation_data.action == action
    assert user_curve(head, "location") is not None


# The user's edits


def edit_value(curve) -> None:
    curve.keyframe_points[7].co.y = 0.9


def edit_time(curve) -> None:
    curve.keyframe_points[7].co.x += 0.5


def edit_add(curve) -> None:
    curve.keyframe_points.insert(18.25, 0.9, options={"FAST"})


def edit_type(curve) -> None:
    curve.keyframe_points[7].type = "EXTREME"


def edit_overwrite(curve) -> None:
    """Overwrite a value as Insert Keyframe does: the key type stays GENERATED."""
    curve.keyframe_points.insert(18, 0.9, options={"FAST"}, keyframe_type="GENERATED")


EDITS = {edit_value: 18.0, edit_time: 18.5, edit_add: 18.25, edit_type: 18.0, edit_overwrite: 18.0}


def all_edits(obj) -> dict:
    return scenes.find_edits(obj.data.shape_keys.animation_data.action)


def test_new_take_has_no_edits(scene, head) -> None:
    for action in write(head).actions:
        assert scenes.find_edits(action) == {}


@pytest.mark.parametrize("edit", EDITS)
def test_each_kind_of_edit_is_found(scene, head, edit) -> None:
    write(head)
    edit(compat.find_channelbag(head.data.shape_keys.animation_data.action, "KEY").fcurves.find(JAW))
    found = all_edits(head)
    assert list(found) == ["KEY"]
    assert list(found["KEY"]) == [(JAW, 0)]
    assert found["KEY"][JAW, 0][:, 0].tolist() == [EDITS[edit]]


def test_edits_survive_saving(scene, head, tmp_path) -> None:
    write(head, sound="x.wav", seed=3)
    edit_value(compat.find_channelbag(head.data.shape_keys.animation_data.action, "KEY").fcurves.find(JAW))
    before = all_edits(head)["KEY"][JAW, 0]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    obj = bpy.data.objects["Character"]
    assert (all_edits(obj)["KEY"][JAW, 0] == before).all()
    request = stored_request.read_request(obj.data.shape_keys.animation_data.action)
    assert (request["sound"], request["seed"]) == ("x.wav", 3)


def test_breath_is_written_if_the_character_has_a_shape_key_for_it(scene) -> None:
    made = motion(names=channels.SHAPES)
    obj = scenes.add_character(scene, ("jawOpen", "breath_in"))
    take = write(obj, made)
    assert scenes.curve_points(take.actions[0], "KEY", 'key_blocks["breath_in"].value')[:, 1] == pytest.approx(
        made.column("breathIn")
    )
    other = write(scenes.add_character(scene, channels.FACE), made)
    assert other.notes == ()


def test_stored_samples_are_small(scene, head) -> None:
    obj = scenes.add_character(scene, channels.FACE)
    take = write(obj, motion(1800))
    stored = sum(len(bytes(action[baseline.SAMPLES])) for action in take.actions)
    assert stored < 1.05 * 1800 * 55 * 4
