"""Runs an operator on a job as Blender does in a window, with events sent by the test."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bpy

from diface_addon.jobs import running_job
from diface_addon.operators.base import modal_job

PASSED = {"PASS_THROUGH"}


class Driver(modal_job.ModalJobOperator):
    """An operator that has begun: a class of Blender's cannot be instantiated.

    Attributes:
        reports: The texts that it has reported.
        kinds: Of what kind each is: {"INFO"} or {"ERROR"}.
    """

    bl_label = "Operator"

    def __init__(self, job: running_job.RunningJob | None = None, **properties: Any) -> None:
        self.reports: list[str] = []
        self.kinds: list[set[str]] = []
        for name, value in properties.items():
            setattr(self, name, value)
        self.watch(bpy.context, job or self.begin(bpy.context))

    def report(self, kind: set[str], text: str) -> None:
        """Take what Blender would show."""
        self.kinds.append(kind)
        self.reports.append(text)

    def send(self, kind: str) -> set[str]:
        """Send one event."""
        return self.modal(bpy.context, SimpleNamespace(type=kind, value="PRESS"))

    def until(self, done: Callable[[set[str]], object]) -> set[str]:
        """Send timer events until `done` is true of a result."""
        while not done(result := self.send("TIMER")):
            time.sleep(0.005)
        return result


def start(operator: type, **properties: Any) -> Driver:
    """Begin an operator with the values of its properties."""
    own = {name: value for name, value in vars(operator).items() if not name.startswith("__") and name != "bl_rna"}
    return type(operator.__name__, (Driver,), own)(**properties)


def has_ended(result: set[str]) -> bool:
    """Return whether an operator with this result has ended."""
    return result != PASSED
