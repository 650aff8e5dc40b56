"""The 52 ARKit shapes and the breath for any head of FLAME's topology, from the bundled head by deformation transfer.

python -m diface_core.faces.transfer.flame_shapes MESH --out shapes.npz
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DifaceError
from ...types import Shapes
from ..flame import topology as topology
from ..flame.flame_model import load_flame
from ..flame.mesh_files import read_mesh
from ..head import load_head
from .flame_jaw import FlameJaw
from .target_face import SHAPES, TargetFace


def flame_shapes(
    vertices: npt.NDArray[np.floating], faces: npt.NDArray[np.integer], flame: Path | None = None
) -> Shapes:
    """Return the shapes SHAPES of a head at rest of FLAME's topology, in its own coordinates.

    The result does not depend on identity, size and position. This takes seconds: cache the result.

    Args:
        vertices: (5023, 3).
        faces: (F, 3) triangles.
        flame: The user's FLAME file; the jaw then moves about its joint and by its skinning, up to the distance between
            the bundled head's lips.

    Raises:
        ModelError: The mesh is not FLAME's, or the file cannot be read.
    """
    topology.check_flame_mesh(vertices, faces)
    face = TargetFace(vertices.astype(np.float64), faces.astype(np.int32), load_head())
    jaw = FlameJaw(load_flame(flame), face.vertices) if flame is not None else None
    deltas = face.all_offsets(jaw)
    return Shapes(SHAPES, (deltas @ face.rotation / face.scale).astype(np.float32))


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Compute the ARKit shapes of a head of FLAME's topology.")
    parser.add_argument("mesh", type=Path, help="the head at rest: .obj, .npz (vertices, faces), or a FLAME model file")
    parser.add_argument("--flame", type=Path, help="FLAME model file: the jaw moves about its joint")
    parser.add_argument("--out", type=Path, default=Path("shapes.npz"), help="names, deltas, vertices and faces")
    options = parser.parse_args()
    try:
        began = time.perf_counter()
        vertices, faces = read_mesh(options.mesh)
        shapes = flame_shapes(vertices, faces, options.flame)
    except DifaceError as error:
        print(error, file=sys.stderr)
        return 1
    np.savez(options.out, names=np.array(shapes.names), deltas=shapes.deltas, vertices=vertices, faces=faces)
    print(f"{options.out}: {len(shapes.names)} shapes in {time.perf_counter() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
