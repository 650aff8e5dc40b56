"""Training: corpora without leaks, voices, measures that mean what they say."""

import numpy as np
import pytest

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
