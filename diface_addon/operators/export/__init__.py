"""Operators that write files."""

from . import bake_for_games, export_alembic, export_csv, export_fbx, export_gltf, export_usd, playblast

MODULES = (export_fbx, export_gltf, export_usd, export_alembic, export_csv, bake_for_games, playblast)
"""Each registers its operators."""
