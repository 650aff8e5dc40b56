"""Whole performances with default settings: one click on a part animates the head, and nothing else.

Runs the bundled models in a worker of DIFACE_PYTHON on four seconds of speech, and judges what is seen.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from tests.addon.characters import armature_kind, empties_kind, kinds_by_label, other_makers
from tests.addon.characters.judging import bundled, performing, verdict
from tests.addon.characters.kinds import PLACEMENTS, Built
from tests.addon.scene import scenes
from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("real_worker")]
one_blender = pytest.mark.skipif(
    bpy.app.version[:2] != (4, 5), reason="In one Blender: tests/addon/rig finds these characters in each."
)

SECONDS, FEW_SECONDS = 4.0, 2.0
PHONES = ROOT / "tests" / "data" / "speech.json"
LEAST_TURN = 2.0
"""Least range of the head's rotation in degrees over four seconds of speech."""
SAME_TURN = 1.5
"""Largest difference in degrees between heads that perform the same motion."""

PICKS = (
    ("parts under an armature", "armature"),
    ("parts under an armature", "Teeth"),
    ("parts under an armature", "Hair"),
    ("parts under empties", "empty"),
    ("parts under empties", "EyeLeft"),
)
KINDS = {
    "armature": lambda place: armature_kind.build(armature_kind.Options(place)),
    "empties": lambda place: empties_kind.build(place, with_action=False),
}
PLACED = [("armature", place) for place in PLACEMENTS]
PLACED += [("empties", place) for place in ("plain", "facing +Y", "2.7 cm tall", "mirrored", "quaternion", "Euler YZX")]

WITHOUT_HEAD_MOTION = ("MakeHuman units",)
"""One mesh of a whole body without bones: turning it would turn the body."""


@pytest.fixture(scope="module")
def sound(speech, tmp_path_factory) -> Path:
    return performing.cut_speech(speech, tmp_path_factory.mktemp("speech"), SECONDS)


@pytest.fixture(scope="module")
def model(addon, sound) -> bundled.Model:
    """Return what the bundled head does with the speech."""
    frames = np.arange(1, round(SECONDS * performing.FPS))
    return bundled.bundled_performance(sound, frames)


def assert_whole(built: Built, picked: str, sound: Path, model: bundled.Model) -> None:
    """Perform, and check all limits."""
    found = performing.performance(built, performing.pick(built, picked), sound, model, PHONES).verdict
    turned = built.label not in WITHOUT_HEAD_MOTION
    rigid = [
        off for name, off in found.on_head.items() if not (built.lips and name == "Teeth")
    ]  # a jaw bone opens them
    limits = {
        "on head": max(rigid, default=0.0) <= verdict.ON_HEAD,
        "body": found.body <= verdict.BODY,
        "mouth": found.correlation >= (verdict.SOLVED_CORRELATION if built.solved else verdict.CORRELATION),
        "opening": found.opening >= verdict.LEAST_OPENING * model.opening.max(),
        "lips": max(found.gaps) <= verdict.GAP_MM,
        "teeth": not found.teeth > verdict.TEETH_MM,
        "kept": found.neutral <= 1e-6,
        "head": found.turned >= LEAST_TURN if turned else found.turned < 0.1,
    }
    assert [name for name, kept in limits.items() if not kept] == [], found


@pytest.mark.parametrize("label", [*kinds_by_label.BUILT, *kinds_by_label.OF_BONES])
def test_built_characters(scene, sound, model, label) -> None:
    built = kinds_by_label.make(label, Path())
    assert_whole(built, "main", sound, model)


@pytest.mark.parametrize("label", other_makers.CHARACTERS)
def test_characters_of_other_makers(scene, sound, model, shared, label) -> None:
    built = kinds_by_label.make(label, shared)
    assert_whole(built, "main", sound, model)


@one_blender
@pytest.mark.parametrize(("label", "picked"), PICKS)
def test_any_part_may_be_picked(scene, sound, model, label, picked) -> None:
    built = kinds_by_label.make(label, Path())
    assert_whole(built, picked, sound, model)


@one_blender
@pytest.mark.parametrize(("kind", "place"), PLACED)
def test_a_head_turns_the_same_in_any_placement(scene, speech, tmp_path, addon, kind, place) -> None:
    sound = performing.cut_speech(speech, tmp_path, FEW_SECONDS)
    frames = np.arange(1, round(FEW_SECONDS * performing.FPS), 5)
    wanted = bundled.bundled_performance(sound, frames)
    scenes.new_file()
    built = KINDS[kind](PLACEMENTS[place])
    seen = performing.performance(built, built.main, sound, wanted, PHONES)
    assert verdict.degrees_between(seen.turns, wanted.turns).max() <= SAME_TURN
    assert max(seen.verdict.on_head.values()) <= verdict.ON_HEAD
