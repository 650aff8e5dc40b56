"""Base class of operators on one take."""

from __future__ import annotations

import bpy

from ...core import errors
from ...scene.animation import character_checks
from ...scene.provenance import stored_request
from ...scene.takes import take_index
from ...settings import scene_settings
from .operator_base import OperatorBase


class TakeOperator(OperatorBase):
    """Mix-in for operators on the take whose id is `take`."""

    take: bpy.props.StringProperty(name="Take", description="Its id", options={"HIDDEN"})

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())

    def actions(self, unreadable_too: bool = False) -> list[bpy.types.Action]:
        """Return the Actions of the take.

        Args:
            unreadable_too: Whether to return a take whose stored request cannot be read.

        Raises:
            SceneError: The take was deleted, or its stored request cannot be read.
        """
        actions = take_index.all_takes().get(self.take)
        if not actions and (unreadable := take_index.unreadable_takes().get(self.take)):
            if unreadable_too:
                return unreadable
            stored_request.check_readable(unreadable)
        if not actions:
            raise errors.SceneError("This take was deleted.", "Undo that, or generate another.")
        return actions
