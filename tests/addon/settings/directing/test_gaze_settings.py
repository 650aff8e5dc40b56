"""The gaze of a character in the keys of its takes: on the target as rendered, exact to undo and at pins, keyable."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, types
from diface_addon.rig import binding
from diface_addon.rig.discovery.discover import discover
from diface_addon.scene.characters import bundled_head
from diface_addon.scene.directing.gaze import aim
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import layer_tracks
from diface_addon.scene.takes import write_take
from diface_addon.settings.directing import direction_settings, direction_updates
from tests.addon.characters import eye_and_tongue_bones
from tests.addon.characters.eye_angles import Eyeballs
from tests.addon.characters.kinds import PLACEMENTS
from tests.addon.scene import layered_takes, scenes
from tests.addon.settings.directing.test_articulation_settings import edits, keys, stored

FIRST, ROWS = 11, 72
SEEN = range(FIRST + 30, FIRST + ROWS, 6)
ON = {"blinks": 0, "gaze": 0, "breath": None}
PLACES = ("plain", "facing +Y", "scaled 0.01 and turned", "lying", "180 m tall", "2.7 cm tall")
OUT = 'key_blocks["eyeLookOutLeft"].value'


def nodding(rows: int = ROWS) -> types.Motion:
    """Return a motion that nods and turns, with eyes that look elsewhere."""
    seconds, values = np.arange(rows) / 24, np.zeros((rows, len(channels.ALL)), np.float32)
    for name, size, speed in (("head_rx", 0.08, 4.0), ("head_ry", 0.04, 2.0), ("head_rz", 0.1, 3.0)):
        values[:, channels.ALL.index(name)] = size * np.sin(speed * seconds)
    for name in ("eyeLookDownLeft", "eyeLookDownRight"):
        values[:, channels.ALL.index(name)] = 0.3 + 0.1 * np.sin(seconds)
    return types.Motion(values, channels.ALL, types.FrameRate(24))


def write(obj: bpy.types.Object, rows: int = ROWS) -> None:
    write_take.write_take(obj, nodding(rows), "T", {"first_frame": FIRST, "layers": ON, "seed": 0})


def empty(location=(0.25, -1.3, 0.1), parent: bpy.types.Object | None = None) -> bpy.types.Object:
    """Return a new Empty in the scene."""
    found = bpy.data.objects.new("Target", None)
    bpy.context.scene.collection.objects.link(found)
    found.location, found.parent = location, parent
    bpy.context.view_layer.update()
    return found


def let_look(obj: bpy.types.Object, target: bpy.types.Object | None, **settings) -> None:
    """Let a character look at an object all the time."""
    for name, value in ({"often": 1.0} | settings).items():
        setattr(obj.diface.gaze, name, value)
    obj.diface.gaze.target = target
    obj.diface.gaze.use = True


@pytest.fixture
def head(scene) -> bpy.types.Object:
    """The bundled head with a take of three seconds."""
    scenes.set_rate(scene, "24")
    found = bundled_head.add_head(bpy.context)
    write(found)
    return found


@pytest.fixture
def eyes(head) -> Eyeballs:
    """Its eyeballs, with the rest of a second head at the same place."""
    other = bundled_head.add_head(bpy.context)
    found = Eyeballs.of_bundled(other)
    body = other.parent
    bpy.data.objects.remove(other)
    bpy.data.objects.remove(body)
    bpy.context.view_layer.objects.active = head
    return Eyeballs({side: (head, chosen) for side, (_obj, chosen) in found.parts.items()}, found.rest, found.forward)


# On the target, as rendered


@pytest.mark.parametrize("at", [(0.25, -1.3, 0.1), (0.0, -3.0, 0.0), (-1.2, -1.2, 0.2), (0.05, -0.5, 0.0)])
def test_the_rendered_eyes_are_on_the_target_while_the_head_nods(head, eyes, at):
    let_look(head, empty(at))
    assert eyes.errors(at, SEEN).max() < 0.5


def test_the_eyes_of_another_character_are_looked_at(head, eyes):
    other = bundled_head.add_head(bpy.context, (0.3, -1.3, 0.0))
    other.parent.rotation_euler.z = np.pi
    bpy.context.view_layer.update()
    let_look(head, other)
    centres = [np.array(other.matrix_world)[:3, :3] @ c + np.array(other.matrix_world)[:3, 3] for c in _centres(eyes)]
    found = np.min([eyes.errors(centre, SEEN).max(axis=1) for centre in centres], axis=0)
    assert (found < 0.5).mean() > 0.5
    assert found.max() < 5


def _centres(eyes: Eyeballs) -> list[np.ndarray]:
    return [points.mean(axis=0) for points in eyes.rest.values()]


def test_the_camera_is_looked_at_and_markers_change_it(head, eyes, scene):
    cameras = []
    for x in (0.3, -0.4):
        camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        camera.location = (x, -1.5, 0.1)
        scene.collection.objects.link(camera)
        cameras.append(camera)
    scene.camera = cameras[0]
    head.diface.gaze.look_at = "CAMERA"
    let_look(head, None)
    assert eyes.errors(cameras[0].location, SEEN).max() < 0.5
    for frame, camera in ((1, cameras[0]), (FIRST + 40, cameras[1])):
        scene.timeline_markers.new("Cut", frame=frame).camera = camera
    bpy.ops.diface.apply_articulation()
    assert eyes.errors(cameras[0].location, range(FIRST + 30, FIRST + 40)).max() < 0.5
    assert eyes.errors(cameras[1].location, range(FIRST + 40, FIRST + 50)).max() < 0.5


def test_a_target_that_moves_is_followed(head, eyes):
    target = empty((-0.4, -1.3, 0.1))
    target.keyframe_insert("location", frame=FIRST)
    target.location.x = 0.4
    target.keyframe_insert("location", frame=FIRST + ROWS)
    let_look(head, target)
    for frame in SEEN:
        bpy.context.scene.frame_set(frame)
        at = np.array(target.matrix_world.translation)
        assert eyes.errors(at, [frame]).max() < 0.5


@pytest.mark.parametrize("tracked", ["", "each"])
@pytest.mark.parametrize("place", PLACES)
def test_eye_bones_and_targets_of_eyes_are_on_the_target(scene, tracked, place):
    built = eye_and_tongue_bones.build_with_bones(tracked, PLACEMENTS[place])
    eyes = Eyeballs.of_built(built)
    binding.bind(discover(built.main))
    write(built.main)
    size = float(np.linalg.norm(np.subtract(*_centres(eyes))))
    side = np.subtract(*_centres(eyes)) / size
    at = eyes.centre() + 20 * size * eyes.forward + 5 * size * side
    let_look(built.main, empty(at))
    assert eyes.errors(at, SEEN).max() < (0.5 if tracked == "" else 1.0)


def test_one_target_of_both_eyes_is_between_them(scene):
    built = eye_and_tongue_bones.build_with_bones("both")
    eyes = Eyeballs.of_built(built)
    binding.bind(discover(built.main))
    write(built.main)
    at = eyes.centre() + np.array([0.2, -1.3, 0.1])
    let_look(built.main, empty(at))
    assert eyes.errors(at, SEEN).max() < 8.0
    for frame in SEEN:
        bpy.context.scene.frame_set(frame)
        mean = np.mean([direction for _middle, direction in eyes.gazes().values()], axis=0)
        middle = np.mean([middle for middle, _direction in eyes.gazes().values()], axis=0)
        wanted = (at - middle) / np.linalg.norm(at - middle)
        assert np.degrees(np.arccos(np.clip(mean @ wanted / np.linalg.norm(mean), -1, 1))) < 1.5


# Exact


def test_an_undone_gaze_leaves_every_key_and_property_to_the_bit(head):
    before = keys(head), stored(head)
    let_look(head, empty())
    assert keys(head) != before[0]
    assert pins.find_pins(head) == []
    head.diface.gaze.use = False
    assert (keys(head), stored(head)) == before
    head.diface.gaze.use = True
    head.diface.gaze.weight = 0.0
    assert (keys(head), stored(head)) == before


def test_gaze_mood_and_articulation_are_undone_in_any_order(head):
    before = keys(head), stored(head)
    head.diface.mood.sad = 0.6
    let_look(head, empty())
    head.diface.articulation.head = 1.5
    assert bpy.ops.diface.reset_gaze() == {"FINISHED"}
    assert head.diface.gaze.target is None
    head.diface.articulation.head = 1.0
    head.diface.mood.sad = 0.0
    assert (keys(head), stored(head)) == before


def gaze_curve(obj) -> bpy.types.FCurve:
    """Return the curve of eyeLookOutLeft, which is in the layer."""
    layer = obj.data.shape_keys.animation_data.nla_tracks[layer_tracks.TRACK_PREFIX + "gaze"].strips[0].action
    return next(curve for curve in scenes.fcurves(layer, "KEY") if curve.data_path == OUT)


def test_keys_of_the_user_in_the_eyes_are_kept_and_found(head):
    curve = gaze_curve(head)
    curve.keyframe_points[30].co.y = 0.777
    curve.keyframe_points.insert(FIRST + 20.25, 0.5, options={"FAST"})
    found = edits(head)
    let_look(head, empty())
    head.diface.gaze.seed = 3
    assert edits(head) == found
    assert gaze_curve(head).keyframe_points[31].co.y == pytest.approx(0.777)
    head.diface.gaze.use = False
    assert edits(head) == found


def test_a_weight_that_is_keyed_begins_at_its_keys(head, eyes):
    gaze, target = head.diface.gaze, empty()
    let_look(head, target)
    before = eyes.errors(target.location, [FIRST + 5])
    assert before.max() < 0.5
    for frame, value in ((FIRST + 30, 0.0), (FIRST + 34, 1.0)):
        gaze.weight = value
        assert gaze.keyframe_insert("weight", frame=frame)
    bpy.ops.diface.apply_articulation()
    assert eyes.errors(target.location, [FIRST + 5]).min() > 2
    assert eyes.errors(target.location, range(FIRST + 40, FIRST + ROWS, 5)).max() < 0.5


# When something moves


def test_the_timer_follows_a_target_that_is_moved(head, eyes):
    target = empty()
    let_look(head, target)
    target.location = (-0.3, -1.0, 0.0)
    bpy.context.view_layer.update()
    direction_updates.apply_changes()
    assert eyes.errors(target.location, SEEN).max() < 0.5


def test_what_moves_is_not_kept_while_nobody_looks(head):
    target = empty()
    for looks in (True, False):
        head.diface.gaze.use = looks
        target.location.x += 0.1
        bpy.context.view_layer.update()
        assert bool(direction_updates._placing) == looks


def test_two_characters_that_look_at_each_other_come_to_rest(head):
    other = bundled_head.add_head(bpy.context, (0.3, -1.3, 0.0))
    other.parent.rotation_euler.z = np.pi
    bpy.context.view_layer.update()
    write(other)
    let_look(head, other)
    let_look(other, head)
    for _ in range(4):
        direction_updates.apply_changes()
    settled = keys(head), keys(other)
    for _ in range(3):
        direction_updates.apply_changes()
    assert (keys(head), keys(other)) == settled
    assert not direction_updates._placing


def test_a_body_that_turns_keeps_its_eyes_on_the_target(head, eyes):
    body, target = head.parent, empty((0.1, -1.4, 0.05))
    for frame, angle in ((FIRST, -0.2), (FIRST + ROWS, 0.2)):
        body.rotation_euler.z = angle
        body.keyframe_insert("rotation_euler", frame=frame)
    let_look(head, target)
    assert eyes.errors(target.location, SEEN).max() < 0.5


# Targets that are no use


def reason(obj) -> str:
    return aim.problem(obj, direction_settings.gaze_aim(obj))


def test_targets_that_cannot_be_looked_at_are_named_and_leave_the_take(head):
    before, deleted = keys(head), empty()
    for target, words in (
        (None, "Choose what to look at"),
        (head, "is the character itself"),
        (empty((0, -1, 0), parent=head), "moves with the head"),
    ):
        let_look(head, target)
        assert words in reason(head)
        assert keys(head) == before
    let_look(head, deleted)
    assert keys(head) != before
    bpy.context.scene.collection.objects.unlink(deleted)
    assert "was deleted" in reason(head)
    bpy.ops.diface.apply_articulation()
    assert keys(head) == before
    bpy.data.objects.remove(deleted)
    assert "Choose" in reason(head)
    head.diface.gaze.look_at = "CAMERA"
    assert "no camera" in reason(head)


@pytest.mark.parametrize("at", [(0, 1.0, 0), (0, -0.0724, 0.037)])
def test_targets_behind_the_head_and_in_it_leave_the_take(head, at):
    before = keys(head)
    let_look(head, empty(at))
    assert reason(head) == ""
    assert keys(head) == before


def test_targets_that_are_hidden_or_in_another_scene_are_looked_at(head, eyes):
    target = empty((0.2, -1.2, 0.1))
    target.hide_viewport = True
    let_look(head, target)
    assert eyes.errors(target.location, SEEN).max() < 0.5
    target.hide_viewport = False
    bpy.context.scene.collection.objects.unlink(target)
    bpy.data.scenes.new("Other").collection.objects.link(target)
    head.diface.gaze.seed = 1
    assert reason(head) == ""
    assert eyes.errors((0.2, -1.2, 0.1), SEEN).max() < 0.5


def test_a_target_that_is_parented_to_the_body_moves_along(head, eyes):
    target = empty((0.2, -1.2, 0.1), parent=head.parent)
    let_look(head, target)
    head.parent.location.x = 2.0
    bpy.context.view_layer.update()
    direction_updates.apply_changes()
    assert eyes.errors(target.matrix_world.translation, [FIRST + 40]).max() < 0.5


def test_nothing_is_left_in_the_file(head):
    before = len(bpy.data.objects), len(bpy.data.scenes)
    target = empty()
    target.keyframe_insert("location", frame=1)
    target.keyframe_insert("location", frame=99)
    let_look(head, target)
    assert (len(bpy.data.objects), len(bpy.data.scenes)) == (before[0] + 1, before[1])


def test_a_take_of_a_small_mesh_without_eyes_is_left_alone(scene):
    obj = scenes.add_character(scene, layered_takes.NAMES)
    layered_takes.write(obj, layered_takes.motion(rows=72))
    before = keys(obj)
    let_look(obj, empty())
    assert reason(obj) == ""
    obj.diface.gaze.use = False
    assert keys(obj) == before


# Everything else that takes do


def generated(scene, clicks) -> bpy.types.Object:
    """Return the bundled head with a take of the engine of the tests."""
    scenes.set_rate(scene, "24")
    scenes.use_audio_file(scene, clicks([0.5, 1.5]))
    obj = bundled_head.add_head(bpy.context)
    assert bpy.ops.diface.generate() == {"FINISHED"}
    return obj


def test_regenerated_and_reduced_takes_look_at_the_target_and_lose_nothing(worker, scene, clicks):
    obj = generated(scene, clicks)
    plain = keys(obj)
    let_look(obj, empty((0.3, -1.3, 0.1)))
    curve = gaze_curve(obj)
    curve.keyframe_points[40].co.y = 0.9
    frame = round(curve.keyframe_points[40].co.x)
    assert bpy.ops.diface.regenerate() == {"FINISHED"}
    at = {round(key.co.x): key.co.y for key in gaze_curve(obj).keyframe_points}
    assert at[frame] == pytest.approx(0.9)
    pinned = {(pin.address, round(pin.frame)) for pin in pins.find_pins(obj)}
    assert (("KEY", OUT, 0), frame) in pinned
    assert bpy.ops.diface.set_keys(mode="REDUCED") == {"FINISHED"}
    obj.diface.gaze.seed = 4
    assert {(pin.address, round(pin.frame)) for pin in pins.find_pins(obj)} == pinned
    assert keys(obj) != plain


def test_a_new_take_looks_at_the_target_and_a_deleted_one_leaves_nothing(worker, scene, clicks):
    obj = generated(scene, clicks)
    other = bundled_head.add_head(bpy.context)
    eyes = Eyeballs.of_bundled(other)
    bpy.data.objects.remove(other)
    bpy.context.view_layer.objects.active = obj
    eyes = Eyeballs({side: (obj, chosen) for side, (_o, chosen) in eyes.parts.items()}, eyes.rest, eyes.forward)
    target = empty((0.3, -1.3, 0.1))
    let_look(obj, target)
    scene.diface.character = obj
    assert bpy.ops.diface.generate() == {"FINISHED"}
    frames = range(scene.frame_start + 20, scene.frame_start + 60, 7)
    assert eyes.errors(target.location, frames).max() < 0.5
    assert bpy.ops.diface.push_down_take() == {"FINISHED"}
    assert eyes.errors(target.location, frames).max() < 0.5
