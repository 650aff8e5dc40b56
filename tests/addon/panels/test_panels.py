"""Panels draw in every state, with operators and properties that exist; registering leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

import diface_addon
from diface_addon import panels
from diface_addon.core import channels, types
from diface_addon.jobs import running_job
from diface_addon.operators.interface import list_missing_keys
from diface_addon.panels import manual, menus, panel_base, take_rows
from diface_addon.scene.styles import style_names, styles
from diface_addon.scene.takes import take_index, write_take
from diface_addon.settings import choices, messages, performance, preferences, threediface_files
from tests.addon.conftest import needs_audio
from tests.addon.panels.panel_drawing import Layout, drawn
from tests.addon.scene import scenes
from tests.addon.worker import fake_engine


def write(obj: bpy.types.Object, name: str = "T", rows: int = 40) -> None:
    """Write a take of zeros."""
    motion = types.Motion(np.zeros((rows, len(channels.ALL)), np.float32), channels.ALL, types.FrameRate(24))
    write_take.write_take(obj, motion, name, {"first_frame": 1})


def test_add_head_is_shown_without_a_character(scene) -> None:
    assert "diface.add_head" in drawn()


def test_found_shape_keys_are_counted_and_missing_ones_listed(scene, head) -> None:
    assert "2 of 52 ARKit shape keys found" in drawn()
    assert "diface.list_missing_keys" in drawn()
    assert "diface.add_head" not in drawn()
    missing = list_missing_keys.missing_keys(head)
    assert len(missing) == 50
    assert not {"jawOpen", "mouthSmileLeft"} & set(missing)


def test_complete_character_has_no_list_of_missing_keys(scene) -> None:
    scenes.add_character(scene, channels.SHAPES)
    assert "52 of 52 ARKit shape keys found" in drawn()
    assert "diface.list_missing_keys" not in drawn()


def test_add_head_is_shown_in_the_start_up_file() -> None:
    bpy.ops.wm.read_factory_settings()
    assert bpy.context.active_object.name == "Cube"
    assert {"0 of 52 ARKit shape keys found", "diface.add_head"} <= set(drawn())


def test_strength_is_hidden_for_a_part_that_is_not_generated(scene, head) -> None:
    assert {"face_strength", "head_strength"} <= set(drawn())
    scene.diface.parts = "HEAD"
    assert "face_strength" not in drawn()


def test_mix_is_shown_with_a_second_style(scene, head) -> None:
    assert {"style", "second_style", "style_strength", "diface.load_style"} <= set(drawn("Style"))
    assert "style_mix" not in drawn("Style")
    scene.diface.second_style = "ada"
    assert "style_mix" in drawn("Style")


def test_settings_panels_are_drawn_and_closed(scene, head) -> None:
    assert drawn("Head") == ["head_axes"] * 3
    assert {"blinks", "blinks_seed", "gaze", "gaze_seed", "breath", "breath_seed"} <= set(drawn("Eyes"))
    assert {"variety", "guidance", "style_guidance"} <= set(drawn("Advanced"))
    for name in ("style", "head", "eyes", "advanced"):
        assert getattr(bpy.types, f"VIEW_3D_PT_diface_{name}").bl_options == {"DEFAULT_CLOSED"}


def test_strip_or_file_is_shown_by_the_audio_source(scene, head) -> None:
    assert {"strip", "diface.load_audio"} <= set(drawn())
    scene.diface.source = "FILE"
    assert "filepath" in drawn()
    assert "strip" not in drawn()


@needs_audio
def test_one_button_loads_audio_and_generates_if_only_the_sound_is_missing(scene, head, clicks) -> None:
    assert "diface.generate" not in drawn()
    assert drawn().count("diface.load_audio") == 2
    scenes.add_strip(scene, clicks([0.5]))
    assert "diface.generate" in drawn()
    assert drawn().count("diface.load_audio") == 1


@pytest.mark.usefixtures("scene")
def test_generate_is_shown_and_says_what_is_missing_without_a_character() -> None:
    assert "diface.generate" in drawn()


@needs_audio
def test_load_audio_is_shown_with_a_strip_too(scene, head, clicks) -> None:
    scenes.add_strip(scene, clicks([0.5]))
    assert {"strip", "diface.load_audio"} <= set(drawn())


def test_progress_replaces_the_generate_button(scene, head, clicks) -> None:
    scenes.use_audio_file(scene, clicks([0.5]))
    state = bpy.context.window_manager.diface
    state.running, state.topic, state.fraction, state.stage = True, "generate", 0.5, "Sampling"
    assert {"50% 50%", "diface.cancel"} <= set(drawn())
    assert "diface.generate" not in drawn()
    state.running = False
    assert "diface.generate" in drawn()


@pytest.mark.parametrize(("topic", "panel"), [("generate", "Main"), ("edit", "Edit"), ("takes", "Takes")])
def test_progress_is_shown_in_the_panel_of_the_operator(scene, head, topic, panel) -> None:
    state = bpy.context.window_manager.diface
    state.running, state.topic, state.fraction, state.stage = True, topic, 0.25, "Sampling"
    try:
        for name in ("Main", "Edit", "Takes"):
            assert ("25% Sampling" in drawn(name)) == (name == panel)
    finally:
        state.running = False


LONG = "Something is wrong, and this is a long message about it and about what to do.\nA note.\nAnother note."


def test_messages_are_shown_in_their_panel_one_line_per_note(scene, head) -> None:
    messages.show(bpy.context, "edit", "New take: Edit 1.\nA note.")
    assert drawn("Edit")[-2:] == ["New take: Edit 1.", "A note."]
    assert "A note." not in drawn("Main") + drawn("Takes")


@pytest.mark.parametrize("text", ["", "Short.", LONG])
def test_status_area_has_the_same_height_for_every_message(scene, head, text) -> None:
    def labels() -> int:
        return sum(not name.startswith("diface.") for name in drawn("Edit"))

    before = labels()
    messages.show(bpy.context, "edit", text)
    assert labels() == before
    assert ("diface.show_message" in drawn("Edit")) == (text == LONG)


def test_message_is_shown_for_its_character_only(scene, head) -> None:
    messages.show(bpy.context, "edit", "Pinned.")
    other = scenes.add_character(scene)
    assert "Pinned." not in drawn("Edit")
    bpy.context.view_layer.objects.active = head
    assert "Pinned." in drawn("Edit")
    assert other.name in bpy.data.objects


def test_undo_removes_messages(scene, head) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ed.undo_push(message="after")
    messages.show(bpy.context, "edit", "Pinned.")
    bpy.ops.ed.undo()
    assert "Pinned." not in drawn("Edit")


def test_operator_shows_its_message_in_its_panel(scene, head) -> None:
    with pytest.raises(RuntimeError, match="not working"):
        bpy.ops.diface.cancel()
    with pytest.raises(RuntimeError, match="No take is active"):
        bpy.ops.diface.splice_take()
    write(head)
    scene.frame_set(20)
    assert bpy.ops.diface.pin_pose(region="JAW") == {"FINISHED"}
    assert "Pinned 1 shape at frame 20." in drawn("Edit")


def test_lines_are_as_long_as_the_region_is_wide_at_any_resolution_scale() -> None:
    def letters(width: int, ui_scale: float) -> int:
        system = SimpleNamespace(ui_scale=ui_scale)
        preferences = SimpleNamespace(system=system)
        return panel_base.letters_per_line(
            SimpleNamespace(region=SimpleNamespace(width=width), preferences=preferences)
        )

    assert letters(600, 2.0) == letters(300, 1.0) < letters(600, 1.0)


def test_pinned_frames_are_counted_and_listed(scene, head) -> None:
    assert "No Pinned Frames" in drawn("Edit")
    write(head)
    for frame in (20, 30):
        scene.frame_set(frame)
        bpy.ops.diface.pin_pose(region="JAW")
    assert "2 Pinned Frames" in drawn("Edit")
    scene.frame_set(25)
    assert bpy.ops.diface.jump_to_pin(to="PREVIOUS") == {"FINISHED"}
    assert scene.frame_current == 20
    assert bpy.ops.diface.jump_to_pin(to="NEXT") == {"FINISHED"}
    assert scene.frame_current == 30
    with pytest.raises(RuntimeError, match="No pinned frame after frame 30"):
        bpy.ops.diface.jump_to_pin(to="NEXT")
    bpy.ops.diface.unpin(region="JAW")
    assert "1 Pinned Frame" in drawn("Edit")


def test_no_two_buttons_of_a_panel_have_the_same_text() -> None:
    for panel in ("generate", "edit", "takes", "style", "export"):
        source = (Path(panels.__file__).parent / f"{panel}.py").read_text("utf-8")
        texts = [text for text in re.findall(r"operator\([^)]*text=\"([^\"]*)\"", source) if text]
        assert len(texts) == len(set(texts)), panel


def test_every_operator_is_in_the_menu_or_has_a_separate_button() -> None:
    """Blender's search lists only operators of menus."""
    named = {name for group in menus.MENU_OPERATORS for name in group}
    for name in dir(bpy.ops.diface):
        options = getattr(bpy.ops.diface, name).get_rna_type()
        operator_class = getattr(bpy.types, f"DIFACE_OT_{name}")
        assert options.identifier == f"DIFACE_OT_{name}"
        if "INTERNAL" not in getattr(operator_class, "bl_options", ()) and name != "use_take":
            assert f"diface.{name}" in named, name


def test_every_operator_has_a_page_of_the_guide() -> None:
    prefix, pages = manual.manual_map()
    assert prefix.startswith("file://")
    listed = dict(pages)
    for name in dir(bpy.ops.diface):
        assert (manual.GUIDE / listed[f"bpy.ops.diface.{name}"]).is_file(), name
    assert all((manual.GUIDE / page).is_file() for page in listed.values())
    assert set(manual.PAGE_BY_OPERATOR) == set(dir(bpy.ops.diface))


def test_advanced_settings_are_reset(scene) -> None:
    scene.diface.guidance, scene.diface.variety = 3.0, 0.5
    assert bpy.ops.diface.reset_advanced() == {"FINISHED"}
    assert (scene.diface.guidance, scene.diface.variety) == (1.0, 1.0)


def test_delete_all_but_starred_keeps_starred_and_active_takes(scene, head) -> None:
    for name in ("A", "B", "C", "D"):
        write(head, name=name)
    ids = {actions[0].name: take for take, actions in take_index.all_takes().items()}
    bpy.ops.diface.favourite_take(take=ids["B"])
    assert bpy.ops.diface.delete_unstarred() == {"FINISHED"}
    assert {actions[0].name for actions in take_index.all_takes().values()} == {"B", "D"}
    assert "Deleted 2 takes." in drawn("Takes")
    assert not bpy.ops.diface.delete_unstarred.poll()


def test_styles_are_found_by_their_display_names_and_their_identifiers(scene) -> None:
    def blend(name: str) -> tuple:
        return styles.make_style(name, "", 0.5, 1.0, Path).blend

    assert blend("Natural") == blend("grid_s1") == (("grid_s1", 1.0),)
    assert set(style_names.STYLE_NAMES) == set(styles.trained())


def test_takes_are_listed(scene, head) -> None:
    assert "diface.use_take" not in drawn("Takes")
    assert "No takes yet: press Generate" in drawn("Takes")
    motion = types.Motion(np.zeros((3, len(channels.ALL)), np.float32), channels.ALL, types.FrameRate(24))
    write_take.write_take(head, motion, "T", {"first_frame": 1})
    assert drawn("Takes").count("diface.use_take") == 1
    assert {"T", "name", "diface.favourite_take", "diface.generate_variations", "diface.splice_take"} <= set(
        drawn("Takes")
    )
    (take,) = take_index.all_takes()
    assert bpy.ops.diface.use_take(take=take) == {"FINISHED"}


def test_selected_take_shows_its_time_and_its_parent(scene, head) -> None:
    write(head, name="First")
    first = next(iter(take_index.all_takes()))
    bpy.ops.diface.duplicate_take(take=first)
    shown = drawn("Takes")
    assert shown.index("First") < shown.index("Copy of First")
    line = next(text for text in shown if text.startswith("Made "))
    assert re.fullmatch(r"Made at \d\d:\d\d from First", line)


def test_take_of_an_old_sampler_says_so(scene, head) -> None:
    request = {"first_frame": 1, "seed": 3, "created": "", "parent": ""}
    motion = types.Motion(np.zeros((3, len(channels.ALL)), np.float32), channels.ALL, types.FrameRate(24))
    write_take.write_take(head, motion, "Old", request)
    assert "Made with the sampler of 0.1.0" in " ".join(drawn("Takes")).replace("Made at", "Made")
    write_take.write_take(head, motion, "New", {**request, "sampler": types.SAMPLER})
    assert not any("sampler" in text for text in drawn("Takes"))


def test_time_of_another_day_has_its_date() -> None:
    assert take_rows.local_time("2020-06-01T12:00:00+00:00").startswith("on 2020-06-0")
    assert take_rows.local_time("") == take_rows.local_time("yesterday") == ""


def test_export_shows_its_frame_range(scene, head) -> None:
    scene.frame_end = 99
    assert {"Frames 1 to 99", "diface.export_fbx", "diface.export_alembic", "diface.playblast"} <= set(drawn("Export"))
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 3, 7
    assert "Preview range 3 to 7" in drawn("Export")


def test_preferences_are_drawn(scene) -> None:
    found: list[str] = []
    fields = dict.fromkeys(threediface_files.USER_MODELS, "")
    stand_in = type(
        "Preferences", (), {"layout": Layout(found), "bl_rna": preferences.DifacePreferences.bl_rna, **fields}
    )()
    preferences.DifacePreferences.draw(stand_in, bpy.context)
    assert {"python", "diface.check_worker", *threediface_files.USER_MODELS} <= set(found)
    assert sum(line.startswith("Not set: ") for line in found) == len(threediface_files.USER_MODELS)


def test_panels_are_in_every_animation_editor() -> None:
    for space in ("DOPESHEET_EDITOR", "GRAPH_EDITOR"):
        for part in ("edit", "takes"):
            panel = getattr(bpy.types, f"{space}_PT_diface_{part}")
            assert (panel.bl_space_type, panel.bl_region_type, panel.bl_category) == (space, "UI", "DiFACE")
    for space in ("VIEW_3D", "SEQUENCE_EDITOR"):
        main = getattr(bpy.types, f"{space}_PT_diface_main")
        assert (main.bl_space_type, main.bl_region_type, main.bl_category) == (space, "UI", "DiFACE")
        for part in ("style", "head", "eyes", "advanced", "takes", "export"):
            assert getattr(bpy.types, f"{space}_PT_diface_{part}").bl_parent_id == main.__name__


def test_new_seed_changes_the_seed(scene) -> None:
    seen = set()
    for _ in range(5):
        bpy.ops.diface.new_seed()
        seen.add(scene.diface.seed)
    assert len(seen) > 1


@pytest.mark.parametrize("name", ["blinks_seed", "gaze_seed", "breath_seed"])
def test_new_seed_changes_the_seed_of_one_layer(scene, name) -> None:
    settings = scene.diface
    others = {"seed", "blinks_seed", "gaze_seed", "breath_seed"} - {name}
    seen = set()
    for _ in range(5):
        bpy.ops.diface.new_seed(setting=name)
        seen.add(getattr(settings, name))
    assert len(seen) > 1
    assert {getattr(settings, other) for other in others} == {0}


def test_load_style_selects_a_style_file_and_refuses_others(scene, tmp_path) -> None:
    path = tmp_path / "mine.safetensors"
    with pytest.raises(RuntimeError, match="not a style file"):
        bpy.ops.diface.load_style(filepath=str(path))
    path.write_bytes(b"")
    with pytest.raises(RuntimeError, match="not a style file"):
        bpy.ops.diface.load_style(filepath=str(path))
    path.write_bytes(fake_engine.style_file_bytes("Mine")[:-1])
    with pytest.raises(RuntimeError, match="damaged"):
        bpy.ops.diface.load_style(filepath=str(path))
    path.write_bytes(fake_engine.style_file_bytes("Mine"))
    assert bpy.ops.diface.load_style(filepath=str(path), second=True) == {"FINISHED"}
    assert (scene.diface.style, scene.diface.second_style) == ("", "Mine")


def test_cancel_is_disabled_without_a_job(scene) -> None:
    assert running_job.current() is None
    with pytest.raises(RuntimeError, match="not working"):
        bpy.ops.diface.cancel()


def test_test_worker_reports_versions(scene, worker) -> None:
    assert bpy.ops.diface.check_worker() == {"FINISHED"}
    report = bpy.context.window_manager.diface.worker_report
    assert "python 3" in report
    assert "Bundled models: CPU, 31 x real time" in report
    assert "3DiFACE models: transformers is missing. Press Create Environment" in report


def test_unregister_removes_every_class_and_handler() -> None:
    names = [name for name in dir(bpy.types) if "diface" in name.lower()]
    assert names
    diface_addon.unregister()
    kinds = ("load_pre", "load_post", "undo_post", "redo_post", "depsgraph_update_post")
    handlers = {name: len(getattr(bpy.app.handlers, name)) for name in kinds}
    diface_addon.register()
    diface_addon.unregister()
    try:
        assert [name for name in dir(bpy.types) if "diface" in name.lower()] == []
        assert not hasattr(bpy.types.Scene, "diface")
        assert not hasattr(bpy.types.WindowManager, "diface")
        assert {name: len(getattr(bpy.app.handlers, name)) for name in handlers} == handlers
    finally:
        diface_addon.register()
    assert [name for name in dir(bpy.types) if "diface" in name.lower()] == names


def test_every_choice_has_a_request_value(scene, head) -> None:
    parts = performance.active(bpy.context).bl_rna.properties["parts"]
    assert set(choices.PARTS_BY_CHOICE) == {item.identifier for item in parts.enum_items}
    assert set(choices.STEPS) == {item.identifier for item in scene.diface.bl_rna.properties["quality"].enum_items}
