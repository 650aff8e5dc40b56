"""A stored request that is damaged, or of a newer DiFACE, disables its take and nothing else."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, types
from diface_addon.operators.base import operator_base
from diface_addon.panels import take_rows
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import rest_pose, stored_request
from diface_addon.scene.takes import take_index, take_list, write_take
from tests.addon.scene import scenes

NEWER = stored_request.SCHEMA + 1


def motion(seed: int = 0) -> types.Motion:
    values = np.random.default_rng(seed).random((20, len(channels.ALL)), np.float32) * 0.5
    return types.Motion(values, channels.ALL, types.FrameRate(24))


def write(obj: bpy.types.Object, name: str, seed: int = 0) -> write_take.TakeResult:
    return write_take.write_take(obj, motion(seed), name, {"first_frame": 11, "seed": seed})


def newer(stored: str) -> str:
    return json.dumps({**json.loads(stored), "schema": NEWER})


def without_first_frame(stored: str) -> str:
    fields = json.loads(stored)
    del fields["first_frame"]
    return json.dumps(fields)


DAMAGES = {
    "cut off": lambda stored: stored[: len(stored) // 2],
    "empty": lambda _stored: "",
    "list": lambda _stored: "[1, 2]",
    "number": lambda _stored: 3,
    "no first frame": without_first_frame,
    "wrong type": lambda stored: json.dumps({**json.loads(stored), "rest_rotation": "none"}),
    "newer": newer,
}


def damage(take: write_take.TakeResult, kind: str) -> None:
    for action in take.actions:
        action[stored_request.REQUEST] = DAMAGES[kind](action[stored_request.REQUEST])


@pytest.mark.parametrize("kind", DAMAGES)
def test_unreadable_request_disables_only_its_take(scene, head, kind) -> None:
    """Lists, polls, pins, the rest pose and a new take work; the row of the take names the fault."""
    readable, unreadable = write(head, "Good"), write(head, "Bad", 1)
    damage(unreadable, kind)
    rows = {entry.name: entry for entry in take_list.entries(head)}
    assert rows["Bad"].error.startswith("Made by a newer DiFACE" if kind == "newer" else "The take's stored request")
    assert rows["Good"].error == ""
    assert rows["Bad"].is_active
    assert take_rows.refresh_entries(head) is not None
    rest_pose.rest_rotation(head)
    pins.find_pins(head)
    for operator in operator_base.OperatorBase.__subclasses__():
        if issubclass(operator, bpy.types.Operator):
            operator.poll(bpy.context)
    new = write(head, "New", 2)
    assert [entry.name for entry in take_list.entries(head) if entry.is_active] == [new.name]
    assert bpy.ops.diface.use_take(take=rows["Good"].take) == {"FINISHED"}
    assert [entry.name for entry in take_list.entries(head) if entry.is_active] == [readable.name]


@pytest.mark.parametrize("kind", ["cut off", "newer"])
def test_unreadable_take_plays_and_can_be_deleted_but_not_edited(scene, head, kind) -> None:
    unreadable = write(head, "Bad", 1)
    shown = scenes.jaw_keys(head).copy()
    damage(unreadable, kind)
    take = next(entry.take for entry in take_list.entries(head) if entry.error)
    message = "newer DiFACE" if kind == "newer" else "damaged"
    for name in ("duplicate_take", "bake_take", "push_down_take"):
        with pytest.raises(RuntimeError, match=message):
            getattr(bpy.ops.diface, name)(take=take)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.diface.regenerate()
    write(head, "New", 2)
    assert bpy.ops.diface.use_take(take=take) == {"FINISHED"}
    assert (scenes.jaw_keys(head) == shown).all()
    assert bpy.ops.diface.delete_take(take=take) == {"FINISHED"}
    names = [entry.name for entry in take_list.entries(head)]  # without slots, the head's Action has a readable request
    assert "New" in names
    assert "Bad" not in names


def test_take_of_version_0_1_0_without_a_schema_is_migrated(scene, head) -> None:
    take = write(head, "Old")
    for action in take.actions:
        fields = json.loads(action[stored_request.REQUEST])
        kept = {name: value for name, value in fields.items() if name not in ("schema", "parent", "created")}
        action[stored_request.REQUEST] = json.dumps(kept)
    request = stored_request.read_request(take.actions[0])
    assert (request["schema"], request["parent"], request["created"]) == (stored_request.SCHEMA, "", "")
    (entry,) = take_list.entries(head)
    assert (entry.error, entry.created, entry.parent) == ("", "", "")


def test_stored_request_has_the_schema_version(scene, head) -> None:
    action = write(head, "T").actions[0]
    assert json.loads(action[stored_request.REQUEST])["schema"] == stored_request.SCHEMA


def test_each_request_is_parsed_once(scene, head, monkeypatch) -> None:
    """Redraw does not parse the requests of all takes again."""
    for seed in range(5):
        write(head, f"T{seed}", seed)
    take_list.entries(head)
    parsed = []
    monkeypatch.setattr(stored_request.json, "loads", lambda stored: parsed.append(stored) or {})
    take_list.entries(head)
    take_index.all_takes()
    assert parsed == []


def test_damaged_samples_disable_no_panel(scene, head) -> None:
    take = write(head, "T")
    for action in take.actions:
        action["diface_samples"] = b"{}\0xx"
    pins.find_pins(head)
    assert len(take_list.entries(head)) == 1
