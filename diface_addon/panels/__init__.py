"""The panel DiFACE, in the sidebar of the 3D viewport and of the Sequencer: a file a topic."""

from __future__ import annotations

import bpy

from .details import Advanced, Eyes, Head, Style
from .edit import Edit
from .export import Export
from .main import Main
from .panel_base import PanelBase
from .takes import Takes

SPACES = ("VIEW_3D", "SEQUENCE_EDITOR")
SUB_PANELS = (Edit, Takes, Style, Head, Eyes, Advanced, Export)
"""The sub-panels, from top to bottom."""


def _panel_class(panel: type[PanelBase], space: str, parent: str = "") -> type[bpy.types.Panel]:
    """The class of `panel` for the sidebar of `space`."""
    name = f"{space}_PT_diface_{panel.__name__.lower()}"
    fields = {"bl_idname": name, "bl_space_type": space, **({"bl_parent_id": parent} if parent else {})}
    return type(name, (panel, bpy.types.Panel), fields)


CLASSES = tuple(
    _panel_class(panel, space, "" if panel is Main else f"{space}_PT_diface_main")
    for space in SPACES
    for panel in (Main, *SUB_PANELS)
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
