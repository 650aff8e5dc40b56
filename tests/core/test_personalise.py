"""Personal styles: learnt from a pair of sound and motion, better on what follows, and never worse than before."""

import dataclasses

import numpy as np
import pytest
import soundfile
import torch

from diface_core import channels
from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.errors import AudioError, Cancelled, DifaceError
from diface_core.learning.sequence import TrainingSequence
from diface_core.model import checkpoint, style_file
from diface_core.model.style import apply_style
from diface_core.motion.files import write_motion
from diface_core.style_adaptation import adapt as adapting
from diface_core.style_adaptation import personalise
from diface_core.style_adaptation.adapt import adapt_denoiser, prediction_error
from diface_core.style_adaptation.amplitude import limit_amplitude, sample_take
from diface_core.style_adaptation.pair import AudioMotionPair, make_pair, read_pair
from diface_core.types import AudioClip, FrameRate, Motion, Style
from tests.core.toy_speakers import JAW, QUICK, Loudness, small_base, speech


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    torch.set_num_threads(1)
    return small_base(tmp_path_factory.mktemp("base"))


def one_style(denoiser, style: str = adapting.PERSONAL_STYLE) -> TrainingSequence:
    return dataclasses.replace(speech(300, 0.25, 0.6, 9), style=style)


def test_a_speaker_is_better_met_on_what_was_not_learnt(base):
    done = adapt_denoiser(base, [speech(600, 0.25, 0.6, 5)], QUICK)
    unseen = one_style(done.denoiser)
    general = min(prediction_error(base, dataclasses.replace(unseen, style=style)) for style in base.config.styles)
    assert done.error_after < 0.7 * done.error_before
    assert prediction_error(done.denoiser, unseen) < 0.7 * general


def test_all_but_style_and_output_layer_stays(base):
    done = adapt_denoiser(base, [speech(400, 0.25, 0.6, 5)], dataclasses.replace(QUICK, steps=20))
    changed = {n for n, v in done.denoiser.state_dict().items() if not torch.equal(v, base.state_dict().get(n, v[:0]))}
    assert changed <= {"style.weight", "leave.2.weight", "leave.2.bias"}
    vector = dataclasses.replace(QUICK, steps=20, output_rate=0.0)
    alone = adapt_denoiser(base, [speech(400, 0.25, 0.6, 5)], vector).denoiser
    assert torch.equal(style_file.output_layer(alone).weight, style_file.output_layer(base).weight)
    assert not changed or not torch.equal(done.denoiser.style.weight[0], base.style.weight[0])


def test_noise_is_not_learnt(base):
    """Motion that has nothing to do with its sound gives a style that is no worse than the nearest trained one."""
    rng = np.random.default_rng(0)
    wild = speech(200, 0.2, 0.0)
    wild = dataclasses.replace(wild, values=rng.uniform(0, 1, wild.values.shape).astype(np.float16))
    done = adapt_denoiser(base, [wild], dataclasses.replace(QUICK, output_rate=0.3))
    assert done.error_after <= done.error_before


@pytest.mark.parametrize("moves", [0.25, 3.0])
def test_takes_move_no_farther_than_the_performance(base, moves):
    """A performance that moves less narrows takes to itself; one that moves more leaves them, but for their mean."""
    spoken = one_style(base)
    denoiser = adapt_denoiser(base, [spoken], dataclasses.replace(QUICK, steps=1)).denoiser
    values = spoken.values.astype(np.float32)
    values[:, JAW] = 0.5 + moves * (values[:, JAW] - values[:, JAW].mean())
    performance = dataclasses.replace(spoken, values=values.astype(np.float16))
    narrowed = limit_amplitude(denoiser, [performance])

    before, after = (sample_take(one, spoken)[:, JAW] for one in (denoiser, narrowed))
    wanted = values[:, JAW]
    assert abs(after.mean() - wanted.mean()) < 0.3 * abs(before.mean() - wanted.mean())
    if moves < 1:
        assert before.std() > 1.3 * wanted.std()
        assert after.std() == pytest.approx(wanted.std(), rel=0.1)
    else:
        rows = (style_file.output_layer(one).weight[JAW] for one in (denoiser, narrowed))
        assert torch.equal(*rows)
    quiet = style_file.output_layer(narrowed).weight[~spoken.known]
    assert torch.equal(quiet, style_file.output_layer(denoiser).weight[~spoken.known])


def test_setting_right_can_be_stopped(base):
    spoken = one_style(base)
    denoiser = adapt_denoiser(base, [spoken], dataclasses.replace(QUICK, steps=1)).denoiser

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        limit_amplitude(denoiser, [spoken], stop)


def test_the_style_of_a_clip_is_found_among_the_trained_ones(base):
    """Seconds of a trained speaker, and the style vector alone: as good as the speaker's own vector."""
    clip = speech(150, 0.1, 0.3, 7)
    done = adapt_denoiser(base, [clip], dataclasses.replace(personalise.STYLE_ONLY_CONFIG, rows=40))
    unseen = speech(300, 0.1, 0.3, 8)
    own = prediction_error(base, dataclasses.replace(unseen, style="small"))
    other = prediction_error(base, dataclasses.replace(unseen, style="general"))
    found = prediction_error(done.denoiser, dataclasses.replace(unseen, style=adapting.PERSONAL_STYLE))
    assert own < 0.8 * other
    assert found < own + 0.2 * (other - own)


def performance(seconds: float, rate: float = 30.0) -> tuple[AudioClip, Motion]:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * SAMPLE_RATE)).astype(np.float32)
    rows = round(seconds * rate)
    values = np.zeros((rows, 52), np.float32)
    values[:, JAW] = 0.3 + 0.2 * np.sin(np.arange(rows) / rate * 6)
    return AudioClip(samples, SAMPLE_RATE), Motion(values, channels.FACE, FrameRate(rate))


def test_a_style_file_speaks_as_what_was_learnt(base, tmp_path):
    sound, motion = performance(12)
    style, done = personalise.personalise(base, [make_pair(sound, motion)], Loudness(), "Ada", QUICK)
    style_file.save(style, tmp_path / "ada.safetensors")
    changed, vector = apply_style(base, Style.named(str(tmp_path / "ada.safetensors")))
    assert torch.allclose(vector, done.denoiser.style.weight)
    ours, theirs = style_file.output_layer(changed), style_file.output_layer(done.denoiser)
    assert torch.allclose(ours.weight, theirs.weight, atol=1e-6)
    assert (style.name, style.notes["seconds"]) == ("Ada", "12.0")


# --- what a pair must be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_a_pair_is_brought_to_the_models_rate(rate):
    sound, motion = performance(12, rate)
    read = make_pair(sound, motion)
    assert len(read.values) == 360
    expected = 0.3 + 0.2 * np.sin(np.arange(360) / 30 * 6)
    assert np.abs(read.values[:, JAW] - expected)[:-3].max() < 0.02
    assert read.known.sum() == 2  # the jaw moves; mouthClose counts beside it, unanimated as it is


@pytest.mark.parametrize("ending", ["npz", "csv"])
def test_pairs_are_read_from_files(tmp_path, ending):
    sound, motion = performance(12, 60)
    soundfile.write(tmp_path / "ada.wav", sound.samples, SAMPLE_RATE)
    write_motion(tmp_path / f"ada.{ending}", motion)
    read = read_pair(tmp_path / "ada.wav", tmp_path / f"ada.{ending}", fps=60)
    assert read.seconds == pytest.approx(12.0)


def refused(match: str, sound: AudioClip, motion: Motion) -> None:
    with pytest.raises(DifaceError, match=match):
        make_pair(sound, motion)


def test_pairs_that_cannot_be_learnt_are_refused():
    sound, motion = performance(12)
    refused("12.0 s and the motion 24.0 s", sound, Motion(motion.values, motion.channels, FrameRate(15)))
    refused("jawOpen and mouthClose", sound, motion.select(("jawOpen", "mouthFunnel")))
    refused("does not move", sound, Motion(motion.values * 0, motion.channels, motion.rate))
    damaged = motion.values.copy()
    damaged[100, JAW] = np.nan
    refused("not numbers", sound, Motion(damaged, motion.channels, motion.rate))


def test_short_pairs_are_refused_and_a_clip_of_seconds_is_enough_for_a_style(base):
    sound, motion = performance(5)
    with pytest.raises(DifaceError, match=r"5.0 s: too short.*only-style"):
        personalise.personalise(base, [make_pair(sound, motion)], Loudness(), "Ada")
    quick = dataclasses.replace(personalise.STYLE_ONLY_CONFIG, steps=10)
    personalise.personalise(base, [make_pair(sound, motion)], Loudness(), "Ada", quick)
    sound, motion = performance(2)
    with pytest.raises(DifaceError, match="at least 3 s"):
        personalise.personalise(base, [make_pair(sound, motion)], Loudness(), "Ada", quick)


def test_silence_is_refused(tmp_path):
    _, motion = performance(12)
    soundfile.write(tmp_path / "still.wav", np.zeros(12 * SAMPLE_RATE), SAMPLE_RATE)
    write_motion(tmp_path / "ada.npz", motion)
    with pytest.raises(AudioError, match="silent"):
        read_pair(tmp_path / "still.wav", tmp_path / "ada.npz")


def test_the_command_writes_a_style_and_says_what_is_wrong(base, tmp_path, monkeypatch, capsys):
    sound, motion = performance(12)
    soundfile.write(tmp_path / "ada.wav", sound.samples, SAMPLE_RATE)
    write_motion(tmp_path / "ada.npz", motion)
    checkpoint.save(base, tmp_path / "face.safetensors")
    monkeypatch.setattr(personalise.SpeechEncoder, "load", Loudness)
    files = [str(tmp_path / name) for name in ("ada.wav", "ada.npz")]
    weights = ["--weights", str(tmp_path / "face.safetensors")]
    monkeypatch.setattr(personalise, "STYLE_ONLY_CONFIG", dataclasses.replace(personalise.STYLE_ONLY_CONFIG, steps=10))
    assert personalise.main([*files, "--out", str(tmp_path / "ada.safetensors"), "--only-style", *weights]) == 0
    assert "12 s learnt" in capsys.readouterr().out
    read, _ = checkpoint.load(tmp_path / "face.safetensors")
    assert style_file.load(tmp_path / "ada.safetensors", read).name == "ada"
    assert personalise.main([*files, "--out", str(tmp_path / "ada.npz"), *weights]) == 2
    assert "must end in .safetensors" in capsys.readouterr().err
    assert personalise.main([files[0], str(tmp_path / "no.npz"), "--out", str(tmp_path / "a.safetensors")]) == 2
    assert isinstance(read_pair(*(tmp_path / n for n in ("ada.wav", "ada.npz"))), AudioMotionPair)
