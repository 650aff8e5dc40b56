"""Measure the shapes that registration gives a head against the head's true ones, and its lips, lids and still parts.

python -m diface_core.faces.registration.measure_registration HEAD.npz

The file has `vertices` (V, 3), `faces` (F, 3), `names` (K,) and `deltas` (K, V, 3):
`tests/addon/measurements/export_head.py` writes it from Blender. Without names, only the lips and lids are measured.
`--sheet FILE.png` draws the poses of SHEET. `--vertices 200000` divides the longest edges until the mesh is so fine.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DifaceError
from ..meshes.finer import divide_longest
from ..meshes.png_file import write_png
from ..transfer.measure_transfer import CLOSED_POSES, distance_to_line
from .attachment import seen_skin
from .front_view import EMPTY, FrontView, rasterize
from .humanoid_shapes import HumanoidShapes, humanoid_shapes
from .lip_contact import SeenPoints
from .openings import Opening, find_eye, find_mouth

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]

MM = 1000.0
HEAD_HEIGHT, MEASURED_HEIGHT = 0.22, 0.20  # m, crown to chin: of the bundled head, and to which the results are scaled
LOWER_FACE = ((-0.075, -0.15, -0.085), (0.075, -0.03, 0.0))  # m, in the bundled head's frame
PLACES = {"_L": "Left", "_R": "Right"}
HALVES = ("browInnerUp", "cheekPuff")  # channels that some heads have as a left and a right half
SHEET: tuple[dict[str, float], ...] = (
    {},
    {"jawOpen": 1},
    {"jawOpen": 1, "mouthClose": 1},
    {"mouthPucker": 1},
    {"mouthSmileLeft": 1, "mouthSmileRight": 1},
    {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
)
"""Poses of the contact sheet."""
LIGHT = np.array([0.32, -0.80, 0.51])
CHANNEL_PARTS = ("jaw", "mouth", "cheek", "nose")
"""Beginnings of the names of the channels that move the lower face."""


@dataclass(frozen=True)
class RegistrationMeasurement:
    """A head's result, with the true offsets (V, 3) by channel in the bundled head's frame."""

    result: HumanoidShapes
    offsets: dict[str, Float64Array]
    truth: dict[str, Float64Array]

    @cached_property
    def lower_face(self) -> npt.NDArray[np.bool_]:
        """Return a mask (V,) of the visible skin between the nose and the chin."""
        target = self.result.target
        inside = ((target.vertices > LOWER_FACE[0]) & (target.vertices < LOWER_FACE[1])).all(axis=1)
        return target.skin & inside & seen_skin(target)

    def error(self, name: str) -> tuple[float, float]:
        """Return the mean distance (m) of a shape from the true one over the lower face, and the true one's motion."""
        chosen = self.lower_face
        apart = np.linalg.norm(self.offsets[name] - self.truth[name], axis=1)[chosen]
        return float(apart.mean()), float(np.linalg.norm(self.truth[name], axis=1)[chosen].mean())

    def pose(self, weights: dict[str, float]) -> Float64Array:
        """Return the vertices (V, 3) in the bundled head's frame under weights by channel."""
        posed = self.result.target.vertices.copy()
        for name, weight in weights.items():
            posed += weight * self.offsets.get(name, np.zeros_like(posed))
        return posed


def measure(arrays: dict[str, npt.NDArray[Any]]) -> RegistrationMeasurement:
    """Return the measurement of a head. Raises SceneError if it has no face."""
    result = humanoid_shapes(arrays["vertices"], arrays["faces"])
    turn, scale = result.alignment.rotation, result.alignment.scale
    offsets = dict(zip(result.shapes.names, scale * result.shapes.deltas.astype(np.float64) @ turn.T, strict=True))
    truth: dict[str, Float64Array] = {}
    for name, deltas in zip(arrays.get("names", ()), arrays.get("deltas", ()), strict=True):
        channel = channel_of(str(name))
        truth[channel] = truth.get(channel, 0.0) + scale * deltas.astype(np.float64) @ turn.T
    return RegistrationMeasurement(result, offsets, truth)


def finer(arrays: dict[str, npt.NDArray[Any]], count: int) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a head with `count` vertices, if it has fewer."""
    vertices, faces, deltas = divide_longest(arrays["vertices"], arrays["faces"], count, arrays.get("deltas"))
    return {**arrays, "vertices": vertices, "faces": faces, **({} if deltas is None else {"deltas": deltas})}


def channel_of(name: str) -> str:
    """Return the channel of a shape key with `_L` and `_R`, in PascalCase, or with Rocketbox's prefix (`AK_25_`)."""
    name = re.sub(r"^AK_\d+_", "", name)
    stem, place = name[:-2], PLACES.get(name[-2:], "")
    channel = (stem if stem in HALVES else stem + place) if place else name
    return channel[0].lower() + channel[1:]


def lip_gap(measured: RegistrationMeasurement, weights: dict[str, float]) -> float:
    """Return the largest height (m) of the gap that a pose opens between the lips, beyond that at rest."""
    target = measured.result.target
    view = target.skin_view
    mouth = find_mouth(view)
    if mouth is None:
        return float("nan")
    rest, posed = target.vertices, measured.pose(weights)
    upper, lower = (SeenPoints(view, target.skin_faces, rest, line) for line in (mouth.upper, mouth.lower))
    heights = [(upper.sample(at) - lower.sample(at))[:, 2] for at in (rest, posed)]
    return float((heights[1] - heights[0]).max())


def lid_gap(measured: RegistrationMeasurement, side: str) -> float:
    """Return the largest distance (m) of the upper lid's rim from the lower one's in a blink."""
    target, sign = measured.result.target, 1 if side == "Left" else -1
    views = ((target.eye_view, target.eye_faces), (target.skin_view, target.skin_faces))
    found: list[tuple[FrontView, Int32Array, Opening]] = [
        (view, faces, eye) for view, faces in views if (eye := find_eye(view, sign)) is not None
    ]
    if not found:
        return float("nan")
    view, faces, eye = found[0]
    posed = measured.pose({f"eyeBlink{side}": 1.0})
    upper, lower = (SeenPoints(view, faces, target.vertices, line).sample(posed) for line in (eye.upper, eye.lower))
    return max(distance_to_line(point, lower) for point in upper)


def contact_sheet(measured: RegistrationMeasurement) -> npt.NDArray[np.uint8]:
    """Return the poses of SHEET side by side, (H, W)."""
    return np.concatenate([_drawn(measured.pose(weights), measured.result.target.faces) for weights in SHEET], axis=1)


def _drawn(vertices: Float64Array, faces: Int32Array) -> npt.NDArray[np.uint8]:
    triangle, _ = rasterize(vertices, faces)
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    light = np.abs(normals @ LIGHT) / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    shades = np.where(triangle == EMPTY, 240, 40 + 190 * light[triangle])
    return shades[::-1].astype(np.uint8)


def format_report(measured: RegistrationMeasurement, seconds: float, processor_seconds: float) -> str:
    """Format the table, in millimetres on a head of 20 cm."""
    unit = MM * MEASURED_HEIGHT / HEAD_HEIGHT
    lines = [
        f"{len(measured.result.target.vertices):,} vertices, {len(measured.offsets)} shapes in {seconds:.1f} s, "
        f"{processor_seconds:.1f} s of processor time. {' '.join(measured.result.shapes.notes)}"
    ]
    errors: list[float] = []
    for name in (name for name in measured.offsets if name in measured.truth):
        apart, motion = measured.error(name)
        if name.startswith(CHANNEL_PARTS):
            errors.append(apart)
            lines.append(f"{name:22} {apart * unit:6.2f} mm from the true shape, which moves {motion * unit:6.2f} mm")
    if errors:
        every = [measured.error(name)[0] for name in measured.offsets if name in measured.truth]
        lines.append(f"mean over the lower face: {np.mean(every) * unit:.2f} mm over all {len(every)} shapes,")
        lines.append(f"{np.mean(errors) * unit:.2f} mm over the {len(errors)} of jaw, mouth, cheeks and nose")
    for name, weights in CLOSED_POSES.items():
        lines.append(f"{name:24} lips {lip_gap(measured, weights) * unit:6.2f} mm farther apart than at rest")
    for side in ("Left", "Right"):
        lines.append(f"eyeBlink{side:16} lids {lid_gap(measured, side) * unit:6.2f} mm apart")
    moved = np.any([offsets.any(axis=1) for offsets in measured.offsets.values()], axis=0)
    lines.append(f"never moved: {np.sum(~moved)} of {len(moved)} vertices")
    return "\n".join(lines)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Measure the ARKit shapes that a head gets by registration.")
    parser.add_argument("head", type=Path, help=".npz with vertices, faces, and true shapes as names and deltas")
    parser.add_argument("--sheet", type=Path, help=".png: the head at rest and in poses")
    parser.add_argument("--vertices", type=int, default=0, help="divide the mesh to this number of vertices")
    options = parser.parse_args()
    try:
        with np.load(options.head) as arrays:
            loaded = finer(dict(arrays), options.vertices)
        began, worked = time.perf_counter(), time.process_time()
        measured = measure(loaded)
        print(format_report(measured, time.perf_counter() - began, time.process_time() - worked))
        if options.sheet:
            write_png(options.sheet, contact_sheet(measured))
    except DifaceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
