"""Validate a USD file with all validators of OpenUSD, and read it: python check_usd.py FILE.usdc OUT.npz.

Writes the messages of the validators (those of `usdchecker`), the skinned vertices (T, V, 3) in metres of each
mesh on every frame, and the names of joints and blend shapes. Runs in the environment of the receivers.
"""

from __future__ import annotations

import sys

import numpy as np
from pxr import Gf, Usd, UsdGeom, UsdSkel, UsdValidation


def main(path: str, out: str) -> None:
    stage = Usd.Stage.Open(path)
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    messages = [
        f"{error.GetName()}: {error.GetMessage()}"
        for error in UsdValidation.ValidationContext(validators).Validate(stage)
    ]
    joints = [joint for prim in stage.Traverse() if prim.IsA(UsdSkel.Skeleton) for joint in joints_of(prim)]
    shapes = [name for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh) for name in shapes_of(prim)]
    first, last = int(stage.GetStartTimeCode()), int(stage.GetEndTimeCode())
    found = read_vertices(stage, range(first, last + 1))
    np.savez(
        out, messages=np.array(messages, str), joints=np.array(joints, str), shapes=np.array(shapes, str),
        frames=np.array([first, last]), rate=stage.GetTimeCodesPerSecond(),
        scale=UsdGeom.GetStageMetersPerUnit(stage), **found,
    )  # fmt: skip


def joints_of(prim: Usd.Prim) -> list[str]:
    return [str(joint).rpartition("/")[2] for joint in UsdSkel.Skeleton(prim).GetJointsAttr().Get() or ()]


def shapes_of(prim: Usd.Prim) -> list[str]:
    return [str(name) for name in UsdSkel.BindingAPI(prim).GetBlendShapesAttr().Get() or ()]


def read_vertices(stage: Usd.Stage, frames: range) -> dict[str, np.ndarray]:
    """Bake skins and blend shapes into points with UsdSkel, and return them in the world."""
    for prim in stage.Traverse():
        if prim.IsA(UsdSkel.Root):
            UsdSkel.BakeSkinning(UsdSkel.Root(prim), Gf.Interval(frames[0], frames[-1]))
    found: dict[str, list[np.ndarray]] = {}
    for frame in frames:
        cache = UsdGeom.XformCache(frame)
        for prim in stage.Traverse():
            if prim.IsA(UsdGeom.Mesh):
                matrix = np.array(cache.GetLocalToWorldTransform(prim))
                points = np.array(UsdGeom.Mesh(prim).GetPointsAttr().Get(frame), np.float64)
                found.setdefault(f"mesh {prim.GetName()}", []).append(points @ matrix[:3, :3] + matrix[3, :3])
    return {name: np.stack(rows) for name, rows in found.items()}


if __name__ == "__main__":
    main(*sys.argv[1:])
