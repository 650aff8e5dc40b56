"""Generate Variations: several takes with different seeds; finished takes are kept if it is cancelled."""

from __future__ import annotations

import bpy
import pytest

from diface_addon.jobs import running_job
from diface_addon.operators.generate import generate_variations
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from tests.addon.operators.modal_driver import Driver, has_ended, start
from tests.addon.scene import scenes
from tests.addon.worker import fake_engine


def seeds() -> list[int]:
    """Return the seeds of all takes, in the order of their names."""
    return [stored_request.read_request(actions[0])["seed"] for actions in take_index.all_takes().values()]


@pytest.fixture
def character_with_audio(scene, head, clicks, worker):
    scenes.use_audio_file(scene, clicks([0.25, 1.0]))
    return scene


def variations(count: int) -> Driver:
    """Begin the operator as in a window."""
    return start(generate_variations.DIFACE_OT_generate_variations, count=count)


def test_variations_use_unused_seeds_from_the_setting_on(character_with_audio) -> None:
    character_with_audio.diface.seed = 5
    assert bpy.ops.diface.generate() == {"FINISHED"}
    assert bpy.ops.diface.generate_variations(count=3) == {"FINISHED"}
    assert bpy.ops.diface.generate_variations(count=2) == {"FINISHED"}
    assert sorted(seeds()) == [5, 6, 7, 8, 9, 10]
    assert character_with_audio.diface.seed == 5
    assert running_job.current() is None


def test_panel_sets_the_number_of_variations(character_with_audio) -> None:
    character_with_audio.diface.variations = 2
    assert bpy.ops.diface.generate_variations() == {"FINISHED"}
    assert len(seeds()) == 2


def test_variations_show_progress(character_with_audio) -> None:
    operator, shown = variations(3), set()
    state = bpy.context.window_manager.diface

    def check_panel(result: set[str]) -> bool:
        shown.add((state.stage[:6], state.running))
        return has_ended(result)

    assert operator.until(check_panel) == {"FINISHED"}
    assert {("1 of 3", True), ("2 of 3", True), ("3 of 3", True)} <= shown
    assert sorted(seeds()) == [0, 1, 2]
    assert operator.reports == [state.message.replace("\n", " ")]
    assert state.message.startswith("New takes: ")
    assert not state.running


def test_first_esc_finishes_the_current_take(character_with_audio) -> None:
    operator = variations(4)
    assert operator.send("ESC") == {"RUNNING_MODAL"}
    assert "the last one" in bpy.context.window_manager.diface.stage
    assert operator.until(has_ended) == {"FINISHED"}
    assert seeds() == [0]


def test_second_esc_cancels_and_keeps_finished_takes(character_with_audio) -> None:
    character_with_audio.diface.seed = fake_engine.SLOW - 2
    operator = variations(4)
    operator.until(lambda _result: len(seeds()) == 2)
    assert operator.send("ESC") == {"RUNNING_MODAL"}
    assert operator.send("ESC") == {"CANCELLED"}
    assert sorted(seeds()) == [fake_engine.SLOW - 2, fake_engine.SLOW - 1]
    assert operator.reports[0].startswith("New takes: ")
    assert running_job.current() is None
    assert not bpy.context.window_manager.diface.running


def test_error_is_reported_and_finished_takes_are_kept(character_with_audio, capfd, monkeypatch) -> None:
    monkeypatch.setattr(take_index, "seeds", lambda _obj: {fake_engine.SLOW, fake_engine.KILLED})
    character_with_audio.diface.seed = fake_engine.SLOW - 1
    assert bpy.ops.diface.generate_variations(count=2) == {"FINISHED"}
    assert seeds() == [fake_engine.SLOW - 1]
    reports = capfd.readouterr().out
    assert "New take: " in reports
    assert "Then: " in reports
    assert running_job.current() is None


def test_settings_changed_meanwhile_have_no_effect(character_with_audio) -> None:
    operator = variations(2)
    character_with_audio.diface.face_strength = 0.25
    assert operator.until(has_ended) == {"FINISHED"}
    strengths = [
        stored_request.read_request(actions[0])["face_strength"] for actions in take_index.all_takes().values()
    ]
    assert strengths == [1.0, 1.0]
