"""Passes over the clips: kept by what they are made of, shared out by source, and mapped instead of read."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from diface_core import channels
from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.learning.sequence import TrainingSequence
from diface_core.training import corpora
from diface_core.training.augmentation import augment
from diface_core.training.dataset import DatasetConfig, build_sequences
from diface_core.types import MODEL_RATE, AudioClip

pytestmark = pytest.mark.training


class Encoder:
    """Loudness of each row, and how often it was asked."""

    hash = "loudness"

    def __init__(self) -> None:
        self.heard: list[AudioClip] = []

    def encode(self, clip: AudioClip) -> np.ndarray:
        self.heard.append(clip)
        rows = MODEL_RATE.rows(clip.seconds)
        padded = np.pad(clip.samples, (0, max(0, rows * 534 - len(clip.samples))))
        return np.abs(padded[: rows * 534]).reshape(rows, 534).max(1)[:, None].astype(np.float32)


def clips(source: str, count: int, seconds: float = 2.0) -> list[corpora.Clip]:
    made = []
    for number in range(count):
        rng = np.random.default_rng([number, len(source)])
        values = np.zeros((MODEL_RATE.rows(seconds), len(channels.FACE)), np.float32)
        values[:, 17] = rng.random(len(values))
        samples = rng.standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32) * 0.1
        known = np.arange(52) == 17
        made.append(corpora.Clip(f"{source}{number}", samples, values, known, source, speaker=source, source=source))
    return made


def made(clips, config, cache: Path) -> tuple[list[TrainingSequence], int]:
    encoder = Encoder()
    return build_sequences(clips, config, encoder, cache), len(encoder.heard)


CONFIG = DatasetConfig(clean_passes=1, augmented_passes=1)


def test_a_pass_is_made_once_and_read_back_equal(tmp_path):
    first, heard = made(clips("a", 6), CONFIG, tmp_path)
    again, silent = made(clips("a", 6), CONFIG, tmp_path)
    assert heard > 0 == silent
    assert isinstance(again[0].features.base, np.memmap)
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.features, other.features)
        assert np.array_equal(one.values, other.values)
        assert (one.style, one.known.tolist()) == (other.style, other.known.tolist())
    # Other clips, other content, other voices and other lengths of pass are other passes.
    for changed in ("seed", "augmentation"):
        new = dataclasses.replace(
            CONFIG, **{"seed": 1} if changed == "seed" else {"augmentation": augment.AugmentationConfig(pitch=6)}
        )
        assert made(clips("a", 6), new, tmp_path)[1] > 0, changed
    louder = [dataclasses.replace(clip, samples=clip.samples * 2) for clip in clips("a", 6)]
    assert made(louder, CONFIG, tmp_path)[1] > 0


def test_a_clean_pass_is_kept_when_only_the_voices_change(tmp_path):
    only_clean = dataclasses.replace(CONFIG, augmented_passes=0)
    made(clips("a", 4), only_clean, tmp_path)
    assert (
        made(
            clips("a", 4),
            dataclasses.replace(only_clean, augmentation=augment.AugmentationConfig(noise_share=0.0)),
            tmp_path,
        )[1]
        == 0
    )


def test_one_source_more_makes_none_of_the_others_again(tmp_path):
    made(clips("a", 4), CONFIG, tmp_path)
    _, heard = made(clips("a", 4) + clips("b", 1), CONFIG, tmp_path)
    assert heard == 2


def test_a_small_source_is_gone_through_more_often(tmp_path):
    config = DatasetConfig(clean_passes=1, augmented_passes=0, source_factors={"b": 3})
    sequences, _ = made(clips("a", 6) + clips("b", 2), config, tmp_path)
    rows = {style: sum(len(s.values) for s in sequences if s.style == style) for style in ("a", "b")}
    assert rows == {"a": 6 * 60, "b": 3 * 2 * 60}


@pytest.mark.parametrize("varied", [0, 3])
def test_values_are_those_of_the_sound(tmp_path, varied):
    """Where the sound is loud the jaw is open, in every pass and at every speed."""
    loud = []
    for clip in clips("a", 8, 3.0):
        open_ = np.repeat(np.random.default_rng(len(loud)).integers(0, 2, 9), 10).astype(np.float32)
        values = np.zeros_like(clip.values)
        values[:, 17] = open_
        samples = clip.samples * (0.02 + np.repeat(open_, 534)[: len(clip.samples)])
        loud.append(dataclasses.replace(clip, values=values, samples=samples[: len(clip.samples)]))
    config = DatasetConfig(
        clean_passes=1 - min(varied, 1),
        augmented_passes=varied,
        augmentation=augment.AugmentationConfig(noise_share=0.0, room_share=0.0),
    )
    for one in made(loud, config, tmp_path)[0]:
        assert np.corrcoef(one.features[:, 0], one.values[:, 17])[0, 1] > 0.75


def test_only_clips_of_the_training_split_are_heard(tmp_path):
    """In no pass, as recorded or varied, alone or as babble behind another: the judged clips' sound is marked."""
    everyone = clips("a", 60, 1.0)
    split = corpora.Split()
    marked = [dataclasses.replace(c, samples=c.samples + 5.0) if split.is_held_out(c) else c for c in everyone]
    assert any(map(split.is_held_out, everyone))
    encoder = Encoder()
    plain = augment.AugmentationConfig(level=0.0, room_share=0.0, codec_share=0.0)
    build_sequences(split.training_clips(marked), DatasetConfig(1, 4, augmentation=plain), encoder, tmp_path)
    assert max(np.abs(clip.samples.mean()) for clip in encoder.heard) < 0.5


def test_speakers_and_what_is_known_are_never_mixed_in_one_sound(tmp_path):
    mixed = clips("a", 8)
    mixed = [dataclasses.replace(c, known=c.known ^ (n % 2 == 0)) for n, c in enumerate(mixed)]
    mixed = [dataclasses.replace(c, values=np.full_like(c.values, float(n % 2))) for n, c in enumerate(mixed)]
    for one in made(mixed, DatasetConfig(2, 0), tmp_path)[0]:
        assert np.ptp(one.values) == 0
        assert one.known[17] == bool(one.values[0, 0])


def test_an_interrupted_pass_leaves_nothing_to_be_read(tmp_path):
    class Stops(Encoder):
        def encode(self, clip):
            if len(self.heard) == 2:
                raise KeyboardInterrupt
            return super().encode(clip)

    many = clips("a", 30)
    with pytest.raises(KeyboardInterrupt):
        build_sequences(many, CONFIG, Stops(), tmp_path)
    whole, heard = made(many, CONFIG, tmp_path)
    assert heard > 3
    assert sum(len(s.values) for s in whole) > 30 * 60
