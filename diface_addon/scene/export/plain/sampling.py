"""What the timeline plays, frame by frame: layers, body animation, constraints and drivers are all in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from .. import pointer

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """The motion of objects at T times.

    Attributes:
        worlds: World matrices (T, 4, 4) of each object, by its `session_uid`.
        poses: Matrices (T, B, 4, 4) of the bones of each armature in its own space, in the order of its bones.
        weights: Values (T, K) of the shape keys of each mesh with any, the reference key first.
    """

    worlds: dict[int, FloatArray]
    poses: dict[int, FloatArray]
    weights: dict[int, FloatArray]


def sample_times(frames: tuple[int, int], scene_rate: float, rate: float) -> FloatArray:
    """Return the frames (T,) of the scene at which a range is sampled, the first one included.

    Args:
        frames: First and last frame of the range.
        scene_rate: Frames per second of the scene.
        rate: Samples per second.
    """
    count = math.floor((frames[1] - frames[0]) * rate / scene_rate + 1e-6) + 1
    return frames[0] + np.arange(count) * (scene_rate / rate)


def sample(scene: bpy.types.Scene, objects: Sequence[bpy.types.Object], times: Sequence[float] | FloatArray) -> Samples:
    """Play a scene and return the motion of some of its objects.

    Args:
        scene: A temporary copy of the scene: its current frame changes. The context must be overridden with it.
        objects: Meshes, armatures and empties.
        times: Frames of the scene, which may be between frames.
    """
    worlds: dict[int, list[FloatArray]] = {obj.session_uid: [] for obj in objects}
    poses: dict[int, list[FloatArray]] = {obj.session_uid: [] for obj in objects if obj.type == "ARMATURE"}
    keyed = [obj for obj in objects if obj.type == "MESH" and obj.data.shape_keys]
    weights: dict[int, list[FloatArray]] = {obj.session_uid: [] for obj in keyed}
    before = scene.frame_current, scene.frame_subframe
    with pointer.counting(len(times)) as report:
        for row, time in enumerate(times):
            report(row)
            _play(scene, time)
            graph = bpy.context.evaluated_depsgraph_get()
            for obj in objects:
                evaluated = obj.evaluated_get(graph)
                worlds[obj.session_uid].append(np.array(evaluated.matrix_world))
                if obj.type == "ARMATURE":
                    poses[obj.session_uid].append(_pose(evaluated))
            for obj in keyed:
                weights[obj.session_uid].append(_weights(obj.data.shape_keys.evaluated_get(graph)))
    scene.frame_set(before[0], subframe=before[1])  # animated values are those of the objects themselves
    return Samples(*({uid: np.stack(rows) for uid, rows in found.items()} for found in (worlds, poses, weights)))


def _play(scene: bpy.types.Scene, time: float) -> None:
    frame = math.floor(time + 1e-6)
    scene.frame_set(frame, subframe=min(max(time - frame, 0.0), 0.999999))


def _pose(armature: bpy.types.Object) -> FloatArray:
    """Return the matrices (B, 4, 4) of the bones in the armature's space."""
    bones = armature.pose.bones
    values = np.empty(16 * len(bones), np.float32)
    bones.foreach_get("matrix", values)
    return values.reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)


def _weights(keys: bpy.types.Key) -> FloatArray:
    values = np.empty(len(keys.key_blocks), np.float32)
    keys.key_blocks.foreach_get("value", values)
    return values.astype(np.float64)
