"""Recorded faces of every format: the values and times that the file has, and what is wrong with a bad file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diface_core import DifaceError, FrameRate, Motion, channels
from diface_core.motion.files import write_motion
from diface_core.recordings.facs import UNITS
from diface_core.recordings.read import read_motion, read_recording
from tests.core.recordings.recorded_files import (
    HEAD,
    PASCAL,
    audio2face,
    face,
    live_link,
    mediapipe,
    timecodes,
    write_table,
)


def lower_first(name: str) -> str:
    return name[0].lower() + name[1:]


@pytest.mark.parametrize("spelling", [str, lower_first, str.lower])
@pytest.mark.parametrize("more", [0, 7])
def test_live_link_face(tmp_path, spelling, more):
    values, times = face(200), 3600 + np.arange(200) * 1.001 / 60
    path = live_link(tmp_path / "take.csv", values, timecodes(times, 60), spelling=spelling, more=more)
    recording = read_recording(path)
    assert (recording.kind, recording.channels, recording.notes) == ("Live Link Face", channels.FACE, ())
    np.testing.assert_allclose(recording.values, values, atol=1e-6)
    np.testing.assert_allclose(recording.times, times - times[0], atol=2e-5)
    assert recording.rate == FrameRate(60, 1.001)
    assert recording.start == pytest.approx(3600, abs=1e-4)
    assert recording.tracked.all()


def test_thirty_rows_a_second_in_timecodes_of_base_60_last_as_long_as_they_lasted(tmp_path):
    times = np.arange(90) / 30
    recording = read_recording(live_link(tmp_path / "take.csv", face(90), timecodes(times, 60)))
    np.testing.assert_allclose(recording.times, times, atol=2e-5)
    assert recording.rate == FrameRate(30)


@pytest.mark.parametrize("base", [24, 25, 30, 60])
def test_base_of_the_timecodes_is_found(tmp_path, base):
    times = np.arange(4 * base) / base
    recording = read_recording(live_link(tmp_path / "take.csv", face(4 * base), timecodes(times, base)))
    np.testing.assert_allclose(recording.times, times, atol=1e-4)
    assert recording.rate == FrameRate(base)


def test_repeated_timecodes_are_spread(tmp_path):
    """60 rows a second, two in each frame of a timecode of base 30."""
    codes = timecodes(np.repeat(np.arange(60) / 30, 2), 30)
    recording = read_recording(live_link(tmp_path / "take.csv", face(120), codes))
    np.testing.assert_allclose(recording.times, np.arange(120) / 60, atol=1e-4)


def test_dropped_rows_do_not_shift_the_others(tmp_path):
    times = np.delete(np.arange(300) / 60, [50, 100, 101, 102])
    recording = read_recording(live_link(tmp_path / "take.csv", face(296), timecodes(times, 60)))
    np.testing.assert_allclose(recording.times, times, atol=2e-5)
    assert recording.rate == FrameRate(60)


def test_timecodes_cross_midnight(tmp_path):
    times = 24 * 3600 - 0.5 + np.arange(120) / 60
    recording = read_recording(live_link(tmp_path / "take.csv", face(120), timecodes(times, 60)))
    np.testing.assert_allclose(recording.times, times - times[0], atol=2e-5)


def test_a_clock_that_was_set_back_does_not_turn_time_round(tmp_path):
    times = np.concatenate([100 + np.arange(60) / 60, 40 + np.arange(60) / 60])
    recording = read_recording(live_link(tmp_path / "take.csv", face(120), timecodes(times, 60)))
    np.testing.assert_allclose(recording.times, np.arange(120) / 60, atol=1e-4)
    assert "go back at 1 rows" in recording.notes[0]


def test_seconds_of_a_counter_that_turns_over_at_thirty(tmp_path):
    """As a tool writes it that counts every part of the timecode in thirties."""
    counts = np.arange(1200)
    codes = [f"00:{n // 900 % 30:02d}:{n // 30 % 30:02d}:{n % 30:02d}.{n % 1000:03d}" for n in counts]
    recording = read_recording(live_link(tmp_path / "take.csv", face(1200), codes))
    np.testing.assert_allclose(recording.times, counts / 30, atol=0.04)


def test_head_rotation(tmp_path):
    angles = np.zeros((60, 3))
    angles[:, 0] = np.linspace(0, 0.3, 60)
    codes = timecodes(np.arange(60) / 60, 60)
    recording = read_recording(live_link(tmp_path / "take.csv", face(60), codes, angles))
    assert recording.channels == channels.ALL
    expected = np.stack([angles[:, 1], angles[:, 2], -angles[:, 0]], axis=1)
    np.testing.assert_allclose(recording.values[:, 52:], expected, atol=1e-6)


@pytest.mark.parametrize("row", [FrameRate(24), FrameRate(24, 1.001), FrameRate(29.476), FrameRate(60)])
@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_files_of_diface_return_as_they_were(tmp_path, row, suffix):
    values = np.random.default_rng(0).uniform(0, 0.6, (150, 55)).astype(np.float32)
    write_motion(tmp_path / f"m{suffix}", Motion(values, channels.ALL, row))
    motion = read_motion(tmp_path / f"m{suffix}")
    assert motion.channels == channels.ALL
    assert motion.rate.value == pytest.approx(row.value, rel=1e-4)
    assert len(motion) == 150
    np.testing.assert_allclose(motion.values, values, atol=2e-2 if suffix == ".csv" else 1e-6)


@pytest.mark.parametrize(
    ("name", "unit"), [("timestamp_ms", 1e3), ("timestamp", 1e3), ("time", 1.0), ("timestamp_us", 1e6), ("t", 1e9)]
)
def test_mediapipe_times_of_any_unit(tmp_path, name, unit):
    values, times = face(80), 5 + np.arange(80) / 25
    recording = read_recording(mediapipe(tmp_path / "face.csv", values, times * unit, name))
    assert recording.kind == "MediaPipe"
    np.testing.assert_allclose(recording.times, times - 5, atol=1e-6)
    np.testing.assert_allclose(recording.values[:, :51], values[:, :51], atol=1e-6)
    assert not recording.values[:, 51].any()


def test_frame_numbers_have_the_rate_that_is_given(tmp_path):
    path = write_table(tmp_path / "face.csv", ["frame", *channels.FACE], [[n, *row] for n, row in enumerate(face(50))])
    assert read_recording(path, 25.0).rate == FrameRate(25)
    assumed = read_recording(path)
    assert assumed.rate == FrameRate(30)
    assert "30 rows a second are assumed" in assumed.notes[0]


@pytest.mark.parametrize(("delimiter", "comma"), [(",", False), (";", False), (";", True), ("\t", True)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_tables_as_spreadsheets_save_them(tmp_path, delimiter, comma, encoding):
    values = face(40)
    rows = [[n / 25, *row, "müde"] for n, row in enumerate(values)]
    cells = [[str(cell).replace(".", ",") if comma else cell for cell in row] for row in rows]
    path = write_table(tmp_path / "face.csv", ["time", *PASCAL, "mood"], cells, delimiter=delimiter, encoding=encoding)
    np.testing.assert_allclose(read_recording(path).values, values, atol=1e-6)


@pytest.mark.parametrize("form", ["blendShapes.{}", "bs_{}", "face/{}", "ARKit:{}"])
def test_names_with_prefixes(tmp_path, form):
    names = [form.format(name) for name in PASCAL]
    path = write_table(tmp_path / "face.csv", ["timeCode", *names], [[n / 30, *row] for n, row in enumerate(face(40))])
    np.testing.assert_allclose(read_recording(path).values, face(40), atol=1e-6)


def test_sides_as_single_letters(tmp_path):
    names = ["eyeBlink_L", "eyeBlink_R", "mouthSmile.L", "mouthSmile.R", "jawOpen", "mouthLeft", "jawRight"]
    expected = [
        "eyeBlinkLeft",
        "eyeBlinkRight",
        "mouthSmileLeft",
        "mouthSmileRight",
        "jawOpen",
        "mouthLeft",
        "jawRight",
    ]
    path = write_table(tmp_path / "f.csv", ["time", *names], [[n / 30, *range(7)] for n in range(3)])
    values = read_recording(path).values
    assert [values[0, channels.FACE.index(name)] for name in expected] == list(range(7))


def test_rows_without_a_face_are_lost(tmp_path):
    values = face(120)
    path = live_link(tmp_path / "take.csv", values, timecodes(np.arange(120) / 60, 60))
    lines = path.read_text().splitlines()
    for row in range(30, 40):
        lines[1 + row] = lines[1 + row].split(",")[0] + ",0"
    lines[1 + 60] = ",".join([*lines[61].split(",")[:2], *[""] * 61])
    path.write_text("\n".join(lines))
    recording = read_recording(path)
    assert np.flatnonzero(~recording.tracked).tolist() == [*range(30, 40), 60]
    np.testing.assert_allclose(recording.values[recording.tracked], values[recording.tracked], atol=1e-6)


def test_frozen_rows_are_lost_and_short_repeats_are_not(tmp_path):
    values = face(120)
    values[21] = values[20]
    values[50:80] = values[50]
    recording = read_recording(live_link(tmp_path / "take.csv", values, timecodes(np.arange(120) / 60, 60)))
    assert np.flatnonzero(~recording.tracked).tolist() == list(range(51, 80))


def test_a_camera_on_its_side_does_not_tilt_the_head(tmp_path):
    angles = np.tile([0.0, 0.0, np.pi / 2], (60, 1)) + np.random.default_rng(0).normal(0, 0.05, (60, 3))
    recording = read_recording(live_link(tmp_path / "take.csv", face(60), timecodes(np.arange(60) / 60, 60), angles))
    assert np.abs(recording.values[:, 52:]).max() < 0.3
    assert "not upright" in recording.notes[0]


def test_degrees_are_recognised(tmp_path):
    names = ["time", *channels.FACE, *HEAD]
    path = write_table(tmp_path / "f.csv", names, [[n / 30, *row, 0, 20, 0] for n, row in enumerate(face(40))])
    np.testing.assert_allclose(read_recording(path).values[:, 52], np.radians(20), atol=1e-6)


def test_audio2face_with_names_of_arkit(tmp_path):
    values = face(50)
    values[10:30] = values[10]
    recording = read_recording(audio2face(tmp_path / "a.json", values))
    assert recording.rate == FrameRate(60)
    assert recording.tracked.all()
    np.testing.assert_allclose(recording.values, values, atol=1e-6)


def test_audio2face_with_action_units(tmp_path):
    names = list(UNITS)
    values = np.eye(len(names)) * 0.5
    recording = read_recording(audio2face(tmp_path / "a.json", values, names, 30))
    for row, unit in enumerate(names):
        expected = {channel: 0.5 * weight for channel, weight in UNITS[unit].items()}
        got = {name: recording.values[row, i] for i, name in enumerate(channels.FACE) if recording.values[row, i]}
        assert got == pytest.approx(expected)


def test_a_list_of_frames(tmp_path):
    values = face(30)
    frames = [
        {"timeCode": n / 25, "blendShapes": dict(zip(PASCAL, row.tolist(), strict=True))}
        for n, row in enumerate(values)
    ]
    (tmp_path / "a.json").write_text(json.dumps(frames))
    recording = read_recording(tmp_path / "a.json")
    assert recording.rate == FrameRate(25)
    np.testing.assert_allclose(recording.values, values, atol=1e-6)


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty.csv": (b"", "empty"),
    "header.csv": (",".join(["Timecode", *PASCAL]).encode(), "no rows"),
    "other.csv": (b"name,age\nanna,3\n", "0 of ARKit's shapes"),
    "text.csv": (",".join(["time", *PASCAL]).encode() + b"\n0" + b",abc" * 52, "row 1 has 'abc'"),
    "timecode.csv": (",".join(["Timecode", *PASCAL]).encode() + b"\n1:2:x" + b",0.5" * 52, "no timecode"),
    "lost.csv": (",".join(["time", *PASCAL]).encode() + b"\n0" + b",nan" * 52, "no row with a tracked face"),
    "long.csv": (",".join(["seconds", *PASCAL]).encode() + b"\n0" + b",0.5" * 52 + b"\n99999" + b",0.6" * 52, "hours"),
    "nul.csv": (b"\0" * 5000, "not a recorded face"),
    "empty.json": (b"", "not a recorded face"),
    "text.json": (b'"hello"', "neither facsNames"),
    "no names.json": (b'{"weightMat": [[1], [1]]}', "neither facsNames and weightMat"),
    "ragged.json": (b'{"facsNames": ["jawOpen"], "weightMat": [[1], [1, 2]]}', "not a recorded face"),
    "few.json": (b'{"facsNames": ["jawOpen"], "weightMat": [[1], [1]]}', "too few"),
    "deep.json": (b"[" * 200_000, "not a recorded face"),
    "other.npz": (b"PK\x03\x04", "not a recorded face"),
    "take.bvh": (b"HIERARCHY", "not a recording"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_is_refused_with_a_reason(tmp_path, name):
    content, expected = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DifaceError) as error:
        read_recording(tmp_path / name)
    assert expected in error.value.message
    assert error.value.hint


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(DifaceError, match="Cannot read"):
        read_recording(Path(tmp_path / "none.csv"))
