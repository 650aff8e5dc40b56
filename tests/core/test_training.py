"""Training: corpora without leaks, voices, measures that mean what they say."""

import numpy as np
import pytest

from diface_core import channels
from diface_core.features import RATE
from diface_core.training import augment, corpora, head_tracks, metrics
from diface_core.training.corpora.grid_s1 import lip_distance
from diface_core.types import MODEL_RATE

# --- corpora ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clips(shared) -> list[corpora.Clip]:
    return corpora.grid(shared / "grid_s1") + corpora.facegood(shared / "facegood")


def test_sound_and_motion_have_one_length(clips):
    assert len(clips) > 900
    for clip in clips:
        assert len(clip.values) == MODEL_RATE.rows(len(clip.samples) / RATE)
        assert clip.values.min() >= 0
        assert clip.values.max() <= 1.5
        assert not clip.values[:, ~clip.known].any()


def test_the_split_holds_some_of_every_speaker_and_shares_no_sound(clips):
    judged = [clip for clip in clips if corpora.held_out(clip)]
    trained = [clip for clip in clips if not corpora.held_out(clip)]
    assert {c.style for c in judged} == {c.style for c in trained} == {"grid_s1", "facegood_1114"}
    assert 0.05 < len(judged) / len(clips) < 0.2
    heard = {clip.samples.tobytes() for clip in trained}
    assert not any(clip.samples.tobytes() in heard for clip in judged)


def test_mouth_close_follows_the_lips_that_were_seen(shared):
    """jawOpen - mouthClose is the tracked distance of the lips, to r .97 over all frames."""
    motion = np.load(shared / "grid_s1" / "motion.npz")
    clip = corpora.grid(shared / "grid_s1")[0]
    seen = lip_distance(motion)[list(motion["keys"]).index(clip.name)]
    at = np.interp((np.arange(75) + 0.5) / 25, np.arange(90) / 30, metrics.aperture(clip.values))
    assert np.corrcoef(seen, at)[0, 1] > 0.97


def test_head_tracks_are_in_our_axes(shared):
    """Shaking the head (about the up axis) is what people do most; in our axes that is the third."""
    tracks = head_tracks.tracks(shared / "head_tracks")
    spread = np.sqrt(np.mean([rotation.var(0) for rotation, _ in tracks.values()], axis=0))
    assert spread[2] > spread[1]
    assert len(tracks) == 12
    assert set(head_tracks.HELD_OUT) < set(tracks)
    assert any(np.isnan(heard).all() for _, heard in tracks.values())


# --- voices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [16, 20, 26])
def test_a_voice_moves_sound_and_motion_together(speed):
    """A click and the weight that marks it stay together at any speed."""
    samples, values = np.zeros(6 * RATE, np.float32), np.zeros((180, 2), np.float32)
    samples[4 * RATE] = 1
    values[:, 0] = np.maximum(0, 1 - np.abs(np.arange(180) - 120) / 3)
    voice = augment.Voice(speed=speed)
    sound = augment.vary(samples, voice, np.random.default_rng(0))
    moved = augment.vary_motion(values, voice, len(sound))
    assert len(moved) == MODEL_RATE.rows(len(sound) / RATE)
    at = (moved[:, 0] * np.arange(len(moved))).sum() / moved[:, 0].sum() / 30
    assert abs(at - np.abs(sound).argmax() / RATE) < 0.01


def test_no_variation_is_no_change():
    samples = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert np.array_equal(augment.vary(samples, augment.Voice(), np.random.default_rng(0)), samples)


# --- measures --------------------------------------------------------------------------------------------------------


def spoken(aperture: np.ndarray, phones: list[tuple[float, float, str]]) -> tuple[np.ndarray, corpora.Clip]:
    values = np.zeros((len(aperture), len(channels.FACE)), np.float32)
    values[:, channels.FACE.index("jawOpen")] = aperture
    said = tuple(corpora.Phone(*phone) for phone in phones)
    return values, corpora.Clip("clip", np.zeros(1, np.float32), values, np.ones(52, bool), "style", said)


def test_closures_count_and_a_shut_mouth_gains_no_lift():
    phones = [(0.0, 0.3, "AA"), (0.3, 0.5, "M"), (0.5, 0.8, "AA"), (0.8, 1.0, "B"), (1.0, 1.3, "IY")]
    aperture = np.full(45, 0.5, np.float32)
    aperture[10:14] = aperture[25:28] = 0.0
    values, clip = spoken(aperture, phones)
    assert metrics.closure_rates([metrics.aperture(values)], [clip]) == (1.0, 1.0)
    shut, _ = spoken(np.zeros(45, np.float32), phones)
    assert metrics.closure_rates([metrics.aperture(shut)], [clip]) == (1.0, 0.0)


def test_a_mean_track_scores_no_residual_correlation():
    rng = np.random.default_rng(0)
    shape = np.sin(np.arange(60) / 5)
    truth = [shape + 0.3 * rng.standard_normal(60) for _ in range(40)]
    mean = [np.mean(truth, 0)] * 40
    assert metrics.correlation(mean, truth) > 0.8
    assert abs(metrics.residual_correlation([m + 1e-6 * rng.standard_normal(60) for m in mean], truth)) < 0.1
    assert metrics.residual_correlation(truth, truth) == pytest.approx(1.0)


@pytest.mark.parametrize("rows", [-3, 0, 2])
def test_sync_offset_finds_a_late_track(rows):
    truth = [np.convolve(np.random.default_rng(n).standard_normal(120), np.ones(5), "same") for n in range(3)]
    assert metrics.sync_offset([np.roll(t, rows) for t in truth], truth) == pytest.approx(rows * 1000 / 30, abs=5)


def test_jitter_of_a_smooth_track_is_below_that_of_noise():
    smooth, noise = np.sin(np.arange(200) / 10), np.random.default_rng(0).standard_normal(200)
    assert metrics.jitter([smooth]) < 0.2 < 1.0 < metrics.jitter([noise])
