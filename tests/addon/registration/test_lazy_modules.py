"""Modules that are run at their first use: most are not run when the add-on is enabled, and all can be run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

REPORT = """
import json, pkgutil, sys
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
import diface_addon
from diface_addon.lazy_modules import LazyModule

def waiting():
    return [name for name in ours() if sys.modules[name].__class__ is LazyModule]

def ours():
    return [name for name in sys.modules if name.startswith(("diface_addon", "diface_core"))]

diface_addon.register()
first, finders = waiting(), len(sys.meta_path)
run = sorted(set(ours()) - set(first))
places = [sys.modules[name].__file__ for name in ours()]  # as Blender's preferences do
names = [len(sys.modules[name].__dict__) for name in ours()]  # as Blender does when it quits
place_is_no_use = waiting() == first and all(places) and all(names)
bpy.ops.diface.add_head()
used = waiting()
failed = []
while not failed and (names := sorted(waiting())):  # running one imports others
    for name in names:
        try:
            sys.modules[name].__doc__
        except Exception as error:
            failed.append(f"{name}: {error}")
diface_addon.unregister()
left = finders - len(sys.meta_path)
diface_addon.register()
again = len(sys.meta_path) == finders
diface_addon.unregister()
print("report:", json.dumps([run, first, used, failed, left, again, place_is_no_use]), flush=True)
"""


@pytest.fixture(scope="module")
def report(root) -> list:
    done = subprocess.run([sys.executable, "-c", REPORT], cwd=root, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("report: ")]
    assert found, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(found[0].removeprefix("report: "))


def test_what_only_buttons_need_is_not_run_when_the_addon_is_enabled(report) -> None:
    run, first, used, *_ = report
    needless = {
        "scene.takes.write_take",
        "jobs.edit_plan",
        "jobs.personalise",
        "rig.discovery.discover",
        "worker.process",
        "rig.character",
        "rig.mapping.face_mapping",
        "scene.export.export_scene",
        "scene.mapping.table",
        "settings.threediface_files",
    }
    assert not ({f"diface_addon.{name}" for name in needless} | {"diface_core.types", "diface_core.faces.head"}) & set(
        run
    )
    assert "diface_addon.scene.characters.neck" in set(first) - set(used)  # adding a head uses it


def test_every_module_can_be_run(report) -> None:
    _run, _first, _used, failed, *_ = report
    assert failed == []


def test_imports_of_others_are_as_before_when_the_addon_is_disabled(report) -> None:
    *_, left, again, _place_is_no_use = report
    assert left == 1
    assert again


def test_blender_can_ask_every_module_for_its_place_and_names(report) -> None:
    assert report[-1] is True
