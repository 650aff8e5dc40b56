"""Places from F-curves are those that Blender evaluates; what F-curves do not tell is evaluated."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.scene.directing.gaze import keyed_places, places
from diface_addon.scene.directing.gaze.place import Place

FRAMES = np.array([1.0, 2.5, 7.0, 11.25, 20.0, 33.0])
MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
SIZES = {"location": 3, "scale": 3, "rotation_quaternion": 4, "rotation_axis_angle": 4, "rotation_euler": 3}


def empty(parent: bpy.types.Object | None = None) -> bpy.types.Object:
    found = bpy.data.objects.new("Empty", None)
    bpy.context.scene.collection.objects.link(found)
    found.parent = parent
    return found


def rotation(owner) -> str:
    names = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    return names.get(owner.rotation_mode, "rotation_euler")


def animate(owner, random: np.random.Generator, mode: str) -> None:
    """Key location, rotation and scale of an object or a bone at random."""
    owner.rotation_mode = mode
    for name in ("location", rotation(owner), "scale"):
        for frame in (1, 9, 30):
            setattr(owner, name, random.normal(0.3, 1.0, SIZES[name]).tolist())
            owner.keyframe_insert(name, frame=frame)


def move(obj: bpy.types.Object, random: np.random.Generator) -> None:
    """Give an object deltas at random."""
    obj.delta_location, obj.delta_scale = random.normal(0, 1, 3), random.normal(1, 0.3, 3)
    obj.delta_rotation_euler, obj.delta_rotation_quaternion = random.normal(0, 1, 3), random.normal(0, 1, 4)


def armature() -> bpy.types.Object:
    """Return an armature of three bones, the second at the tail of the first, the third apart."""
    obj = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.mode_set(mode="EDIT")
    bones = [obj.data.edit_bones.new(name) for name in "ABC"]
    places_of = [((0, 0, 0), (0.2, 0, 1)), ((0.2, 0, 1), (0, 0.3, 2)), ((0.1, 0.5, 2), (0, 1, 3))]
    for bone, (head, tail), above in zip(bones, places_of, (None, *bones[:2]), strict=True):
        bone.head, bone.tail, bone.parent, bone.roll = head, tail, above, 0.4
    bones[1].use_connect = True
    bpy.ops.object.mode_set(mode="OBJECT")
    return obj


def assert_as_evaluated(place: Place) -> None:
    """Assert that the F-curves alone give what Blender evaluates, in the scene too."""
    found = keyed_places.matrices(place, FRAMES)
    assert found is not None
    (wanted,) = places._evaluated([place], FRAMES)
    size = np.abs(wanted).max()
    np.testing.assert_allclose(np.broadcast_to(found, wanted.shape), wanted, atol=1e-5 * size)


def assert_is_left_to_blender(place: Place) -> None:
    """Assert that F-curves are not taken for everything, and that the place is sampled nevertheless."""
    assert keyed_places.matrices(place, FRAMES) is None
    (found,), (wanted,) = places.sample([place], FRAMES), places._evaluated([place], FRAMES)
    np.testing.assert_array_equal(np.broadcast_to(found, wanted.shape), wanted)


@pytest.mark.parametrize("mode", MODES)
def test_objects_with_parents_and_deltas_are_where_blender_has_them(scene, mode):
    random = np.random.default_rng(MODES.index(mode))
    above = empty()
    animate(above, random, "XYZ")
    below = empty(above)
    animate(below, random, mode)
    move(below, random)
    bpy.context.view_layer.update()
    below.matrix_parent_inverse = above.matrix_world.inverted_safe()
    for place in (Place(above), Place(below), Place(below, of_parent=True)):
        assert_as_evaluated(place)


def test_still_objects_take_one_row(scene):
    found = empty(empty())
    found.location, found.rotation_euler, found.scale = (1, 2, 3), (0.1, 0.2, 0.3), (2, 1, 1)
    bpy.context.view_layer.update()
    assert_as_evaluated(Place(found))
    assert [len(rows) for rows in places.sample([Place(found), Place(None)], FRAMES)] == [1, 1]


@pytest.mark.parametrize("mode", MODES)
def test_bones_and_what_is_parented_to_them_are_where_blender_has_them(scene, mode):
    random, rig = np.random.default_rng(MODES.index(mode)), armature()
    for bone in rig.pose.bones:
        animate(bone, random, mode)
    animate(rig, random, "ZYX")
    hung = empty(rig)
    hung.parent_type, hung.parent_bone, hung.location = "BONE", "B", (0.1, 0.2, 0.3)
    for place in (Place(rig, "A"), Place(rig, "B"), Place(rig, "C"), Place(hung), Place(hung, of_parent=True)):
        assert_as_evaluated(place)


def test_modifiers_of_curves_count(scene):
    found = empty()
    animate(found, np.random.default_rng(0), "XYZ")
    for _address, curve in ((curve.data_path, curve) for curve in fcurves(found)):
        curve.modifiers.new("CYCLES")
        curve.modifiers.new("NOISE")
    assert_as_evaluated(Place(found))


def fcurves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    action = obj.animation_data.action
    if hasattr(action, "layers"):
        return [curve for bag in action.layers[0].strips[0].channelbags for curve in bag.fcurves]
    return list(action.fcurves)


def with_constraint(obj):
    obj.constraints.new("COPY_LOCATION").target = empty()


def with_driver(obj):
    obj.driver_add("location", 1).driver.expression = "frame / 10"


def with_strip(obj):
    track = obj.animation_data.nla_tracks.new()
    track.strips.new("Strip", 1, obj.animation_data.action)


def with_muted_curve(obj):
    fcurves(obj)[0].mute = True


def with_keyed_delta(obj):
    obj.keyframe_insert("delta_location", frame=1)


def below_a_path(obj):
    curve = bpy.data.objects.new("Path", bpy.data.curves.new("Path", "CURVE"))
    spline = curve.data.splines.new("POLY")
    spline.points.add(1)
    spline.points[1].co = (0, 3, 0, 1)
    bpy.context.scene.collection.objects.link(curve)
    curve.data.use_path, obj.parent = True, curve


@pytest.mark.parametrize(
    "change", [with_constraint, with_driver, with_strip, with_muted_curve, with_keyed_delta, below_a_path]
)
def test_what_curves_do_not_tell_is_left_to_blender(scene, change):
    found = empty()
    animate(found, np.random.default_rng(0), "XYZ")
    change(found)
    below = empty(found)
    bpy.context.view_layer.update()
    for place in (Place(found), Place(below)):
        assert_is_left_to_blender(place)


@pytest.mark.parametrize("change", ["constraint", "IK", "inherit", "rest"])
def test_bones_that_curves_do_not_tell_are_left_to_blender(scene, change):
    rig = armature()
    for bone in rig.pose.bones:
        animate(bone, np.random.default_rng(0), "XYZ")
    if change == "constraint":
        rig.pose.bones["A"].constraints.new("COPY_LOCATION").target = empty()
    elif change == "IK":
        rig.pose.bones["C"].constraints.new("IK").target = empty()
    elif change == "inherit":
        rig.data.bones["B"].inherit_scale = "NONE"
    else:
        rig.data.pose_position = "REST"
    bpy.context.view_layer.update()
    assert_is_left_to_blender(Place(rig, "B"))
