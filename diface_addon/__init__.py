"""DiFACE for Blender: register all parts of the add-on in order, and unregister them in reverse."""

from . import panels
from .jobs import generate as generate_job
from .jobs.live_mode import live
from .operators.base import modal_job
from .operators.characters import add_arkit_keys, add_flame_head, add_head
from .operators.edit import copy_pose, in_between, pin_pose, regenerate, sculpt_pose, swap_keyframes, unpin
from .operators.export import export_alembic, export_fbx, playblast
from .operators.generate import cancel, check_worker, generate, load_audio, make_more, new_seed
from .operators.styles import export_style, load_style, personalise
from .operators.takes import (
    bake_take,
    compare_take,
    convert_take,
    delete_take,
    duplicate_take,
    favourite_take,
    pack_cache,
    push_down_take,
    splice_take,
    use_take,
)
from .panels import take_rows
from .settings import migration, preferences, scene_settings

MODULES = (
    scene_settings,
    migration,
    preferences,
    generate_job,
    live,
    add_head,
    add_flame_head,
    add_arkit_keys,
    modal_job,
    generate,
    make_more,
    regenerate,
    in_between,
    swap_keyframes,
    copy_pose,
    pin_pose,
    unpin,
    sculpt_pose,
    cancel,
    new_seed,
    load_audio,
    load_style,
    personalise,
    export_style,
    use_take,
    delete_take,
    duplicate_take,
    favourite_take,
    push_down_take,
    bake_take,
    compare_take,
    convert_take,
    splice_take,
    pack_cache,
    export_fbx,
    export_alembic,
    playblast,
    check_worker,
    take_rows,
    panels,
)


def register() -> None:
    """Register the add-on."""
    for module in MODULES:
        module.register()


def unregister() -> None:
    """Unregister the add-on."""
    for module in reversed(MODULES):
        module.unregister()
