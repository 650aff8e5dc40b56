"""Learning from an animator's takes: the edited motion is learnt, whatever its rate and however many they are."""

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
from diface_core.model import checkpoint, style_file
from diface_core.model.style import apply_style
from diface_core.style_adaptation import learn as learning
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
from tests.core.toy_speakers import CLOSE, JAW, QUICK, SMILE, Loudness, small_base

NAMES = ("jawOpen", "mouthClose", "mouthSmileLeft")
WIDE = 0.25
"""How far these speakers' jaws follow loudness: twice as far as those that the models know."""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    torch.set_num_threads(1)
    return small_base(tmp_path_factory.mktemp("base"))


class Loud(Loudness):
    """Hears files that are ten times as quiet, as samples must be within 1."""

    def encode(self, clip, report=lambda fraction: None):
        report(1.0)
        return 10 * super().encode(clip)


@pytest.fixture
def models(base, monkeypatch):
    """What ships is small, and hears loudness."""
    torch.set_num_threads(1)
    monkeypatch.setattr(learning.checkpoint, "load", lambda _path: (base, {}))
    monkeypatch.setattr(learning.SpeechEncoder, "load", Loud)
    monkeypatch.setattr(learning, "CONFIG", QUICK)
    return base


def loudness(seconds: float, seed: int) -> np.ndarray:
    """Of every thirtieth of a second, as toy_speakers.speech draws it."""
    rows = round(seconds * 30)
    noise = np.random.default_rng(seed).standard_normal(rows + 8)
    return np.convolve(noise, np.hanning(9) / 3, "valid")


def jaw_at(loud: np.ndarray, rate: FrameRate) -> np.ndarray:
    rows = rate.rows(len(loud) / 30)
    return np.interp(np.arange(rows) / rate.value, np.arange(len(loud)) / 30, np.clip(0.4 + WIDE * loud, 0, 1))


def take(folder: Path, seconds: float, seed: int, rate: FrameRate = MODEL_RATE, names=NAMES) -> StyleExample:
    """A take of the wide speaker: jaw and a smile that stays, to a sound that is as loud as it says."""
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
    """The same speaker, saying something else."""
    loud = loudness(seconds, seed)
    features, values = np.zeros((len(loud), DIMENSION), np.float16), np.zeros((len(loud), 52), np.float16)
    features[:, LOUDNESS] = loud
    values[:, JAW], values[:, SMILE] = np.clip(0.4 + WIDE * loud, 0, 1), 0.6
    return TrainingSequence(features, values, np.isin(np.arange(52), (JAW, CLOSE, SMILE)), "general")


def quiet(_progress: Progress) -> None:
    pass


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(60), FrameRate(30, 1.001)], ids=["24", "60", "29.97"])
def test_a_mouth_that_opens_twice_as_wide_is_learnt_at_any_rate(models, tmp_path, rate):
    asked = request(tmp_path, take(tmp_path, 12, 1, rate), take(tmp_path, 8, 2, rate))
    learnt = Engines.create(None).adapt_style(asked, quiet)
    assert learnt.path == asked.path
    assert learnt.seconds == pytest.approx(20, abs=0.1)
    assert learnt.error_after < 0.7 * learnt.error_before
    assert 0 < learnt.steps <= QUICK.steps

    changed, _ = apply_style(models, Style.named(str(asked.path)))
    file = style_file.load(asked.path, models)
    changed.config = dataclasses.replace(changed.config, styles=("general",))
    changed.style = torch.nn.Embedding.from_pretrained(file.vector[None])
    general = min(
        prediction_error(models, dataclasses.replace(unseen(), style=style)) for style in models.config.styles
    )
    assert prediction_error(changed, unseen()) < 0.7 * general
    assert file.name == "Ada"


def test_what_is_learnt_is_the_same_every_time(models, tmp_path):
    asked = request(tmp_path, take(tmp_path, 11, 3))
    first = learning.adapt_style(asked, quiet)
    written = style_file.load(asked.path, models)
    torch.rand(7)  # whatever the worker did before
    assert learning.adapt_style(asked, quiet) == first
    again = style_file.load(asked.path, models)
    assert all(torch.equal(getattr(written, name), getattr(again, name)) for name in ("vector", "weight", "bias"))
    assert again.notes == written.notes


def test_several_takes_are_one_performance(models, tmp_path):
    """Their rows are judged alike, and a performance in parts teaches as much as the whole."""
    whole, parts = take(tmp_path, 24, 4), (take(tmp_path, 12, 5), take(tmp_path, 12, 6))
    alone = learning.adapt_style(request(tmp_path, whole), quiet)
    together = learning.adapt_style(request(tmp_path, *parts), quiet)
    assert together.seconds == alone.seconds
    assert together.error_after == pytest.approx(alone.error_after, rel=0.5)
    assert max(together.error_after / together.error_before, alone.error_after / alone.error_before) < 0.7

    long, short = unseen(12, 7), unseen(4, 8)
    expected = (3 * prediction_error(models, long) + prediction_error(models, short)) / 4
    assert mean_error(models, [long, short]) == pytest.approx(expected)


def test_takes_of_one_sound_hold_the_same_part_back(models, tmp_path):
    """A take learnt twice is judged as if it were learnt once."""
    one = take(tmp_path, 12, 9)
    once, twice = (learning.adapt_style(request(tmp_path, *[one] * times), quiet) for times in (1, 2))
    assert twice.error_before == pytest.approx(once.error_before)


def test_channels_that_the_rig_lacks_and_layers_are_unknown(models, tmp_path):
    read = learning.read_pairs(request(tmp_path, take(tmp_path, 12, 10, names=(*NAMES, "eyeBlinkLeft", "breathIn"))))
    assert {name for name, known in zip(channels.FACE, read[0].known, strict=True) if known} == set(NAMES)
    read = learning.read_pairs(request(tmp_path, take(tmp_path, 12, 10, names=NAMES[:2])))
    assert {name for name, known in zip(channels.FACE, read[0].known, strict=True) if known} == set(NAMES[:2])


def test_progress_only_grows_and_a_cancel_leaves_no_file(models, tmp_path):
    asked = request(tmp_path, take(tmp_path, 6, 11), take(tmp_path, 6, 12))
    told: list[Progress] = []
    learning.adapt_style(asked, told.append)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert 0.9 < fractions[-1] <= 1
    assert len({progress.stage for progress in told}) >= 3

    asked.path.unlink()
    for stop in (0.0, 0.1, 0.5):

        def report(progress: Progress, stop=stop) -> None:
            if progress.fraction >= stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            learning.adapt_style(asked, report)
        assert not list(tmp_path.glob("ada*"))


def test_what_cannot_be_learnt_is_refused_by_name(models, tmp_path):
    def refused(message: str, *takes: StyleExample) -> None:
        with pytest.raises(DifaceError, match=message) as caught:
            learning.adapt_style(request(tmp_path, *takes), quiet)
        assert caught.value.hint
        assert not (tmp_path / "ada.safetensors").exists()

    good = take(tmp_path, 12, 13)
    refused("last 9.0 s in all: too short", take(tmp_path, 9, 14))
    refused("last 0.0 s in all", take(tmp_path, 0.5, 14), take(tmp_path, 0.9, 15))
    still = dataclasses.replace(good.motion, values=good.motion.values * 0)
    refused("Take 13: The motion does not move", dataclasses.replace(good, motion=still))
    refused("Take 13: .*jawOpen and mouthClose", dataclasses.replace(good, motion=good.motion.select(NAMES[1:])))
    gone = AudioSection(tmp_path / "gone.wav")
    refused("Take 13: .*gone.wav", take(tmp_path, 12, 16), dataclasses.replace(good, audio=gone))
    refused("do not belong together", dataclasses.replace(good, motion=take(tmp_path, 15, 17).motion))
    nowhere = dataclasses.replace(request(tmp_path, good), path=tmp_path / "no" / "ada.safetensors")
    with pytest.raises(DifaceError, match="cannot be written"):
        learning.adapt_style(nowhere, quiet)


def test_a_style_of_another_model_says_so(models, tmp_path):
    asked = request(tmp_path, take(tmp_path, 11, 18))
    learning.adapt_style(asked, quiet)
    other = small_base(tmp_path)
    with torch.no_grad():
        style_file.output_layer(other).bias.add_(0.5)
    checkpoint.save(other, tmp_path / "other.safetensors")
    with pytest.raises(DifaceError, match="belongs to another model"):
        apply_style(other, Style.named(str(asked.path)))
