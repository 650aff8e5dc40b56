"""Base class of operators on one take."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.takes import takes
from ...settings import scene_settings
from .operator_base import OperatorBase


class TakeOperator(OperatorBase):
    """Mix-in for operators on the take whose id is `take`."""

    take: bpy.props.StringProperty(name="Take", description="Its id", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def actions(self) -> list[bpy.types.Action]:
        """Return the Actions of the take. Raises SceneError if it was deleted."""
        actions = takes.all_takes().get(self.take)
        if not actions:
            raise errors.SceneError("This take was deleted.", "Undo that, or generate another.")
        return actions
