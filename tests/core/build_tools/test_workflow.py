"""Tests that the continuous integration and the hooks call commands that exist."""

import re
from pathlib import Path

import yaml

from tools.build import cli
from tools.build.libraries import DEBIAN_PACKAGES

WORKFLOW = ".github/workflows/test.yml"


def test_workflow_installs_the_libraries_that_blender_needs(root: Path) -> None:
    steps = yaml.safe_load((root / WORKFLOW).read_text("utf-8"))["jobs"]["test"]["steps"]
    script = next(step["run"] for step in steps if "apt-get install" in step.get("run", ""))
    packages = {word for word in script.partition("--no-install-recommends")[2].split() if word != "\\"}
    assert packages == set(" ".join(DEBIAN_PACKAGES.values()).split())


def test_workflow_tests_three_systems(root: Path) -> None:
    systems = yaml.safe_load((root / WORKFLOW).read_text("utf-8"))["jobs"]["test"]["strategy"]["matrix"]["os"]
    assert [name.partition("-")[0] for name in systems] == ["ubuntu", "windows", "macos"]


def test_every_command_that_is_called_exists(root: Path) -> None:
    text = (root / WORKFLOW).read_text("utf-8") + (root / ".pre-commit-config.yaml").read_text("utf-8")
    calls = re.findall(r"(?:run|entry): python3? build\.py ([a-z -]+)$", text, re.MULTILINE)
    assert len(calls) == 4
    for call in calls:
        assert cli.parse(call.split()).module in cli.COMMANDS
