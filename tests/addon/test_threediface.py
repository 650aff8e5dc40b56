"""Generate with a 3DiFACE checkpoint of the user's own, from the settings to a take; and FLAME heads to have."""

from __future__ import annotations

import pickle
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.scene.characters import flame_mesh, shape_key_names
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings import preferences, threediface_files, threediface_settings

from . import fingerprint, flame_scenes, scenes
from .flame_scenes import add_flame, shown
from .test_interface import drawn
from .test_own_files import FACE, HEAD, checkpoint

CLICKS = [0.25, 1.0]


@pytest.fixture(scope="session")
def flame(shared) -> Path:
    """A FLAME file."""
    return shared / "flame2023open.npz"


@pytest.fixture
def own(tmp_path, flame, monkeypatch) -> Path:
    """The preferences name a folder with the general face model, a personal one and a head, and the FLAME file."""
    folder = tmp_path / "models"
    for name, kind in (("a_personal", FACE), (threediface_files.GENERAL_FACE_MODEL, FACE), ("head_reg", HEAD)):
        checkpoint(folder / name, kind)
    monkeypatch.setattr(preferences, "checkpoints_folder", lambda: folder)
    monkeypatch.setattr(preferences, "flame_file", lambda: flame)
    return folder


@pytest.fixture
def speaking(scene, own, flame, clicks, tmp_path) -> bpy.types.Object:
    """A FLAME mesh about to speak with the user's own models, in a saved scene."""
    obj = add_flame(flame)
    scenes.use_file(scene, clicks(CLICKS, seconds=1.5))
    scene.diface.engine = "THREEDIFACE"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    return obj


def request_of_the_take() -> dict:
    (actions,) = take_index.all_takes().values()
    return stored_request.read_request(actions[0])


@pytest.mark.parametrize("motion_as", ["KEYS", "CACHE"])
def test_the_face_moves_where_the_sound_is_loud(scene, speaking, worker, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    rest = flame_mesh.rest_vertices(speaking)
    for frame, moves in ((2, False), (7, True), (16, False), (25, True)):
        moved = shown(speaking, frame) - rest
        assert (np.abs(moved).max() > 0.005) == moves, frame
        assert np.abs(moved[:, [0, 2]]).max() < 1e-6  # the mesh is Z up: FLAME's forward is -Y
        assert moved[:, 1].max() < 1e-6
    assert bool(speaking.modifiers) == (motion_as == "CACHE")
    assert speaking.animation_data.action


def test_the_settings_reach_the_request(scene, speaking, worker, own) -> None:
    chosen = scene.diface.threediface
    chosen.face, chosen.condition, chosen.steps, chosen.guidance = "a_personal", "5", 12, 0.75
    bpy.ops.diface.generate()
    request = request_of_the_take()
    assert request["engine"] == {
        "face": str(own / "a_personal"),
        "head": str(own / "head_reg"),
        "listener": str(own / threediface_files.GENERAL_FACE_MODEL),
        "wav2vec2": None,
        "condition": 5,
        "steps": 12,
        "tolerance": 1e-5,
    }
    assert request["guidance"] == 0.75
    assert request["layers"] == {"blinks": None, "gaze": None, "breath": None}
    assert len(request["shape_keys"]) == 1


def test_the_settings_as_they_are_are_the_originals(scene, speaking, worker, own) -> None:
    scene.diface.threediface.all_steps = True
    bpy.ops.diface.generate()
    request = request_of_the_take()
    assert (request["guidance"], request["engine"]["steps"], request["engine"]["condition"]) == (0.5, None, 0)
    assert request["engine"]["face"] == str(own / threediface_files.GENERAL_FACE_MODEL)


@pytest.mark.parametrize("part", ["FACE", "HEAD"])
def test_one_part_alone(scene, speaking, worker, part) -> None:
    scene.diface.parts = part
    bpy.ops.diface.generate()
    engine = request_of_the_take()["engine"]
    assert (engine["face"] is None) == (part == "HEAD")
    assert (engine["head"] is None) == (part == "FACE")
    assert bool(speaking.data.shape_keys) == (part == "FACE")
    assert bool(speaking.animation_data) == (part == "HEAD")


def test_the_head_alone_turns_any_character(scene, own, head, clicks, worker) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    scene.diface.engine, scene.diface.parts = "THREEDIFACE", "HEAD"
    bpy.ops.diface.generate()
    assert head.animation_data.action
    assert not head.data.shape_keys.animation_data


def test_what_is_missing_is_said_before_anything_is_done(scene, own, head, flame, clicks, monkeypatch) -> None:
    scenes.use_file(scene, clicks(CLICKS))
    scene.diface.engine = "THREEDIFACE"
    with pytest.raises(RuntimeError, match=r"Character is not a FLAME mesh: it has 8 vertices.*Add FLAME Head"):
        bpy.ops.diface.generate()
    add_flame(flame)
    scene.diface.threediface.motion_as = "CACHE"
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


def test_a_flame_file_that_cannot_be_read_is_said_at_once(scene, speaking, worker, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(preferences, "flame_file", lambda: tmp_path / "gone.pkl")
    monkeypatch.setattr(worker, "submit", None)
    with pytest.raises(RuntimeError, match=r"gone\.pkl cannot be read"):
        bpy.ops.diface.generate()
    assert not bpy.data.actions


def test_the_panel_shows_the_engine_that_is_chosen(scene, own, speaking) -> None:
    assert {"engine", "face", "head", "condition", "guidance", "motion_as", "all_steps", "steps"} <= set(drawn())
    assert "Face: a FLAME mesh" in drawn()
    assert "quality" not in drawn()
    scene.diface.engine = "DIFACE"
    assert {"quality", "diface.add_arkit_keys"} <= set(drawn())
    assert "motion_as" not in drawn()


def test_without_checkpoints_the_panel_leads_to_the_preferences(scene, head) -> None:
    scene.diface.engine = "THREEDIFACE"
    assert {"preferences.addon_show", "diface.add_flame_head"} <= set(drawn())


def test_the_takes_panel_offers_what_can_be_done_for_files(scene, flame, speaking) -> None:
    flame_scenes.write(speaking, flame, as_cache=True)
    assert {"diface.use_take", "diface.delete_take", "diface.pack_cache"} <= set(drawn("Takes"))
    bpy.ops.diface.pack_cache()
    assert "diface.pack_cache" not in drawn("Takes")
    next(Path(bpy.data.filepath).parent.glob("*_diface/*.pc2")).unlink()
    assert "diface.restore_cache" in drawn("Takes")


def test_the_checkpoints_are_offered_general_first(own) -> None:
    assert threediface_files.checkpoint_names(own, "face") == [threediface_files.GENERAL_FACE_MODEL, "a_personal"]
    assert threediface_settings.default_checkpoint("head") == "head_reg"
    kinds = threediface_settings.ThreeDifaceSettings.bl_rna.properties["condition"].enum_items
    assert [item.name for item in kinds][:2] == ["0: FaceTalk_170728_03272_TA", "1: FaceTalk_170904_00128_TA"]


def test_arkit_shape_keys_for_a_flame_mesh(scene, own, flame, worker) -> None:
    obj = add_flame(flame, "Y up in centimetres")
    jaw = obj.shape_key_add(name="Basis")
    assert bpy.ops.diface.add_arkit_keys() == {"FINISHED"}
    assert shape_key_names.face_shape_keys(obj) == {"jawOpen": "jawOpen", "mouthClose": "mouthClose"}
    jaw = obj.data.shape_keys.key_blocks["jawOpen"]
    assert (jaw.value, jaw.slider_min, jaw.slider_max) == (0.0, 0.0, 1.5)
    jaw.value = 1.0
    bpy.context.view_layer.update()
    moved = shown(obj, 1) - flame_mesh.rest_vertices(obj)
    assert moved == pytest.approx(np.tile((0.0, -1.0, 0.0), (5023, 1)), abs=1e-5)
    before = [key.name for key in obj.data.shape_keys.key_blocks]
    bpy.ops.diface.add_arkit_keys()
    assert [key.name for key in obj.data.shape_keys.key_blocks] == before


def test_then_difaces_own_model_drives_it(scene, own, flame, clicks, worker) -> None:
    obj = add_flame(flame)
    scenes.use_file(scene, clicks(CLICKS))
    with pytest.raises(RuntimeError, match=r"no shape keys\..*Add ARKit Shape Keys"):
        bpy.ops.diface.generate()
    bpy.ops.diface.add_arkit_keys()
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert np.ptp(scenes.jaw(obj)[:, 1]) > 0.5


def test_only_a_flame_mesh_gets_them(scene, head) -> None:
    with pytest.raises(RuntimeError, match="not a FLAME mesh"):
        bpy.ops.diface.add_arkit_keys()


@pytest.fixture
def templates(tmp_path, flame, monkeypatch) -> Path:
    """VOCASET's file, as its makers pickled it."""
    with np.load(flame) as arrays:
        template = arrays["v_template"].astype(np.float64)
    heads = {"FaceTalk_A": template * 1.1, "FaceTalk_B": template * 0.9}
    path = tmp_path / "templates.pkl"
    path.write_bytes(pickle.dumps(heads, protocol=2))
    monkeypatch.setattr(preferences, "templates_file", lambda: path)
    return path


def test_a_flame_head_stands_upright_with_its_origin_in_its_neck(scene, own, flame, templates) -> None:
    scene.cursor.location = (0.0, 1.0, 2.0)
    assert bpy.ops.diface.add_flame_head() == {"FINISHED"}
    obj = bpy.context.active_object
    assert (obj.name, tuple(obj.location)) == ("FLAME Head", (0.0, 1.0, 2.0))
    assert flame_mesh.is_flame(obj)
    placed = flame_mesh.estimate_placement(obj, flame)
    assert np.abs(placed.neck).max() < 1e-6
    assert placed.scale == 1.0
    assert (placed.rotation == flame_scenes.LYING["Z up"][1]).all()
    tallest = np.ptp(flame_mesh.rest_vertices(obj), axis=0).argmax()
    assert tallest == 2


def test_a_flame_head_by_identity(scene, own, templates) -> None:
    bpy.ops.diface.add_flame_head(identity="FaceTalk_A")
    large = np.ptp(flame_mesh.rest_vertices(bpy.context.active_object)[:, 2])
    assert bpy.context.active_object.name == "FLAME Head FaceTalk_A"
    bpy.ops.diface.add_flame_head(identity="FaceTalk_B")
    assert large / np.ptp(flame_mesh.rest_vertices(bpy.context.active_object)[:, 2]) == pytest.approx(1.1 / 0.9)
    before = fingerprint.of_file()
    with pytest.raises(RuntimeError, match=r"no speaker 'nobody'.*FaceTalk_A"):
        bpy.ops.diface.add_flame_head(identity="nobody")
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_a_flame_head_needs_its_files(scene, own, tmp_path, monkeypatch) -> None:
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
