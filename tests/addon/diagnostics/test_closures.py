"""Lips against the sound: a fault made on purpose is found, fixed by one click, and gone."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, words
from diface_addon.jobs.words import word_list
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.pins import pins
from tests.addon.conftest import needs_audio
from tests.addon.diagnostics.conftest import FIRST_FRAME, FPS, face_values, listed, problems, rewrite

JAW, CLOSE = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
M_OF_SOMETHING, PH_OF_PHONE = 0.62, 4.75
"""Seconds of a closure in the sample speech (tests/data/speech.json), and of an open vowel."""

pytestmark = pytest.mark.usefixtures("real_worker")


def open_lips(values: np.ndarray) -> None:
    """Keep the lips apart during the m of "something"."""
    rows = slice(round((M_OF_SOMETHING - 0.2) * FPS), round((M_OF_SOMETHING + 0.2) * FPS))
    values[rows, CLOSE] = 0.0
    values[rows, JAW] = np.maximum(values[rows, JAW], 0.15)


def close_lips(values: np.ndarray) -> None:
    """Shut the lips for two frames of an open vowel."""
    row = round(PH_OF_PHONE * FPS)
    values[row : row + 2, CLOSE] = values[row : row + 2, JAW]


def test_untouched_take_has_no_problem(talking) -> None:
    assert problems(talking) == []


def test_missed_closure_is_sealed_by_one_click(scene, talking) -> None:
    rewrite(talking, open_lips)
    [problem] = problems(talking)
    assert problem.kind == "missed_closure"
    assert abs(problem.jump - FIRST_FRAME - M_OF_SOMETHING * FPS) <= 4

    assert bpy.ops.diface.jump_to_problem(index=0) == {"FINISHED"}
    assert scene.frame_current == problem.jump

    before, action = face_values(talking), active_actions(talking)[0]
    assert bpy.ops.diface.fix_problem(index=0) == {"FINISHED"}
    assert listed(talking) == []
    assert active_actions(talking)[0] != action
    after = face_values(talking)
    far = np.abs(np.arange(len(after)) + FIRST_FRAME - problem.jump) > 0.5 * FPS
    np.testing.assert_array_equal(after[far], before[far])
    assert {pin.frame for pin in pins.find_pins(talking)} == {problem.jump}
    assert problems(talking) == []


def list_words(obj: bpy.types.Object, label: str, score: float = 0.0, phones: bool = True) -> None:
    """List "something" as the only word, with a sound in the place of its m."""
    sounds = (words.Phone("S", 0.31, 0.5), words.Phone(label, 0.58, 0.68), words.Phone("TH", 0.68, 1.12))
    word = words.Word("something", 0.31, 1.12, sounds if phones else (), score=score)
    word_list.set_words(obj, "speech.wav", [word], 0.0)


def test_words_tell_where_the_lips_must_close(talking) -> None:
    rewrite(talking, open_lips)
    list_words(talking, "M")
    [problem] = problems(talking)
    assert problem.kind == "missed_closure"
    assert abs(problem.first - FIRST_FRAME - 0.58 * FPS) <= 1
    list_words(talking, "N")
    assert problems(talking) == []


def test_words_that_are_doubtful_or_without_sounds_are_not_asked(talking) -> None:
    rewrite(talking, open_lips)
    list_words(talking, "N", score=10 * words.DOUBTFUL_SCORE)
    assert [problem.kind for problem in problems(talking)] == ["missed_closure"]
    list_words(talking, "N", phones=False)
    assert [problem.kind for problem in problems(talking)] == ["missed_closure"]


@needs_audio
def test_closures_of_the_words_of_a_strip_are_where_it_plays(on_strip, scene, talking) -> None:
    rewrite(talking, open_lips)
    sounds = (words.Phone("M", 0.58, 0.68),)
    word_list.set_words(talking, on_strip.name, [words.Word("m", 0.31, 1.12, sounds)], 0.0)
    found = [problem for problem in problems(talking) if problem.kind == "missed_closure"]
    assert abs(found[0].first - FIRST_FRAME - 0.58 * FPS) <= 1
