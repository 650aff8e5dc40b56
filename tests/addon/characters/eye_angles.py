"""Where eyeballs look, from their vertices as they are rendered, and the angle to what they should look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from .bundled_parts import FloatArray, vertices_of
from .judging.recording import rigid_fit
from .kinds import Built
from .surfaces import positions, surface

FRONT = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True)
class Eyeballs:
    """The eyeballs of a character at rest.

    Attributes:
        parts: Side -> mesh object and the vertices of the eyeball.
        rest: Side -> vertices (V, 3) at rest in the world.
        forward: (3,) where the character looks at rest, in the world.
    """

    parts: Mapping[str, tuple[bpy.types.Object, np.ndarray]]
    rest: Mapping[str, FloatArray]
    forward: FloatArray

    @classmethod
    def of(cls, parts: Mapping[str, tuple[bpy.types.Object, np.ndarray]], world: Matrix | None = None) -> Eyeballs:
        """Return eyeballs as they are now, at rest; the character looks along -Y of `world`."""
        rest = {side: surface(obj)[chosen] for side, (obj, chosen) in parts.items()}
        forward = np.array((world or Matrix()).to_3x3()) @ FRONT
        return cls(parts, rest, forward / np.linalg.norm(forward))

    @classmethod
    def of_bundled(cls, head: bpy.types.Object) -> Eyeballs:
        """Return the eyeballs of the bundled head."""
        return cls.of({side: (head, vertices_of(f"eyeball_{side.lower()}")) for side in ("Left", "Right")})

    @classmethod
    def of_built(cls, built: Built) -> Eyeballs:
        """Return the eyeballs of a character that is made of the parts of the bundled head."""
        objects = {side: built.part(f"Eye{side}") for side in ("Left", "Right")}
        return cls.of({side: (obj, np.arange(len(obj.data.vertices))) for side, obj in objects.items()}, built.world)

    @classmethod
    def of_shapes(cls, main: bpy.types.Object, names: Mapping[str, str]) -> Eyeballs:
        """Return the eyeballs of a mesh by the names of the shape keys that turn them sideways, by side."""
        found = {}
        for side, name in names.items():
            key = main.data.shape_keys.key_blocks[name]
            moved = np.linalg.norm(positions(key.data) - positions(key.relative_key.data), axis=1)
            found[side] = (main, np.flatnonzero(moved > 0.3 * moved.max()))
        return cls.of(found)

    def centre(self) -> FloatArray:
        """Return the point (3,) between the eyeballs at rest."""
        return np.mean([points.mean(axis=0) for points in self.rest.values()], axis=0)

    def gazes(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Return the middle (3,) and the direction (3,) of each eyeball at the scene's frame, in the world."""
        found = {}
        for side, (obj, chosen) in self.parts.items():
            turn, shift = rigid_fit(self.rest[side], surface(obj)[chosen])
            found[side] = turn @ self.rest[side].mean(axis=0) + shift, turn @ self.forward
        return found

    def turn_of_pair(self) -> float:
        """Return by how many degrees the line between the eyes is turned at the scene's frame."""
        left, right = (middle for middle, _direction in self.gazes().values())
        rest = np.subtract(*(points.mean(axis=0) for points in self.rest.values()))
        return _degrees(rest, left - right)

    def errors(self, target: Iterable[float], frames: Iterable[int]) -> FloatArray:
        """Return the angles (F, 2) in degrees between the eyes and the line to `target`, on frames of the scene."""
        wanted, found = np.array(list(target)), []
        for frame in frames:
            bpy.context.scene.frame_set(frame)
            found.append([_degrees(direction, wanted - middle) for middle, direction in self.gazes().values()])
        return np.array(found)


def _degrees(one: FloatArray, other: FloatArray) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)))
