"""Operators of the panels themselves: whole messages, jumps to pins, resets."""

from . import change_parts, jump_to_pin, list_missing_keys, reset_settings, show_message

MODULES = (change_parts, jump_to_pin, list_missing_keys, reset_settings, show_message)
"""Each registers its operators."""
