"""Round trips of every preset that DiFACE brings, on a rig that has what the preset names."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, types
from diface_addon.rig import binding
from diface_addon.rig.character import Bones, Character
from diface_addon.rig.mapping import hand_rows, preset, row_settings
from diface_addon.scene.animation import active_curves, evaluate_curves
from diface_addon.scene.mapping import presets
from diface_addon.scene.takes import write_take
from tests.addon.rig.small_characters import add_armature
from tests.addon.scene import scenes

RATE = types.FrameRate(24)


def build(content: preset.Preset) -> Character:
    """Return a bound character that has every property of a preset."""
    shapes = {row.name for row in content.rows if row.kind == row_settings.SHAPE_KEY}
    face = scenes.add_character(bpy.context.scene, tuple(sorted(shapes)))
    random = np.random.default_rng(0)
    joints = [("Head", "", (0, 0, 0), (0, 0, 1))]
    for name in sorted({row.bone for row in content.rows if row.bone}):
        head = random.random(3)
        joints.append((name, "Head", head, head + random.random(3) + 0.1))
    rig = add_armature(joints)
    for row in content.rows:
        if row.kind == row_settings.PROPERTY:
            (rig.pose.bones[row.bone] if row.bone else rig)[row.name] = 0.0
    character = Character(face, (face,), armature=rig, bones=Bones(head="Head"), head_size=0.24)
    binding.bind(character)
    return character


@pytest.fixture(params=sorted(presets.SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def character(scene, request) -> Character:
    """Return a character with the rows of a preset."""
    path: Path = request.param
    found = build(presets.read(path))
    assert presets.load(found.main, found, presets.read(path)).absent == ()
    assert hand_rows.problems(found.main) == []
    return found


def write(face: bpy.types.Object, values: np.ndarray) -> None:
    motion = types.Motion(values.astype(np.float32), channels.FACE, RATE)
    write_take.write_take(face, motion, "T", {"first_frame": 1, "seed": 0})


def rig_values(face: bpy.types.Object, rows: int) -> dict[tuple, np.ndarray]:
    frames = np.arange(1.0, rows + 1)
    active = active_curves.find_active_curves(face)
    return {
        address: evaluate_curves.sample_property(face, address, curve, frames)
        for address, curve in active.items()
        if '"Head"' not in address[1]
    }


def test_each_channel_is_read_back(character) -> None:
    write(character.main, 0.6 * np.eye(len(channels.FACE)))
    read = evaluate_curves.sample_motion(character.main, 1, len(channels.FACE), channels.FACE).values
    assert np.abs(read - 0.6 * np.eye(len(channels.FACE))).max() < 1e-4


def test_rig_is_the_same_after_a_round_trip(character) -> None:
    write(character.main, np.random.default_rng(1).random((20, len(channels.FACE))) * 0.4)
    before = rig_values(character.main, 20)
    read = evaluate_curves.sample_motion(character.main, 1, 20, channels.FACE).values
    write(character.main, read)
    after = rig_values(character.main, 20)
    assert before.keys() == after.keys()
    assert len(before) > 20
    assert max(float(np.abs(before[address] - after[address]).max()) for address in before) < 1e-5


def face_board(name: str) -> bpy.types.Object:
    """Return an armature with the controls of a MetaHuman's board, in the collection of the scene."""
    content = presets.read(presets.SHIPPED / "MetaHuman Face Board.json")
    names = sorted({row.bone for row in content.rows})
    board = add_armature([(bone, "", (number, 0, 0), (number, 1, 0)) for number, bone in enumerate(names)])
    board.name = name
    return board


def test_a_board_of_controls_is_an_armature_of_its_own(scene) -> None:
    content = presets.read(presets.SHIPPED / "MetaHuman Face Board.json")
    board = face_board("Board")
    face = scenes.add_character(scene, ("jawOpen",))
    found = Character(face, (face,), head_size=0.24)
    binding.bind(found)
    assert presets.load(face, found, content).absent == ()
    write(face, np.eye(len(channels.FACE)))
    values = rig_values(face, len(channels.FACE))
    kind = next(address[0] for address in values if "CTRL_C_jaw" in address[1])
    assert active_curves.data_block(face, kind) == board
    for channel, control, axis, value in (
        ("jawOpen", "CTRL_C_jaw", 1, 1.0),
        ("jawLeft", "CTRL_C_jaw", 0, -1.0),
        ("eyeWideLeft", "CTRL_L_eye_blink", 1, -1.0),
        ("eyeLookInRight", "CTRL_R_eye", 0, 1.0),
        ("mouthClose", "CTRL_R_mouth_lipsTogetherD", 1, 1.0),
    ):
        column = values[kind, f'pose.bones["{control}"].location', axis]
        assert column[channels.FACE.index(channel)] == pytest.approx(value)
    assert {row.absolute for row in presets.of_rows(face, found, "Mine").rows} == {True}


def test_one_of_two_boards_is_that_of_the_character(scene) -> None:
    content = presets.read(presets.SHIPPED / "MetaHuman Face Board.json")
    boards = [face_board(name) for name in ("First", "Second")]
    found = []
    for board in boards:
        own = bpy.data.collections.new(board.name)
        scene.collection.children.link(own)
        face = scenes.add_character(scene, ("jawOpen",))
        for obj in (board, face):
            scene.collection.objects.unlink(obj)
            own.objects.link(obj)
        found.append(Character(face, (face,), head_size=0.24))
        binding.bind(found[-1])
    for board, character in zip(boards, found, strict=True):
        presets.load(character.main, character, content)
        assert {row.owner for row in row_settings.rows_of(character.main)} == {board}
