"""Alignment: with an aligner whose result is known, and with PocketSphinx where it is installed."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core.alignment import aligner, espeak
from diface_core.alignment.align import align
from diface_core.alignment.aligner import AlignedPhone, AlignedWord, Aligner
from diface_core.alignment.nearest_phones import SEVERAL, SINGLE, nearest_phones
from diface_core.alignment.pronunciation import pronounce
from diface_core.cli.align import main
from diface_core.errors import DifaceError
from diface_core.transcripts.textgrid import parse_textgrid
from diface_core.types import AudioSection
from diface_core.words import AlignRequest, Cue, check_order

DATA = Path(__file__).parents[2] / "data"
SPEECH = DATA / "speech.flac"
WORDS = json.loads((DATA / "speech.json").read_text("utf-8"))["words"]
"""[start, end, word] of the recording."""
TEXT = " ".join(word for _start, _end, word in WORDS)

needs_sphinx = pytest.mark.skipif(not aligner.is_installed(), reason="the optional package pocketsphinx is missing")
needs_espeak = pytest.mark.skipif(not espeak.is_installed(), reason="the optional package espeakng-loader is missing")


class EvenAligner:
    """Words that follow one another at a tenth of a second each; "bad" fits poorly, "gone" is not heard."""

    def lookup(self, word):
        return " ".join("AA" if letter in "aeiou" else "B" for letter in word) if word.isascii() else None

    def align(self, samples, words, report=lambda _: None):
        report(1.0)
        found = []
        for index, word in enumerate(words):
            if word.word != "gone":
                start, middle, end = 10 * index, 10 * index + 5, 10 * index + 10
                phones = (AlignedPhone("B", start, middle), AlignedPhone("AA", middle, end))
                found.append(AlignedWord(index, phones, -20.0 if word.word == "bad" else -3.0))
        return found


def run(*cues, audio=None, engine=None, language="en"):
    request = AlignRequest(audio or AudioSection(SPEECH), cues, language)
    return align(request, engine or EvenAligner(), lambda progress: None)


def test_words_have_times_phones_and_an_accent():
    word = run(Cue("hello there")).words[1]
    assert (word.text, word.start, word.end, word.accent) == ("there", 0.1, 0.2, pytest.approx(0.175))
    assert [phone.label for phone in word.phones] == ["B", "AA"]


def test_notes_say_what_does_not_fit():
    notes = "\n".join(run(Cue("one two three four five six [laughs] bad gone")).notes)
    assert "left out: [laughs]" in notes
    assert "Not heard, and left out: gone" in notes
    assert "check them: bad" in notes


def test_word_at_the_end_of_the_sound_is_said():
    assert any(
        "ends within the last word" in note for note in run(Cue("a b"), audio=AudioSection(SPEECH, 0.4, 0.2)).notes
    )


def test_wrong_and_empty_transcripts():
    with pytest.raises(DifaceError, match="does not fit"):
        run(Cue("bad bad bad"))
    with pytest.raises(DifaceError, match="empty"):
        run(Cue(" ... [music] "))
    with pytest.raises(DifaceError, match="outside the sound"):
        run(Cue("late", 100.0, 101.0))


def test_cues_are_aligned_where_they_are():
    words = run(Cue("early", 2.0, 2.5), Cue("late words", 8.0, 9.0)).words
    assert [(word.text, word.start) for word in words] == [("early", 1.5), ("late", 7.5), ("words", 7.6)]


def test_long_sound_needs_times(monkeypatch):
    monkeypatch.setattr("diface_core.alignment.align.MAX_SECONDS", 5.0)
    with pytest.raises(DifaceError, match="at most"):
        run(Cue("hello"))


def test_unknown_words_are_left_out_and_said(monkeypatch):
    monkeypatch.setattr(espeak, "is_installed", lambda: False)
    alignment = run(Cue("hello жук there"))
    assert [word.text for word in alignment.words] == ["hello", "there"]
    assert "жук" in alignment.notes[0]


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(aligner, "PACKAGE", "no_such_package")
    with pytest.raises(DifaceError, match="pocketsphinx"):
        Aligner()
    monkeypatch.setattr(espeak, "PACKAGE", "no_such_package")
    espeak._library.cache_clear()
    with pytest.raises(DifaceError, match="espeakng-loader"):
        run(Cue("Guten Morgen"), language="de")
    espeak._library.cache_clear()


def test_every_symbol_is_near_to_a_phone():
    for symbol in (*SEVERAL, *SINGLE):
        assert nearest_phones(symbol)
    assert nearest_phones("ˈaɪ") == ("AY",)
    assert nearest_phones("ç") == ("SH",)
    assert nearest_phones("ɔ̃") == ("AO",)
    assert nearest_phones("ʔ") == ()


@needs_sphinx
def test_recording_is_aligned():
    alignment = run(Cue(TEXT), engine=Aligner())
    check_order(alignment.words)
    assert alignment.notes == ()
    for word, (start, end, text) in zip(alignment.words, WORDS, strict=True):
        assert word.text == text
        assert (word.start, word.end) == pytest.approx((start, end), abs=0.1)
        assert word.start <= word.accent <= word.end
        assert all(one.end == pytest.approx(other.start) for one, other in pairwise(word.phones))


@needs_sphinx
def test_sections_give_the_same_words(monkeypatch):
    whole = run(Cue(TEXT), engine=Aligner()).words
    monkeypatch.setattr(aligner, "MAX_SECTION", 3.0)
    cut = run(Cue(TEXT), engine=Aligner()).words
    assert [word.text for word in cut] == [word.text for word in whole]
    assert np.abs([a.start - b.start for a, b in zip(cut, whole, strict=True)]).max() < 0.05


@needs_sphinx
def test_transcript_longer_than_the_strip():
    """A strip that is cut within a sentence has the words that are heard."""
    alignment = run(Cue(TEXT), audio=AudioSection(SPEECH, 2.9, 5.95), engine=Aligner())
    assert [word.text for word in alignment.words][:3] == ["weasels", "have", "eaten"]
    assert [word.text for word in alignment.words][-2:] == ["the", "moment"]
    assert any("Not heard" in note for note in alignment.notes)


@needs_sphinx
def test_transcript_of_another_sound():
    with pytest.raises(DifaceError, match="does not fit"):
        run(Cue("The quick brown fox jumps over the lazy dog while my mother makes marmalade."), engine=Aligner())


@needs_sphinx
@needs_espeak
def test_other_spelling_is_pronounced_by_espeak():
    """Words in a spelling that no dictionary has are aligned by what eSpeak NG says."""
    alignment = run(Cue(TEXT.replace("monkeys", "munkeez").replace("phone", "foan")), engine=Aligner())
    expected = [start for start, _end, _text in WORDS]
    assert [word.start for word in alignment.words] == pytest.approx(expected, abs=0.1)


@needs_sphinx
@needs_espeak
def test_accent_is_on_the_stressed_vowel():
    """Also in the last word, whose second vowel is longer."""
    accented = {word.text: word for word in run(Cue(TEXT), engine=Aligner()).words}
    for text, label in (("monkeys", "AH"), ("system", "IH"), ("away", "EY"), ("terribly", "EH")):
        word = accented[text]
        (phone,) = [phone for phone in word.phones if phone.start < word.accent < phone.end]
        assert phone.label == label


@needs_espeak
def test_pronunciations_by_espeak():
    found = pronounce(("Guten", "Tag", "42"), "de", lambda word: None)
    assert found.known[0].phones[:3] == ("G", "UW", "T")
    assert len(found.known) == 3
    with pytest.raises(DifaceError, match="does not know the language"):
        pronounce(("x",), "no such language", lambda word: None)


@needs_sphinx
def test_silence_and_noise_do_not_crash(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.05, 32_000)
    noise[16_000:] = 0
    soundfile.write(tmp_path / "noise.wav", noise, 16_000)
    with pytest.raises(DifaceError, match="does not fit"):
        run(Cue(TEXT), audio=AudioSection(tmp_path / "noise.wav"), engine=Aligner())


@needs_sphinx
def test_command_line(tmp_path, capsys):
    (tmp_path / "a.txt").write_text(TEXT)
    assert main([str(SPEECH), str(tmp_path / "a.txt")]) == 0
    assert "something  S AH M" in capsys.readouterr().out
    assert main([str(SPEECH), str(tmp_path / "a.txt"), "--out", str(tmp_path / "a.TextGrid")]) == 0
    assert len(parse_textgrid((tmp_path / "a.TextGrid").read_text("utf-8")).words) == len(WORDS)


def test_command_line_errors(tmp_path, capsys):
    assert main([str(SPEECH), str(tmp_path / "none.txt")]) == 2
    assert main([str(SPEECH), str(tmp_path / "none.txt"), "--out", "a.csv"]) == 2
    assert "must end in .TextGrid" in capsys.readouterr().err


def test_request_is_frozen():
    request = AlignRequest(AudioSection(SPEECH), (Cue("a"),))
    assert replace(request, language="de").language == "de"
