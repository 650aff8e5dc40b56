"""Takes store their parent take and their time of creation."""

from __future__ import annotations

import datetime

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, types
from diface_addon.scene.edits import curve_changes, write_edit
from diface_addon.scene.edits.splicing import parts, splice
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import delete_take, take_copies, take_index, take_list, write_take

FIRST, ROWS = 11, 30


def motion(seed: int = 0) -> types.Motion:
    values = np.random.default_rng(seed).random((ROWS, len(channels.ALL)), np.float32) * 0.5
    return types.Motion(values, channels.ALL, types.FrameRate(24))


def write(obj: bpy.types.Object, name: str, seed: int = 0) -> list[bpy.types.Action]:
    return list(write_take.write_take(obj, motion(seed), name, {"first_frame": FIRST, "seed": seed}).actions)


def edit(obj: bpy.types.Object, base: list[bpy.types.Action], name: str) -> list[bpy.types.Action]:
    mask = np.zeros((ROWS, len(channels.ALL)), bool)
    mask[10:20] = True
    change = curve_changes.MotionEdit(motion(7), mask, (), FIRST)
    return list(write_edit.write_edit(obj, base, change, name, {"first_frame": FIRST, "seed": 1}).actions)


def rows(obj: bpy.types.Object) -> list[tuple[str, int]]:
    return [(entry.name, entry.depth) for entry in take_list.entries(obj)]


def test_edits_duplicates_and_splices_follow_their_parent(scene, head) -> None:
    first = write(head, "A")
    other = write(head, "B", 1)
    copy = take_copies.duplicate(first, "A copy")
    edited = edit(head, first, "A edited")
    again = edit(head, edited, "A edited again")
    choice, span = parts.choose(head, first, other, ("jawOpen",)), splice.find_span(first, other, (15, 25), 2)
    spliced = splice.splice(head, first, other, choice, span, "A spliced")
    assert rows(head) == [("A", 0), ("A copy", 1), ("A edited", 1), ("A edited again", 2), ("A spliced", 1), ("B", 0)]
    ids = {actions[0].name: take for take, actions in take_index.all_takes().items()}
    parents = {entry.name: entry.parent for entry in take_list.entries(head)}
    assert parents["A edited again"] == ids["A edited"]
    assert {parents[actions[0].name] for actions in (copy, edited, spliced)} == {ids["A"]}
    assert parents["A"] == parents["B"] == ""
    assert stored_request.read_request(again[0])["parent"] == ids["A edited"]


def test_children_of_a_deleted_take_are_roots(scene, head) -> None:
    first = write(head, "A")
    edit(head, first, "A edited")
    delete_take.delete_take(head, take_index.all_takes()[stored_request.read_request(first[0])["take"]])
    (entry,) = take_list.entries(head)
    assert (entry.name, entry.parent, entry.depth) == ("A edited", "", 0)


def test_time_of_creation_is_utc(scene, head) -> None:
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(milliseconds=1)
    edit(head, write(head, "A"), "A edited")
    times = [datetime.datetime.fromisoformat(entry.created) for entry in take_list.entries(head)]
    assert before <= times[0] <= times[1] <= datetime.datetime.now(datetime.UTC)


def test_cycle_of_parents_is_listed(scene, head) -> None:
    first = write(head, "A")
    second = edit(head, first, "B")
    for actions, parent in ((first, second), (second, first)):
        for action in actions:
            request = stored_request.read_request(action)
            take = stored_request.read_request(parent[0])["take"]
            stored_request.write_request(action, {**request, "parent": take})
    assert sorted(entry.name for entry in take_list.entries(head)) == ["A", "B"]


@pytest.mark.parametrize("name", ["parent", "created"])
def test_edit_of_a_user_action_has_no_parent(scene, head, name) -> None:
    head.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=15)
    edit(head, [head.data.shape_keys.animation_data.action], "E")
    (entry,) = take_list.entries(head)
    assert bool(getattr(entry, name)) == (name == "created")
