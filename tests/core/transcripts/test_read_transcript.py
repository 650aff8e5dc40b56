"""Reading transcripts: every format, round trips, and files that are damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diface_core.errors import DifaceError
from diface_core.transcripts import read_transcript as reading
from diface_core.transcripts.subtitles import parse_srt, parse_vtt
from diface_core.transcripts.textgrid import SILENCES, parse_textgrid
from diface_core.transcripts.write_textgrid import format_textgrid, write_textgrid
from diface_core.words import Cue, Phone, Word, check_order

SRT = """1
00:00:01,500 --> 00:00:03,000
<i>Something</i> is {\\an8}terribly wrong!

2
00:00:03,090 --> 00:00:05,930
Weasels have eaten
our phone system.
"""
VTT = """WEBVTT - a title

NOTE a comment --> not a cue

STYLE
::cue { color: red }

intro
00:01.500 --> 00:03.000 align:start
<v Anna>Tom &amp; I</v>

01:00:03.090 --> 01:00:05.930
are here.
"""
SHORT_TEXTGRID = '''File type = "ooTextFile"
Object class = "TextGrid"

0
1.5
<exists>
2
"IntervalTier"
"words"
0
1.5
3
0
0.5
""
0.5
1.0
"say ""it"""
1.0
1.5
"now"
"TextTier"
"clicks"
0
1.5
1
0.7
"x"
'''


def word_lists():
    """Return words in order, whose labels TextGrids keep and whose phones fill them."""
    label = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=1, max_size=8)
    spoken = label.filter(lambda text: text.lower() not in SILENCES)
    steps = st.tuples(spoken, st.integers(0, 50), st.integers(2, 80))
    return st.lists(steps, min_size=1, max_size=8).map(_in_order)


def _in_order(steps):
    words, at = [], 0.0
    for text, gap, length in steps:
        start = at + gap / 100
        middle, end = start + length / 200, start + length / 100
        words.append(Word(text, start, end, (Phone("AA", start, middle), Phone("B", middle, end))))
        at = end
    return words


def test_srt_has_its_cues_without_markup():
    assert parse_srt(SRT).cues == (
        Cue("Something is terribly wrong!", 1.5, 3.0),
        Cue("Weasels have eaten\nour phone system.", 3.09, 5.93),
    )


def test_vtt_has_its_cues_without_comments_and_styles():
    assert parse_vtt(VTT).cues == (Cue("Tom & I", 1.5, 3.0), Cue("are here.", 3603.09, 3605.93))


def test_short_textgrid_and_points():
    transcript = parse_textgrid(SHORT_TEXTGRID.replace("say ", "say_"))
    assert [(word.text, word.start, word.end) for word in transcript.words] == [
        ('say_"it"', 0.5, 1.0),
        ("now", 1.0, 1.5),
    ]


def test_tier_of_phrases_gives_cues_without_words():
    transcript = parse_textgrid(SHORT_TEXTGRID)
    assert transcript.words == ()
    assert transcript.cues[0] == Cue('say "it"', 0.5, 1.0)


@given(word_lists())
def test_textgrid_round_trip(words):
    read = parse_textgrid(format_textgrid(words)).words
    assert [word.text for word in read] == [word.text.strip() for word in words]
    for one, other in zip(read, words, strict=True):
        assert (one.start, one.end) == pytest.approx((other.start, other.end), abs=1e-5)
        assert [phone.label for phone in one.phones] == [phone.label for phone in other.phones]
    check_order(read)


def test_written_file_is_read(tmp_path):
    path = tmp_path / "a.TextGrid"
    write_textgrid(path, [Word("ümlaut", 0.1, 0.5)])
    assert reading.read_transcript(path).words == (Word("ümlaut", 0.1, 0.5),)
    with pytest.raises(DifaceError, match="cannot be written"):
        write_textgrid(tmp_path / "none" / "a.TextGrid", [Word("a", 0.1, 0.5)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes("Käse\r\nund Brot".encode(encoding))
    assert reading.read_transcript(path).text == "Käse\nund Brot"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.doc", b"words", "not a transcript"),
        ("a.txt", b"  \n ", "no text"),
        ("a.txt", b"a\0b", "not a text file"),
        ("a.srt", b"1\nhello\n", "line 1: expected times"),
        ("a.srt", b"1\n00:00:02,0 --> 00:00:01,0\nhello\n", "line 2: the end is not after"),
        ("a.srt", b"1\n00:zz:02,0 --> 00:00:01,0\nhello\n", "cannot be read"),
        ("a.vtt", b"1\n00:02.0 --> 00:03.0\nhello\n", "must be WEBVTT"),
        ("a.TextGrid", b"hello", "first line must be"),
        ("a.TextGrid", SHORT_TEXTGRID[:150].encode(), "ends too early"),
        ("a.TextGrid", SHORT_TEXTGRID.replace("IntervalTier", "OtherTier").encode(), "not known"),
        ("a.TextGrid", SHORT_TEXTGRID.replace("0.5\n1.0\n", "1.0\n0.5\n").encode(), "not in order"),
    ],
)
def test_damaged_files_are_explained(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DifaceError, match=said):
        reading.read_transcript(path)


def test_missing_and_huge_files(tmp_path, monkeypatch):
    with pytest.raises(DifaceError, match="cannot be opened"):
        reading.read_transcript(tmp_path / "none.txt")
    monkeypatch.setattr(reading, "MAX_BYTES", 3)
    (tmp_path / "a.txt").write_text("long")
    with pytest.raises(DifaceError, match="too large"):
        reading.read_transcript(tmp_path / "a.txt")


@pytest.mark.parametrize("parse", [parse_srt, parse_vtt, parse_textgrid])
@given(text=st.one_of(st.text(), st.sampled_from([SRT, VTT, SHORT_TEXTGRID]).flatmap(
    lambda whole: st.integers(0, len(whole)).map(lambda at: whole[:at] + whole[at + 1:]))))  # fmt: skip
def test_any_text_is_read_or_explained(parse, text):
    try:
        transcript = parse(text)
    except ValueError:
        return
    assert all(cue.start is None or cue.start < cue.end for cue in transcript.cues)
