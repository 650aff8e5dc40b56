"""Variations of a take, of frames and of a word: a row to choose from; nothing of the animator is lost."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.operators.variations import audition
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index, take_list
from diface_addon.scene.variations import variation_row
from tests.addon.panels.panel_drawing import drawn
from tests.addon.scene import scenes

FPS, FIRST, ROWS = 25, 11, 75
SHAPES = ("jawOpen", "mouthClose", "mouthSmileLeft", "browInnerUp")


@pytest.fixture
def take(scene, clicks, worker) -> bpy.types.Object:
    """Return a character with a take of three seconds."""
    obj = scenes.add_character(scene, SHAPES)
    scene.render.fps, scene.frame_start = FPS, FIRST
    scene.diface.blinks = scene.diface.gaze = scene.diface.breath = False
    scenes.use_audio_file(scene, clicks([0.5, 0.75, 1.0, 1.25], seconds=3.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return obj


def motion(obj: bpy.types.Object) -> np.ndarray:
    return evaluate_curves.sample_motion(obj, FIRST, ROWS, (*SHAPES, *channels.HEAD)).values


def ids() -> set[str]:
    return set(take_index.all_takes())


def variations_of_frames(scene: bpy.types.Scene, count: int = 3) -> None:
    scene.diface.edit.frame_choice = "AUTO"
    scene.frame_set(FIRST + 37)
    assert bpy.ops.diface.make_variations(what="FRAMES", count=count) == {"FINISHED"}


def key(obj: bpy.types.Object, frame: int, value: float) -> None:
    """Set a key of the mouth as an animator does."""
    block = obj.data.shape_keys.key_blocks["mouthSmileLeft"]
    block.value = value
    block.keyframe_insert("value", frame=frame)


@pytest.mark.parametrize("what", ["FRAMES", "TAKE"])
def test_row_has_different_takes_made_from_the_same_one(scene, take, what) -> None:
    before, known = motion(take), ids()
    scene.frame_set(FIRST + 37)
    scene.diface.edit.frame_choice = "AUTO"
    assert bpy.ops.diface.make_variations(what=what, count=3) == {"FINISHED"}
    row = variation_row.read(take)
    assert set(row.takes) == ids() - known
    assert variation_row.number_shown(take, row) == 1
    motions = []
    for number in (1, 2, 3):
        assert bpy.ops.diface.show_variation(number=number) == {"FINISHED"}
        motions.append(motion(take))
        (parent,) = {entry.parent for entry in take_list.entries(take) if entry.take == row.takes[number - 1]}
        assert parent in known
    seeds = {stored_request.require_request(take_index.all_takes()[of][0])["seed"] for of in row.takes}
    assert len(seeds) == 3  # the worker of the tests moves alike with every seed
    if what == "FRAMES":
        edges = [0, ROWS - 1]
        assert all(np.array_equal(one[edges], before[edges]) for one in motions)
    assert bpy.ops.diface.show_variation(number=0) == {"FINISHED"}
    assert np.array_equal(motion(take), before)


def test_keep_deletes_the_others(scene, take) -> None:
    known = ids()
    variations_of_frames(scene)
    row = variation_row.read(take)
    bpy.ops.diface.show_variation(number=2)
    chosen = motion(take)
    assert bpy.ops.diface.keep_variation() == {"FINISHED"}
    assert ids() == known | {row.takes[1]}
    assert np.array_equal(motion(take), chosen)
    assert variation_row.read(take) is None


def test_discard_restores_what_was_before(scene, take) -> None:
    before, known = motion(take), ids()
    key(take, FIRST + 5, 0.77)
    before = motion(take)
    variations_of_frames(scene)
    assert bpy.ops.diface.discard_variations() == {"FINISHED"}
    assert ids() == known
    assert np.array_equal(motion(take), before)
    assert variation_row.read(take) is None


def test_keys_of_the_animator_are_in_every_variation(scene, take) -> None:
    key(take, FIRST + 37, 0.63)
    variations_of_frames(scene)
    for number in (1, 2, 3):
        bpy.ops.diface.show_variation(number=number)
        assert motion(take)[37, SHAPES.index("mouthSmileLeft")] == np.float32(0.63)


@pytest.mark.parametrize("how", ["KEY", "STAR", "NLA"])
def test_variation_that_somebody_worked_on_stays(scene, take, how) -> None:
    variations_of_frames(scene)
    row = variation_row.read(take)
    bpy.ops.diface.show_variation(number=3)
    if how == "KEY":
        key(take, FIRST + 40, 0.9)
    elif how == "STAR":
        bpy.ops.diface.favourite_take(take=row.takes[2])
    else:
        bpy.ops.diface.push_down_take(take=row.takes[2])
    bpy.ops.diface.show_variation(number=1)
    assert bpy.ops.diface.keep_variation() == {"FINISHED"}
    assert row.takes[2] in ids()
    assert row.takes[1] not in ids()
    bpy.ops.diface.use_take(take=row.takes[2])
    if how == "KEY":
        assert motion(take)[40, SHAPES.index("mouthSmileLeft")] == np.float32(0.9)


def test_variation_with_a_curve_of_the_animator_stays(scene, take) -> None:
    variations_of_frames(scene)
    bpy.ops.diface.show_variation(number=2)
    take.location.x = 0.3
    take.keyframe_insert("location", index=0, frame=FIRST)
    edited = variation_row.read(take).takes[1]
    assert bpy.ops.diface.discard_variations() == {"FINISHED"}
    assert edited in ids()


def test_buttons_know_the_row_after_every_change(scene, take) -> None:
    """They look where the takes were before, and everywhere if these are not there."""
    assert not bpy.ops.diface.audition.poll()
    variations_of_frames(scene)
    assert bpy.ops.diface.audition.poll()
    assert bpy.ops.diface.keep_variation.poll()
    for number, actions in enumerate(take_index.all_takes().values()):
        actions[0].name = f"Other {number}"
    assert bpy.ops.diface.audition.poll()
    bpy.ops.diface.show_variation(number=0)
    assert not bpy.ops.diface.keep_variation.poll()
    for gone in variation_row.read(take).takes:
        assert bpy.ops.diface.audition.poll()
        bpy.ops.diface.delete_take(take=gone)
    assert not bpy.ops.diface.audition.poll()


def test_a_redraw_looks_up_all_takes_a_few_times_only(scene, take, monkeypatch) -> None:
    """Not once for each button of the row, nor for those that work on the active take."""
    variations_of_frames(scene, 4)
    buttons = ["audition", *["show_variation"] * 5, "keep_variation", "discard_variations"]
    buttons += ["make_variations", "splice_take"]
    assert all(getattr(bpy.ops.diface, name).poll() for name in buttons)
    calls, all_takes = [], take_index.all_takes
    monkeypatch.setattr(take_index, "all_takes", lambda: calls.append(1) or all_takes())
    assert all(getattr(bpy.ops.diface, name).poll() for name in buttons)
    assert calls == []


def test_generated_variations_are_a_row_too(scene, take) -> None:
    before = motion(take)
    assert bpy.ops.diface.generate_variations(count=2) == {"FINISHED"}
    assert len(variation_row.read(take).takes) == 2
    bpy.ops.diface.show_variation(number=0)
    assert np.array_equal(motion(take), before)


def test_first_takes_have_nothing_before_them(scene, clicks, worker) -> None:
    obj = scenes.add_character(scene, SHAPES)
    scenes.use_audio_file(scene, clicks([0.5]))
    assert bpy.ops.diface.generate_variations(count=2) == {"FINISHED"}
    assert bpy.ops.diface.discard_variations() == {"FINISHED"}
    assert ids() == set()
    assert not any(block.animation_data and block.animation_data.action for block in (obj, obj.data.shape_keys))


def test_deleted_takes_leave_the_row(scene, take) -> None:
    variations_of_frames(scene)
    row = variation_row.read(take)
    bpy.ops.diface.delete_take(take=row.takes[0])
    assert variation_row.read(take).takes == row.takes[1:]
    for gone in row.takes[1:]:
        bpy.ops.diface.delete_take(take=gone)
    assert variation_row.read(take) is None
    assert not bpy.ops.diface.show_variation.poll()


def test_base_that_was_deleted_is_said(scene, take) -> None:
    (base,) = ids()
    variations_of_frames(scene)
    bpy.ops.diface.delete_take(take=base)
    with pytest.raises(RuntimeError, match="was deleted"):
        bpy.ops.diface.discard_variations()
    assert len(variation_row.read(take).takes) == 3


def test_rows_are_saved(scene, take, tmp_path) -> None:
    variations_of_frames(scene)
    row = variation_row.read(take)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert variation_row.read(bpy.data.objects["Character"]) == row


def test_damaged_row_is_none(scene, take) -> None:
    for stored in ("", "{", "[]", '{"label": "a"}', '{"label": "a", "before": 3, "takes": []}', 4):
        take[variation_row.ROW] = stored
        assert variation_row.read(take) is None


def test_panel_draws_the_row(scene, take) -> None:
    variations_of_frames(scene)
    assert any("Variations: Frames" in text for text in drawn("Takes"))


def press(operator, kind: str) -> set[str]:
    return audition.DIFACE_OT_audition.modal(operator, bpy.context, SimpleNamespace(type=kind, value="PRESS"))


class Auditioning:
    """The operator as Blender runs it in a window, with keys pressed by the test."""

    _try, _show_status, _end, report_error, notify, topic = (
        audition.DIFACE_OT_audition._try,
        audition.DIFACE_OT_audition._show_status,
        audition.DIFACE_OT_audition._end,
        audition.DIFACE_OT_audition.report_error,
        audition.DIFACE_OT_audition.notify,
        staticmethod(lambda: "variations"),
    )

    def __init__(self, obj: bpy.types.Object) -> None:
        self._start, self._character = variation_row.active_takes(obj), obj.session_uid
        self._start_number = variation_row.number_shown(obj, variation_row.read(obj))


def test_arrow_keys_go_through_the_row_and_escape_goes_back(scene, take) -> None:
    variations_of_frames(scene)
    bpy.ops.diface.show_variation(number=2)
    operator, shown = Auditioning(take), []
    for kind in ("RIGHT_ARROW", "RIGHT_ARROW", "RIGHT_ARROW", "LEFT_ARROW"):
        assert press(operator, kind) == {"RUNNING_MODAL"}
        shown.append(variation_row.number_shown(take, variation_row.read(take)))
    assert shown == [3, 0, 1, 0]
    assert press(operator, "SPACE") == {"PASS_THROUGH"}
    assert press(operator, "ESC") == {"CANCELLED"}
    assert variation_row.number_shown(take, variation_row.read(take)) == 2


def test_audition_reads_nothing_while_the_mouse_moves(scene, take, monkeypatch) -> None:
    variations_of_frames(scene)
    operator = Auditioning(take)
    monkeypatch.setattr(variation_row, "read", lambda _obj: pytest.fail("read"))
    event = SimpleNamespace(type="MOUSEMOVE", value="NOTHING")
    assert audition.DIFACE_OT_audition.modal(operator, bpy.context, event) == {"PASS_THROUGH"}


def test_audition_ends_when_the_row_is_gone(scene, take) -> None:
    variations_of_frames(scene)
    operator = Auditioning(take)
    variation_row.remove(take)
    assert press(operator, "RIGHT_ARROW") == {"CANCELLED"}


def test_face_and_head_of_two_takes_come_back(scene, take) -> None:
    scene.diface.parts = "HEAD"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    before, active = motion(take), variation_row.active_takes(take)
    assert len(active) == 2
    scene.diface.parts = "BOTH"
    assert bpy.ops.diface.generate_variations(count=2) == {"FINISHED"}
    bpy.ops.diface.show_variation(number=0)
    assert variation_row.active_takes(take) == active
    assert np.array_equal(motion(take), before)
    assert compat.action_kinds(take_index.active_take(take)[0])


def test_keys_outside_the_frames_do_not_keep_the_variations(scene, take) -> None:
    """They were there before, and are in every variation."""
    known = ids()
    key(take, FIRST + 70, 0.4)
    variations_of_frames(scene)
    assert bpy.ops.diface.discard_variations() == {"FINISHED"}
    assert ids() == known
    assert motion(take)[70, SHAPES.index("mouthSmileLeft")] == np.float32(0.4)
