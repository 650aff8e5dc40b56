"""Base class of operators on what directs a character."""

from __future__ import annotations

import bpy

from ...scene.animation import character_checks
from ...settings import scene_settings
from ..base.operator_base import OperatorBase


class DirectingOperator(OperatorBase):
    """Mix-in for operators on the articulation, the mood or the gaze of the character."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        character_checks.check(scene_settings.character(context), ())
