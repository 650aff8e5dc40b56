"""Operators of the main panel: generate, variations, seeds, audio, and the worker."""
