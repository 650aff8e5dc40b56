"""Lips against the sound: a fault made on purpose is found, fixed by one click, and gone."""

from __future__ import annotations

import bpy
import numpy as np

from diface_addon.core import channels
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.pins import pins
from tests.addon.diagnostics.conftest import FIRST_FRAME, FPS, face_values, listed, problems, rewrite

JAW, CLOSE = channels.FACE.index("jawOpen"), channels.FACE.index("mouthClose")
M_OF_SOMETHING, PH_OF_PHONE = 0.62, 4.75
"""Seconds of a closure in the sample speech (tests/data/speech.json), and of an open vowel."""


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
