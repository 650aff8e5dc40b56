"""DiFACE in Blender: registers every part in order, and takes them back in reverse."""

from . import generation, live, panels, preferences, properties
from .operators import (
    add_arkit_keys,
    add_flame_head,
    add_head,
    background,
    bake_take,
    cancel,
    check_worker,
    compare_take,
    copy_pose,
    delete_take,
    duplicate_take,
    export_alembic,
    export_fbx,
    export_style,
    favourite_take,
    generate,
    in_between,
    load_audio,
    load_style,
    make_more,
    new_seed,
    pack_cache,
    personalise,
    pin_pose,
    playblast,
    push_down_take,
    regenerate,
    sculpt_pose,
    splice_take,
    swap_keyframes,
    unpin,
    use_take,
)
from .panels import take_rows

MODULES = (
    properties,
    preferences,
    generation,
    live,
    add_head,
    add_flame_head,
    add_arkit_keys,
    background,
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
    for module in MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(MODULES):
        module.unregister()
