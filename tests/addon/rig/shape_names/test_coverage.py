"""What is missing, and how it is said."""

from __future__ import annotations

from diface_addon.core import channels
from diface_addon.rig import shape_names
from diface_addon.rig.shape_names import coverage


def coverage_of(names: list[str]) -> coverage.Coverage:
    return shape_names.coverage(shape_names.named_targets(names))


def test_nothing_is_missing() -> None:
    whole = coverage_of(list(channels.FACE))
    assert (whole.found, whole.missing, whole.sentences, whole.share) == (52, (), (), 1.0)


def test_missing_tongue() -> None:
    without = coverage_of([name for name in channels.FACE if name != "tongueOut"])
    assert without.missing == ("tongueOut",)
    assert without.sentences == ("No tongue shape: the tongue stays still.",)
    assert without.share == 51 / 52


def test_part_of_a_group() -> None:
    without = coverage_of([name for name in channels.FACE if name != "eyeBlinkRight"])
    assert without.sentences == ("Incomplete blink, without eyeBlinkRight: this part stays still.",)


def test_each_missing_channel_has_one_sentence() -> None:
    for channel in channels.FACE:
        assert len(coverage_of([name for name in channels.FACE if name != channel]).sentences) == 1


def test_breath_does_not_count() -> None:
    assert coverage_of(["breathIn"]).found == 0


def test_most_visible_first() -> None:
    sentences = coverage_of([]).sentences
    assert sentences[0] == "No jaw opening: the mouth does not open."
    assert len(sentences) == len(set(sentences))
