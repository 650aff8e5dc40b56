"""Shape keys that drivers set: the properties that the drivers read are keyed."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, types
from diface_addon.rig import binding
from diface_addon.rig.character import Bones, Character
from diface_addon.rig.mapping import affine, driven_shapes
from diface_addon.scene.animation import active_curves, evaluate_curves
from diface_addon.scene.mapping import change_rows
from diface_addon.scene.mapping.table import mapping_table
from diface_addon.scene.pins import pins
from diface_addon.scene.takes import write_take
from tests.addon.rig.small_characters import add_armature
from tests.addon.scene import scenes

RATE = types.FrameRate(24)
NAMES = ("jawOpen", "mouthLeft", "mouthRight", "mouthFunnel", "mouthPucker")
ROWS = 20

LINEAR = {
    "jaw": (0.0, 1.0), "-jaw": (0.0, -1.0), "jaw * 0.5 + 0.1": (0.1, 0.5), "1 - jaw": (1.0, -1.0),
    "(jaw - 0.2) / 0.8": (-0.25, 1.25), "2 * (jaw + jaw)": (0.0, 4.0), "max(0, jaw)": (0.0, 1.0),
    "min(max(jaw * 2, 0), 1)": (0.0, 2.0), "clamp(jaw, 0, 1)": (0.0, 1.0), "clamp(jaw)": (0.0, 1.0),
}  # fmt: skip


@pytest.mark.parametrize("expression", LINEAR)
def test_linear_expression_is_read(expression: str) -> None:
    found = affine.parse(expression)
    assert found is not None
    constant, slope = LINEAR[expression]
    assert found.constant == pytest.approx(constant)
    assert found.slopes == {"jaw": pytest.approx(slope)}


@pytest.mark.parametrize(
    "expression",
    ["jaw * jaw", "jaw ** 2", "1 / jaw", "sin(jaw)", "jaw if jaw > 0 else 0", "", "max(jaw, other)", "jaw(", "1 / 0",
     "().__class__", "[1][0]", "'a'", "jaw.x", "max(*jaw)", "(" * 500],
)  # fmt: skip
def test_other_expressions_are_not(expression: str) -> None:
    assert affine.parse(expression) is None


@pytest.fixture
def puppet(scene) -> tuple[bpy.types.Object, bpy.types.Object]:
    """Return a face whose shape keys are driven by nothing yet, and its armature with properties and a control bone."""
    face = scenes.add_character(scene, NAMES)
    joints = [("Head", "", (0, 0, 0), (0, 0, 1)), ("Control", "Head", (0.2, 0, 0), (0.2, 0, 0.2))]
    rig = add_armature(joints)
    rig["jaw"], rig["side"] = 0.0, 0.0
    rig.pose.bones["Control"]["funnel"] = 0.0
    bpy.context.view_layer.objects.active = face
    return face, rig


def drive(
    face: bpy.types.Object, name: str, rig: bpy.types.Object, path: str, expression: str = "v"
) -> bpy.types.FCurve:
    """Let a driver set a shape key by a property of the armature."""
    curve = face.data.shape_keys.key_blocks[name].driver_add("value")
    curve.driver.type, curve.driver.expression = "SCRIPTED", expression
    variable = curve.driver.variables.new()
    variable.name = "v"
    variable.targets[0].id, variable.targets[0].data_path = rig, path
    return curve


def bind(face: bpy.types.Object, rig: bpy.types.Object) -> None:
    binding.bind(Character(face, (face,), armature=rig, bones=Bones(head="Head"), head_size=0.24))


def motion() -> types.Motion:
    values = np.zeros((ROWS, len(channels.FACE)), np.float32)
    random = np.random.default_rng(0)
    for name in NAMES:
        values[:, channels.FACE.index(name)] = random.random(ROWS, np.float32) * 0.5
    values[::2, channels.FACE.index("mouthLeft")] = 0.0
    values[1::2, channels.FACE.index("mouthRight")] = 0.0
    return types.Motion(values, channels.FACE, RATE)


def write(face: bpy.types.Object) -> write_take.TakeResult:
    return write_take.write_take(face, motion(), "T", {"first_frame": 1, "seed": 0})


def assert_shapes_as_generated(face: bpy.types.Object, names: tuple[str, ...]) -> None:
    """Assert that the drivers give every shape key the value of its channel, and that it is read back."""
    for row in (0, 1, 8, 13):
        bpy.context.scene.frame_set(1 + row)
        evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.shape_keys.key_blocks
        for name in names:
            assert evaluated[name].value == pytest.approx(motion().column(name)[row], abs=1e-5)
    read = evaluate_curves.sample_motion(face, 1, ROWS, names).values
    assert np.abs(read - motion().select(names).values).max() < 1e-5


@pytest.mark.parametrize("expression", ["v", "v * 0.5", "1 - v", "clamp((v - 0.2) / 0.8, 0, 1)"])
def test_property_is_keyed_for_the_shape_key(puppet, expression) -> None:
    face, rig = puppet
    drive(face, "jawOpen", rig, '["jaw"]', expression)
    assert active_curves.has_face(face)
    bind(face, rig)
    result = write(face)
    assert not any("driver" in note.lower() for note in result.notes)
    assert_shapes_as_generated(face, NAMES)


def test_control_of_two_directions_and_one_on_a_bone(puppet) -> None:
    face, rig = puppet
    drive(face, "mouthLeft", rig, '["side"]', "max(v, 0)")
    drive(face, "mouthRight", rig, '["side"]', "max(-v, 0)")
    drive(face, "mouthFunnel", rig, 'pose.bones["Control"]["funnel"]')
    drive(face, "mouthPucker", rig, 'pose.bones["Control"].location[1]', "v * 20")
    bind(face, rig)
    write(face)
    assert_shapes_as_generated(face, NAMES)


def test_location_of_a_bone_by_its_transform(puppet) -> None:
    face, rig = puppet
    curve = drive(face, "jawOpen", rig, "", "v * -10")
    variable = curve.driver.variables[0]
    variable.type = "TRANSFORMS"
    variable.targets[0].id, variable.targets[0].bone_target = rig, "Control"
    variable.targets[0].transform_type, variable.targets[0].transform_space = "LOC_Y", "LOCAL_SPACE"
    bind(face, rig)
    write(face)
    assert_shapes_as_generated(face, NAMES)


def test_control_of_two_shape_keys_of_one_channel(puppet) -> None:
    face, rig = puppet
    teeth = scenes.add_character(bpy.context.scene, ("jawOpen",))
    for mesh in (face, teeth):
        drive(mesh, "jawOpen", rig, '["jaw"]')
    binding.bind(Character(face, (face, teeth), armature=rig, bones=Bones(head="Head"), head_size=0.24))
    write(face)
    assert_shapes_as_generated(face, NAMES)
    assert len([target for target in active_curves.face_targets(face) if target.channel == "jawOpen"]) == 1


def test_key_of_the_property_is_a_pin(puppet) -> None:
    face, rig = puppet
    drive(face, "jawOpen", rig, '["jaw"]', "v * 0.5")
    bind(face, rig)
    write(face)
    rig["jaw"] = 1.6
    rig.keyframe_insert('["jaw"]', frame=9)
    pinned = pins.to_channel_pins(face, pins.find_pins(face), channels.FACE, 1)
    assert [channels.FACE[number] for number in pinned.channel] == ["jawOpen"]
    assert pinned.value[0] == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    ("path", "expression", "words"),
    [
        ('["jaw"]', "v * v", "in proportion"),
        ('["count"]', "v", "not a single Float"),
        ("scale[0]", "v", "neither a custom property nor"),
    ],
)
def test_driver_that_cannot_be_used_is_said(puppet, path, expression, words) -> None:
    face, rig = puppet
    rig["count"] = 1
    drive(face, "jawOpen", rig, path, expression)
    bind(face, rig)
    assert words in driven_shapes.driven_shapes(face).reasons["jawOpen"]
    (row,) = [row for row in mapping_table(face, None).rows if row.channel == "jawOpen"]
    assert words in row.problem
    assert any("jawOpen" in note for note in write(face).notes)


def test_curve_of_a_driver_may_be_steeper(puppet) -> None:
    face, rig = puppet
    curve = drive(face, "jawOpen", rig, '["jaw"]')
    for modifier in list(curve.modifiers):
        curve.modifiers.remove(modifier)
    for place, value in ((0.0, 0.0), (1.0, 2.0)):
        curve.keyframe_points.insert(place, value).interpolation = "LINEAR"
    bind(face, rig)
    write(face)
    assert_shapes_as_generated(face, NAMES)


def test_row_of_a_driven_shape_is_shown_before_and_after_it_is_bound_and_can_be_changed(puppet) -> None:
    face, rig = puppet
    drive(face, "jawOpen", rig, '["jaw"]', "v * 0.5")
    drive(face, "mouthPucker", rig, 'pose.bones["Control"].location[1]', "v * 20")
    character = Character(face, (face,), armature=rig, bones=Bones(head="Head"), head_size=0.24)
    before = mapping_table(face, character)
    bind(face, rig)
    after = mapping_table(face, character)
    assert [(row.channel, row.name, row.gain, row.source) for row in before.rows] == [
        (row.channel, row.name, row.gain, row.source) for row in after.rows
    ]
    (jaw,) = [row for row in after.rows if row.channel == "jawOpen"]
    assert (jaw.name, jaw.gain, jaw.source) == ("jaw", 2.0, "Driver")
    found = {target.address for target in active_curves.face_targets(face)}
    for channel in ("jawOpen", "mouthPucker"):
        change_rows.take_over(face, mapping_table(face, None), channel)
    assert found == {target.address for target in active_curves.face_targets(face)}
    write(face)
    assert_shapes_as_generated(face, NAMES)


def test_curve_of_a_driver_that_bends_is_not_used(puppet) -> None:
    face, rig = puppet
    curve = drive(face, "jawOpen", rig, '["jaw"]')
    for modifier in list(curve.modifiers):
        curve.modifiers.remove(modifier)
    for place, value in ((0.0, 0.0), (0.5, 0.1), (1.0, 1.0)):
        curve.keyframe_points.insert(place, value)
    assert "straight line" in driven_shapes.driven_shapes(face).reasons["jawOpen"]
