"""Passes over the clips: cached by their content, balanced by source, and memory-mapped."""

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
    """Encoder of each row's loudness that records the clips."""

    hash = "loudness"

    def __init__(self) -> None:
        self.clips: list[AudioClip] = []

    def encode(self, clip: AudioClip) -> np.ndarray:
        self.clips.append(clip)
        rows = MODEL_RATE.rows(clip.seconds)
        padded = np.pad(clip.samples, (0, max(0, rows * 534 - len(clip.samples))))
        return np.abs(padded[: rows * 534]).reshape(rows, 534).max(1)[:, None].astype(np.float32)


def clips(source: str, count: int, seconds: float = 2.0) -> list[corpora.Clip]:
    result = []
    for number in range(count):
        rng = np.random.default_rng([number, len(source)])
        values = np.zeros((MODEL_RATE.rows(seconds), len(channels.FACE)), np.float32)
        values[:, 17] = rng.random(len(values))
        samples = rng.standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32) * 0.1
        known = np.arange(52) == 17
        result.append(corpora.Clip(f"{source}{number}", samples, values, known, source, speaker=source, source=source))
    return result


def build(clips, config, cache: Path) -> tuple[list[TrainingSequence], int]:
    encoder = Encoder()
    return build_sequences(clips, config, encoder, cache), len(encoder.clips)


CONFIG = DatasetConfig(clean_passes=1, augmented_passes=1)


def test_passes_are_cached_and_read_back_equal(tmp_path):
    first, encoded = build(clips("a", 6), CONFIG, tmp_path)
    again, encoded_again = build(clips("a", 6), CONFIG, tmp_path)
    assert encoded > 0 == encoded_again
    assert isinstance(again[0].features.base, np.memmap)
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.features, other.features)
        assert np.array_equal(one.values, other.values)
        assert (one.style, one.known.tolist()) == (other.style, other.known.tolist())
    # Other clips, content or augmentation give other passes.
    for changed in ("seed", "augmentation"):
        new = dataclasses.replace(
            CONFIG, **{"seed": 1} if changed == "seed" else {"augmentation": augment.AugmentationConfig(pitch=6)}
        )
        assert build(clips("a", 6), new, tmp_path)[1] > 0, changed
    louder = [dataclasses.replace(clip, samples=clip.samples * 2) for clip in clips("a", 6)]
    assert build(louder, CONFIG, tmp_path)[1] > 0


def test_clean_pass_does_not_depend_on_augmentation(tmp_path):
    only_clean = dataclasses.replace(CONFIG, augmented_passes=0)
    build(clips("a", 4), only_clean, tmp_path)
    assert (
        build(
            clips("a", 4),
            dataclasses.replace(only_clean, augmentation=augment.AugmentationConfig(noise_share=0.0)),
            tmp_path,
        )[1]
        == 0
    )


def test_new_source_keeps_the_cached_passes_of_others(tmp_path):
    build(clips("a", 4), CONFIG, tmp_path)
    _, encoded = build(clips("a", 4) + clips("b", 1), CONFIG, tmp_path)
    assert encoded == 2


def test_source_factors_repeat_a_source(tmp_path):
    config = DatasetConfig(clean_passes=1, augmented_passes=0, source_factors={"b": 3})
    sequences, _ = build(clips("a", 6) + clips("b", 2), config, tmp_path)
    rows = {style: sum(len(s.values) for s in sequences if s.style == style) for style in ("a", "b")}
    assert rows == {"a": 6 * 60, "b": 3 * 2 * 60}


@pytest.mark.parametrize("augmented_passes", [0, 3])
def test_values_stay_aligned_with_the_audio(tmp_path, augmented_passes):
    """Where the audio is loud the jaw is open, in every pass and at every speed."""
    loud = []
    for clip in clips("a", 8, 3.0):
        open_ = np.repeat(np.random.default_rng(len(loud)).integers(0, 2, 9), 10).astype(np.float32)
        values = np.zeros_like(clip.values)
        values[:, 17] = open_
        samples = clip.samples * (0.02 + np.repeat(open_, 534)[: len(clip.samples)])
        loud.append(dataclasses.replace(clip, values=values, samples=samples[: len(clip.samples)]))
    config = DatasetConfig(
        clean_passes=1 - min(augmented_passes, 1),
        augmented_passes=augmented_passes,
        augmentation=augment.AugmentationConfig(noise_share=0.0, room_share=0.0),
    )
    for one in build(loud, config, tmp_path)[0]:
        assert np.corrcoef(one.features[:, 0], one.values[:, 17])[0, 1] > 0.75


def test_held_out_clips_are_never_encoded(tmp_path):
    """Not in any pass, augmented or not, alone or as babble: the audio of held-out clips is marked by an offset."""
    everyone = clips("a", 60, 1.0)
    split = corpora.Split()
    marked = [dataclasses.replace(c, samples=c.samples + 5.0) if split.is_held_out(c) else c for c in everyone]
    assert any(map(split.is_held_out, everyone))
    encoder = Encoder()
    plain = augment.AugmentationConfig(level=0.0, room_share=0.0, codec_share=0.0)
    build_sequences(split.training_clips(marked), DatasetConfig(1, 4, augmentation=plain), encoder, tmp_path)
    assert max(np.abs(clip.samples.mean()) for clip in encoder.clips) < 0.5


def test_sequences_never_mix_speakers_or_known_channels(tmp_path):
    mixed = clips("a", 8)
    mixed = [dataclasses.replace(c, known=c.known ^ (n % 2 == 0)) for n, c in enumerate(mixed)]
    mixed = [dataclasses.replace(c, values=np.full_like(c.values, float(n % 2))) for n, c in enumerate(mixed)]
    for one in build(mixed, DatasetConfig(2, 0), tmp_path)[0]:
        assert np.ptp(one.values) == 0
        assert one.known[17] == bool(one.values[0, 0])


def test_interrupted_pass_is_not_cached(tmp_path):
    class Stops(Encoder):
        def encode(self, clip):
            if len(self.clips) == 2:
                raise KeyboardInterrupt
            return super().encode(clip)

    many_clips = clips("a", 30)
    with pytest.raises(KeyboardInterrupt):
        build_sequences(many_clips, CONFIG, Stops(), tmp_path)
    whole, encoded = build(many_clips, CONFIG, tmp_path)
    assert encoded > 3
    assert sum(len(s.values) for s in whole) > 30 * 60
