"""Panels draw in every state, with operators and properties that exist; registering leaves nothing behind."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

import diface_addon
from diface_addon import panels
from diface_addon.core import channels, types
from diface_addon.jobs import running_job
from diface_addon.scene.takes import take_index, write_take
from diface_addon.settings import choices, preferences

from . import engine, scenes
from .conftest import needs_audio


class Layout:
    """Stands in for a UILayout: notes what is drawn, and fails for what Blender does not know."""

    def __init__(self, drawn: list[str]) -> None:
        object.__setattr__(self, "drawn", drawn)

    def __setattr__(self, name: str, _value: Any) -> None:
        assert name in bpy.types.UILayout.bl_rna.properties, name

    def _icon(self, options: dict[str, Any]) -> None:
        known = bpy.types.UILayout.bl_rna.functions["prop"].parameters["icon"].enum_items
        assert options.get("icon", "NONE") in known

    def _part(self, **options: Any) -> Layout:
        return Layout(self.drawn)

    row = column = box = _part

    def prop(self, data: Any, name: str, **options: Any) -> None:
        assert name in data.bl_rna.properties, name
        self._icon(options)
        self.drawn.append(name)

    def operator(self, name: str, **options: Any) -> Any:
        group, verb = name.split(".")
        kind = getattr(getattr(bpy.ops, group), verb).get_rna_type()
        self._icon(options)
        self.drawn.append(name)
        return type("Settings", (), {"__slots__": tuple(p.identifier for p in kind.properties)})()

    def template_list(
        self, kind: str, _id: str, data: Any, name: str, active: Any, index: str, **_options: Any
    ) -> None:
        """Draws the rows, as Blender does."""
        listed = Rows(getattr(bpy.types, kind))
        flags, places = listed.filter_items(bpy.context, data, name)
        items = sorted(zip(places, flags, getattr(data, name), strict=True), key=lambda item: item[0])
        assert getattr(active, index) < len(items)
        for _place, flag, item in items:
            if flag == listed.bitflag_filter_item:
                self.drawn.append(item.name)
                listed.draw_item(bpy.context, self, data, item, 0, active, index)

    def separator(self, **_options: Any) -> None:
        """Nothing to note."""

    def label(self, text: str = "", **options: Any) -> None:
        self._icon(options)
        self.drawn.append(text)

    def progress(self, *, factor: float, text: str, **_options: Any) -> None:
        assert 0 <= factor <= 1
        self.drawn.append(f"{factor:.0%} {text}")


class Rows:
    """Stands in for a UIList of Blender's class `kind`."""

    filter_name, bitflag_filter_item = "", 1 << 30

    def __init__(self, kind: type[bpy.types.UIList]) -> None:
        self.filter_items = kind.filter_items.__get__(self)
        self.draw_item = kind.draw_item.__get__(self)


def drawn(panel: str = "Main") -> list[str]:
    """What a panel shows now."""
    found: list[str] = []
    type("Panel", (getattr(panels, panel),), {"layout": Layout(found)})().draw(bpy.context)
    return found


def test_without_a_character_a_head_is_offered(scene) -> None:
    assert "diface.add_head" in drawn()


def test_with_a_character_its_shape_keys_are_counted(scene, head) -> None:
    assert "Character: 2 face shape keys" in drawn()
    assert "diface.add_head" not in drawn()


def test_in_the_start_up_file_a_head_is_offered() -> None:
    bpy.ops.wm.read_factory_settings()
    assert bpy.context.active_object.name == "Cube"
    assert {"Cube: no face shape keys", "diface.add_head"} <= set(drawn())


def test_what_is_not_generated_has_no_strength(scene, head) -> None:
    assert {"face_strength", "head_strength"} <= set(drawn())
    scene.diface.parts = "HEAD"
    assert "face_strength" not in drawn()


def test_a_second_style_brings_a_slider(scene, head) -> None:
    assert {"style", "second_style", "style_strength", "diface.load_style"} <= set(drawn("Style"))
    assert "style_mix" not in drawn("Style")
    scene.diface.second_style = "ada"
    assert "style_mix" in drawn("Style")


def test_details_are_drawn_and_closed(scene, head) -> None:
    assert drawn("Head") == ["head_axes"] * 3
    assert {"blinks", "blinks_seed", "gaze", "gaze_seed", "breath", "breath_seed"} <= set(drawn("Eyes"))
    assert {"variety", "guidance", "style_guidance"} <= set(drawn("Advanced"))
    for name in ("style", "head", "eyes", "advanced"):
        assert getattr(bpy.types, f"VIEW_3D_PT_diface_{name}").bl_options == {"DEFAULT_CLOSED"}


def test_the_source_chooses_what_is_shown(scene, head) -> None:
    assert {"strip", "diface.load_audio"} <= set(drawn())
    scene.diface.source = "FILE"
    assert "filepath" in drawn()
    assert "strip" not in drawn()


@needs_audio
def test_load_audio_is_offered_until_there_is_a_strip(scene, head, clicks) -> None:
    scenes.add_strip(scene, clicks([0.5]))
    assert "diface.load_audio" not in drawn()


def test_progress_takes_the_place_of_generate(scene, head) -> None:
    state = bpy.context.window_manager.diface
    state.running, state.fraction, state.stage = True, 0.5, "Generating the motion"
    assert {"50% Generating the motion", "diface.cancel"} <= set(drawn())
    assert "diface.generate" not in drawn()
    state.running = False
    assert "diface.generate" in drawn()


def test_the_last_message_is_shown_in_lines(scene, head) -> None:
    state = bpy.context.window_manager.diface
    state.message = "Something went wrong, and this is a long story of what it was and what to do about it."
    lines = drawn()[-10:]
    assert sum(line in state.message for line in lines) > 1
    state.message = ""


def test_takes_are_listed(scene, head) -> None:
    assert "diface.use_take" not in drawn("Takes")
    motion = types.Motion(np.zeros((3, len(channels.ALL)), np.float32), channels.ALL, types.FrameRate(24))
    write_take.write_take(head, motion, "T", {"first_frame": 1})
    assert drawn("Takes").count("diface.use_take") == 1
    assert {"T", "name", "diface.favourite_take", "diface.make_more", "diface.splice_take"} <= set(drawn("Takes"))
    (take,) = take_index.all_takes()
    assert bpy.ops.diface.use_take(take=take) == {"FINISHED"}


def test_export_says_its_range(scene, head) -> None:
    scene.frame_end = 99
    assert {"Frames 1 to 99", "diface.export_fbx", "diface.export_alembic", "diface.playblast"} <= set(drawn("Export"))
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 3, 7
    assert "Preview range 3 to 7" in drawn("Export")


def test_the_preferences_draw(scene) -> None:
    found: list[str] = []
    fields = dict.fromkeys(preferences.USER_MODELS, "")
    stand_in = type(
        "Preferences", (), {"layout": Layout(found), "bl_rna": preferences.DifacePreferences.bl_rna, **fields}
    )()
    preferences.DifacePreferences.draw(stand_in, bpy.context)
    assert {"python", "diface.check_worker", *preferences.USER_MODELS} <= set(found)
    assert sum(line.startswith("Not set: ") for line in found) == len(preferences.USER_MODELS)


def test_panels_stand_in_both_editors() -> None:
    for space in ("VIEW_3D", "SEQUENCE_EDITOR"):
        main = getattr(bpy.types, f"{space}_PT_diface_main")
        assert (main.bl_space_type, main.bl_region_type, main.bl_category) == (space, "UI", "DiFACE")
        for part in ("style", "head", "eyes", "advanced", "takes", "export"):
            assert getattr(bpy.types, f"{space}_PT_diface_{part}").bl_parent_id == main.__name__


def test_the_dice_change_the_seed(scene) -> None:
    seen = set()
    for _ in range(5):
        bpy.ops.diface.new_seed()
        seen.add(scene.diface.seed)
    assert len(seen) > 1


@pytest.mark.parametrize("name", ["blinks_seed", "gaze_seed", "breath_seed"])
def test_each_layer_has_dice_of_its_own(scene, name) -> None:
    settings = scene.diface
    others = {"seed", "blinks_seed", "gaze_seed", "breath_seed"} - {name}
    seen = set()
    for _ in range(5):
        bpy.ops.diface.new_seed(setting=name)
        seen.add(getattr(settings, name))
    assert len(seen) > 1
    assert {getattr(settings, other) for other in others} == {0}


def test_a_style_file_is_chosen_or_refused(scene, tmp_path) -> None:
    path = tmp_path / "mine.safetensors"
    with pytest.raises(RuntimeError, match="not a style file"):
        bpy.ops.diface.load_style(filepath=str(path))
    path.write_bytes(b"")
    with pytest.raises(RuntimeError, match="not a style file"):
        bpy.ops.diface.load_style(filepath=str(path))
    path.write_bytes(engine.style_file_bytes("Mine")[:-1])
    with pytest.raises(RuntimeError, match="damaged"):
        bpy.ops.diface.load_style(filepath=str(path))
    path.write_bytes(engine.style_file_bytes("Mine"))
    assert bpy.ops.diface.load_style(filepath=str(path), second=True) == {"FINISHED"}
    assert (scene.diface.style, scene.diface.second_style) == ("", "Mine")


def test_nothing_to_cancel(scene) -> None:
    assert running_job.current() is None
    with pytest.raises(RuntimeError, match="not working"):
        bpy.ops.diface.cancel()


def test_check_reports_versions(scene, worker) -> None:
    assert bpy.ops.diface.check_worker() == {"FINISHED"}
    assert "python 3" in bpy.context.window_manager.diface.worker_versions


def test_unregistering_leaves_nothing() -> None:
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


def test_settings_become_the_request(scene, head) -> None:
    assert set(choices.PARTS_BY_CHOICE) == {
        item.identifier for item in scene.diface.bl_rna.properties["parts"].enum_items
    }
    assert set(choices.STEPS) == {item.identifier for item in scene.diface.bl_rna.properties["quality"].enum_items}
