"""Characters that are bound again, as when the user's choices change."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from diface_addon.rig import binding, bones, head_target
from diface_addon.rig.discovery.discover import discover
from tests.addon.characters import armature_kind


@pytest.mark.parametrize("turn", [0.0, 1.2])
def test_a_head_keeps_its_axes_if_its_face_is_away_from_its_armature_when_bound_again(scene, turn) -> None:
    built = armature_kind.build(armature_kind.Options(with_jaw=True, eyes_by_bones=True))
    binding.bind(discover(built.main))

    def stored() -> dict[tuple[str, str], list[float]]:
        groups = bones.bone_groups(built.main)
        found = {(group.bone, name): axis.tolist() for group in groups for name, axis in group.axes.items()}
        axes = head_target.head_target(built.main).axes
        return found | {("head", str(number)): axis.tolist() for number, axis in enumerate(axes)}

    before = stored()
    assert {"Neck", "LeftEye"} <= {bone for bone, _name in before}
    built.main.location = (4.0, -3.0, 1.0)
    built.main.rotation_euler = (turn, 0.5 * turn, -turn)
    bpy.context.view_layer.update()
    binding.bind(discover(built.main))
    after = stored()
    assert after.keys() == before.keys()
    np.testing.assert_allclose(list(after.values()), list(before.values()), atol=1e-6)


def test_axes_are_found_again_if_the_head_bone_was_turned_at_rest(scene) -> None:
    built = armature_kind.build()
    binding.bind(discover(built.main))
    before = head_target.head_target(built.main).axes
    bpy.context.view_layer.objects.active = built.armature
    bpy.ops.object.mode_set(mode="EDIT")
    built.armature.data.edit_bones["Head"].roll += 0.7
    bpy.ops.object.mode_set(mode="OBJECT")
    binding.bind(discover(built.main))
    after = head_target.head_target(built.main).axes
    assert np.abs(after - before).max() > 0.1
