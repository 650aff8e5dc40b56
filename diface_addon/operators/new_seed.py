"""New Seed: another performance of the same speech."""

from __future__ import annotations

import random

import bpy

from .verb import Verb


class DIFACE_OT_new_seed(Verb, bpy.types.Operator):
    """Roll the dice for another seed, and so another performance"""

    bl_idname = "diface.new_seed"
    bl_label = "New Seed"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def run(self, context: bpy.types.Context) -> None:
        context.scene.diface.seed = random.randrange(1_000_000)


register, unregister = bpy.utils.register_classes_factory((DIFACE_OT_new_seed,))
