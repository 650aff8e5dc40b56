"""Seeds, regions and default frames of edits."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.core import errors
from diface_addon.jobs import edit
from diface_addon.operators.edit.regenerate import AroundPinsPlanner
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import stored_request
from tests.addon.scene import scenes

SHAPES = ("jawOpen", "mouthSmileLeft", "browInnerUp")


@pytest.fixture
def take(scene, clicks, worker) -> bpy.types.Object:
    """A character with a generated take of seed 5; the panel's seed is 5 too."""
    obj = scenes.add_character(scene, SHAPES)
    scenes.use_audio_file(scene, clicks([0.5], seconds=4.0))
    scene.diface.seed = 5
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return obj


def action(obj: bpy.types.Object) -> bpy.types.Action:
    return obj.data.shape_keys.animation_data.action


def seed(obj: bpy.types.Object) -> int:
    return stored_request.read_request(action(obj))["seed"]


def set_key(obj: bpy.types.Object, shape: str, frame: int, value: float) -> None:
    block = obj.data.shape_keys.key_blocks[shape]
    block.value = value
    block.keyframe_insert("value", frame=frame)


def values(obj: bpy.types.Object, shape: str) -> np.ndarray:
    return scenes.curve_points(action(obj), "KEY", f'key_blocks["{shape}"].value')[:, 1]


EDITS = {
    "in_between": lambda: bpy.ops.diface.in_between(first=40, last=60),
    "regenerate": lambda: bpy.ops.diface.regenerate(where="AROUND"),
    "regenerate all": lambda: bpy.ops.diface.regenerate(where="ALL"),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_uses_the_panels_seed_and_then_the_next_unused_one(scene, take, name) -> None:
    set_key(take, "jawOpen", 50, 0.9)
    scene.diface.seed = 7
    seeds = []
    for _press in range(3):
        assert EDITS[name]() == {"FINISHED"}
        seeds.append(seed(take))
    assert seeds == [7, 8, 9]
    assert scene.diface.seed == 7


def test_variations_of_one_edit_change_the_same_frames_of_the_same_base(scene, take) -> None:
    set_key(take, "jawOpen", 50, 0.9)
    records = []
    for _press in range(2):
        bpy.ops.diface.regenerate(where="AROUND")
        request = stored_request.read_request(action(take))
        records.append((request["edited"], request["edit"]["base"], request["edit"]["key"]))
        assert [pin.frame for pin in pins.find_pins(take)] == [50.0]
    assert records[0] == records[1]


@pytest.mark.parametrize("change", ["falloff", "frames", "regions", "pin", "seed", "quality"])
def test_changed_edit_starts_with_the_panels_seed(scene, take, change) -> None:
    settings, frames = scene.diface.edit, {"first": 40, "last": 60}
    bpy.ops.diface.in_between(**frames)
    if change == "falloff":
        settings.falloff = 3.0
    elif change == "regions":
        settings.regions = {"JAW", "BROWS"}
    elif change == "pin":
        set_key(take, "jawOpen", 20, 0.5)
    elif change == "quality":
        scene.diface.quality = "FINAL"
    elif change == "seed":
        scene.diface.seed = 11
    elif change == "frames":
        frames["last"] = 61
    bpy.ops.diface.in_between(**frames)
    assert seed(take) == scene.diface.seed


def test_variation_of_an_earlier_take_does_not_repeat_a_seed(scene, take) -> None:
    names = []
    for _press in range(2):
        bpy.ops.diface.in_between(first=40, last=60)
        names.append(stored_request.read_request(action(take))["take"])
    bpy.ops.diface.use_take(take=names[0])
    bpy.ops.diface.in_between(first=40, last=60)
    assert seed(take) == 7


def test_regenerate_does_not_repeat_an_edit_whose_pin_is_removed_during_it(scene, take) -> None:
    set_key(take, "jawOpen", 30, 0.8)
    bpy.ops.diface.regenerate()
    set_key(take, "jawOpen", 60, 0.9)
    running = edit.begin(bpy.context, AroundPinsPlanner(8.0, SHAPES))
    pins.unpin(take, [pin for pin in pins.find_pins(take) if pin.frame == 60])
    running.task.wait()
    with pytest.raises(errors.SceneError, match="No key was changed"):
        running.restart_if_stale(bpy.context)
    running.end()


# Regions


@pytest.mark.parametrize("where", ["AROUND", "ALL"])
def test_regenerate_changes_the_chosen_regions_only(scene, take, where) -> None:
    set_key(take, "jawOpen", 50, 0.9)
    before = {shape: values(take, shape) for shape in SHAPES}
    scene.diface.edit.regions = {"JAW"}
    assert bpy.ops.diface.regenerate(where=where) == {"FINISHED"}
    changed = {shape for shape in SHAPES if not np.array_equal(values(take, shape), before[shape])}
    assert changed == {"jawOpen"}


def test_regenerate_reports_changed_keys_of_other_regions(scene, take) -> None:
    set_key(take, "jawOpen", 50, 0.9)
    scene.diface.edit.regions = {"BROWS"}
    with pytest.raises(RuntimeError, match="No key was changed in the chosen regions"):
        bpy.ops.diface.regenerate(where="AROUND")
    scene.diface.edit.regions = {"BROWS", "JAW"}
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}


def test_unpin_all_removes_the_pins_of_the_chosen_regions(scene, take) -> None:
    set_key(take, "jawOpen", 50, 0.9)
    set_key(take, "browInnerUp", 50, 0.9)
    scene.diface.edit.regions = {"JAW"}
    assert bpy.ops.diface.unpin_all() == {"FINISHED"}
    assert [pins.face_channel(pin) for pin in pins.find_pins(take)] == ["browInnerUp"]


@pytest.mark.parametrize("name", ["regenerate", "in_between", "swap_keyframes", "unpin", "unpin_all", "copy_pose"])
def test_button_without_regions_is_disabled(scene, take, name) -> None:
    assert getattr(bpy.ops.diface, name).poll()
    scene.diface.edit.regions = set()
    assert not getattr(bpy.ops.diface, name).poll()


@pytest.mark.parametrize("name", ["unpin", "unpin_all", "pin_pose", "regenerate", "in_between", "swap_keyframes"])
def test_button_is_disabled_for_an_object_without_animation(scene, take, name) -> None:
    bpy.ops.mesh.primitive_cube_add()
    assert not getattr(bpy.ops.diface, name).poll()


# Default frames


def test_in_between_works_around_the_playhead_by_default(scene, take) -> None:
    scene.frame_set(50)
    assert bpy.ops.diface.in_between() == {"FINISHED"}
    assert stored_request.read_request(action(take))["edited"] == [26, 74]
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 10, 30
    assert bpy.ops.diface.in_between() == {"FINISHED"}
    assert stored_request.read_request(action(take))["edited"] == [10, 30]


def test_swap_takes_two_frames_as_arguments(scene, take) -> None:
    set_key(take, "jawOpen", 40, 0.9)
    assert bpy.ops.diface.swap_keyframes(first=40, second=80) == {"FINISHED"}
    assert action(take).name == "Edit 1: swap 40-80"
    assert values(take, "jawOpen")[79] == np.float32(0.9)
