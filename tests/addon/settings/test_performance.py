"""Each character has separate settings: two of them never share, and a new one starts with those of the scene."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import pytest

from diface_addon.core import channels
from diface_addon.jobs import edit, generate, running_job
from diface_addon.jobs.setup import own_settings
from diface_addon.operators.edit.regenerate import AroundPinsPlanner
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings import performance
from diface_addon.settings.earlier_versions import migration
from tests.addon.conftest import needs_audio
from tests.addon.panels.panel_drawing import drawn
from tests.addon.scene import scenes


@pytest.fixture
def pair(scene) -> tuple[bpy.types.Object, bpy.types.Object]:
    """Return two characters; none is active."""
    two = scenes.add_character(scene), scenes.add_character(scene)
    for obj, name in zip(two, ("Ada", "Ben"), strict=True):
        obj.name = name
    bpy.context.view_layer.objects.active = None
    return two


def activate(obj: bpy.types.Object | None) -> None:
    bpy.context.view_layer.objects.active = obj


def requests(obj: bpy.types.Object) -> list[dict]:
    """Return the requests of the takes that were made for a character."""
    found = [stored_request.require_request(actions[0]) for actions in take_index.all_takes().values()]
    return [request for request in found if request["character"] == obj.name]


def curves(action: bpy.types.Action) -> str:
    """Return everything that keys an Action has."""
    found = [
        [curve.data_path, curve.array_index, [[*key.co, key.type] for key in curve.keyframe_points]]
        for kind in ("KEY", "OBJECT")
        for curve in scenes.fcurves(action, kind)
    ]
    return json.dumps(found)


def test_settings_are_those_of_the_active_character(scene, pair) -> None:
    ada, ben = pair
    for obj, seed in ((ada, 3), (ben, 4)):
        activate(obj)
        performance.to_change(bpy.context).seed = seed
    assert (ada.diface.performance.seed, ben.diface.performance.seed, scene.diface.new_character.seed) == (3, 4, 0)
    scene.diface.character = ada
    assert performance.active(bpy.context).seed == 3
    scene.diface.character = None
    assert performance.active(bpy.context).seed == 4


def test_new_character_starts_with_the_settings_of_the_scene(scene, clicks) -> None:
    """The choice of a sound and a seed before there is a face is that of the first one, and of later ones."""
    scenes.use_audio_file(scene, clicks([0.5]))
    scene.diface.head_axes, scene.diface.threediface.steps = (0.5, 1.0, 0.25), 12
    for name in ("Ada", "Ben"):
        obj = scenes.add_character(scene)
        assert performance.active(bpy.context).filepath == scene.diface.new_character.filepath != ""
        own = performance.to_change(bpy.context)
        own.style = name
        assert own == obj.diface.performance
        assert (own.source, tuple(own.head_axes), own.threediface.steps) == ("FILE", (0.5, 1.0, 0.25), 12)
    assert scene.diface.new_character.style == ""


def test_later_settings_of_the_scene_do_not_reach_a_character_that_has_its_own(scene, head) -> None:
    performance.to_change(bpy.context).seed = 3
    activate(None)
    performance.to_change(bpy.context).seed = 8
    activate(head)
    assert performance.active(bpy.context).seed == 3
    assert bpy.ops.diface.reset_advanced() == {"FINISHED"}
    assert performance.active(bpy.context) == head.diface.performance


def test_setting_that_a_script_sets_on_the_object_counts(scene, head) -> None:
    scene.diface.new_character.seed = 8
    head.diface.performance.variety = 0.5
    assert (performance.active(bpy.context).seed, performance.active(bpy.context).variety) == (0, 0.5)


def test_object_without_a_face_takes_no_settings(scene) -> None:
    cube = scenes.add_character(scene, ())
    scene.diface.seed = 5
    assert scene.diface.new_character.seed == 5
    assert not performance.has_own(cube)


def test_shape_keys_that_are_added_make_a_character(scene) -> None:
    cube = scenes.add_character(scene, ())
    scene.diface.seed = 5
    cube.shape_key_add(name="Basis", from_mix=False)
    cube.shape_key_add(name="jawOpen", from_mix=False).data[0].co.z += 1
    assert performance.to_change(bpy.context) == cube.diface.performance
    assert cube.diface.performance.seed == 5


def test_panel_gives_a_character_its_own_settings(scene, head, monkeypatch) -> None:
    """Panels draw the settings of the scene until the timer has run; what is set from then on is the character's."""
    scene.diface.new_character.seed = 7
    monkeypatch.setattr(own_settings, "_waiting", {(scene.session_uid, head.session_uid)})
    own_settings.give_waiting()
    assert head.diface.performance.seed == 7
    scene.diface.new_character.seed = 9
    assert performance.active(bpy.context).seed == 7


def test_panel_says_whose_settings_it_shows(scene, head) -> None:
    assert not any("new character" in text for text in drawn())
    activate(None)
    assert any("new character" in text for text in drawn())


@pytest.mark.parametrize("name", performance.names())
def test_old_name_reaches_the_active_character(scene, head, name) -> None:
    """`scene.diface.seed` of scripts for 0.1.0."""
    groups = {"threediface": "steps", "keys": "step"}
    if name in groups:
        setattr(getattr(scene.diface, name), groups[name], 11)
        assert getattr(getattr(performance.active(bpy.context), name), groups[name]) == 11
        return
    prop = head.diface.performance.bl_rna.properties[name]
    values = {
        "ENUM": lambda: prop.enum_items[-1].identifier,
        "BOOLEAN": lambda: False,
        "STRING": lambda: "some",
        "POINTER": lambda: head,
        "INT": lambda: 12,
        "FLOAT": lambda: (0.5, 0.5, 0.5) if prop.is_array else 0.5,
    }
    value = values[prop.type]()
    setattr(scene.diface, name, value)
    own = getattr(head.diface.performance, name)
    assert (tuple(own) if isinstance(value, tuple) else own) == value
    assert getattr(scene.diface, name) == own
    assert performance.active(bpy.context) == head.diface.performance


def test_old_name_of_another_scene_reaches_its_character(scene, pair) -> None:
    ada, ben = pair
    other = bpy.data.scenes.new("Other")
    other.collection.objects.link(ben)
    scene.diface.character, other.diface.character = ada, ben
    other.diface.seed = 6
    assert (ada.diface.performance.seed, ben.diface.performance.seed, scene.diface.seed) == (0, 6, 0)


def test_old_name_refuses_wrong_values(scene, head) -> None:
    with pytest.raises(TypeError):
        scene.diface.seed = "three"


@needs_audio
def test_two_characters_speak_two_strips(scene, pair, clicks, worker) -> None:
    """Each Generate uses the strip, seed and strength of its character, and changes no take of the other."""
    ada, ben = pair
    for obj, times, seed, strength in ((ada, [0.25], 3, 1.0), (ben, [1.0, 2.0], 4, 0.5)):
        strip = scenes.add_strip(scene, clicks(times, name=f"{obj.name}.wav"), channel=1 + seed)
        strip.name = obj.name
        own = obj.diface.performance
        own.strip, own.seed, own.face_strength, own.style = obj.name, seed, strength, "grid_s1"
    ben.diface.performance.style = ""
    before: dict[str, str] = {}
    for obj in (ada, ben, ada, ben):
        activate(obj)
        assert bpy.ops.diface.generate() == {"FINISHED"}
        assert {name: curves(bpy.data.actions[name]) for name in before} == before
        before = {action.name: curves(action) for action in bpy.data.actions}
    assert [request["seed"] for request in requests(ada)] == [3, 3]
    assert [request["seed"] for request in requests(ben)] == [4, 4]
    assert {request["sound"] for request in requests(ada)} == {"Ada"}
    assert {request["sound"] for request in requests(ben)} == {"Ben"}
    assert requests(ada)[0]["style"] != requests(ben)[0]["style"]
    assert scenes.loud_frames(scenes.jaw_keys(ada), 0.2) == [7]
    assert scenes.loud_frames(scenes.jaw_keys(ben), 0.2) == [25, 49]
    assert scenes.jaw_keys(ben)[:, 1].max() == pytest.approx(scenes.jaw_keys(ada)[:, 1].max() / 2)


@needs_audio
def test_two_characters_speak_one_strip(scene, pair, clicks, worker) -> None:
    """They share the only strip, with separate settings; an edit of one leaves the other as it is."""
    ada, ben = pair
    scenes.add_strip(scene, clicks([0.25, 1.0]))
    for obj, seed in ((ada, 3), (ben, 4)):
        activate(obj)
        scene.diface.seed = seed
        assert bpy.ops.diface.generate() == {"FINISHED"}
    action = ben.data.shape_keys.animation_data.action
    kept = curves(action)
    activate(ada)
    key = ada.data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.75
    key.keyframe_insert("value", frame=30)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert ben.data.shape_keys.animation_data.action == action
    assert curves(action) == kept
    assert {request["seed"] for request in requests(ben)} == {4}
    assert [request["sound"] for request in requests(ada)] == ["Speech"] * 2


@needs_audio
def test_load_audio_is_for_the_active_character(scene, pair, clicks) -> None:
    ada, ben = pair
    for obj in pair:
        activate(obj)
        file = clicks([0.25], name=f"{obj.name}.wav")
        assert bpy.ops.diface.load_audio(filepath=str(file)) == {"FINISHED"}
    assert (ada.diface.performance.strip, ben.diface.performance.strip) == ("Ada.wav", "Ben.wav")


@needs_audio
def test_sound_that_is_loaded_first_is_spoken_by_the_head_that_is_added_then(scene, clicks, worker) -> None:
    assert bpy.ops.diface.load_audio(filepath=str(clicks([0.25], name="a.wav"))) == {"FINISHED"}
    scenes.add_strip(scene, clicks([1.0], name="b.wav"), channel=5)
    bpy.ops.diface.add_head()
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert requests(bpy.context.object)[0]["sound"] == "a.wav"
    assert bpy.context.object.diface.performance.strip == "a.wav"


def test_variations_use_the_seeds_of_their_character(scene, pair, clicks, worker) -> None:
    ada, ben = pair
    for obj, seed in ((ada, 10), (ben, 20)):
        activate(obj)
        scenes.use_audio_file(scene, clicks([0.25]))
        scene.diface.seed = seed
        assert bpy.ops.diface.generate_variations(count=2) == {"FINISHED"}
    assert [sorted(request["seed"] for request in requests(obj)) for obj in pair] == [[10, 11], [20, 21]]


def test_another_character_is_activated_while_one_is_generated(scene, pair, clicks, worker) -> None:
    """The take and the settings stay those of the character that Generate was pressed for."""
    ada, ben = pair
    activate(ada)
    scenes.use_audio_file(scene, clicks([0.25]))
    scene.diface.seed = 5
    job = generate.begin(bpy.context)
    try:
        activate(ben)
        scene.diface.seed = 6
        job.wait()
        job.write_result()
    finally:
        job.end()
    assert running_job.current() is None
    assert [request["seed"] for request in requests(ada)] == [5]
    assert requests(ben) == []
    assert (ada.diface.performance.seed, ben.diface.performance.seed) == (5, 6)


def test_stale_edit_of_a_character_that_is_not_active_any_more(scene, pair, clicks, worker) -> None:
    """A pin is removed and the other character activated during the edit: it is not restarted for that one."""
    ada, ben = pair
    for obj in (ben, ada):
        activate(obj)
        scenes.use_audio_file(scene, clicks([0.25]))
        assert bpy.ops.diface.generate() == {"FINISHED"}
    kept = curves(ben.data.shape_keys.animation_data.action)
    key = ada.data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.75
    key.keyframe_insert("value", frame=30)
    job = edit.begin(bpy.context, AroundPinsPlanner(8, channels.SHAPES))
    try:
        key.keyframe_delete("value", frame=30)
        activate(ben)
        assert job.restart_if_stale(bpy.context) is None
        job.wait()
        job.write_result()
    finally:
        job.end()
    assert (len(requests(ada)), len(requests(ben))) == (2, 1)
    assert curves(ben.data.shape_keys.animation_data.action) == kept


def test_settings_survive_saving_copying_and_renaming(scene, pair, tmp_path: Path) -> None:
    ada, _ben = pair
    ada.diface.performance.seed, ada.diface.performance.threediface.steps = 3, 11
    copied = ada.copy()
    scene.collection.objects.link(copied)
    copied.diface.performance.seed = 5
    ada.name = "Renamed"
    file = str(tmp_path / "file.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.open_mainfile(filepath=file)
    found = {obj.name: obj.diface.performance for obj in bpy.data.objects}
    assert (found["Renamed"].seed, found["Renamed"].threediface.steps) == (3, 11)
    assert (found["Ada.001"].seed, found["Ben"].seed) == (5, 0)


def test_migration_changes_nothing_in_a_current_file(scene, pair) -> None:
    ada, ben = pair
    scene.diface.new_character.seed, ada.diface.performance.seed = 8, 3
    migration.migrate(scene)
    assert (scene.diface.new_character.seed, ada.diface.performance.seed) == (8, 3)
    assert not performance.has_own(ben)


def test_a_setting_is_of_the_scene_or_of_a_character() -> None:
    """No name is both."""
    scene_names = set(bpy.types.Scene.bl_rna.properties["diface"].fixed_type.properties.keys())
    assert not scene_names & set(performance.names())
