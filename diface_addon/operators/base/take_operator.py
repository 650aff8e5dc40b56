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

    take: bpy.props.StringProperty(
        name="Take", description="Id of the take. Empty: the active take", options={"HIDDEN"}
    )

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
        take = self.take or self._active_take()
        actions = take_index.all_takes().get(take)
        if not actions and (unreadable := take_index.unreadable_takes().get(take)):
            if unreadable_too:
                return unreadable
            stored_request.check_readable(unreadable)
        if not actions:
            raise errors.SceneError("This take does not exist any more.", "Undo its deletion, or choose another take.")
        return actions

    def _active_take(self) -> str:
        """Return the id of the active take, of the face if face and head have two; empty if none is active."""
        obj, readable = scene_settings.character(bpy.context), take_index.all_takes()
        active = take_index.active_takes(obj, readable) if obj else ()
        return next((take for take in readable if take in active), "")
