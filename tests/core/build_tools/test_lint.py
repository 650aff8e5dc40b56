"""Tests of tools/build/testing/lint.py: the type check finds faults in every part of a project with these settings."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.build import paths
from tools.build.testing.lint import lint_jobs

FILES = {
    "diface_core/__init__.py": "",
    "diface_core/rate.py": "def halve(rate: float) -> float:\n    return rate / 2\n",
    "diface_core/wrong.py": "from .rate import halve\n\nhalve('30')\n",
    "diface_addon/__init__.py": "",
    "diface_addon/core.py": "from diface_core import rate\n",
    "diface_addon/scene/__init__.py": "",
    "diface_addon/scene/wrong.py": """
import bpy

from ..core import rate


def end(scene: bpy.types.Scene) -> str:
    return scene.frame_end


def half(scene: bpy.types.Scene) -> str:
    return rate.halve(scene.render.fps)
""",
    "diface_addon/scene/optional.py": """
import bpy


def end(context: bpy.types.Context) -> int:
    return context.scene.frame_end
""",
    "diface_addon/worker/__init__.py": "",
    "diface_addon/worker/wrong.py": "def size(data: bytes | None) -> str:\n    return data.hex()\n",
    "tools/__init__.py": "",
    "tools/wrong.py": "import unknown_package\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the settings of this one, and with faults."""
    shutil.copy(paths.ROOT / "pyproject.toml", tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def check_types(project: Path) -> tuple[int, set[tuple[str, int, str]]]:
    """Return the exit code of the type check, and (file, line, rule) of each fault."""
    (job,) = [job for job in lint_jobs(Path(sys.executable)) if job.name == "types"]
    done = subprocess.run([*job.command, "--output-format", "min-text"], cwd=project, capture_output=True, text=True)
    faults = re.findall(r"^ *[A-Z]+ (\S+?):(\d+):.*\[([a-z-]+)\]$", done.stdout.replace("\\", "/"), re.MULTILINE)
    assert faults or not done.returncode, done.stderr
    return done.returncode, {(file, int(line), rule) for file, line, rule in faults}


def test_type_errors_are_found_in_core_addon_worker_and_tools(project: Path) -> None:
    code, faults = check_types(project)
    assert code != 0
    assert faults == {
        ("diface_core/wrong.py", 3, "bad-argument-type"),
        ("diface_addon/scene/wrong.py", 8, "bad-return"),
        ("diface_addon/scene/wrong.py", 12, "bad-return"),
        ("diface_addon/worker/wrong.py", 2, "missing-attribute"),
        ("tools/wrong.py", 1, "missing-import"),
    }


def test_ignore_comments_that_hide_nothing_are_found(project: Path) -> None:
    for path in project.rglob("wrong.py"):
        path.write_text("x: int = 1  # pyrefly: ignore[bad-assignment]\n")
    code, faults = check_types(project)
    assert code != 0
    assert {rule for _file, _line, rule in faults} == {"unused-ignore"}
    assert len(faults) == 4


def test_a_project_without_faults_passes(project: Path) -> None:
    for path in project.rglob("wrong.py"):
        path.unlink()
    assert check_types(project) == (0, set())
