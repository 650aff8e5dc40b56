"""Diagnostics: what is wrong in the active animation, as rows for the user, and what fixes it in the scene."""
