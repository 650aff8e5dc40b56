"""Laws of the diffusion: schedule, sampler, guidance, constraints, loss."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.diffusion import schedule
from diface_core.diffusion.constraints import Kept, nothing_kept
from diface_core.diffusion.guidance import guided
from diface_core.diffusion.loss import position_error, velocity_error
from diface_core.diffusion.sampler import sample

X0 = torch.randn(1, 40, 5, generator=torch.Generator().manual_seed(0))
NOISE = torch.randn(1, 40, 5, generator=torch.Generator().manual_seed(1))


@given(st.floats(0, 1))
def test_signal_and_noise_share_unit_power(t):
    alpha, sigma = schedule.alpha_sigma(torch.tensor(t))
    assert abs(float(alpha**2 + sigma**2) - 1) < 1e-6


def test_the_schedule_runs_from_clean_to_noise():
    alpha, _ = schedule.alpha_sigma(torch.linspace(0, 1, 101))
    assert alpha[0] == 1
    assert alpha[-1] < 1e-6
    assert (alpha.diff() < 0).all()


@given(st.integers(1, 50))
@settings(deadline=None)
def test_an_oracle_denoiser_returns_its_x0(steps):
    out = sample(lambda xt, t: X0, NOISE, nothing_kept(X0), steps)
    assert torch.allclose(out, X0, atol=1e-5)


def test_a_step_undoes_the_noise_it_was_given():
    t, t_next = torch.tensor(0.7), torch.tensor(0.3)
    xt = schedule.add_noise(X0, NOISE, t[None])
    expected = schedule.add_noise(X0, NOISE, t_next[None])
    assert torch.allclose(schedule.step(xt, X0, t, t_next), expected, atol=1e-5)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_kept_values_come_out_equal(steps, seed):
    keep = torch.rand(X0.shape, generator=torch.Generator().manual_seed(seed)) < 0.2
    out = sample(lambda xt, t: torch.tanh(xt) * 0.5, NOISE, Kept(X0, keep), steps)
    assert torch.equal(out[keep], X0[keep])
    free = sample(lambda xt, t: torch.tanh(xt) * 0.5, NOISE, nothing_kept(X0), steps)
    assert not torch.equal(out[~keep], X0[~keep])
    assert torch.isfinite(free).all()


def test_guidance_one_is_the_condition_alone():
    def unheard(xt, t):
        raise AssertionError("not needed")

    assert torch.equal(guided(lambda xt, t: X0, unheard, 1.0)(NOISE, torch.tensor(1.0)), X0)


@given(st.floats(0, 4))
def test_guidance_goes_along_the_line(scale):
    out = guided(lambda xt, t: X0, lambda xt, t: NOISE, scale)(NOISE, torch.tensor(1.0))
    assert torch.allclose(out, NOISE + scale * (X0 - NOISE), atol=1e-5)


def test_unknown_channels_weigh_nothing():
    weight = torch.ones(1, 40, 5)
    weight[..., 2] = 0
    wild = X0.clone()
    wild[:, ::2, 2] += 100
    for error in (position_error, velocity_error):
        assert error(wild, X0, weight).mean() == 0
    assert position_error(wild, X0, torch.ones(1, 40, 5)).mean() > 100


def test_report_hears_every_step_and_may_stop():
    heard = []
    sample(lambda xt, t: X0, NOISE, nothing_kept(X0), 4, heard.append)
    assert heard == [0.25, 0.5, 0.75, 1.0]

    def stop(fraction):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        sample(lambda xt, t: X0, NOISE, nothing_kept(X0), 4, stop)


def test_no_steps_is_refused():
    with pytest.raises(ValueError, match="steps must be 1 or more"):
        schedule.times(0)
