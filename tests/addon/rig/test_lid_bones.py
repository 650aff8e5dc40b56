"""Eyelids of bones: their names, how far a blink moves them, and the layer that they are in."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.rig import binding, bones, stored_bones
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.lids.lid_names import read_lid_name
from diface_addon.rig.mapping.bone_group import BoneGroup
from diface_addon.rig.shifted_bones.bone_shift import BoneShift
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.mapping.table import mapping_table
from diface_addon.scene.provenance import layer_tracks
from diface_addon.scene.takes import write_take
from tests.addon.characters import lid_bones_kind
from tests.addon.characters.bundled_parts import PARTS, arkit_shapes, vertices_of
from tests.addon.characters.kinds import PLACEMENTS, Built
from tests.addon.characters.surfaces import surface

BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
LAYERS = {"blinks": 0, "gaze": 0, "breath": None}


@pytest.mark.parametrize(
    ("name", "side", "is_upper"),
    [
        ("Bip01 LEyeBlinkTop", "Left", True),
        ("Bip01 REyeBlinkBottom", "Right", False),
        ("lid.T.L.001", "Left", True),
        ("lid.B.R", "Right", False),
        ("c_eyelid_top.l", "Left", True),
        ("lEyelidUpper", "Left", True),
        ("FACIAL_R_EyelidLowerB1", "Right", False),
        ("eyelid_upper_l", "Left", True),
        ("LeftUpperLid", "Left", True),
        ("mixamorig:RightEyeLid", "Right", True),
    ],
)
def test_names_of_lids(name: str, side: str, is_upper: bool) -> None:
    found = read_lid_name(name)
    assert found is not None
    assert (found.side, found.is_upper) == (side, is_upper)


@pytest.mark.parametrize(
    "name", ["LeftEye", "ORG-lid.T.L", "Eyelash_L", "lidCorner.L", "slide_l", "valid_L", "Eyelid", ""]
)
def test_other_names(name: str) -> None:
    assert read_lid_name(name) is None


@pytest.fixture(params=[(True, False), (False, False), (True, True), (False, True)])
def built(scene, request) -> Built:
    found = lid_bones_kind.build_with_lids(*request.param)
    binding.bind(discover(found.main))
    return found


def test_lids_stay_if_the_face_is_away_from_its_armature_when_bound_again(built) -> None:
    def lids() -> dict:
        groups = [group for group in stored_bones.groups(built.main) if group.axes.keys() <= set(BLINKS)]
        return {(type(one), one.bone): [axis.tolist() for axis in one.axes.values()] for one in groups}

    before = lids()
    assert before
    found = discover(built.main)
    built.main.location.x += 5.0
    bpy.context.view_layer.update()
    binding.bind(found)
    assert lids() == before


def blink(built: Built, values: list[float]) -> write_take.TakeResult:
    motion = np.zeros((len(values), len(channels.FACE)), np.float32)
    for name in BLINKS:
        motion[:, channels.FACE.index(name)] = values
    request = {"first_frame": 1, "seed": 0, "layers": LAYERS}
    return write_take.write_take(built.main, types.Motion(motion, channels.FACE, types.FrameRate(30)), "T", request)


def test_a_blink_brings_the_edge_of_the_lid_as_far_down_as_the_shape_does(built) -> None:
    chosen = vertices_of(*PARTS["Head"])
    to_space = np.array(built.world.inverted())[:3, :3]
    rest = surface(built.part("Head")) @ to_space.T
    blink(built, [0.0, 1.0, 0.5])
    for side in ("Left", "Right"):
        offsets = arkit_shapes()[f"eyeBlink{side}"][chosen]
        edge = np.flatnonzero(offsets[:, 2] < 0.9 * offsets[:, 2].min())
        wanted = -offsets[edge, 2].mean()
        heights = []
        for frame in (1, 2, 3):
            bpy.context.scene.frame_set(frame)
            heights.append(float((rest - surface(built.part("Head")) @ to_space.T)[edge, 2].mean()))
        assert heights[0] == pytest.approx(0.0, abs=1e-5)
        assert heights[1] == pytest.approx(wanted, rel=0.35)
        assert 0.3 * heights[1] < heights[2] < 0.7 * heights[1]


def test_blinks_of_bones_are_in_their_layer_and_read_back(built) -> None:
    result = blink(built, [0.0, 1.0, 0.4])
    (layer,) = [action for action in result.actions if layer_tracks.layer_name(action) == "blinks"]
    assert any(curve.data_path.startswith("pose.bones") for _address, curve in compat.action_fcurves(layer))
    read = evaluate_curves.sample_motion(built.main, 1, 3, BLINKS).values
    assert read == pytest.approx(np.array([[0, 0], [1, 1], [0.4, 0.4]]), abs=1e-5)


def test_bones_of_lids_are_in_the_table(built) -> None:
    rows = [row for row in mapping_table(built.main, None).rows if row.channel in BLINKS]
    assert {row.channel for row in rows} == set(BLINKS)
    assert {row.source for row in rows} == {"Bone"}


@pytest.mark.parametrize("in_eyeball", [True, False])
def test_joints_in_the_eyeball_turn_and_others_are_moved(scene, in_eyeball) -> None:
    built = lid_bones_kind.build_with_lids(in_eyeball)
    binding.bind(discover(built.main))
    kind = BoneGroup if in_eyeball else BoneShift
    lids = {group.bone for group in bones.bone_groups(built.main) if isinstance(group, kind) and "Lid" in group.bone}
    assert lids == {"LeftUpperLid", "RightUpperLid"}


@pytest.mark.parametrize("place", ["facing +Y", "scaled 0.01 and turned", "lying"])
def test_lids_close_in_any_placement(scene, place) -> None:
    built = lid_bones_kind.build_with_lids(True, placement=PLACEMENTS[place])
    binding.bind(discover(built.main))
    plain = lid_bones_kind.build_with_lids(True)
    binding.bind(discover(plain.main))
    assert angles(built) == pytest.approx(angles(plain), rel=1e-3)
    assert len(angles(built)) == 2


def angles(built: Built) -> list[float]:
    """Return the angles of the lids at a whole blink, in rad."""
    moved = [group for group in bones.bone_groups(built.main) if group.channels & set(BLINKS)]
    return [float(np.linalg.norm(axis)) for group in moved for axis in group.axes.values()]


def test_shapes_of_blinks_leave_the_bones(scene) -> None:
    built = lid_bones_kind.build_with_lids(True)
    for name in BLINKS:
        key = built.main.shape_key_add(name=name, from_mix=False)
        offsets = arkit_shapes()[name][vertices_of(*PARTS["Head"])]
        for number in np.flatnonzero(np.abs(offsets).max(axis=1) > 0):
            key.data[int(number)].co.z += float(offsets[number, 2])
    binding.bind(discover(built.main))
    assert not [group for group in bones.bone_groups(built.main) if "Lid" in group.bone]
