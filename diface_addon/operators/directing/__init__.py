"""Operators that direct the active takes without the models."""

from . import apply_articulation, change_gains, reset_articulation, reset_gaze, reset_mood

MODULES = (apply_articulation, change_gains, reset_articulation, reset_gaze, reset_mood)
"""Each registers its operators."""
