"""The rules of docs/development/architecture.md: no import cycle, no import against the layers, small packages."""

import re
from collections import Counter

import pytest

from tests.core.architecture import import_graph
from tests.core.architecture.import_graph import ROOT

ADDON_LAYERS = {
    "lazy_modules": set(),
    "version": set(),
    "compat": set(),
    "core": set(),
    "worker": {"core"},
    "rig": {"compat", "core"},
    "scene": {"rig", "compat", "core"},
    "settings": {"rig", "scene", "compat", "core", "version"},
    "jobs": {"worker", "rig", "scene", "settings", "compat", "core", "version"},
    "operators": {"jobs", "rig", "scene", "settings", "compat", "core", "version"},
    "panels": {"jobs", "rig", "scene", "settings", "compat", "core", "version"},
    "cli": {"operators", "jobs", "worker", "rig", "scene", "settings", "compat", "core", "version"},
}
"""Each part of the add-on, and the parts that it may import."""

CORE_LAYERS = (
    "types", "errors", "words", "channels", "atomic_write", "runtime", "untrusted",
    "motion", "recordings", "inference", "transcripts", "protocol", "request_file", "audio", "alignment", "faces",
    "layers", "nonverbal",
    "directing", "diffusion", "model", "diagnostics",
    "networks", "learning", "style_adaptation", "cli", "threediface", "constrained", "generate", "engines",
    "batch", "worker", "__main__", "asset_build", "training",
)  # fmt: skip
"""The parts of the core from the lowest layer to the highest: each may import only parts before it."""

MAX_MODULES = 15
"""Modules in one folder, without `__init__.py` and `__main__.py`."""


def test_no_import_cycle() -> None:
    assert import_graph.cycles(import_graph.import_graph()) == []


@pytest.mark.parametrize("package", ["diface_core", "diface_addon", "diface_addon.scene", "diface_addon.jobs"])
def test_no_cycle_between_the_parts_of_a_package(package: str) -> None:
    assert import_graph.cycles(import_graph.package_graph(package)) == []


def test_cycle_would_be_found() -> None:
    graph = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("a"), "d": frozenset("a")}
    assert import_graph.cycles(graph) == [["a", "b", "c"]]


@pytest.mark.parametrize("part", sorted(import_graph.package_graph("diface_addon")))
def test_addon_imports_follow_the_layers(part: str) -> None:
    against = import_graph.package_graph("diface_addon")[part] - ADDON_LAYERS[part]
    assert not against, f"diface_addon/{part} must not import {sorted(against)}"


@pytest.mark.parametrize("part", sorted(import_graph.package_graph("diface_core")))
def test_core_imports_follow_the_layers(part: str) -> None:
    lower = set(CORE_LAYERS[: CORE_LAYERS.index(part)])
    against = import_graph.package_graph("diface_core")[part] - lower
    assert not against, f"diface_core/{part} must not import {sorted(against)}: they are in the same layer or above it"


def test_worker_does_not_import_training() -> None:
    loaded = import_graph.reachable("diface_core.worker", "diface_core.engines")
    assert sorted(name for name in loaded if name.startswith(("diface_core.training", "diface_core.asset_build"))) == []


def test_scene_does_not_read_the_settings() -> None:
    reading = re.compile(r"\.scene\.diface\b|\bscene\.diface\b|window_manager\.diface\b")
    files = [path for name, path in import_graph.modules().items() if name.startswith("diface_addon.scene")]
    assert [str(path.relative_to(ROOT)) for path in files if reading.search(path.read_text("utf-8"))] == []


def test_no_folder_has_too_many_modules() -> None:
    counts = Counter(path.parent for path in import_graph.modules().values() if not path.name.startswith("__"))
    assert {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > MAX_MODULES} == {}
