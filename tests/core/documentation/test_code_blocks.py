"""Every code block of the documentation: shell commands are parsed, Python is run, TOML is read."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from diface_core import channels
from diface_core.training import settings
from diface_core.types import GenerateRequest, GenerateResult, Motion
from docs.images import plot_settings
from tests import doc_blocks
from tests.doc_blocks import Block
from tools.build import cli

LANGUAGES = {"bash", "python", "toml", "text", "html"}
"""The html is run by tests/addon/scene/export/test_threejs.py."""
SYSTEM_PROGRAMS = {"apt-get", "echo", "export", "ln", "mkdir", "pip"}
"""Programs of which only the files in the arguments are checked."""
TOOLS = {"ruff", "pyrefly", "pytest"}
"""Modules that are not started; files in their arguments must exist."""

WITHOUT_PARSER = {"tests.core.training.threediface.measure_training"}
"""Command lines without arguments, which would start to work."""

SHELL = [(block, words) for block in doc_blocks.all_blocks("bash") for words in doc_blocks.commands(block)]


def needs_blender(words: list[str]) -> bool:
    """Whether the command is checked in tests/addon/documentation/test_documentation.py."""
    called = doc_blocks.module_call(words)
    return called is not None and called[0].startswith(("diface_addon", "tests.addon", "docs.images.render"))


@pytest.mark.parametrize("page", doc_blocks.PAGES, ids=lambda page: page.name)
def test_code_blocks_are_fenced_and_name_their_language(page: Path) -> None:
    languages = {block.place: block.language for block in doc_blocks.blocks(page)}
    assert {place: name for place, name in languages.items() if name not in LANGUAGES} == {}
    indented = re.findall(r"(?:^|\n)\n( {4,}\S.*)", doc_blocks.prose(page))
    assert [line for line in indented if not line.lstrip().startswith(("|", "-", "1."))] == []


@pytest.mark.parametrize(
    ("block", "words"), [pair for pair in SHELL if not needs_blender(pair[1])], ids=lambda some: str(some)[:80]
)
def test_shell_commands_are_accepted(block: Block, words: list[str]) -> None:
    called = doc_blocks.module_call(words)
    if words[:2] == ["python3", "build.py"]:
        cli._parser().parse_args(words[2:])
    elif called and called[0] in TOOLS:
        missing = [word for word in called[1] if "/" in word and not (doc_blocks.ROOT / word).exists()]
        assert [word for word in missing if not word.startswith(".build/")] == []
    elif called and called[0] in WITHOUT_PARSER:
        doc_blocks.command_line(called[0])
    elif called:
        doc_blocks.check_arguments(*called)
    else:
        assert words[0] in SYSTEM_PROGRAMS, f"{block.place}: {words[0]}"
        lists = [word for word in words if word.endswith(".txt")]
        assert [name for name in lists if not (doc_blocks.ROOT / name).is_file()] == []


def test_commands_and_scripts_are_found() -> None:
    assert len(SHELL) > 30
    assert doc_blocks.scripts(in_blender=False)
    assert doc_blocks.scripts(in_blender=True)


@pytest.mark.parametrize("page", doc_blocks.scripts(in_blender=False))
def test_python_blocks_run(page: str, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(speech, tmp_path / "speech.flac")
    monkeypatch.chdir(tmp_path)
    doc_blocks.run_script(doc_blocks.scripts(in_blender=False)[page])


def test_pictures_of_settings_are_plotted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script's requests are valid and every picture is written; the motion is constant."""

    class ConstantGenerator:
        def generate(self, request: GenerateRequest, _report: object) -> GenerateResult:
            names = channels.of_request(request.parts, request.layers)
            return GenerateResult(Motion(np.zeros((360, len(names)), np.float32), names, request.rate), "")

    monkeypatch.setattr(plot_settings.Generator, "load", ConstantGenerator)
    monkeypatch.setattr(plot_settings, "IMAGES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["plot_settings", str(tmp_path / "poses.npz")])
    plot_settings.main()
    written = {path.name for path in tmp_path.iterdir()}
    shown = set(re.findall(r"images/(settings-[\w-]+\.png)", (doc_blocks.ROOT / "docs/guide/settings.md").read_text()))
    assert shown == written - {"poses.npz"}


@pytest.mark.parametrize("block", doc_blocks.all_blocks("toml"), ids=lambda block: block.place)
def test_configurations_name_existing_settings(block: Block) -> None:
    for table, values in tomllib.loads(block.text).items():
        fields = {"dataset": settings.DatasetConfig}[table].__dataclass_fields__
        assert set(values) <= set(fields)


def test_named_source_files_exist() -> None:
    """Paths in backticks that begin with a top-level folder exist."""
    missing = []
    for page in doc_blocks.PAGES:
        for path in re.findall(
            r"`((?:diface_core|diface_addon|tests|docs|tools|wheels)/[\w./]+)`", doc_blocks.prose(page)
        ):
            place = doc_blocks.ROOT / path
            if not place.exists() and not place.with_suffix(".py").exists():
                missing.append(f"{page.name}: {path}")
    assert missing == []


def test_short_paths_of_the_architecture_page_exist() -> None:
    """Paths of modules in backticks there may begin inside a package."""
    page = doc_blocks.ROOT / "docs" / "development" / "architecture.md"
    roots = [doc_blocks.ROOT, doc_blocks.ROOT / "diface_addon", doc_blocks.ROOT / "diface_core"]
    paths = re.findall(r"`([a-z_]+/[\w./]*)`", page.read_text("utf-8"))
    assert len(paths) > 20
    assert [
        path for path in paths if not any((root / path).exists() or (root / f"{path}.py").exists() for root in roots)
    ] == []
