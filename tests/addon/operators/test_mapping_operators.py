"""Operators on the mapping: rows, presets, and the test of a row."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, errors
from diface_addon.rig.mapping import preset
from diface_addon.scene.animation import active_curves
from diface_addon.scene.mapping import presets
from diface_addon.scene.mapping.table import TableRow
from diface_addon.scene.mapping.wiggle import SECONDS, Wiggle
from diface_addon.settings import mapping_list
from tests.addon.panels.panel_drawing import drawn
from tests.addon.rig.test_hand_rows import KINDS, add, owner_of, puppet, read, write

__all__ = ["puppet"]


def rows(channel: str = "") -> list[TableRow]:
    """Return the rows of the table, of one channel or all."""
    found = mapping_list.table(bpy.context)[1].rows
    return [row for row in found if channel in ("", row.channel)]


def number_of(channel: str) -> int:
    return next(number for number, row in enumerate(rows()) if row.channel == channel)


def test_every_channel_and_its_source_are_in_the_table(puppet) -> None:
    assert {row.channel: row.source for row in rows()} == dict.fromkeys(
        ("jawOpen", "mouthFunnel", "mouthSmileLeft", "browInnerUp", "eyeBlinkLeft"), "Name"
    )
    assert mapping_list.table(bpy.context)[1].coverage.found == 5


def test_change_makes_a_row_of_the_user_with_the_same_effect(puppet) -> None:
    face, _rig = puppet
    before = active_curves.mapping(face).all_targets
    bpy.ops.diface.change_mapping_row(row=number_of("jawOpen"))
    (row,) = rows("jawOpen")
    assert (row.hand, row.source, row.gain) == (0, "By Hand", 1.0)
    assert {t.address: t.gains for t in active_curves.mapping(face).all_targets} == {t.address: t.gains for t in before}
    face.diface_mapping.rows[0].gain = -0.5
    assert rows("jawOpen")[0].gain == -0.5
    bpy.ops.diface.reset_mapping()
    assert rows("jawOpen")[0].source == "Name"
    assert active_curves.mapping(face).all_targets == before


def test_box_of_a_row_that_was_found_leaves_it_out(puppet) -> None:
    face, _rig = puppet
    bpy.ops.diface.change_mapping_row(row=number_of("jawOpen"), use=False)
    assert not rows("jawOpen")[0].use
    assert "jawOpen" not in active_curves.reached_channels(face)
    bpy.ops.diface.use_mapping_row(row=number_of("jawOpen"))
    assert "jawOpen" in active_curves.reached_channels(face)


def test_added_row_stands_beside_what_was_found(puppet) -> None:
    face, rig = puppet
    bpy.ops.diface.add_mapping_row(channel="jawOpen")
    assert len(rows("jawOpen")) == 2
    assert rows()[bpy.context.window_manager.diface_mapping_list.chosen].hand == 1
    added = face.diface_mapping.rows[1]
    added.kind, added.owner, added.property_name = "PROPERTY", rig, "jaw"
    names = {target.name for target in active_curves.face_targets(face) if "jawOpen" in target.channels}
    assert names == {"jawOpen", "jaw"}
    bpy.context.window_manager.diface_mapping_list.chosen = number_of("jawOpen") + 1
    bpy.ops.diface.remove_mapping_row()
    assert len(rows("jawOpen")) == 1
    bpy.ops.diface.reset_mapping(of="CHANNEL")
    assert not face.diface_mapping.rows


def test_panel_shows_the_table_and_the_score(puppet) -> None:
    face, rig = puppet
    add(face, "browInnerUp", "property", rig, 0.25)
    add(face, "browInnerUp", "rotation", rig, np.radians(12))
    add(face, "browInnerUp", "shape", face, shape_key="Gone")
    assert "5 of 52 channels are reached" in drawn("Mapping")
    mapping_list._add_slots()
    bpy.context.window_manager.diface_mapping_list.chosen = number_of("browInnerUp")
    shown = drawn("Mapping")
    assert {"jawOpen", "mouthFunnel", "0.25  By Hand", "12°  By Hand", "1  Name", "Jaw rotation X"} <= set(shown)
    assert {"property_name", "gain", "offset"} <= set(shown)
    bpy.context.window_manager.diface_mapping_list.chosen = number_of("browInnerUp") + 2
    assert any("no shape key Gone" in text for text in drawn("Mapping"))


def test_undo_of_each_change_of_the_rows(puppet) -> None:
    def state() -> list[dict[str, object]]:
        return [settings_of(row) for row in bpy.data.objects["Character"].diface_mapping.rows]

    bpy.ops.ed.undo_push(message="start")
    seen = [state()]
    for change in (
        lambda: bpy.ops.diface.change_mapping_row(row=number_of("jawOpen")),
        lambda: bpy.ops.diface.add_mapping_row(channel="jawOpen", kind="BONE_ROTATION"),
        lambda: bpy.ops.diface.use_mapping_row(row=number_of("jawOpen")),
        lambda: bpy.ops.diface.remove_mapping_row(row=number_of("jawOpen")),
        lambda: bpy.ops.diface.use_mapping_preset(preset="ARKit Custom Properties"),
        lambda: bpy.ops.diface.reset_mapping(),
    ):
        bpy.data.objects["Rig"]["jawOpen"] = 0.0
        assert change() == {"FINISHED"}
        bpy.ops.ed.undo_push(message="change")
        seen.append(state())
    assert len(seen) == len({str(some) for some in seen}) + 1, "the last is the first again"
    for before in seen[-2::-1]:
        bpy.ops.ed.undo()
        assert state() == before
    for after in seen[1:]:
        bpy.ops.ed.redo()
        assert state() == after


def test_row_that_was_found_cannot_be_removed(puppet) -> None:
    with pytest.raises(RuntimeError, match="was found"):
        bpy.ops.diface.remove_mapping_row(row=number_of("jawOpen"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("animated", [False, True])
def test_a_test_restores_the_value_exactly_and_keys_nothing(puppet, kind, animated) -> None:
    face, rig = puppet
    row = add(face, "browInnerUp", kind, owner_of(kind, face, rig), 0.7, 0.1)
    if animated:
        write(face)
        bpy.context.scene.frame_set(7)
    elif kind == "property":
        rig["jaw"] = 0.123456
    row.gain = 0.9
    before, actions = read(kind, face, rig, 7), len(bpy.data.actions)
    wiggle = Wiggle(rows("browInnerUp")[0])
    seen = []
    for seconds in np.linspace(0, SECONDS * 0.99, 9):
        assert wiggle.step(float(seconds))
        seen.append(_now(kind, face, rig))
    assert not wiggle.step(SECONDS)
    wiggle.end()
    assert max(seen) > 0.9
    assert _now(kind, face, rig) == before == read(kind, face, rig, 7)
    assert len(bpy.data.actions) == actions


def _now(kind: str, face: bpy.types.Object, rig: bpy.types.Object) -> float:
    bone = rig.pose.bones["Jaw"]
    values = {
        "shape": face.data.shape_keys.key_blocks["Wide"].value,
        "rotation": float(2 * np.arctan2(bone.rotation_quaternion.x, bone.rotation_quaternion.w)),
        "location": bone.location.y,
        "property": rig["jaw"],
        "bone property": bone["control"],
    }
    return values[kind]


def test_a_test_of_a_deleted_object_ends(puppet) -> None:
    face, rig = puppet
    add(face, "browInnerUp", "property", rig)
    wiggle = Wiggle(rows("browInnerUp")[0])
    bpy.data.objects.remove(rig)
    assert not wiggle.step(0.5)
    wiggle.end()


def test_preset_is_written_and_read_exactly(puppet, tmp_path: Path) -> None:
    face, rig = puppet
    for number, kind in enumerate(KINDS):
        add(face, channels.FACE[20 + number], kind, owner_of(kind, face, rig), 0.3 + number, -0.1 * number)
    before = [settings_of(row) for row in face.diface_mapping.rows]
    path = tmp_path / "Mine.json"
    bpy.ops.diface.save_mapping(filepath=str(path))
    bpy.ops.diface.reset_mapping()
    bpy.ops.diface.load_mapping(filepath=str(path))
    assert [settings_of(row) for row in face.diface_mapping.rows] == before
    assert {row.source for row in rows() if row.hand >= 0} == {"Preset Mine"}


def settings_of(row) -> dict[str, object]:
    names = ("channel", "kind", "shape_key", "bone", "property_name", "axis", "gain", "offset", "use")
    values = {name: getattr(row, name) for name in names}
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in values.items()}


def test_rows_without_a_target_are_reported(puppet, tmp_path: Path) -> None:
    face, _rig = puppet
    path = tmp_path / "other.json"
    path.write_text(
        json.dumps(
            {
                "diface_mapping": 1,
                "rows": [
                    {"channel": "jawOpen", "shape_key": "Wide", "gain": 0.5},
                    {"channel": "mouthClose", "shape_key": "Shut"},
                    {"channel": "jawLeft", "bone": "Chin", "rotation": "Z", "gain": 6},
                ],
            }
        )
    )
    bpy.ops.diface.load_mapping(filepath=str(path))
    assert [row.shape_key for row in face.diface_mapping.rows] == ["Wide"]
    text = bpy.context.window_manager.diface.message
    assert "Shut, Chin" in text


BAD = {
    "nothing": b"",
    "text": b"hello",
    "list": b"[]",
    "other": b'{"a": 1}',
    "newer": b'{"diface_mapping": 99, "rows": []}',
    "no rows": b'{"diface_mapping": 1}',
    "row": b'{"diface_mapping": 1, "rows": [3]}',
    "channel": b'{"diface_mapping": 1, "rows": [{"channel": "jaw", "shape_key": "A"}]}',
    "channel type": b'{"diface_mapping": 1, "rows": [{"channel": ["jaw"], "shape_key": "A"}]}',
    "target": b'{"diface_mapping": 1, "rows": [{"channel": "jawOpen"}]}',
    "two targets": b'{"diface_mapping": 1, "rows": [{"channel": "jawOpen", "shape_key": "A", "bone": "B"}]}',
    "gain": b'{"diface_mapping": 1, "rows": [{"channel": "jawOpen", "shape_key": "A", "gain": NaN}]}',
    "gain text": b'{"diface_mapping": 1, "rows": [{"channel": "jawOpen", "shape_key": "A", "gain": "1"}]}',
    "large": b" " * ((1 << 20) + 2),
    "deep": b"[" * 100000,
    "no utf-8": b'{"diface_mapping": 1, "name": "\xff"}',
    "axis": b'{"diface_mapping": 1, "rows": [{"channel": "jawOpen", "bone": "A", "rotation": "W"}]}',
    "long": json.dumps(
        {"diface_mapping": 1, "rows": [{"channel": "jawOpen", "shape_key": "A" * 300}]}
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_damaged_preset_changes_nothing(puppet, name: str, tmp_path: Path) -> None:
    face, rig = puppet
    add(face, "browInnerUp", "property", rig)
    path = tmp_path / "bad.json"
    path.write_bytes(BAD[name])
    with pytest.raises(RuntimeError, match=r"bad\.json"):
        bpy.ops.diface.load_mapping(filepath=str(path))
    assert [row.property_name for row in face.diface_mapping.rows] == ["jaw"]


def test_preset_of_nothing_that_is_there_changes_nothing(puppet) -> None:
    face, rig = puppet
    add(face, "browInnerUp", "property", rig)
    content = preset.Preset("Other", (preset.PresetRow("jawOpen", "SHAPE_KEY", "Nowhere"),))
    main, found = mapping_list.table(bpy.context)[0], mapping_list.character_settings.find(face)
    with pytest.raises(errors.SceneError, match="Nowhere"):
        presets.load(main, found, content)
    assert len(face.diface_mapping.rows) == 1


@pytest.mark.parametrize("path", sorted(presets.SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_shipped_presets_are_read(path: Path) -> None:
    content = presets.read(path)
    assert content.name == path.stem
    assert preset.from_bytes(preset.to_bytes(content), path.name) == content
    assert len({row.channel for row in content.rows}) > 10
