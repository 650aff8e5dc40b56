"""Styles trained on an animator's takes: at any frame rate, from one take or several."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from diface_core import channels
from diface_core.audio.speech_encoder import DIMENSION, LOUDNESS, SAMPLE_RATE
from diface_core.engines import Engines
from diface_core.errors import Cancelled, DifaceError
from diface_core.learning.sequence import TrainingSequence
from diface_core.model import style_file
from diface_core.model.style import apply_style
from diface_core.networks import checkpoint
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.style_adaptation import learn
from diface_core.style_adaptation.adapt import mean_error, prediction_error
from diface_core.types import (
    MODEL_RATE,
    AdaptationRequest,
    AudioSection,
    FrameRate,
    Motion,
    Progress,
    Style,
    StyleExample,
)
from tests.core.style_adaptation.small_speakers import CLOSE, JAW, QUICK, SMILE, Loudness, small_base

pytestmark = pytest.mark.slow

NAMES = ("jawOpen", "mouthClose", "mouthSmileLeft")
JAW_GAIN = 0.25
"""Gain of these speakers' jaws over loudness: twice that of the speakers that the models know."""


class Loud(Loudness):
    """Encoder of loudness for files that are ten times quieter, as samples must be within 1."""

    def encode(self, clip, report=lambda fraction: None):
        report(1.0)
        return 10 * super().encode(clip)


@pytest.fixture
def models(base, gradient, monkeypatch):
    """Replace DiFACE's models by the small base and an encoder of loudness."""
    monkeypatch.setattr(learn, "load_face", lambda: (base, gradient))
    monkeypatch.setattr(learn.SpeechEncoder, "load", Loud)
    monkeypatch.setattr(learn, "CONFIG", QUICK)
    return base


def loudness(seconds: float, seed: int) -> np.ndarray:
    """Return the loudness of every thirtieth of a second, as small_speakers.speech draws it."""
    rows = round(seconds * 30)
    noise = np.random.default_rng(seed).standard_normal(rows + 8)
    return np.convolve(noise, np.hanning(9) / 3, "valid")


def jaw_at(loud: np.ndarray, rate: FrameRate) -> np.ndarray:
    rows = rate.rows(len(loud) / 30)
    return np.interp(np.arange(rows) / rate.value, np.arange(len(loud)) / 30, np.clip(0.4 + JAW_GAIN * loud, 0, 1))


def take(folder: Path, seconds: float, seed: int, rate: FrameRate = MODEL_RATE, names=NAMES) -> StyleExample:
    """Return a take of the speaker with a wide jaw and a constant smile, with matching audio."""
    loud = loudness(seconds, seed)
    path = folder / f"{seed}.wav"
    samples = np.interp(np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE, np.arange(len(loud)) / 30, loud).astype(
        np.float32
    )
    soundfile.write(path, samples / 10, SAMPLE_RATE, subtype="FLOAT")
    rows = rate.rows(seconds)
    at = np.arange(rows) / rate.value
    columns = {"jawOpen": jaw_at(loud, rate), "mouthClose": 0.05 * (1 + np.sin(at * 6)), "breathIn": at % 1,
               "mouthSmileLeft": 0.6 + 0.02 * np.sin(at * 9), "eyeBlinkLeft": (at % 3 < 0.2) * 1.0}  # fmt: skip
    values = np.stack([columns[name] for name in names], 1).astype(np.float32)
    return StyleExample(f"Take {seed}", AudioSection(path), Motion(values, tuple(names), rate))


def request(folder: Path, *takes: StyleExample) -> AdaptationRequest:
    return AdaptationRequest("Ada", folder / "ada.safetensors", takes)


def unseen(seconds: float = 12.0, seed: int = 99) -> TrainingSequence:
    """Return another recording of the same speaker."""
    loud = loudness(seconds, seed)
    features, values = np.zeros((len(loud), DIMENSION), np.float16), np.zeros((len(loud), 52), np.float16)
    features[:, LOUDNESS] = loud
    values[:, JAW], values[:, SMILE] = np.clip(0.4 + JAW_GAIN * loud, 0, 1), 0.6
    return TrainingSequence(features, values, np.isin(np.arange(52), (JAW, CLOSE, SMILE)), "general")


def ignore(_progress: Progress) -> None:
    pass


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(60), FrameRate(30, 1.001)], ids=["24", "60", "29.97"])
def test_adapt_style_learns_a_wider_jaw_at_any_frame_rate(models, tmp_path, rate):
    request_ = request(tmp_path, take(tmp_path, 12, 1, rate), take(tmp_path, 8, 2, rate))
    result = Engines.create(None).adapt_style(request_, ignore)
    assert result.path == request_.path
    assert result.seconds == pytest.approx(20, abs=0.1)
    assert result.error_after < 0.7 * result.error_before
    assert 0 < result.steps <= QUICK.steps

    styled, vector = apply_style(models, Style.named(str(request_.path)))
    file, changed = style_file.load(request_.path, models.fingerprint), styled.with_single_style("general", vector[0])
    general = min(
        prediction_error(models, dataclasses.replace(unseen(), style=style)) for style in models.config.styles
    )
    assert prediction_error(changed, unseen()) < 0.7 * general
    assert file.name == "Ada"


def test_adapt_style_is_deterministic(models, tmp_path):
    request_ = request(tmp_path, take(tmp_path, 11, 3))
    first = learn.adapt_style(request_, ignore)
    fingerprint = models.fingerprint
    written = style_file.load(request_.path, fingerprint)
    torch.rand(7)  # the random state of the process must not matter
    assert learn.adapt_style(request_, ignore) == first
    again = style_file.load(request_.path, fingerprint)
    assert all(np.array_equal(getattr(written, name), getattr(again, name)) for name in ("vector", "weight", "bias"))
    assert again.notes == written.notes


def test_several_examples_train_like_one_of_the_same_length(models, tmp_path):
    """All rows are weighted equally, and a performance in parts trains as well as in one piece."""
    whole, parts = take(tmp_path, 24, 4), (take(tmp_path, 12, 5), take(tmp_path, 12, 6))
    alone = learn.adapt_style(request(tmp_path, whole), ignore)
    together = learn.adapt_style(request(tmp_path, *parts), ignore)
    assert together.seconds == alone.seconds
    assert together.error_after == pytest.approx(alone.error_after, rel=0.5)
    assert max(together.error_after / together.error_before, alone.error_after / alone.error_before) < 0.7

    long, short = unseen(12, 7), unseen(4, 8)
    expected = (3 * prediction_error(models, long) + prediction_error(models, short)) / 4
    assert mean_error(models, [long, short]) == pytest.approx(expected)


def test_examples_of_one_audio_share_their_validation_part(models, tmp_path):
    """An example used twice has the same validation error as one used once."""
    one = take(tmp_path, 12, 9)
    once, twice = (learn.adapt_style(request(tmp_path, *[one] * times), ignore) for times in (1, 2))
    assert twice.error_before == pytest.approx(once.error_before)


def test_missing_channels_and_layers_are_unknown(models, tmp_path):
    read = learn.read_pairs(request(tmp_path, take(tmp_path, 12, 10, names=(*NAMES, "eyeBlinkLeft", "breathIn"))))
    assert {name for name, known in zip(channels.FACE, read[0].known, strict=True) if known} == set(NAMES)
    read = learn.read_pairs(request(tmp_path, take(tmp_path, 12, 10, names=NAMES[:2])))
    assert {name for name, known in zip(channels.FACE, read[0].known, strict=True) if known} == set(NAMES[:2])


def test_progress_grows_and_cancelling_leaves_no_file(models, tmp_path):
    request_ = request(tmp_path, take(tmp_path, 6, 11), take(tmp_path, 6, 12))
    reports: list[Progress] = []
    learn.adapt_style(request_, reports.append)
    fractions = [progress.fraction for progress in reports]
    assert fractions == sorted(fractions)
    assert 0.9 < fractions[-1] <= 1
    assert len({progress.stage for progress in reports}) >= 3

    request_.path.unlink()
    for stop in (0.0, 0.1, 0.5):

        def report(progress: Progress, stop=stop) -> None:
            if progress.fraction >= stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            learn.adapt_style(request_, report)
        assert not list(tmp_path.glob("ada*"))


def test_unusable_examples_are_refused_by_name(models, tmp_path):
    def refused(message: str, *takes: StyleExample) -> None:
        with pytest.raises(DifaceError, match=message) as caught:
            learn.adapt_style(request(tmp_path, *takes), ignore)
        assert caught.value.hint
        assert not (tmp_path / "ada.safetensors").exists()

    valid = take(tmp_path, 12, 13)
    refused("last 9.0 s in total: too short", take(tmp_path, 9, 14))
    refused("last 0.0 s in total", take(tmp_path, 0.5, 14), take(tmp_path, 0.9, 15))
    still = dataclasses.replace(valid.motion, values=valid.motion.values * 0)
    refused("Take 13: The motion is constant", dataclasses.replace(valid, motion=still))
    refused("Take 13: .*jawOpen and mouthClose", dataclasses.replace(valid, motion=valid.motion.select(NAMES[1:])))
    gone = AudioSection(tmp_path / "gone.wav")
    refused("Take 13: .*gone.wav", take(tmp_path, 12, 16), dataclasses.replace(valid, audio=gone))
    refused("do not match", dataclasses.replace(valid, motion=take(tmp_path, 15, 17).motion))
    nowhere = dataclasses.replace(request(tmp_path, valid), path=tmp_path / "no" / "ada.safetensors")
    with pytest.raises(DifaceError, match="cannot be written"):
        learn.adapt_style(nowhere, ignore)


def test_style_of_another_model_is_refused(models, tmp_path):
    request_ = request(tmp_path, take(tmp_path, 11, 18))
    learn.adapt_style(request_, ignore)
    other = small_base(tmp_path)
    with torch.no_grad():
        other.output_layer.bias.add_(0.5)
    checkpoint.save(other, tmp_path / "other.safetensors")
    with pytest.raises(DifaceError, match="belongs to another model"):
        apply_style(TorchDenoiser(other), Style.named(str(request_.path)))
