"""Takes of several lines on one character: each plays on its own frames, at every frame that is jumped to."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Euler, Quaternion

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.scene.export import lines
from diface_addon.scene.keys import nla
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import delete_take, rest_easing, take_copies, take_index, take_list, use_take, write_take
from diface_addon.scene.takes.lines import line_strips
from tests.addon.scene import fingerprint, rotations, scenes

NAMES = channels.SHAPES + channels.HEAD
ROWS = 20
STARTS = {"A": 11, "B": 41, "C": 71}
REST = Euler((0.1, -0.2, 0.3)).to_quaternion()
LAYERS = {"blinks": 0, "gaze": 0, "breath": 0}


def motion(seed: int, rows: int = ROWS) -> types.Motion:
    values = np.random.default_rng(seed).random((rows, len(NAMES)), np.float32) * 0.5
    return rest_easing.ease_ends(types.Motion(values, NAMES, types.FrameRate(24)))


MOTIONS = {name: motion(seed) for seed, name in enumerate(STARTS)}


@pytest.fixture
def speaker(scene):
    """A character with every shape key, turned away from the identity."""
    obj = scenes.add_character(scene, channels.SHAPES)
    rotations.turn(obj, REST)
    return obj


def write(obj, name: str, first: int | None = None, made=None, **request) -> write_take.TakeResult:
    fields = {"first_frame": STARTS[name] if first is None else first, "layers": LAYERS, "seed": 0}
    return write_take.write_take(
        obj, made or MOTIONS[name], name, {**fields, "sound": name, "line": {"id": name}, **request}
    )


def pose_at(obj, frame: int, jump_from: int) -> tuple[dict[str, float], Quaternion]:
    """Return the shape keys and the rotation at a frame, after another frame was shown."""
    bpy.context.scene.frame_set(jump_from)
    bpy.context.scene.frame_set(frame)
    keys = {key.name: key.value for key in obj.data.shape_keys.key_blocks if key.name != "Basis"}
    return keys, obj.rotation_euler.to_quaternion()


def check_shows(obj, lines: dict[str, int], motions=MOTIONS) -> None:
    """Check that each line shows at its frames, and rest at all others, whatever was shown before."""
    expected: dict[int, tuple[types.Motion, int] | None] = dict.fromkeys((1, 5, 34, 67, 99, 140))
    for name, first in lines.items():
        expected |= {first + row: (motions[name], row) for row in (0, 3, 9, 14, ROWS - 1)}
    middles = [first + 9 for first in lines.values()]
    for frame, source in expected.items():
        for before in middles:
            values, turned = pose_at(obj, frame, before)
            row = dict(zip(source[0].channels, source[0].values[source[1]], strict=True)) if source else {}
            for name, value in values.items():
                assert value == pytest.approx(row.get(name, 0.0), abs=1e-5), (frame, name)
            vector = [row.get(name, 0.0) for name in channels.HEAD]
            wanted = REST @ Quaternion(np.array(vector) / max(np.linalg.norm(vector), 1e-9), np.linalg.norm(vector))
            assert turned.rotation_difference(wanted).angle == pytest.approx(0.0, abs=2e-3), frame


def test_lines_in_sequence_all_play(speaker) -> None:
    for name in STARTS:
        write(speaker, name)
    check_shows(speaker, STARTS)


def test_lines_can_be_made_in_any_order(speaker) -> None:
    for name in ("C", "A", "B"):
        write(speaker, name)
    check_shows(speaker, STARTS)


def test_a_line_that_is_used_again_is_active_and_the_others_play_on(speaker) -> None:
    takes = {name: list(write(speaker, name).actions) for name in STARTS}
    for name in ("A", "C", "B", "B"):
        use_take.use_take(speaker, takes[name])
        assert take_index.active_take(speaker)[0] == takes[name][0]
        resting = line_strips.resting_actions(speaker)
        assert not set(resting) & set(takes[name])
        check_shows(speaker, STARTS)


def test_another_take_of_a_line_replaces_it_alone(speaker) -> None:
    for name in STARTS:
        write(speaker, name)
    other = motion(9)
    write(speaker, "A", made=other)
    check_shows(speaker, STARTS, {**MOTIONS, "A": other})


def test_a_line_that_moved_leaves_nothing_behind(speaker) -> None:
    for name in STARTS:
        write(speaker, name)
    write(speaker, "A", first=105)
    check_shows(speaker, {**STARTS, "A": 105})


def test_takes_of_sounds_at_the_same_frames_replace_one_another(speaker) -> None:
    write(speaker, "A")
    write(speaker, "B", first=STARTS["A"] + 2)
    assert line_strips.resting_actions(speaker) == []
    check_shows(speaker, {"B": STARTS["A"] + 2})


def test_lines_that_overlap_a_little_play_both(speaker) -> None:
    write(speaker, "A", first=11)
    write(speaker, "B", first=11 + ROWS - 4)
    scene = bpy.context.scene
    for name, first, rows in (("A", 11, range(ROWS - 4)), ("B", 11 + ROWS - 4, range(ROWS))):
        for row in rows:
            scene.frame_set(first + row)
            jaw = speaker.data.shape_keys.key_blocks["jawOpen"].value
            assert jaw == pytest.approx(MOTIONS[name].column("jawOpen")[row], abs=1e-5)


def test_a_muted_layer_of_a_line_stays_muted(speaker) -> None:
    write(speaker, "A")
    keys = speaker.data.shape_keys
    keys.animation_data.nla_tracks["DiFACE blinks"].mute = True
    write(speaker, "B")
    muted = [s.mute for t in keys.animation_data.nla_tracks if t.name == "DiFACE lines blinks" for s in t.strips]
    assert muted == [True]


def test_curves_of_the_user_play_at_all_frames(speaker) -> None:
    write(speaker, "A")
    for frame, x in ((1, 0.0), (101, 10.0)):
        speaker.location.x = x
        speaker.keyframe_insert("location", index=0, frame=frame)
    for curve in compat.active_channelbag(speaker.animation_data).fcurves:
        if curve.data_path == "location":
            for key in curve.keyframe_points:
                key.interpolation = "LINEAR"
    write(speaker, "B")
    write(speaker, "C")
    for frame in (1, 21, 35, 51, 81, 101):
        bpy.context.scene.frame_set(frame)
        assert speaker.location.x == pytest.approx((frame - 1) / 10, abs=1e-4)
    check_shows(speaker, STARTS)


def test_an_animation_of_the_user_plays_on_between_lines_where_no_channel_is(speaker) -> None:
    key = speaker.shape_key_add(name="hat", from_mix=False)
    for frame, value in ((1, 0.0), (101, 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)
    for name in STARTS:
        write(speaker, name)
    for frame in (1, 35, 50, 101):
        bpy.context.scene.frame_set(frame)
        hat = speaker.data.shape_keys.key_blocks["hat"].value
        assert (frame == 1 and hat == 0) or (frame == 101 and hat == 1) or 0 < hat < 1


def test_deleting_a_line_leaves_the_others(speaker) -> None:
    takes = {name: list(write(speaker, name).actions) for name in STARTS}
    delete_take.delete_take(speaker, takes["B"])
    check_shows(speaker, {"A": STARTS["A"], "C": STARTS["C"]})
    delete_take.delete_take(speaker, takes["C"])
    check_shows(speaker, {"A": STARTS["A"]})


def test_a_take_on_the_nla_is_not_covered_by_the_next_line(speaker) -> None:
    first = list(write(speaker, "A").actions)
    take_copies.push_down(speaker, first)
    write(speaker, "B")
    check_shows(speaker, {"A": STARTS["A"], "B": STARTS["B"]})


def test_if_writing_a_line_fails_nothing_is_changed(head, monkeypatch) -> None:
    write(head, "A")
    write(head, "B")
    before = fingerprint.of_file()

    def fail(*_arguments) -> None:
        raise RuntimeError("stop")

    monkeypatch.setattr(line_strips, "confine", fail)
    with pytest.raises(RuntimeError, match="stop"):
        write(head, "C")
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_lines_play_after_saving_and_reopening(speaker, tmp_path) -> None:
    for name in STARTS:
        write(speaker, name)
    path = tmp_path / "lines.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    obj = bpy.data.objects["Character"]
    check_shows(obj, STARTS)
    takes = take_index.all_takes()
    actions = next(a for a in takes.values() if stored_request.read_request(a[0])["sound"] == "A")
    use_take.use_take(obj, actions)
    check_shows(obj, STARTS)


def test_each_line_of_a_take_with_the_head_alone(speaker) -> None:
    for name in ("A", "B"):
        made = MOTIONS[name].select(channels.HEAD)
        write_take.write_take(
            speaker, made, name, {"first_frame": STARTS[name], "sound": name, "line": {"id": name}, "seed": 0}
        )
    for frame in (5, 20, 35, 50, 90):
        bpy.context.scene.frame_set(50)
        bpy.context.scene.frame_set(frame)
        at_rest = frame in (5, 35, 90)
        angle = speaker.rotation_euler.to_quaternion().rotation_difference(REST).angle
        assert (angle < 2e-3) == at_rest


def test_the_list_of_takes_says_which_ones_play(speaker) -> None:
    for name in STARTS:
        write(speaker, name)
    listed = {entry.name: (entry.is_active, entry.plays) for entry in take_list.entries(speaker)}
    assert listed == {"A": (False, True), "B": (False, True), "C": (True, False)}


def test_every_line_is_a_clip_of_exports(speaker) -> None:
    for name in STARTS:
        write(speaker, name)
    clips = [(clip.name, clip.frames) for clip in lines.lines(speaker, (1, 200))]
    assert clips == [(name, (first, first + ROWS - 1)) for name, first in STARTS.items()]


def test_the_tracks_of_many_lines_are_few(speaker) -> None:
    for number in range(8):
        write(speaker, "A", first=11 + 30 * number, line={"id": str(number)}, sound=str(number))
    tracks = [track.name for track in speaker.data.shape_keys.animation_data.nla_tracks]
    assert len(tracks) == len(set(tracks)) == 8  # the rest, the lines, and three layers of each
    assert tracks[0] == nla.REST_TRACK
