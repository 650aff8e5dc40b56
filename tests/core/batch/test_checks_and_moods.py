"""Moods of the lines of a batch, and the diagnostics that its report has for each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diface_core import AudioSection, GenerateRequest, channels
from diface_core.batch.check_line import check_line, closures_of_words
from diface_core.batch.lines import read_batch
from diface_core.batch.run import run_batch
from diface_core.cli.mood_option import in_mood
from diface_core.engines import Engines
from diface_core.motion.files import read_npz
from diface_core.types import IDLE, MODEL_RATE, Constraints, Motion, Pins
from diface_core.words import DOUBTFUL_SCORE, Phone, Word
from tests.core.batch.tables import TOY, sounds, table
from tests.core.batch.toy_engines import Toy


def make(path: Path, out: Path, is_checked: bool = True, engine: str = TOY) -> list[dict]:
    run_batch(read_batch(path, is_checked=is_checked).lines, out, engine=engine)
    return json.loads((out / "report.json").read_text("utf-8"))["lines"]


def test_report_has_the_diagnostics_of_each_line(tmp_path):
    sounds(tmp_path, ["a", "b"])
    path = table(tmp_path / "t.csv", ["sound", "transcript", "language"], [["a.wav", "", ""], ["b.wav", "Hej", "sv"]])
    first, second = make(path, tmp_path / "out")
    assert first["problems"] == second["problems"] == "missed closure: 1"
    assert first["findings"] == [{"kind": "missed_closure", "begin": 0.1, "end": 0.2, "amount": 1.5}]
    assert "transcript_notes" not in first
    assert "Hej in sv is not what is said" in second["transcript_notes"]  # and the line was made
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "missed closure: 1" in page
    assert "is not what is said" in page
    assert "problems" not in make(path, tmp_path / "fast", is_checked=False)[0]


def test_only_faces_that_speak_are_checked():
    motion = Motion(np.zeros((30, 55), np.float32), channels.ALL, MODEL_RATE)
    idle = GenerateRequest(AudioSection(Path(), seconds=1.0), role=IDLE)
    head = GenerateRequest(AudioSection(Path()), parts=("head",))
    assert [check_line(Toy(), request, motion, "", "en") for request in (idle, head)] == [{}, {}]


def test_closures_are_those_of_known_words():
    phones = (Phone("B", 0.5, 0.6), Phone("AY", 0.6, 0.8))
    word = Word("by", 0.5, 0.8, phones, score=-1.0)
    np.testing.assert_array_equal(closures_of_words([word]), [[0.5, 0.6]])
    assert closures_of_words([]).shape == (0, 2)
    assert closures_of_words([word, Word("x", 1.0, 1.2)]) is None
    assert closures_of_words([word, Word("by", 1.0, 1.2, phones, score=DOUBTFUL_SCORE - 1)]) is None


def test_moods_of_lines(tmp_path):
    sounds(tmp_path, ["a"], 2.0)
    rows = [["a.wav", "plain", ""], ["a.wav", "happy", "happy:0.6"], ["a.wav", "mixed", "happy:0.3,sad:0.3"]]
    path = table(tmp_path / "t.csv", ["sound", "name", "mood"], rows)
    found = make(path, tmp_path / "out")
    assert [row.get("mood") for row in found] == [None, "happy 0.6", "happy 0.3, sad 0.3"]
    plain, happy, mixed = (read_npz(tmp_path / "out" / f"{row[1]}.npz") for row in rows)
    smiles = [motion.column("mouthSmileLeft").mean() for motion in (plain, mixed, happy)]
    assert smiles == sorted(smiles)
    assert smiles[2] > smiles[0] + 0.2

    path.write_text(path.read_text().replace("happy:0.6", "happy:0.9"))
    again = make(path, tmp_path / "out")
    assert [row["status"] for row in again] == ["kept", "made", "kept"]


def test_pins_stay_in_a_mood():
    column = channels.ALL.index("mouthSmileLeft")
    pins = Pins(np.array([15.0]), np.array([column], np.int32), np.array([0.125], np.float32))
    values = np.full((30, 55), 0.125, np.float32)
    request = GenerateRequest(AudioSection(Path()), constraints=Constraints(values, np.zeros(values.shape, bool), pins))
    shown = in_mood(Motion(values, channels.ALL, MODEL_RATE), (("happy", 1.0),), request)
    assert shown.values[15, column] == np.float32(0.125)
    assert shown.values[0, column] > 0.3


def test_a_transcript_is_heard(tmp_path, speech):
    """By the real models: the words of the sound are accepted, and other words are named."""
    pytest.importorskip("pocketsphinx")
    right = " ".join(word for _start, _end, word in json.loads(speech.with_suffix(".json").read_text())["words"])
    wrong = "quarterly inflation expectations remained anchored throughout several consecutive parliamentary sessions"
    request, engines = GenerateRequest(AudioSection(speech)), Engines.create(None)
    motion = engines.generate(request, lambda progress: None).motion
    accepted, refused = (check_line(engines, request, motion, text, "en") for text in (right, wrong))
    assert accepted["problems"] == "none"
    assert "transcript_notes" not in accepted
    assert refused["transcript_notes"]
    assert refused["problems"]  # by the sound alone
