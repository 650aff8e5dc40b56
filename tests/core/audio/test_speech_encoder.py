"""Speech features: comparison with the reference encoder, window boundaries, time of rows."""

import numpy as np
import pytest
import soundfile

from diface_core.audio.loudness import measure_audio
from diface_core.audio.speech_encoder import (
    ENCODER_RATE,
    HOP_SECONDS,
    LOUDNESS,
    MEL,
    SAMPLE_RATE,
    SPEECH,
    SpeechEncoder,
)
from diface_core.errors import ModelError
from diface_core.types import MODEL_RATE, AudioClip

ROWS_PER_S = MODEL_RATE.value


@pytest.fixture(scope="module")
def encoder() -> SpeechEncoder:
    return SpeechEncoder.load()


@pytest.fixture(scope="module")
def spoken(speech) -> np.ndarray:
    samples, rate = soundfile.read(speech, dtype="float32")
    assert rate == SAMPLE_RATE
    return samples


def test_encoder_matches_the_reference(shared):
    check = np.load(shared / "whisper_check.npz")
    rows = SpeechEncoder.load(window_seconds=30.0).encode_window(check["audio"])[: len(check["encoder"]), SPEECH]
    assert np.abs(rows - check["encoder"]).max() < 1e-3


@pytest.mark.parametrize("seconds", [0.01, 0.5, 3.0, 9.99, 10.02, 13.3])
def test_every_length_gives_the_right_number_of_rows(encoder, seconds):
    sound = np.random.default_rng(0).standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32) * 0.1
    features = encoder.encode(AudioClip(sound, SAMPLE_RATE))
    assert len(features) == MODEL_RATE.rows(len(sound) / SAMPLE_RATE)
    assert np.isfinite(features).all()


def test_window_boundaries_are_as_smooth_as_other_rows(encoder, spoken):
    """Compared with one window over all, rows near a boundary are as close as the others."""
    sound = np.concatenate([spoken, spoken])[: 26 * SAMPLE_RATE]
    levelled = sound * measure_audio([sound]).gain
    full = SpeechEncoder.load(window_seconds=26.0).encode_window(levelled)[:, SPEECH]
    at = np.arange(round(len(sound) / SAMPLE_RATE * ENCODER_RATE)) / ENCODER_RATE
    pieces = np.concatenate(list(encoder._encode_windows([levelled], len(levelled), 1.0)))[: len(at), SPEECH]

    distance = np.linalg.norm(pieces - full[: len(at)], axis=1)
    steps = np.linalg.norm(np.diff(pieces, axis=0), axis=1)
    joint = np.abs((at + HOP_SECONDS / 2) % HOP_SECONDS - HOP_SECONDS / 2) < 0.2
    assert distance[joint].mean() < 1.1 * distance[~joint].mean()
    assert steps[joint[1:]].mean() < 1.1 * steps[~joint[1:]].mean()


def test_clicks_appear_at_their_time(encoder):
    """The rows that a click changes are centred on it, to 10 ms."""
    rng = np.random.default_rng(1)
    seconds = np.arange(0.5, 11.5, 0.5) + rng.uniform(-0.1, 0.1, 22)
    plain = rng.standard_normal(12 * SAMPLE_RATE).astype(np.float32) * 0.02
    clicked = plain.copy()
    for second in seconds:
        first = round(second * SAMPLE_RATE) - 40
        clicked[first : first + 80] += rng.standard_normal(80).astype(np.float32)
    before, after = (encoder.encode(AudioClip(s, SAMPLE_RATE)) for s in (plain, clicked))
    at = np.arange(len(before)) / ROWS_PER_S
    for columns in (MEL, slice(LOUDNESS, LOUDNESS + 1)):
        change = ((after - before)[:, columns] ** 2).sum(1)[:, None] * (np.abs(at[:, None] - seconds) < 0.15)
        late = (change * at[:, None]).sum(0) / change.sum(0) - seconds
        assert abs(late.mean()) < 0.010


def test_features_shift_with_the_audio(encoder, spoken):
    """Leading silence shifts the rows by its duration, including the encoder's columns."""
    shift = 1.0
    later = np.concatenate([np.zeros(round(shift * SAMPLE_RATE), np.float32), spoken])
    features = encoder.encode(AudioClip(spoken, SAMPLE_RATE))[:, SPEECH]
    delayed = encoder.encode(AudioClip(later, SAMPLE_RATE))[:, SPEECH]
    features = features - features.mean(0)

    def agreement(lag: int) -> float:
        first = round(shift * ROWS_PER_S) + lag
        return float((features[30:-60] * (delayed - delayed.mean(0))[first + 30 : first + len(features) - 60]).sum())

    assert max(range(-10, 11), key=agreement) == 0


def test_quiet_recording_gives_the_features_of_a_loud_one(encoder, spoken):
    loud = encoder.encode(AudioClip(spoken[: 5 * SAMPLE_RATE], SAMPLE_RATE))
    quiet = encoder.encode(AudioClip(spoken[: 5 * SAMPLE_RATE] * np.float32(0.02), SAMPLE_RATE))
    assert np.abs(loud - quiet).max() < 0.05


def test_exception_of_report_stops_the_encoding(encoder):
    def stop(fraction: float) -> None:
        raise InterruptedError(fraction)

    with pytest.raises(InterruptedError):
        encoder.encode(AudioClip(np.zeros(30 * SAMPLE_RATE, np.float32), SAMPLE_RATE), stop)


def test_missing_or_damaged_encoder_is_refused_with_a_hint(tmp_path):
    with pytest.raises(ModelError, match="missing"):
        SpeechEncoder.load(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"build\.py"):
        SpeechEncoder.load(tmp_path / "bad.safetensors")
