"""Measure the shapes on a FLAME head: gaps of lips and lids, rotation of the eyes, vertices that do not move.

python -m diface_core.faces.transfer.measure_transfer FLAME_FILE
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DifaceError
from ...types import Shapes
from ..flame import correspondence
from ..flame import topology as topology
from ..flame.flame_model import load_flame
from .flame_lids import RIM, Eyeball
from .flame_shapes import flame_shapes
from .geometry import nearest_barycentric, vertex_normals
from .target_face import SHAPES

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

MM = 1000.0
COLUMN_HALF_WIDTH = 1.5e-3  # m to either side
MAX_INSIDE_DEPTH = 2e-3  # m
CLOSED_POSES: dict[str, dict[str, float]] = {
    "rest": {},
    "jawOpen + mouthClose": {"jawOpen": 1, "mouthClose": 1},
    "half of both": {"jawOpen": 0.5, "mouthClose": 0.5},
    "mouthPress": {"mouthPressLeft": 1, "mouthPressRight": 1},
    "mouthRollLower, Upper": {"mouthRollLower": 1, "mouthRollUpper": 1},
    "mouthShrugLower": {"mouthShrugLower": 1},
    "mouthPucker": {"mouthPucker": 1},
    "mouthSmile": {"mouthSmileLeft": 1, "mouthSmileRight": 1},
    "mouthFrown": {"mouthFrownLeft": 1, "mouthFrownRight": 1},
    "mouthStretch": {"mouthStretchLeft": 1, "mouthStretchRight": 1},
    "mouthDimple": {"mouthDimpleLeft": 1, "mouthDimpleRight": 1},
    "mouthLeft": {"mouthLeft": 1},
    "mouthRight": {"mouthRight": 1},
    "cheekPuff": {"cheekPuff": 1},
    "jawLeft": {"jawLeft": 1},
    "jawRight": {"jawRight": 1},
    "jawForward": {"jawForward": 1},
}
"""Poses in which the bundled head's lips are closed."""


@dataclass(frozen=True)
class TransferMeasurement:
    """A head `vertices` (5023, 3) m at rest with triangles `faces`, and its shapes."""

    vertices: Float64Array
    faces: Int32Array
    shapes: Shapes
    mapping: correspondence.Correspondence

    def pose(self, weights: dict[str, float]) -> Float64Array:
        """Return the vertices (5023, 3) m under weights by channel."""
        return self.vertices + sum(
            (value * self.shapes.deltas[self.shapes.names.index(name)] for name, value in weights.items()),
            np.zeros_like(self.vertices),
        )

    def lip_gap(self, posed: Float64Array) -> tuple[float, float]:
        """Return the largest gap between the lips and their largest overlap, in m.

        The gap is the largest distance of the upper lip from the lower lip's surface over the mouth's columns, 0 where
        they touch everywhere; the overlap is the largest depth of the upper lip's edge in the lower lip.
        """
        lower = self.faces[np.isin(self.faces, self.mapping.lower_mouth).all(axis=1)]
        upper = np.setdiff1d(self.mapping.upper_mouth, self.mapping.lower_mouth)
        away = signed_distances(posed[upper], posed, lower)
        across = np.abs(self.vertices[upper, 0] - self.vertices[self.mapping.upper_lip, 0][:, None])
        columns = np.where(across < COLUMN_HALF_WIDTH, away, np.inf).min(axis=1)
        edge = signed_distances(posed[self.mapping.upper_lip], posed, lower)
        return max(float(columns.max()), 0.0), max(float(-edge.min()), 0.0)

    def lid_gap(self, posed: Float64Array, side: str) -> float:
        """Return the largest distance (m) between the upper and the lower lid's rims."""
        upper, lower = (posed[rim] for rim in self.mapping.lids[side][RIM])
        return max(float(distance_to_line(point, lower)) for point in upper)

    def lid_clearance(self, posed: Float64Array, side: str) -> float:
        """Return the smallest distance (m) of the lids' visible skin from the eyeball's surface; negative is inside."""
        eyeball = Eyeball.fit(self.vertices[topology.EYEBALLS[side]])
        inside = np.concatenate([np.concatenate(both) for both in self.mapping.lids[side][:RIM]])
        seen = ~np.isin(self.faces, np.r_[inside, topology.EYE_POCKETS[side]]).any(axis=1)
        near = self.faces[seen & (self.faces < topology.SKIN_VERTEX_COUNT).all(axis=1)]
        weights = nearest_barycentric(np.broadcast_to(eyeball.centre, (len(near), 3)), posed[near])
        return float(eyeball.distance((weights[..., None] * posed[near]).sum(axis=1)).min() - eyeball.radius)

    def eye_rotation(self, name: str, side: str) -> tuple[float, float]:
        """Return an eyeball's rotation (degrees) by a shape, and its deviation (m) from a rigid one at weight 1."""
        part = topology.EYEBALLS[side]
        here, posed = self.vertices[part], self.pose({name: 1.0})[part]
        a, b = here - here.mean(0), posed - posed.mean(0)
        u, _, vt = np.linalg.svd(b.T @ a)
        rotation = u @ vt
        angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1)))
        return float(angle), float(np.abs(b - a @ rotation.T).max())


def signed_distances(points: Float64Array, vertices: Float64Array, faces: Int32Array) -> Float64Array:
    """Return the distance of each of `points` (N, 3) from a surface, (N,); negative inside it.

    The surface is open, so that inside and outside are defined only near it: farther points count as outside.
    """
    outward = vertex_normals(vertices, faces)
    corners = vertices[faces]
    weights = nearest_barycentric(points[:, None], corners[None])
    nearest = (weights[..., None] * corners).sum(axis=2)
    apart = points[:, None] - nearest
    away = np.linalg.norm(apart, axis=2)
    best = away.argmin(1)
    rows = np.arange(len(points))
    facing = (weights[rows, best][..., None] * outward[faces[best]]).sum(axis=1)
    inside = ((apart[rows, best] * facing).sum(axis=1) < 0) & (away[rows, best] < MAX_INSIDE_DEPTH)
    return away[rows, best] * np.where(inside, -1.0, 1.0)


def distance_to_line(point: Float64Array, line: Float64Array) -> float:
    """Return the distance of a point (3,) from the nearest point of a line through points (N, 3)."""
    start, along = line[:-1], np.diff(line, axis=0)
    share = (((point - start) * along).sum(1) / (along**2).sum(1)).clip(0, 1)
    return float(np.linalg.norm(start + share[:, None] * along - point, axis=1).min())


def format_report(measured: TransferMeasurement) -> str:
    """Format the table."""
    lines = ["pose                      gap mm   overlap mm"]
    for name, weights in CLOSED_POSES.items():
        gap, deep = measured.lip_gap(measured.pose(weights))
        lines.append(f"{name:24} {gap * MM:8.2f} {deep * MM:8.2f}")
    for side in topology.EYEBALLS:
        for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
            posed = measured.pose({f"eyeBlink{side}": weight})
            lid, clear = measured.lid_gap(posed, side), measured.lid_clearance(posed, side)
            lines.append(
                f"eyeBlink{side} {weight:4}  lids {lid * MM:6.2f} mm apart, {clear * MM:5.2f} mm off the eyeball"
            )
        for way in ("Up", "Down", "In", "Out"):
            angle, off = measured.eye_rotation(f"eyeLook{way}{side}", side)
            clear = measured.lid_clearance(measured.pose({f"eyeLook{way}{side}": 1.0}), side)
            lines.append(
                f"eyeLook{way}{side:6} {angle:5.1f} degrees, rigid to {off * MM:.4f} mm, "
                f"lids {clear * MM:5.2f} mm off the eyeball"
            )
    moved = (measured.shapes.deltas != 0).any(axis=(0, 2))
    lines.append(f"never moved: {np.sum(~moved)} of {len(moved)} vertices")
    return "\n".join(lines)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Measure the ARKit shapes on FLAME's template.")
    parser.add_argument("flame", type=Path, help="FLAME model file, .npz or .pkl")
    options = parser.parse_args()
    try:
        flame = load_flame(options.flame)
        for name, file in (("without the file's joint", None), ("with the file's joint", options.flame)):
            began = time.perf_counter()
            shapes = flame_shapes(flame.template, flame.faces, file)
            print(f"{name}: {len(SHAPES)} shapes in {time.perf_counter() - began:.1f} s")
            measured = TransferMeasurement(
                flame.template.astype(np.float64), flame.faces, shapes, correspondence.load_correspondence()
            )
            print(format_report(measured), "\n")
    except DifaceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
