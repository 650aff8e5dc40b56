"""The judge of performances passes a performance keyed by hand, and finds each fault that it is for."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from tests.addon.characters import armature_kind, changes, kinds_by_label, other_makers
from tests.addon.characters.judging import contact_sheet, teeth, verdict
from tests.addon.characters.judging.lips import Lips, find_lips
from tests.addon.characters.judging.recording import at_rest, record, rigid_fit
from tests.addon.characters.kinds import PLACEMENTS, Built

pytestmark = pytest.mark.slow

FRAMES = np.arange(1, 31)
OPENING = np.abs(np.sin(FRAMES / 5)) * (np.abs(FRAMES - 15) > 3)
SHUT = [np.arange(13, 17)]


def judged(built: Built, lips: Lips, play) -> verdict.Verdict:
    """Judge what `play(frame)` does to a character."""
    rest = at_rest(built)
    before = record(built, rest, FRAMES)
    bpy.app.handlers.frame_change_pre.append(handler := lambda scene, *_: play(scene.frame_current))
    try:
        after = record(built, rest, FRAMES)
    finally:
        bpy.app.handlers.frame_change_pre.remove(handler)
    return verdict.judge(built, lips, rest, before, after, OPENING, SHUT)


def talk(built: Built, frame: int) -> None:
    """Open the mouth and turn the head bone, as a whole performance does."""
    for obj in built.faces:
        keys = obj.data.shape_keys.key_blocks
        if "jawOpen" in keys:
            keys["jawOpen"].value = 0.5 * float(OPENING[frame - 1])
    built.armature.pose.bones[built.head_bone].rotation_euler = (0.1 * np.sin(frame / 4), 0.1, 0.2 * np.sin(frame / 6))


@pytest.fixture(params=["plain", "scaled 0.01 and turned", "mirrored"])
def avatar(scene, request) -> Built:
    return armature_kind.build(armature_kind.Options(PLACEMENTS[request.param]))


def test_a_whole_performance_passes(avatar) -> None:
    found = judged(avatar, find_lips(avatar), lambda frame: talk(avatar, frame))
    assert max(found.on_head.values()) < 1e-3
    assert found.body < 1e-5
    assert found.correlation > 0.99
    assert max(found.gaps) < 0.1
    assert found.teeth == 0.0
    assert 10 < found.turned < 45


def test_a_part_that_stays_behind_is_found(avatar) -> None:
    avatar.part("Hair").modifiers.clear()
    found = judged(avatar, find_lips(avatar), lambda frame: talk(avatar, frame))
    assert found.on_head["Hair"] > verdict.ON_HEAD > max(off for name, off in found.on_head.items() if name != "Hair")


def test_a_mouth_that_stays_shut_or_open_is_found(scene) -> None:
    avatar = armature_kind.build()
    lips = find_lips(avatar)
    assert judged(avatar, lips, lambda _frame: None).correlation == 0.0
    found = judged(avatar, lips, lambda frame: talk(avatar, (frame + 7) % 30 + 1))
    assert found.correlation < verdict.SOLVED_CORRELATION
    assert max(found.gaps) > verdict.GAP_MM


def test_a_body_that_moves_is_found(scene) -> None:
    avatar = armature_kind.build()
    spine = avatar.armature.pose.bones["Spine"]
    spine.rotation_mode = "XYZ"
    found = judged(avatar, find_lips(avatar), lambda frame: setattr(spine, "rotation_euler", (0.001 * frame, 0, 0)))
    assert found.body > verdict.BODY


def test_a_changed_custom_shape_is_found(scene) -> None:
    avatar = changes.add_custom_shapes(armature_kind.build())
    keys = avatar.main.data.shape_keys.key_blocks
    assert judged(avatar, find_lips(avatar), lambda _frame: None).neutral < 1e-6
    found = judged(avatar, find_lips(avatar), lambda _frame: setattr(keys["Body_Wide"], "value", 0.0))
    assert found.neutral == pytest.approx(0.6)


def test_teeth_through_a_lip_are_found(scene) -> None:
    avatar = armature_kind.build()
    rest = at_rest(avatar)
    skin, row = rest[avatar.main], rest[avatar.part("Teeth")]
    assert teeth.deepest(skin, row) == 0.0
    assert teeth.deepest(skin, row - np.array([0.0, 0.012, 0.0])) > 1.0


@pytest.mark.parametrize("label", kinds_by_label.BUILT)
def test_the_lips_of_built_characters_touch(scene, label) -> None:
    lips = find_lips(kinds_by_label.make(label, Path()))
    assert lips.resting < 0.2
    assert 0.19 < lips.head_size < 0.24


@pytest.mark.parametrize("label", other_makers.CHARACTERS)
def test_lips_of_other_makers_are_found(scene, shared, label) -> None:
    built = kinds_by_label.make(label, shared)
    lips = find_lips(built)
    assert lips.resting < 2.5
    assert 0.19 < lips.head_size < 0.25
    rest = at_rest(built)[built.main]
    assert np.abs(rest[lips.upper] - rest[lips.lower]).max() < 0.005


def test_rigid_fit_finds_a_rotation_and_no_reflection() -> None:
    draw = np.random.default_rng(0)
    points = draw.normal(size=(50, 3))
    turn, _ = np.linalg.qr(draw.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    found, shift = rigid_fit(points, points @ turn.T + 2.0)
    assert np.allclose(found, turn)
    assert np.allclose(shift, 2.0)
    assert np.linalg.det(rigid_fit(points, points * [-1.0, 1.0, 1.0])[0]) == pytest.approx(1.0)


def test_a_contact_sheet_shows_the_character(scene, tmp_path) -> None:
    avatar = armature_kind.build()
    lips, rest = find_lips(avatar), at_rest(avatar)
    path = tmp_path / "sheet.png"
    contact_sheet.write_contact_sheet(avatar, rest[avatar.main][avatar.skull], lips.head_size, [1, 2], path)
    image = bpy.data.images.load(str(path))
    assert tuple(image.size) == (2 * contact_sheet.WIDTH, contact_sheet.HEIGHT)
    pixels = np.empty((contact_sheet.HEIGHT, 2 * contact_sheet.WIDTH, 4), np.float32)
    image.pixels.foreach_get(pixels.ravel())
    middle, corner = pixels[180, 150, :3], pixels[-5, 5, :3]
    assert np.abs(middle - corner).max() > 0.1
