"""Operators on recorded faces."""

from . import fill_gaps, import_recording

MODULES = (import_recording, fill_gaps)
"""Each registers its operators."""
