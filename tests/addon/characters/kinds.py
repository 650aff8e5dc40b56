"""What a character of the tests consists of, and where it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placement:
    """How a character is placed in the scene.

    Attributes:
        data: Applied to vertices, bones and shape keys. A character's space is metres, the origin between the feet, +X
            its left, -Y forward, Z up.
        root: World matrix of the object that has no parent: the armature, the outer empty, or the mesh.
        rotation_mode: Of the head bone, or of the object that turns.
    """

    data: Matrix = field(default_factory=Matrix)
    root: Matrix = field(default_factory=Matrix)
    rotation_mode: str = "XYZ"


@dataclass(frozen=True)
class Built:
    """A character of which the test knows everything that the add-on must find out.

    Attributes:
        label: Names it in tables.
        main: The mesh with most face shapes.
        faces: `main` first, then the other meshes with face shapes.
        on_head: All meshes besides `main` that must follow the head, with face shapes or without.
        body: Meshes that must not move.
        armature: None without one.
        empties: From the outermost to the innermost.
        head_bone: "" without one.
        opens_mouth: Name of the shape key of `main` that opens the mouth widest.
        skull: Vertices of `main` that are rigid with the head's bone.
        torso: Vertices of `main` that must not move.
        world: From the character's space (metres, see Placement) to the world.
        neutral: Values that shape keys of `main` have at rest and must keep.
        solved: Whether the mouth is moved by visemes or units and not by ARKit's shapes.
        lips: Vertices of `main` on the upper lip, and those of the lower lip that they meet, of a face without shapes.
    """

    label: str
    main: bpy.types.Object
    faces: tuple[bpy.types.Object, ...]
    on_head: tuple[bpy.types.Object, ...] = ()
    body: tuple[bpy.types.Object, ...] = ()
    armature: bpy.types.Object | None = None
    empties: tuple[bpy.types.Object, ...] = ()
    head_bone: str = ""
    opens_mouth: str = "jawOpen"
    skull: Indices = field(default_factory=lambda: np.empty(0, np.int64))
    torso: Indices = field(default_factory=lambda: np.empty(0, np.int64))
    world: Matrix = field(default_factory=Matrix)
    neutral: dict[str, float] = field(default_factory=dict)
    solved: bool = False
    lips: tuple[Indices, Indices] | None = None

    @property
    def meshes(self) -> tuple[bpy.types.Object, ...]:
        """All meshes, `main` first."""
        return (self.main, *self.on_head, *self.body)

    def part(self, name: str) -> bpy.types.Object:
        """Return the mesh or empty whose name begins with `name`."""
        return next(obj for obj in (*self.meshes, *self.empties) if obj.name.startswith(name))


def _turn(degrees: float, axis: str) -> Matrix:
    return Matrix.Rotation(math.radians(degrees), 4, axis)


def _scale(x: float, y: float, z: float) -> Matrix:
    return Matrix.Diagonal((x, y, z, 1.0))


PLAIN = Placement()

PLACEMENTS: dict[str, Placement] = {
    "plain": PLAIN,
    "facing +Y": Placement(root=_turn(180, "Z")),
    "data facing +Y": Placement(data=_turn(180, "Z")),
    "facing +X, moved": Placement(root=Matrix.Translation((3.0, -2.0, 0.5)) @ _turn(90, "Z")),
    "lying": Placement(root=Matrix.Translation((0.0, 0.0, 0.2)) @ _turn(-90, "X")),
    "2.7 cm tall": Placement(data=_scale(*[0.027 / 1.63] * 3)),
    "180 m tall": Placement(data=_scale(*[180 / 1.63] * 3)),
    "scaled 0.01 and turned": Placement(
        data=_scale(100, 100, 100) @ _turn(-90, "X"), root=_turn(90, "X") @ _scale(0.01, 0.01, 0.01)
    ),
    "mirrored": Placement(root=_scale(-1, 1, 1)),
    "non-uniform": Placement(root=_scale(1.0, 1.25, 0.85)),
    "quaternion": Placement(rotation_mode="QUATERNION"),
    "axis-angle": Placement(rotation_mode="AXIS_ANGLE"),
    **{f"Euler {mode}": Placement(rotation_mode=mode) for mode in ("XZY", "YXZ", "YZX", "ZXY", "ZYX")},
}  # fmt: skip
"""Part 11 of what a character may be: every way to stand and to turn."""
