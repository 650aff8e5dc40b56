"""Eyes and tongues that are moved by bones, by targets of eyes too: layers, directions, pins."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.rig import binding, bones
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.shifted_bones.bone_shift import BoneShift
from diface_addon.scene.animation import active_actions, evaluate_curves
from diface_addon.scene.edits import curve_changes, write_edit
from diface_addon.scene.mapping.table import mapping_table
from diface_addon.scene.mapping.wiggle import SECONDS, Wiggle
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import layer_tracks
from diface_addon.scene.takes import take_copies, take_index, use_take, write_take
from tests.addon.characters import eye_and_tongue_bones
from tests.addon.characters.bundled_parts import bundled_head, vertices_of
from tests.addon.characters.judging.recording import rigid_fit
from tests.addon.characters.kinds import PLACEMENTS, Built
from tests.addon.characters.surfaces import surface

FIRST, ROWS = 1, 8
NAMES = channels.SPEECH
LAYERS = {"blinks": 0, "gaze": 0, "breath": 0}
TURNS = {"Out": (1, 0), "In": (-1, 0), "Up": (0, 1), "Down": (0, -1)}
"""Way of the left eye's gaze -> its direction to the left and up."""


def moving(rows: list[dict[str, float]]) -> types.Motion:
    values = np.zeros((len(rows), len(NAMES)), np.float32)
    for number, row in enumerate(rows):
        for name, value in row.items():
            values[number, NAMES.index(name)] = value
    return types.Motion(values, NAMES, types.FrameRate(24))


def looking(rows: int = ROWS, seed: int = 0) -> types.Motion:
    """Return a motion of both eyes together, as gaze is, and of the tongue."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(rows):
        aside, up, tongue = random.uniform(-0.8, 0.8, 3)
        row = {"tongueOut": abs(tongue), "jawOpen": 0.5}
        row |= {"eyeLookOutLeft": aside, "eyeLookInRight": aside} if aside > 0 else {}
        row |= {"eyeLookInLeft": -aside, "eyeLookOutRight": -aside} if aside < 0 else {}
        way = "Up" if up > 0 else "Down"
        found.append(row | {f"eyeLook{way}Left": abs(up), f"eyeLook{way}Right": abs(up)})
    return moving(found)


def write(built: Built, motion: types.Motion, name: str = "T") -> write_take.TakeResult:
    return write_take.write_take(built.main, motion, name, {"first_frame": FIRST, "layers": LAYERS, "seed": 0})


def bound(tracked: str = "", placement: str = "plain") -> Built:
    built = eye_and_tongue_bones.build_with_bones(tracked, PLACEMENTS[placement])
    binding.bind(discover(built.main))
    return built


def gaze_of(built: Built, frame: int, rest: np.ndarray, part: str = "EyeLeft") -> tuple[float, float]:
    """Return the degrees by which an eye looks to the character's left and up."""
    bpy.context.scene.frame_set(frame)
    now = surface(built.part(part))
    to_space = np.array(built.world.inverted())
    points = [p @ to_space[:3, :3].T + to_space[:3, 3] for p in (rest, now)]
    forward = rigid_fit(*points)[0] @ np.array([0.0, -1.0, 0.0])
    return float(np.degrees(np.arctan2(forward[0], -forward[1]))), float(np.degrees(np.arcsin(forward[2])))


@pytest.fixture(params=["", "each", "both"])
def built(scene, request) -> Built:
    return bound(request.param)


@pytest.mark.parametrize("place", ["plain", "facing +Y", "scaled 0.01 and turned", "lying"])
@pytest.mark.parametrize("tracked", ["", "each"])
def test_eyes_look_where_the_channels_say(scene, tracked, place) -> None:
    built = bound(tracked, place)
    rest = surface(built.part("EyeLeft"))
    write(built, moving([{f"eyeLook{way}Left": 1.0} for way in TURNS] + [{"eyeLookOutLeft": 0.5}]))
    for row, (way, (left, up)) in enumerate(TURNS.items()):
        degrees = channels.LOOK_DEGREES[way]
        assert gaze_of(built, FIRST + row, rest) == pytest.approx((left * degrees, up * degrees), abs=0.5)
    assert gaze_of(built, FIRST + 4, rest)[0] == pytest.approx(channels.LOOK_DEGREES["Out"] / 2, abs=1.0)


def test_one_target_turns_both_eyes(scene) -> None:
    built = bound("both")
    rest = {part: surface(built.part(part)) for part in ("EyeLeft", "EyeRight")}
    write(built, moving([{"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}]))
    wanted = (channels.LOOK_DEGREES["Out"] + channels.LOOK_DEGREES["In"]) / 2
    for part, points in rest.items():
        assert gaze_of(built, FIRST, points, part)[0] == pytest.approx(wanted, abs=3.0)


def test_gaze_is_a_layer_that_can_be_muted_and_baked(built) -> None:
    rest = surface(built.part("EyeLeft"))
    written = write(built, moving([{}, {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}]))
    animation = built.armature.animation_data
    gaze = [action for action in written.actions if layer_tracks.layer_name(action) == "gaze"]
    kinds = {kind for action in gaze for kind in compat.action_kinds(action)}
    assert {"KEY"} < kinds
    assert any(kind.startswith("OBJECT") for kind in kinds)
    assert gaze_of(built, FIRST + 1, rest)[0] > 15
    (track,) = animation.nla_tracks
    assert track.name == "DiFACE gaze"
    track.mute = True
    assert gaze_of(built, FIRST, rest) == gaze_of(built, FIRST + 1, rest)
    track.mute = False
    take_copies.bake(built.main, next(iter(take_index.all_takes().values())))
    assert not len(animation.nla_tracks)
    assert gaze_of(built, FIRST + 1, rest)[0] > 15


def test_gaze_that_is_off_leaves_the_eyes(built) -> None:
    rest = surface(built.part("EyeLeft"))
    request = {"first_frame": FIRST, "layers": {**LAYERS, "gaze": None}, "seed": 0}
    write_take.write_take(built.main, moving([{"eyeLookOutLeft": 1.0}]), "T", request)
    assert gaze_of(built, FIRST, rest) == pytest.approx((0.0, 0.0), abs=0.1)


def test_another_take_brings_its_own_gaze(built) -> None:
    rest = surface(built.part("EyeLeft"))
    write(built, moving([{"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}]), "A")
    write(built, moving([{"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}]), "B")
    assert gaze_of(built, FIRST, rest)[0] < -15
    assert [track.name for track in built.armature.animation_data.nla_tracks] == ["DiFACE gaze"]
    takes = {actions[0].name: actions for actions in take_index.all_takes().values()}
    use_take.use_take(built.main, takes["A"])
    assert gaze_of(built, FIRST, rest)[0] > 15
    assert [track.name for track in built.armature.animation_data.nla_tracks] == ["DiFACE gaze"]


def test_bones_that_are_shifted_are_in_the_table_and_can_be_changed(scene) -> None:
    built = bound("each")
    bpy.context.view_layer.objects.active = built.main
    found = [row for row in table_of(built) if row.kind == "BONE_LOCATION"]
    assert {row.channel for row in found} == {
        *channels.REGIONS["tongue"],
        *(f"eyeLook{w}{s}" for w in TURNS for s in ("Left", "Right")),
    }
    assert {row.source for row in found} == {"Bone"}
    motion = moving([{"tongueOut": 0.5, "eyeLookUpLeft": 0.5, "eyeLookOutLeft": 0.25, "jawOpen": 0.5}, {}])
    write(built, motion)
    before = locations(built)
    for channel in ("tongueOut", "eyeLookUpLeft"):
        assert bpy.ops.diface.change_mapping_row(row=number_of(built, channel)) == {"FINISHED"}
    assert "Bone" in {row.source for row in table_of(built) if row.channel == "eyeLookOutLeft"}
    write(built, motion)
    assert locations(built) == pytest.approx(before, abs=1e-6)
    read = evaluate_curves.sample_motion(built.main, FIRST, 2, NAMES).values
    assert read[:, NAMES.index("tongueOut")] == pytest.approx([0.5, 0.0], abs=1e-5)
    for row in built.main.diface_mapping.rows:
        row.gain *= 2
    write(built, motion)
    assert np.abs(np.array(locations(built))).max() == pytest.approx(2 * np.abs(np.array(before)).max(), rel=1e-4)


def test_a_shifted_bone_is_tested(scene) -> None:
    built = bound()
    bpy.context.view_layer.objects.active = built.main
    row = table_of(built)[number_of(built, "tongueOut")]
    bone = built.armature.pose.bones[row.name]
    wiggle = Wiggle(row)
    assert wiggle.step(SECONDS / 2)
    assert bone.location.length == pytest.approx(row.gain, rel=1e-5)
    wiggle.end()
    assert bone.location.length == 0.0


def table_of(built: Built) -> tuple:
    return mapping_table(built.main, None).rows


def number_of(built: Built, channel: str) -> int:
    return next(number for number, row in enumerate(table_of(built)) if row.channel == channel)


def locations(built: Built) -> list[float]:
    """Return the locations of all pose bones at the first frame."""
    bpy.context.scene.frame_set(FIRST)
    return [value for bone in built.armature.pose.bones for value in bone.location]


def test_motion_is_read_back(built) -> None:
    motion = looking()
    write(built, motion)
    sampled = evaluate_curves.sample_motion(built.main, FIRST, ROWS, NAMES)
    for name in ("eyeLookOutLeft", "eyeLookUpRight", "tongueOut"):
        assert np.abs(sampled.column(name) - motion.column(name)).max() < 2e-3


def test_groups_give_back_the_channels(built) -> None:
    motion = looking(32, 1)
    columns = {name: motion.column(name) for name in NAMES}
    shifts = [group for group in bones.bone_groups(built.main) if isinstance(group, BoneShift)]
    assert shifts
    for group in shifts:
        found = group.columns(group.solve(columns, motion.rate))
        assert all(np.abs(found[name] - columns[name]).max() < 1e-4 for name in group.channels)


def test_key_of_an_eye_bone_is_a_pin_of_the_gaze(built) -> None:
    write(built, looking())
    group = next(g for g in bones.bone_groups(built.main) if "eyeLookOutLeft" in g.channels)
    columns = {name: np.zeros(1) for name in group.channels} | {"eyeLookOutLeft": np.ones(1)}
    columns |= {"eyeLookInRight": np.ones(1)} if "eyeLookInRight" in group.channels else {}
    pose, name = built.armature.pose.bones[group.bone], group.path.rpartition(".")[2]
    bpy.context.scene.frame_set(FIRST + 4)
    wanted = group.solve(columns, types.FrameRate(24))[0]
    setattr(pose, name, wanted.tolist())
    pose.keyframe_insert(name, frame=FIRST + 4)
    found = pins.find_pins(built.main)
    assert {pin.name for pin in found} == {group.bone}
    pinned = pins.to_channel_pins(built.main, found, NAMES, FIRST)
    by_name = {NAMES[column]: value for column, value in zip(pinned.channel, pinned.value, strict=True)}
    assert by_name["eyeLookOutLeft"] == pytest.approx(1.0, abs=1e-3)
    edit = curve_changes.MotionEdit(looking(seed=3), np.zeros((ROWS, len(NAMES)), bool), tuple(found), FIRST)
    base = active_actions.active_actions(built.main)
    write_edit.write_edit(built.main, base, edit, "E", {"first_frame": FIRST, "seed": 0})
    values = evaluate_curves.sample_group(
        built.main, group, np.array([FIRST + 4.0]), evaluate_curves.active_curves.find_active_curves(built.main)
    )
    assert values[0].tolist() == wanted.tolist()


def test_tongue_comes_out_between_the_lips(scene) -> None:
    built = bound()
    write(built, moving([{}, {"tongueOut": 1.0, "jawOpen": 0.5}]))
    teeth = np.isin(vertices_of("upper_teeth", "lower_teeth", "tongue"), vertices_of("tongue"))
    bpy.context.scene.frame_set(FIRST)
    rest = surface(built.part("Teeth"))[teeth]
    bpy.context.scene.frame_set(FIRST + 1)
    out = surface(built.part("Teeth"))[teeth]
    lips = surface(built.main)[np.isin(vertices_of("skin"), bundled_head().landmarks["lips"])]
    tip = out[out[:, 1].argmin()]
    assert tip[1] < lips[:, 1].min() - 0.003
    assert lips[:, 2].min() < tip[2] < lips[:, 2].max()
    assert np.abs(out - rest)[rest[:, 1].argmax()].max() < 0.4 * np.abs(out - rest).max()
