"""End to end as shipped: recorded speech, the bundled head, the trained models, a worker of DIFACE_PYTHON."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.provenance import stored_request
from tests.addon.scene import scenes

pytestmark = pytest.mark.usefixtures("real_worker")


@pytest.fixture
def talking(scene, speech, tmp_path) -> bpy.types.Object:
    """The bundled head with 3 s of the sample speech, 25 frames per second from frame 11 on."""
    scene.render.fps, scene.frame_start = 25, 11
    obj = bundled_head.add_head(bpy.context)
    samples, rate = soundfile.read(speech, frames=3 * 16000)
    soundfile.write(tmp_path / "speech.wav", samples, rate)
    scenes.use_audio_file(scene, tmp_path / "speech.wav")
    return obj


def curves(obj) -> dict[tuple[str, int], np.ndarray]:
    """Return the active curves, including layers: (path, index) -> keys (K, 2)."""
    found = {}
    actions = [(kind, block.animation_data.action) for kind, block in (("KEY", obj.data.shape_keys), ("OBJECT", obj))]
    tracks = obj.data.shape_keys.animation_data.nla_tracks
    for kind, action in actions + [("KEY", strip.action) for track in tracks for strip in track.strips]:
        for curve in compat.find_channelbag(action, kind).fcurves:
            found[curve.data_path, curve.array_index] = scenes.curve_points(
                action, kind, curve.data_path, curve.array_index
            )
    return found


@pytest.mark.slow
def test_speech_becomes_a_take(scene, talking) -> None:
    assert bpy.ops.diface.generate() == {"FINISHED"}
    found = curves(talking)
    assert len(found) == len(channels.SHAPES) + 3

    rows = len(found["rotation_euler", 0])
    request = stored_request.read_request(talking.animation_data.action)
    assert len(request["model_hash"]) >= 8
    for keys in found.values():
        assert keys[:, 0].tolist() == list(range(11, 11 + rows))
        assert np.isfinite(keys).all()
    assert np.ptp(scenes.jaw_keys(talking)[:, 1]) > 0.1
    assert 0.005 < np.ptp(found["rotation_euler", 0][:, 1]) < 1.0


def test_rows_of_the_mapping_move_with_the_performance(scene, talking) -> None:
    """A channel in another property, one at half its gain, and one that is left out; the others as they were."""
    bpy.ops.diface.generate()
    before = curves(talking)
    talking["openness"] = 0.0
    for channel, kind, gain, use in (
        ("jawOpen", "PROPERTY", 2.0, True),
        ("mouthPucker", "SHAPE_KEY", 0.5, True),
        ("browInnerUp", "SHAPE_KEY", 1.0, False),
    ):
        row = talking.diface_mapping.rows.add()
        row.channel, row.kind, row.owner, row.gain, row.use = channel, kind, talking, gain, use
        row.shape_key, row.property_name = channel, "openness"
    talking.id_properties_ui("openness").update(min=-10.0, max=10.0)
    assert bpy.ops.diface.generate() == {"FINISHED"}
    after = curves(talking)
    path = 'key_blocks["{}"].value'.format
    assert (path("jawOpen"), 0) not in after
    assert (path("browInnerUp"), 0) not in after
    wanted = 2 * before[path("jawOpen"), 0][:, 1]
    assert after['["openness"]', 0][:, 1] == pytest.approx(wanted, abs=1e-5)
    pucker = 0.5 * before[path("mouthPucker"), 0][:, 1]
    assert after[path("mouthPucker"), 0][:, 1] == pytest.approx(pucker, abs=1e-5)
    assert np.ptp(wanted) > 0.2
    untouched = path("mouthFunnel"), 0
    assert np.array_equal(after[untouched], before[untouched])


def test_seed_determines_the_performance(scene, talking) -> None:
    takes = []
    for seed in (4, 4, 5):
        scene.diface.seed = seed
        assert bpy.ops.diface.generate() == {"FINISHED"}
        takes.append(curves(talking))
    same = [np.array_equal(takes[0][name], takes[1][name]) for name in takes[0]]
    other = [np.array_equal(takes[0][name], takes[2][name]) for name in takes[0]]
    assert all(same)
    assert not all(other)


def test_zero_strength_keeps_only_layers(scene, talking) -> None:
    scene.diface.face_strength = scene.diface.head_strength = 0.0
    assert bpy.ops.diface.generate() == {"FINISHED"}
    moving = {path for (path, _index), keys in curves(talking).items() if np.abs(keys[:, 1]).max() > 1e-6}
    assert {path for path in moving if '"eye' not in path and "breathIn" not in path} == set()
    scene.diface.blinks = scene.diface.gaze = scene.diface.breath = False
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert all(np.abs(keys[:, 1]).max() < 1e-6 for keys in curves(talking).values())


def test_unknown_style_is_reported(scene, talking) -> None:
    scene.diface.style = "nobody"
    with pytest.raises(RuntimeError, match="style nobody is unknown"):
        bpy.ops.diface.generate()
