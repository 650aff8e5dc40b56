"""Curves of a new take are in named groups, and the Graph Editor shows a handful of them."""

from __future__ import annotations

import bpy
import numpy as np

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.rig import binding
from diface_addon.rig.discovery.discover import discover
from diface_addon.scene.animation import curve_groups
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.takes import take_copies, take_index, write_take
from tests.addon.characters import armature_kind, vocabulary_kinds
from tests.addon.characters.bundled_parts import arkit_shapes
from tests.addon.scene import scenes

LAYERS = {"blinks": 0, "gaze": None, "breath": None}


def write_all_channels(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """Write a take of all channels and return its Actions."""
    values = np.random.default_rng(0).uniform(0.1, 0.4, (12, len(channels.ALL))).astype(np.float32)
    motion = types.Motion(values, channels.ALL, types.FrameRate(30))
    written = write_take.write_take(obj, motion, "T", {"first_frame": 1, "layers": LAYERS})
    return list(written.actions)


def visible_properties(actions: list[bpy.types.Action]) -> set[tuple[str, str]]:
    main, _layers = take_index.split_layers(actions)
    curves = [(address, curve) for action in main for address, curve in compat.action_fcurves(action)]
    return {address[:2] for address, curve in curves if not curve.hide}


def groups(actions: list[bpy.types.Action]) -> dict[str, str]:
    """Return the group of each property by its path."""
    return {address[1]: curve.group.name for action in actions for address, curve in compat.action_fcurves(action)}


def test_a_handful_of_curves_shows(scene) -> None:
    head = bundled_head.add_head(bpy.context)
    visible = visible_properties(write_all_channels(head))
    paths = {f'key_blocks["{name}"].value' for name in curve_groups.SHOWN}
    assert {path for kind, path in visible if kind == "KEY"} == paths
    assert {path for kind, path in visible if kind == "OBJECT"} == {"rotation_euler"}


def test_every_curve_is_in_the_group_of_its_channel(scene) -> None:
    head = bundled_head.add_head(bpy.context)
    found = groups(write_all_channels(head))
    wanted = {
        "jawOpen": "Jaw", "mouthClose": "Lips", "mouthSmileLeft": "Mouth Corners", "browInnerUp": "Brows",
        "eyeBlinkLeft": "Eyes", "cheekPuff": "Cheeks and Nose", "tongueOut": "Tongue",
    }  # fmt: skip
    assert {name: found[f'key_blocks["{name}"].value'] for name in wanted} == wanted
    assert found["rotation_euler"] == "Head"


def test_faces_of_visemes_show_what_opens_the_mouth_and_what_rounds_it(scene) -> None:
    scenes.new_file()
    built = vocabulary_kinds.build_visemes()
    actions = write_all_channels(built.main)
    visible = visible_properties(actions)
    assert 2 <= len({path for _kind, path in visible}) <= 12
    assert set(groups(actions).values()) >= {"Jaw", "Head"}


def test_groups_of_the_user_stay(scene) -> None:
    head = bundled_head.add_head(bpy.context)
    action = write_all_channels(head)[0]
    bag = compat.find_channelbag(action, "KEY")
    mine = bag.fcurves.new('key_blocks["Mine"].value') if compat.HAS_ACTION_SLOTS else bag.fcurves.new("eval_time")
    mine.group, mine.hide = bag.groups.new("Mine"), True
    mine.keyframe_points.insert(1, 0.5)
    path = mine.data_path
    again = write_all_channels(head)
    copied = next(curve for one in again for address, curve in compat.action_fcurves(one) if address[1] == path)
    assert copied.group.name == "Mine"


def test_baked_blinks_are_with_the_eyes(scene) -> None:
    head = bundled_head.add_head(bpy.context)
    baked = take_copies.bake(head, write_all_channels(head))
    assert groups(baked)['key_blocks["eyeBlinkLeft"].value'] == "Eyes"


def test_jaw_bone_shows_where_no_shape_opens_the_mouth(scene) -> None:
    scenes.new_file()
    shapes = {name: offsets for name, offsets in arkit_shapes().items() if not name.startswith("jaw")}
    built = armature_kind.build(armature_kind.Options(shapes=shapes, with_jaw=True))
    binding.bind(discover(built.main))
    actions = write_all_channels(built.main)
    of_jaw = {path: name for path, name in groups(actions).items() if path.startswith('pose.bones["Jaw"]')}
    assert set(of_jaw.values()) == {"Jaw"}
    assert set(of_jaw) & {path for _kind, path in visible_properties(actions)}
