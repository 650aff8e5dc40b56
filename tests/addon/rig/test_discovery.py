"""The character of any picked object: parts, armature, bones, placement; and that two characters never mix."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix

from diface_addon.rig.character import Bones, Choices
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.discovery.find_character import find_character
from diface_addon.rig.discovery.scene_index import GHOST_MARK
from diface_addon.scene.comparison import ghost
from tests.addon.rig import small_characters as small
from tests.addon.scene import scenes

CONVENTIONS = {
    "Ready Player Me": {
        "hips": "Hips",
        "chest": "Spine",
        "neck": "Neck",
        "head": "Head",
        "jaw": "Jaw",
        "left": "LeftEye",
        "right": "RightEye",
        "tongue": "Tongue",
    },
    "Mixamo": {
        "hips": "mixamorig:Hips",
        "chest": "mixamorig:Spine",
        "neck": "mixamorig:Neck",
        "head": "mixamorig:Head",
        "left": "mixamorig:LeftEye",
        "right": "mixamorig:RightEye",
        "jaw": "mixamorig:Jaw",
        "tongue": "mixamorig:Tongue",
    },
    "VRM": {
        "hips": "J_Bip_C_Hips",
        "chest": "J_Bip_C_Chest",
        "neck": "J_Bip_C_Neck",
        "head": "J_Bip_C_Head",
        "left": "J_Adj_L_FaceEye",
        "right": "J_Adj_R_FaceEye",
        "jaw": "Jaw",
        "tongue": "Tongue1",
    },
    "Character Creator": {
        "hips": "CC_Base_Hip",
        "chest": "CC_Base_Spine02",
        "neck": "CC_Base_NeckTwist01",
        "head": "CC_Base_Head",
        "left": "CC_Base_L_Eye",
        "right": "CC_Base_R_Eye",
        "jaw": "CC_Base_JawRoot",
        "tongue": "CC_Base_Tongue01",
    },
    "DAZ": {
        "hips": "hip",
        "chest": "chestUpper",
        "neck": "neckLower",
        "head": "head",
        "left": "lEye",
        "right": "rEye",
        "jaw": "lowerJaw",
        "tongue": "tongue01",
    },
    "MetaHuman": {
        "hips": "pelvis",
        "chest": "spine_05",
        "neck": "neck_01",
        "head": "head",
        "left": "FACIAL_L_Eye",
        "right": "FACIAL_R_Eye",
        "jaw": "FACIAL_C_Jaw",
        "tongue": "FACIAL_C_Tongue1",
    },
    "MPFB": {
        "hips": "root",
        "chest": "spine01",
        "neck": "neck01",
        "head": "head",
        "left": "eye.L",
        "right": "eye.R",
        "jaw": "jaw",
        "tongue": "tongue00",
    },
    "Auto-Rig Pro": {
        "hips": "c_root.x",
        "chest": "c_spine_02.x",
        "neck": "c_neck.x",
        "head": "c_head.x",
        "left": "c_eye.l",
        "right": "c_eye.r",
        "jaw": "c_jawbone.x",
        "tongue": "c_tong_01.x",
    },
}


@pytest.fixture(params=sorted(CONVENTIONS))
def names(request) -> dict[str, str]:
    return CONVENTIONS[request.param]


def test_every_part_leads_to_the_whole_character(scene, names) -> None:
    parts = small.add_avatar(names)
    for picked in parts.values():
        found = discover(picked)
        assert found is not None
        assert found.faces == (parts["face"], parts["teeth"])
        assert set(found.on_head) == {parts["hair"], parts["eyeL"], parts["eyeR"]}
        assert found.body == (parts["body"],)
        assert found.armature == parts["rig"]
        assert found.head_object is None
        assert found.notes == ()
        expected = (names["head"], (names["neck"],), names["jaw"], names["left"], names["right"], (names["tongue"],))
        assert found.bones == Bones(*expected)
        assert np.allclose(found.pivot, (0, 0.02, 1.5), atol=1e-6)


def test_bones_are_found_without_names(scene) -> None:
    names = {key: f"Bone.{index:03}" for index, (key, *_rest) in enumerate(small.body_bones({}))}
    parts = small.add_avatar(names)
    found = discover(parts["body"])
    assert found.bones.head == names["head"]
    assert found.bones.neck == (names["neck"],)
    assert found.bones.jaw == names["jaw"]
    assert (found.bones.left_eye, found.bones.right_eye) == (names["left"], names["right"])
    assert set(found.on_head) == {parts["hair"], parts["eyeL"], parts["eyeR"]}


def test_named_bone_that_moves_nothing_is_not_used(scene) -> None:
    parts = small.add_avatar(CONVENTIONS["DAZ"])
    parts["rig"].data.bones["head"].name = "skull bone"
    armature = parts["rig"]
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    decoy = armature.data.edit_bones.new("head")
    decoy.head, decoy.tail = (0, 0, 2), (0, 0, 2.1)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert discover(parts["face"]).bones.head == "skull bone"


def test_control_is_preferred_to_the_deform_bone_that_it_drives(scene) -> None:
    bones = [
        ("root", "", (0, 0, 0), (0, 0.2, 0)),
        ("torso", "root", (0, 0, 1), (0, 0, 1.4)),
        ("DEF-spine.003", "torso", (0, 0, 1.2), (0, 0, 1.4)),
        ("DEF-spine.004", "DEF-spine.003", (0, 0, 1.42), (0, 0, 1.5)),
        ("DEF-spine.006", "DEF-spine.004", (0, 0, 1.5), (0, 0, 1.7)),
        ("neck", "torso", (0, 0, 1.42), (0, 0, 1.5)),
        ("MCH-ROT-head", "neck", (0, 0, 1.5), (0, 0, 1.6)),
        ("head", "MCH-ROT-head", (0, 0, 1.5), (0, 0, 1.7)),
        ("ORG-spine.006", "neck", (0, 0, 1.5), (0, 0, 1.7)),
        ("eye.L", "head", (0.03, -0.4, 1.63), (0.03, -0.5, 1.63)),
        ("master_eye.L", "ORG-spine.006", (0.03, -0.06, 1.63), (0.03, -0.1, 1.63)),
        ("MCH-eye.L", "master_eye.L", (0.03, -0.06, 1.63), (0.03, -0.1, 1.63)),
    ]
    armature = small.add_armature(bones)
    links = (
        ("ORG-spine.006", "COPY_TRANSFORMS", "head"),
        ("DEF-spine.006", "COPY_TRANSFORMS", "ORG-spine.006"),
        ("DEF-spine.004", "COPY_TRANSFORMS", "neck"),
        ("MCH-eye.L", "DAMPED_TRACK", "eye.L"),
    )
    for bone, kind, target in links:
        constraint = armature.pose.bones[bone].constraints.new(kind)
        constraint.target, constraint.subtarget = armature, target
    face = small.add_head()
    small.bind(face, armature, {"DEF-spine.006": 0.9, "MCH-eye.L": 0.1})
    found = discover(armature)
    assert found.bones.head == "head"
    assert found.bones.neck == ("neck",)
    assert found.bones.left_eye == "master_eye.L"


def test_neck_that_carries_the_shoulders_is_not_used(scene) -> None:
    bones = small.body_bones(CONVENTIONS["DAZ"])
    bones += [
        ("clavicle_l", "neckLower", (0.02, 0, 1.4), (0.16, 0, 1.4)),
        ("arm_l", "clavicle_l", (0.16, 0, 1.4), (0.6, 0, 1.4)),
    ]
    armature = small.add_armature(bones)
    face = small.add_head()
    small.bind(face, armature, {"head": 1.0})
    found = discover(face)
    assert found.bones.head == "head"
    assert found.bones.neck == ()
    assert "turns alone" in found.notes[0]


def test_parts_follow_the_head_bone_in_other_ways(scene) -> None:
    parts = small.add_avatar(CONVENTIONS["DAZ"])
    glasses = small.add_mesh("Glasses", (0, -0.12, small.HEIGHT), (0.07, 0.01, 0.02))
    glasses.parent, glasses.parent_type, glasses.parent_bone = parts["rig"], "BONE", "head"
    hat = small.add_mesh("Hat", (0, 0, small.HEIGHT + 0.1), (0.1, 0.1, 0.03))
    constraint = hat.constraints.new("CHILD_OF")
    constraint.target, constraint.subtarget = parts["rig"], "head"
    ring = small.add_mesh("Ring", (0, -0.1, small.HEIGHT), (0.01, 0.01, 0.01))
    ring.parent, ring.parent_type, ring.parent_vertices = parts["face"], "VERTEX", (0, 0, 0)
    loose = small.add_mesh("Mask", (0, -0.12, small.HEIGHT), (0.07, 0.01, 0.05))
    loose.parent = parts["rig"]
    bpy.context.view_layer.update()
    found = discover(glasses)
    assert {glasses, hat, ring} <= set(found.on_head)
    assert loose in found.body
    assert any("Mask" in note for note in found.notes)


def test_head_that_is_bone_parented(scene) -> None:
    armature = small.add_armature(small.body_bones(CONVENTIONS["MPFB"]))
    face = small.add_head()
    world = face.matrix_world.copy()
    face.parent, face.parent_type, face.parent_bone = armature, "BONE", "head"
    bpy.context.view_layer.update()
    face.matrix_world = world
    bpy.context.view_layer.update()
    assert discover(armature).bones.head == "head"


def test_armature_that_does_not_move_the_face(scene) -> None:
    armature = small.add_armature(small.body_bones(CONVENTIONS["MPFB"]))
    face, body = small.add_head(), small.add_mesh("Body", (0, 0, 1), (0.2, 0.1, 0.45))
    small.bind(body, armature, {"spine01": 1.0})
    face.parent = armature
    bpy.context.view_layer.update()
    found = discover(armature)
    assert found.bones.head == ""
    assert found.head_object == face
    assert found.body == (body,)


@pytest.mark.parametrize("with_body", [False, True])
def test_parts_under_empties(scene, with_body: bool) -> None:
    root, head, eyes = (bpy.data.objects.new(name, None) for name in ("Root", "HeadGroup", "EyesGroup"))
    for empty, parent in ((root, None), (head, root), (eyes, head)):
        scene.collection.objects.link(empty)
        empty.parent = parent
    head.scale = (0.002,) * 3
    face, eye = small.add_head(), small.add_mesh("Eye", (0.03, -0.07, 1.635), (0.012,) * 3, ("eyeBlinkLeft",))
    face.parent, eye.parent = head, eyes
    if with_body:
        small.add_mesh("Body", (0, 0, 1), (0.2, 0.1, 0.45)).parent = root
        face.scale = eye.scale = (500,) * 3
    bpy.context.view_layer.update()
    for picked in (root, head, eyes, face, eye):
        found = discover(picked)
        assert found.faces == (face, eye)
        assert found.head_object == head
        assert np.allclose(small.columns(found.facing), np.eye(3))


def test_flat_parts_with_a_body_cannot_turn(scene) -> None:
    root = bpy.data.objects.new("Root", None)
    scene.collection.objects.link(root)
    face, eye = small.add_head(), small.add_mesh("Eye", (0.03, -0.07, 1.635), (0.012,) * 3)
    body = small.add_mesh("Body", (0, 0, 1), (0.2, 0.1, 0.45))
    for part in (face, eye, body):
        part.parent = root
    bpy.context.view_layer.update()
    found = discover(eye)
    assert found.head_object is None
    assert found.on_head == (eye,)
    assert found.body == (body,)
    assert "Parent them to an Empty" in found.notes[0]


def test_whole_body_without_a_bone_only_gets_a_face(scene) -> None:
    face = small.add_head()
    body = small.add_mesh("Body", (0, 0, 0.8), (0.2, 0.1, 0.8))
    with bpy.context.temp_override(active_object=face, object=face, selected_editable_objects=[face, body]):
        bpy.ops.object.join()
    found = discover(face)
    assert found.head_object is None
    assert "only the face is generated" in found.notes[0]


def test_single_head_turns_about_its_neck(scene) -> None:
    face = small.add_head()
    found = discover(face)
    assert found.head_object == face
    assert 1.45 < found.pivot[2] < small.HEIGHT
    assert found.pivot[1] > -0.03
    assert abs(found.pivot[0]) < 1e-3
    assert 0.18 < found.head_size < 0.3


def test_origin_in_the_neck_is_the_pivot(scene) -> None:
    face = small.add_head(origin=(0, 0.02, 1.52))
    bpy.context.view_layer.update()
    assert np.allclose(discover(face).pivot, (0, 0.02, 1.52))


def test_loose_parts_are_found_by_where_they_lie(scene) -> None:
    face = small.add_head()
    eye = small.add_mesh("Eye", (0.03, -0.07, 1.635), (0.012,) * 3, ("eyeBlinkLeft",))
    far = small.add_mesh("Other", (3, -0.07, 1.635), (0.012,) * 3)
    for picked in (face, eye):
        found = discover(picked)
        assert found.faces == (face, eye)
        assert found.head_object is None
        assert far not in found.on_head


def test_two_armatures_under_one_root_do_not_mix(scene) -> None:
    root = bpy.data.objects.new("Collection", None)
    scene.collection.objects.link(root)
    first = small.add_avatar(CONVENTIONS["DAZ"], "First")
    second = small.add_avatar(CONVENTIONS["DAZ"], "Second")
    second["rig"].location.x = 1.0
    for rig in (first["rig"], second["rig"]):
        rig.parent = root
    bpy.context.view_layer.update()
    for parts in (first, second):
        for picked in parts.values():
            found = discover(picked)
            assert found.armature == parts["rig"]
            assert {*found.faces, *found.on_head, *found.body} == set(parts.values()) - {parts["rig"]}
    assert discover(root) is None


@pytest.mark.parametrize("distance", [0.0, 1.0])
def test_two_empties_under_one_root_do_not_mix(scene, distance: float) -> None:
    root = bpy.data.objects.new("Collection", None)
    scene.collection.objects.link(root)
    groups = []
    for index in range(2):
        group = bpy.data.objects.new(f"Person{index}", None)
        scene.collection.objects.link(group)
        group.parent, group.location.x = root, index * distance
        face, hair = small.add_head(), small.add_mesh("Hair", (0, 0.02, 1.65), (0.1, 0.12, 0.1))
        face.parent = hair.parent = group
        groups.append((group, face, hair))
    bpy.context.view_layer.update()
    for group, face, hair in groups:
        for picked in (group, face, hair):
            found = discover(picked)
            assert (found.faces, found.on_head, found.head_object) == ((face,), (hair,), group)
    assert discover(root) is None


def test_shapes_that_move_nothing_do_not_count(scene) -> None:
    face = small.add_head()
    still = small.add_mesh("Collar", (0, 0, 1.4), (0.1, 0.1, 0.03), ["mouthLeft", "mouthRight", "noseSneerLeft"] * 4)
    still.parent = face
    small.add_shape(face, "cheekPuff")
    found = discover(still)
    assert found.faces == (face,)
    assert any("1 shape key " in note for note in found.notes)


@pytest.mark.parametrize("turned", ["nothing", "shapes", "a constraint"])
def test_eyeballs_that_nothing_turns_are_said(scene, turned: str) -> None:
    face = small.add_head()
    eye = small.add_mesh("Eye_L", (0.032, -0.09, small.HEIGHT + 0.035), (0.012, 0.012, 0.012))
    lashes = small.add_mesh("Eyelashes", (0.032, -0.1, small.HEIGHT + 0.04), (0.012, 0.002, 0.002))
    eye.parent = lashes.parent = face
    if turned == "shapes":
        eye.shape_key_add(name="Basis")
        eye.shape_key_add(name="eyeLookOutLeft").data[0].co.x += 0.01
    if turned == "a constraint":
        eye.constraints.new("DAMPED_TRACK").target = lashes
    said = " ".join(discover(face).notes)
    assert ("Eye_L" in said) == (turned == "nothing")
    assert "Eyelashes" not in said


def test_ghost_is_no_part(scene) -> None:
    face = small.add_head()
    assert ghost.MARK == GHOST_MARK
    ghost.add_ghost(face, "take", "THROUGH")
    assert discover(face).faces == (face,)


def placements() -> dict[str, Matrix]:
    turned = {f"{axis}{angle}": Matrix.Rotation(math.radians(angle), 4, axis) for axis in "XYZ" for angle in (90, 180)}
    return {
        "as it is": Matrix(),
        "facing +Y": Matrix.Rotation(math.pi, 4, "Z"),
        "2.7 cm": Matrix.Scale(0.015, 4),
        "180 m": Matrix.Scale(100, 4),
        "mirrored": Matrix.Diagonal((-1, 1, 1, 1)),
        "non-uniform": Matrix.Diagonal((1.3, 0.8, 1.0, 1)),
        "negative": Matrix.Diagonal((-1, -1, -1, 1)),
        "moved": Matrix.Translation((10, -20, 3)),
        "askew": Euler((0.2, 0.1, 0.7)).to_matrix().to_4x4(),
        **turned,
    }


def expected_facing(matrix: Matrix) -> np.ndarray:
    """Return the axes of a head placed by `matrix`: mirrored heads have their left where it appears to be."""
    up = np.array(matrix.to_3x3()) @ (0, 0, 1)
    forward = np.array(matrix.to_3x3()) @ (0, -1, 0)
    up, forward = up / np.linalg.norm(up), forward / np.linalg.norm(forward)
    return np.stack([np.cross(up, forward), -forward, up], axis=1)


@pytest.mark.parametrize("placement", sorted(placements()))
@pytest.mark.parametrize("kind", ["mesh", "armature"])
def test_facing_and_pivot_in_any_placement(scene, placement: str, kind: str) -> None:
    matrix = placements()[placement]
    if kind == "mesh":
        face = small.add_head()
        before = discover(face)
        small.turn([face], matrix)
    else:
        parts = small.add_avatar(CONVENTIONS["DAZ"])
        face, before = parts["face"], discover(parts["face"])
        small.turn(parts.values(), matrix)
    found = discover(face)
    assert np.allclose(found.facing, expected_facing(matrix), atol=1e-3)
    wanted = np.array(matrix.to_3x3()) @ before.pivot + np.array(matrix.translation)
    size = np.linalg.norm(wanted - np.array(matrix.translation)) / 1.5
    if placement != "non-uniform":
        assert np.allclose(found.pivot, wanted, atol=0.01 * size)
    assert found.bones == before.bones


@pytest.mark.parametrize("placement", sorted(placements()))
def test_data_that_was_built_in_any_direction(scene, placement: str) -> None:
    """The placement is in the vertices, and the object's axes are the world's."""
    matrix = placements()[placement]
    face = small.add_head()
    face.data.transform(matrix, shape_keys=True)
    if matrix.determinant() < 0:
        face.data.flip_normals()
    face.data.update()
    wanted, found = expected_facing(matrix), discover(face).facing
    angle = math.degrees(math.acos(np.clip((np.trace(wanted.T @ found) - 1) / 2, -1, 1)))
    assert angle < (22 if placement == "askew" else 0.1)


def test_armature_scaled_and_turned_as_importers_leave_it(scene) -> None:
    parts = small.add_avatar(CONVENTIONS["Ready Player Me"])
    rig = parts["rig"]
    before = discover(rig)
    rig.data.transform(Matrix.Rotation(-math.pi / 2, 4, "X") @ Matrix.Scale(100, 4))
    for part in parts.values():
        if part.type == "MESH":
            part.data.transform(Matrix.Rotation(-math.pi / 2, 4, "X") @ Matrix.Scale(100, 4), shape_keys=True)
    rig.matrix_world = Matrix.Rotation(math.pi / 2, 4, "X") @ Matrix.Scale(0.01, 4)
    bpy.context.view_layer.update()
    found = discover(rig)
    assert np.allclose(found.facing, np.eye(3), atol=1e-4)
    assert np.allclose(found.pivot, before.pivot, atol=1e-3)
    assert found.bones == before.bones


def test_choices_replace_what_was_found(scene) -> None:
    parts = small.add_avatar(CONVENTIONS["DAZ"])
    face, hair = parts["face"], parts["hair"]
    chosen = discover(face, Choices(bones=Bones(head="neckLower", jaw="tongue01")))
    assert (chosen.bones.head, chosen.bones.jaw) == ("neckLower", "tongue01")
    without = discover(face, Choices(unused=frozenset({hair.session_uid})))
    assert hair not in (*without.on_head, *without.body)
    still = discover(face, Choices(head_motion="NONE"))
    assert (still.bones.head, still.head_object) == ("", None)
    assert still.bones.jaw == "lowerJaw"
    assert discover(face, Choices(head_motion="OBJECT")).head_object == face
    assert discover(face, Choices(bones=Bones(head="gone"))).bones.head == "head"


def test_objects_without_a_character(scene) -> None:
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    assert discover(None) is None
    assert discover(camera) is None


def test_mesh_without_shapes_is_a_character_of_itself(scene) -> None:
    cube = scenes.add_character(scene, ())
    found = discover(cube)
    assert found.main == cube
    assert found.faces == (cube,)
    assert "no face shapes" in found.notes[0]


def test_kept_characters_follow_the_scene(scene) -> None:
    parts = small.add_avatar(CONVENTIONS["DAZ"])
    hair = parts["hair"]
    first = find_character(parts["rig"])
    assert find_character(parts["rig"]) is first
    hair.parent, hair.modifiers[0].object = None, None
    bpy.context.view_layer.update()
    assert hair not in find_character(parts["rig"]).on_head
    bpy.data.objects.remove(parts["teeth"])
    assert find_character(parts["rig"]).faces == (parts["face"],)


def load(shared: Path, name: str) -> None:
    file = shared / "characters" / name
    if not file.exists():
        pytest.skip(f"There is no file {file}.")
    if name.endswith(".fbx"):
        bpy.ops.import_scene.fbx(filepath=str(file))
    else:
        bpy.ops.wm.open_mainfile(filepath=str(file))
    bpy.context.view_layer.update()


@pytest.mark.parametrize(
    ("name", "head", "turned"),
    [
        ("rocketbox_female.fbx", "Bip01 Head", ""),
        ("ict_facekit.blend", "", "ICTFaceKit"),
        ("makehuman_units.blend", "", ""),
        ("facebuilder_head.blend", "", "FBHead"),
    ],
)
def test_real_characters(scene, shared, name: str, head: str, turned: str) -> None:
    load(shared, name)
    for picked in bpy.context.scene.objects:
        found = discover(picked)
        assert found.bones.head == head
        assert (found.head_object.name if found.head_object else "") == turned
        assert np.allclose(found.facing, np.eye(3), atol=1e-4)
        assert 0.2 < found.head_size < 0.26
    if head:
        assert found.bones == Bones(head, (), "Bip01 MJaw", "Bip01 LEye", "Bip01 REye", ("Bip01 MTongue",))
