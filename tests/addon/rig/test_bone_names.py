"""What the names of bones of common rigs say."""

import pytest

from diface_addon.rig.discovery.bone_names import names_eyeballs, read_name

KNOWN = {
    "head": [
        "head",
        "Head",
        "c_head.x",
        "head.x",
        "mixamorig:Head",
        "Bip01 Head",
        "Bip001 Head",
        "J_Bip_C_Head",
        "CC_Base_Head",
        "DEF-spine.006",
        "ValveBiped.Bip01_Head1",
        "mHead",
        "Head_M",
        "頭",
        "head_JNT",
        "Character1_Head",
    ],
    "neck": [
        "neck",
        "c_neck.x",
        "mixamorig:Neck",
        "Bip01 Neck",
        "J_Bip_C_Neck",
        "CC_Base_NeckTwist01",
        "neckUpper",
        "neckLower",
        "neck_01",
        "neck_02",
        "neck1",
        "DEF-spine.004",
        "首",
    ],
    "jaw": [
        "jaw_master",
        "c_jawbone.x",
        "Bip01 MJaw",
        "CC_Base_JawRoot",
        "lowerJaw",
        "lowerjaw",
        "FACIAL_C_Jaw",
        "jaw",
        "mFaceJaw",
        "Jaw_M",
    ],
    "L": [
        "master_eye.L",
        "c_eye.l",
        "mixamorig:LeftEye",
        "Bip01 LEye",
        "J_Adj_L_FaceEye",
        "CC_Base_L_Eye",
        "lEye",
        "l_eye",
        "FACIAL_L_Eye",
        "LeftEye",
        "eye.L",
        "mEyeLeft",
        "左目",
        "left_eye_smplhf",
        "lefteye",
    ],
    "R": ["master_eye.R", "Bip01 REye", "CC_Base_R_Eye", "rEye", "右目", "Eye_R"],
    "tongue": ["tongue_master", "c_tong_01.x", "Bip01 MTongue", "CC_Base_Tongue01", "tongue00", "tongue02"],
}
OTHERS = [
    "HeadTop_End",
    "Bip01 HeadNub",
    "Head_end",
    "headset",
    "forehead",
    "ORG-spine.006",
    "MCH-head",
    "spine.003",
    "FACIAL_C_Neck1Root",
    "necklace",
    "CC_Base_UpperJaw",
    "jaw.L",
    "c_eyelid_top.l",
    "c_eye_target.l",
    "FACIAL_L_EyelidUpperA",
    "mFaceEyeAltLeft",
    "FACIAL_L_EyeParallel",
    "Bip01 REyeBlinkTop",
    "eyes",
    "brow.T.L",
    "hand.L",
    "hair_head_01",
    "tail",
    "両目",
]


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in KNOWN.items() for name in names])
def test_role_of_known_bones(role: str, name: str) -> None:
    found = read_name(name)
    assert found is not None
    assert (found.side or found.role) == role


@pytest.mark.parametrize("name", OTHERS)
def test_other_bones_have_no_role(name: str) -> None:
    assert read_name(name) is None


def test_numbers_order_a_chain() -> None:
    assert [read_name(f"neck_0{number}").number for number in (1, 2)] == [1, 2]


@pytest.mark.parametrize(
    "name", ["EyeLeft", "Eye_L", "Eye.R.001", "lEye", "Wolf3D_Eyes", "CC_Base_Eye", "eyeball_left", "左目"]
)
def test_objects_that_are_eyeballs(name: str) -> None:
    assert names_eyeballs(name)


@pytest.mark.parametrize(
    "name",
    ["Eyelashes", "Eye_Lashes", "Eyebrows", "Eye Brow L", "EyeGlasses", "CC_Base_EyeOcclusion", "Eye target", "Teeth"],
)
def test_objects_that_are_no_eyeballs(name: str) -> None:
    assert not names_eyeballs(name)
