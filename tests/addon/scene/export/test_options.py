"""Options of the exports: rate, lines, sound, names, bones; other shapes keep their values; bad input."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels, types
from diface_addon.jobs import bind_character
from diface_addon.scene.takes import take_copies, take_index, write_take
from tests.addon.characters import armature_kind
from tests.addon.conftest import needs_audio
from tests.addon.scene import scenes
from tests.addon.scene.export.exports import FIRST, LAST, animate, vertices
from tests.addon.scene.export.reimport import assert_same, plain, reimported, see
from tests.addon.scene.export.test_formats import perform

pytestmark = pytest.mark.slow

PLAIN = {".fbx": "export_fbx", ".glb": "export_gltf", ".usdc": "export_usd"}


def write_line(obj: bpy.types.Object, name: str, first: int, rows: int) -> None:
    """Write a take with an opening jaw, and push it down."""
    values = np.zeros((rows, len(channels.ALL)), np.float32)
    values[:, channels.ALL.index("jawOpen")] = np.linspace(0.1, 0.9, rows)
    write_take.write_take(obj, types.Motion(values, channels.ALL, types.FrameRate(24)), name, {"first_frame": first})
    take_copies.push_down(obj, take_index.active_take(obj))


@pytest.fixture
def two_lines(scene, head) -> bpy.types.Object:
    scene.frame_start, scene.frame_end = 1, 60
    write_line(head, "Hello: a/b", 5, 10)
    write_line(head, "Bye", 30, 20)
    for block in (head, head.data.shape_keys):
        for track in block.animation_data.nla_tracks:
            track.strips[0].extrapolation = "NOTHING"
    return head


@pytest.mark.parametrize("suffix", PLAIN)
def test_another_rate_keeps_the_speed(scene, tmp_path, suffix) -> None:
    main, _armature = perform("bundled", Path())
    times = [FIRST + 24 / 60 * sample for sample in range(math.floor((LAST - FIRST) * 60 / 24) + 1)]
    points = []
    for time in times:
        scene.frame_set(math.floor(time + 1e-6), subframe=max(time - math.floor(time + 1e-6), 0.0))
        points.append(now(main))
    path = tmp_path / f"out{suffix}"
    getattr(bpy.ops.diface, PLAIN[suffix])(filepath=str(path), rate=60.0)
    seen = next(iter(reimported(path, 60.0, len(times), round(FIRST * 60 / 24)).meshes.values()))
    if seen.shape == np.shape(points):
        assert 1000 * np.linalg.norm(seen - np.stack(points), axis=2).max() < 0.1
    else:
        assert np.allclose(seen.min(axis=1), np.stack(points).min(axis=1), atol=1e-4)
        assert np.allclose(seen.max(axis=1), np.stack(points).max(axis=1), atol=1e-4)


def now(obj: bpy.types.Object) -> np.ndarray:
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    matrix = np.array(evaluated.matrix_world)
    return found.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


@pytest.mark.parametrize("suffix", [*PLAIN, ".abc", ".csv"])
def test_each_line_is_a_file(scene, two_lines, tmp_path, suffix) -> None:
    operators = {**PLAIN, ".abc": "export_alembic", ".csv": "export_csv"}
    assert getattr(bpy.ops.diface, operators[suffix])(filepath=str(tmp_path / f"shot{suffix}"), each_line=True) == {
        "FINISHED"
    }
    assert {path.name for path in tmp_path.iterdir()} == {f"shot Hello_ a_b{suffix}", f"shot Bye{suffix}"}
    if suffix == ".csv":
        rows = (tmp_path / "shot Bye.csv").read_text().splitlines()
        assert len(rows) == 1 + 20
        jaw = rows[0].split(",").index("JawOpen")
        assert [float(rows[row].split(",")[jaw]) for row in (1, 20)] == pytest.approx([0.1, 0.9], abs=1e-6)


def test_a_csv_at_another_rate_keeps_the_speed_and_the_frames(scene, two_lines, tmp_path) -> None:
    """Unreal Engine's importer takes 60 frames a second, whatever the rate is."""
    scene.render.fps, scene.render.fps_base = 24, 1.0
    tables = {}
    for rate in (0.0, 60.0, 59.94):
        bpy.ops.diface.export_csv(filepath=str(tmp_path / "out.csv"), rate=rate)
        rows = [row.split(",") for row in (tmp_path / "out.csv").read_text().splitlines()[1:]]
        tables[rate] = [row[0] for row in rows], np.array([row[2:] for row in rows], float)
    own, sixty = tables[0.0][1], tables[60.0][1]
    assert (len(own), len(sixty), len(tables[59.94][1])) == (60, 148, 148)
    assert np.allclose(sixty[::5], own[::2], atol=1e-6)
    assert tables[60.0][0][59:62] == ["00:00:00:59.000", "00:00:01:00.000", "00:00:01:01.000"]
    assert tables[59.94][0][60] == "00:00:01:00.060"
    with pytest.raises(RuntimeError, match="Less than one sample"):
        bpy.ops.diface.export_csv(filepath=str(tmp_path / "out.csv"), rate=0.5)


def test_a_range_without_lines_is_refused(scene, head, tmp_path) -> None:
    with pytest.raises(RuntimeError, match="No take plays in frames"):
        bpy.ops.diface.export_fbx(filepath=str(tmp_path / "out.fbx"), each_line=True)
    with pytest.raises(RuntimeError, match="No take plays in frames"):
        bpy.ops.diface.bake_for_games(clips="STRIPS")
    with pytest.raises(RuntimeError, match="Less than one sample"):
        bpy.ops.diface.export_fbx(filepath=str(tmp_path / "out.fbx"), rate=0.5)
    assert list(tmp_path.iterdir()) == []


@needs_audio
def test_sound_is_beside_the_file(scene, two_lines, clicks, tmp_path) -> None:
    scenes.add_strip(scene, clicks([0.5, 1.5], seconds=2.5), 5)
    scene.render.fps, scene.render.fps_base = 24, 1.0
    folder = tmp_path / "out"
    folder.mkdir()
    bpy.ops.diface.export_gltf(filepath=str(folder / "line.glb"), sound=True)
    assert {path.name for path in folder.iterdir()} == {"line.glb", "line.wav"}
    with wave.open(str(folder / "line.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 2, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert len(samples) == pytest.approx(60 / 24 * 48000, abs=64)
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > 8000) / 48000
    assert loud[0] == pytest.approx(4 / 24 + 0.5, abs=0.001)


@needs_audio
def test_without_sound_nothing_is_written(scene, two_lines, tmp_path) -> None:
    with pytest.raises(RuntimeError, match="no sound in these frames"):
        bpy.ops.diface.export_gltf(filepath=str(tmp_path / "line.glb"), sound=True)
    assert list(tmp_path.iterdir()) == []


def test_only_deform_bones(scene, tmp_path) -> None:
    built = armature_kind.build(armature_kind.Options())
    control = next(bone for bone in built.armature.data.bones if not bone.children)
    control.use_deform = False
    scene.diface.character = built.main
    scene.frame_start, scene.frame_end = 1, 3
    for deform_only, expected in ((False, True), (True, False)):
        path = tmp_path / f"{deform_only}.fbx"
        bpy.ops.diface.export_fbx(filepath=str(path), deform_only=deform_only)
        assert (control.name.encode() in path.read_bytes()) == expected


@pytest.mark.parametrize("suffix", PLAIN)
def test_modifiers_of_meshes_without_shape_keys_are_applied(scene, tmp_path, suffix) -> None:
    built = armature_kind.build(armature_kind.Options())
    hair = bpy.data.objects["Hair"]
    plain_count = len(hair.data.vertices)
    array = hair.modifiers.new("Two", "ARRAY")
    array.count, array.relative_offset_displace = 2, (0.0, 0.0, 1.5)
    hair.modifiers.move(len(hair.modifiers) - 1, 0)
    scene.diface.character = built.main
    scene.frame_start, scene.frame_end = FIRST, LAST
    bind_character.bind_new(built.main)
    animate(built.main)
    wanted = see([hair], built.armature, range(FIRST, FIRST + 4))
    meshes = len(bpy.data.meshes)
    path = tmp_path / f"out{suffix}"
    getattr(bpy.ops.diface, PLAIN[suffix])(filepath=str(path))
    assert (len(hair.data.vertices), len(bpy.data.meshes)) == (plain_count, meshes)
    data_names = {"Hair": plain(hair.data.name)}
    assert_same(wanted, reimported(path, 24.0, 4, FIRST), data_names)


@pytest.mark.parametrize("suffix", PLAIN)
def test_other_shapes_keep_their_values(scene, head, tmp_path, suffix) -> None:
    head.data.shape_keys.key_blocks["cheeky"].value = 0.75
    scene.frame_start, scene.frame_end = FIRST, LAST
    animate(head)
    wanted = vertices(head, FIRST + 3)
    path = tmp_path / f"out{suffix}"
    getattr(bpy.ops.diface, PLAIN[suffix])(filepath=str(path))
    (seen,) = {id(points): points for points in reimported(path, 24.0, 4, FIRST).meshes.values()}.values()
    assert seen[3].max(axis=0) == pytest.approx(wanted.max(axis=0), abs=1e-4)


@pytest.mark.parametrize("as_strips", [False, True])
def test_baked_copies_move_as_the_character_and_leave_it_alone(scene, as_strips) -> None:
    main, armature = perform("walking, with a jaw bone", Path())
    scene.frame_set(FIRST)
    before, frames = state(), range(FIRST, LAST + 1)
    wanted = see([main], armature, frames)
    scene.frame_set(FIRST)
    bpy.ops.diface.bake_for_games(clips="STRIPS" if as_strips else "ACTION", naming="{character} says {line}")
    scene.frame_set(FIRST)
    after = state()
    assert {name: after[name] for name in before} == before

    copy, skeleton = bpy.data.objects[main.name + " Game"], bpy.data.objects[armature.name + " Game"]
    found = see([copy], skeleton, frames)
    assert 1000 * np.linalg.norm(found.meshes[plain(copy.name)] - wanted.meshes[plain(main.name)], axis=2).max() < 0.1
    assert not skeleton.constraints
    assert all(not bone.constraints for bone in skeleton.pose.bones)
    assert not copy.data.shape_keys.animation_data.drivers
    animation = skeleton.animation_data
    name = f"{main.name} says T"
    if as_strips:
        assert [track.name for track in animation.nla_tracks] == [name]
        assert animation.action is None
    else:
        assert animation.action.name.startswith(name)


def state() -> dict[str, object]:
    """Return what the objects of the file look like, and what moves them."""
    found: dict[str, object] = {}
    for obj in bpy.data.objects:
        found[obj.name] = [obj.data and obj.data.name, obj.parent, [list(row) for row in obj.matrix_world]]
        found[obj.name] += [modifier.name for modifier in obj.modifiers] + [link.name for link in obj.constraints]
        keys = obj.data.shape_keys if obj.type == "MESH" else None
        for block in [obj, *([keys] if keys else [])]:
            animation = block.animation_data
            found[obj.name] += [animation and animation.action, animation and animation.nla_tracks.keys()]
        found[obj.name] += [keys and keys.key_blocks.keys()]
    return found


def test_each_line_has_an_nla_track_and_its_last_pose_is_held(scene, two_lines) -> None:
    bpy.ops.diface.bake_for_games(clips="STRIPS", naming="{line}", names="LIVE_LINK", rate=48.0)
    copy = bpy.data.objects["Character Game"]
    keys = copy.data.shape_keys
    tracks = keys.animation_data.nla_tracks
    assert [track.name for track in tracks] == ["Hello: a/b", "Bye"]
    assert [(track.strips[0].frame_start, track.strips[0].frame_end) for track in tracks] == [(5, 14), (30, 49)]
    curve = next(
        curve for curve in compat.active_channelbag(tracks[1].strips[0]).fcurves if "JawOpen" in curve.data_path
    )
    assert len(curve.keyframe_points) == 39
    for frame, wanted in ((2, 0.1), (5, 0.1), (14, 0.9), (20, 0.9), (30, 0.1), (49, 0.9), (55, 0.9)):
        scene.frame_set(frame)
        assert keys.key_blocks["JawOpen"].value == pytest.approx(wanted, abs=1e-5), frame
    with pytest.raises(RuntimeError, match="same name"):
        bpy.ops.diface.bake_for_games(clips="STRIPS", naming="line")
    with pytest.raises(RuntimeError, match="no names"):
        bpy.ops.diface.bake_for_games(clips="STRIPS", naming=" ")
