"""Every channel that a convention has is found, and no other."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from diface_addon.core import channels
from diface_addon.rig import shape_names
from tests.addon.rig.shape_names.conventions import CONVENTIONS, names_and_channels


def found(names: list[str]) -> dict[str, list[str]]:
    by_channel = defaultdict(list)
    for target in shape_names.named_targets(names):
        by_channel[target.channel].append(target.name)
    return dict(by_channel)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_channels_of_a_convention(convention: str) -> None:
    names, truth = names_and_channels(CONVENTIONS[convention])
    assert {channel: sorted(targets) for channel, targets in found(names).items()} == {
        channel: sorted(targets) for channel, targets in truth.items()
    }


@pytest.mark.parametrize("order", ["reversed", "sorted"])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_order_of_the_names_does_not_matter(convention: str, order: str) -> None:
    names, _ = names_and_channels(CONVENTIONS[convention])
    other = sorted(names) if order == "sorted" else names[::-1]
    assert {channel: set(targets) for channel, targets in found(other).items()} == {
        channel: set(targets) for channel, targets in found(names).items()
    }


TABLES = ("cc4_extended", "cc4_standard", "cc4_traditional_exp_A01", "daz_genesis81_facs", "daz_genesis9_facs")
COUNTS = {
    "daz_bridge_genesis81_arkit": 52, "daz_bridge_genesis81_arkit_fbx": 52, "facebuilder_PascalCase": 51,
    "facecap_L_R": 52, "ict_facekit": 51, "mpfb_faceunits01_arkit": 52, "rocketbox_AK_AA_AU_SR_HB": 52,
    "rpm_all_with_mouthOpen": 52, "rpm_arkit_plus_oculus": 52, "unity_sloth": 50, "vroid_Fcl_plus_arkit": 52,
    "vrcft_unified_expressions": 52, "metahuman_ctrl_expressions": 50, "cc3_standard": 34, "mixamo_fuse": 31,
}  # fmt: skip
"""How many of ARKit's channels a convention has; the others of the file are visemes and the like."""
VISEMES = ("mpfb_visemes01_microsoft", "mpfb_visemes02_meta", "rhubarb_preston_blair", "rpm_oculus_visemes_only")


@pytest.fixture(scope="module")
def published(shared: Path) -> dict:
    """Return the shape key names of conventions, as their sources publish them."""
    return json.loads((shared / "characters" / "names.json").read_text("utf-8"))


@pytest.mark.parametrize("convention", TABLES)
def test_tables_of_the_conventions(published, convention: str) -> None:
    table = published[convention]["arkit"]
    truth = {channel: _targets(table[channel]) for channel in channels.FACE if channel in table}
    by_channel = defaultdict(list)
    for target in shape_names.named_targets(published[convention]["names"]):
        by_channel[target.channel].append((target.name, target.gain))
    assert {channel: sorted(targets) for channel, targets in by_channel.items()} == truth


def _targets(value) -> list[tuple[str, float]]:
    values = value if isinstance(value, list) else [value]
    return sorted((one, 1.0) if isinstance(one, str) else (one[0], float(one[1])) for one in values)


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_names_without_capitals_mean_the_same(published, case) -> None:
    for convention, entry in published.items():
        if len({case(name) for name in entry["names"]}) == len(entry["names"]):  # not "E" beside "e"
            expected = {(case(target.name), target.channel) for target in shape_names.named_targets(entry["names"])}
            targets = shape_names.named_targets([case(name) for name in entry["names"]])
            assert {(target.name, target.channel) for target in targets} == expected, convention


@pytest.mark.parametrize("convention", COUNTS)
def test_number_of_channels(published, convention: str) -> None:
    assert len(found(published[convention]["names"]).keys() & set(channels.FACE)) == COUNTS[convention]


@pytest.mark.parametrize("convention", VISEMES)
def test_visemes_are_no_channels(published, convention: str) -> None:
    assert found(published[convention]["names"]) == {}


def test_rocketbox_prefers_arkit_names(published) -> None:
    targets = shape_names.named_targets(published["rocketbox_AK_AA_AU_SR_HB"]["names"])
    assert [target.name for target in targets if not target.name.startswith("AK_")] == ["HB_12_TongueUp"]


TONGUES = {
    "cc_visemes": ("Tongue_up", "Tongue_Raise"), "daz_genesis3_8_eCTRL": ("head.eCTRLTongueUp-Down", ""),
    "mixamo_fuse": ("Facial_Blends.TongueUp", ""), "rocketbox_AK_AA_AU_SR_HB": ("HB_12_TongueUp", ""),
    "vrcft_unified_expressions": ("TongueUp", ""),
}  # fmt: skip
"""The shapes that raise the tip and the body of the tongue; "" if the convention has none."""


def test_shapes_of_the_tongue_of_all_conventions(published) -> None:
    for convention, entry in published.items():
        shapes = {target.channel: target.name for target in shape_names.named_targets(entry["names"])}
        assert tuple(shapes.get(name, "") for name in channels.TONGUE) == TONGUES.get(convention, ("", "")), convention
