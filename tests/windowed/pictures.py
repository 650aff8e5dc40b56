"""Pictures of a session for the guide: screenshots, cropped and compressed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .window import BlenderWindow, Rectangle

WIDTH, SCALE, QUALITY = 1060, 0.8, 80
"""Pixels from the sidebar's right edge that are shown, their size in the picture, and the quality of JPEG."""
HIGHER = 330
"""Pixels that the Graph Editor gets higher."""
FRAME_HEAD = """
window = bpy.context.window_manager.windows[0]
area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
region = next(region for region in area.regions if region.type == "WINDOW")
with bpy.context.temp_override(window=window, area=area, region=region):
    bpy.ops.view3d.view_axis(type="FRONT")
    bpy.ops.view3d.view_selected()
"""
FRAME_CURVES = """
window = bpy.context.window_manager.windows[0]
area = next(area for area in window.screen.areas if area.type == "GRAPH_EDITOR")
region = next(region for region in area.regions if region.type == "WINDOW")
area.spaces.active.show_region_ui = False
with bpy.context.temp_override(window=window, area=area, region=region):
    bpy.ops.graph.view_all()
"""


@dataclass(frozen=True)
class Pictures:
    """Takes pictures of a Blender into a folder; of none without a folder."""

    blender: BlenderWindow
    folder: Path | None

    def frame_head(self) -> None:
        """Show the selected head from the front."""
        if self.folder is not None:
            self.blender.run(FRAME_HEAD)

    def enlarge_graph(self) -> None:
        """Drag the upper edge of the Graph Editor upwards, and frame its curves."""
        if self.folder is not None:
            edge = self.blender.region("GRAPH_EDITOR", "HEADER")
            x, y = edge.x + edge.width // 2, edge.y - 1
            self.blender.desktop.drag((x, y), (x, y - HIGHER))
            self.blender.run(FRAME_CURVES)

    def take(self, name: str, frame: int | None = None, below: str = "DOPESHEET_EDITOR") -> None:
        """Take a picture of the 3D viewport at a frame, of its sidebar and of the editor below."""
        if self.folder is None:
            return
        if frame is not None:
            self.blender.run(f"bpy.context.scene.frame_set({frame})")
        self.blender.desktop.move(*self.blender.viewport())  # no tooltip
        time.sleep(1)
        self.blender.run("bpy.ops.wm.redraw_timer(type='DRAW_WIN_SWAP', iterations=1)")
        time.sleep(1)
        file = self.blender.folder / f"{name}.png"
        self.blender.desktop.screenshot(file)
        view, sidebar = (self.blender.region("VIEW_3D", kind) for kind in ("WINDOW", "UI"))
        lower = self.blender.region(below, "WINDOW")
        right = max(view.x + view.width, sidebar.x + sidebar.width)
        box = Rectangle(right - WIDTH, view.y, WIDTH, lower.y + lower.height - view.y)
        with Image.open(file) as shot:
            cropped = shot.convert("RGB").crop((box.x, box.y, box.x + box.width, box.y + box.height))
        cropped = cropped.resize((round(box.width * SCALE), round(box.height * SCALE)), Image.Resampling.LANCZOS)
        self.folder.mkdir(parents=True, exist_ok=True)
        cropped.save(self.folder / f"{name}.jpg", quality=QUALITY, optimize=True)
