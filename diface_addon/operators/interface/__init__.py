"""Operators of the panels themselves: whole messages, jumps to pins, resets."""

from . import jump_to_pin, list_missing_keys, reset_settings, show_message

MODULES = (jump_to_pin, list_missing_keys, reset_settings, show_message)
"""Each registers its operators."""
