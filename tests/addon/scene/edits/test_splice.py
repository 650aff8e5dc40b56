"""Splice: no change outside the range, the other take's keys inside it, and smooth ramps between them."""

from __future__ import annotations

import math
from itertools import pairwise

import bpy
import numpy as np
import pytest
from mathutils import Euler, Quaternion

from diface_addon.core import channels, errors, types
from diface_addon.scene.edits.splicing import parts, splice
from diface_addon.scene.edits.splicing.span import Span
from diface_addon.scene.keys.key_table import KeyTable, fields
from diface_addon.scene.provenance import layer_tracks, stored_request
from diface_addon.scene.takes import take_index, use_take, write_take
from tests.addon.scene import fingerprint, scenes
from tests.addon.scene.layered_takes import NAMES, ON, enter_tweak_mode

FIRST, ROWS = 11, 60
RANGE = 25, 50
RAMP = 6
MODES = ("XYZ", "ZYX", "QUATERNION", "AXIS_ANGLE")
VISEMES = ("viseme_PP", "viseme_FF", "viseme_CH", "viseme_aa", "viseme_E", "viseme_I", "viseme_O", "viseme_U")


def smooth(seed: int, rows: int = ROWS, size: float = 0.4, rate: float = 24) -> types.Motion:
    """Return a motion of every channel, as slow as that of a face."""
    names = channels.SHAPES + channels.HEAD
    random, at = np.random.default_rng(seed), np.arange(rows) / rate
    waves = np.sin(np.outer(at, random.uniform(1, 3, len(names))) + random.uniform(0, 6, len(names)))
    return types.Motion((size * (0.5 + 0.5 * waves)).astype(np.float32), names, types.FrameRate(rate))


def write(obj, seed: int, name: str, first: int = FIRST, rows: int = ROWS, rate: float = 24) -> list:
    request = {"first_frame": first, "layers": ON, "seed": seed}
    return list(write_take.write_take(obj, smooth(seed, rows, rate=rate), name, request).actions)


def tables(actions) -> dict:
    return {address: held.table for address, held in parts.find_curves(actions).items()}


def same(a: KeyTable, b: KeyTable) -> bool:
    """Return whether all properties are equal to the bit."""
    return len(a) == len(b) and all((getattr(a, f.name) == getattr(b, f.name)).all() for f in fields(KeyTable))


def spliced(obj, base, other, names=channels.ALL, frames=RANGE, ramp=RAMP) -> tuple[list, Span]:
    over = splice.find_span(base, other, frames, ramp)
    return splice.splice(obj, base, other, parts.choose(obj, base, other, names), over), over


@pytest.fixture
def face(scene) -> bpy.types.Object:
    """Return a character with every shape key."""
    return scenes.add_character(scene, NAMES)


@pytest.fixture
def pair(face) -> tuple[list, list]:
    """Return the active take and another one."""
    other = write(face, 2, "Other")
    return write(face, 1, "Base"), other


@pytest.fixture
def few_shapes(scene) -> None:
    """Return a character with few shape keys, which is fast to compare completely."""
    obj = scenes.add_character(scene, ("jawOpen", "eyeBlinkLeft", "breathIn"))
    write(obj, 2, "Other")
    write(obj, 1, "Base")


def test_splice_is_exact_outside_and_the_other_take_inside(face, pair) -> None:
    before, theirs = tables(pair[0]), tables(pair[1])
    made, over = spliced(face, *pair, names=channels.SHAPES + channels.HEAD)
    after = tables(made)
    assert (over.ramp_in, over.ramp_out) == (RAMP, RAMP)
    assert after.keys() == before.keys()
    assert len({kind for kind, _path, _index in after}) == 2
    for address, table in after.items():
        assert same(table.outside(*RANGE), before[address].outside(*RANGE)), address
        assert same(table.between(*over.plateau), theirs[address].between(*over.plateau)), address
        assert table.frames.tolist() == list(range(FIRST, FIRST + ROWS))
    assert all(same(table, before[address]) for address, table in tables(pair[0]).items())
    assert all(same(table, theirs[address]) for address, table in tables(pair[1]).items())


@pytest.mark.parametrize("region", channels.REGIONS)
def test_pin_pose_pins_only_the_regions(face, pair, region) -> None:
    before = tables(pair[0])
    made, _over = spliced(face, *pair, names=channels.REGIONS[region])
    shapes = {f'key_blocks["{name}"].value' for name in channels.REGIONS[region]}
    for (kind, path, index), table in tables(made).items():
        chosen = path in shapes if kind == "KEY" else region == "head"
        assert same(table, before[kind, path, index]) == (not chosen), path


@pytest.mark.slow
@pytest.mark.parametrize("rate", [24, 25, 30, 60, 30 / 1.001])
@pytest.mark.parametrize("first", [1, 37])
def test_ramps_of_a_splice_are_smooth(face, rate, first) -> None:
    """No step between frames exceeds the largest step of both takes plus the share of their difference."""
    other = write(face, 2, "Other", first, 120, rate)
    base = write(face, 1, "Base", first, 120, rate)
    made, _over = spliced(face, base, other, frames=(first + 30, first + 90), ramp=12)
    mine, theirs, after = tables(base), tables(other), tables(made)
    for address, table in after.items():
        difference = np.abs(mine[address].values - theirs[address].values).max()
        steps = [np.abs(np.diff(one.values)).max() for one in (mine[address], theirs[address])]
        assert np.abs(np.diff(table.values)).max() <= max(steps) + 1.9 * difference / 13 + 1e-5, address


def test_splice_has_ramps_only_where_the_take_continues(face, pair) -> None:
    before, theirs = tables(pair[0]), tables(pair[1])
    made, over = spliced(face, *pair, frames=(FIRST, 40))
    assert (over.ramp_in, over.ramp_out) == (0, RAMP)
    for address, table in tables(made).items():
        if address[1] in {'key_blocks["jawOpen"].value', "rotation_euler"}:
            assert same(table.between(FIRST, 34), theirs[address].between(FIRST, 34))
            assert same(table.outside(FIRST, 40), before[address].outside(FIRST, 40))
    whole, over = spliced(face, *pair, names=channels.SHAPES + channels.HEAD, frames=(-100, 1000))
    assert (over.first, over.last, over.ramp_in, over.ramp_out) == (FIRST, FIRST + ROWS - 1, 0, 0)
    assert all(same(table, theirs[address]) for address, table in tables(whole).items())


def test_splice_without_a_ramp_is_a_cut(face, pair) -> None:
    theirs = tables(pair[1])
    made, _over = spliced(face, *pair, ramp=0)
    table = tables(made)["KEY", 'key_blocks["jawOpen"].value', 0]
    assert same(table.between(*RANGE), theirs["KEY", 'key_blocks["jawOpen"].value', 0].between(*RANGE))


def test_splice_shorter_than_two_ramps(face, pair) -> None:
    before = tables(pair[0])
    made, over = spliced(face, *pair, frames=(30, 33), ramp=20)
    assert over.ramp_in == over.ramp_out == 1
    assert all(same(table.outside(30, 33), before[address].outside(30, 33)) for address, table in tables(made).items())


def test_splice_with_a_shorter_take(face) -> None:
    other, base = write(face, 2, "Other", FIRST + 10, 20), write(face, 1, "Base")
    _made, over = spliced(face, base, other, frames=(0, 1000))
    assert (over.first, over.last, over.ramp_in, over.ramp_out) == (FIRST + 10, FIRST + 29, RAMP, RAMP)
    with pytest.raises(errors.SceneError, match="do not both have keys"):
        spliced(face, base, other, frames=(60, 70))


# Rotations


def rotation(actions, mode: str, times) -> list[Quaternion]:
    path = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(mode, "rotation_euler")
    found = parts.find_curves(actions)
    count = 3 if path == "rotation_euler" else 4
    rows = np.array([[found["OBJECT", path, n].fcurve.evaluate(t) for n in range(count)] for t in times])
    if mode == "QUATERNION":
        return [Quaternion(row).normalized() for row in rows]
    if mode == "AXIS_ANGLE":
        return [Quaternion(row[1:], row[0]) for row in rows]
    return [Euler(row, mode).to_quaternion() for row in rows]


def angle(a: Quaternion, b: Quaternion) -> float:
    return 2 * math.acos(min(1.0, abs(a.dot(b))))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("equivalent", [False, True])
def test_splice_of_the_head_is_spherical_in_every_rotation_mode(face, mode, equivalent) -> None:
    """equivalent: the other take has equivalent rotation values: negative quaternions, or 2 pi added."""
    face.rotation_mode = mode
    other, base = write(face, 2, "Other"), write(face, 1, "Base")
    if equivalent:
        use_equivalent_rotations(other, mode)
    made, over = spliced(face, base, other, channels.HEAD)
    times = np.arange(FIRST, FIRST + ROWS)
    result, mine, theirs = (rotation(actions, mode, times) for actions in (made, base, other))
    for frame, now, a, b in zip(times, result, mine, theirs, strict=True):
        weight = over.weight(np.array([frame]))[0] if RANGE[0] <= frame <= RANGE[1] else 0.0
        assert angle(now, a) == pytest.approx(weight * angle(a, b), abs=2e-3), frame
        assert angle(now, b) == pytest.approx((1 - weight) * angle(a, b), abs=2e-3), frame
    # Also between keys: no jump between equivalent values.
    between = rotation(made, mode, np.arange(FIRST, FIRST + ROWS - 1, 0.25))
    steps = [angle(a, b) for a, b in pairwise(between)]
    assert max(steps) < 0.08


def use_equivalent_rotations(actions, mode: str) -> None:
    for (kind, path, index), held in parts.find_curves(actions).items():
        if kind == "OBJECT" and path.startswith("rotation"):
            for key in held.fcurve.keyframe_points:
                if mode == "QUATERNION" or (mode == "AXIS_ANGLE" and index):
                    key.co.y = -key.co.y
                elif mode == "AXIS_ANGLE":
                    key.co.y = 2 * math.pi - key.co.y
                else:
                    key.co.y += 2 * math.pi
            held.fcurve.update()


@pytest.mark.parametrize("mode", MODES)
def test_edit_of_a_take_in_another_rotation_mode(face, mode) -> None:
    face.rotation_mode = mode
    other = write(face, 2, "Other")
    theirs = rotation(other, mode, range(*RANGE))
    bpy.context.scene.frame_set(1)
    face.rotation_mode = "YXZ"
    base = write(face, 1, "Base")
    made, over = spliced(face, base, other, channels.HEAD)
    rest = [Quaternion(stored_request.read_request(actions[0])["rest_rotation"]) for actions in (base, other)]
    for frame, now, wanted in zip(range(*RANGE), rotation(made, "YXZ", range(*RANGE)), theirs, strict=True):
        if over.plateau[0] <= frame <= over.plateau[1]:
            assert angle(rest[0].conjugated() @ now, rest[1].conjugated() @ wanted) < 2e-3


# The user's keys


def test_splice_copies_pins_and_adds_no_edits(face, pair) -> None:
    base, other = pair
    path = 'key_blocks["jawOpen"].value'
    for actions, frames in ((base, (15, 40)), (other, (14, 38))):
        keys = parts.find_curves(actions)["KEY", path, 0].fcurve.keyframe_points
        for frame in frames:
            key = keys[frame - FIRST]
            key.co.y, key.type = 0.875, "EXTREME"
    parts.find_curves(other)["KEY", path, 0].fcurve.keyframe_points.insert(41.5, 0.625, keyframe_type="EXTREME")
    made, _over = spliced(face, base, other)
    edits = {
        (kind, curve): rows
        for action in made
        for kind, some in scenes.find_edits(action).items()
        for curve, rows in some.items()
    }
    assert list(edits) == [("KEY", (path, 0))]
    assert edits["KEY", (path, 0)].tolist() == [[15, 0.875], [38, 0.875], [41.5, 0.625]]


def test_splice_of_a_splice(face, pair) -> None:
    base, other = pair
    third = write(face, 3, "Third")
    once, _over = spliced(face, base, other, frames=(20, 40))
    twice, _over = spliced(face, once, third, frames=(35, 60))
    assert all(scenes.find_edits(action) == {} for action in twice)
    records = stored_request.read_request(twice[0])["spliced"]
    assert [record["take"] for record in records] == [stored_request.read_request(a[0])["take"] for a in (other, third)]
    assert tables(twice)["KEY", 'key_blocks["jawOpen"].value', 0].between(20, 34).values.tolist() == (
        tables(once)["KEY", 'key_blocks["jawOpen"].value', 0].between(20, 34).values.tolist()
    )


# The operator


def test_splice_operator_activates_the_new_take(face, pair) -> None:
    scene, theirs = bpy.context.scene, tables(pair[1])
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, *RANGE
    assert bpy.ops.diface.splice_take(other="Other") == {"FINISHED"}
    (take,) = take_index.active_takes(face, take_index.all_takes())
    actions = take_index.all_takes()[take]
    assert actions[0].name == "Edit 1: splice 25-50"
    assert len(take_index.all_takes()) == 3
    scene.frame_set(38)
    for name in NAMES:
        table = theirs["KEY", f'key_blocks["{name}"].value', 0]
        assert face.data.shape_keys.key_blocks[name].value == pytest.approx(table.values[38 - FIRST], abs=1e-6)
    assert {layer_tracks.layer_name(action) for action in actions} == {None, *ON}


def test_splice_without_a_preview_range_covers_the_take(face, pair) -> None:
    theirs = tables(pair[1])
    assert bpy.ops.diface.splice_take(other="Other", regions={"JAW"}) == {"FINISHED"}
    (take,) = take_index.active_takes(face, take_index.all_takes())
    path = "KEY", 'key_blocks["jawOpen"].value', 0
    assert same(tables(take_index.all_takes()[take])[path], theirs[path])


def test_undo(few_shapes) -> None:
    bpy.ops.ed.undo_push(message="Before")
    before = fingerprint.of_file()
    assert bpy.ops.diface.splice_take("EXEC_DEFAULT", True, other="Other", first=25, last=50) == {"FINISHED"}
    bpy.ops.ed.undo()
    assert fingerprint.difference(before, fingerprint.of_file()) == []


def test_deleted_spliced_take_leaves_nothing(face, pair) -> None:
    names = {action.name for action in bpy.data.actions}
    bpy.ops.diface.splice_take(other="Other", first=25, last=50)
    (take,) = take_index.active_takes(face, take_index.all_takes())
    assert bpy.ops.diface.delete_take(take=take) == {"FINISHED"}
    assert {action.name for action in bpy.data.actions} == names


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"other": "Nothing"}, "There is no take called Nothing"),
        ({}, "No take is chosen"),
        ({"other": "Base"}, "Base is the active take"),
        ({"other": "Other", "first": 500, "last": 600}, "do not both have keys"),
        ({"other": "Other", "regions": set()}, "none of these channels in common"),
    ],
)
def test_refused_splice_changes_nothing(few_shapes, options, message, unchanged) -> None:
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.diface.splice_take(**options)


def test_splice_without_an_active_take(scene, face) -> None:
    with pytest.raises(RuntimeError, match="No take is active"):
        bpy.ops.diface.splice_take(other="Other")


def test_locked_curves_are_kept_with_a_note(face, pair) -> None:
    held = parts.find_curves(pair[0])
    path = "OBJECT", "rotation_euler"
    for address in (("KEY", 'key_blocks["jawOpen"].value', 0), (*path, 1)):
        held[address].fcurve.lock = True
    before = tables(pair[0])
    assert set(parts.choose(face, *pair, channels.ALL).locked) == {"jawOpen", "head"}
    made, _over = spliced(face, *pair, names=channels.ALL + channels.LAYERS["breath"])
    after = tables(made)
    same_as_before = {address for address in after if same(after[address], before[address])}
    assert same_as_before == {("KEY", 'key_blocks["jawOpen"].value', 0), *((*path, index) for index in range(3))}
    assert parts.find_curves(made)["KEY", 'key_blocks["jawOpen"].value', 0].fcurve.lock


def test_splice_is_refused_if_all_channels_are_locked(few_shapes, unchanged_but_locks) -> None:
    for regions in ({"JAW"}, {"HEAD"}):
        with pytest.raises(RuntimeError, match="both takes have are locked"):
            bpy.ops.diface.splice_take(other="Other", regions=regions)


@pytest.fixture
def unchanged_but_locks() -> None:
    (base,) = (actions for actions in take_index.all_takes().values() if actions[0].name == "Base")
    for held in parts.find_curves(base).values():
        held.fcurve.lock = True
    names = {action.name for action in bpy.data.actions}
    yield
    assert {action.name for action in bpy.data.actions} == names


def test_failed_splice_leaves_nothing(face, pair) -> None:
    enter_tweak_mode(face.data.shape_keys)
    names = {action.name for action in bpy.data.actions}
    with pytest.raises(RuntimeError, match="edited in the NLA"):
        bpy.ops.diface.splice_take(other="Other", first=25, last=50)
    assert {action.name for action in bpy.data.actions} == names


def test_splice_keeps_the_head_of_another_take(face, pair) -> None:
    third = list(write(face, 3, "Third"))
    use_take.use_take(face, pair[0])
    use_take.assign(face, {"OBJECT": face}, tuple(third))
    turns = face.animation_data.action
    assert bpy.ops.diface.splice_take(other="Other", first=25, last=50) == {"FINISHED"}
    assert face.animation_data.action == turns
    assert face.data.shape_keys.animation_data.action.name == "Edit 1: splice 25-50"


@pytest.mark.parametrize("names", [VISEMES, ("browInnerUp_L", "browInnerUp_R", "jawOpen")], ids=["poses", "halves"])
def test_splice_of_shape_keys_that_are_no_channels(scene, names) -> None:
    """Visemes, and two keys of one channel, are the other take's inside the frames."""
    face = scenes.add_character(scene, names)
    other, base = write(face, 2, "Other"), write(face, 1, "Base")
    made, over = spliced(face, base, other, ramp=0)
    held, before, theirs = tables(made), tables(base), tables(other)
    changed = [address for address in held if not same(before[address], theirs[address])]
    assert len(changed) >= len(names) // 2
    for address in changed:
        assert same(held[address].between(over.first, over.last), theirs[address].between(over.first, over.last))
        assert same(held[address].outside(over.first, over.last), before[address].outside(over.first, over.last))


def test_splice_of_the_brows_leaves_visemes(scene) -> None:
    face = scenes.add_character(scene, (*VISEMES, "browInnerUp"))
    other, base = write(face, 2, "Other"), write(face, 1, "Base")
    made, _span = spliced(face, base, other, channels.REGIONS["brows"], ramp=0)
    held, before = tables(made), tables(base)
    assert [address[1] for address in held if not same(held[address], before[address])] == [
        'key_blocks["browInnerUp"].value'
    ]
