"""Generate with 3DiFACE checkpoints, from the settings to a take; and FLAME heads."""

from __future__ import annotations

import pickle
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import errors
from diface_addon.jobs import edit_threediface
from diface_addon.jobs.new_shapes import arkit_keys
from diface_addon.scene.characters import flame_mesh, shape_key_names
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings import preferences, threediface_files, threediface_settings
from tests.addon.panels.panel_drawing import drawn
from tests.addon.scene import fingerprint, flame_scenes, scenes
from tests.addon.scene.flame_scenes import add_flame, evaluated_vertices

CLICKS = [0.25, 1.0]


@pytest.fixture
def flame_character(scene, user_models, flame, clicks, tmp_path) -> bpy.types.Object:
    """Return a FLAME mesh with 3DiFACE models as its settings, in a saved scene."""
    obj = add_flame(flame)
    scenes.use_audio_file(scene, clicks(CLICKS, seconds=1.5))
    scene.diface.engine = "THREEDIFACE"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    return obj


def request_of_the_take() -> dict:
    (actions,) = take_index.all_takes().values()
    return stored_request.read_request(actions[0])


@pytest.mark.parametrize("motion_as", ["KEYS", "CACHE"])
def test_face_moves_where_the_sound_is_loud(scene, flame_character, worker, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    rest = flame_mesh.rest_vertices(flame_character)
    for frame, moves in ((2, False), (7, True), (16, False), (25, True)):
        moved = evaluated_vertices(flame_character, frame) - rest
        assert (np.abs(moved).max() > 0.005) == moves, frame
        assert np.abs(moved[:, [0, 2]]).max() < 1e-6  # the mesh is Z up, so FLAME's forward axis is -Y
        assert moved[:, 1].max() < 1e-6
    assert bool(flame_character.modifiers) == (motion_as == "CACHE")
    assert flame_character.animation_data.action


def test_settings_reach_the_request(scene, flame_character, worker, user_models) -> None:
    chosen = scene.diface.threediface
    chosen.face, chosen.condition, chosen.steps, chosen.guidance = "a_personal", "5", 12, 0.75
    bpy.ops.diface.generate()
    request = request_of_the_take()
    assert request["engine"] == {
        "face": "a_personal",
        "head": "head_reg",
        "listener": threediface_files.GENERAL_FACE_MODEL,
        "wav2vec2": None,
        "condition": 5,
        "steps": 12,
        "tolerance": 1e-5,
    }
    assert request["guidance"] == 0.75
    assert request["layers"] == {"blinks": None, "gaze": None, "breath": None, "tongue": None}
    assert len(request["shape_keys"]) == 1


def test_default_settings_equal_those_of_3diface(scene, flame_character, worker, user_models) -> None:
    scene.diface.threediface.all_steps = True
    bpy.ops.diface.generate()
    request = request_of_the_take()
    assert (request["guidance"], request["engine"]["steps"], request["engine"]["condition"]) == (0.5, None, 0)
    assert request["engine"]["face"] == threediface_files.GENERAL_FACE_MODEL


@pytest.mark.parametrize("part", ["FACE", "HEAD"])
def test_one_part_alone(scene, flame_character, worker, part) -> None:
    scene.diface.parts = part
    bpy.ops.diface.generate()
    engine = request_of_the_take()["engine"]
    assert (engine["face"] is None) == (part == "HEAD")
    assert (engine["head"] is None) == (part == "FACE")
    assert bool(flame_character.data.shape_keys) == (part == "FACE")
    assert bool(flame_character.animation_data) == (part == "HEAD")


def test_head_model_animates_any_character(scene, user_models, head, clicks, worker) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.engine, scene.diface.parts = "THREEDIFACE", "HEAD"
    bpy.ops.diface.generate()
    assert head.animation_data.action
    assert not head.data.shape_keys.animation_data


def test_missing_models_are_reported_before_generating(scene, user_models, head, flame, clicks, monkeypatch) -> None:
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.engine = "THREEDIFACE"
    with pytest.raises(RuntimeError, match=r"Character is not a FLAME mesh: it has 8 vertices.*Add FLAME Head"):
        bpy.ops.diface.generate()
    add_flame(flame)
    scenes.use_audio_file(scene, clicks(CLICKS))
    scene.diface.engine, scene.diface.threediface.motion_as = "THREEDIFACE", "CACHE"
    with pytest.raises(RuntimeError, match=r"never saved.*set Motion As to Shape Keys"):
        bpy.ops.diface.generate()
    scene.diface.threediface.face = "gone"
    with pytest.raises(
        RuntimeError, match=f"no 3DiFACE face model called gone.*{threediface_files.GENERAL_FACE_MODEL}"
    ):
        bpy.ops.diface.generate()
    monkeypatch.setattr(preferences, "checkpoints_folder", lambda: None)
    scene.diface.threediface.face = ""
    with pytest.raises(RuntimeError, match=r"No 3DiFACE face model was found\. Not set.*preferences"):
        bpy.ops.diface.generate()
    assert not bpy.data.actions


def test_flame_head_that_is_added_for_the_engine_starts_with_it(scene, user_models, head) -> None:
    scene.diface.engine, scene.diface.seed = "THREEDIFACE", 5
    assert bpy.ops.diface.add_flame_head() == {"FINISHED"}
    assert (scene.diface.engine, scene.diface.seed) == ("THREEDIFACE", 5)
    scene.diface.seed = 6
    assert head.diface.performance.seed == 5


def test_unreadable_flame_file_is_reported_at_once(scene, flame_character, worker, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(preferences, "flame_file", lambda: tmp_path / "gone.pkl")
    monkeypatch.setattr(worker, "submit", None)
    with pytest.raises(RuntimeError, match=r"gone\.pkl cannot be read"):
        bpy.ops.diface.generate()
    assert not bpy.data.actions


def test_panel_shows_the_chosen_engine(scene, user_models, flame_character) -> None:
    assert {"engine", "face", "head", "condition", "guidance", "motion_as", "all_steps", "steps"} <= set(drawn())
    assert "Face is a FLAME mesh" in drawn()
    assert "quality" not in drawn()
    scene.diface.engine = "DIFACE"
    assert {"quality", "diface.add_arkit_keys"} <= set(drawn())
    assert "motion_as" not in drawn()


def test_panel_links_to_the_preferences_without_checkpoints(scene, head) -> None:
    scene.diface.engine = "THREEDIFACE"
    assert {"preferences.addon_show", "diface.add_flame_head"} <= set(drawn())


def test_takes_panel_offers_packing_and_restoring(scene, flame, flame_character) -> None:
    flame_scenes.write(flame_character, flame, as_cache=True)
    assert {"diface.use_take", "diface.delete_take", "diface.pack_cache"} <= set(drawn("Takes"))
    bpy.ops.diface.pack_cache()
    assert "diface.pack_cache" not in drawn("Takes")
    next(Path(bpy.data.filepath).parent.glob("*_diface/*.pc2")).unlink()
    assert "diface.restore_cache" in drawn("Takes")


def test_general_checkpoint_is_listed_first(user_models) -> None:
    assert threediface_files.checkpoint_names(user_models, "face") == [
        threediface_files.GENERAL_FACE_MODEL,
        "a_personal",
    ]
    assert threediface_settings.default_checkpoint("head") == "head_reg"
    kinds = threediface_settings.ThreeDifaceSettings.bl_rna.properties["condition"].enum_items
    assert [item.name for item in kinds][:2] == ["0: FaceTalk_170728_03272_TA", "1: FaceTalk_170904_00128_TA"]


def test_arkit_shape_keys_for_a_flame_mesh(scene, user_models, flame, worker) -> None:
    obj = add_flame(flame, "Y up in centimetres")
    jaw = obj.shape_key_add(name="Basis")
    assert bpy.ops.diface.add_arkit_keys() == {"FINISHED"}
    assert shape_key_names.face_shape_keys(obj) == {"jawOpen": "jawOpen", "mouthClose": "mouthClose"}
    jaw = obj.data.shape_keys.key_blocks["jawOpen"]
    assert (jaw.value, jaw.slider_min, jaw.slider_max) == (0.0, 0.0, 1.5)
    jaw.value = 1.0
    bpy.context.view_layer.update()
    moved = evaluated_vertices(obj, 1) - flame_mesh.rest_vertices(obj)
    assert moved == pytest.approx(np.tile((0.0, -1.0, 0.0), (5023, 1)), abs=1e-5)
    before = [key.name for key in obj.data.shape_keys.key_blocks]
    bpy.ops.diface.add_arkit_keys()
    assert [key.name for key in obj.data.shape_keys.key_blocks] == before


def test_bundled_model_animates_a_flame_mesh_with_arkit_keys(scene, user_models, flame, clicks, worker) -> None:
    obj = add_flame(flame)
    scenes.use_audio_file(scene, clicks(CLICKS))
    with pytest.raises(RuntimeError, match=r"no shape keys\..*Add ARKit Shape Keys"):
        bpy.ops.diface.generate()
    bpy.ops.diface.add_arkit_keys()
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert np.ptp(scenes.jaw_keys(obj)[:, 1]) > 0.5


@pytest.fixture
def templates(tmp_path, flame, monkeypatch) -> Path:
    """Write a templates.pkl in the format of VOCASET."""
    with np.load(flame) as arrays:
        template = arrays["v_template"].astype(np.float64)
    heads = {"FaceTalk_A": template * 1.1, "FaceTalk_B": template * 0.9}
    path = tmp_path / "templates.pkl"
    path.write_bytes(pickle.dumps(heads, protocol=2))
    monkeypatch.setattr(preferences, "templates_file", lambda: path)
    return path


def test_flame_head_is_upright_with_origin_in_the_neck(scene, user_models, flame, templates) -> None:
    scene.cursor.location = (0.0, 1.0, 2.0)
    assert bpy.ops.diface.add_flame_head() == {"FINISHED"}
    obj = bpy.context.active_object
    assert (obj.name, tuple(obj.location)) == ("FLAME Head", (0.0, 1.0, 2.0))
    assert flame_mesh.is_flame(obj)
    placed = flame_mesh.estimate_placement(obj, flame)
    assert np.abs(placed.neck).max() < 1e-6
    assert placed.scale == 1.0
    assert (placed.rotation == flame_scenes.ORIENTATIONS["Z up"][1]).all()
    tallest = np.ptp(flame_mesh.rest_vertices(obj), axis=0).argmax()
    assert tallest == 2


def test_flame_head_by_identity(scene, user_models, templates) -> None:
    bpy.ops.diface.add_flame_head(identity="FaceTalk_A")
    large = np.ptp(flame_mesh.rest_vertices(bpy.context.active_object)[:, 2])
    assert bpy.context.active_object.name == "FLAME Head FaceTalk_A"
    bpy.ops.diface.add_flame_head(identity="FaceTalk_B")
    assert large / np.ptp(flame_mesh.rest_vertices(bpy.context.active_object)[:, 2]) == pytest.approx(1.1 / 0.9)
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError, match=r"no speaker 'nobody'.*FaceTalk_A"):
        bpy.ops.diface.add_flame_head(identity="nobody")
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_flame_head_needs_its_files(scene, user_models, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(preferences, "templates_file", lambda: None)
    with pytest.raises(RuntimeError, match="templates are not set"):
        bpy.ops.diface.add_flame_head(identity="FaceTalk_A")
    monkeypatch.setattr(preferences, "flame_file", lambda: tmp_path / "none.pkl")
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.diface.add_flame_head()
    monkeypatch.setattr(preferences, "flame_file", lambda: None)
    with pytest.raises(RuntimeError, match="No FLAME file is set"):
        bpy.ops.diface.add_flame_head()
    assert not bpy.data.objects


def test_mesh_edited_while_arkit_shapes_are_computed_is_refused(scene, user_models, flame, worker) -> None:
    obj = add_flame(flame)
    job = arkit_keys.begin(bpy.context)
    obj.data.vertices[7].co.x += 0.1
    try:
        job.wait()
        with pytest.raises(errors.SceneError, match="was edited during Add ARKit Shape Keys"):
            job.write_result()
    finally:
        job.end()
    assert obj.data.shape_keys is None


def test_models_of_a_take_are_found_in_the_folder_of_the_preferences(
    scene, flame_character, worker, user_models, tmp_path
) -> None:
    """The take of a downloaded .blend contains folders of another computer."""
    assert bpy.ops.diface.generate() == {"FINISHED"}
    for action in bpy.data.actions:
        if stored_request.REQUEST in action:
            elsewhere = action[stored_request.REQUEST].replace('"head_reg"', '"//host/share/head_reg"')
            action[stored_request.REQUEST] = elsewhere
    context = edit_threediface.read_threediface_context(bpy.context, flame_character, tmp_path)
    assert context.request.engine.head == user_models / "head_reg"
    assert context.request.engine.face == user_models / threediface_files.GENERAL_FACE_MODEL
    (user_models / "head_reg").rename(tmp_path / "head_reg")
    with pytest.raises(errors.ModelError, match="no 3DiFACE head model called head_reg"):
        edit_threediface.read_threediface_context(bpy.context, flame_character, tmp_path)
