"""What operators on a take share."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.takes import takes
from ...settings import scene_settings
from .operator_base import OperatorBase


class TakeOperator(OperatorBase):
    """Mix-in for operators that do something with one take."""

    take: bpy.props.StringProperty(name="Take", description="Its id", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def actions(self) -> list[bpy.types.Action]:
        """The take's Actions. Raises SceneError where it is gone, as when its Action was deleted by hand."""
        actions = takes.all_takes().get(self.take)
        if not actions:
            raise errors.SceneError("This take is gone.", "Undo what removed it, or generate another.")
        return actions
