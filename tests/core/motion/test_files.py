"""Motion files: round trips, the layout that other programs expect, atomic writes."""

from __future__ import annotations

import csv
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diface_core import DifaceError, FrameRate, Motion, channels
from diface_core.motion.files import COLUMNS, read_csv, read_npz, timecode, write_motion, writer_for

RATES = [FrameRate(24), FrameRate(25), FrameRate(30), FrameRate(60), FrameRate(30, 1.001)]


def motion(rows: int = 50, parts: tuple[str, ...] = ("face", "head"), rate: FrameRate = RATES[2]) -> Motion:
    names = channels.of_parts(parts)
    values = np.random.default_rng(rows).uniform(0, 0.6, (rows, len(names))).astype(np.float32)
    return Motion(values, names, rate)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("parts", [("face",), ("head",), ("face", "head")])
def test_npz_round_trip(tmp_path, rate, parts):
    wanted = motion(parts=parts, rate=rate)
    write_motion(tmp_path / "m.npz", wanted)
    back = read_npz(tmp_path / "m.npz")
    np.testing.assert_array_equal(back.values, wanted.values)
    assert back.values.dtype == np.float32
    assert back.channels == wanted.channels
    assert back.rate.value == rate.value


def test_npz_is_plain_numpy(tmp_path):
    write_motion(tmp_path / "m.npz", motion())
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        assert sorted(file) == ["channels", "fps", "values"]
        assert file["values"].dtype == np.float32
        assert file["fps"] == 30
        assert list(file["channels"]) == list(channels.ALL)


def test_equal_motions_give_equal_files(tmp_path):
    for name in ("a.npz", "b.npz", "a.csv", "b.csv"):
        write_motion(tmp_path / name, motion())
    for suffix in ("npz", "csv"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.just(55)), elements=st.floats(-0.75, 0.75, width=32)))
def test_csv_round_trip(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("csv") / "m.csv"
    write_motion(path, Motion(values, channels.ALL, RATES[0]))
    back = read_csv(path, RATES[0])
    np.testing.assert_array_equal(back.values[:, :52], values[:, :52])
    np.testing.assert_allclose(back.values[:, 52:], values[:, 52:], atol=2e-6)
    assert back.channels == channels.ALL


def test_csv_has_the_columns_of_live_link_face(tmp_path):
    write_motion(tmp_path / "m.csv", motion(3))
    with (tmp_path / "m.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:4] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert header[16:20] == ["JawForward", "JawRight", "JawLeft", "JawOpen"]
    assert header[53:] == [
        "TongueOut", "HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
        "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
    ]  # fmt: skip
    assert len(COLUMNS) == 61
    assert [row[:2] for row in rows] == [[f"00:00:00:0{frame}.000", "61"] for frame in range(3)]
    assert all(len(row) == 63 for row in rows)
    assert (tmp_path / "m.csv").read_bytes().count(b"\r") == 0


@pytest.mark.parametrize(
    ("channel", "column", "sign"), [("head_rz", "HeadYaw", -1), ("head_rx", "HeadPitch", 1), ("head_ry", "HeadRoll", 1)]
)
def test_rotation_about_one_axis_is_one_angle_in_radians(tmp_path, channel, column, sign):
    values = np.zeros((1, 3), np.float32)
    values[0, channels.HEAD.index(channel)] = 0.25
    write_motion(tmp_path / "m.csv", Motion(values, channels.HEAD, RATES[0]))
    with (tmp_path / "m.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    turned = {name: float(value) for name, value in row.items() if name in COLUMNS and float(value)}
    assert turned == {column: pytest.approx(sign * 0.25)}


def test_csv_columns_of_missing_parts_are_zero(tmp_path):
    for parts, zero in ((("face",), slice(52, 55)), (("head",), slice(0, 52))):
        write_motion(tmp_path / "m.csv", motion(parts=parts))
        values = read_csv(tmp_path / "m.csv", RATES[0]).values
        assert not values[:, zero].any()
        assert values.any()


@pytest.mark.parametrize(
    ("row", "rate", "expected"),
    [
        (0, FrameRate(24), "00:00:00:00.000"),
        (23, FrameRate(24), "00:00:00:23.000"),
        (24, FrameRate(24), "00:00:01:00.000"),
        (1, FrameRate(24, 1.001), "00:00:00:01.001"),
        (24, FrameRate(24, 1.001), "00:00:01:00.024"),
        (1000, FrameRate(60, 1.001), "00:00:16:41.000"),
        (29, FrameRate(29.476), "00:00:00:29.516"),
        (59, FrameRate(60), "00:00:00:59.000"),
        (25 * 3600 * 11 + 25 * 61 + 7, FrameRate(25), "11:01:01:07.000"),
    ],
)
def test_timecode_of_rows(row, rate, expected):
    assert timecode(row, rate) == expected


@pytest.mark.parametrize("name", ["m.bvh", "m", "m.npz.txt", ".csv"])
def test_unknown_suffix_is_refused(tmp_path, name):
    with pytest.raises(DifaceError, match=r"\.npz, \.csv or \.json"):
        write_motion(tmp_path / name, motion())
    assert not list(tmp_path.iterdir())


def test_suffixes_in_capitals_are_accepted(tmp_path):
    write_motion(tmp_path / "m.NPZ", motion())
    assert len(read_npz(tmp_path / "m.NPZ")) == 50


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(DifaceError, match="does not exist"):
        writer_for(tmp_path / "nowhere" / "m.npz")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DifaceError, match="Permission denied"):
        write_motion(tmp_path / "m.npz", motion())
    tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("name", ["m.npz", "m.csv"])
def test_full_disk_leaves_the_old_file(tmp_path, monkeypatch, name):
    write_motion(tmp_path / name, motion(10))
    before = (tmp_path / name).read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda *_: open("/dev/full", "wb"))  # noqa: PTH123, SIM115
        with pytest.raises(DifaceError, match="No space left"):
            write_motion(tmp_path / name, motion(2000))
    assert (tmp_path / name).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_files_have_the_permissions_of_new_files(tmp_path):
    (tmp_path / "plain").touch()
    write_motion(tmp_path / "m.npz", motion())
    assert (tmp_path / "m.npz").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    "content",
    [b"", b"noise", b"PK\x03\x04", b"Timecode,BlendShapeCount,JawOpen\n0,1,0.5\n", ",".join(COLUMNS).encode()],
)
def test_other_files_are_refused(tmp_path, content):
    for name, read in (("m.npz", read_npz), ("m.csv", lambda path: read_csv(path, RATES[0]))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DifaceError, match="not a motion"):
            read(tmp_path / name)
        with pytest.raises(DifaceError, match="not a motion"):
            read(tmp_path / "missing")


def test_member_that_is_no_array_is_refused(tmp_path):
    write_motion(tmp_path / "m.npz", motion(3))
    with zipfile.ZipFile(tmp_path / "m.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        for name, content in {**members, "values.npy": b"noise"}.items():
            archive.writestr(name, content)
    with pytest.raises(DifaceError, match="not a motion"):
        read_npz(tmp_path / "m.npz")


def test_name_beyond_unicode_is_refused(tmp_path):
    names = np.array(["jawOpen"])
    names.view(np.uint32)[:] = 0x7FFFFFFF
    np.savez(tmp_path / "m.npz", values=np.zeros((3, 1), np.float32), channels=names, fps=30.0)
    with pytest.raises(DifaceError, match="not a motion"):
        read_npz(tmp_path / "m.npz")


def test_single_array_is_refused(tmp_path):
    with (tmp_path / "m.npz").open("wb") as file:
        np.save(file, np.zeros((3, 3)))
    with pytest.raises(DifaceError, match="not a motion"):
        read_npz(tmp_path / "m.npz")


def test_csv_with_text_in_place_of_numbers_is_refused(tmp_path):
    write_motion(tmp_path / "m.csv", motion(2))
    text = (tmp_path / "m.csv").read_text().replace("\n00", "\n00", 1)
    lines = text.splitlines()
    lines[1] = lines[1].rsplit(",", 20)[0] + ",oops" * 20
    (tmp_path / "m.csv").write_text("\n".join(lines))
    with pytest.raises(DifaceError, match="not a motion"):
        read_csv(tmp_path / "m.csv", RATES[0])
