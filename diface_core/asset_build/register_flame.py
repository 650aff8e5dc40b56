"""Find where on the bundled head each vertex of FLAME's topology lies. Run once; the result is committed.

python -m diface_core.asset_build.register_flame FLAME_FILE [OUT.npz]
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..errors import ModelError
from ..faces.flame import topology as topology
from ..faces.flame.correspondence import ASSET, Correspondence, head_hash, to_arrays
from ..faces.flame.flame_model import load_flame
from ..faces.head import Head, load_head
from ..faces.transfer.geometry import fit_similarity, vertex_normals
from .build_head import npz_bytes
from .face_lines import (
    BEHIND_EYE,
    CONTACT,
    LANDMARK_PAIRS,
    Curve,
    LidRings,
    Mouth,
    find_lids,
    find_mouth,
    head_surface,
    points_on_line,
    shared_curves,
    skin_parts,
)
from .registration import SparseMatrix, Surface, nearest_points, register_nonrigid

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]


def find_correspondence(
    vertices: npt.NDArray[np.floating], faces: npt.NDArray[np.integer], head: Head
) -> Correspondence:
    """Return the correspondence between `head` and FLAME's template.

    The template is registered to the head, lips on lips and lids on lids; each vertex then maps to the nearest point.

    Args:
        vertices: FLAME's template (5023, 3) in FLAME's frame.
        faces: FLAME's triangles (F, 3).
        head: The bundled head.

    Raises:
        ModelError: The mesh is not FLAME's.
    """
    topology.check_flame_mesh(vertices, faces)
    at = topology.to_head_frame(vertices)[: topology.SKIN_VERTEX_COUNT]
    skin, head_positions = topology.skin_faces(faces), head.vertices.astype(np.float64)
    mouth, lids = find_mouth(skin, at[:, 0]), {side: find_lids(skin, at, side) for side in topology.EYE_POCKETS}
    curves, parts, surface = shared_curves(mouth, lids, head), skin_parts(mouth, lids), head_surface(head)

    marks, places = landmark_constraints(curves, at, head_positions)
    scale, rotation, shift = fit_similarity(marks @ at, places)
    registered = register_nonrigid(scale * at @ rotation.T + shift, skin, parts, surface, marks, places)

    corners, weights = project_to_surface(registered, skin, parts, surface)
    align_curves(corners, weights, curves, at, head_positions)
    fractions, lower, shares = lip_pairs(mouth, curves, at)
    return Correspondence(
        corners=corners,
        weights=weights,
        upper_lip=mouth.upper[CONTACT][1:-1],
        lower_lip=lower,
        lower_weights=shares,
        lip_fractions=fractions,
        upper_mouth=np.unique(np.concatenate(mouth.upper)),
        lower_mouth=np.unique(np.concatenate(mouth.lower)),
        lids={side: inner_to_outer(rings, side) for side, rings in lids.items()},
        head=head_hash(head),
    )


def align_curves(
    corners: Int32Array,
    weights: Float64Array,
    curves: dict[str, Curve],
    positions: Float64Array,
    head_positions: Float64Array,
) -> None:
    """Write the curves' vertices into `corners` and `weights` (5023, 3): they lie exactly on the head's lines."""
    for curve in curves.values():
        if curve.vertices is curve.others:
            corners[curve.vertices], weights[curve.vertices] = points_on_line(
                head_positions, curve.line, curve.fractions(positions)
            )


def project_to_surface(
    registered_skin: Float64Array, skin: Int32Array, parts: Int32Array, surface: Surface
) -> tuple[Int32Array, Float64Array]:
    """Return corners and weights (5023, 3) of the surface points at FLAME's `registered_skin` (3931, 3)."""
    corners, weights = np.zeros((topology.VERTEX_COUNT, 3), np.int32), np.zeros((topology.VERTEX_COUNT, 3))
    alike = nearest_points(surface, registered_skin, vertex_normals(registered_skin, skin), parts)
    # Where no part of the right kind faces the right direction (in an ear, in the mouth's corner), any near point is
    # used.
    whole = Surface(surface.vertices, surface.faces, np.zeros_like(surface.parts))
    any_near = nearest_points(whole, registered_skin, None, np.where(parts == BEHIND_EYE, -1, 0).astype(np.int32))
    corners[: topology.SKIN_VERTEX_COUNT] = surface.faces[np.where(alike.found, alike.face, any_near.face)]
    weights[: topology.SKIN_VERTEX_COUNT] = np.where(alike.found[:, None], alike.weights, any_near.weights)
    weights[: topology.SKIN_VERTEX_COUNT][parts == BEHIND_EYE] = 0.0
    return corners, weights


def landmark_constraints(
    curves: dict[str, Curve], positions: Float64Array, head_positions: Float64Array
) -> tuple[SparseMatrix, Float64Array]:
    """Return the matrix (L, V) that gives FLAME's landmarks from its vertices, and their targets (L, 3)."""
    points = np.array(LANDMARK_PAIRS)
    ones, others, places = [points[:, 0]], [points[:, 0]], [head_positions[points[:, 1]]]
    for curve in curves.values():
        corners, weights = points_on_line(head_positions, curve.line, curve.fractions(positions))
        ones.append(curve.vertices)
        others.append(curve.others)
        places.append((weights[..., None] * head_positions[corners]).sum(1))
    columns = np.stack([np.concatenate(ones), np.concatenate(others)], 1)
    rows = np.repeat(np.arange(len(columns)), 2)
    matrix = sparse.csr_matrix((np.full(columns.size, 0.5), (rows, columns.ravel())), (len(columns), len(positions)))
    return matrix, np.concatenate(places)


def lip_pairs(
    mouth: Mouth, curves: dict[str, Curve], positions: Float64Array
) -> tuple[Float64Array, Int32Array, Float64Array]:
    """Pair the upper lip's vertices with the lower lip.

    Returns:
        The position of the upper lip's vertices along the mouth (N,), and the vertices and weights (N, 4) of the points
        of the lower lip that they touch.
    """
    fractions = curves["upper_lip"].fractions(positions)[1:-1]
    lower = curves["lower_lip"]
    run = lower.fractions(positions)
    step = np.clip(np.searchsorted(run, fractions, side="right") - 1, 0, len(run) - 2)
    share = (fractions - run[step]) / (run[step + 1] - run[step])
    vertices = [lower.vertices[step], lower.others[step], lower.vertices[step + 1], lower.others[step + 1]]
    weights = np.stack([1 - share, 1 - share, share, share], 1) / 2
    return fractions, np.stack(vertices, 1), weights


def inner_to_outer(rings: LidRings, side: str) -> LidRings:
    """Return the rings ordered from the nose outwards."""
    return [(upper[::-1], lower[::-1]) if side == "Right" else (upper, lower) for upper, lower in rings]


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Find the correspondence of the bundled head and FLAME's topology.")
    parser.add_argument("flame", type=Path, help="FLAME model file, .npz or .pkl")
    parser.add_argument("out", type=Path, nargs="?", default=ASSET)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        flame = load_flame(options.flame)
        result = find_correspondence(flame.template, flame.faces, load_head())
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    options.out.write_bytes(npz_bytes(to_arrays(result)))
    print(f"{options.out}: {result.has_match.sum()} of {topology.SKIN_VERTEX_COUNT} skin vertices lie on the head")
    return 0


if __name__ == "__main__":
    sys.exit(main())
