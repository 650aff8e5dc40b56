"""The prior of head motion has the statistics of the tracks; and motion is warped through keys."""

import dataclasses

import numpy as np
import pytest
import soundfile
import torch

from diface_core import channels
from diface_core.audio.loudness import measure_audio
from diface_core.learning.batches import BatchSampler
from diface_core.learning.sequence import TrainingSequence
from diface_core.training.head import coupling, head_measures, head_prior_fit, head_tracks
from diface_core.training.head.head_prior import TABLE_PATH, HeadPrior, colour_noise, fluctuation, loudness_gain
from diface_core.training.head.head_sequences import PriorSequence
from diface_core.training.initial_denoiser import build_denoiser
from diface_core.training.settings import TrainConfig

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def prior() -> HeadPrior:
    return HeadPrior.load()


@pytest.fixture(scope="module")
def loudness(speech) -> np.ndarray:
    """Return the loudness of the sample speech, repeated six times: a minute."""
    return np.tile(measure_audio([soundfile.read(speech, dtype="float32")[0]]).loudness, 6)


@pytest.fixture(scope="module")
def tracks(shared) -> dict:
    return head_tracks.load_tracks(shared / "head_tracks")


def draw_motion(prior, loudness, count=8) -> list[np.ndarray]:
    return [prior.draw(loudness, np.random.default_rng(seed)) for seed in range(count)]


# --- draws -----------------------------------------------------------------------------------------------------------


def test_prior_depends_on_the_seed(prior, loudness):
    first, again, other = (prior.draw(loudness, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert abs(np.corrcoef(first[:, 2], other[:, 2])[0, 1]) < 0.3


def test_prior_amplitude_is_the_median_persons(prior, loudness):
    reached = np.median([np.sqrt(motion.var(0).sum()) for motion in draw_motion(prior, loudness)])
    assert 0.75 < reached / prior.amplitude < 1.25


def test_prior_has_the_natural_spectrum_and_speed(prior, tracks):
    """Within 2 dB of the median person, where single persons differ by 6 dB; each axis at 0.7 to 1.3 of the speed."""
    fitted = [track for name, track in tracks.items() if name not in head_tracks.HELD_OUT]
    long = [rotation for rotation, _ in fitted if len(rotation) >= head_prior_fit.MIN_SPECTRUM_ROWS]
    natural = head_measures.median_spectrum(long)
    motion = prior.draw(np.tile(tracks["clip_06"][1], 5), np.random.default_rng(0))
    assert head_measures.spectral_distance(head_measures.unit_power(head_measures.spectrum(motion)), natural).max() < 2
    people = [head_measures.unit_power(head_measures.spectrum(rotation)) for rotation in long]
    assert np.median([head_measures.spectral_distance(person, natural).mean() for person in people]) > 3
    speeds = np.median([np.diff(rotation, axis=0).std(0) for rotation, _ in tracks.values()], axis=0)
    assert np.all(np.abs(np.diff(motion, axis=0).std(0) / speeds - 1) < 0.3)


def test_prior_moves_more_in_speech_and_less_at_phrase_ends(prior, loudness):
    motions = draw_motion(prior, np.where(np.arange(len(loudness)) % 450 < 300, loudness, -3.0))
    heard = np.where(np.arange(len(loudness)) % 450 < 300, loudness, -3.0)
    assert 0.1 < np.mean([head_measures.pause_speed_ratio(motion, heard) for motion in motions]) < 0.75
    assert np.mean([head_measures.phrase_end_speed_ratio(motion, heard) for motion in motions]) < 0.8
    assert np.mean([head_measures.loudness_correlation(motion, heard) for motion in motions]) > 0.05


def test_prior_moves_slowly_in_silence(prior, loudness):
    """Slower than in speech, but not motionless, and within a limited range."""
    motions = np.degrees(np.stack(draw_motion(prior, np.full(1800, -3.0))))
    assert 0.5 < motions.std(1).mean() < 2.5
    assert np.abs(motions).max() < 15
    speaking = np.degrees(np.stack(draw_motion(prior, loudness)))
    assert np.diff(motions, axis=1).std() < 0.8 * np.diff(speaking, axis=1).std()


def test_row_depends_on_nearby_noise_only(prior, loudness):
    """A network with a limited receptive field can learn the mapping from noise to motion."""
    noise = np.random.default_rng(0).standard_normal((600, 3))
    changed = noise.copy()
    changed[400:] = np.random.default_rng(1).standard_normal((200, 3))
    a, b = prior.motion_from_noise(loudness[:600], noise), prior.motion_from_noise(loudness[:600], changed)
    assert np.abs(a - b)[:150].max() < 0.05 * np.abs(a).max() < np.abs(a - b)[410:].max()


# --- construction ----------------------------------------------------------------------------------------------------


def test_coloured_noise_has_the_requested_spectrum():
    at = head_measures.frequencies()
    power = 1 / (1 + (at / 2) ** 2)
    wanted = np.zeros((len(at), 3, 3))
    wanted[:, [0, 1, 2], [0, 1, 2]] = power[:, None] * [1, 2, 3]
    wanted[:, 1, 2] = wanted[:, 2, 1] = -0.8 * power * np.sqrt(6)
    motion = colour_noise(wanted, np.random.default_rng(0).standard_normal((60_000, 3)))
    made = head_measures.spectrum(motion)
    assert np.allclose(made[3:-3] / np.einsum("fii->fi", wanted)[3:-3], 1, atol=0.35)
    assert np.corrcoef(motion.T)[1, 2] == pytest.approx(-0.8, abs=0.03)


def test_fluctuation_has_unit_deviation_and_decorrelates():
    values = fluctuation(np.random.default_rng(0).standard_normal((60_000, 3)), 0.25)
    assert values.std() == pytest.approx(1, abs=0.05)
    assert abs(np.corrcoef(values[:-90], values[90:])[0, 1]) < 0.05 < np.corrcoef(values[:-2], values[2:])[0, 1]


def test_fit_recovers_the_gain_of_drawn_motion(prior, tracks):
    """The prior is calibrated: a fit to motion drawn from it gives the filter that was fitted to people."""
    heard = [t for n, t in tracks.items() if n not in head_tracks.HELD_OUT and head_prior_fit.has_speech(t[1])]
    natural = head_prior_fit.fit_gain(heard)
    made = [(motion, loudness) for _, loudness in heard for motion in draw_motion(prior, loudness)]
    assert natural @ head_prior_fit.fit_gain(made) / (natural @ natural) == pytest.approx(1, abs=0.25)
    assert loudness_gain(natural, np.full(100, 0.0)).mean() > loudness_gain(natural, np.full(100, -1.5)).mean()


@pytest.mark.slow
def test_shipped_table_equals_the_fit_to_the_tracks(prior, tracks):
    again = head_prior_fit.fit_prior([track for name, track in tracks.items() if name not in head_tracks.HELD_OUT])
    for field in dataclasses.fields(HeadPrior):
        assert np.allclose(getattr(again, field.name), getattr(prior, field.name), rtol=0.02, atol=1e-3), field.name


def test_table_survives_save_and_load(prior, tmp_path):
    prior.save(tmp_path / "table.json")
    assert (tmp_path / "table.json").read_text() == TABLE_PATH.read_text()


# --- measures --------------------------------------------------------------------------------------------------------


def test_beat_alignment_of_a_synchronous_head_is_above_chance():
    """Strokes at every onset of an irregular sound score near 1; the same strokes against another sound do not."""
    rng = np.random.default_rng(0)
    onsets = np.cumsum(rng.integers(15, 45, 60))
    rows = np.arange(onsets[-1] + 60)
    loudness = np.max([np.where(rows >= o, np.exp(-(rows - o) / 6), 0) for o in onsets], axis=0) * 1.5 - 1.5
    stroke = np.sum([np.tanh((rows - o) / 2) * (-1) ** i for i, o in enumerate(onsets)], axis=0)[:, None] * [1, 0, 0]
    score, chance = head_measures.beat_alignment(stroke * 0.05, loudness, rng)
    assert score > 0.8
    assert chance < 0.6
    assert head_measures.beat_alignment(stroke * 0.05, np.roll(loudness, 400), rng)[0] < 0.65


def test_spectral_distance_to_itself_is_zero_and_grows_with_tilt():
    shape = 1 / (0.1 + head_measures.frequencies()[:, None] ** 2) * np.ones(3)
    assert head_measures.spectral_distance(shape, shape).max() == 0
    assert np.allclose(head_measures.spectral_distance(10 * shape, shape), 10)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_motion_warped_through_keys_is_exact_and_smooth():
    rng = np.random.default_rng(0)
    motion = np.cumsum(rng.standard_normal((200, 3)), axis=0) * 0.01
    keep = np.zeros((200, 3), bool)
    keep[100, 0] = keep[40:60, 1] = True
    wanted = motion + keep
    led = coupling.warp_through_keys(motion, wanted, keep)
    assert np.array_equal(led[keep], wanted[keep])
    assert np.array_equal(led[:, 2], motion[:, 2])
    away = (led - motion)[:, 0]
    assert np.abs(np.diff(away)).max() < 0.12  # an inserted key would jump by 1
    assert np.abs(away[:20]).max() < 1e-3
    assert np.abs(np.diff((led - motion)[:, 1])).max() < 0.12


def test_coupled_examples_have_the_noise_of_their_motion(tmp_path):
    config = TrainConfig(
        source="head",
        out=tmp_path / "x",
        model={"channels": list(channels.HEAD), "features": [400, 401], "width": 8},
        rows=32,
        batch=4,
    )
    noise = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
    sequence = PriorSequence(np.zeros((64, 401)), noise * [1, 2, 3], np.ones(3, bool), "natural", noise)
    made = coupling.make_sampler([sequence], build_denoiser(config, [sequence], ("natural",)), config)
    batch = made.draw(0, range(4))
    free = ~batch.mask.flatten(1).any(1)
    mean = torch.from_numpy(made.mean / made.deviation)
    scale = torch.from_numpy(np.array([1, 2, 3], np.float32) / made.deviation)
    assert torch.allclose(batch.x0[free], (batch.noise * scale - mean)[free], atol=1e-4)
    plain = TrainingSequence(sequence.features, sequence.values, sequence.known, "natural")
    assert type(coupling.make_sampler([plain], build_denoiser(config, [plain], ("natural",)), config)) is BatchSampler
