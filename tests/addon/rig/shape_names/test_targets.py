"""Parts of a channel, controls for two channels, precedence, and names that are no channel."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from diface_addon.core import channels
from diface_addon.rig import shape_names
from diface_addon.rig.shape_names import NamedTarget, phrases


def chosen(*names: str, others: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for target in shape_names.named_targets(names, others):
        found[target.channel] = (*found.get(target.channel, ()), target.name)
    return found


def test_every_arkit_name_in_a_set() -> None:
    targets = shape_names.named_targets(channels.SHAPES[::-1])
    assert targets == tuple(NamedTarget(name, name) for name in channels.SHAPES)


def test_two_directions_of_one_control() -> None:
    targets = shape_names.named_targets(["facs_ctrl_MouthLeft-Right", "facs_ctrl_EyeLookSide-SideLeft"])
    assert set(targets) == {
        NamedTarget("facs_ctrl_MouthLeft-Right", "mouthLeft", 1.0, -1.0, 1.0),
        NamedTarget("facs_ctrl_MouthLeft-Right", "mouthRight", -1.0, -1.0, 1.0),
        NamedTarget("facs_ctrl_EyeLookSide-SideLeft", "eyeLookInLeft", 1.0, -1.0, 1.0),
        NamedTarget("facs_ctrl_EyeLookSide-SideLeft", "eyeLookOutLeft", -1.0, -1.0, 1.0),
    }


def test_range_is_what_the_channels_need() -> None:
    assert shape_names.named_targets(["facs_ctrl_JawForward-Recess", "eCTRLLipBottomUp-DownL"]) == (
        NamedTarget("facs_ctrl_JawForward-Recess", "jawForward", 1.0, 0.0, 1.0),
        NamedTarget("eCTRLLipBottomUp-DownL", "mouthLowerDownLeft", -1.0, -1.0, 0.0),
    )


def test_separate_shapes_precede_a_control_for_both() -> None:
    assert chosen("facs_ctrl_MouthLeft-Right", "facs_bs_MouthLeft_div2", "facs_bs_MouthRight_div2") == {
        "mouthRight": ("facs_bs_MouthRight_div2",), "mouthLeft": ("facs_bs_MouthLeft_div2",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "channel"),
    [
        (("browInnerUp_L", "browInnerUp_R"), "browInnerUp"),
        (("cheekPuffLeft", "cheekPuffRight"), "cheekPuff"),
        (("mouthFunnelUpper", "mouthFunnelLower"), "mouthFunnel"),
        (("mouthFunnelUL", "mouthFunnelUR", "mouthFunnelDL", "mouthFunnelDR"), "mouthFunnel"),
        (("mouthRollUpper_L", "mouthRollUpper_R"), "mouthRollUpper"),
    ],
)
def test_parts_count_only_together(names: tuple[str, ...], channel: str) -> None:
    assert chosen(*names) == {channel: names}
    assert chosen(*names[1:]) == {}


def test_whole_precedes_parts() -> None:
    assert chosen("browInnerUp_L", "browInnerUp_R", "BrowInnerUp") == {"browInnerUp": ("BrowInnerUp",)}


def test_parts_of_two_vocabularies_are_not_mixed() -> None:
    assert chosen("A_cheekPuff_L", "B_cheekPuff_R") == {}
    assert chosen("cheekPuff_L", "cheekBlow_R") == {}


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (("JAWOPEN", "jaw_open", "jawOpen"), "jawOpen"),
        (("JawOpen", "jawopen"), "JawOpen"),
        (("jawOpen.001", "Jaw_Open"), "Jaw_Open"),
        (("jawOpen1", "jawOpen.002"), "jawOpen1"),
        (("Jaw_Drop", "jawOpen.001"), "jawOpen.001"),
        (("HB_JawOpen", "AK_01_JawOpen", "AK_02_JawLeft"), "AK_01_JawOpen"),
    ],
)
def test_precedence(names: tuple[str, ...], best: str) -> None:
    assert chosen(*names)["jawOpen"] == (best,)


FACE = ("eyeBlink_L", "eyeBlink_R", "mouthSmile_L", "mouthSmile_R", "mouthLeft", "mouthRight")


@pytest.mark.parametrize(
    ("name", "channel"), [("MouthOpen", "jawOpen"), ("Frown_Left", "mouthFrownLeft"), ("Puff", "cheekPuff")]
)
def test_names_that_need_others(name: str, channel: str) -> None:
    assert chosen(name) == {}
    assert shape_names.single_channel(name) is None
    assert chosen(name, *FACE)[channel] == (name,)
    assert chosen(name, others=FACE) == {channel: (name,)}


def test_mouth_open_is_no_channel_beside_jaw_open() -> None:
    assert chosen("mouthOpen", "jawOpen", *FACE)["jawOpen"] == ("jawOpen",)


def test_open_eye_is_wide_only_beside_a_blink() -> None:
    without = tuple(name for name in FACE if "Blink" not in name) + ("jawOpen", "jawForward")
    assert "eyeWideLeft" not in chosen("EyeOpen_L", *without)
    assert chosen("EyeOpen_L", *without, "EyeBlink_L")["eyeWideLeft"] == ("EyeOpen_L",)


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("blendShapes2.jawOpen", "jawOpen"),
        ("head_lod0_mesh__jaw_open", "jawOpen"),
        ("Genesis8_1Female__facs_bs_JawOpen_div2", "jawOpen"),
        ("A25_Jaw_Open", "jawOpen"),
        ("Wolf3D_Teeth.jawOpen", "jawOpen"),
        ("tongue_jawOpen", "jawOpen"),
        ("eCTRLMouthPucker", "mouthPucker"),
        ("'mouthPucker'", "mouthPucker"),
        ("😀 mouthPucker", "mouthPucker"),
        ("口.mouthPucker", "mouthPucker"),
        ("ＪａｗＯｐｅｎ", "jawOpen"),
        ("MOUTHSMILELEFT", "mouthSmileLeft"),
        ("left_eye_blink", "eyeBlinkLeft"),
        ("LeyeClose", "eyeBlinkLeft"),
        ("eyelid_close.R", "eyeBlinkRight"),
        ("jawOpen_shape", "jawOpen"),
    ],
)
def test_spellings(name: str, channel: str) -> None:
    assert shape_names.single_channel(name) == channel


@pytest.mark.parametrize(
    "name",
    [
        "jawOpen_mouthClose", "jawOpen_mouthSmileLeft", "browDown_eyeSquint_L", "corrective_jawOpen", "Sad_browDown_L",
        "mouthSmileSharp_L", "mouthSmile", "eyeBlink", "eyeLookLeft", "lookUp", "browDown", "noseSneer", "Smile",
        "Wink_L", "openJaw", "jawOpenWide", "mouth_up", "tongueLeft", "cheekSuck_L", "lipSuck", "sad", "A", "L", "右",
        "",
        "EcheekRaise_EsquintInner_L", "head__Mfunnel_MupperLipRaise_MlowerLipDepress__funnelWide_UL",
        "jawUp", "notJawOpen", "mouthSide-SideL", "TongueIn-Out", "Mouth_Left_Right",
    ],
)  # fmt: skip
def test_no_channel(name: str) -> None:
    assert chosen(name) == {}
    assert shape_names.single_channel(name) is None


@pytest.mark.parametrize("number", ["", ".001"])
@pytest.mark.parametrize(
    ("cut", "channel"),
    [("mouthLowerDownLe", "mouthLowerDownLeft"), ("jawForw", "jawForward"), ("mouthSmi", None), ("jaw", None)],
)
def test_names_that_blender_has_cut(cut: str, channel: str | None, number: str) -> None:
    name = "x" * (62 - len(cut) - len(number)) + "." + cut + number
    assert shape_names.single_channel(name) == channel


def test_last_word_of_a_mesh_after_each_name() -> None:
    names = [f"{channel}_Body" for channel in channels.FACE]
    assert chosen(*names) == {channel: (f"{channel}_Body",) for channel in channels.FACE}


def test_phrases_mean_channels() -> None:
    stems = {phrase.stem for phrase in phrases.PHRASES.values()}
    ends = ("", "Left", "Right", "DownLeft")
    assert [stem for stem in stems if not any(stem + end in channels.SHAPES for end in ends)] == []


@hypothesis.given(strategies.lists(strategies.text(max_size=63), unique=True, max_size=12))
def test_any_text(names: list[str]) -> None:
    targets = shape_names.named_targets(names)
    assert {target.name for target in targets} <= set(names)
    assert {target.channel for target in targets} <= set(channels.SHAPES)


_WORD = strategies.sampled_from(sorted(word for words in phrases.PHRASES for word in words) + ["L", "Left", "R", "1"])


@hypothesis.given(strategies.lists(_WORD, min_size=1, max_size=6), strategies.sampled_from(["_", "", ".", "-"]))
def test_any_words(words: list[str], separator: str) -> None:
    name = separator.join(words)
    for target in shape_names.named_targets([name, *FACE]):
        assert target.gain in (1.0, -1.0)
        assert target.low <= target.gain <= target.high
