"""A virtual display with a mouse and a keyboard: Xvfb and xdotool."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib import image

WIDTH, HEIGHT = 1800, 1400
HOVER_SECONDS = 0.3
"""Blender activates the button below the mouse some redraws after the mouse has moved."""


class Desktop:
    """A virtual display. Coordinates are pixels from the top left corner."""

    def __init__(self, folder: Path) -> None:
        read, write = os.pipe()
        self._frames = folder / "Xvfb_screen0"
        with (folder / "xvfb.log").open("wb") as log:
            self._server = subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder)]
                + ["+extension", "GLX", "+render", "-noreset", "-nolisten", "tcp"],
                pass_fds=[write],
                stdout=log,
                stderr=log,
            )
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise OSError(f"Xvfb did not start: {(folder / 'xvfb.log').read_text()}")
        self.name = f":{number}"

    def close(self) -> None:
        """End the display."""
        self._server.terminate()
        self._server.wait(10)

    def environment(self) -> dict[str, str]:
        """Return the variables of a program that is to be shown here."""
        kept = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "XAUTHORITY")}
        return {**kept, "DISPLAY": self.name, "LIBGL_ALWAYS_SOFTWARE": "1"}

    def do(self, *words: object) -> None:
        """Run xdotool."""
        subprocess.run(["xdotool", *map(str, words)], env=self.environment(), check=True, timeout=60)

    def move(self, x: int, y: int) -> None:
        """Move the mouse and wait until the program has noticed."""
        self.do("mousemove", x, y)
        time.sleep(HOVER_SECONDS)

    def click(self, x: int, y: int) -> None:
        """Click a point."""
        self.move(x, y)
        self.do("click", 1)
        time.sleep(HOVER_SECONDS)

    def drag(self, start: tuple[int, int], end: tuple[int, int], steps: int = 12) -> None:
        """Drag with the left mouse button from a point to another one."""
        self.move(*start)
        self.do("mousedown", 1)
        for step in range(1, steps + 1):
            x, y = (round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True))
            self.do("mousemove", x, y)
            time.sleep(0.05)
        self.do("mouseup", 1)
        time.sleep(HOVER_SECONDS)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, by their names in X: "Escape", "ctrl+z"."""
        for key in keys:
            self.do("key", key)
            time.sleep(0.15)

    def write(self, text: str) -> None:
        """Type a text."""
        self.do("type", "--delay", 40, "--", text)
        time.sleep(HOVER_SECONDS)

    def drop_file(self, file: Path, x: int, y: int) -> str:
        """Drag a file from another program and drop it on the window at a point; return what that program printed."""
        self.move(x, y)
        script = Path(__file__).with_name("drag_source.py")
        done = subprocess.run(
            [sys.executable, script, file, str(x), str(y)],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise OSError(f"The drop failed: {done.stdout}{done.stderr}")
        return done.stdout

    def screenshot(self, file: Path) -> None:
        """Write what the display shows as a PNG file."""
        content = self._frames.read_bytes()
        header = struct.unpack(">25I", content[:100])  # the header of xwd, see X11/XWDFile.h
        size, width, height, bytes_per_line, colours = header[0], header[4], header[5], header[12], header[19]
        start = size + colours * 12
        rows = np.frombuffer(content, np.uint8, height * bytes_per_line, start).reshape(height, bytes_per_line)
        bgrx = rows[:, : width * 4].reshape(height, width, 4)
        image.imsave(file, bgrx[:, :, 2::-1])
