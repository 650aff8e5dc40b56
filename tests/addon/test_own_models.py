"""From a 3DiFACE checkpoint to the mesh that Blender shows: the models' own vertices, to the bound that is stated."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
import soundfile
from mathutils import Quaternion, Vector

from diface_addon.core import channels
from diface_addon.scene.characters import flame_mesh, shape_key_names
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings import preferences
from diface_addon.worker import process

from . import scenes
from .conftest import PYTHON
from .flame_scenes import add_flame, shown

BOUND = 1e-5  # metres: 0.01 mm
ROWS = 36


@pytest.fixture(scope="module")
def made(tmp_path_factory, root, speech) -> Path:
    """The folder of own_models.py, with the sound in it."""
    if not os.environ.get(PYTHON):
        pytest.skip(f"{PYTHON} is not set to a Python with DiFACE's packages: `python3 build.py test` does.")
    folder = tmp_path_factory.mktemp("own")
    samples, rate = soundfile.read(speech, frames=ROWS * 16000 // 30)
    soundfile.write(folder / "speech.wav", samples, rate, subtype="FLOAT")
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [os.environ[PYTHON], "-m", "tests.addon.own_models", str(folder), str(folder / "speech.wav")]
    done = subprocess.run(command, cwd=root, env={**own, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    yield folder
    process.close_shared_worker()


@pytest.fixture
def truth(made) -> dict[str, np.ndarray]:
    with np.load(made / "truth.npz") as found:
        return dict(found)


@pytest.fixture
def speaking(scene, made, shared, monkeypatch, tmp_path) -> bpy.types.Object:
    """A FLAME mesh about to speak with them, 30 frames a second from frame 1 on."""
    monkeypatch.setattr(preferences, "checkpoints_folder", lambda: made / "models")
    monkeypatch.setattr(preferences, "wav2vec2_folder", lambda: made / "wav2vec2")
    monkeypatch.setattr(preferences, "flame_file", lambda: shared / "flame2023open.npz")
    scene.render.fps = 30
    scenes.use_file(scene, made / "speech.wav")
    settings = scene.diface
    settings.engine, settings.seed = "THREEDIFACE", 3
    settings.threediface.condition, settings.threediface.steps = "2", 10
    obj = add_flame(shared / "flame2023open.npz")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    return obj


@pytest.mark.parametrize("motion_as", ["KEYS", "CACHE"])
def test_the_mesh_moves_as_the_models_say(scene, speaking, truth, motion_as) -> None:
    scene.diface.threediface.motion_as = motion_as
    assert bpy.ops.diface.generate() == {"FINISHED"}
    rest = flame_mesh.rest_vertices(speaking)
    wanted = truth["displacement"]
    assert np.abs(wanted[1:] - wanted[:-1]).max() > 1e-4
    worst = 0.0
    for row in range(ROWS):
        moved = shown(speaking, row + 1) - rest
        in_flame = moved[:, [0, 2, 1]] * [1, 1, -1]  # the mesh is Z up
        worst = max(worst, np.linalg.norm(in_flame - wanted[row], axis=1).max())
    assert worst < (BOUND if motion_as == "KEYS" else BOUND / 20)

    # What is said of it is true.
    (actions,) = take_index.all_takes().values()
    assert worst < stored_request.read_request(actions[0])["error"] + 1e-6


def test_the_head_turns_as_the_models_say(scene, speaking, truth) -> None:
    scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    for row in (0, 17, ROWS - 1):
        scene.frame_set(row + 1)
        vector = Vector(truth["head"][row].tolist())
        wanted = Quaternion(vector.normalized(), vector.length)
        assert speaking.matrix_world.to_quaternion().rotation_difference(wanted).angle < 2e-3


def test_other_frame_rates_meet_it_where_frames_meet(scene, speaking, truth) -> None:
    scene.render.fps = 60
    assert bpy.ops.diface.generate() == {"FINISHED"}
    rest = flame_mesh.rest_vertices(speaking)
    for row in (0, 9, ROWS - 1):
        moved = (shown(speaking, 2 * row + 1) - rest)[:, [0, 2, 1]] * [1, 1, -1]
        assert np.linalg.norm(moved - truth["displacement"][row], axis=1).max() < BOUND


def test_a_damaged_checkpoint_is_said(scene, speaking, made) -> None:
    weights = made / "models" / "face" / "checkpoints" / "model000000001.pt"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    try:
        with pytest.raises(RuntimeError, match="Copy the checkpoint again"):
            bpy.ops.diface.generate()
    finally:
        weights.write_bytes(whole)
    assert not bpy.data.actions
    assert not speaking.data.shape_keys


@pytest.mark.parametrize("with_file", [True, False], ids=["with a FLAME file", "without"])
def test_difaces_own_models_drive_a_flame_mesh(scene, speaking, shared, monkeypatch, with_file) -> None:
    if not with_file:
        monkeypatch.setattr(preferences, "flame_file", lambda: None)
    scene.diface.engine = "DIFACE"
    assert bpy.ops.diface.add_arkit_keys() == {"FINISHED"}
    assert tuple(shape_key_names.face_shape_keys(speaking)) == channels.SHAPES

    # A jaw that opens moves the chin down, by a centimetre or more, and leaves the skull where it is.
    keys = speaking.data.shape_keys.key_blocks
    keys["jawOpen"].value = 1.0
    moved = shown(speaking, 1) - flame_mesh.rest_vertices(speaking)
    assert -0.06 < moved[:, 2].min() < -0.01
    top = flame_mesh.rest_vertices(speaking)[:, 2] > 0.05
    assert np.abs(moved[top]).max() < 1e-4
    keys["jawOpen"].value = 0.0

    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert np.ptp(scenes.jaw(speaking)[:, 1]) > 0.05
    assert np.abs(shown(speaking, 12) - shown(speaking, 24)).max() > 5e-4


@pytest.mark.parametrize(
    ("missing", "said"), [("models/face/checkpoints", "No 3DiFACE face model was found"), ("wav2vec2", "wav2vec2")]
)
def test_what_is_missing_is_said(scene, speaking, made, missing, said) -> None:
    aside = (made / missing).rename(made / "aside")
    try:
        with pytest.raises(RuntimeError, match=said):
            bpy.ops.diface.generate()
    finally:
        aside.rename(made / missing)
    assert not bpy.data.actions
