"""Operators, one file per verb, in a package per topic. A new one is added to the list of its package."""

from . import (
    characters,
    diagnostics,
    dialogue,
    directing,
    edit,
    export,
    generate,
    interface,
    mapping,
    recordings,
    styles,
    takes,
    variations,
    without_speech,
    words,
)
from .base import modal_job

MODULES = (
    modal_job,
    *characters.MODULES,
    *generate.MODULES,
    *dialogue.MODULES,
    *without_speech.MODULES,
    *edit.MODULES,
    *recordings.MODULES,
    *directing.MODULES,
    *diagnostics.MODULES,
    *styles.MODULES,
    *words.MODULES,
    *takes.MODULES,
    *variations.MODULES,
    *export.MODULES,
    *interface.MODULES,
    *mapping.MODULES,
)
"""Modules to register."""
