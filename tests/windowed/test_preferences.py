"""The add-on's preferences: Test Worker, and what Create Environment shows before it runs anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import steps
from .steps import MODULE, STATE
from .window import BlenderWindow

WHERE = {"area": "PREFERENCES", "region": "WINDOW"}
SHOW = f"""
bpy.context.preferences.active_section = "ADDONS"
bpy.context.window_manager.addon_search = "DiFACE"
bpy.ops.preferences.addon_expand(module={MODULE!r})
area = next(area for area in bpy.context.screen.areas if area.type == "VIEW_3D")
area.type = "PREFERENCES"
"""
"""Shows the preferences of the add-on in place of the 3D viewport: without a window manager, windows overlap."""
REPORT = f"{STATE}.worker_report"


@pytest.fixture(autouse=True)
def _no_traceback(blender: BlenderWindow) -> Iterator[None]:
    """Fail a step that printed a traceback on Blender's console."""
    before = len(blender.console())
    yield
    printed = blender.console()[before:]
    assert "Traceback" not in printed, printed


def allow_network(blender: BlenderWindow, allowed: bool) -> None:
    blender.run(f"bpy.context.preferences.system.use_online_access = {allowed}")
    time.sleep(0.5)


def test_preferences_are_shown(blender: BlenderWindow, small_zip: Path) -> None:
    steps.install(blender, small_zip)
    blender.run(SHOW)
    time.sleep(2)
    blender.button("diface.check_worker()", **WHERE)


def test_worker_is_tested(blender: BlenderWindow) -> None:
    blender.click("diface.check_worker()", **WHERE)
    blender.wait_for(f"not {STATE}.running and bool({REPORT})", 120)
    report = blender.ask(REPORT)
    assert "onnxruntime" in report.lower() or "ONNX Runtime" in report, report


def test_environment_needs_online_access(blender: BlenderWindow) -> None:
    allow_network(blender, False)
    assert not blender.ask("bpy.ops.diface.create_environment.poll()")
    allow_network(blender, True)
    assert blender.ask("bpy.ops.diface.create_environment.poll()")


def test_dialog_shows_what_is_run_and_esc_runs_nothing(blender: BlenderWindow) -> None:
    allow_network(blender, True)
    before = blender.processes()
    blender.click("diface.create_environment()", **WHERE)
    time.sleep(1.5)
    assert not blender.ask(f"{STATE}.running")
    blender.desktop.press("Escape")
    time.sleep(1.5)
    assert not blender.ask(f"{STATE}.running")
    assert len(blender.processes()) <= len(before)
    assert not list((blender.folder / "user").rglob("environment-[12]"))
