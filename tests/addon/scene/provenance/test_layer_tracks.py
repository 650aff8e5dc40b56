"""Layers in the scene: blinks, gaze and breath as separate Actions, on NLA tracks that are attached with the take."""

from __future__ import annotations

import bpy
import pytest

from diface_addon import compat
from diface_addon.core import channels, errors
from diface_addon.scene.export import playblast
from diface_addon.scene.provenance import layer_tracks, stored_request
from diface_addon.scene.takes import delete_take, take_index, use_take, write_take
from tests.addon.scene import scenes
from tests.addon.scene.layered_takes import (
    FIRST,
    NAMES,
    ON,
    ROWS,
    motion,
    shape_key_values,
    shows_motion,
    take_id,
    track,
    tracks,
    write,
)

OF_LAYERS = {name for names in channels.LAYERS.values() for name in names}


@pytest.fixture
def face(scene) -> bpy.types.Object:
    """A character with every shape key."""
    scene.frame_start, scene.frame_end = FIRST, FIRST + ROWS - 1
    return scenes.add_character(scene, NAMES)


def switch_away_and_back(obj, take: str) -> None:
    """Activate another take, and then `take` again."""
    write(obj, motion(9), "Other")
    use_take.use_take(obj, take_index.all_takes()[take])


def test_each_layer_is_a_separate_action_below_the_main_one(face) -> None:
    made = motion()
    take = write(face, made)
    layers = {layer_tracks.layer_name(action): action for action in take.actions if layer_tracks.layer_name(action)}
    assert {layer: action.name for layer, action in layers.items()} == {layer: f"T {layer}" for layer in ON}
    for layer, action in layers.items():
        curves = compat.find_channelbag(action, "KEY").fcurves
        assert {curve.data_path.split('"')[1] for curve in curves} == set(channels.LAYERS[layer])
        assert {key.type for key in curves[0].keyframe_points} == {"GENERATED"}
        assert scenes.find_edits(action) == {}
        assert action.use_fake_user
    main = face.data.shape_keys.animation_data.action
    moved = {curve.data_path.split('"')[1] for curve in compat.find_channelbag(main, "KEY").fcurves}
    assert moved == set(channels.FACE) - OF_LAYERS
    assert tracks(face) == ["DiFACE blinks", "DiFACE gaze", "DiFACE breath"]
    assert len({stored_request.read_request(action)["take"] for action in take.actions}) == 1
    assert shows_motion(face, made)


@pytest.mark.parametrize("layer", ON)
def test_disabled_layer_is_not_written_and_its_channels_rest(face, layer) -> None:
    write(face, motion(1))
    made = motion()
    take = write(face, made, layers={**ON, layer: None})
    assert layer not in {layer_tracks.layer_name(action) for action in take.actions}
    assert layer_tracks.TRACK_PREFIX + layer not in tracks(face)
    assert shows_motion(face, made, set(channels.LAYERS[layer]))


@pytest.mark.parametrize("layer", ON)
@pytest.mark.parametrize("how", ["mute", "delete the track", "delete the Action"])
def test_layers_are_deleted_and_muted_separately(face, layer, how) -> None:
    made = motion()
    write(face, made)
    shape_key_values(face, 3)
    if how == "mute":
        track(face, layer).mute = True
    elif how == "delete the track":
        face.data.shape_keys.animation_data.nla_tracks.remove(track(face, layer))
    else:
        bpy.data.actions.remove(bpy.data.actions[f"T {layer}"])
    values = shape_key_values(face, 5)
    for name in set(NAMES) - set(channels.LAYERS[layer]):
        assert values[name] == pytest.approx(made.column(name)[5], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("layer", ON)
@pytest.mark.parametrize("how", ["mute", "delete the track", "delete the Action"])
def test_removed_layer_does_not_come_back(face, layer, how) -> None:
    made = motion()
    take = take_id(write(face, made))
    if how == "mute":
        track(face, layer).mute = True
    elif how == "delete the track":
        face.data.shape_keys.animation_data.nla_tracks.remove(track(face, layer))
    else:
        bpy.data.actions.remove(bpy.data.actions[f"T {layer}"])
    for _ in range(2):
        switch_away_and_back(face, take)
        assert shows_motion(face, made, set(channels.LAYERS[layer]))
        assert (layer_tracks.TRACK_PREFIX + layer in tracks(face)) == (how == "mute")
        assert how != "mute" or track(face, layer).mute


def test_unmuted_layer_plays_again(face) -> None:
    made = motion()
    take = take_id(write(face, made))
    track(face, "gaze").mute = True
    switch_away_and_back(face, take)
    track(face, "gaze").mute = False
    switch_away_and_back(face, take)
    assert shows_motion(face, made)


def test_layers_switch_with_their_take(face) -> None:
    first, second = motion(1), motion(2)
    ids = [take_id(write(face, made)) for made in (first, second)]
    for _ in range(2):
        for take, made in zip(ids, (first, second), strict=True):
            use_take.use_take(face, take_index.all_takes()[take])
            assert shows_motion(face, made)
            assert len(tracks(face)) == 3
            assert take_index.active_takes(face, take_index.all_takes()) == {take}


def test_take_without_layers_resets_their_shape_keys(face) -> None:
    write(face, motion())
    shape_key_values(face, 5)
    made = motion(1)
    write(face, made, layers=dict.fromkeys(ON))
    assert tracks(face) == []
    assert shows_motion(face, made, OF_LAYERS)


def test_take_whose_layers_are_in_the_main_action(face) -> None:
    old, new = motion(1), motion(2)
    take = write_take.write_take(face, old, "Old", {"first_frame": FIRST, "seed": 0})
    assert shows_motion(face, old)
    assert tracks(face) == []
    write(face, new)
    assert shows_motion(face, new)
    use_take.use_take(face, take_index.all_takes()[take_id(take)])
    assert shows_motion(face, old)
    assert tracks(face) == []


def test_user_tracks_stay(face) -> None:
    keys = face.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.75
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    mine = keys.animation_data.action
    first = take_id(write(face, motion(1)))
    assert tracks(face)[0] == mine.name
    above = keys.animation_data.nla_tracks.new()
    above.name = "Mine"
    for take in (take_id(write(face, motion(2))), first):
        use_take.use_take(face, take_index.all_takes()[take])
        assert tracks(face) == [mine.name, "DiFACE blinks", "DiFACE gaze", "DiFACE breath", "Mine"]
    delete_take.delete_take(face, take_index.all_takes()[first])
    assert tracks(face) == [mine.name, "Mine"]


def test_layer_track_with_a_user_strip_belongs_to_the_user(face) -> None:
    write(face, motion(1))
    user_action = bpy.data.actions.new("Own")
    blinks = track(face, "blinks")
    blinks.strips.new("Own", 500, user_action)
    made = motion(2)
    write(face, made)
    assert [strip.name for strip in blinks.strips][-1] == "Own"
    assert shows_motion(face, made)


def test_delete_take_deletes_its_layers(face) -> None:
    take = take_id(write(face, motion()))
    shape_key_values(face, 4)
    delete_take.delete_take(face, take_index.all_takes()[take])
    assert not bpy.data.actions
    assert not tracks(face)
    assert set(shape_key_values(face, 5).values()) == {0.0}


def test_delete_take_keeps_layers_of_other_takes(face) -> None:
    first, made = take_id(write(face, motion(1))), motion(2)
    write(face, made)
    delete_take.delete_take(face, take_index.all_takes()[first])
    assert shows_motion(face, made)


def test_copy_of_a_take_by_the_user_shares_its_layers(face) -> None:
    made = motion()
    first = take_id(write(face, made))
    main = face.data.shape_keys.animation_data.action
    copy = main.copy()
    compat.assign_action(face.data.shape_keys, copy)
    (take,) = {
        take for take in take_index.active_takes(face, take_index.all_takes()) if copy in take_index.all_takes()[take]
    }  # without slots, the head Action is still that of the first take
    switch_away_and_back(face, take)
    assert shows_motion(face, made)
    delete_take.delete_take(face, take_index.all_takes()[first])
    assert len([action for action in bpy.data.actions if layer_tracks.layer_name(action)]) == 6


def test_layer_copied_by_the_user_is_attached_again(face) -> None:
    made = motion()
    take = take_id(write(face, made))
    strip = track(face, "blinks").strips[0]
    strip.action = strip.action.copy()
    curve = compat.find_channelbag(strip.action, "KEY").fcurves[0]
    curve.keyframe_points[7].co.y = 0.875
    curve.update()
    switch_away_and_back(face, take)
    assert shape_key_values(face, 7)["eyeBlinkLeft"] == pytest.approx(0.875)
    assert len(tracks(face)) == 3


def test_layers_survive_saving(face, tmp_path) -> None:
    made, other = motion(1), motion(2)
    take = take_id(write(face, made))
    track(face, "gaze").mute = True
    write(face, other)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    obj = bpy.data.objects["Character"]
    assert shows_motion(obj, other)
    use_take.use_take(obj, take_index.all_takes()[take])
    assert shows_motion(obj, made, set(channels.LAYERS["gaze"]))


def test_undo_and_redo(face) -> None:
    first, second = motion(1), motion(2)
    take = take_id(write(face, first))
    write(face, second)
    bpy.ops.ed.undo_push(message="Before")
    assert bpy.ops.diface.use_take("EXEC_DEFAULT", True, take=take) == {"FINISHED"}
    assert shows_motion(face, first)
    bpy.ops.ed.undo()
    assert shows_motion(bpy.data.objects["Character"], second)
    bpy.ops.ed.redo()
    assert shows_motion(bpy.data.objects["Character"], first)


def test_layers_without_a_main_action_are_not_a_take(face) -> None:
    take = write(face, motion())
    for action in take.actions:
        if not layer_tracks.layer_name(action):
            bpy.data.actions.remove(action)
    assert take_index.all_takes() == {}
    write(face, motion(1))
    assert len(take_index.all_takes()) == 1


# Exports contain the layers


def test_fbx_holds_blinks(face, tmp_path) -> None:
    made = motion()
    write(face, made)
    path = tmp_path / "a.fbx"
    bpy.ops.diface.export_fbx(filepath=str(path))
    before = set(bpy.data.objects)
    bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    (copy,) = {obj for obj in set(bpy.data.objects) - before if obj.type == "MESH"}
    assert shows_motion(copy, made)


@pytest.mark.skipif(not compat.HAS_ALEMBIC, reason="This bpy module is built without Alembic.")
def test_alembic_holds_blinks(scene, tmp_path) -> None:
    scene.frame_start, scene.frame_end = FIRST, FIRST + ROWS - 1
    face = scenes.add_character(scene, ("eyeBlinkLeft", "jawOpen"))
    made = motion()
    write(face, made)
    path = tmp_path / "a.abc"
    bpy.ops.diface.export_alembic(filepath=str(path))
    before = set(bpy.data.objects)
    bpy.ops.wm.alembic_import(filepath=str(path), as_background_job=False)
    (copy,) = set(bpy.data.objects) - before
    for row in (0, 7, ROWS - 1):
        bpy.context.scene.frame_set(FIRST + row)
        moved = copy.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices[0].co.z
        assert moved == pytest.approx(-1 + 0.5 * made.column("eyeBlinkLeft")[row], abs=1e-5)


def test_playblast_shows_blinks(face, tmp_path) -> None:
    made = motion()
    write(face, made)
    seen = []
    nothing_rendered = pytest.raises(errors.SceneError, match="incomplete")
    frames = FIRST, FIRST + ROWS - 1
    settings = playblast.PlayblastSettings(frames, "WORKBENCH", tmp_path / "a.mp4")
    with nothing_rendered, playblast.prepared_scene(bpy.context, face, settings) as copy:
        for row in (0, 7):
            copy.frame_set(FIRST + row)
            keys = face.data.shape_keys.evaluated_get(copy.view_layers[0].depsgraph)
            seen.append(keys.key_blocks["eyeBlinkLeft"].value)
    assert seen == pytest.approx([made.column("eyeBlinkLeft")[row] for row in (0, 7)], abs=1e-6)
