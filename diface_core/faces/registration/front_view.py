"""What is seen of a face from the front: the triangle and the depth at each pixel, and where the surface breaks off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..meshes.mesh_parts import mesh_edges
from ..meshes.patches import surface_patches

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

PIXEL = 4e-4  # m
LEFT, RIGHT, BOTTOM, TOP = -0.075, 0.075, -0.09, 0.1  # m: the window, in the bundled head's frame
WIDTH, HEIGHT = round((RIGHT - LEFT) / PIXEL), round((TOP - BOTTOM) / PIXEL)
BACK = 0.01  # m: what lies behind is not the face
OPENINGS = ((-0.068, -0.15, -0.062), (0.068, -0.02, 0.072))  # m: where the mouth and the eyes are
HOPS = 5  # edges of a path between two triangles
PATCH = 1.5e-3  # m: vertices along shorter edges are one in the search for paths
NEAR_PATH = 7e-3  # m: longest path along the surface between neighbouring pixels of one sheet
EMPTY = -1


@dataclass(frozen=True)
class FrontView:
    """The view along +Y, rows from the bottom up.

    Attributes:
        triangle: (HEIGHT, WIDTH) index of the triangle, EMPTY where nothing is seen.
        depth: (HEIGHT, WIDTH) Y, infinite where nothing is seen.
        breaks: (HEIGHT - 1, WIDTH) True between two pixels, one above the other, that are far apart on the surface.
        side_breaks: (HEIGHT, WIDTH - 1) the same of pixels side by side.
    """

    triangle: Int32Array
    depth: Float64Array
    breaks: BoolArray
    side_breaks: BoolArray


def row_of(z: Float64Array | float) -> npt.NDArray[np.intp]:
    """Return the row of a height."""
    return np.clip((np.asarray(z) - BOTTOM) / PIXEL, 0, HEIGHT - 1).astype(np.intp)


def column_of(x: Float64Array | float) -> npt.NDArray[np.intp]:
    """Return the column of a place across the face."""
    return np.clip((np.asarray(x) - LEFT) / PIXEL, 0, WIDTH - 1).astype(np.intp)


def pixel_centre(row: npt.NDArray[np.integer], column: npt.NDArray[np.integer]) -> Float64Array:
    """Return X and Z (N, 2) of pixels."""
    return np.stack([LEFT + (column + 0.5) * PIXEL, BOTTOM + (row + 0.5) * PIXEL], axis=-1)


def view_from_front(vertices: Float64Array, faces: Int32Array) -> FrontView:
    """Return the view of a mesh in the bundled head's frame. `faces` (F, 3) with seams welded."""
    triangle, depth = rasterize(vertices, faces)
    patches, pairs = _near_pairs(vertices, faces)
    shown = patches[faces]
    return FrontView(
        triangle,
        depth,
        _breaks(triangle[:-1], triangle[1:], shown, pairs, len(vertices)),
        _breaks(triangle[:, :-1], triangle[:, 1:], shown, pairs, len(vertices)),
    )


def rasterize(vertices: Float64Array, faces: Int32Array) -> tuple[Int32Array, Float64Array]:
    """Return the triangle and the depth (HEIGHT, WIDTH) at each pixel of the window, as `FrontView` has them."""
    corners = vertices[faces]
    flat = np.stack([(corners[..., 0] - LEFT) / PIXEL - 0.5, (corners[..., 2] - BOTTOM) / PIXEL - 0.5], axis=-1)
    first = np.ceil(flat.min(axis=1)).clip(0, (WIDTH, HEIGHT)).astype(np.int64)
    last = np.floor(flat.max(axis=1)).clip(-1, (WIDTH - 1, HEIGHT - 1)).astype(np.int64)
    size = (last - first + 1).clip(0)
    size[corners[..., 1].min(axis=1) > BACK] = 0
    counts = size.prod(axis=1)
    which = np.repeat(np.arange(len(faces)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = first[which, 0] + within % size[which, 0]
    row = first[which, 1] + within // size[which, 0]
    a, b, c = (flat[which, corner] for corner in range(3))
    ab, ac, ap = b - a, c - a, np.stack([column, row], axis=1) - a
    doubled = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    doubled[np.abs(doubled) < 1e-9] = np.inf
    second = (ap[:, 0] * ac[:, 1] - ap[:, 1] * ac[:, 0]) / doubled
    third = (ab[:, 0] * ap[:, 1] - ab[:, 1] * ap[:, 0]) / doubled
    inside = (second >= -1e-6) & (third >= -1e-6) & (second + third <= 1 + 1e-6) & np.isfinite(doubled)
    which, second, third = which[inside], second[inside], third[inside]
    pixel = row[inside] * WIDTH + column[inside]
    deep = corners[which, :, 1]
    y = deep[:, 0] + second * (deep[:, 1] - deep[:, 0]) + third * (deep[:, 2] - deep[:, 0])
    order = np.lexsort((y, pixel))
    front = order[np.r_[True, pixel[order][1:] != pixel[order][:-1]]] if len(order) else order
    triangle = np.full(HEIGHT * WIDTH, EMPTY, np.int32)
    depth = np.full(HEIGHT * WIDTH, np.inf)
    triangle[pixel[front]], depth[pixel[front]] = which[front], y[front]
    return triangle.reshape(HEIGHT, WIDTH), depth.reshape(HEIGHT, WIDTH)


def _near_pairs(vertices: Float64Array, faces: Int32Array) -> tuple[Int32Array, npt.NDArray[np.int64]]:
    """Return the patches (V,) of the surface around mouth and eyes, and which of them a short path along it joins.

    The pairs are codes `a * V + b`, in order.
    """
    count = len(vertices)
    corners = vertices[faces]
    near = faces[((corners > OPENINGS[0]) & (corners < OPENINGS[1])).all(axis=2).any(axis=1)]
    edges, _ = mesh_edges(near)
    patches = surface_patches(vertices, edges, PATCH)
    edges = patches[edges]
    edges = edges[edges[:, 0] != edges[:, 1]]
    one = np.concatenate([edges[:, 0], edges[:, 1]]).astype(np.int64)
    other = np.concatenate([edges[:, 1], edges[:, 0]]).astype(np.int64)
    steps, length = _shortest(one * count + other, np.linalg.norm(vertices[one] - vertices[other], axis=1))
    degree = np.bincount(steps // count, minlength=count)
    start = np.cumsum(degree) - degree
    codes, paths = new, new_paths = steps, length
    for _ in range(HOPS - 1):
        keep = new_paths < NEAR_PATH
        first, middle, so_far = new[keep] // count, new[keep] % count, new_paths[keep]
        repeats = degree[middle]
        place = np.repeat(start[middle], repeats) + (
            np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        )
        far = np.repeat(so_far, repeats) + length[place]
        short = far < NEAR_PATH
        reached = np.repeat(first, repeats) * count + steps[place] % count
        new, new_paths = _shortest(reached[short], far[short])
        known = np.searchsorted(codes, new).clip(0, len(codes) - 1)
        fresh = codes[known] != new
        new, new_paths = new[fresh], new_paths[fresh]
        codes, paths = _shortest(np.concatenate([codes, new]), np.concatenate([paths, new_paths]))
    return patches, codes


def _shortest(codes: npt.NDArray[np.int64], paths: Float64Array) -> tuple[npt.NDArray[np.int64], Float64Array]:
    """Return the codes in order, each once, with the shortest of its paths."""
    order = np.argsort(codes, kind="stable")
    codes, paths = codes[order], paths[order]
    first = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.zeros(0, np.intp)
    return codes[first], np.minimum.reduceat(paths, first) if len(codes) else paths


def _breaks(
    one: Int32Array, other: Int32Array, faces: Int32Array, pairs: npt.NDArray[np.int64], count: int
) -> BoolArray:
    """Return where two pixels' triangles are not near on the surface. `faces` (F, 3) are the patches of the corners."""
    result = (one == EMPTY) != (other == EMPTY)
    differs = (one != other) & (one != EMPTY) & (other != EMPTY)
    a, b = faces[one[differs]].astype(np.int64), faces[other[differs]].astype(np.int64)
    joined = (a[:, :, None] == b[:, None, :]).any(axis=(1, 2))
    left = np.flatnonzero(~joined)
    codes = a[left][:, :, None] * count + b[left][:, None, :]
    found = np.searchsorted(pairs, codes).clip(0, len(pairs) - 1)
    joined[left] = (pairs[found] == codes).any(axis=(1, 2))
    result[differs] = ~joined
    return result
