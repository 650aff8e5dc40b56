"""Faces of bones: what their names say, how bones follow one another, and rigs that Blender's Rigify generates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, types
from diface_addon.rig import binding, bones, head_target
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.face_bones.face_bone_names import read_face_bone
from diface_addon.rig.face_bones.following import Following
from diface_addon.scene.animation import active_curves, character_checks, evaluate_curves
from diface_addon.scene.mapping.table import mapping_table
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import layer_tracks
from diface_addon.scene.takes import write_take
from tests.addon.characters import game_face_kind
from tests.addon.characters.bundled_parts import PARTS, bundled_head, in_skin, vertices_of
from tests.addon.characters.kinds import PLACEMENTS
from tests.addon.characters.surfaces import surface

LAYERS = {"blinks": 0, "gaze": 0, "breath": None}
OPPOSED = ("jawLeft", "jawRight", "eyeLook")
"""Channels of which only one of two can be read back."""


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("lip.T", "upper lip"),
        ("lip.B.L.001", "lower lip"),
        ("lips.R", "lip"),
        ("lip_end.L.001", "lip"),
        ("brow.T.L.003", "brow"),
        ("brow.B.R", "under brow"),
        ("cheek.T.L.001", "cheek"),
        ("nose.L.001", "nose"),
        ("c_lips_top_01.l", "upper lip"),
        ("c_lips_bot.x", "lower lip"),
        ("c_lips_smile.r", "corner"),
        ("c_eyebrow_02.l", "brow"),
        ("Bip01 MUpperLip", "upper lip"),
        ("Bip01 RMouthCorner", "corner"),
        ("Bip01 LOuterEyebrow", "brow"),
        ("lLipLowerInner", "lower lip"),
        ("LipUpperMiddle", "upper lip"),
        ("rNostril", "nose"),
        ("FACIAL_L_LipCorner", "corner"),
        ("oris04.L", "lip"),
        ("DEF-lip.T.R", "upper lip"),
    ],
)
def test_names_of_face_bones(name: str, part: str) -> None:
    assert read_face_bone(name) == part


@pytest.mark.parametrize(
    "name",
    ["ORG-lip.T.L", "MCH-lip_offset.T.L", "c_eyebrow_full.l", "c_lips_roll_top.x", "jaw_master_mouth", "lid.T.L",
     "nose", "Eyelash_L", "tongue", "teeth.T", "mouth", "clipboard", "Head", "chin.L", "slipper.L", "tulip", ""],
)  # fmt: skip
def test_names_of_other_bones(name: str) -> None:
    assert read_face_bone(name) is None


BUILD_RIGIFY = """
import sys
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
from tests.addon.characters import rigify_kind
rigify_kind.build_rigify(sys.argv[1] == "True")
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[2])
"""


@pytest.fixture(scope="module", params=[False, True], ids=["face", "skin"])
def rigify_file(request, root, tmp_path_factory) -> Path:
    """A file with a character on a generated rig.

    Another process makes it: what Rigify registers and removes can crash Blender 4.2 later, at a change of the scene.
    """
    path = tmp_path_factory.mktemp("rigify") / "rigify.blend"
    command = [sys.executable, "-c", BUILD_RIGIFY, str(request.param), str(path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert path.is_file(), done.stdout + done.stderr
    return path


@pytest.fixture
def main(scene, rigify_file) -> bpy.types.Object:
    """The face of the character."""
    bpy.ops.wm.open_mainfile(filepath=str(rigify_file))
    return bpy.data.objects["Head"]


@pytest.fixture
def bound(main) -> bpy.types.Object:
    binding.bind(discover(main))
    return main


def perform(main: bpy.types.Object, rows: list[dict[str, float]]) -> write_take.TakeResult:
    """Write a take with these channels at the frames from 1 on."""
    values = np.zeros((len(rows), len(channels.SPEECH)), np.float32)
    for row, weights in zip(values, rows, strict=True):
        for name, weight in weights.items():
            row[channels.SPEECH.index(name)] = weight
    motion = types.Motion(values, channels.SPEECH, types.FrameRate(30))
    return write_take.write_take(main, motion, "T", {"first_frame": 1, "seed": 0, "layers": LAYERS})


def surface_at(obj: bpy.types.Object, frame: int) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    return surface(obj)


def test_the_whole_character_is_found_from_any_part(main) -> None:
    for name in ("Head", "rig", "Teeth", "EyeLeft"):
        found = discover(bpy.data.objects[name])
        assert found.main == main
        assert (found.bones.head, found.bones.jaw) == ("head", "jaw_master")
        assert {obj.name for obj in found.on_head} == {"Teeth", "EyeLeft", "EyeRight"}
        assert found.notes == ()


def test_bones_follow_others_as_blender_moves_them(main) -> None:
    found = discover(main)
    rig, names = found.armature, list(found.face_bones)
    assert {"lip.T", "lip.B", "brow.T.L.003", "cheek.B.R.001"} <= set(names)

    def heads() -> np.ndarray:
        bpy.context.view_layer.update()
        return np.array([rig.matrix_world @ rig.pose.bones[name].head for name in names])

    rest = heads()
    for name in names:
        pose = rig.pose.bones[name]
        shift = np.array((0.001, -0.0015, 0.002))
        pose.location = np.linalg.solve(np.array(pose.bone.matrix_local.to_3x3()), shift)
        following = Following(rig, {name: shift[:, None]}, {})
        expected = np.stack([following.motion(other).shift[:, 0] for other in names])
        assert heads() - rest == pytest.approx(expected, abs=1.5e-4), name
        pose.location = (0.0, 0.0, 0.0)


def test_every_channel_but_few_moves_bones(bound) -> None:
    missing = set(channels.SPEECH) - active_curves.reached_channels(bound)
    single = {"tongueBodyUp"} if len(discover(bound).bones.tongue) == 1 else set()  # it raises the tip alone
    assert missing == {"eyeWideLeft", "eyeWideRight", "jawForward"} | single
    rows = mapping_table(bound, None).rows
    assert {row.channel for row in rows} == set(channels.SPEECH) - missing
    assert {row.source for row in rows} == {"Bone"}


def test_such_a_face_is_generated(main) -> None:
    assert active_curves.has_face(main)
    character_checks._check_face(main)  # raises no error


def test_channels_are_read_back(bound) -> None:
    rng = np.random.default_rng(4)
    reached = sorted(active_curves.reached_channels(bound))
    wanted = [name for name in reached if not name.startswith(OPPOSED)]
    rows = [dict(zip(wanted, np.clip(rng.normal(0, 0.4, len(wanted)), 0, 1).tolist(), strict=True)) for _ in range(20)]
    perform(bound, rows)
    read = evaluate_curves.sample_motion(bound, 1, len(rows), tuple(wanted)).values
    assert read == pytest.approx(np.array([[row[name] for name in wanted] for row in rows]), abs=2e-3)


def test_the_mouth_opens_and_its_lips_meet(bound) -> None:
    perform(bound, [{}, {"jawOpen": 1.0}, {"jawOpen": 0.4, "mouthClose": 0.4}, {"jawOpen": 0.2, "mouthClose": 0.2}])
    upper, lower = in_skin("upper_inner_lip"), in_skin("lower_inner_lip")
    gaps = [surface_at(bound, frame)[upper] - surface_at(bound, frame)[lower] for frame in (1, 2, 3, 4)]
    heights = (
        np.array([gap[4:9, 2].mean() for gap in gaps]) * 200.0 / discover(bound).head_size
    )  # mm of a head of 20 cm
    assert heights[1] > 8.0
    assert np.abs(heights[2:] - heights[0]).max() < 1.0


def test_lids_close_and_the_lower_one_squints(bound) -> None:
    perform(bound, [{}, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, {"eyeSquintLeft": 1.0}])
    for side in ("left", "right"):
        upper, lower = in_skin(f"upper_lid_{side}"), in_skin(f"lower_lid_{side}")
        rest, shut, squint = (surface_at(bound, frame) for frame in (1, 2, 3))
        open_by = (rest[upper] - rest[lower])[5:10, 2]
        assert (shut[upper] - shut[lower])[5:10, 2] == pytest.approx(0.0, abs=0.3 * open_by.max())
        raised = (squint - rest)[lower][5:10, 2].mean() / open_by.mean()
        assert (raised > 0.2) == (side == "left")
        assert np.abs((squint - rest)[upper]).max() < 1e-3


def test_blinks_and_gaze_are_layers(bound) -> None:
    result = perform(bound, [{}, {"eyeBlinkLeft": 1.0, "eyeLookOutLeft": 1.0, "jawOpen": 1.0}])
    assert {layer_tracks.layer_name(action) for action in result.actions} == {None, "blinks", "gaze"}


def test_brows_and_corners_move_as_the_bundled_heads_do(bound) -> None:
    shapes = ("mouthSmileLeft", "mouthPucker", "browInnerUp", "mouthLeft", "mouthFrownRight")
    perform(bound, [{}, *({name: 1.0} for name in shapes)])
    rest = surface_at(bound, 1)
    for frame, name in enumerate(shapes, 2):
        wanted = bundled_head().deltas[channels.FACE.index(name)][vertices_of(*PARTS["Head"])]
        sizes = np.linalg.norm(wanted, axis=1)
        most = sizes > 0.5 * sizes.max()
        moved, wanted = (surface_at(bound, frame) - rest)[most], wanted[most]
        assert (moved * wanted).sum() / np.linalg.norm(moved) / np.linalg.norm(wanted) > 0.8, name
        assert 0.4 < np.linalg.norm(moved) / np.linalg.norm(wanted) < 1.2, name


def test_nothing_below_the_neck_moves(bound) -> None:
    perform(bound, [{}, {"jawOpen": 1.0, "mouthSmileLeft": 1.0, "browInnerUp": 1.0}])
    rig = bpy.data.objects["rig"]
    bpy.context.scene.frame_set(1)
    before = {bone.name: bone.matrix.copy() for bone in rig.pose.bones}
    bpy.context.scene.frame_set(2)
    for name in ("root", "torso", "hips", "chest", "neck", "head", "DEF-spine.003", "DEF-spine.006"):
        assert np.array(rig.pose.bones[name].matrix) == pytest.approx(np.array(before[name]), abs=1e-6)


def test_a_head_that_does_not_follow_its_neck_takes_the_whole_rotation(bound) -> None:
    target = head_target.head_target(bound)
    assert (target.bone, target.share) == ("head", 1.0)
    values = np.zeros((2, 3), np.float32)
    values[1] = 0.1, 0.05, -0.2
    motion = types.Motion(values, channels.HEAD, types.FrameRate(30))
    write_take.write_take(bound, motion, "T", {"first_frame": 1, "seed": 0, "layers": LAYERS})
    rest, turned = (surface_at(bpy.data.objects["EyeLeft"], frame) for frame in (1, 2))
    moved, still = (turned - turned.mean(axis=0)), (rest - rest.mean(axis=0))
    u, _sizes, v = np.linalg.svd(moved.T @ still)
    angle = np.arccos((np.trace(u @ v) - 1) / 2)
    assert angle == pytest.approx(np.linalg.norm(values[1]), abs=0.01)


def test_a_key_on_a_lip_is_a_pin(bound) -> None:
    perform(bound, [{"jawOpen": 0.1 * row / 10} for row in range(11)])
    pose = bpy.data.objects["rig"].pose.bones["lip.T"]
    group = next(group for group in bones.bone_groups(bound) if group.bone == "lip.T")
    value = np.asarray(group.axes["mouthUpperUpLeft"] + group.axes["mouthUpperUpRight"], np.float32)
    bpy.context.scene.frame_set(6)
    pose.location = value.tolist()
    pose.keyframe_insert("location", frame=6)
    found = [pin for pin in pins.find_pins(bound) if "lip.T" in pin.address[1]]
    assert {pin.frame for pin in found} == {6.0}
    assert [pin.value for pin in found] == [float(value[pin.address[2]]) for pin in found]


@pytest.mark.parametrize("names", ["SECOND_LIFE", "METAHUMAN"])
@pytest.mark.parametrize("place", ["plain", "facing +Y", "scaled 0.01 and turned", "2.7 cm tall", "lying", "mirrored"])
def test_face_bones_of_games_open_and_shut_the_mouth(scene, place, names) -> None:
    built = game_face_kind.build_game_face(getattr(game_face_kind, names), PLACEMENTS[place])
    found = discover(built.armature)
    assert (found.main, len(found.face_bones), found.notes) == (built.main, 12, ())
    binding.bind(found)
    perform(built.main, [{}, {"jawOpen": 1.0}, {"jawOpen": 0.4, "mouthClose": 0.4}, {"mouthSmileLeft": 1.0}])
    to_space = np.array(built.world.inverted())[:3, :3]
    upper, lower = in_skin("upper_inner_lip"), in_skin("lower_inner_lip")
    points = [surface_at(built.main, frame) @ to_space.T for frame in (1, 2, 3, 4)]
    gaps = [1000 * float((at[upper] - at[lower])[4:9, 2].mean()) for at in points]
    assert gaps[1] > 10.0
    assert gaps[2] == pytest.approx(gaps[0], abs=1.0)
    smiled = (points[3] - points[0])[in_skin("mouth_corners")]
    assert np.linalg.norm(smiled, axis=1).argmax() == 1  # the left one, as the shapes name it
    assert smiled[1, 2] > 2e-3
