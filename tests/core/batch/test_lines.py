"""Tables of batches: every column, and what is wrong with a bad row."""

from __future__ import annotations

import time

import pytest

from diface_core import DifaceError, FrameRate, Style
from diface_core.batch.lines import BadLine, Line, read_batch
from tests.core.batch.tables import table


def only(path) -> Line | BadLine:
    (line,) = read_batch(path).lines
    return line


def test_columns_are_the_options_of_generate(tmp_path):
    header = [
        "Sound",
        "name",
        "transcript",
        "style",
        "seed",
        "fps",
        "face-strength",
        "no_blinks",
        "outputs",
        "start",
        "mood",
        "high pass",
        "language",
        "scene",
    ]
    row = [
        "a b.wav",
        "shot 1/anna",
        "Hello, you.",
        "ada:0.7,grid_s1:0.3",
        7,
        "24/1.001",
        1.5,
        "yes",
        "npz csv",
        -0.5,
        "sad:0.5, tired",
        "yes",
        "de",
        "12b",
    ]
    batch = read_batch(table(tmp_path / "t.csv", header, [row]))
    (line,) = batch.lines
    assert isinstance(line, Line)
    request = line.request
    assert (line.name, line.outputs, request.seed) == ("shot 1/anna", ("npz", "csv"), 7)
    assert request.audio.path == tmp_path / "a b.wav"
    assert request.audio.start == -0.5
    assert request.rate == FrameRate(24, 1.001)
    assert request.face_strength == 1.5
    assert request.style == Style((("ada", 0.7), ("grid_s1", 0.3)))
    assert request.layers.blinks is None
    assert request.layers.gaze == 0
    assert line.other == {"scene": "12b"}
    assert (line.mood, line.transcript, line.language) == ((("sad", 0.5), ("tired", 1.0)), "Hello, you.", "de")
    assert request.audio.high_pass
    assert batch.notes == ("Columns that are only passed through: scene",)


def test_a_sound_is_enough(tmp_path):
    line = only(table(tmp_path / "t.csv", ["sound"], [["takes/a.wav"]]))
    assert isinstance(line, Line)
    assert (line.number, line.name, line.outputs) == (2, "a", ("npz",))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_rows_have_the_numbers_that_a_spreadsheet_shows(tmp_path, newline):
    """Empty rows count, wherever they are, and a row whose text has several lines is one."""
    rows = ["", "sound,transcript", "a.wav,one", "", ",", 'b.wav,"two', 'lines"', "c.wav,three", ""]
    path = tmp_path / "t.csv"
    path.write_bytes(newline.join(rows).encode())
    assert [(line.number, line.name) for line in read_batch(path).lines] == [(3, "a"), (6, "b"), (7, "c")]


def test_an_encoding_that_was_guessed_is_said(tmp_path):
    """Letters of other encodings are read as others, which nothing else would tell."""
    for encoding, notes in (("utf-8", 0), ("utf-16", 0), ("cp1252", 1), ("shift_jis", 1)):
        letters = "é" if encoding == "cp1252" else "台詞"
        batch = read_batch(table(tmp_path / "t.csv", ["sound", "name"], [["a.wav", letters]], encoding))
        assert len(batch.notes) == notes, encoding
    assert not read_batch(table(tmp_path / "t.csv", ["sound"], [["a.wav"]], "cp1252")).notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    line = only(table(tmp_path / "t.csv", ["sound", "transcript"], [["müde.wav", "Grüße – né"]], encoding))
    assert isinstance(line, Line)
    assert line.request.audio.path.name == "müde.wav"
    assert line.transcript == "Grüße – né"


@pytest.mark.parametrize(
    ("header", "row", "reason"),
    [
        (["sound", "seed"], ["a.wav", "x"], "seed"),
        (["sound", "seed"], ["a.wav", -1], "seed"),
        (["sound", "fps"], ["a.wav", 0], "fps"),
        (["sound", "style"], ["a.wav", "ada:0"], "style"),
        (["sound", "mood"], ["a.wav", "joyful"], "neutral, happy"),
        (["sound", "mood"], ["a.wav", "happy:2"], "0 to 1"),
        (["sound", "mood"], ["a.wav", "happy:0"], "mood"),
        (["sound", "mood", "head"], ["a.wav", "happy", "yes"], "needs the face"),
        (["sound", "outputs"], ["a.wav", "fbx"], "Unknown output fbx"),
        (["sound", "name"], ["a.wav", "../../etc/passwd"], "cannot be the name"),
        (["sound", "name"], ["a.wav", "/etc/passwd"], "cannot be the name"),
        (["sound", "name"], ["a.wav", "c:\\x"], "cannot be the name"),
        (["sound", "name"], ["a.wav", ".batch/x"], "hidden"),
        (["sound", "name"], ["", "x"], "names no sound"),
    ],
)
def test_bad_row(tmp_path, header, row, reason):
    line = only(table(tmp_path / "t.csv", header, [row]))
    assert isinstance(line, BadLine)
    assert reason in line.reason


def test_options_that_a_line_cannot_have_are_passed_through(tmp_path):
    batch = read_batch(table(tmp_path / "t.csv", ["sound", "out", "cache"], [["a.wav", "/tmp/x", "/tmp"]]))
    assert batch.notes == ("Columns that are only passed through: out, cache",)


def test_of_two_lines_with_one_output_the_second_is_bad(tmp_path):
    first, second, third = read_batch(
        table(tmp_path / "t.csv", ["sound", "name"], [["a.wav", "x"], ["b.wav", "X"], ["c.wav", "y"]])
    ).lines
    assert isinstance(first, Line)
    assert isinstance(third, Line)
    assert isinstance(second, BadLine)
    assert "Row 2 has the same output name" in second.reason


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"name,seed\n1,2\n"])
def test_what_is_no_table_is_refused(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DifaceError, match=r"no table|no column sound"):
        read_batch(tmp_path / "t.csv")
    with pytest.raises(DifaceError, match="Cannot read"):
        read_batch(tmp_path / "none.csv")


def test_a_hundred_thousand_rows(tmp_path):
    path = table(tmp_path / "t.csv", ["sound", "name", "seed"], [[f"{n % 9}.wav", f"n{n}", n] for n in range(100_000)])
    started = time.process_time()
    lines = read_batch(path).lines
    assert len(lines) == 100_000
    assert all(isinstance(line, Line) for line in lines)
    assert time.process_time() - started < 600  # a limit against a hang, not a measurement
