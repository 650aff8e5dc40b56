"""Generate Scene: every line of every character, in one press; only what changed is made again."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import soundfile

from diface_addon import compat
from diface_addon.jobs import running_job
from diface_addon.jobs.dialogue import lines, scene_plan
from diface_addon.operators.dialogue import generate_scene
from diface_addon.scene.audio import strip_identity
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index, take_list
from tests.addon.conftest import needs_audio
from tests.addon.operators import modal_driver
from tests.addon.scene import fingerprint, scenes
from tests.addon.worker import fake_engine

pytestmark = needs_audio
SECONDS, FPS = 1.0, 24
STARTS = (1, 31, 61, 91)


@pytest.fixture
def cast(scene, worker):
    """Two characters, Anna and Ben, who rest while the other one speaks."""
    scene.diface.dialogue.others = "REST"
    characters = []
    for name in ("Anna", "Ben"):
        obj = scenes.add_character(scene)
        obj.name = obj.data.name = name
        characters.append(obj)
    return characters


@pytest.fixture
def strips(scene, cast, clicks):
    """Four lines of a second each, Anna's and Ben's in turn, with one click at its middle."""
    sound = clicks([0.5], SECONDS)
    found = []
    for number, start in enumerate(STARTS):
        strip = scenes.add_strip(scene, sound, start, 1 + number % 2)
        strip.name = f"Line {number}"
        strip.diface.character = cast[number % 2]
        found.append(strip)
    return found


def generate(**options) -> str:
    assert bpy.ops.diface.generate_scene(**options) == {"FINISHED"}
    assert running_job.current() is None
    return bpy.context.window_manager.diface.message


def states() -> list[str]:
    return [item.state for item in lines.find_lines(bpy.context)]


def open_frames(obj, jump_from: int = 1, last: int = 130) -> list[int]:
    """Return the frames at which the jaw is open, each after another frame was shown."""
    found = []
    for frame in range(1, last):
        bpy.context.scene.frame_set(jump_from)
        bpy.context.scene.frame_set(frame)
        if obj.data.shape_keys.key_blocks["jawOpen"].value > 0.3:
            found.append(frame)
    return found


def click(start: int) -> int:
    """Return the frame of the click of a line."""
    return start + round(0.5 * FPS)


def take_names() -> set[str]:
    return {actions[0].name for actions in take_index.all_takes().values()}


def test_every_line_plays_on_its_character_alone(cast, strips) -> None:
    assert states() == ["NEW"] * 4
    message = generate()
    assert message.startswith("Generated 4 lines.")
    assert states() == ["DONE"] * 4
    assert open_frames(cast[0], click(1)) == [click(1), click(61)]
    assert open_frames(cast[1], click(31)) == [click(31), click(91)]
    assert len(take_names()) == 4


def test_a_second_press_generates_nothing(cast, strips) -> None:
    generate()
    before = take_names()
    assert generate().startswith("Nothing to generate, 4 up to date.")
    assert take_names() == before


def test_everything_generates_lines_that_are_up_to_date(cast, strips) -> None:
    generate()
    assert generate(everything=True).startswith("Generated 4 lines.")
    assert len(take_names()) == 8
    assert open_frames(cast[0]) == [click(1), click(61)]


def test_a_line_that_was_added_is_generated_alone(scene, cast, strips, clicks) -> None:
    generate()
    before = take_names()
    strip = scenes.add_strip(scene, clicks([0.5], SECONDS), 121, 1)
    strip.diface.character = cast[0]
    assert states() == ["DONE"] * 4 + ["NEW"]
    generate()
    assert len(take_names() - before) == 1
    assert open_frames(cast[0], last=150) == [click(1), click(61), click(121)]


def test_a_line_that_was_moved_keeps_its_motion_and_keys(cast, strips) -> None:
    generate()
    request = bpy.ops.diface.edit_line(strip="Line 2")
    assert request == {"FINISHED"}
    bpy.context.scene.frame_set(65)
    cast[0].data.shape_keys.key_blocks["mouthSmileLeft"].value = 0.5
    cast[0].data.shape_keys.key_blocks["mouthSmileLeft"].keyframe_insert("value", frame=65)
    compat.move_strip(strips[2], 7)
    assert states() == ["DONE", "DONE", "MOVED", "DONE"]
    assert generate().startswith("Generated 1 line, 3 up to date.")
    assert states() == ["DONE"] * 4
    assert open_frames(cast[0]) == [click(1), click(68)]
    bpy.context.scene.frame_set(72)
    assert cast[0].data.shape_keys.key_blocks["mouthSmileLeft"].value == pytest.approx(0.5)


def test_a_line_that_was_trimmed_is_made_again(cast, strips) -> None:
    generate()
    before = take_names()
    scenes.trim_strip(strips[1], 31, 50)
    assert states() == ["DONE", "CHANGED", "DONE", "DONE"]
    generate()
    assert states() == ["DONE"] * 4
    assert len(take_names() - before) == 1
    assert open_frames(cast[1]) == [click(31), click(91)]


def test_a_line_whose_sound_was_replaced_is_made_again(cast, strips, clicks) -> None:
    generate()
    sound = bpy.data.sounds.load(str(clicks([0.75], SECONDS, "other.wav")))
    strips[0].sound = sound
    assert states() == ["CHANGED", "DONE", "DONE", "DONE"]
    generate()
    assert states() == ["DONE"] * 4
    assert open_frames(cast[0]) == [1 + round(0.75 * FPS), click(61)]


def test_a_strip_that_was_renamed_is_the_same_line(cast, strips) -> None:
    generate()
    strips[0].name = "Hello"
    assert states() == ["DONE"] * 4


def test_a_strip_that_was_copied_is_a_new_line(scene, cast, strips) -> None:
    generate()
    before = take_names()
    copy = scenes.add_strip(scene, bpy.path.abspath(strips[0].sound.filepath), 121, 1)
    copy.name = "Line 0.001"
    copy.diface.character = cast[0]
    copy[strip_identity.LINE_ID] = strips[0][strip_identity.LINE_ID]
    assert states() == ["DONE"] * 4 + ["NEW"]
    generate()
    assert states() == ["DONE"] * 5
    assert len(take_names() - before) == 1
    assert open_frames(cast[0], last=150) == [click(1), click(61), click(121)]


def test_a_line_that_was_deleted_no_longer_plays(scene, cast, strips) -> None:
    generate()
    compat.strips(scene.sequence_editor).remove(strips[2])
    message = generate()
    assert "no longer plays on Anna: its strip was deleted" in message
    assert open_frames(cast[0]) == [click(1)]
    assert len(take_names()) == 4


def test_a_line_of_another_character_moves_to_it(cast, strips) -> None:
    generate()
    strips[2].diface.character = cast[1]
    assert states() == ["DONE", "DONE", "NEW", "DONE"]
    generate()
    assert open_frames(cast[0]) == [click(1)]
    assert open_frames(cast[1]) == [click(31), click(61), click(91)]


def test_characters_speak_at_the_same_time(cast, strips) -> None:
    compat.move_strip(strips[1], -20)
    generate()
    assert open_frames(cast[0]) == [click(1), click(61)]
    assert open_frames(cast[1]) == [click(11), click(91)]


def test_one_character_on_two_overlapping_strips_fails_alone(cast, strips) -> None:
    compat.move_strip(strips[2], -58)
    message = generate()
    assert message.startswith("Generated 3 lines, 1 failed.")
    assert 'Line 2 (Anna): Anna speaks "Line 0" at the same time.' in message
    assert open_frames(cast[0]) == [click(1)]


@pytest.mark.parametrize("seed", range(5))
def test_lines_of_one_character_that_overlap_any_earlier_one_are_problems(scene, cast, clicks, seed) -> None:
    """Not only those that overlap the line before: a long one may go on during several short ones."""
    random = np.random.default_rng(seed)
    sound = clicks([0.5], 3.0)
    for number, first in enumerate(sorted(random.choice(200, 12, replace=False).tolist())):
        strip = scenes.add_strip(scene, sound, first + 1, number + 1)
        strip.diface.character = cast[int(random.integers(2))]
        scenes.trim_strip(strip, first + 1, first + int(random.integers(10, 72)))
    found = lines.find_lines(bpy.context)
    for index, item in enumerate(found):
        earlier = [other for other in found[:index] if other.character == item.character]
        overlaps = any(not other.spoken.stays(item.spoken) for other in earlier)
        assert item.state == ("PROBLEM" if overlaps else "NEW"), index
    assert {item.state for item in found} == {"PROBLEM", "NEW"}


def test_a_muted_strip_is_named_and_the_rest_done(cast, strips) -> None:
    strips[1].mute = True
    assert 'Line 1 (Ben): The strip "Line 1" is muted.' in generate()
    assert states() == ["DONE", "PROBLEM", "DONE", "DONE"]


def test_a_missing_sound_fails_alone(cast, strips, tmp_path) -> None:
    sound = bpy.data.sounds.load(bpy.path.abspath(strips[1].sound.filepath))
    sound.filepath = str(tmp_path / "gone.wav")
    strips[1].sound = sound
    message = generate()
    assert message.startswith("Generated 3 lines, 1 failed.")
    assert "Line 1 (Ben): The sound file" in message


def test_a_worker_that_dies_in_one_line_does_not_end_the_others(cast, strips) -> None:
    strips[1].diface.seed = 0
    cast[1].diface.performance.seed = fake_engine.KILLED
    message = generate()
    assert message.startswith("Generated 2 lines, 2 failed.")
    assert open_frames(cast[0]) == [click(1), click(61)]


def test_a_deleted_character_is_named(cast, strips) -> None:
    generate()
    bpy.data.scenes[0].collection.objects.unlink(cast[1])
    assert "Ben was deleted" in generate()
    assert open_frames(cast[0]) == [click(1), click(61)]


def test_a_character_that_is_removed_while_lines_are_made_is_said(cast, strips, monkeypatch) -> None:
    begin_next = generate_scene.DIFACE_OT_generate_scene.begin_next
    begun = []

    def remove_ben(operator, previous):
        begun.append(previous)
        if len(begun) == 2:
            bpy.data.objects.remove(cast[1])
        return begin_next(operator, previous)

    monkeypatch.setattr(generate_scene.DIFACE_OT_generate_scene, "begin_next", remove_ben)
    message = generate()
    assert message.startswith("Generated 3 lines, 1 failed.")
    assert 'Line 3 (Ben): The strip "Line 3" no longer has a character.' in message
    assert open_frames(cast[0]) == [click(1), click(61)]


def test_another_frame_rate_makes_all_lines_again(scene, cast, strips) -> None:
    generate()
    scene.render.fps = 25
    assert states() == ["CHANGED"] * 4
    generate()
    assert states() == ["DONE"] * 4


def test_strips_without_a_character_are_left_alone(cast, strips) -> None:
    strips[0].diface.character = None
    assert generate().startswith("Generated 3 lines.")
    assert open_frames(cast[0]) == [click(61)]
    for strip in strips:
        strip.diface.character = None
    assert not bpy.ops.diface.generate_scene.poll()


def test_generate_of_a_second_strip_leaves_the_first_line(scene, cast, strips) -> None:
    """The plain Generate, strip after strip."""
    for strip in strips:
        strip.diface.character = None
    scene.diface.character = cast[0]
    for name in ("Line 0", "Line 2", "Line 3"):
        scene.diface.strip = name
        assert bpy.ops.diface.generate() == {"FINISHED"}
    assert open_frames(cast[0]) == [click(1), click(61), click(91)]
    assert [item.strip.name for item in lines.find_lines(bpy.context)] == ["Line 0", "Line 2", "Line 3"]
    assert states() == ["DONE"] * 3


def test_lines_of_a_character_have_different_seeds(cast, strips) -> None:
    generate()
    requests = [stored_request.read_request(actions[0]) for actions in take_index.all_takes().values()]
    seeds = {(request["character"], request["seed"]) for request in requests}
    assert seeds == {("Anna", 0), ("Anna", 1), ("Ben", 0), ("Ben", 1)}


def test_a_line_is_regenerated_alone(scene, cast, strips) -> None:
    generate()
    before = take_names()
    assert bpy.ops.diface.generate_line(strip="Line 1") == {"FINISHED"}
    assert len(take_names() - before) == 1
    assert states() == ["DONE"] * 4
    assert open_frames(cast[1]) == [click(31), click(91)]


def test_all_edits_work_on_a_line(scene, cast, strips) -> None:
    generate()
    assert bpy.ops.diface.edit_line(strip="Line 0") == {"FINISHED"}
    assert scene.diface.strip == "Line 0"
    keys = cast[0].data.shape_keys
    scene.frame_set(6)
    keys.key_blocks["mouthSmileLeft"].value = 0.4
    keys.key_blocks["mouthSmileLeft"].keyframe_insert("value", frame=6)
    assert bpy.ops.diface.regenerate(where="AROUND") == {"FINISHED"}
    assert states() == ["DONE"] * 4
    scene.frame_set(6)
    assert keys.key_blocks["mouthSmileLeft"].value == pytest.approx(0.4, abs=1e-5)
    assert click(61) in open_frames(cast[0])
    assert bpy.ops.diface.set_keys(take="", mode="REDUCED") == {"FINISHED"}
    assert states() == ["DONE"] * 4
    assert click(61) in open_frames(cast[0])


def test_mood_and_articulation_are_those_of_every_line(scene, cast, strips) -> None:
    generate()
    for obj, starts in zip(cast, ((1, 61), (31, 91)), strict=True):
        obj.diface.articulation.jaw = 0.5
        for start in starts:
            scene.frame_set(click(start))
            assert obj.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.4, abs=0.05)
        obj.diface.articulation.jaw = 1.0
        assert open_frames(obj) == [click(start) for start in starts]


def test_save_and_reopen(cast, strips, tmp_path) -> None:
    generate()
    path = tmp_path / "dialogue.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert states() == ["DONE"] * 4
    anna = bpy.data.objects["Anna"]
    assert open_frames(anna) == [click(1), click(61)]
    editor = bpy.context.scene.sequence_editor
    compat.move_strip(next(strip for strip in compat.strips(editor) if strip.name == "Line 0"), 3)
    assert generate().startswith("Generated 1 line, 3 up to date.")
    assert open_frames(anna) == [click(4), click(61)]


def test_assign_by_name_and_by_channel(scene, cast, strips) -> None:
    for strip, name in zip(strips, ("anna_001", "BenHello", "x", "y"), strict=True):
        strip.diface.character, strip.name = None, name
        strip.select = False
    assert bpy.ops.diface.assign_lines(by="NAME") == {"FINISHED"}
    assert [strip.diface.character for strip in strips] == [cast[0], cast[1], None, None]
    scene.diface.character, strips[3].select = cast[1], True
    assert bpy.ops.diface.assign_lines(by="CHANNEL") == {"FINISHED"}
    assert [strip.diface.character for strip in strips] == [cast[0], cast[1], None, cast[1]]
    scene.sequence_editor.channels[1].name = "Anna"
    assert bpy.ops.diface.assign_lines(by="NAME") == {"FINISHED"}
    assert strips[2].diface.character == cast[0]
    assert bpy.ops.diface.assign_lines(by="CLEAR") == {"FINISHED"}
    assert strips[3].diface.character is None


def test_two_characters_on_the_sides_of_one_strip(scene, cast, tmp_path) -> None:
    samples = np.zeros((48_000, 2), np.float32)
    samples[12_000:12_048, 0] = samples[36_000:36_048, 1] = 0.8
    soundfile.write(tmp_path / "two.wav", samples, 48_000)
    strip = scenes.add_strip(scene, tmp_path / "two.wav", 1)
    strip.diface.character, strip.diface.side, strip.diface.other = cast[0], "LEFT", cast[1]
    assert generate().startswith("Generated 2 lines.")
    assert open_frames(cast[0]) == [7]
    assert open_frames(cast[1]) == [19]
    assert states() == ["DONE"] * 2
    assert generate().startswith("Nothing to generate, 2 up to date.")
    strip.diface.other = cast[0]
    assert "speaks both sides" in generate()


def test_a_strip_that_only_the_other_side_speaks_is_a_line(scene, cast, tmp_path) -> None:
    samples = np.full((48_000, 2), 0.1, np.float32)
    samples[::2] *= -1
    soundfile.write(tmp_path / "two.wav", samples, 48_000)
    strip = scenes.add_strip(scene, tmp_path / "two.wav", 1)
    strip.diface.side, strip.diface.other = "LEFT", cast[1]
    assert bpy.ops.diface.generate_line(strip=strip.name) == {"FINISHED"}
    assert states() == ["DONE"]
    with pytest.raises(RuntimeError, match="No sound strip with a character"):
        bpy.ops.diface.generate_line(strip=strip.name, side="LEFT")


def test_a_sound_with_one_channel_has_no_sides(cast, strips) -> None:
    strips[0].diface.side, strips[0].diface.other = "RIGHT", cast[1]
    message = generate()
    assert message.startswith("Generated 3 lines, 2 failed.")
    assert "The sound has one channel: it has no right side" in message


def silent_takes() -> list[tuple[str, str, int]]:
    """Return the character, the role and the first frame of the takes without speech."""
    requests = [stored_request.read_request(actions[0]) for actions in take_index.all_takes().values()]
    return sorted((r["character"], r["role"], r["first_frame"]) for r in requests if r["role"] != "speak")


LISTENING = [("Anna", "listen", 31), ("Anna", "listen", 91), ("Ben", "listen", 1), ("Ben", "listen", 61)]


def test_others_listen_to_every_line(scene, cast, strips) -> None:
    scene.diface.dialogue.others = "LISTEN"
    assert generate().startswith("Generated 4 lines and 4 takes without speech.")
    assert silent_takes() == LISTENING
    assert states() == ["DONE"] * 4
    before = take_names()
    assert generate().startswith("Nothing to generate, 4 up to date.")
    assert take_names() == before
    active = {stored_request.read_request(take_index.active_take(obj)[0])["role"] for obj in cast}
    assert active == {"speak"}


def test_a_listener_follows_a_line_that_changed(scene, cast, strips) -> None:
    scene.diface.dialogue.others = "LISTEN"
    generate()
    before = take_names()
    scenes.trim_strip(strips[1], 31, 50)
    generate()
    assert silent_takes() == LISTENING
    assert len(take_names() - before) == 2  # the line, and Anna, who listens to it
    compat.strips(scene.sequence_editor).remove(strips[3])
    generate()
    assert silent_takes() == [LISTENING[0], *LISTENING[2:]]


def test_a_long_pause_is_idle_and_a_long_line_of_ones_own_is_not(scene, cast, strips) -> None:
    scene.diface.dialogue.others = "LISTEN"
    compat.move_strip(strips[3], 60)
    generate()
    idle = [("Anna", "idle", 85), ("Ben", "idle", 85)]
    assert [take for take in silent_takes() if take[1] == "idle"] == idle
    scene.diface.dialogue.others = "IDLE"
    generate()
    assert {role for _name, role, _first in silent_takes()} == {"idle"}
    scene.diface.dialogue.others = "REST"
    generate()
    assert silent_takes() == []
    assert open_frames(cast[0]) == [click(1), click(61)]


def test_a_listener_who_was_edited_is_not_lost(scene, cast, strips) -> None:
    scene.diface.dialogue.others = "LISTEN"
    generate()
    action = next(
        actions[0]
        for actions in take_index.all_takes().values()
        if stored_request.read_request(actions[0])["role"] == "listen"
    )
    take_list.set_favourite(action, True)
    name = action.name
    scene.diface.dialogue.others = "REST"
    generate()
    assert name in take_names()


def test_escape_keeps_the_finished_lines(cast, strips) -> None:
    cast[1].diface.performance.seed = fake_engine.SLOW
    strips[1].diface.seed = 0
    modal = modal_driver.start(generate_scene.DIFACE_OT_generate_scene, everything=False)
    modal.until(lambda _result: len(take_names()) == 1 and "Working" in bpy.context.window_manager.diface.stage)
    assert "2 of 4" in bpy.context.window_manager.diface.stage
    assert modal.send("ESC") == {"CANCELLED"}
    assert running_job.current() is None
    assert states() == ["DONE", "NEW", "NEW", "NEW"]


def test_a_character_that_is_deleted_meanwhile_fails_alone(scene, cast, strips) -> None:
    modal = modal_driver.start(generate_scene.DIFACE_OT_generate_scene, everything=False)
    scene.collection.objects.unlink(cast[1])
    modal.until(modal_driver.has_ended)
    assert "2 failed" in modal.reports[-1]
    assert open_frames(cast[0]) == [click(1), click(61)]


def test_a_frame_rate_that_changes_meanwhile_is_the_one_of_all_lines(scene, cast, strips) -> None:
    modal = modal_driver.start(generate_scene.DIFACE_OT_generate_scene, everything=False)
    modal.until(lambda _result: len(take_names()) == 1)
    scene.render.fps = 30
    modal.until(modal_driver.has_ended)
    assert states() == ["CHANGED", "DONE", "DONE", "DONE"]
    generate()
    assert states() == ["DONE"] * 4


def test_a_strip_that_is_moved_meanwhile_is_generated_where_it_is(cast, strips) -> None:
    modal = modal_driver.start(generate_scene.DIFACE_OT_generate_scene, everything=False)
    compat.move_strip(strips[0], 5)
    modal.until(modal_driver.has_ended)
    assert states() == ["DONE"] * 4
    assert click(6) in open_frames(cast[0])


def test_nothing_is_changed_by_planning(cast, strips) -> None:
    before = fingerprint.of_file()
    scene_plan.make_plan(bpy.context)
    lines.find_lines(bpy.context)
    assert fingerprint.difference(before, fingerprint.of_file()) == []
