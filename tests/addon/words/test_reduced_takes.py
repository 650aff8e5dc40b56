"""Takes with reduced keys: keys set by hand survive every step, and the buttons of a word act as on dense takes."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import channels
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.provenance import reduction_state
from diface_addon.scene.takes import take_index
from diface_addon.scene.variations import variation_row
from diface_addon.settings import performance
from tests.addon.scene import scenes

FPS, FIRST, ROWS = 25, 11, 75
SHAPES = ("jawOpen", "mouthClose", "mouthLowerDownLeft", "mouthSmileLeft", "browInnerUp", "browOuterUpLeft")
NAMES = (*SHAPES, *channels.HEAD)
TEXT, NAME, WORD = "one two bad four five", "clicks.wav", 3


@pytest.fixture
def reduced(scene, clicks, worker, monkeypatch) -> bpy.types.Object:
    """Return a character with a reduced take of three seconds from frame 11 on, and a list of words."""
    obj = scenes.add_character(scene, SHAPES)
    scene.render.fps, scene.frame_start = FPS, FIRST
    scene.diface.blinks = scene.diface.gaze = scene.diface.breath = False
    scenes.use_audio_file(scene, clicks([0.5, 0.75, 1.0, 1.25], seconds=3.0))
    performance.to_change(bpy.context).keys.mode = "REDUCED"
    assert bpy.ops.diface.generate() == {"FINISHED"}
    monkeypatch.setitem(worker.versions, "pocketsphinx", "of the test")
    obj.diface_words.text = TEXT
    assert bpy.ops.diface.align_words() == {"FINISHED"}
    obj.diface_words.speeches[NAME].index = WORD
    return obj


def actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    return take_index.active_take(obj)


def curve(obj: bpy.types.Object, name: str) -> bpy.types.FCurve:
    path = f'key_blocks["{name}"].value'
    return next(c for action in actions(obj) for a, c in compat.action_fcurves(action) if a[1] == path)


def motion(obj: bpy.types.Object) -> np.ndarray:
    return evaluate_curves.sample_motion(obj, FIRST, ROWS, NAMES).values


def is_reduced(obj: bpy.types.Object) -> bool:
    return all(reduction_state.read(action) is not None for action in actions(obj))


def dense_motion(obj: bpy.types.Object) -> np.ndarray:
    """Return the motion with one key a frame, which then is the take's."""
    assert bpy.ops.diface.set_keys(mode="EVERY_FRAME") == {"FINISHED"}
    return motion(obj)


def contents(obj: bpy.types.Object) -> list[tuple]:
    found = [pair for action in actions(obj) for pair in compat.action_fcurves(action)]
    return [(address, [tuple(key.co) for key in fcurve.keyframe_points]) for address, fcurve in found]


def set_by_hand(obj: bpy.types.Object) -> dict[tuple[str, float], float]:
    """Move a key, add one, move one in time, pull a handle and delete a key. Return the keys that must stay."""
    smile, brow, jaw = curve(obj, "mouthSmileLeft"), curve(obj, "browInnerUp"), curve(obj, "jawOpen")
    moved = smile.keyframe_points[len(smile.keyframe_points) // 2]
    moved.co.y = 0.81
    added = brow.keyframe_points.insert(FIRST + 33, 0.42)
    key = jaw.keyframe_points[len(jaw.keyframe_points) // 3]
    key.handle_right_type = key.handle_left_type = "FREE"
    key.handle_right = (key.handle_right[0], key.handle_right[1] + 0.1)
    kept = {
        ("mouthSmileLeft", moved.co.x): moved.co.y,
        ("browInnerUp", added.co.x): added.co.y,
        ("jawOpen", key.co.x): key.co.y,
    }
    smile.keyframe_points.remove(smile.keyframe_points[-2])
    for one in (smile, brow, jaw):
        one.update()
    return kept


def check_kept(obj: bpy.types.Object, kept: dict[tuple[str, float], float]) -> None:
    for (name, frame), value in kept.items():
        keys = [key.co.y for key in curve(obj, name).keyframe_points if abs(key.co.x - frame) < 1e-3]
        assert keys == [value]


def test_keys_set_by_hand_survive_regenerate_dense_and_reduced_again(reduced) -> None:
    assert is_reduced(reduced)
    kept = set_by_hand(reduced)
    (old,) = take_index.all_takes()
    before = contents(reduced)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert is_reduced(reduced)
    check_kept(reduced, kept)
    for mode in ("EVERY_FRAME", "REDUCED", "STEP", "EVERY_FRAME"):
        assert bpy.ops.diface.set_keys(mode=mode) == {"FINISHED"}
        check_kept(reduced, kept)
    assert bpy.ops.diface.use_take(take=old) == {"FINISHED"}
    assert contents(reduced) == before


def test_keys_set_by_hand_survive_dense_and_regenerate(reduced) -> None:
    kept = set_by_hand(reduced)
    for mode in ("EVERY_FRAME", "STEP", "REDUCED"):
        assert bpy.ops.diface.set_keys(mode=mode) == {"FINISHED"}
        check_kept(reduced, kept)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    check_kept(reduced, kept)
    assert bpy.ops.diface.regenerate(where="ALL") == {"FINISHED"}
    check_kept(reduced, kept)


@pytest.mark.parametrize(
    ("button", "settings"),
    [
        ("regenerate_word", {}),
        ("close_word", {}),
        ("emphasise_word", {}),
        ("scale_word", {"how": "SOFTER"}),
        ("scale_word", {"how": "WIDER"}),
    ],
)
def test_buttons_of_a_word_change_only_its_frames(reduced, button, settings) -> None:
    (old,) = take_index.all_takes()
    assert getattr(bpy.ops.diface, button)(**settings) == {"FINISHED"}
    assert is_reduced(reduced)
    after = dense_motion(reduced)
    bpy.ops.diface.use_take(take=old)
    before = dense_motion(reduced)
    word = reduced.diface_words.speeches[NAME].words[WORD]
    rows = np.arange(FIRST, FIRST + ROWS)
    far = (rows < word.first_frame - FPS) | (rows > word.last_frame + FPS)
    assert far.any()
    np.testing.assert_array_equal(after[far], before[far])
    assert np.abs(after[~far] - before[~far]).max() > 0 or button == "regenerate_word"


def test_lips_of_a_word_are_closed_exactly(reduced) -> None:
    assert bpy.ops.diface.close_word() == {"FINISHED"}
    shown = motion(reduced)
    assert bpy.ops.diface.set_keys(mode="EVERY_FRAME") == {"FINISHED"}
    word = reduced.diface_words.speeches[NAME].words[WORD]
    rows = np.arange(round(word.first_frame), round(word.last_frame) + 1) - FIRST
    aperture = NAMES.index("jawOpen"), NAMES.index("mouthClose")
    closed = shown[rows][:, aperture[0]] - shown[rows][:, aperture[1]]
    dense = motion(reduced)[rows]
    assert np.abs(closed - (dense[:, aperture[0]] - dense[:, aperture[1]])).max() < 0.01


def test_word_is_regenerated_with_articulation_and_keys_by_hand(reduced) -> None:
    kept = set_by_hand(reduced)
    del kept[next(key for key in kept if key[0] == "jawOpen")]  # articulation moves it with its handles
    reduced.diface.articulation.jaw = 1.4
    assert bpy.ops.diface.emphasise_word() == {"FINISHED"}
    check_kept(reduced, kept)
    reduced.diface.articulation.jaw = 1.0
    check_kept(reduced, kept)
    assert bpy.ops.diface.set_keys(mode="EVERY_FRAME") == {"FINISHED"}
    check_kept(reduced, kept)


def test_variations_of_a_word_are_reduced_and_change_only_its_frames(reduced) -> None:
    before = dense_motion(reduced)
    assert bpy.ops.diface.set_keys(mode="REDUCED") == {"FINISHED"}
    assert bpy.ops.diface.make_variations(what="WORD", count=2) == {"FINISHED"}
    row = variation_row.read(reduced)
    assert (row.label, len(row.takes)) == ("Word four", 2)
    word = reduced.diface_words.speeches[NAME].words[WORD]
    rows = np.arange(FIRST, FIRST + ROWS)
    outside = (rows < np.floor(word.first_frame)) | (rows > np.ceil(word.last_frame))
    for number in (1, 2):
        bpy.ops.diface.show_variation(number=number)
        assert is_reduced(reduced)
        # A reduced curve between keys inside and outside the word is what it shows, which is within the tolerance.
        assert np.abs(dense_motion(reduced)[outside] - before[outside]).max() < 0.005
    bpy.ops.diface.show_variation(number=0)
    assert bpy.ops.diface.discard_variations() == {"FINISHED"}
    assert is_reduced(reduced)
