"""The hairline on the skull, in angles about the whorl."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..makehuman import Float64Array
from ..skin import Skin
from .eyeball import Eyeball

MM = 0.001
SKULL = (0.0, 70.0, 22.0)  # mm from the midpoint of the eyes
SKULL_RADIUS = 95.0  # mm, to turn lengths on the skull into angles
EAR = 0.074  # m from the middle: vertices further out belong to the ears
WHORL = np.array([0.0, 0.42, 0.91])  # direction from the skull's centre that the hair grows away from
LEFT = np.array([1.0, 0.0, 0.0])
# The hairline on the left, from the forehead's middle to the nape's: x, y, z in mm from the midpoint of the eyes; how
# far above it the modelled hair ends (between the two the skin is painted: clipped short); and how thick it is, in mm.
HAIRLINE = (
    (0, -18, 67, 0, 12), (18, -14, 67, 0, 12), (34, -4, 65, 0, 11), (46, 8, 57, 2, 9), (54, 20, 46, 5, 7),
    (62, 34, 26, 9, 5), (68, 44, 4, 12, 4), (70, 52, -8, 14, 3), (72, 58, 2, 12, 3), (74, 68, 14, 10, 3),
    (74, 82, 15, 10, 3), (72, 96, 2, 12, 3), (68, 108, -18, 18, 3), (60, 124, -40, 24, 4), (44, 138, -58, 27, 4),
    (22, 146, -66, 28, 4), (0, 148, -68, 28, 4),
)  # fmt: skip


@dataclass(frozen=True)
class Hairline:
    """The skull's centre and axes (3,), and the hairline per azimuth from the front (N,), the same on both sides.

    Per azimuth: the polar angle of the hairline and that of the modelled hair's end, in radians, and the hair's
    thickness there in mm.
    """

    centre: Float64Array
    axis: Float64Array
    forward: Float64Array
    azimuth: Float64Array
    polar: Float64Array
    modelled: Float64Array
    fullness: Float64Array

    def rays(self, azimuth: Float64Array, polar: Float64Array) -> Float64Array:
        """Return unit directions (N, 3) from the skull's centre."""
        across = np.sin(azimuth)[..., None] * LEFT + np.cos(azimuth)[..., None] * self.forward
        return (np.cos(polar)[..., None] * self.axis + np.sin(polar)[..., None] * across).reshape(-1, 3)


def fit_hairline(eyes: dict[str, Eyeball]) -> Hairline:
    """Return the hairline of the head with these `eyes`."""
    middle = (eyes["Left"].centre + eyes["Right"].centre) / 2
    centre, axis = middle + np.array(SKULL) * MM, WHORL / np.linalg.norm(WHORL)
    forward = np.cross(LEFT, axis)
    table = np.array(HAIRLINE)
    points = table[:, :3] * MM + middle - centre
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    azimuth = np.maximum.accumulate(np.abs(np.arctan2(points @ LEFT, points @ forward)))
    polar = np.arccos(points @ axis)
    return Hairline(centre, axis, forward, azimuth, polar, polar - table[:, 3] / SKULL_RADIUS, table[:, 4])


def scalp_density(skin: Skin, line: Hairline) -> Float64Array:
    """Return the density of the painted hair at each vertex (V,): 1 under the modelled hair, 0 below the hairline."""
    away = skin.vertices - line.centre
    azimuth = np.abs(np.arctan2(away @ LEFT, away @ line.forward))
    polar = np.arccos(away @ line.axis / np.linalg.norm(away, axis=1))
    end = np.interp(azimuth, line.azimuth, line.polar)
    shorn = np.interp(azimuth, line.azimuth, line.modelled)
    dense = np.clip((end + 0.05 - polar) / (end - shorn + 0.10), 0.0, 1.0)
    return dense * (np.abs(skin.vertices[:, 0]) < EAR)
