"""What sessions in a real window have in common: the first steps, and what is read from Blender."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from .window import BlenderWindow

MODULE = "bl_ext.user_default.diface"
STATE = "bpy.context.window_manager.diface"
HEAD = 'bpy.data.objects["DiFACE Head"]'
TAKES = "sorted(action.name for action in bpy.data.actions)"

CURVES = f"""
obj = {HEAD}
frames = range(1, 251)
now = bpy.context.scene.frame_current
result = []
for frame in frames:
    bpy.context.scene.frame_set(frame)
    result.append([*obj.rotation_euler, *(key.value for key in obj.data.shape_keys.key_blocks)])
bpy.context.scene.frame_set(now)
"""
"""Assigns the active motion: for frames 1 to 250 the rotation of the head and the values of its shape keys."""


def motion(blender: BlenderWindow) -> np.ndarray:
    """Return the motion as Blender evaluates it, of shape (250, 3 + shape keys)."""
    return np.array(blender.run(CURVES))


def wait_for_job(blender: BlenderWindow, seconds: float = 120) -> None:
    blender.wait_until(lambda: not blender.ask(f"{STATE}.running"), seconds, "the job has ended")


def scrub(blender: BlenderWindow, frame: int) -> None:
    """Drag the playhead in the timeline to a frame."""
    place = blender.region("DOPESHEET_EDITOR", "WINDOW")
    start, end = blender.run(
        "area = next(area for area in bpy.context.screen.areas if area.type == 'DOPESHEET_EDITOR')\n"
        "view = next(region for region in area.regions if region.type == 'WINDOW').view2d\n"
        f"frames = bpy.context.scene.frame_current, {frame}\n"
        "result = [view.view_to_region(frame, 0, clip=False)[0] for frame in frames]"
    )
    y = place.y + 10
    blender.desktop.drag((place.x + start, y), (place.x + end, y))
    blender.wait_for(f"bpy.context.scene.frame_current == {frame}", 20)


def install(blender: BlenderWindow, small_zip: Path) -> None:
    """Drop the built zip on the window."""
    blender.desktop.drop_file(small_zip, *blender.viewport())
    time.sleep(1)
    blender.desktop.press("Return")  # the dialog's OK; Enable Add-on is checked
    blender.wait_for(f"{MODULE!r} in bpy.context.preferences.addons", 120)


def open_panel(blender: BlenderWindow) -> None:
    """Open the sidebar at the tab DiFACE."""
    blender.run("bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'")  # no window manager is running
    blender.press_in_viewport("n")
    time.sleep(1)
    blender.run(
        "area = next(area for area in bpy.context.screen.areas if area.type == 'VIEW_3D')\n"
        "next(r for r in area.regions if r.type == 'UI').active_panel_category = 'DiFACE'"
    )
    time.sleep(0.5)


def add_head(blender: BlenderWindow) -> None:
    """Add the bundled head."""
    blender.click("diface.add_head()")
    blender.wait_for("'DiFACE Head' in bpy.data.objects", 20)


def load_audio(blender: BlenderWindow, sound: Path) -> None:
    """Load a sound by the file browser."""
    blender.click("diface.load_audio()")
    blender.choose_file(sound)
    blender.wait_for(f"bpy.context.scene.diface.strip == {sound.name!r}", 20)


def generate(blender: BlenderWindow) -> None:
    """Press *Generate* and wait for the take."""
    takes = len(blender.ask(TAKES))
    blender.click("diface.generate()")
    blender.wait_for(f"len(bpy.data.actions) > {takes}")
    wait_for_job(blender)


class Sidebar:
    """The sub-panels of the tab DiFACE, of which at most one is open, so that every header has a known place.

    Right after `open_panel` with a head, *Takes* and *Edit* are open.
    """

    HEADER, ABOVE = 26, 97
    """Height of a header, and distance of the first one below the upper edge of *Generate*, in pixels."""

    def __init__(self, blender: BlenderWindow) -> None:
        self._blender = blender
        self._labels: list[str] = blender.ask(
            "[panel.bl_label for panel in bpy.types.Panel.__subclasses__()"
            " if getattr(panel, 'bl_parent_id', '') == 'VIEW_3D_PT_diface_main']"
        )
        for label in ("Takes", "Edit"):
            self._click(label)
        self._opened = ""

    def open(self, label: str) -> None:
        """Open a panel and close the one that was open."""
        for changed in (self._opened, label):
            if changed and self._opened != label:
                self._click(changed)
        self._opened = label

    def _click(self, label: str) -> None:
        x, y = self._blender.upper_edge("diface.generate()")
        self._blender.desktop.click(x, y + self.ABOVE + self.HEADER * self._labels.index(label))
        time.sleep(0.7)


def set_value(blender: BlenderWindow, does: str, value: float) -> None:
    """Type a value into a field."""
    x, y = blender.button(does)
    blender.desktop.move(x, y)
    blender.desktop.do("click", "--repeat", 2, "--delay", 60, 1)
    time.sleep(0.5)
    blender.desktop.press("ctrl+a")
    blender.desktop.write(f"{value:g}")
    blender.desktop.press("Return")
    blender.wait_for(f"abs({HEAD}.diface.{does} - {value}) < 1e-4", 20)
    time.sleep(0.7)


def set_key_on(blender: BlenderWindow, does: str) -> None:
    """Set a key on a setting of the performance with the mouse over its field."""
    keys = f"""
curves = [
    curve
    for action in bpy.data.actions
    for layer in action.layers
    for strip in layer.strips
    for bag in strip.channelbags
    for curve in bag.fcurves
    if curve.data_path == "diface.{does}"
]
result = sum(len(curve.keyframe_points) for curve in curves)
"""
    before = blender.run(keys)
    blender.desktop.move(*blender.button(does))
    time.sleep(0.5)
    blender.desktop.press("i")
    blender.wait_until(lambda: blender.run(keys) > before, 30, f"a key on {does}")
    time.sleep(0.7)
