"""DiFACE in Blender: registers every part in order, and takes them back in reverse."""

from . import generation, panels, preferences, properties
from .operators import (
    add_arkit_keys,
    add_flame_head,
    add_head,
    background,
    cancel,
    check_worker,
    delete_take,
    export_alembic,
    export_fbx,
    generate,
    load_audio,
    load_style,
    make_more,
    new_seed,
    pack_cache,
    playblast,
    sculpt_pose,
    use_take,
)

MODULES = (
    properties,
    preferences,
    generation,
    add_head,
    add_flame_head,
    add_arkit_keys,
    background,
    generate,
    make_more,
    sculpt_pose,
    cancel,
    new_seed,
    load_audio,
    load_style,
    use_take,
    delete_take,
    pack_cache,
    export_fbx,
    export_alembic,
    playblast,
    check_worker,
    panels,
)


def register() -> None:
    for module in MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(MODULES):
        module.unregister()
