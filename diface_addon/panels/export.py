"""Export to files."""

from __future__ import annotations

import bpy

from ..scene.keys import frame_range
from .panel_base import PanelBase, draw_message


class Export(PanelBase):
    """Export to files."""

    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        first, last = frame_range.export_range(context.scene)
        preview = "Preview range" if context.scene.use_preview_range else "Frames"
        self.layout.label(text=f"{preview} {first} to {last}")
        column = self.layout.column(align=True)
        column.operator("diface.export_fbx", icon="EXPORT")
        column.operator("diface.export_gltf", icon="EXPORT")
        column.operator("diface.export_usd", icon="EXPORT")
        column.operator("diface.export_alembic", icon="EXPORT")
        column.operator("diface.export_csv", icon="EXPORT")
        self.layout.operator("diface.bake_for_games", icon="ACTION")
        self.layout.operator("diface.playblast", icon="FILE_MOVIE")
        draw_message(self.layout, context, "export")
