"""Two recordings of Live Link Face, and the tracked faces of a corpus with its sound. Skipped where they are absent."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.spatial.transform import Rotation

from diface_core import AudioSection, FrameRate, GenerateRequest, Layers, channels
from diface_core.generate import Generator
from diface_core.motion.head_angles import vectors_from_angles
from diface_core.recordings.align import find_offset
from diface_core.recordings.build import build
from diface_core.recordings.read import read_recording
from diface_core.recordings.row_times import RowTimes

DATA = Path(__file__).parents[4] / "shared" / "data"


def data(name: str) -> Path:
    """Return a file beside the project. Skips the test if it is absent."""
    path = next((folder / name for folder in (DATA, Path("../shared/data")) if (folder / name).exists()), None)
    if path is None:
        pytest.skip(f"{name} is not in ../shared/data.")
    return path


def columns(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header[2:], np.array([row[2:] for row in rows], float).T, strict=True))


def test_rows_are_timed_by_their_timecodes():
    short, long = (read_recording(data(f"livelink/{name}.csv")) for name in ("facebuilder_take", "range_of_motion"))
    assert (len(short.times), len(long.times)) == (328, 4030)
    assert 59.93 < short.rate.value < 59.98
    assert long.rate == FrameRate(30)
    assert long.seconds == pytest.approx((4030 + 3 - 1) / 30, abs=0.05)  # three rows were dropped
    assert short.tracked.all()
    assert long.tracked.all()
    assert not short.has_head
    assert not long.has_head


def test_signs_of_the_angles():
    """Looking to its left is a negative yaw, looking up a negative pitch, and the eyes do not twist."""
    found = columns(data("livelink/range_of_motion.csv"))
    left = found["EyeLookOutLeft"] - found["EyeLookInLeft"]
    up = found["EyeLookUpLeft"] - found["EyeLookDownLeft"]
    assert np.corrcoef(left, found["LeftEyeYaw"])[0, 1] < -0.95
    assert np.corrcoef(up, found["LeftEyePitch"])[0, 1] < -0.95
    angles = np.stack([found[f"LeftEye{angle}"] for angle in ("Yaw", "Pitch", "Roll")], axis=1)
    twist, other = (vectors_from_angles(angles * (1, 1, sign))[:, 1].std() for sign in (1, -1))
    assert twist < 0.4 * other
    nose = Rotation.from_rotvec(vectors_from_angles(angles)).apply([0, -1, 0])
    assert np.corrcoef(left, nose[:, 0])[0, 1] > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("begin", [0.0, 2.345, 5.017])
def test_offset_of_a_tracked_face_in_its_sound(tmp_path, begin):
    """Eighteen seconds of the corpus GRID with MediaPipe's weights."""
    motion, clips = np.load(data("grid_s1/motion.npz")), np.arange(100, 106)
    with soundfile.SoundFile(data("grid_s1/audio.flac")) as file:
        file.seek(100 * 48000)
        soundfile.write(tmp_path / "speech.wav", file.read(6 * 48000), 16000)
    names, weights = list(motion["names"]), motion["blendshapes"][clips].reshape(-1, 52)
    face = np.stack(
        [weights[:, names.index(name)] if name in names else 0 * weights[:, 0] for name in channels.FACE], 1
    )
    times = (np.arange(len(face)) + 0.5) / 25
    kept = times >= begin
    recording = build("MediaPipe", RowTimes(times[kept] - times[kept][0]), face[kept])
    request = GenerateRequest(
        AudioSection(tmp_path / "speech.wav"), parts=("face",), variety=0.0, layers=Layers(None, None, None, None)
    )
    generated = Generator.load().generate(request, lambda progress: None).motion
    offset = find_offset(recording, generated)
    assert offset.is_found
    assert offset.seconds == pytest.approx(times[kept][0], abs=0.02)
