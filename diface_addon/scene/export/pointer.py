"""What the mouse pointer shows while Blender waits for an export: a percentage, or that it is busy."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator

import bpy


@contextlib.contextmanager
def counting(steps: int) -> Generator[Callable[[int], None]]:
    """Show a percentage while the block runs. Yields what tells how many of the steps are done."""
    manager = bpy.context.window_manager
    manager.progress_begin(0, steps)
    try:
        yield manager.progress_update
    finally:
        manager.progress_end()


@contextlib.contextmanager
def waiting() -> Generator[None]:
    """Show that Blender is busy. Does nothing without a window."""
    window = bpy.context.window
    if window is not None:
        window.cursor_modal_set("WAIT")
    try:
        yield
    finally:
        if window is not None:
            window.cursor_modal_restore()
