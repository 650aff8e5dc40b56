"""A windowed Blender that is operated by mouse and keyboard, and asked for its state by remote control."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .desktop import HEIGHT, WIDTH, Desktop

START_SECONDS = 120
"""Patience for the start of Blender with software OpenGL."""
COLUMNS, ROW_HEIGHT = (0.28, 0.75, 0.5, 0.93, 0.1, 0.44), 14
"""Where buttons are searched in a sidebar: fractions of its width, and pixels between two probes."""
WHEEL_UP, WHEEL_DOWN = 4, 5
"""Buttons of the mouse."""
PATIENCE = (0.1, 0.4)
"""Seconds between two probes, of a first search and of a second one if the machine was too busy for the first."""

BUTTON_BELOW_MOUSE = """
import bpy
window = bpy.context.window_manager.windows[0]
area = next(area for area in window.screen.areas if area.type == {area!r})
region = next(region for region in area.regions if region.type == {region!r})
result = ""
with bpy.context.temp_override(window=window, area=area, region=region):
    if bpy.ops.ui.copy_python_command_button.poll():
        bpy.ops.ui.copy_python_command_button()
        result = bpy.context.window_manager.clipboard
    elif bpy.ops.ui.copy_data_path_button.poll():
        bpy.ops.ui.copy_data_path_button(full_path=True)
        result = bpy.context.window_manager.clipboard
"""
"""Assigns what the button below the mouse does: a call of an operator, or the path of a property."""


@dataclass(frozen=True)
class Rectangle:
    """A region of Blender's window in pixels of the display."""

    x: int
    y: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[int, int]:
        """The point in the middle."""
        return self.x + self.width // 2, self.y + self.height // 2


class BlenderWindow:
    """A Blender with empty user settings in `folder`."""

    def __init__(self, program: str, desktop: Desktop, folder: Path, *words: str | Path) -> None:
        self.desktop, self.folder = desktop, folder
        self._buttons: dict[str, tuple[int, int]] = {}
        self._rpc = folder / "rpc"
        for name in ("user", "temp", "home", "rpc"):
            (folder / name).mkdir(exist_ok=True)
        self.log = folder / "blender.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program, "--window-geometry", "0", "0", str(WIDTH), str(HEIGHT), "-setaudio", "None", *map(str, words)]
                + ["--python", str(Path(__file__).with_name("rpc_server.py"))],
                env=self._environment(),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_until(lambda: self.ask("True"), START_SECONDS)
        time.sleep(1)  # the first redraws

    def _environment(self) -> dict[str, str]:
        removed = ("DIFACE_PYTHON", "PYTHONPATH", "PYTHONHOME")
        inherited = {name: value for name, value in self.desktop.environment().items() if name not in removed}
        return {
            **inherited,
            "BLENDER_USER_RESOURCES": str(self.folder / "user"),
            "DIFACE_TEST_RPC": str(self._rpc),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "temp"),
            "XDG_CACHE_HOME": str(self.folder / "home" / "cache"),
            "PYTHONFAULTHANDLER": "1",
        }

    def run(self, source: str, seconds: float = 120) -> Any:
        """Execute statements in Blender and return what they assign to `result`."""
        reply, draft = self._rpc / "reply.json", self._rpc / "request.draft"
        reply.unlink(missing_ok=True)
        draft.write_text(source, "utf-8")
        draft.replace(self._rpc / "request.py")
        end = time.monotonic() + seconds
        while not reply.is_file():
            if self.process.poll() is not None:
                raise AssertionError(f"Blender ended with status {self.process.returncode}.\n{self.console()[-4000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"Blender did not reply within {seconds:.0f} s to:\n{source}")
            time.sleep(0.02)
        replied = json.loads(reply.read_text("utf-8"))
        assert "error" not in replied, replied["error"]
        return replied["result"]

    def ask(self, expression: str) -> Any:
        """Return the value of an expression in Blender."""
        return self.run(f"result = {expression}")

    def wait_until(self, condition: Callable[[], object], seconds: float = 60, what: str = "") -> None:
        """Wait for a condition."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"Not so within {seconds:.0f} s: {what or condition}"
            time.sleep(0.1)

    def wait_for(self, expression: str, seconds: float = 60) -> None:
        """Wait until an expression is true in Blender."""
        self.wait_until(lambda: self.ask(expression), seconds, expression)

    def console(self) -> str:
        """Return what Blender has printed."""
        return self.log.read_text("utf-8", errors="replace")

    def region(self, area_type: str, region_type: str) -> Rectangle:
        """Return the place of a region of the first editor of a type."""
        x, y, width, height = self.run(
            "window = bpy.context.window_manager.windows[0]\n"
            f"area = next(a for a in window.screen.areas if a.type == {area_type!r})\n"
            f"region = next(r for r in area.regions if r.type == {region_type!r})\n"
            "result = region.x, region.y, region.width, region.height"
        )
        return Rectangle(x, HEIGHT - y - height, width, height)

    def viewport(self) -> tuple[int, int]:
        """Return a point of the 3D viewport beside its toolbar and its sidebar."""
        place = self.region("VIEW_3D", "WINDOW")
        return place.x + place.width // 4, place.y + place.height // 4

    def press_in_viewport(self, *keys: str) -> None:
        """Press keys with the mouse in the 3D viewport."""
        self.desktop.move(*self.viewport())
        self.desktop.press(*keys)

    def search(self, label: str) -> None:
        """Run an operator by Blender's search."""
        self.press_in_viewport("F3")
        time.sleep(0.5)
        self.desktop.write(label)
        time.sleep(0.7)
        self.desktop.press("Return")
        time.sleep(0.7)

    def button(self, does: str, area: str = "VIEW_3D", region: str = "UI") -> tuple[int, int]:
        """Return the place of a button in a sidebar, found by moving the mouse over it until Blender names it.

        Args:
            does: A part of the call of the button's operator ("diface.generate()") or of its property's path.
            area: The editor.
            region: The region of the editor.
        """
        known = next((place for text, place in self._buttons.items() if does in text), None)
        if known and self._is_button(does, *known, area, region):
            return known
        for patience in PATIENCE:
            for wheel in (None, WHEEL_UP, WHEEL_DOWN):
                if wheel:
                    self._scroll(wheel, area, region)
                if found := self._find(does, area, region, patience):
                    return found
        raise AssertionError(f"No button does {does}. Found: {sorted(self._buttons)}")

    def _find(self, does: str, area: str, region: str, patience: float) -> tuple[int, int] | None:
        """Return the place of a button that is visible; None without one."""
        place = self.region(area, region)
        for column in COLUMNS:
            x = place.x + round(place.width * column)
            for y in range(place.y + ROW_HEIGHT, place.y + place.height, ROW_HEIGHT):
                text = self._button_at(x, y, area, region, patience)
                if text:
                    self._buttons[text] = x, y
                if does in text and self._is_button(does, x, y, area, region):
                    return x, y
        return None

    def _scroll(self, wheel: int, area: str, region: str) -> None:
        """Scroll a region to its end, with the mouse at its edge: over a list the wheel scrolls the list."""
        place = self.region(area, region)
        self.desktop.move(place.x + 4, place.centre[1])
        self.desktop.do("click", "--repeat", 40, "--delay", 15, wheel)
        time.sleep(1)
        self._buttons.clear()

    def upper_edge(self, does: str, area: str = "VIEW_3D", region: str = "UI") -> tuple[int, int]:
        """Return the place of the upper edge of a button, to 2 pixels."""
        x, y = self.button(does, area, region)
        while does in self._button_at(x, y - 2, area, region):
            y -= 2
        return x, y

    def _is_button(self, does: str, x: int, y: int, area: str, region: str) -> bool:
        """Return whether a button is at a place, also after a redraw: a busy Blender may name the previous one."""
        if does not in self._button_at(x, y, area, region):
            return False
        time.sleep(0.5)
        return does in self._button_at(x, y + 1, area, region)

    def _button_at(self, x: int, y: int, area: str, region: str, seconds: float = PATIENCE[0]) -> str:
        self.desktop.do("mousemove", x, y)
        time.sleep(seconds)
        return self.run(BUTTON_BELOW_MOUSE.format(area=area, region=region))

    def click(self, does: str, area: str = "VIEW_3D", region: str = "UI") -> None:
        """Click a button, described as for `button`."""
        self.desktop.click(*self.button(does, area, region))

    def choose_file(self, file: Path) -> None:
        """Enter a folder and a file in the open file browser, and confirm."""
        self.wait_until(lambda: self._editors() == ["FILE_BROWSER"], 30, "a file browser")
        time.sleep(1)
        folder, name = self.region("FILE_BROWSER", "UI"), self.region("FILE_BROWSER", "EXECUTE")
        at_name = name.x + name.width // 4, name.centre[1]
        self.desktop.click(folder.x + folder.width // 4, folder.centre[1])
        self.desktop.press("ctrl+a")
        self.desktop.write(f"{file.parent}/")
        self.desktop.press("Return")
        time.sleep(0.7)
        self.desktop.click(*at_name)  # ends editing the folder
        self.desktop.click(*at_name)
        self.desktop.press("ctrl+a")
        self.desktop.write(file.name)
        self.desktop.press("Return")
        time.sleep(0.3)
        self.desktop.click(name.x + name.width - 70, name.centre[1])
        self.wait_until(lambda: self._editors() != ["FILE_BROWSER"], 30, "the file browser is closed")

    def _editors(self) -> list[str]:
        return self.ask("[area.type for area in bpy.context.window_manager.windows[0].screen.areas]")

    def close_other_windows(self) -> None:
        """Close the windows that Blender has opened, such as that of a render, by Esc over each."""
        places = "[(w.x + w.width // 2, w.y + w.height // 2) for w in bpy.context.window_manager.windows][1:]"
        for _ in range(3):
            for x, y in self.ask(places):
                self.desktop.move(x, HEIGHT - y)
                self.desktop.press("Escape")
                time.sleep(1)
        assert self.ask(places) == []

    def processes(self) -> list[str]:
        """Return the command lines of the processes that this Blender or its children started and that still run."""
        mark, found = f"DIFACE_TEST_RPC={self._rpc}".encode(), []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found.append(f"{entry.name}: {b' '.join(words).decode(errors='replace').strip()}")
            except OSError:
                continue  # it has ended, or belongs to another user
        return [line for line in found if line.partition(": ")[2]]

    def worker_processes(self) -> list[str]:
        """Return the command lines of the workers that run."""
        return [line for line in self.processes() if "diface_core.worker" in line]

    def close(self) -> int:
        """Quit Blender and return its exit status."""
        if self.process.poll() is None:
            self.run("bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.3)")
        return self.process.wait(60)

    def kill(self) -> None:
        """End Blender and the processes that it started, whatever their state."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
