"""Splits: what is judged was never trained on, in any form, and never moves."""

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
    """A clip whose motion counts the rows of its recording and whose sound is different everywhere."""
    samples = (
        np.random.default_rng(abs(hash(name)) % 2**32).standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32)
    )
    values = np.zeros((MODEL_RATE.rows(seconds), len(channels.FACE)), np.float32)
    return corpora.Clip(name, samples, values, np.ones(52, bool), speaker, speaker=speaker, source=source, **more)


def test_split_by_clip_equals_the_documented_one(clips):
    assert split_json(clips) == WRITTEN.read_text()


def test_split_holds_out_clips_of_every_speaker(clips):
    split = corpora.Split()
    judged, trained = split.test_clips(clips), split.training_clips(clips)
    assert {c.speaker for c in judged} == {c.speaker for c in trained} == {"grid_s1", "facegood_1114"}
    assert 0.05 < len(judged) / len(clips) < 0.2
    assert len(judged) + len(trained) == len(clips)
    assert judged == [c for c in clips if corpora.is_held_out(c)]


def test_no_sound_of_any_recording_is_on_both_sides(clips):
    """By clip, by speaker and by source: no name and no 50 ms of sound is trained on and judged, and segments that go
    on in one another are a second apart."""
    for split in corpora.all_splits(clips):
        judged, trained = split.test_clips(clips), split.training_clips(clips)
        assert judged
        assert trained
        assert not {c.name for c in judged} & {c.name for c in trained}
        assert not pieces(judged) & pieces(trained), split.name
        for one in trained:
            for other in judged:
                if one.recording and one.recording == other.recording:
                    apart = max(other.start - one.start - one.seconds, one.start - other.start - other.seconds)
                    assert apart > 0.95, (split.name, one.name, other.name)


def pieces(clips: list[corpora.Clip]) -> set[bytes]:
    """Every 50 ms of sound that is not digital silence, wherever it begins on a grid of the recording's."""
    found = set()
    for clip in clips:
        first = -round(clip.start * SAMPLE_RATE) % 800
        for at in range(first, len(clip.samples) - 800, 800):
            if np.ptp(clip.samples[at : at + 800]) > 1e-3:
                found.add(clip.samples[at : at + 800].tobytes())
    return found


def test_trimmed_clip_keeps_its_rows_aligned():
    """The second that goes away goes away from both, and phones move with it."""
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
    # What the others keep for judging by clip, they keep here too.
    assert not any(corpora.is_held_out(c) for c in by_source.training_clips(everyone))


@pytest.mark.parametrize("name", ["", "clips", "speaker", "source:", "clip:a", "tenth"])
def test_unknown_split_is_refused(name):
    with pytest.raises(ValueError, match="A split must be"):
        corpora.Split(name)
