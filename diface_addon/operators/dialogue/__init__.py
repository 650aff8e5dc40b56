"""Operators on the lines of a dialogue."""

from . import assign_lines, edit_line, generate_line, generate_scene

MODULES = (assign_lines, edit_line, generate_line, generate_scene)
"""Each registers its operators."""
