"""Programs of others that check exported files: OpenUSD's validators, an FBX reader, the glTF validator, three.js."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import paths
from .console import BuildError, run
from .stamps import digest, is_current
from .venvs import NETWORK_HINT, make_venv
from .versions import CORE_PYTHON

PYTHON, MODULES = "DIFACE_RECEIVERS", "DIFACE_NODE_MODULES"
"""Environment variables of the tests: an interpreter with usd-core and ufbx, and the folder node_modules."""
NODE = "Node.js and npm were not found (Debian: apt-get install nodejs npm): GLB files are not validated."


def receivers() -> tuple[dict[str, str], list[str]]:
    """Set up the programs; return environment variables that name them, and what was not set up, in sentences."""
    found, missing = {}, []
    pinned = paths.PINNED / "receivers.txt"
    try:
        found[PYTHON] = str(make_venv("receivers", CORE_PYTHON, [pinned], lambda _python: [pinned]))
    except BuildError as error:
        missing.append(f"Exported USD and FBX files: {error}")
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing.append(NODE)
        return found, missing
    try:
        found[MODULES] = str(_node_modules())
    except BuildError as error:
        missing.append(f"Exported GLB files: {error}")
    return found, missing


def _node_modules() -> Path:
    """Install the packages of wheels/node with the hashes of its lock file; return their folder."""
    folder = paths.BUILD / "node"
    files = [paths.PINNED / "node" / name for name in ("package.json", "package-lock.json")]
    stamp, expected = folder / "diface-stamp", digest(*files)
    if not is_current(stamp, expected):
        folder.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        for file in files:
            shutil.copy(file, folder)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder)
        run("node: install packages", [shutil.which("npm"), "ci", *options], hint=NETWORK_HINT)
        stamp.write_text(expected)
    return folder / "node_modules"
