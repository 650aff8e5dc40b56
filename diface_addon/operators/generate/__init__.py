"""Operators that generate takes from speech, and their settings."""

from . import cancel, check_worker, create_environment, generate, generate_variations, load_audio, new_seed

MODULES = (cancel, check_worker, create_environment, generate, generate_variations, load_audio, new_seed)
"""Each registers its operators."""
