"""The list of words: aligned, loaded, edited, moved with the strip, and what the buttons of a word do."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon.core import channels, errors
from diface_addon.jobs.words import align_words, word_list
from diface_addon.scene.animation import evaluate_curves
from diface_addon.scene.audio import speech_place
from diface_addon.scene.pins import pins
from diface_addon.scene.takes import take_index
from diface_addon.scene.words import face_times, word_markers
from diface_addon.settings import performance, word_settings
from tests.addon.conftest import needs_audio
from tests.addon.scene import scenes

SHAPES = (
    "jawOpen", "mouthClose", "mouthLowerDownLeft", "mouthSmileLeft", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight",
)  # fmt: skip
FPS, FIRST = 25, 11
TEXT = "one two bad four five"
NAME = "clicks.wav"


@pytest.fixture
def take(scene, clicks, worker, monkeypatch) -> bpy.types.Object:
    """A character with a take of three seconds from frame 11 on, whose sound is a file."""
    obj = scenes.add_character(scene, SHAPES)
    scene.render.fps, scene.frame_start = FPS, FIRST
    scene.diface.blinks = scene.diface.gaze = scene.diface.breath = False
    scenes.use_audio_file(scene, clicks([0.5, 0.75, 1.0, 1.25], seconds=3.0))
    assert bpy.ops.diface.generate() == {"FINISHED"}
    monkeypatch.setitem(worker.versions, "pocketsphinx", "of the test")
    return obj


@pytest.fixture
def words(take) -> bpy.types.bpy_prop_collection:
    """The words of TEXT, 0.2 s each from 0.5 s on, in the list of the take's character."""
    take.diface_words.text = TEXT
    assert bpy.ops.diface.align_words() == {"FINISHED"}
    return take.diface_words.speeches[NAME].words


def choose(obj, index: int) -> None:
    obj.diface_words.speeches[NAME].index = index


def move_strip(strip, frames: int) -> None:
    if hasattr(strip, "content_start"):
        strip.content_start += frames
    else:
        strip.frame_start += frames


def motion(obj, names=(*SHAPES, *channels.HEAD)) -> np.ndarray:
    return evaluate_curves.sample_motion(obj, FIRST, 75, names).values


def frame(seconds: float) -> float:
    return FIRST + seconds * FPS


def test_words_are_listed_with_their_frames(words) -> None:
    assert [word.text for word in words] == TEXT.split()
    assert [word.first_frame for word in words] == pytest.approx([frame(0.5 + 0.2 * n) for n in range(5)], abs=1e-3)
    assert [word.is_doubtful for word in words] == [False, False, True, False, False]


def test_words_are_saved(take, words, tmp_path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    listed = bpy.data.objects["Character"].diface_words.speeches[NAME].words
    assert [word.text for word in listed] == TEXT.split()
    assert listed[1].start == pytest.approx(0.7)


@needs_audio
def test_words_follow_a_strip_that_is_moved_or_trimmed(take, scene, clicks) -> None:
    strip = scenes.add_strip(scene, clicks([0.5], name="strip.wav"), FIRST)
    scene.diface.source, take.diface_words.text = "STRIP", TEXT
    assert bpy.ops.diface.align_words() == {"FINISHED"}
    words = take.diface_words.speeches["Speech"].words
    move_strip(strip, 20)
    assert words[0].first_frame == pytest.approx(frame(0.5) + 20, abs=1e-3)
    scenes.trim_strip(strip, FIRST + 25, FIRST + 60)
    assert words[0].first_frame == pytest.approx(frame(0.5) + 20, abs=1e-3)


def test_choosing_a_word_chooses_its_frames(take, words, scene) -> None:
    choose(take, 1)
    assert scene.diface.edit.frame_choice == "WORD"
    assert scene.frame_current == round(frame(0.7))
    before = motion(take)
    assert bpy.ops.diface.in_between() == {"FINISHED"}
    rows = np.flatnonzero(np.abs(motion(take) - before).max(axis=1) > 1e-6)
    assert set(rows) <= set(range(int(0.7 * FPS), round(0.9 * FPS) + 1))


def test_another_sound_has_other_words(take, words, scene, clicks) -> None:
    path = scene.diface.filepath
    scene.diface.filepath = str(clicks([0.1], name="other.wav"))
    assert word_settings.find_speech(bpy.context, take) is None
    scene.diface.filepath = path
    assert word_settings.find_speech(bpy.context, take).words[0].text == "one"


@pytest.mark.parametrize(
    ("source", "field", "value", "said"),
    [
        ("TEXT", "text", "  ", "transcript is empty"),
        ("BLOCK", "text_block", None, "No text block"),
        ("FILE", "filepath", "", "No transcript file"),
    ],
)
def test_button_says_what_is_missing(take, source, field, value, said) -> None:
    take.diface_words.source = source
    setattr(take.diface_words, field, value)
    with pytest.raises(errors.DifaceError, match=said):
        align_words.check_can_align(bpy.context)
    assert not bpy.ops.diface.align_words.poll()


def test_button_says_that_the_aligner_is_missing(take, worker, monkeypatch) -> None:
    take.diface_words.text = TEXT
    monkeypatch.setitem(worker.versions, "pocketsphinx", None)
    with pytest.raises(errors.WorkerError, match=r"not installed\. .*Create Environment"):
        align_words.check_can_align(bpy.context)


def test_transcript_that_does_not_fit_leaves_the_list(take, words) -> None:
    take.diface_words.text = "nothing"
    with pytest.raises(RuntimeError, match="does not fit"):
        bpy.ops.diface.align_words()
    assert [word.text for word in words] == TEXT.split()


def test_text_block_and_files_are_read(take, tmp_path) -> None:
    settings = take.diface_words
    settings.source, settings.text_block = "BLOCK", bpy.data.texts.new("Script")
    settings.text_block.write("from a block")
    assert bpy.ops.diface.align_words() == {"FINISHED"}
    assert [word.text for word in settings.speeches[NAME].words] == ["from", "a", "block"]
    settings.source, settings.filepath = "FILE", str(tmp_path / "a.srt")
    Path(settings.filepath).write_text("1\n00:00:00,500 --> 00:00:01,300\nfive words\n", "utf-8")
    assert bpy.ops.diface.load_words() == {"FINISHED"}
    listed = settings.speeches[NAME].words
    assert [(word.text, round(word.start, 3), round(word.end, 3)) for word in listed] == [
        ("five", 0.5, pytest.approx(0.856, abs=1e-3)), ("words", pytest.approx(0.856, abs=1e-3), 1.3),
    ]  # fmt: skip
    Path(settings.filepath).write_text("broken", "utf-8")
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.diface.load_words()
    assert len(listed) == 2


def test_regenerated_word_stays_within_its_frames(take, words) -> None:
    choose(take, 2)
    before = motion(take)
    assert bpy.ops.diface.regenerate_word() == {"FINISHED"}
    changed = np.flatnonzero(np.abs(motion(take) - before).max(axis=1) > 1e-6)
    assert len(changed)
    assert changed.min() >= round(0.9 * FPS)
    assert changed.max() <= round(1.1 * FPS)


def test_word_is_held_closed(take, words) -> None:
    choose(take, 2)
    take_before, before = take_index.active_take(take)[0].name, motion(take)
    assert bpy.ops.diface.close_word() == {"FINISHED"}
    after = motion(take)
    inside = slice(round(0.9 * FPS), round(1.1 * FPS) + 1)
    for name in ("jawOpen", "mouthClose", "mouthLowerDownLeft"):
        assert np.abs(after[inside, SHAPES.index(name)]).max() < 1e-6
    np.testing.assert_array_equal(after[:, SHAPES.index("browInnerUp")], before[:, SHAPES.index("browInnerUp")])
    far = np.r_[0 : round(0.7 * FPS), round(1.3 * FPS) : 75]
    np.testing.assert_allclose(after[far], before[far], atol=1e-6)
    assert take_index.active_take(take)[0].name != take_before
    assert {round(pin.frame) for pin in pins.find_pins(take)} == set(range(FIRST + inside.start, FIRST + inside.stop))


def test_emphasis_raises_the_brows_and_nods_at_the_accent(take, words) -> None:
    choose(take, 1)
    before = motion(take)
    assert bpy.ops.diface.emphasise_word() == {"FINISHED"}
    change = motion(take) - before
    peak = round(0.85 * FPS)
    brow, nod = SHAPES.index("browInnerUp"), len(SHAPES)
    assert change[:, brow].argmax() in (peak - 1, peak, peak + 1)
    assert change[peak, brow] == pytest.approx(0.45, abs=1e-3)
    assert change[peak, nod] == pytest.approx(np.radians(4.5), abs=1e-3)
    assert np.abs(change[:, SHAPES.index("jawOpen")]).max() < 1e-6
    bpy.ops.diface.emphasise_word()
    assert (motion(take) - before)[peak, brow] == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize(("how", "factor"), [("SOFTER", 0.6), ("WIDER", 1.4)])
def test_softer_and_wider_scale_the_mouth(take, words, how, factor) -> None:
    choose(take, 1)
    before = motion(take)
    assert bpy.ops.diface.scale_word(how=how) == {"FINISHED"}
    after, jaw = motion(take), SHAPES.index("jawOpen")
    for middle in (0.75, 0.85):
        row = round(middle * FPS)
        assert after[row, jaw] == pytest.approx(min(1, before[row, jaw] * factor), abs=1e-5)
    np.testing.assert_allclose(
        after[:, SHAPES.index("browInnerUp") :], before[:, SHAPES.index("browInnerUp") :], atol=1e-6
    )


def test_face_follows_a_moved_word(take, words) -> None:
    words[2].last_frame = words[2].last_frame + 3
    assert words[3].start == words[2].end == pytest.approx(1.22, abs=1e-4)  # "four" touches it and begins later
    before, rows = motion(take), np.arange(75)
    assert bpy.ops.diface.move_face_to_words() == {"FINISHED"}
    source = np.interp(rows / FPS, [0.0, 0.9, 1.22, 1.3, 3.0], [0.0, 0.9, 1.1, 1.3, 3.0]) * FPS
    expected = np.stack([np.interp(source, rows, column) for column in before.T], axis=1)
    np.testing.assert_allclose(motion(take), expected, atol=1e-3)
    outside = (rows / FPS < 0.9) | (rows / FPS > 1.3)
    np.testing.assert_array_equal(motion(take)[outside], before[outside])
    assert not bpy.ops.diface.move_face_to_words.poll()
    assert list(face_times.read(take).values()) == [pytest.approx((0.9, 1.22)), pytest.approx((1.22, 1.3))]


def test_moving_there_and_back_returns(take, words) -> None:
    before = [word.start for word in words]
    words[4].first_frame = words[4].first_frame - 2
    bpy.ops.diface.move_face_to_words()
    words[4].first_frame = words[4].first_frame + 2
    bpy.ops.diface.move_face_to_words()
    assert [word.start for word in words] == pytest.approx(before, abs=1e-4)
    assert face_times.read(take) == {}


def test_pins_stay_where_they_are(take, words, scene) -> None:
    scene.frame_set(round(frame(1.0)))
    bpy.ops.diface.pin_pose(region="ALL")
    pinned = {(pin.address, pin.frame, pin.value) for pin in pins.find_pins(take)}
    words[2].last_frame = words[2].last_frame + 4
    bpy.ops.diface.move_face_to_words()
    assert pinned <= {(pin.address, pin.frame, pin.value) for pin in pins.find_pins(take)}


def test_times_never_overlap(take, words) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        word = words[int(rng.integers(len(words)))]
        setattr(word, rng.choice(["first_frame", "last_frame"]), float(rng.uniform(FIRST - 20, FIRST + 100)))
        times = [time for one in words for time in (one.start, one.end)]
        assert all(a <= b + 1e-5 for a, b in pairwise(times))
        assert all(one.end - one.start >= word_settings.MIN_SECONDS - 1e-5 for one in words)


def test_alignment_is_corrected_without_the_face(take, words) -> None:
    before = motion(take)
    words[1].last_frame = words[1].last_frame + 1
    assert bpy.ops.diface.keep_face() == {"FINISHED"}
    np.testing.assert_array_equal(motion(take), before)
    assert not bpy.ops.diface.keep_face.poll()
    words[1].last_frame = words[1].last_frame + 1
    assert bpy.ops.diface.reset_word_times() == {"FINISHED"}
    assert not bpy.ops.diface.reset_word_times.poll()


def test_dragged_marker_moves_its_word(take, words, scene) -> None:
    mine = scene.timeline_markers.new("mine", frame=3)
    assert bpy.ops.diface.word_markers() == {"FINISHED"}
    assert [marker.name for marker in scene.timeline_markers][1:] == [
        f"{n} {text}" for n, text in enumerate(TEXT.split(), 1)
    ]
    marker = scene.timeline_markers["4 four"]
    marker.frame += 2
    start = words[3].first_frame
    assert bpy.ops.diface.move_face_to_words() == {"FINISHED"}
    assert words[3].first_frame == pytest.approx(start + 2, abs=1e-2)
    assert word_markers.dragged(scene) == {}
    assert bpy.ops.diface.word_markers() == {"FINISHED"}
    assert list(scene.timeline_markers) == [mine]


def test_word_outside_the_take_is_said(take, words, scene) -> None:
    words[4].end, words[4].sound_end = 9.0, 9.0
    words[4].start = words[4].sound_start = 8.0
    choose(take, 4)
    with pytest.raises(RuntimeError, match="the take at"):
        bpy.ops.diface.close_word()


def test_edits_of_a_linked_or_missing_character(scene) -> None:
    assert not bpy.ops.diface.align_words.poll()
    assert not bpy.ops.diface.close_word.poll()


def test_undo_of_an_alignment(take) -> None:
    take.diface_words.text = TEXT
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.diface.align_words("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    assert len(bpy.data.objects["Character"].diface_words.speeches) == 0


def test_place_of_a_file(scene, clicks, worker) -> None:
    scenes.add_character(scene, SHAPES)
    scene.frame_start = 5
    scenes.use_audio_file(scene, clicks([0.5]))
    place = speech_place.find_place(bpy.context, performance.speech_choice(performance.active(bpy.context)))
    assert (place.name, place.frame(0.0), place.seconds(5)) == ("clicks.wav", 5, 0.0)
    assert word_list.WordFrames("a", 1.4, 1.4, (), 1.4).frames == (1, 1)
