"""Which names of shape keys are those of a face."""

import json
from pathlib import Path

import pytest

from diface_addon.rig.discovery.shape_words import face_shape_names

SMALLEST_SHARE = 0.6


def test_every_convention_is_a_face(shared: Path) -> None:
    file = shared / "characters" / "names.json"
    if not file.exists():
        pytest.skip(f"There is no file {file}.")
    conventions = json.loads(file.read_text("utf-8"))
    for convention, fields in conventions.items():
        found = face_shape_names(fields["names"])
        assert len(found) >= SMALLEST_SHARE * len(fields["names"]), convention


@pytest.mark.parametrize(
    "names",
    [["Basis", "Weight", "Muscular", "LongLegs"], ["A", "B"], ["Key 1", "Key 2"], ["breathIn", "Waist"], ["e", "o"]],
)
def test_other_shapes_are_no_face(names: list[str]) -> None:
    assert face_shape_names(names) == {}


@pytest.mark.parametrize(
    ("name", "region", "side"),
    [
        ("eyeBlinkLeft", "eye", "L"),
        ("Eye_Blink_R", "eye", "R"),
        ("Mouth_Smile_L", "mouth", "L"),
        ("jawLeft", "jaw", "L"),
        ("browInnerUp", "brow", ""),
        ("AK_25_JawOpen", "jaw", ""),
        ("viseme_aa", "mouth", ""),
        ("まばたき", "eye", ""),
        ("eye-left-closure", "eye", "L"),
        ("Fcl_EYE_Close_L", "eye", "L"),
    ],
)
def test_region_and_side(name: str, region: str, side: str) -> None:
    found = face_shape_names([name])[name]
    assert (found.region, found.side) == (region, side)
