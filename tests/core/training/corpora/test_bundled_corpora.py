"""Bundled corpora: sound and Motion of equal length, and channels that move."""

import numpy as np
import pytest

from diface_core import channels
from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.training import corpora, metrics
from diface_core.training.corpora.grid_s1 import lip_distance
from diface_core.types import MODEL_RATE

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def clips(shared) -> list[corpora.Clip]:
    return corpora.read_grid(shared / "grid_s1") + corpora.read_facegood(shared / "facegood")


def test_sound_and_motion_have_one_length(clips):
    assert len(clips) > 900
    for clip in clips:
        assert len(clip.values) == MODEL_RATE.rows(len(clip.samples) / SAMPLE_RATE)
        assert clip.values.min() >= 0
        assert clip.values.max() <= 1.5
        assert not clip.values[:, ~clip.known].any()


def high_quantile(clips: list[corpora.Clip], channel: str) -> float:
    """Return the weight that one frame in a hundred exceeds."""
    return float(np.quantile(np.concatenate([c.values[:, channels.FACE.index(channel)] for c in clips]), 0.99))


def test_every_clip_has_a_speaker_and_a_recording(clips):
    assert {(c.speaker, c.source) for c in clips} == {("grid_s1",) * 2, ("facegood_1114",) * 2}
    assert all(c.recording == c.name.rsplit("_", 1)[0] for c in clips if c.source == "facegood_1114")


def test_mouth_close_follows_the_tracked_lip_distance(shared):
    """jawOpen - mouthClose correlates with the tracked lip distance at r > .97 over all frames."""
    motion = np.load(shared / "grid_s1" / "motion.npz")
    clip = corpora.read_grid(shared / "grid_s1")[0]
    seen = lip_distance(motion)[list(motion["keys"]).index(clip.name)]
    at = np.interp((np.arange(75) + 0.5) / 25, np.arange(90) / 30, metrics.aperture(clip.values))
    assert np.corrcoef(seen, at)[0, 1] > 0.97


@pytest.mark.parametrize("channel", ["browInnerUp", "browOuterUpLeft", "browDownRight", "mouthUpperUpLeft"])
def test_weakly_tracked_channels_move_visibly(clips, channel):
    """Brows and upper lip of the GRID speaker: weights above 0.05 and below 0.5."""
    assert 0.05 < high_quantile([c for c in clips if c.source == "grid_s1"], channel) < 0.5


def test_blinks_do_not_cause_squints(clips):
    """The speaker blinks 46 times a minute; less than one frame in a hundred has a squint above 0.2."""
    assert high_quantile([c for c in clips if c.source == "grid_s1"], "eyeSquintLeft") < 0.2


def test_controls_that_never_move_leave_their_channels_unknown(shared):
    """FACEGOOD's animators did not animate brows, lids, cheeks and tongue, so these channels are unknown."""
    controls = np.load(shared / "facegood" / "controls.npz")
    names = [str(name) for name in controls["names"]]
    rows = np.concatenate([controls[key] for key in controls.files if key not in ("names", "fps")])
    still = {name for name, column in zip(names, np.ptp(rows, 0), strict=True) if column < 0.01}
    assert {"brow_raise_l", "cheek_puff_l", "tongue_u", "jaw_thrust_c"} <= still
    clip = corpora.read_facegood(shared / "facegood")[0]
    assert not any(clip.known[channels.FACE.index(name)] for name in ("browInnerUp", "cheekPuff", "tongueOut"))
