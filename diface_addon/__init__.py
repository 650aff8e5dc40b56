"""DiFACE for Blender: register all parts of the add-on in order, and unregister them in reverse."""

from . import lazy_modules, operators, panels  # lazy_modules is imported first, and acts on all other imports
from .jobs import generate
from .jobs.live_mode import live
from .jobs.setup import own_settings, prefetch
from .panels import manual, menus, take_rows
from .rig.discovery import find_character
from .rig.mapping import row_settings
from .scene.pins import pinned_frames
from .settings import (
    character_settings,
    findings,
    mapping_list,
    messages,
    preferences,
    scene_settings,
    word_settings,
)
from .settings.dialogue import line_settings
from .settings.directing import direction_updates
from .settings.earlier_versions import migration, old_names
from .settings.stored import override_data

MODULES = (
    row_settings,
    character_settings,
    direction_updates,
    scene_settings,
    line_settings,
    word_settings,
    mapping_list,
    old_names,
    messages,
    findings,
    migration,
    override_data,
    preferences,
    generate,
    prefetch,
    own_settings,
    live,
    pinned_frames,
    find_character,
    *operators.MODULES,
    take_rows,
    panels,
    menus,
    manual,
)


def register() -> None:
    """Register the add-on."""
    lazy_modules.begin()
    for module in MODULES:
        module.register()


def unregister() -> None:
    """Unregister the add-on."""
    for module in reversed(MODULES):
        module.unregister()
    lazy_modules.end()
