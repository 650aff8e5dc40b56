"""Format, lint rules and types."""

from __future__ import annotations

import subprocess
import time

from .. import paths
from ..console import child_environment, say
from ..environments import core_python
from .outcome import Outcome


def lint() -> list[Outcome]:
    """Check the format, the lint rules, and the types."""
    python = core_python()
    checks = {
        "ruff format": ["ruff", "format", "--check", "."],
        "ruff check": ["ruff", "check", "."],
        "pyright": ["basedpyright", "--pythonpath", str(python)],
    }
    outcomes = []
    for name, words in checks.items():
        say(f"\n-- {name}")
        start = time.monotonic()
        code = subprocess.run([str(python), "-m", *words], cwd=paths.ROOT, env=child_environment()).returncode
        outcomes.append(Outcome(name, passed=int(code == 0), failed=int(code != 0), seconds=time.monotonic() - start))
    return outcomes
