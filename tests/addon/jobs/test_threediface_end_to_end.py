"""From a 3DiFACE checkpoint to the mesh in Blender: the vertices of the models, within the stated bound."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Quaternion, Vector

from diface_addon.core import channels
from diface_addon.scene.characters import flame_mesh, shape_key_names
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings import preferences
from tests.addon.jobs.conftest import ROWS
from tests.addon.scene import scenes
from tests.addon.scene.flame_scenes import evaluated_vertices

pytestmark = pytest.mark.slow

BOUND = 1e-5  # metres: 0.01 mm
UNEASED_ROWS = range(6, ROWS - 6)
"""Rows between the transitions from and to rest, 0.2 s at 30 frames per second."""


@pytest.fixture
def expected_motion(toy_models) -> dict[str, np.ndarray]:
    with np.load(toy_models / "truth.npz") as found:
        return dict(found)


@pytest.mark.parametrize("motion_as", ["KEYS", "CACHE"])
def test_mesh_reproduces_the_models_vertices(scene, toy_speaker, expected_motion, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    rest = flame_mesh.rest_vertices(toy_speaker)
    wanted = expected_motion["displacement"]
    assert np.abs(wanted[1:] - wanted[:-1]).max() > 1e-4
    worst = 0.0
    for row in UNEASED_ROWS:
        moved = evaluated_vertices(toy_speaker, row + 1) - rest
        in_flame = moved[:, [0, 2, 1]] * [1, 1, -1]  # the mesh is Z up
        worst = max(worst, np.linalg.norm(in_flame - wanted[row], axis=1).max())
    assert worst < (BOUND if motion_as == "KEYS" else BOUND / 20)

    # The reported error bound holds.
    (actions,) = take_index.all_takes().values()
    assert worst < stored_request.read_request(actions[0])["error"] + 1e-6


def test_head_reproduces_the_models_rotation(scene, toy_speaker, expected_motion) -> None:
    scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    for row in (UNEASED_ROWS[0], 17, UNEASED_ROWS[-1]):
        scene.frame_set(row + 1)
        vector = Vector(expected_motion["head"][row].tolist())
        wanted = Quaternion(vector.normalized(), vector.length)
        assert toy_speaker.matrix_world.to_quaternion().rotation_difference(wanted).angle < 2e-3


def test_other_frame_rates_agree_at_common_times(scene, toy_speaker, expected_motion) -> None:
    scene.render.fps = 60
    assert bpy.ops.diface.generate() == {"FINISHED"}
    rest = flame_mesh.rest_vertices(toy_speaker)
    for row in (UNEASED_ROWS[0], 9, UNEASED_ROWS[-1]):
        moved = (evaluated_vertices(toy_speaker, 2 * row + 1) - rest)[:, [0, 2, 1]] * [1, 1, -1]
        assert np.linalg.norm(moved - expected_motion["displacement"][row], axis=1).max() < BOUND


def test_damaged_checkpoint_is_reported(scene, toy_speaker, toy_models) -> None:
    weights = toy_models / "models" / "face" / "checkpoints" / "model000000001.pt"
    data = weights.read_bytes()
    weights.write_bytes(data[: len(data) // 2])
    try:
        with pytest.raises(RuntimeError, match="Copy the checkpoint again"):
            bpy.ops.diface.generate()
    finally:
        weights.write_bytes(data)
    assert not bpy.data.actions
    assert not toy_speaker.data.shape_keys


@pytest.mark.parametrize("with_file", [True, False], ids=["with a FLAME file", "without"])
def test_bundled_models_animate_a_flame_mesh(scene, toy_speaker, shared, monkeypatch, with_file) -> None:
    if not with_file:
        monkeypatch.setattr(preferences, "flame_file", lambda: None)
    scene.diface.engine = "DIFACE"
    assert bpy.ops.diface.add_arkit_keys() == {"FINISHED"}
    assert tuple(shape_key_names.face_shape_keys(toy_speaker)) == channels.FACE + channels.LAYERS["breath"]

    # A jaw that opens moves the chin down, by a centimetre or more, and leaves the skull where it is.
    keys = toy_speaker.data.shape_keys.key_blocks
    keys["jawOpen"].value = 1.0
    moved = evaluated_vertices(toy_speaker, 1) - flame_mesh.rest_vertices(toy_speaker)
    assert -0.06 < moved[:, 2].min() < -0.01
    top = flame_mesh.rest_vertices(toy_speaker)[:, 2] > 0.05
    assert np.abs(moved[top]).max() < 1e-4
    keys["jawOpen"].value = 0.0

    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert np.ptp(scenes.jaw_keys(toy_speaker)[:, 1]) > 0.05
    assert np.abs(evaluated_vertices(toy_speaker, 12) - evaluated_vertices(toy_speaker, 24)).max() > 5e-4


@pytest.mark.parametrize(
    ("missing", "message"), [("models/face/checkpoints", "No 3DiFACE face model was found"), ("wav2vec2", "wav2vec2")]
)
def test_missing_models_are_reported(scene, toy_speaker, toy_models, missing, message) -> None:
    aside = (toy_models / missing).rename(toy_models / "aside")
    try:
        with pytest.raises(RuntimeError, match=message):
            bpy.ops.diface.generate()
    finally:
        aside.rename(toy_models / missing)
    assert not bpy.data.actions
