"""User corpus folders: unusable recordings are skipped by name and do not end a training."""

import logging
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diface_core import channels
from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.errors import DifaceError
from diface_core.motion.files import write_motion
from diface_core.training import corpora
from diface_core.training.corpora import flame_channels, recordings
from diface_core.training.corpora.arkit_folder import timecode_seconds
from diface_core.types import MODEL_RATE, FrameRate, Motion
from diface_core.untrusted.pickle_arrays import load_arrays

pytestmark = pytest.mark.training

JAW = channels.FACE.index("jawOpen")


def spoken(seconds: float, rate: float = 60.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return sound (N,) at 16 kHz whose loudness follows jawOpen of the weights (T, 52), in random syllables."""
    rng = np.random.default_rng(seed)
    knots = np.cumsum(rng.uniform(0.1, 0.5, round(4 * seconds) + 20))
    heights = rng.uniform(0.0, 0.8, len(knots)) * (np.arange(len(knots)) % 2)
    jaw = np.interp(np.arange(round(seconds * rate)) / rate, knots, heights)
    loud = np.interp(np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE, knots, heights)
    values = np.zeros((len(jaw), len(channels.FACE)), np.float32)
    values[:, JAW] = jaw
    values[:, channels.FACE.index("mouthClose")] = 0.1 * jaw
    return (0.3 * loud * rng.standard_normal(len(loud))).astype(np.float32), values


def record(folder: Path, name: str, samples: np.ndarray, values: np.ndarray, ending: str = "wav", fps=60.0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{name}.{ending}", samples, SAMPLE_RATE)
    write_motion(folder / f"{name}.csv", Motion(values, channels.FACE, FrameRate(fps)))
    return folder / f"{name}.csv"


def only(folder: Path) -> corpora.Reading:
    return corpora.read_corpus("arkit", folder)


# --- ARKit folders ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_arkit_recording_of_any_rate_and_format_becomes_a_clip(tmp_path, ending, fps):
    samples, values = spoken(6.0, fps)
    record(tmp_path / "anna" / "monday", "take_1", samples, values, ending, fps)
    (clip,) = only(tmp_path / "anna").clips
    assert (clip.name, clip.speaker, clip.style, clip.source) == (str(Path("monday", "take_1")), *["anna"] * 3)
    assert len(clip.values) == MODEL_RATE.rows(clip.seconds)
    at = np.arange(len(clip.values)) / 30
    expected = np.interp(at, np.arange(len(values)) / fps, values[:, JAW])
    assert np.abs(clip.values[:, JAW] - expected).max() < 0.12
    assert np.corrcoef(clip.values[:, JAW], expected)[0, 1] > 0.98
    assert clip.known.sum() == 2


def test_dropped_rows_do_not_shift_the_others(tmp_path):
    samples, values = spoken(8.0)
    path = record(tmp_path, "take", samples, values)
    header, *rows = path.read_text().splitlines()
    kept = [row for number, row in enumerate(rows) if not 200 <= number < 212]
    path.write_text("\n".join([header, *kept]) + "\n")
    (clip,) = only(tmp_path).clips
    late = slice(120, 230)
    expected = np.interp(np.arange(len(clip.values)) / 30, np.arange(len(values)) / 60, values[:, JAW])
    assert np.corrcoef(clip.values[late, JAW], expected[late])[0, 1] > 0.99


@pytest.mark.parametrize("early", [-0.6, -0.2, 0.25, 0.7])
def test_constant_offset_of_the_sound_is_corrected(early):
    samples, values = spoken(40.0)
    shifted = np.roll(samples, round(early * SAMPLE_RATE))
    start, drift = recordings.estimate_offset(values, np.arange(len(values)) / 60, shifted)
    assert start == pytest.approx(early, abs=0.05)
    assert drift == 0.0


def test_clock_drift_is_corrected():
    samples, values = spoken(90.0)
    start, drift = recordings.estimate_offset(values, np.arange(len(values)) / 60 / 1.006, samples)
    assert drift == pytest.approx(0.006, abs=0.0015)
    assert abs(start) < 0.08


def test_motion_unrelated_to_the_sound_is_not_shifted():
    samples = spoken(40.0, seed=1)[0]
    noise = np.random.default_rng(2).uniform(0, 0.5, (2400, 52)).astype(np.float32)
    assert recordings.estimate_offset(noise, np.arange(2400) / 60, samples) == (0.0, 0.0)
    samples, values = spoken(40.0)
    assert recordings.estimate_offset(values, np.arange(len(values)) / 60, samples) == (0.0, 0.0)


def test_timecodes_cross_midnight_and_hold_subframes():
    codes = ["23:59:59:58.500", "23:59:59:59.500", "00:00:00:00.500"]
    assert timecode_seconds(codes) == pytest.approx([0, 1 / 60, 2 / 60])


def no_sound(path):
    path.with_suffix(".wav").unlink()


def other_columns(path):
    path.write_text("Timecode,Blendshapes\n00:00:00:00,3\n")


def truncate_row(path):
    text = path.read_text()
    path.write_text(text[: len(text) * 2 // 3].rsplit("\n", 1)[0] + "\n00:00:05")


def shuffled(path):
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *reversed(rows)]))


def without_half(path):
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *rows[: len(rows) // 2]]))


def lost_face(path):
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *rows[:100], *rows[160:]]))


def numbers(value):
    def damage(path):
        header, *rows = path.read_text().splitlines()
        cells = rows[50].split(",")
        cells[2 + JAW] = value
        path.write_text("\n".join([header, *rows[:50], ",".join(cells), *rows[51:]]))

    return damage


def still(path):
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(",".join(row.split(",")[:2] + ["0"] * 61) for row in rows)]))


def sound(make):
    def damage(path):
        make(path.with_suffix(".wav"))

    return damage


FAULTS = {
    "no sound": (no_sound, "no sound of the same name"),
    "empty csv": (lambda path: path.write_bytes(b""), "not a motion"),
    "binary csv": (lambda path: path.write_bytes(bytes(range(256)) * 9), "not a motion|codec"),
    "other columns": (other_columns, "not a motion"),
    "a row cut off": (truncate_row, "not a motion"),
    "NaN": (numbers("nan"), "not finite numbers"),
    "infinite": (numbers("inf"), "not finite numbers"),
    "no number": (numbers("open"), "not a motion"),
    "percent": (numbers("80"), "expected 0 to 1"),
    "backwards": (shuffled, "timecodes"),
    "half the motion": (without_half, "of motion, but"),
    "face lost": (lost_face, "without a frame"),
    "nothing moves": (still, "nothing in the face moves"),
    "empty sound": (sound(lambda path: path.write_bytes(b"")), "empty"),
    "no sound file": (sound(lambda path: path.write_bytes(b"RIFF????")), "audio file"),
    "silent": (sound(lambda path: soundfile.write(path, np.zeros(96_000), SAMPLE_RATE)), "silent"),
    "NaN in sound": (
        sound(lambda path: soundfile.write(path, np.full(96_000, np.nan), SAMPLE_RATE, "FLOAT")),
        "not finite",
    ),
    "short sound": (sound(lambda path: soundfile.write(path, np.ones(800), SAMPLE_RATE)), "of motion, but"),
    "sound at another rate": (sound(lambda path: soundfile.write(path, np.ones(96_000) * 0.1, 8000)), "of motion, but"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_malformed_recording_is_skipped_by_name_and_the_valid_one_is_kept(tmp_path, name, caplog):
    damage, why = FAULTS[name]
    record(tmp_path, "good", *spoken(6.0))
    damage(record(tmp_path, "bad", *spoken(6.0)))
    with caplog.at_level(logging.INFO):
        reading = only(tmp_path)
    assert [clip.name for clip in reading.clips] == ["good"]
    (skipped,) = reading.skipped
    assert "bad" in skipped.path
    assert re.search(why, skipped.reason), skipped.reason
    assert "1 skipped" in caplog.text
    assert skipped.reason in caplog.text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_the_bytes_raises(tmp_path, data):
    """With any bytes lost or changed, the valid clip is read, and the damaged one is read or skipped."""
    samples, values = spoken(2.0)
    record(tmp_path, "good", samples, values)
    path = record(tmp_path, "bad", samples, values)
    damaged = data.draw(st.sampled_from([path, path.with_suffix(".wav")]))
    content = bytearray(damaged.read_bytes())
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, min(len(content) - 1, 4000)))] = data.draw(st.integers(0, 255))
    damaged.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    reading = only(tmp_path)
    assert "good" in [clip.name for clip in reading.clips]
    assert len(reading.clips) + len(reading.skipped) == 2


def test_empty_folder_error_has_a_hint(tmp_path):
    with pytest.raises(DifaceError, match="holds no usable clip") as error:
        only(tmp_path)
    assert "remove this corpus" in error.value.hint


def test_folder_without_valid_files_names_the_first_fault(tmp_path):
    no_sound(record(tmp_path, "bad", *spoken(3.0)))
    with pytest.raises(DifaceError, match=r"1 were skipped .*no sound of the same name"):
        only(tmp_path)


def test_clip_faults_of_a_reader_are_detected():
    samples, values = spoken(3.0, 30.0)
    clip = corpora.Clip("c", samples, values, np.ones(52, bool), "s", source="x")
    bad = [
        corpora.Clip("rows", samples, values[:-1], clip.known, "s"),
        corpora.Clip("short", samples[:1000], values[:2], clip.known, "s"),
        corpora.Clip("columns", samples, values[:, :3], clip.known, "s"),
        corpora.Clip("unknown", samples, values, ~clip.known, "s"),
    ]
    reading = corpora.check_clips([clip, *bad], Path("folder"))
    assert reading.clips == (clip,)
    assert [item.path for item in reading.skipped] == ["rows", "short", "columns", "unknown"]
    assert "4 skipped" in reading.summary()


def test_resting_face_is_valid_where_expected(tmp_path):
    reading = corpora.read_corpus("not_speech", tmp_path)
    assert len(reading.clips) > 20
    assert not reading.skipped
    assert all(np.ptp(clip.values) == 0 for clip in reading.clips)


@pytest.mark.parametrize("kind", ["grid", "facegood", "vocaset"])
def test_missing_corpus_names_the_missing_files(tmp_path, kind):
    with pytest.raises(DifaceError, match="missing"):
        corpora.read_corpus(kind, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"no archive"])
def test_damaged_corpus_is_reported(tmp_path, content):
    (tmp_path / "controls.npz").write_bytes(content)
    with pytest.raises(DifaceError, match="damaged"):
        corpora.read_corpus("facegood", tmp_path)


def test_facegood_recording_without_controls_or_sound_is_skipped(tmp_path):
    names = ["mouth_stretch_c", *sorted({c for s in corpora.facegood_1114.FACEGOOD_CONTROLS.values() for c in s})]
    names = list(dict.fromkeys(names))
    rows = np.random.default_rng(0).uniform(0, 0.5, (900, len(names)))
    np.savez(tmp_path / "controls.npz", names=np.array(names), fps=30, a=rows, b=rows, c=rows[:300])
    for name, seconds in (("a", 30), ("c", 30), ("d", 30)):
        soundfile.write(tmp_path / f"{name}.flac", spoken(seconds)[0], SAMPLE_RATE)
    reading = corpora.read_corpus("facegood", tmp_path)
    assert {clip.recording for clip in reading.clips} == {"a"}
    assert {item.path for item in reading.skipped} == {"b.flac", "c.flac", "d.flac"}


# --- VOCASET ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flame(shared) -> dict[str, np.ndarray]:
    with np.load(shared / "flame2023open.npz") as arrays:
        return {name: arrays[name].astype(np.float32) for name in ("v_template", "weights", "J_regressor")}


def opened(flame: dict[str, np.ndarray], angles: np.ndarray) -> np.ndarray:
    """Return FLAME's vertices (T, 5023, 3) with the jaw rotated down by `angles` (T,) radians."""
    rest, share = flame["v_template"], flame["weights"][:, 2:3]
    joint = flame["J_regressor"][2] @ rest
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    y, z = (rest - joint)[:, 1], (rest - joint)[:, 2]
    turned = np.stack([np.tile(rest[:, 0], (len(angles), 1)), cos * y - sin * z, sin * y + cos * z], -1)
    turned[..., 1:] += joint[1:]
    return (rest + (turned - rest) * share).astype(np.float32)


def vocaset(folder: Path, flame: dict[str, np.ndarray], seconds: float = 2.0) -> Path:
    for name in ("wav", "vertices_npy"):
        (folder / name).mkdir(parents=True)
    speakers = {"FaceTalk_1_TA": flame["v_template"].astype(np.float64)}
    (folder / "templates.pkl").write_bytes(pickle.dumps(speakers, protocol=2))
    samples, values = spoken(seconds)
    soundfile.write(folder / "wav" / "FaceTalk_1_TA_sentence01.wav", samples, SAMPLE_RATE)
    moved = opened(flame, 0.35 * values[:, JAW]).reshape(len(values), -1)
    np.save(folder / "vertices_npy" / "FaceTalk_1_TA_sentence01.npy", moved)
    return folder


def test_flame_jaw_rotation_gives_jaw_open(tmp_path, flame):
    (clip,) = corpora.read_corpus("vocaset", vocaset(tmp_path / "voca", flame)).clips
    assert (clip.speaker, clip.style, clip.source) == ("FaceTalk_1_TA", "FaceTalk_1_TA", "voca")
    jaw = np.interp(np.arange(len(clip.values)) / 30, np.arange(120) / 60, spoken(2.0)[1][:, JAW])
    assert np.corrcoef(clip.values[:, JAW], jaw)[0, 1] > 0.99
    assert clip.values[:, JAW].max() == pytest.approx(jaw.max(), rel=0.15)
    assert not clip.values[:, ~clip.known].any()
    assert not clip.known[channels.FACE.index("browInnerUp")]


def test_rigid_head_motion_gives_no_face_motion(flame):
    rest = flame["v_template"]
    angle = 0.4
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]], np.float32)
    mouth = opened(flame, np.array([0.0, 0.2]))
    away = mouth @ turn.T + np.array([0.1, 0.02, -0.05], np.float32)
    assert flame_channels.arkit_weights(away, rest) == pytest.approx(
        flame_channels.arkit_weights(mouth, rest), abs=0.01
    )
    assert flame_channels.arkit_weights(away, rest)[0].max() < 0.01


def test_observable_shapes_are_recovered(flame):
    """Points that are moved by the bundled head's shapes are read as those shapes."""
    rest, rng = flame["v_template"], np.random.default_rng(0)
    columns, middles = flame_channels._head_shapes()
    scale = np.linalg.norm(middles[0] - middles[1]) / np.linalg.norm(np.subtract(*flame_channels._eye_centres(rest)))
    wanted = rng.uniform(0, 0.6, (60, len(flame_channels.OBSERVABLE_CHANNELS))) * (
        rng.random((60, len(flame_channels.OBSERVABLE_CHANNELS))) < 0.3
    )
    wanted[:, -1] *= wanted[:, -2] == 0
    displacements = (wanted @ columns.T).reshape(60, -1, 3) / scale
    displacements += rng.normal(0, 2e-4, displacements.shape)
    points = [*flame_channels.UPPER_LIP, *flame_channels.LOWER_LIP, *flame_channels.CORNERS, *flame_channels.MIDLINE]
    moved = np.repeat(rest[None], 60, 0)
    moved[:, points] += np.stack([displacements[..., 0], displacements[..., 2], -displacements[..., 1]], -1)
    got = flame_channels.arkit_weights(moved, rest)
    for column, name in enumerate(flame_channels.OBSERVABLE_CHANNELS):
        r = np.corrcoef(wanted[:, column], got[:, channels.FACE.index(name)])[0, 1]
        assert r > 0.9, (name, r)


VOCA_FAULTS = {
    "no wav": (lambda f, v: (f / "wav" / v).with_suffix(".wav").unlink(), "no sound"),
    "another rate": (lambda f, v: np.save(f / "vertices_npy" / v, np.zeros((60, 15069), np.float32)), "60 fps"),
    "other topology": (lambda f, v: np.save(f / "vertices_npy" / v, np.zeros((120, 30), np.float32)), "15069"),
    "NaN": (lambda f, v: np.save(f / "vertices_npy" / v, np.full((120, 15069), np.nan, np.float32)), "not finite"),
    "millimetres": (lambda f, v: np.save(f / "vertices_npy" / v, np.full((120, 15069), 90.0, np.float32)), "metres"),
    "empty": (lambda f, v: (f / "vertices_npy" / v).write_bytes(b""), ""),
    "pickled": (lambda f, v: np.save(f / "vertices_npy" / v, np.array([{}], object), allow_pickle=True), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", VOCA_FAULTS)
def test_malformed_vocaset_sequence_is_skipped(tmp_path, flame, name):
    damage, why = VOCA_FAULTS[name]
    folder = vocaset(tmp_path / "voca", flame)
    for kind, ending in (("wav", "wav"), ("vertices_npy", "npy")):
        good = folder / kind / f"FaceTalk_1_TA_sentence01.{ending}"
        good.with_stem("FaceTalk_1_TA_sentence02").write_bytes(good.read_bytes())
    damage(folder, "FaceTalk_1_TA_sentence02.npy")
    reading = corpora.read_corpus("vocaset", folder)
    assert [clip.name for clip in reading.clips] == ["FaceTalk_1_TA_sentence01"]
    assert any("sentence02" in item.path and why in item.reason for item in reading.skipped)


class Harmful:
    def __reduce__(self):
        return (Path.touch, (Path("harm"),))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_harmful_pickle_is_refused_and_not_run(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    for content in ({"a": Harmful()}, {"a": np.array([Harmful()], object)}):
        (tmp_path / "templates.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
        with pytest.raises(DifaceError, match="not an array"):
            load_arrays(tmp_path / "templates.pkl")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_templates_of_any_pickle_protocol_are_read(tmp_path, protocol):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.ones(3, np.float32)}
    (tmp_path / "t.pkl").write_bytes(pickle.dumps(arrays, protocol=protocol))
    got = load_arrays(tmp_path / "t.pkl")
    assert set(got) == {"a", "b"}
    assert np.array_equal(got["a"], arrays["a"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_pickle_raises_a_diface_error(tmp_path, data):
    content = bytearray(pickle.dumps({"a": np.arange(12.0)}, protocol=2))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "t.pkl"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        arrays = load_arrays(path)
    except DifaceError:
        return
    assert all(isinstance(value, np.ndarray) for value in arrays.values())
