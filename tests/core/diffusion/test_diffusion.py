"""Properties of the diffusion: schedule, sampler, guidance, known region, loss."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.diffusion import schedule
from diface_core.diffusion.guidance import apply_guidance
from diface_core.diffusion.known_region import KnownRegion, unconstrained
from diface_core.diffusion.sampler import Hold, SamplerState, WindowSpec, sample, sample_stream
from diface_core.learning import noising
from diface_core.learning.loss_terms import position_error, velocity_error


def random(seed: int) -> np.ndarray:
    """Return rows (1, 40, 5)."""
    return np.random.default_rng(seed).standard_normal((1, 40, 5)).astype(np.float32)


X0, NOISE = random(0), random(1)


@given(st.floats(0, 1))
def test_signal_and_noise_share_unit_power(t):
    alpha, sigma = schedule.alpha_sigma(np.array(t))
    assert abs(float(alpha**2 + sigma**2) - 1) < 1e-6


def test_schedule_runs_from_clean_to_noise():
    alpha, _ = schedule.alpha_sigma(np.linspace(0, 1, 101))
    assert alpha[0] == 1
    assert alpha[-1] < 1e-6
    assert (np.diff(alpha) < 0).all()


@given(st.integers(1, 50))
@settings(deadline=None)
def test_oracle_denoiser_returns_its_x0(steps):
    out = sample(lambda xt, t: X0, NOISE, unconstrained(X0), steps)
    assert np.allclose(out, X0, atol=1e-5)


def test_step_removes_the_noise():
    xt = schedule.add_noise(X0, NOISE, 0.7)
    expected = schedule.add_noise(X0, NOISE, 0.3)
    stepped = schedule.ddim_step(xt, X0, 0.7, 0.3)
    assert stepped.dtype == np.float32
    assert np.allclose(stepped, expected, atol=1e-5)


def test_training_adds_the_noise_of_the_sampler():
    times = np.array([0.0, 0.3, 1.0], np.float32)
    x0, noise = (torch.from_numpy(np.repeat(array, 3, axis=0)) for array in (X0, NOISE))
    expected = np.concatenate([schedule.add_noise(X0, NOISE, float(t)) for t in times])
    assert np.allclose(noising.add_noise(x0, noise, torch.from_numpy(times)), expected, atol=1e-6)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_known_values_are_exact(steps, seed):
    keep = np.random.default_rng(seed).random(X0.shape) < 0.2
    out = sample(lambda xt, t: np.tanh(xt) * 0.5, NOISE, KnownRegion(X0, keep), steps)
    assert np.array_equal(out[keep], X0[keep])
    free = sample(lambda xt, t: np.tanh(xt) * 0.5, NOISE, unconstrained(X0), steps)
    assert not np.array_equal(out[~keep], X0[~keep])
    assert np.isfinite(free).all()


BOTH, WITHOUT_SPEECH, WITHOUT_STYLE = (random(seed) for seed in (2, 3, 4))
SCALES = st.floats(0, 4).filter(lambda scale: scale != 1)


def predictions(*allowed: tuple[bool, bool]):
    """Return a function of (with_speech, with_style) that fails for an unnecessary call."""
    outputs = {(True, True): BOTH, (False, True): WITHOUT_SPEECH, (True, False): WITHOUT_STYLE}
    return lambda conditions: [{key: outputs[key] for key in allowed}[condition] for condition in conditions]


def test_guidance_scale_one_is_one_call_with_all_conditions():
    assert np.array_equal(apply_guidance(predictions((True, True)), 1.0, 1.0), BOTH)


@given(SCALES)
def test_each_guidance_extrapolates_in_two_calls(scale):
    speech = apply_guidance(predictions((True, True), (False, True)), scale, 1.0)
    assert np.allclose(speech, WITHOUT_SPEECH + scale * (BOTH - WITHOUT_SPEECH), atol=1e-5)
    style = apply_guidance(predictions((True, True), (True, False)), 1.0, scale)
    assert np.allclose(style, WITHOUT_STYLE + scale * (BOTH - WITHOUT_STYLE), atol=1e-5)


@given(SCALES, SCALES)
def test_both_guidances_add_up(speech, style):
    call = predictions((True, True), (False, True), (True, False))
    both, one, other = (
        apply_guidance(call, speech, style),
        apply_guidance(call, speech, 1.0),
        apply_guidance(call, 1.0, style),
    )
    assert np.allclose(both - BOTH, (one - BOTH) + (other - BOTH), atol=1e-4)


def test_unknown_channels_have_no_weight():
    x0, weight = torch.from_numpy(X0), torch.ones(1, 40, 5)
    weight[..., 2] = 0
    wild = x0.clone()
    wild[:, ::2, 2] += 100
    for error in (position_error, velocity_error):
        assert error(wild, x0, weight).mean() == 0
    assert position_error(wild, x0, torch.ones(1, 40, 5)).mean() > 100


def test_rows_of_every_step_are_counted_and_counting_may_stop():
    counted = []
    rows, reach = SamplerState.initial(NOISE, NOISE, unconstrained(X0)), WindowSpec(0, 1, 40)
    list(sample_stream(lambda rows, t: rows.xt, [rows[:30], rows[30:]], 4, reach, counted.append))
    assert sorted(counted) == [10] * 4 + [30] * 4

    def stop(rows):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        list(sample_stream(lambda rows, t: rows.xt, [rows], 4, reach, stop))


HELD = np.array([1, 3], np.int32)


@given(st.integers(1, 50), st.floats(0, 1), st.floats(0.05, 1))
def test_held_channels_are_predicted_first_and_at_the_nearest_step(steps, time, start):
    times = schedule.times(steps, start)
    predicting = Hold(HELD, time).predicting_steps(times)
    assert 0 in predicting
    assert len(predicting) <= 2
    nearest = min(abs(t - time * start) for t in times[:-1])
    assert any(abs(times[step] - time * start) <= nearest + 1e-12 for step in predicting)


def sampled(steps: int, hold: Hold | None, sizes: tuple[int, ...] = (40,), share: float = 0.0) -> np.ndarray:
    """Return x0 of a denoiser that predicts its time and a share of xt, for rows in parts of these sizes."""
    states = SamplerState.initial(NOISE, NOISE[..., :0], unconstrained(NOISE))
    ends = np.cumsum(sizes)
    parts = [states[slice(end - size, end)] for end, size in zip(ends, sizes, strict=True)]
    out = sample_stream(
        lambda rows, t: np.float32(t) + np.float32(share) * rows.xt, parts, steps, WindowSpec(3, 1, 40), hold=hold
    )
    return np.concatenate([part.xt for part in out], axis=1)


def test_held_channels_end_at_their_last_prediction_and_the_others_at_the_last_step():
    held = sampled(8, Hold(HELD, 0.25))
    others = [column for column in range(5) if column not in HELD]
    assert held[..., HELD] == pytest.approx(0.25, abs=1e-5)
    assert held[..., others] == pytest.approx(0.125, abs=1e-5)


def test_held_channels_do_not_depend_on_the_parts():
    hold = Hold(HELD, 0.25)
    assert np.allclose(sampled(8, hold, (7, 20, 13), 0.1), sampled(8, hold, share=0.1), atol=1e-6)


def test_zero_steps_are_refused():
    with pytest.raises(ValueError, match="steps must be 1 or more"):
        schedule.times(0)
