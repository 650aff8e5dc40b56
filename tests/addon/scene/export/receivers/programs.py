"""The programs of others that check exported files; a test that needs a missing one is skipped with the reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
HINT = "`python3 build.py test` sets it up"


def receivers_python() -> str:
    """Return an interpreter with usd-core and ufbx; skip the test without one."""
    python = os.environ.get("DIFACE_RECEIVERS", "")
    if not Path(python or "-").is_file():
        pytest.skip(f"DIFACE_RECEIVERS names no Python with usd-core and ufbx: {HINT}.")
    return python


def node_modules() -> Path:
    """Return the folder with gltf-validator and three; skip the test without it, or without Node.js."""
    folder = os.environ.get("DIFACE_NODE_MODULES", "")
    if not folder or not Path(folder, "gltf-validator").is_dir():
        pytest.skip(f"DIFACE_NODE_MODULES names no folder with gltf-validator and three: {HINT}.")
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed (Debian: apt-get install nodejs npm).")
    return Path(folder)


def read_fbx(path: Path, count: int, rate: float) -> dict[str, np.ndarray]:
    """Return what ufbx reads from a file: see read_fbx.py."""
    return _arrays("read_fbx.py", path, str(count), str(rate))


def check_usd(path: Path) -> dict[str, np.ndarray]:
    """Return what OpenUSD says about a file and reads from it: see check_usd.py."""
    return _arrays("check_usd.py", path)


def validate_gltf(path: Path) -> dict[str, Any]:
    """Return the report of the Khronos glTF validator."""
    modules = node_modules()
    done = _run(["node", str(HERE / "validate_gltf.mjs"), str(modules), str(path)])
    return json.loads(done.stdout)[0]


def _arrays(script: str, path: Path, *arguments: str) -> dict[str, np.ndarray]:
    out = path.with_suffix(".npz")
    _run([receivers_python(), str(HERE / script), str(path), str(out), *arguments])
    with np.load(out) as found:
        return dict(found)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done
