"""Vocabularies are recognised by their names, with prefixes, and by nothing less."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diface_core.channels import FACE
from diface_core.faces.poses.known_poses import known_poses
from diface_core.faces.poses.pose_set import PoseSet, channel_poses, joined, pose_set
from tests.core.faces.poses.conftest import CONVENTIONS

RESTS = {"sil", "x", "rest"}
OPEN_VOWELS = {
    "Oculus": "viseme_aa", "VRChat": "vrc.v_aa", "VRM 0": "A", "VRM 1": "aa", "VRoid": "Face.M_F00_000_00_Fcl_MTH_A",
    "MMD": "あ", "Preston Blair": "A", "Papagayo": "AI", "Rhubarb": "D", "Character Creator": "V_Open",
    "Character Creator direct": "Ah", "Microsoft": "aa_ah_ax_01", "Genesis": "head.eCTRLMouthOpen",
    "MakeHuman": "mouth-open", "FACS": "AU_27_MouthStretch",
}  # fmt: skip


def known(names: tuple[str, ...] | list[str]) -> PoseSet:
    poses = known_poses(names)
    assert poses is not None
    return poses


def recipe(poses: PoseSet, name: str) -> dict[str, float]:
    row = poses.recipes[poses.names.index(name)]
    return {FACE[number]: float(row[number]) for number in np.flatnonzero(row)}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_every_name_of_a_vocabulary_is_known_except_rest(convention: str) -> None:
    names = CONVENTIONS[convention]
    rests = {name for name in names if name.lower().removeprefix("viseme_").removeprefix("vrc.v_") in RESTS}
    rests |= {"sil_00"} & set(names)
    assert set(known(names).names) == set(names) - rests


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_open_vowel_opens_the_jaw_most(convention: str) -> None:
    poses = known(CONVENTIONS[convention])
    jaw = poses.recipes[:, FACE.index("jawOpen")]
    assert jaw[poses.names.index(OPEN_VOWELS[convention])] == jaw.max() > 0.3


def test_order_and_bounds() -> None:
    names = tuple(reversed(CONVENTIONS["Oculus"]))
    poses = known(names)
    assert poses.names == tuple(name for name in names if name != "viseme_sil")
    assert not poses.low.any()
    assert (poses.high == 1).all()


@pytest.mark.parametrize(
    "names",
    [
        ("Basis", "Smirk", "Key 1", "bulge"),
        ("L", "R", "Eye_L", "Eye_R", "Brow_L", "Brow_R", "Arm_L", "Leg_R"),
        ("A", "B"),
        ("E",),
        FACE,
        tuple(name.replace("Left", "_L").replace("Right", "_R") for name in FACE),
        (),
    ],
)
def test_other_names_are_unknown(names: tuple[str, ...]) -> None:
    assert known_poses(names) is None


def test_letters_mean_what_their_vocabulary_says() -> None:
    assert recipe(known(CONVENTIONS["Rhubarb"]), "F")["mouthPucker"] > 0.5
    assert "mouthPress" in "".join(recipe(known(CONVENTIONS["Rhubarb"]), "A"))
    japanese = known(CONVENTIONS["VRM 1"])
    assert recipe(japanese, "ee")["jawOpen"] > recipe(japanese, "ih")["jawOpen"]
    direct = known(CONVENTIONS["Character Creator direct"])
    assert recipe(direct, "EE")["mouthStretchLeft"] >= recipe(direct, "Ah").get("mouthStretchLeft", 0.0)


def test_left_is_the_characters_left() -> None:
    looking = recipe(known(CONVENTIONS["VRM 1"]), "lookLeft")
    assert set(looking) == {"eyeLookOutLeft", "eyeLookInRight"}
    assert set(recipe(known(CONVENTIONS["MMD"]), "ｳｨﾝｸ２右")) == {"eyeBlinkRight"}
    units = known(["AU_02_L_OuterBrowRaiser", "AU43_R", "AU_12_LipCornerPuller"])
    assert set(recipe(units, "AU_02_L_OuterBrowRaiser")) == {"browOuterUpLeft"}
    assert set(recipe(units, "AU43_R")) == {"eyeBlinkRight"}
    assert set(recipe(units, "AU_12_LipCornerPuller")) == {"mouthSmileLeft", "mouthSmileRight"}


def test_numbers_of_duplicates_and_prefixes_are_ignored() -> None:
    names = [f"Head_{name}.001" for name in CONVENTIONS["Oculus"]]
    assert known(names).names == tuple(name for name in names if "sil" not in name)
    numbered = [f"AA_VI_{number:02d}_{name}" for number, name in enumerate(("PP", "FF", "TH", "DD", "aa", "E"))]
    assert known(numbered).names == tuple(numbered)


def test_closed_eyes_of_a_mesh_of_eyes_alone() -> None:
    names = [f"blendShape2.EYE_{name}" for name in ("SMILE1", "SMILE2", "ANG1", "ANG2", "SAP", "CONF", "DEF_C")]
    assert set(recipe(known(names), "blendShape2.EYE_DEF_C")) == {"eyeBlinkLeft", "eyeBlinkRight"}


def test_larger_of_two_vocabularies_of_visemes_is_used() -> None:
    names = CONVENTIONS["VRoid"] + CONVENTIONS["Oculus"]
    poses = known(names)
    assert "viseme_aa" in poses.names
    assert not any("MTH_A" in name for name in poses.names)
    assert any("EYE_Close" in name for name in poses.names)


def test_conventions_in_use(all_names: dict[str, list[str]]) -> None:
    least = {
        "cc3_standard": 40, "cc_visemes": 23, "daz_genesis3_8_eCTRL": 53, "makehuman_expression_units": 30,
        "mixamo_fuse": 40, "mmd_japanese": 32, "mpfb_visemes01_microsoft": 21, "mpfb_visemes02_meta": 14,
        "oculus_lipsync_sample": 21, "rhubarb_preston_blair": 16, "rocketbox_AK_AA_AU_SR_HB": 62,
        "rpm_oculus_visemes_only": 14, "vrchat_visemes": 18, "vrm0_presets": 16, "vrm1_expressions": 17,
        "vroid_Fcl_plus_arkit": 43,
    }  # fmt: skip
    found = {convention: known_poses(names) for convention, names in all_names.items()}
    assert {name: len(poses) for name, poses in found.items() if poses and name in least} == least
    for arkit in ("facecap_L_R", "facebuilder_PascalCase", "mpfb_faceunits01_arkit", "unity_sloth"):
        assert found[arkit] is None


@given(st.lists(st.text(max_size=70), max_size=30))
def test_any_names_are_accepted(names: list[str]) -> None:
    poses = known_poses(names)
    assert poses is None or (set(poses.names) <= set(names) and bool(np.isfinite(poses.recipes).all()))


def test_sets_are_joined() -> None:
    first = pose_set({"a": {"jawOpen": 0.5}, "b": {"mouthSmile": 1.0}})
    both = joined(first, channel_poses({"b": "jawOpen", "c": "tongueOut"}))
    assert both.names == ("a", "b", "c")
    assert recipe(both, "b") == {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}
    assert recipe(both, "c") == {"tongueOut": 1.0}
    assert both.select({"c", "a"}).names == ("a", "c")


def test_malformed_sets_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        PoseSet(("a", "a"), np.zeros((2, 52), np.float32), np.zeros(2, np.float32), np.ones(2, np.float32))
    with pytest.raises(ValueError, match="recipes"):
        PoseSet(("a",), np.zeros((1, 51), np.float32), np.zeros(1, np.float32), np.ones(1, np.float32))
    with pytest.raises(ValueError, match="bounds"):
        PoseSet(("a",), np.zeros((1, 52), np.float32), np.ones(1, np.float32), np.zeros(1, np.float32))
    with pytest.raises(KeyError):
        pose_set({"a": {"mouthOpen": 1.0}})
