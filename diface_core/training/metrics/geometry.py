"""Errors and distances in mm on the bundled head: the effect of the weights on its vertices."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...faces.head import load_head
from ...faces.lip_geometry import Region, region
from ...types import Float32Array
from .measure import Measure, mean_measure

DTW_BAND_ROWS = 10
"""Largest shift of a track by dynamic time warping in rows: a third of a second."""
EDGE_MM = 1.5
"""Height of the upper front teeth's edge at which a lower lip touches them."""


@lru_cache
def _upper_teeth_edge() -> Region:
    """Return the edge of the upper front teeth, between the canines."""
    head = load_head()
    teeth = head.landmarks["upper_teeth"]
    where = 1000 * head.vertices[teeth]
    front = (np.abs(where[:, 0]) < 12) & (where[:, 1] < np.quantile(where[:, 1], 0.2))
    return Region.from_vertices(teeth[front & (where[:, 2] < where[front, 2].min() + EDGE_MM)])


# --- errors against a truth ------------------------------------------------------------------------------------------


def lip_vertex_error(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return LVE, mm: per frame the largest distance of a lip vertex from the truth, mean over frames.

    Richard et al. 2021 (MeshTalk) and Fan et al. 2022 (FaceFormer), who square it; here it is a length.
    """
    errors = [_errors(o, t, "lips").max(axis=1) for o, t in zip(ours, truth, strict=True)]
    return mean_measure([e.sum() for e in errors], [len(e) for e in errors])


def mean_vertex_error(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return the distance of the face's vertices from the truth, mm, mean over vertices and frames."""
    errors = [_errors(o, t, "face").mean(axis=1) for o, t in zip(ours, truth, strict=True)]
    return mean_measure([e.sum() for e in errors], [len(e) for e in errors])


def upper_face_dynamics_deviation(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return FDD, mm: how much more the truth's upper face moves than the prediction (below 0: less).

    Per vertex the standard deviation over time of its distance from rest, truth minus prediction, mean over the upper
    face's vertices and over clips (Xing et al. 2023, CodeTalker).
    """

    def dynamics(weights: Float32Array) -> Float32Array:
        return np.linalg.norm(region("upper_face").displacements(weights), axis=2).std(axis=0)

    differences = [(dynamics(t) - dynamics(o)).mean() for o, t in zip(ours, truth, strict=True)]
    return mean_measure(differences, np.ones(len(differences)))


def dtw_lip_distance(ours: list[Float32Array], truth: list[Float32Array]) -> Measure:
    """Return the mean distance of the lip vertices, mm, after dynamic time warping by up to a third of a second.

    Total cost of the best path over its length (Sakoe and Chiba 1978; as a lip-sync measure Thambiraja et al. 2023,
    Imitator): the remaining error is in shape and not in time. On every fourth lip vertex.
    """
    paths = [_dtw_cost(_thinned_lips(o), _thinned_lips(t)) for o, t in zip(ours, truth, strict=True)]
    return mean_measure([cost for cost, _ in paths], [steps for _, steps in paths])


def _errors(ours: Float32Array, truth: Float32Array, landmark: str) -> Float32Array:
    """Return distances (T, L) in mm; the rest shape cancels out."""
    return np.linalg.norm(region(landmark).displacements(ours - truth), axis=2)


def _thinned_lips(weights: Float32Array) -> Float32Array:
    return region("lips").displacements(weights)[:, ::4]


def _dtw_cost(ours: Float32Array, truth: Float32Array) -> tuple[float, int]:
    """Return (cost, steps) of the cheapest path from the first to the last rows of both tracks, (T, L, 3) each."""
    rows, nowhere = len(truth), (np.inf, 0)
    last = [(0.0, 0)] + [nowhere] * rows  # cost and steps of the best path to each row of ours; first, before any
    for row in range(rows):
        near = range(max(0, row - DTW_BAND_ROWS), min(rows, row + DTW_BAND_ROWS + 1))
        costs = np.linalg.norm(ours[near.start : near.stop] - truth[row], axis=2).mean(axis=1)
        here = [nowhere] * (rows + 1)
        for column, between in zip(near, costs.tolist(), strict=True):
            cost, steps = min(last[column], last[column + 1], here[column])
            here[column + 1] = cost + between, steps + 1
        last = here
    return last[rows]


# --- distances without a truth ---------------------------------------------------------------------------------------


def lip_to_teeth(weights: Float32Array) -> Float32Array:
    """Return the smallest distance (T,) in mm of the lower lip's rim (its middle) from the upper front teeth's edge."""
    lip = region("lower_inner_lip").positions(weights)[:, 4:9]
    edge = _upper_teeth_edge().positions(weights)
    return np.linalg.norm(lip[:, :, None] - edge[:, None], axis=3).min(axis=(1, 2))


def mouth_width(weights: Float32Array) -> Float32Array:
    """Return the distance of the mouth's corners (T,) in mm."""
    corners = region("mouth_corners").positions(weights)
    return np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
