"""Operators on variations of a take, a region or a word."""

from . import audition, choose_variation, make_variations

MODULES = (make_variations, choose_variation, audition)
"""Each registers its operators."""
