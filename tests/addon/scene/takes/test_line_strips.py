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
from diface_addon.scene.takes.lines import line, line_strips
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


OVERLAP, FADE = 4, 6
"""Frames of an overlap, and of a fade at 30 frames a second, which a take has that states no rate."""


def test_fade_lasts_as_long_at_any_frame_rate(speaker) -> None:
    for rate in ({"fps": 24, "base": 1.0}, {"fps": 60, "base": 1.0}, {"fps": 30, "base": 1.001}):
        actions = write(speaker, "A", rate=rate).actions
        found = line.spoken_line(actions)
        assert found is not None
        assert line.with_keys(found, actions).fade == round(0.2 * rate["fps"] / rate["base"])


def jaw_at(obj, frame: float) -> float:
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))
    return obj.data.shape_keys.key_blocks["jawOpen"].value


@pytest.mark.parametrize("active", ["A", "B"])
def test_lines_that_overlap_a_little_play_both(speaker, active: str) -> None:
    """The one that was used last shows where they overlap, and the other one fades before and after it."""
    second = STARTS["A"] + ROWS - OVERLAP
    takes = {name: write(speaker, name, first=first).actions for name, first in (("A", STARTS["A"]), ("B", second))}
    use_take.use_take(speaker, list(takes[active]))
    first_b = OVERLAP + FADE if active == "A" else 0
    last_a = ROWS if active == "A" else ROWS - OVERLAP - FADE + 1
    for name, first, rows in (("A", STARTS["A"], range(last_a)), ("B", second, range(first_b, ROWS))):
        for row in rows:
            expected = MOTIONS[name].column("jawOpen")[row]
            assert jaw_at(speaker, first + row) == pytest.approx(expected, abs=1e-5), (name, row)


@pytest.mark.parametrize("order", ["AB", "BA", "ABA", "ABC", "ACBA"])
def test_nothing_jumps_where_lines_overlap(speaker, order: str) -> None:
    """Held motions show the cuts alone: from one frame to the next the jaw moves by no more than a fade's step."""
    held = {}
    for name, value in (("A", 0.8), ("B", 0.4), ("C", 0.6)):
        values = np.full((ROWS, len(NAMES)), value, np.float32)
        values[:, -3:] = 0.0
        held[name] = rest_easing.ease_ends(types.Motion(values, NAMES, types.FrameRate(24)))
    starts = {"A": 11, "B": 11 + ROWS - OVERLAP, "C": 11 + 2 * (ROWS - OVERLAP)}
    takes = {}
    for name in order:
        if name in takes:
            use_take.use_take(speaker, takes[name])
        else:
            takes[name] = list(write(speaker, name, first=starts[name], made=held[name]).actions)
    jaw = np.array([jaw_at(speaker, frame) for frame in range(5, starts["C"] + ROWS + 10)])
    own_steps = max(np.abs(np.diff(made.column("jawOpen"))).max() for made in held.values())
    assert jaw.max() == pytest.approx(0.8, abs=1e-5)
    assert np.abs(np.diff(jaw)).max() < max(own_steps, 0.8 / FADE) + 1e-4


def key_jaw(obj, frame: int, value: float) -> None:
    key = obj.data.shape_keys.key_blocks["jawOpen"]
    bpy.context.scene.frame_set(frame)
    key.value = value
    key.keyframe_insert("value", frame=frame)


def test_keys_outside_a_line_extend_it_as_far_as_no_other_line_plays(speaker) -> None:
    takes = {name: list(write(speaker, name).actions) for name in STARTS}
    use_take.use_take(speaker, takes["B"])
    key_jaw(speaker, 37, 0.9)
    key_jaw(speaker, STARTS["C"] + 3, 0.7)
    use_take.use_take(speaker, takes["A"])
    assert jaw_at(speaker, 37) == pytest.approx(0.9, abs=1e-4)
    assert 0.1 < jaw_at(speaker, STARTS["C"] - 2) < 0.7
    for row in range(ROWS):
        for name in "AC":
            expected = MOTIONS[name].column("jawOpen")[row]
            assert jaw_at(speaker, STARTS[name] + row) == pytest.approx(expected, abs=1e-4), (name, row)
    frames = range(STARTS["A"] + ROWS - 1, 38)
    assert max(np.abs(np.diff([jaw_at(speaker, frame) for frame in frames]))) < 0.9 / FADE + 0.05
    use_take.use_take(speaker, takes["B"])
    curve = compat.find_fcurve(takes["B"][0], ("KEY", 'key_blocks["jawOpen"].value', 0))
    assert {37.0, STARTS["C"] + 3.0} <= {point.co.x for point in curve.keyframe_points}


def test_a_pose_at_the_end_of_a_line_fades(speaker) -> None:
    """The key is exact, whether its line is active or not, and the face goes back to rest within the fade."""
    takes = {name: list(write(speaker, name).actions) for name in STARTS}
    last = STARTS["A"] + ROWS - 1
    use_take.use_take(speaker, takes["A"])
    key_jaw(speaker, last, 0.9)
    for name in ("B", "A"):
        use_take.use_take(speaker, takes[name])
        assert jaw_at(speaker, last) == pytest.approx(0.9, abs=1e-5)
        after = [jaw_at(speaker, last + number) for number in range(FADE + 1)]
        np.testing.assert_allclose(after, np.linspace(0.9, 0, FADE + 1), atol=1e-4)


def test_fades_go_with_their_line(speaker) -> None:
    takes = {name: list(write(speaker, name, first=first).actions) for name, first in (("A", 11), ("B", 27))}

    def fade_tracks() -> list[str]:
        tracks = speaker.data.shape_keys.animation_data.nla_tracks
        return [track.name for track in tracks if track.name.startswith(nla.FADES_TRACK)]

    assert len(fade_tracks()) == 1
    use_take.unassign(speaker, takes["B"])
    assert fade_tracks() == []
    use_take.use_take(speaker, takes["B"])
    delete_take.delete_take(speaker, takes["B"])
    assert fade_tracks() == []


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
