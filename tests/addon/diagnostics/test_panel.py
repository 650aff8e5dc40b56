"""The panel Diagnostics draws every kind of problem, and says when the take was not checked."""

from __future__ import annotations

import bpy
import pytest

from diface_addon.scene.diagnostics import wording
from diface_addon.scene.diagnostics.problem import PoseKey, Problem
from diface_addon.settings import findings
from tests.addon.panels.panel_drawing import drawn
from tests.addon.panels.test_panels import write


def test_panel_before_a_check_and_after_one_without_problems(scene, head) -> None:
    write(head)
    assert "diface.check_take" in drawn("Diagnostics")
    assert "Nothing is wrong" not in drawn("Diagnostics")
    findings.store(bpy.context, head, [])
    assert "Nothing is wrong" in drawn("Diagnostics")


@pytest.mark.parametrize("kind", list(wording.KINDS))
def test_every_kind_is_drawn_with_its_frames_and_its_fix(scene, head, kind) -> None:
    write(head)
    problem = Problem(kind, "Wrong", 3, 5, 4, (PoseKey(4, "jawOpen", 0.5),), "target", 1.5)
    findings.store(bpy.context, head, [problem, problem])
    assert findings.find(bpy.context, head) == [problem, problem]
    items = drawn("Diagnostics")
    assert items.count("3-5: Wrong") == 2
    assert items.count("diface.jump_to_problem") == 2
    assert items.count("diface.fix_problem") == (2 if wording.KINDS[kind].fix else 0)


def test_row_moves_the_playhead(scene, head) -> None:
    write(head)
    problem = Problem("missed_closure", "Wrong", 3, 5, 4.5)
    findings.store(bpy.context, head, [problem])
    assert bpy.ops.diface.jump_to_problem(index=0) == {"FINISHED"}
    assert scene.frame_current_final == 4.5


def test_another_take_has_no_rows_and_undo_removes_them(scene, head) -> None:
    write(head)
    findings.store(bpy.context, head, [Problem("muted", "Wrong", 3, 5, 4)])
    write(head, "other")
    assert findings.find(bpy.context, head) is None
    findings.store(bpy.context, head, [Problem("muted", "Wrong", 3, 5, 4)])
    [forget] = [handler for handler in bpy.app.handlers.undo_post if handler.__module__ == findings.__name__]
    forget(scene)
    assert findings.find(bpy.context, head) is None
