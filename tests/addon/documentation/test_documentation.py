"""The documentation of settings, operators and scripts, against what Blender registers."""

from __future__ import annotations

import inspect
import re
import shutil
import sys
from pathlib import Path

import bpy
import pytest

from diface_addon.rig.mapping import row_settings
from diface_addon.settings import (
    character_settings,
    edit_settings,
    performance_settings,
    preferences,
    scene_settings,
    threediface_settings,
    word_settings,
)
from diface_addon.settings.dialogue import dialogue_settings, line_settings
from diface_addon.settings.directing import articulation_settings, gaze_settings, mood_settings
from diface_addon.settings.takes import key_settings
from tests import doc_blocks

SETTINGS = (doc_blocks.ROOT / "docs" / "guide" / "settings.md").read_text("utf-8")
SCRIPTING = (doc_blocks.ROOT / "docs" / "development" / "scripting.md").read_text("utf-8")
GROUPS = {
    "": scene_settings.DifaceSettings,
    "character.": character_settings.DifaceCharacter,
    "mapping.": row_settings.DifaceMappingRow,
    "dialogue.": dialogue_settings.DifaceDialogue,
    "line.": line_settings.DifaceLine,
    "edit.": edit_settings.EditSettings,
    "words.": word_settings.DifaceWords,
    "performance.": performance_settings.DifacePerformance,
    "performance.keys.": key_settings.DifaceKeySettings,
    "performance.threediface.": threediface_settings.ThreeDifaceSettings,
    "articulation.": articulation_settings.DifaceArticulation,
    "mood.": mood_settings.DifaceMood,
    "gaze.": gaze_settings.DifaceGaze,
    "articulation.gains[0].": articulation_settings.DifaceChannelGain,
    "preferences.": preferences.DifacePreferences,
}
"""Prefix of a property's name in the documentation -> the class of the property."""
OF_BLENDER = {"rna_type", "bl_idname", "filepath", "check_existing", "filter_glob", "name"}
OF_GROUPS = {
    "edit", "threediface", "keys", "parts", "articulation", "gains", "mood", "gaze", "speeches", "performance",
    "new_character", "dialogue",
}  # fmt: skip
NOT_SHOWN = {"is_own", "index"}
MOST_LISTED = 20
"""Choices of a setting from which they are described in words."""
NUMBERS = {"INT", "FLOAT"}

_ROW = re.compile(
    r"^\| (?P<label>[^|]+) \| `(?P<name>(?!diface\.)[a-z0-9_.\[\]]+)` \| (?P<default>[^|]+) \| (?P<range>[^|]+) \|",
    re.M,
)
_OPERATOR = re.compile(r"^\| (?P<label>[^|]+) \| `(?P<name>diface\.[a-z_]+)` \|", re.M)
_ARGUMENTS = re.compile(r"^\| `(?P<name>diface\.[a-z_]+)` \|(?P<arguments>[^|]*)\|$", re.M)

ROWS = {row["name"]: row for row in _ROW.finditer(SETTINGS)}


def properties() -> dict[str, bpy.types.Property]:
    """Return all settings by their documented names, without property groups."""
    found = {}
    for prefix, group in GROUPS.items():
        annotated = {name for base in group.__mro__ for name in inspect.get_annotations(base)}
        for name, prop in group.bl_rna.properties.items():
            is_group = prop.type in ("POINTER", "COLLECTION") and prop.identifier in OF_GROUPS
            if name in annotated and name not in NOT_SHOWN and not is_group:
                found[prefix + name] = prop
    return found


def test_every_setting_is_documented() -> None:
    assert set(ROWS) == set(properties())


@pytest.mark.parametrize("name", ROWS)
def test_label_of_a_setting(name: str) -> None:
    assert ROWS[name]["label"] == properties()[name].name


@pytest.mark.parametrize("name", ROWS)
def test_default_of_a_setting(name: str) -> None:
    if expected := default(properties()[name]):
        assert ROWS[name]["default"] == expected


@pytest.mark.parametrize("name", ROWS)
def test_range_of_a_setting(name: str) -> None:
    if expected := extent(properties()[name]):
        assert ROWS[name]["range"] == expected


def default(prop: bpy.types.Property) -> str:
    """Return the default as documented; "" if it is described in words."""
    if prop.type == "BOOLEAN":
        return "on" if prop.default else "off"
    if prop.type == "ENUM" and prop.is_enum_flag:
        return "all" if prop.default_flag == set(prop.enum_items.keys()) else ", ".join(sorted(prop.default_flag))
    if prop.type == "ENUM":
        return prop.enum_items[prop.default].name.partition(":")[0]
    if prop.type in NUMBERS:
        return ", ".join(f"{value:g}" for value in (prop.default_array if prop.is_array else [prop.default]))
    return ""


def extent(prop: bpy.types.Property) -> str:
    """Return the range as documented; "" for text, which has no range."""
    if prop.type == "BOOLEAN":
        return "on, off"
    if prop.type == "ENUM":
        names = [item.name.partition(":")[0] for item in prop.enum_items]
        if len(names) > MOST_LISTED:
            return ""
        return f"{names[0]} to {names[-1]}" if names[0].isdigit() else ", ".join(names)
    if prop.type not in NUMBERS or prop.hard_min < -1e6:
        return ""
    if prop.hard_max > 1e6:
        return f"{prop.hard_min:g} or more"
    soft = f", slider to {prop.soft_max:g}" if prop.soft_max < prop.hard_max else ""
    return f"{prop.hard_min:g} to {prop.hard_max:g}" + soft + (" each" if prop.is_array else "")


def operators() -> dict[str, bpy.types.Struct]:
    """Return every operator of DiFACE by its identifier."""
    return {f"diface.{name}": getattr(bpy.ops.diface, name).get_rna_type() for name in dir(bpy.ops.diface)}


def test_every_operator_is_documented() -> None:
    assert {row["name"]: row["label"] for row in _OPERATOR.finditer(SETTINGS)} == {
        name: rna.name for name, rna in operators().items()
    }


def test_every_argument_of_an_operator_is_documented() -> None:
    documented = {row["name"]: row["arguments"] for row in _ARGUMENTS.finditer(SCRIPTING)}
    assert set(documented) == set(operators())
    for name, rna in operators().items():
        arguments = {key for key in rna.properties.keys() if key not in OF_BLENDER}  # noqa: SIM118 - Blender's collection
        arguments |= {key for key in ("filepath",) if key in rna.properties}
        if name == "diface.personalise":
            arguments |= {"name"}
        missing = {key for key in arguments if f"`{key}`" not in documented[name]}
        assert not missing, name


_CHOICES = re.compile(r"`(?P<name>[a-z_]+)`: (?P<items>`[A-Za-z_]+`(?:, `[A-Za-z_]+`)*)")
DESCRIBED = {"region"}
"""Arguments whose choices the page describes below the table."""


def test_every_choice_of_an_argument_is_documented() -> None:
    documented = {row["name"]: row["arguments"] for row in _ARGUMENTS.finditer(SCRIPTING)}
    for name, rna in operators().items():
        found = {match["name"]: match["items"].strip("`") for match in _CHOICES.finditer(documented[name])}
        listed = {key: items.split("`, `") for key, items in found.items()}
        for key, prop in rna.properties.items():
            is_choice = prop.type == "ENUM" and not prop.is_enum_flag and len(prop.enum_items) < MOST_LISTED
            if is_choice and key not in OF_BLENDER | DESCRIBED:
                assert listed.get(key) == prop.enum_items.keys(), (name, key)


@pytest.mark.parametrize("page", doc_blocks.scripts(in_blender=True))
@pytest.mark.usefixtures("worker", "scene")
def test_scripts_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(doc_blocks.ROOT / "tests" / "data" / "speech.flac", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["blender", "--", "speech.flac", "out"])
    doc_blocks.run_script(doc_blocks.scripts(in_blender=True)[page])
    if page.endswith("scripting.md"):
        written = {path.name for path in (tmp_path / "out").iterdir()}
        assert written == {"speech.fbx", "speech.csv", "speech.blend"}


SHELL = [
    called
    for block in doc_blocks.all_blocks("bash")
    for words in doc_blocks.commands(block)
    if (called := doc_blocks.module_call(words)) and called[0].startswith(("diface_addon", "tests.addon"))
]


@pytest.mark.parametrize(("module", "arguments"), SHELL)
def test_commands_in_blenders_python_are_accepted(module: str, arguments: list[str]) -> None:
    doc_blocks.check_arguments(module, arguments)
