"""Operators that write files."""

from . import export_alembic, export_fbx, playblast

MODULES = (export_alembic, export_fbx, playblast)
"""Each registers its operators."""
