"""Personal styles: trained on audio and motion, better on unseen motion, and never worse than before."""

import dataclasses

import numpy as np
import pytest
import soundfile
import torch

from diface_core import channels
from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.cli import personalise as command
from diface_core.errors import AudioError, Cancelled, DifaceError
from diface_core.learning.sequence import TrainingSequence
from diface_core.model import style_file
from diface_core.model.style import apply_style
from diface_core.motion.files import write_motion
from diface_core.networks import checkpoint
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.style_adaptation import adapt, personalise
from diface_core.style_adaptation.adapt import adapt_denoiser, prediction_error
from diface_core.style_adaptation.amplitude import limit_amplitude, sample_take
from diface_core.style_adaptation.pair import AudioMotionPair, make_pair, read_pair
from diface_core.types import AudioClip, FrameRate, Motion, Style
from tests.core.style_adaptation.small_speakers import JAW, QUICK, Loudness, speech

pytestmark = pytest.mark.slow


def one_style(denoiser, style: str = adapt.PERSONAL_STYLE) -> TrainingSequence:
    return dataclasses.replace(speech(300, 0.25, 0.6, 9), style=style)


def test_adapt_denoiser_improves_on_unseen_motion(base, gradient):
    adapted = adapt_denoiser(base, gradient, [speech(600, 0.25, 0.6, 5)], QUICK)
    unseen = one_style(adapted.denoiser)
    general = min(prediction_error(base, dataclasses.replace(unseen, style=style)) for style in base.config.styles)
    assert adapted.error_after < 0.7 * adapted.error_before
    assert prediction_error(adapted.denoiser, unseen) < 0.7 * general


def test_adapt_denoiser_changes_only_style_and_output_layer(base, gradient):
    adapted = adapt_denoiser(base, gradient, [speech(400, 0.25, 0.6, 5)], dataclasses.replace(QUICK, steps=20))
    changed = {
        name
        for name, value in adapted.denoiser.network.state_dict().items()
        if not torch.equal(value, base.network.state_dict().get(name, value[:0]))
    }
    assert changed <= {"style.weight", "leave.2.weight", "leave.2.bias"}
    vector = dataclasses.replace(QUICK, steps=20, output_rate=0.0)
    alone = adapt_denoiser(base, gradient, [speech(400, 0.25, 0.6, 5)], vector).denoiser
    assert np.array_equal(alone.output_weight, base.output_weight)
    assert not changed or not np.array_equal(adapted.denoiser.styles[0], base.styles[0])


def test_adapt_denoiser_is_never_worse_than_the_nearest_style(base, gradient):
    """Motion unrelated to its audio gives a style that is no worse than the nearest trained one."""
    rng = np.random.default_rng(0)
    wild = speech(200, 0.2, 0.0)
    wild = dataclasses.replace(wild, values=rng.uniform(0, 1, wild.values.shape).astype(np.float16))
    adapted = adapt_denoiser(base, gradient, [wild], dataclasses.replace(QUICK, output_rate=0.3))
    assert adapted.error_after <= adapted.error_before


@pytest.mark.parametrize("moves", [0.17, 3.0])
def test_limit_amplitude_reduces_but_never_increases(base, gradient, moves):
    """Training data with less motion reduces the amplitude of takes; with more motion only their mean changes."""
    sequence = one_style(base)
    denoiser = adapt_denoiser(base, gradient, [sequence], dataclasses.replace(QUICK, steps=1)).denoiser
    values = sequence.values.astype(np.float32)
    values[:, JAW] = 0.5 + moves * (values[:, JAW] - values[:, JAW].mean())
    performance = dataclasses.replace(sequence, values=values.astype(np.float16))
    limited = limit_amplitude(denoiser, [performance])

    before, after = (sample_take(one, sequence)[:, JAW] for one in (denoiser, limited))
    target = values[:, JAW]
    assert abs(after.mean() - target.mean()) < 0.3 * abs(before.mean() - target.mean())
    if moves < 1:
        assert before.std() > 1.3 * target.std()
        assert after.std() == pytest.approx(target.std(), rel=0.1)
    else:
        rows = (one.output_weight[JAW] for one in (denoiser, limited))
        assert np.array_equal(*rows)
    quiet = limited.output_weight[~sequence.known]
    assert np.array_equal(quiet, denoiser.output_weight[~sequence.known])


def test_limit_amplitude_can_be_cancelled(base, gradient):
    sequence = one_style(base)
    denoiser = adapt_denoiser(base, gradient, [sequence], dataclasses.replace(QUICK, steps=1)).denoiser

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        limit_amplitude(denoiser, [sequence], stop)


def test_style_vector_alone_finds_a_trained_speaker(base, gradient):
    """With seconds of a trained speaker, the style vector alone is as good as the speaker's trained vector."""
    clip = speech(150, 0.1, 0.3, 7)
    adapted = adapt_denoiser(base, gradient, [clip], dataclasses.replace(personalise.STYLE_ONLY_CONFIG, rows=40))
    unseen = speech(300, 0.1, 0.3, 8)
    trained = prediction_error(base, dataclasses.replace(unseen, style="small"))
    other = prediction_error(base, dataclasses.replace(unseen, style="general"))
    found = prediction_error(adapted.denoiser, dataclasses.replace(unseen, style=adapt.PERSONAL_STYLE))
    assert trained < 0.8 * other
    assert found < trained + 0.2 * (other - trained)


def performance(seconds: float, rate: float = 30.0) -> tuple[AudioClip, Motion]:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * SAMPLE_RATE)).astype(np.float32)
    rows = round(seconds * rate)
    values = np.zeros((rows, 52), np.float32)
    values[:, JAW] = 0.3 + 0.2 * np.sin(np.arange(rows) / rate * 6)
    return AudioClip(samples, SAMPLE_RATE), Motion(values, channels.FACE, FrameRate(rate))


def test_style_file_reproduces_the_adapted_denoiser(base, gradient, tmp_path):
    audio, motion = performance(12)
    style, adapted = personalise.personalise(base, gradient, [make_pair(audio, motion)], Loudness(), "Ada", QUICK)
    style_file.save(style, tmp_path / "ada.safetensors")
    changed, vector = apply_style(base, Style.named(str(tmp_path / "ada.safetensors")))
    assert np.allclose(vector, adapted.denoiser.styles)
    assert np.allclose(changed.output_weight, adapted.denoiser.output_weight, atol=1e-6)
    assert (style.name, style.notes["seconds"]) == ("Ada", "12.0")


# --- what a pair must be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_make_pair_resamples_to_the_model_rate(rate):
    audio, motion = performance(12, rate)
    read = make_pair(audio, motion)
    assert len(read.values) == 360
    expected = 0.3 + 0.2 * np.sin(np.arange(360) / 30 * 6)
    assert np.abs(read.values[:, JAW] - expected)[:-3].max() < 0.02
    assert read.known.sum() == 2  # the jaw moves; mouthClose always counts too


@pytest.mark.parametrize("ending", ["npz", "csv"])
def test_read_pair_from_files(tmp_path, ending):
    audio, motion = performance(12, 60)
    soundfile.write(tmp_path / "ada.wav", audio.samples, SAMPLE_RATE)
    write_motion(tmp_path / f"ada.{ending}", motion)
    read = read_pair(tmp_path / "ada.wav", tmp_path / f"ada.{ending}", fps=60)
    assert read.seconds == pytest.approx(12.0)


def refused(match: str, audio: AudioClip, motion: Motion) -> None:
    with pytest.raises(DifaceError, match=match):
        make_pair(audio, motion)


def test_make_pair_refuses_unusable_motion():
    audio, motion = performance(12)
    refused("12.0 s and the motion 24.0 s", audio, Motion(motion.values, motion.channels, FrameRate(15)))
    refused("jawOpen and mouthClose", audio, motion.select(("jawOpen", "mouthFunnel")))
    refused("The motion is constant", audio, Motion(motion.values * 0, motion.channels, motion.rate))
    damaged = motion.values.copy()
    damaged[100, JAW] = np.nan
    refused("not finite", audio, Motion(damaged, motion.channels, motion.rate))


def test_minimum_length_depends_on_only_style(base, gradient):
    audio, motion = performance(5)
    with pytest.raises(DifaceError, match=r"5.0 s: too short.*only-style"):
        personalise.personalise(base, gradient, [make_pair(audio, motion)], Loudness(), "Ada")
    quick = dataclasses.replace(personalise.STYLE_ONLY_CONFIG, steps=10)
    personalise.personalise(base, gradient, [make_pair(audio, motion)], Loudness(), "Ada", quick)
    audio, motion = performance(2)
    with pytest.raises(DifaceError, match="at least 3 s"):
        personalise.personalise(base, gradient, [make_pair(audio, motion)], Loudness(), "Ada", quick)


def test_read_pair_refuses_silence(tmp_path):
    _, motion = performance(12)
    soundfile.write(tmp_path / "still.wav", np.zeros(12 * SAMPLE_RATE), SAMPLE_RATE)
    write_motion(tmp_path / "ada.npz", motion)
    with pytest.raises(AudioError, match="silent"):
        read_pair(tmp_path / "still.wav", tmp_path / "ada.npz")


def test_command_writes_a_style_and_reports_errors(base, tmp_path, monkeypatch, capsys):
    audio, motion = performance(12)
    soundfile.write(tmp_path / "ada.wav", audio.samples, SAMPLE_RATE)
    write_motion(tmp_path / "ada.npz", motion)
    checkpoint.save(base.network, tmp_path / "face.safetensors")
    monkeypatch.setattr(command.SpeechEncoder, "load", Loudness)
    files = [str(tmp_path / name) for name in ("ada.wav", "ada.npz")]
    weights = ["--weights", str(tmp_path / "face.safetensors")]
    monkeypatch.setattr(command, "STYLE_ONLY_CONFIG", dataclasses.replace(personalise.STYLE_ONLY_CONFIG, steps=10))
    assert command.main([*files, "--out", str(tmp_path / "ada.safetensors"), "--only-style", *weights]) == 0
    assert "trained on 12 s" in capsys.readouterr().out
    read, _ = checkpoint.load(tmp_path / "face.safetensors")
    assert style_file.load(tmp_path / "ada.safetensors", TorchDenoiser(read).fingerprint).name == "ada"
    assert command.main([*files, "--out", str(tmp_path / "ada.npz"), *weights]) == 2
    assert "must end in .safetensors" in capsys.readouterr().err
    assert command.main([files[0], str(tmp_path / "no.npz"), "--out", str(tmp_path / "a.safetensors")]) == 2
    assert isinstance(read_pair(*(tmp_path / n for n in ("ada.wav", "ada.npz"))), AudioMotionPair)
