"""The panel DiFACE in the sidebars of the 3D viewport and of the animation editors, one file per topic."""

from __future__ import annotations

import bpy

from . import edit, mapping, takes, words
from .advanced import Advanced
from .character import Character
from .diagnostics import problem_list
from .diagnostics.problem_list import Diagnostics
from .dialogue import line_list
from .dialogue.line_list import Dialogue
from .directing.articulation import Articulation
from .directing.gaze import Gaze
from .directing.mood import Mood
from .directing.without_speech import WithoutSpeech
from .edit import Edit
from .export import Export
from .generate import Main
from .head import Eyes, Head
from .mapping import Mapping
from .panel_base import PanelBase
from .style import Style
from .takes import Takes
from .words import Words

SPACES = ("VIEW_3D", "SEQUENCE_EDITOR")
"""Editors with the whole panel."""
KEY_EDITORS = ("DOPESHEET_EDITOR", "GRAPH_EDITOR")
"""Editors with the panels for editing only."""
SUB_PANELS = (
    Character,
    Mapping,
    Dialogue,
    Takes,
    Edit,
    Words,
    Mood,
    Gaze,
    Articulation,
    WithoutSpeech,
    Diagnostics,
    Style,
    Head,
    Eyes,
    Advanced,
    Export,
)
"""The sub-panels, from top to bottom."""
KEY_EDITOR_PANELS = (Edit, Words, Takes)


def _panel_class(panel: type[PanelBase], space: str, parent: str = "") -> type[bpy.types.Panel]:
    """Return the class of `panel` for the sidebar of `space`."""
    name = f"{space}_PT_diface_{panel.__name__.lower()}"
    fields = {"bl_idname": name, "bl_space_type": space, **({"bl_parent_id": parent} if parent else {})}
    return type(name, (panel, bpy.types.Panel), fields)


CLASSES = (
    edit.DIFACE_MT_pinned_frames,
    takes.DIFACE_MT_takes,
    words.DIFACE_UL_words,
    mapping.DIFACE_UL_mapping,
    mapping.DIFACE_MT_mapping_presets,
    problem_list.DIFACE_UL_findings,
    line_list.DIFACE_UL_lines,
    *(
        _panel_class(panel, space, "" if panel is Main else f"{space}_PT_diface_{panel.parent.lower()}")
        for space in SPACES
        for panel in (Main, *SUB_PANELS)
    ),
    *(_panel_class(panel, space) for space in KEY_EDITORS for panel in KEY_EDITOR_PANELS),
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
