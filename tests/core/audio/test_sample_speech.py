"""The sample speech matches its table of phones."""

import json
from pathlib import Path

import soundfile


def test_table_has_the_expected_form(speech: Path) -> None:
    info = soundfile.info(speech)
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
    assert 8 < info.duration < 14


def test_times_increase_and_are_inside_the_audio(speech: Path) -> None:
    labels = json.loads(speech.with_suffix(".json").read_text())
    for kind in ("words", "phones"):
        times = [time for start, end, _ in labels[kind] for time in (start, end)]
        assert times == sorted(times)
        assert 0 <= times[0] < times[-1] <= soundfile.info(speech).duration


def test_speech_contains_lip_closures(speech: Path) -> None:
    phones = [label for _, _, label in json.loads(speech.with_suffix(".json").read_text())["phones"]]
    assert sum(phones.count(label) for label in ("M", "B", "P")) >= 8
    assert sum(phones.count(label) for label in ("F", "V")) >= 3
    assert sum(phones.count(label) for label in ("W", "OW", "AO", "UH")) >= 6
