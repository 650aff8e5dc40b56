"""Names that no convention has: every channel is found, and no other, however a set of names is written."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from diface_addon.core import channels
from diface_addon.rig import shape_names
from diface_addon.rig.mapping import face_mapping
from diface_addon.rig.shape_names.bare_names import bare_names
from tests.addon.rig.shape_names import spellings


def found(names) -> dict[str, list[str]]:
    by_channel: dict[str, list[str]] = {}
    for target in shape_names.named_targets(names):
        by_channel.setdefault(target.channel, []).append(target.name)
    return by_channel


@hypothesis.given(
    strategies.sampled_from(sorted(spellings.CASES)),
    strategies.sampled_from(spellings.SIDES),
    strategies.sampled_from(["", *spellings.PREFIXES]),
    strategies.sampled_from(["", *spellings.ENDINGS]),
)
def test_every_spelling_of_a_face(case: str, side: str, prefix: str, ending: str) -> None:
    names = spellings.names_of_face(case, side, prefix, ending)
    assert found(list(names.values())) == {channel: [name] for channel, name in names.items()}


SLIPS = {"mouthPuker": "mouthPucker", "browInerUp": "browInnerUp", "eyeBlnikLeft": "eyeBlinkLeft", "noseSneerRihgt":
         "noseSneerRight", "cheekPufff": "cheekPuff", "mouth_shurg_lower": "mouthShrugLower"}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_wrong_letter_beside_a_face(slip: str) -> None:
    channel = SLIPS[slip]
    others = [name for name in channels.FACE if name != channel]
    assert found([slip, *others])[channel] == [slip]
    assert found([slip, *channels.FACE])[channel] == [channel]
    assert shape_names.named_targets([slip]) == ()


@pytest.mark.parametrize("slip", ["cheeek_squint_L", "chek_squint_L", "CHEK_SQUINT.L", "Cherek_Squint_Left"])
def test_a_wrong_letter_makes_no_other_channel(slip: str) -> None:
    others = [name for name in channels.FACE if name not in ("cheekSquintLeft", "eyeSquintLeft")]
    assert slip not in found([slip, *others]).get("eyeSquintLeft", [])


OF_BODY = [
    "jawWidth", "jawHeight", "noseWide", "noseSize", "lipThickness", "mouthSize", "eyeSize", "browHeight",
    "cheekFat", "cheekBones", "chinLong", "earSize", "neckThick", "eyeColor", "lipsFull", "noseTip", "jawSquare",
    "browArch", "eyeWidth", "breathing", "lipstick", "beardLength", "hips", "browLow", "cheekLow", "mouthLow",
    "nostrilFlare", "eyeTilt", "smirk", "grin", "tongueDown", "tongueLeft", "jawBack", "jawClench", "cheekSuck",
    "lipBite", "corr_jawOpen_mouthFunnel", "fix_mouthSmile_L", "jawOpenComp",
]  # fmt: skip


@hypothesis.given(strategies.sets(strategies.sampled_from(channels.FACE), max_size=20))
def test_shapes_of_the_body_are_no_channels(absent: set[str]) -> None:
    names = [name for name in channels.FACE if name not in absent]
    assert found([*names, *OF_BODY]) == {name: [name] for name in names}


VOCABULARIES = {
    "visemes": "sil PP FF TH DD kk CH SS nn RR aa E ih oh ou",
    "VRoid": "Fcl_MTH_A Fcl_MTH_I Fcl_MTH_U Fcl_MTH_E Fcl_MTH_O Fcl_EYE_Close Fcl_MTH_Joy Fcl_BRW_Angry",
    "MMD": "あ い う え お まばたき 笑い ウィンク ∧ ▲",
    "FACS": "AU_01_InnerBrowRaiser AU_04_BrowLowerer AU_12_LipCornerPuller AU_17_ChinRaiser AU_26_JawDrop AU_45_Blink "
    "AU_20_LipStretcher AU_22_LipFunneler AU_23_LipTightener AU_28_LipSuck",
}


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize(
    "around", ["Face.*", "hero:head.*", "BS_*", "blendShape1.*", "*_geo", "*_Shape", "*_LOD0", "%_*"]
)
def test_vocabularies_of_poses_with_something_in_common(vocabulary: str, around: str) -> None:
    names = VOCABULARIES[vocabulary].split()
    around_each = [around.replace("*", name).replace("%", f"{number:02d}") for number, name in enumerate(names)]
    original = dict(zip(around_each, names, strict=True))
    bare, dressed = (face_mapping.known_poses_of(tuple(some)) for some in (names, around_each))
    if len(names) < 10 and around in ("*_geo", "*_Shape", "*_LOD0"):
        pytest.skip("too few names for an ending in common")
    assert {original[name]: row.tolist() for name, row in zip(dressed.names, dressed.recipes, strict=True)} == {
        name: row.tolist() for name, row in zip(bare.names, bare.recipes, strict=True)
    }


@hypothesis.given(strategies.lists(strategies.text(max_size=63), unique=True, max_size=14))
def test_bare_names_stay_apart(names: list[str]) -> None:
    bare = bare_names(tuple(names))
    assert len(bare) == len(names)
    assert "" in names or "" not in bare
    if not any("lf" in name.lower() or "l" in name.lower() for name in names):
        assert len(set(bare)) == len(names)
