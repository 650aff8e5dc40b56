"""A character as games and other programs know it: meshes, a skeleton, shape keys and keys, and nothing else.

What the timeline plays is sampled, so that layers, body animation, constraints and drivers are in the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...characters import neck
from ..isolated_scene import isolated
from . import copies as plain_copies
from . import keys as plain_keys
from . import skeleton
from .modifiers import apply_modifiers
from .sampling import Samples, sample
from .shape_names import ShapeNames, rename_shapes
from .transforms import FloatArray


@dataclass(frozen=True)
class PlainCharacter:
    """Plain copies of a character, and their motion.

    Attributes:
        copies: The copies.
        motions: The motion of each.
    """

    copies: plain_copies.Copies
    motions: tuple[plain_keys.Motion, ...]

    def columns(self) -> dict[bpy.types.ID, plain_keys.Columns]:
        """Return what every data-block of the copies must be."""
        return {block: found for motion in self.motions for block, found in plain_keys.columns_of(motion).items()}


def sample_character(
    objects: Sequence[bpy.types.Object], scene: bpy.types.Scene, frames: tuple[int, int], times: FloatArray
) -> Samples:
    """Play a character in a copy of the scene.

    Args:
        objects: The exported objects, the main mesh first.
        scene: The scene, which stays as it is.
        frames: First and last frame.
        times: Frames at which it is sampled.

    Raises:
        SceneError: The main mesh cannot be exported.
    """
    body = neck.body_of(objects[0])
    with isolated(objects, scene, frames) as copy:
        return sample(copy, [*objects, *([body] if body is not None and body not in objects else [])], times)


def build(
    objects: Sequence[bpy.types.Object],
    samples: Samples,
    collection: bpy.types.Collection,
    scene: bpy.types.Scene,
    names: ShapeNames,
) -> PlainCharacter:
    """Return plain copies of a character in a collection of `scene`, without keys yet.

    Args:
        objects: The exported objects, the main mesh first.
        samples: Their motion.
        collection: The collection that the copies are added to.
        scene: A scene that has the collection.
        names: What the shape keys are called.
    """
    copies = plain_copies.copy_objects(objects, collection)
    try:
        apply_modifiers(copies, scene)
        motions = [_motion(uid, copy, copies, samples) for uid, copy in copies.objects.items()]
        if neck.neck_modifier(objects[0]) is not None:
            motions = _with_skeleton(objects[0], motions, copies, samples, collection, scene)
        for copy in copies.objects.values():
            rename_shapes(copy, names)
    except BaseException:
        copies.remove()
        raise
    return PlainCharacter(copies, tuple(motions))


def _motion(uid: int, copy: bpy.types.Object, copies: plain_copies.Copies, samples: Samples) -> plain_keys.Motion:
    parent = copies.originals[uid].parent if copy.parent is not None else None
    above = _carried(parent, copy, samples) if parent is not None else np.eye(4)
    local = np.linalg.inv(above) @ samples.worlds[uid]
    return plain_keys.Motion(copy, local, samples.poses.get(uid), samples.weights.get(uid))


def _carried(parent: bpy.types.Object, copy: bpy.types.Object, samples: Samples) -> FloatArray:
    """Return the matrices (T, 4, 4) that a parent gives its child: of the object, or of the end of a bone."""
    world = samples.worlds[parent.session_uid]
    bone = parent.data.bones.get(copy.parent_bone) if copy.parent_type == "BONE" else None
    if bone is None:
        return world
    end = np.eye(4)
    end[1, 3] = bone.length
    return world @ samples.poses[parent.session_uid][:, parent.pose.bones.find(bone.name)] @ end


def _with_skeleton(
    main: bpy.types.Object,
    motions: list[plain_keys.Motion],
    copies: plain_copies.Copies,
    samples: Samples,
    collection: bpy.types.Collection,
    scene: bpy.types.Scene,
) -> list[plain_keys.Motion]:
    """Return the motions with the head's own moved to a skeleton."""
    armature, body = skeleton.add_skeleton(main, copies, collection, scene), neck.body_of(main)
    turned = samples.worlds.get(body.session_uid) if body is not None else None
    worlds, pose = skeleton.skeleton_motion(samples.worlds[main.session_uid], turned)
    skin, weights = copies.objects[main.session_uid], samples.weights.get(main.session_uid)
    still = np.broadcast_to(np.eye(4), worlds.shape)
    others = [motion for motion in motions if motion.obj != skin]
    return [plain_keys.Motion(armature, worlds, pose), plain_keys.Motion(skin, still, None, weights), *others]
