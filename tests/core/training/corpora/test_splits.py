"""Splits: held-out clips are never trained on, in any form, and the split is stable."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from diface_core import channels
from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.training import corpora
from diface_core.training.corpora.__main__ import split_json
from diface_core.types import MODEL_RATE

pytestmark = pytest.mark.training

WRITTEN = Path(corpora.__file__).parents[3] / "docs" / "research" / "splits.json"


@pytest.fixture(scope="module")
def clips(shared) -> list[corpora.Clip]:
    return corpora.read_corpora(shared)


def clip(name: str, speaker: str, source: str, seconds: float = 3.0, **more) -> corpora.Clip:
    """Return a clip whose motion counts the rows of its recording, with random sound."""
    samples = (
        np.random.default_rng(abs(hash(name)) % 2**32).standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32)
    )
    values = np.zeros((MODEL_RATE.rows(seconds), len(channels.FACE)), np.float32)
    return corpora.Clip(name, samples, values, np.ones(52, bool), speaker, speaker=speaker, source=source, **more)


def test_split_by_clip_equals_the_documented_one(clips):
    assert split_json(clips) == WRITTEN.read_text()


def test_split_holds_out_clips_of_every_speaker(clips):
    split = corpora.Split()
    held_out, trained = split.test_clips(clips), split.training_clips(clips)
    assert {c.speaker for c in held_out} == {c.speaker for c in trained} == {"grid_s1", "facegood_1114"}
    assert 0.05 < len(held_out) / len(clips) < 0.2
    assert len(held_out) + len(trained) == len(clips)
    assert held_out == [c for c in clips if corpora.is_held_out(c)]


def test_no_sound_of_any_recording_is_on_both_sides(clips):
    """By clip, by speaker and by source: no name and no 50 ms of sound is in training and held-out clips, and
    consecutive segments of the two are a second apart."""
    for split in corpora.all_splits(clips):
        held_out, trained = split.test_clips(clips), split.training_clips(clips)
        assert held_out
        assert trained
        assert not {c.name for c in held_out} & {c.name for c in trained}
        assert not pieces(held_out) & pieces(trained), split.name
        for one in trained:
            for other in held_out:
                if one.recording and one.recording == other.recording:
                    gap = max(other.start - one.start - one.seconds, one.start - other.start - other.seconds)
                    assert gap > 0.95, (split.name, one.name, other.name)


def pieces(clips: list[corpora.Clip]) -> set[bytes]:
    """Return every 50 ms of sound on a grid of the recording, without digital silence."""
    found = set()
    for clip in clips:
        first = -round(clip.start * SAMPLE_RATE) % 800
        for at in range(first, len(clip.samples) - 800, 800):
            if np.ptp(clip.samples[at : at + 800]) > 1e-3:
                found.add(clip.samples[at : at + 800].tobytes())
    return found


def test_trimmed_clip_keeps_its_rows_aligned():
    """The removed second is removed from sound and motion, and phones are shifted."""
    before, mine, after = (
        clip(f"{word}", "s", "x", 12.0, recording="r", start=12.0 * k) for k, word in enumerate(("a", "b", "c"))
    )
    values = np.repeat(np.arange(len(mine.values), dtype=np.float32)[:, None], 52, 1)
    said = (corpora.Phone(0.2, 0.5, "AA"), corpora.Phone(4.0, 4.2, "M"), corpora.Phone(11.5, 11.9, "B"))
    mine = dataclasses.replace(mine, values=values, phones=said)
    split = corpora.Split("speaker:s")
    assert split.training_clips([before, mine, after]) == []

    class Neighbours(corpora.Split):
        def is_held_out(self, clip):
            return clip.name != "b"

    (guarded,) = Neighbours().training_clips([before, mine, after])
    assert guarded.seconds == pytest.approx(10.0, abs=0.001)
    assert len(guarded.values) == MODEL_RATE.rows(guarded.seconds)
    assert guarded.values[0, 0] == 30
    assert np.array_equal(guarded.samples, mine.samples[SAMPLE_RATE : 11 * SAMPLE_RATE])
    assert guarded.phones == (corpora.Phone(3.0, 3.2, "M"),)
    assert guarded.start == pytest.approx(13.0)


def test_excluded_speaker_or_source_is_never_trained_on():
    everyone = [clip(f"{s}{n}", s, source) for s, source in (("a", "x"), ("b", "x"), ("c", "y")) for n in range(30)]
    by_speaker, by_source = corpora.Split("speaker:a"), corpora.Split("source:x")
    assert {c.speaker for c in by_speaker.training_clips(everyone)} == {"b", "c"}
    assert {c.speaker for c in by_speaker.test_clips(everyone)} == {"a"}
    assert len(by_speaker.test_clips(everyone)) == 30
    assert {c.speaker for c in by_source.training_clips(everyone)} == {"c"}
    assert {c.speaker for c in by_source.test_clips(everyone)} == {"a", "b"}
    names = [split.name for split in corpora.all_splits(everyone)]
    assert names == ["clip", "speaker:a", "speaker:b", "speaker:c", "source:x", "source:y"]
    # Clips that are held out by clip stay held out.
    assert not any(corpora.is_held_out(c) for c in by_source.training_clips(everyone))


@pytest.mark.parametrize("name", ["", "clips", "speaker", "source:", "clip:a", "tenth"])
def test_unknown_split_is_refused(name):
    with pytest.raises(ValueError, match="A split must be"):
        corpora.Split(name)
