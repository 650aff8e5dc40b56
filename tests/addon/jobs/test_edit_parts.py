"""A face and a head that different models generated: each part is edited with the models that made it."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.jobs.live_mode import live
from diface_addon.scene.animation import active_curves
from diface_addon.scene.provenance import stored_request
from tests.addon.scene import scenes
from tests.addon.scene.flame_scenes import add_flame

JAW, HEAD = ("KEY", 'key_blocks["jawOpen"].value', 0), ("OBJECT", "rotation_euler", 2)
REGIONS = ("lips", "jaw", "cheeks", "brows", "eyes", "tongue")


@pytest.fixture
def sound(scene, clicks) -> bpy.types.Scene:
    """The scene with three seconds of clicks as its sound, 25 frames per second from frame 1 on."""
    scene.render.fps = 25
    scene.diface.blinks = scene.diface.gaze = scene.diface.breath = False
    scenes.use_audio_file(scene, clicks([0.5, 1.5, 2.5]))
    return scene


def generate(engine_name: str, parts: str) -> None:
    """Generate a take with DiFACE's or the 3DiFACE models."""
    bpy.context.scene.diface.engine, bpy.context.scene.diface.parts = engine_name, parts
    assert bpy.ops.diface.generate() == {"FINISHED"}


@pytest.fixture
def face_of_diface(sound, user_models, head, worker) -> bpy.types.Object:
    """A character whose face a take of DiFACE animates, and whose head one of 3DiFACE does."""
    generate("DIFACE", "BOTH")
    generate("THREEDIFACE", "HEAD")
    return head


@pytest.fixture
def face_of_threediface(sound, user_models, flame, worker) -> bpy.types.Object:
    """A FLAME mesh whose face a take of 3DiFACE animates, and whose head one of DiFACE does."""
    obj = add_flame(flame)
    generate("THREEDIFACE", "BOTH")
    generate("DIFACE", "HEAD")
    return obj


def action(obj: bpy.types.Object, part: str) -> bpy.types.Action:
    return (obj if part == "head" else obj.data.shape_keys).animation_data.action


def engine_of(obj: bpy.types.Object, part: str) -> dict | None:
    """Return the 3DiFACE models in the request of the take that animates a part."""
    return stored_request.read_request(action(obj, part))["engine"]


def curve(obj: bpy.types.Object, address: tuple[str, str, int]) -> bpy.types.FCurve:
    return active_curves.find_active_curves(obj)[address].fcurve


def values(obj: bpy.types.Object, address: tuple[str, str, int]) -> np.ndarray:
    return np.array([curve(obj, address).evaluate(frame) for frame in range(1, 76)])


def set_key(obj: bpy.types.Object, address: tuple[str, str, int], frame: int, value: float) -> None:
    next(key for key in curve(obj, address).keyframe_points if key.co.x == frame).co.y = value


def test_head_of_threediface_is_regenerated_by_its_model(face_of_diface) -> None:
    obj = face_of_diface
    face, head, before = action(obj, "face"), action(obj, "head"), values(obj, HEAD)
    set_key(obj, HEAD, 40, 0.4)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert engine_of(obj, "head")["head"] == "head_reg"
    assert stored_request.read_request(action(obj, "head"))["parent"] == stored_request.read_request(head)["take"]
    assert curve(obj, HEAD).evaluate(40) == pytest.approx(0.4)
    assert np.abs(values(obj, HEAD) - before)[30:38].max() > 0.01
    assert action(obj, "face") == face


def test_face_of_diface_is_regenerated_without_the_head(face_of_diface) -> None:
    obj = face_of_diface
    face, head = action(obj, "face"), action(obj, "head")
    before = values(obj, JAW)
    set_key(obj, JAW, 40, 0.7)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert action(obj, "head") == head
    assert action(obj, "face") != face
    assert engine_of(obj, "face") is None
    after = values(obj, JAW)
    assert after[39] == pytest.approx(0.7)
    assert np.abs(after - before)[30:38].max() > 0.01


def test_head_of_diface_is_regenerated_by_its_model(face_of_threediface) -> None:
    obj = face_of_threediface
    face = action(obj, "face")
    set_key(obj, HEAD, 40, 0.4)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert engine_of(obj, "head") is None
    assert curve(obj, HEAD).evaluate(40) == pytest.approx(0.4)
    assert action(obj, "face") == face
    assert engine_of(obj, "face")["face"]


def test_face_of_threediface_is_regenerated_without_the_head(scene, face_of_threediface) -> None:
    obj = face_of_threediface
    face, head = action(obj, "face"), action(obj, "head")
    scene.diface.edit.regions = {name.upper() for name in REGIONS}
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    assert action(obj, "head") == head
    assert action(obj, "face") != face
    assert engine_of(obj, "face")["face"]


@pytest.mark.parametrize("made", ["face_of_diface", "face_of_threediface"])
def test_edit_of_both_parts_at_once_is_refused(scene, made, request) -> None:
    obj = request.getfixturevalue(made)
    before = {action(obj, "face"), action(obj, "head")}
    with pytest.raises(RuntimeError, match=r"edited one at a time\..*Regions to Edit"):
        bpy.ops.diface.regenerate(where="ALL")
    assert {action(obj, "face"), action(obj, "head")} == before
    scene.diface.edit.regions = {"HEAD"}
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}


def test_edit_without_changed_keys_is_reported(face_of_diface) -> None:
    with pytest.raises(RuntimeError, match="No key was changed since this take was made"):
        bpy.ops.diface.regenerate(where="AROUND")


def test_face_needs_no_checkpoints_of_the_head(face_of_diface, user_models, tmp_path) -> None:
    (user_models / "head_reg").rename(tmp_path / "head_reg")
    set_key(face_of_diface, JAW, 40, 0.7)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    set_key(face_of_diface, HEAD, 40, 0.4)
    with pytest.raises(RuntimeError, match="no 3DiFACE head model called head_reg"):
        bpy.ops.diface.regenerate(where="AROUND")


def test_keyed_face_with_a_head_of_threediface(sound, user_models, head, worker) -> None:
    generate("THREEDIFACE", "HEAD")
    head.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=10)
    face = action(head, "face")
    set_key(head, HEAD, 40, 0.4)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert engine_of(head, "head")["head"] == "head_reg"
    assert action(head, "face") == face


def test_live_is_refused(scene, face_of_diface) -> None:
    scene.diface.edit.live = True
    assert live.current() is None
    assert not scene.diface.edit.live
