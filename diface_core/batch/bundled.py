"""The engine of a process that makes lines with the bundled models, or with those that a line names."""

from __future__ import annotations

from ..engines import Engines


def create() -> Engines:
    """Return an engine that keeps features in memory only: every sound of a batch is used once."""
    return Engines.create(None)
