"""Diagnostics: compare the active animation with its sound, and plan what fixes it."""
