"""The list of takes and its operators: star, rename, duplicate, push down, bake, compare."""

from __future__ import annotations

import bpy
import pytest

from diface_addon import compat
from diface_addon.core import channels, errors
from diface_addon.panels import take_rows
from diface_addon.scene.comparison import ghost
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index, take_list, use_take
from tests.addon.panels.panel_drawing import drawn
from tests.addon.scene import fingerprint, scenes
from tests.addon.scene.layered_takes import (
    FIRST,
    NAMES,
    ON,
    enter_tweak_mode,
    motion,
    shows_motion,
    take_id,
    track,
    tracks,
    write,
)

JAW = 'key_blocks["jawOpen"].value'


def rows(obj) -> list[tuple[str, str]]:
    """Return name and owner of each row."""
    return [(entry.name, entry.other_character) for entry in take_list.entries(obj)]


def error_of(check, obj) -> str:
    """Return the message of a check that fails; "" if it passes."""
    try:
        check(obj)
    except errors.DifaceError as error:
        return str(error)
    return ""


def call(operator: str, **options) -> None:
    assert getattr(bpy.ops.diface, operator)(**options) == {"FINISHED"}


def curves(action) -> dict:
    return {
        (kind, curve.data_path, curve.array_index): curve
        for kind in ("KEY", "OBJECT")
        for curve in getattr(compat.find_channelbag(action, kind), "fcurves", ())
    }


@pytest.fixture
def face(scene) -> bpy.types.Object:
    """Return a character with every shape key."""
    return scenes.add_character(scene, NAMES)


@pytest.fixture
def few_shapes(scene) -> bpy.types.Object:
    """Return a character with few shape keys, which is fast to compare completely."""
    return scenes.add_character(scene, ("jawOpen", "eyeBlinkLeft", "breathIn"))


# The list


def test_only_main_actions_are_rows_and_this_characters_come_first(scene, face) -> None:
    other = scenes.add_character(scene, NAMES)
    other.name = "Ann"
    write(other, motion(1), "A")
    write(face, motion(2), "C")
    write(face, motion(3), "B")
    bpy.data.actions.new("Mine")
    assert rows(face) == [("B", ""), ("C", ""), ("A", "Ann")]
    assert rows(other) == [("A", ""), ("B", "Character"), ("C", "Character")]
    scene.diface.character = face
    listed = [line for line in drawn("Takes") if line in {"A", "B", "C", "Ann", "Mine", "A blinks"}]
    assert listed == ["B", "C", "A", "Ann"]


def test_numbers_in_names_are_sorted_by_value(face) -> None:
    for number in (10, 2, 1):
        write(face, motion(number), f"Take {number}: line.wav")
    assert [name for name, _owner in rows(face)] == ["Take 1: line.wav", "Take 2: line.wav", "Take 10: line.wav"]


def test_takes_of_a_renamed_character_are_listed_first(face) -> None:
    write(face, motion(1), "A")
    write(face, motion(2), "B")
    face.name = "Renamed"
    assert rows(face) == [("A", ""), ("B", "")]


def test_take_is_listed_first_for_every_character_that_plays_it(scene, face) -> None:
    take = take_id(write(face, motion(1), "A"))
    other = scenes.add_character(scene, NAMES)
    use_take.use_take(other, take_index.all_takes()[take])
    assert rows(other) == [("A", "")]


def test_rows_show_seed_and_active_take(face) -> None:
    write(face, motion(1), "A", seed=12)
    write(face, motion(2), "B", seed=34)
    assert [(e.name, e.seed, e.is_active) for e in take_list.entries(face)] == [("A", 12, False), ("B", 34, True)]
    assert {"Seed 12", "Seed 34"} <= set(drawn("Takes"))


def test_star_is_saved_with_the_take(face, tmp_path) -> None:
    take = take_id(write(face, motion(1), "A"))
    write(face, motion(2), "B")
    call("favourite_take", take=take)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    obj = bpy.data.objects["Character"]
    assert [entry.favourite for entry in take_list.entries(obj)] == [True, False]
    call("favourite_take", take=take)
    assert [entry.favourite for entry in take_list.entries(obj)] == [False, False]


def test_renamed_take_renames_its_other_actions(face) -> None:
    take = take_id(write(face, motion(1)))
    write(face, motion(2), "Other")
    take_index.all_takes()[take][0].name = "Angry"
    call("use_take", take=take)
    expected = ["Angry", *([] if compat.HAS_ACTION_SLOTS else ["Angry head"]), *(f"Angry {layer}" for layer in ON)]
    assert [action.name for action in take_index.all_takes()[take]] == expected


def test_selected_row_is_the_active_take_until_another_is_clicked(face) -> None:
    first, second = take_id(write(face, motion(1), "A")), take_id(write(face, motion(2), "B"))
    manager = bpy.context.window_manager
    assert take_rows.refresh_entries(face).take == second
    assert bpy.data.actions[getattr(manager, take_rows.INDEX_PROPERTY)].name == "B"
    setattr(manager, take_rows.INDEX_PROPERTY, bpy.data.actions.find("A"))
    assert take_rows.refresh_entries(face).take == first
    third = take_id(write(face, motion(3), "C"))
    assert take_rows.refresh_entries(face).take == third
    call("delete_take", take=third)
    assert take_rows.refresh_entries(face).take in {first, second}


@pytest.mark.parametrize("operator", ["use", "delete", "duplicate", "favourite", "push_down", "bake", "compare"])
def test_operators_refuse_a_deleted_take(face, operator) -> None:
    take = take_id(write(face, motion()))
    for action in list(bpy.data.actions):
        bpy.data.actions.remove(action)
    with pytest.raises(RuntimeError, match="This take does not exist"):
        getattr(bpy.ops.diface, f"{operator}_take")(take=take)
    drawn("Takes")


def test_use_take_is_refused_without_its_shape_keys(scene, few_shapes) -> None:
    take = take_id(write(few_shapes, motion().select(channels.SHAPES)))
    scene.diface.character = scenes.add_character(scene, ("cheeky",))
    before = fingerprint.of_file()
    for operator in ("use_take", "push_down_take", "compare_take"):
        with pytest.raises(RuntimeError, match="has none of the shape keys of T"):
            getattr(bpy.ops.diface, operator)(take=take)
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_use_take_is_refused_in_nla_tweak_mode(face) -> None:
    take = take_id(write(face, motion(1)))
    write(face, motion(2))
    animation = face.data.shape_keys.animation_data
    animation.action = None
    animation.nla_tracks.active = animation.nla_tracks[0]
    animation.nla_tracks[0].strips[0].select = True
    animation.use_tweak_mode = True
    if not animation.use_tweak_mode:
        pytest.skip("This Blender enters tweak mode only in an NLA editor.")
    with pytest.raises(RuntimeError, match="edited in the NLA"):
        bpy.ops.diface.use_take(take=take)


def test_take_follows_a_renamed_shape_key(scene, face) -> None:
    """An active take follows through Blender; an inactive one when it is activated."""
    first = take_id(write(face, motion(1), "A"))
    write(face, motion(2), "B")
    face.data.shape_keys.key_blocks["jawOpen"].name = "jaw_open"
    renamed = 'key_blocks["jaw_open"].value'
    playing = face.data.shape_keys.animation_data.action
    assert ("KEY", renamed, 0) in curves(playing)
    call("use_take", take=first)
    playing = face.data.shape_keys.animation_data.action
    assert stored_request.read_request(playing)["take"] == first
    assert ("KEY", renamed, 0) in curves(playing)
    assert ("KEY", JAW, 0) not in curves(playing)
    scene.frame_set(FIRST + 3)
    assert face.data.shape_keys.key_blocks["jaw_open"].value == pytest.approx(motion(1).column("jawOpen")[3], abs=1e-5)
    assert pins.find_pins(face) == []


# Duplicate


def test_duplicate_is_a_separate_take(face) -> None:
    made = motion()
    take = take_id(write(face, made))
    before = {a.name: scenes.curve_points(a, "KEY", JAW).copy() for a in bpy.data.actions if a.name == "T"}
    call("duplicate_take", take=take)
    (copy,) = set(take_index.all_takes()) - {take}
    assert take_index.active_takes(face, take_index.all_takes()) == {copy}
    assert shows_motion(face, made)
    main = take_index.all_takes()[copy][0]
    assert main.name == "Copy of T"
    assert [scenes.find_edits(action) for action in take_index.all_takes()[copy]] == [{}] * len(
        take_index.all_takes()[copy]
    )
    compat.find_channelbag(main, "KEY").fcurves.find(JAW).keyframe_points[3].co.y = 0.9
    assert (scenes.curve_points(bpy.data.actions["T"], "KEY", JAW) == before["T"]).all()
    call("delete_take", take=copy)
    call("use_take", take=take)
    assert shows_motion(face, made)


def test_failed_duplicate_leaves_nothing(face) -> None:
    take = take_id(write(face, motion()))
    keys = face.data.shape_keys
    main = keys.animation_data.action
    enter_tweak_mode(keys)
    names = {action.name for action in bpy.data.actions}
    assert main.name in names
    with pytest.raises(RuntimeError, match="edited in the NLA"):
        bpy.ops.diface.duplicate_take(take=take)
    assert {action.name for action in bpy.data.actions} == names


def test_duplicate_is_active_only_where_its_take_is(face) -> None:
    first, second = write(face, motion(1)), write(face, motion(2))
    use_take.assign(face, {"OBJECT": face}, first.actions)
    turns = face.animation_data.action
    call("duplicate_take", take=take_id(second))
    assert face.animation_data.action == turns
    assert face.data.shape_keys.animation_data.action.name == f"Copy of {second.name}"


def test_duplicate_has_no_star_and_one_suffix(face) -> None:
    take = take_id(write(face, motion()))
    call("favourite_take", take=take)
    for _ in range(3):
        call("duplicate_take", take=take)
        (take,) = take_index.active_takes(face, take_index.all_takes())
    found = [(entry.name, entry.favourite) for entry in take_list.entries(face)]
    assert found == [("T", True), ("Copy of T", False), ("Copy of T.001", False), ("Copy of T.002", False)]


def test_duplicate_of_an_inactive_take_is_inactive(face) -> None:
    take, other = take_id(write(face, motion(1))), take_id(write(face, motion(2)))
    call("duplicate_take", take=take)
    assert take_index.active_takes(face, take_index.all_takes()) == {other}


def test_check_of_the_active_take_fails_where_none_is_found(face) -> None:
    for passes in (False, True, False):
        if passes:
            write(face, motion(1))
        elif actions := take_index.all_takes():
            call("push_down_take", take=next(iter(actions)))
        found = [error_of(check, face) for check in (take_index.active_take, take_index.check_active)]
        assert found[0] == found[1]
        assert (found[1] == "") is passes


# Push down


def test_pushed_down_take_is_not_detached(face) -> None:
    made = motion()
    take = take_id(write(face, made))
    call("push_down_take", take=take)
    assert take_index.active_takes(face, take_index.all_takes()) == set()
    assert shows_motion(face, made)
    before = tracks(face)
    other = take_id(write(face, motion(1, 5), "Other"))
    assert tracks(face)[: len(before)] == before
    call("delete_take", take=other)
    assert shows_motion(face, made)
    call("delete_take", take=take)
    assert tracks(face) == []
    assert not bpy.data.actions


def test_inactive_take_is_pushed_down(face) -> None:
    made = motion(1)
    take = take_id(write(face, made))
    write(face, motion(2))
    call("push_down_take", take=take)
    assert shows_motion(face, made)


# Bake


@pytest.mark.parametrize("muted", [None, *ON])
def test_bake_makes_a_plain_action_with_the_same_motion(face, muted) -> None:
    made = motion()
    take = take_id(write(face, made))
    if muted:
        track(face, muted).mute = True
    call("bake_take", take=take)
    baked = face.data.shape_keys.animation_data.action
    assert baked.name == "T baked"
    assert not [name for name in baked.keys() if name.startswith("diface")]  # noqa: SIM118
    assert stored_request.read_request(baked) is None
    assert {key.type for curve in curves(baked).values() for key in curve.keyframe_points} == {"KEYFRAME"}
    assert tracks(face) == []
    assert shows_motion(face, made, set(channels.LAYERS[muted]) if muted else set())
    assert baked.use_fake_user
    assert set(take_index.all_takes()) == {take}
    scene = bpy.context.scene
    scene.frame_set(FIRST + 7)
    turned = tuple(face.rotation_euler)
    call("use_take", take=take)
    scene.frame_set(FIRST + 7)
    assert tuple(face.rotation_euler) == pytest.approx(turned, abs=1e-6)


def test_bake_of_an_inactive_take_leaves_the_active_one(face) -> None:
    take = take_id(write(face, motion(1)))
    made = motion(2)
    other = take_id(write(face, made, "Other"))
    call("bake_take", take=take)
    assert take_index.active_takes(face, take_index.all_takes()) == {other}
    assert shows_motion(face, made)
    baked = curves(bpy.data.actions["T baked"])
    assert {path.split('"')[1] for kind, path, _index in baked if kind == "KEY"} == set(NAMES)


def test_new_take_plays_above_a_baked_action(face) -> None:
    call("bake_take", take=take_id(write(face, motion(1))))
    made = motion(2)
    write(face, made, "Other")
    assert shows_motion(face, made)
    assert tracks(face)[0] == "T baked"


# Compare


@pytest.mark.parametrize("place", ["BESIDE", "THROUGH"])
def test_ghost_and_character_play_different_takes(face, place) -> None:
    ghost_motion, active_motion = motion(1), motion(2)
    take = take_id(write(face, ghost_motion))
    own = take_id(write(face, active_motion))
    face.select_set(True)
    call("compare_take", take=take, place=place)
    second = ghost.find_ghost()
    assert shows_motion(second, ghost_motion)
    assert shows_motion(face, active_motion)
    assert (second.hide_render, second.hide_select, second.select_get()) == (True, True, False)
    assert bpy.context.view_layer.objects.active == face
    assert bpy.context.selected_objects == [face]
    aside = second.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.translation
    assert tuple(aside) == pytest.approx((2.2 if place == "BESIDE" else 0, 0, 0))
    assert take_index.active_takes(face, take_index.all_takes()) == {own}
    call("compare_take", take=take, place=place)
    assert ghost.find_ghost() is None
    assert shows_motion(face, active_motion)
    assert len(bpy.data.objects) == len(bpy.data.meshes) == len(bpy.data.shape_keys) == 1


def test_compare_replaces_the_ghost_and_use_take_removes_it(face) -> None:
    first, second, _third = (take_id(write(face, motion(seed), f"T{seed}")) for seed in range(3))
    call("compare_take", take=first)
    call("compare_take", take=second)
    assert shows_motion(ghost.find_ghost(), motion(1))
    assert len(bpy.data.objects) == 2
    call("use_take", take=first)
    assert ghost.find_ghost() is None
    call("compare_take", take=second)
    write(face, motion(5))
    assert ghost.find_ghost() is None


def test_ghost_does_not_detach_the_layers_of_its_take(face) -> None:
    made = motion(1)
    take = take_id(write(face, made))
    track(face, "gaze").mute = True
    write(face, motion(2))
    call("compare_take", take=take)
    call("compare_take", take=take)
    call("use_take", take=take)
    assert shows_motion(face, made, set(channels.LAYERS["gaze"]))
    assert track(face, "gaze").mute


@pytest.mark.slow
def test_each_button_is_one_undo(few_shapes) -> None:
    take, other = take_id(write(few_shapes, motion(1))), take_id(write(few_shapes, motion(2)))
    for operator in ("use", "delete", "duplicate", "push_down", "bake", "compare", "favourite"):
        bpy.ops.ed.undo_push(message="Before")
        before = fingerprint.of_file()
        assert getattr(bpy.ops.diface, f"{operator}_take")("EXEC_DEFAULT", True, take=take) == {"FINISHED"}
        bpy.ops.ed.undo()
        assert fingerprint.difference(before, fingerprint.of_file()) == [], operator
        assert take_index.active_takes(bpy.data.objects["Character"], take_index.all_takes()) == {other}
