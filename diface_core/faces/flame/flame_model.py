"""FLAME head models: loading of the user's files, shape and pose (Li et al., TOG 2017). numpy only."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DifaceError, ModelError
from ...untrusted.pickle_arrays import load_npz, load_pickle
from .recognition import VERTEX_COUNT, why_not_flame
from .skinning import joint_transforms, rotation_matrices, skin_vertices

Float32Array = npt.NDArray[np.float32]
Int32Array = npt.NDArray[np.int32]

JOINTS = ("root", "neck", "jaw", "left eye", "right eye")
PARENTS = (-1, 0, 1, 1, 1)
IDENTITY_COLUMNS = 300
"""Identity columns of `shapedirs`; the columns after them are expression."""
HINT = (
    "Use flame2020, flame2023, FLAME 2023 Open or generic_model as downloaded from flame.is.tue.mpg.de, .pkl or .npz."
)
ARRAY_NAMES = {
    "v_template": ("v_template",),
    "faces": ("f", "faces"),
    "posedirs": ("posedirs",),
    "J_regressor": ("J_regressor",),
    "weights": ("weights", "lbs_weights"),
    "parents": ("kintree_table", "parents"),
}
"""The arrays that a file must hold, with their accepted names."""
EXPRESSION_NAMES = ("expressiondirs", "exprdirs")
"""Names of an expression basis that is separate from `shapedirs`."""


@dataclass(frozen=True)
class Flame:
    """A FLAME head in metres: +X the character's left, +Y up, looking along +Z. V is 5,023. The joints are JOINTS.

    Attributes:
        template: (V, 3) float32.
        faces: (F, 3) int32.
        shape: (V, 3, S), the identity basis in metres at coefficient 1, S up to 300 or 0.
        expression: (V, 3, E), the expression basis in metres at coefficient 1, E up to 100 or 0.
        correctives: (V, 3, 36), metres at each value of the last four joints' rotation matrices minus the identity.
        joint_regressor: (5, V).
        weights: (V, 5), rows that sum to 1.
        parents: (5,), the root's is -1.
    """

    template: Float32Array
    faces: Int32Array
    shape: Float32Array
    expression: Float32Array
    correctives: Float32Array
    joint_regressor: Float32Array
    weights: Float32Array
    parents: Int32Array

    def apply_shape(self, shape: npt.ArrayLike = (), expression: npt.ArrayLike = ()) -> Float32Array:
        """Return the head at rest (V, 3), or (T, V, 3) if a coefficient vector (K,) has T rows: (T, K).

        The first K columns of the basis are used.

        Raises:
            ModelError: The file has fewer columns.
        """
        rest = self.template
        for name, basis, given in (("shape", self.shape, shape), ("expression", self.expression, expression)):
            values = np.asarray(given, np.float32)
            count = values.shape[-1]
            if values.ndim > 2:
                raise ValueError(f"{name} must have shape (K,) or (frames, K). Got {values.shape}.")
            if count > basis.shape[2]:
                message = f"This FLAME file has {basis.shape[2]} columns in its {name} basis, but {count} are required."
                raise ModelError(message, _hint(name, basis.shape[2]))
            if count:
                rest = rest + (values @ basis[..., :count].reshape(-1, count).T).reshape(*values.shape[:-1], -1, 3)
        return rest

    def joints(self, vertices: Float32Array | None = None) -> Float32Array:
        """Return the joints (..., 5, 3) m of heads at rest (..., V, 3), by default of the template."""
        return self.joint_regressor @ (self.template if vertices is None else vertices)

    def apply_correctives(self, vertices: Float32Array, rotations: Float32Array) -> Float32Array:
        """Return heads at rest (T or 1, V, 3) with the pose correctives of joint rotations (T, 5, 3, 3): (T, V, 3)."""
        features = (rotations[:, 1:] - np.eye(3, dtype=np.float32)).reshape(len(rotations), -1)
        used = np.flatnonzero(features.any(0))
        if not len(used):
            return vertices
        basis = self.correctives[..., used].reshape(-1, len(used)).T
        return vertices + (features[:, used] @ basis).reshape(len(rotations), -1, 3)

    def pose(
        self,
        shape: npt.ArrayLike = (),
        expression: npt.ArrayLike = (),
        neck: npt.ArrayLike = (0, 0, 0),
        jaw: npt.ArrayLike = (0, 0, 0),
        eyes: npt.ArrayLike = (0, 0, 0, 0, 0, 0),
        rotation: npt.ArrayLike = (0, 0, 0),
    ) -> Float32Array:
        """Return the posed vertices (V, 3) m, or (T, V, 3) if any argument has T rows: (T, K) instead of (K,).

        The order is that of the paper: shape and expression, pose correctives, linear blend skinning.

        Args:
            shape: (K,) identity coefficients.
            expression: (K,) expression coefficients.
            neck: (3,) rotation vector in radians about its joint, relative to the parent joint.
            jaw: (3,) likewise.
            eyes: (6,), the left eye's and the right eye's rotation vectors.
            rotation: (3,), rotation vector of the whole head about the root joint.

        Raises:
            ModelError: The file has no basis for a coefficient.
        """
        rest = self.apply_shape(shape, expression)
        rows = [np.asarray(part, np.float32) for part in (rotation, neck, jaw, eyes)]
        if [part.shape[-1] for part in rows] != [3, 3, 3, 6]:
            shapes = ", ".join(str(part.shape) for part in rows)
            raise ValueError(f"rotation, neck and jaw must have 3 columns and eyes 6. Got {shapes}.")
        count = _frame_count([rest.shape[:-2], *(part.shape[:-1] for part in rows)])
        vectors = np.concatenate([np.broadcast_to(part, (count or 1, part.shape[-1])) for part in rows], axis=1)
        turns = rotation_matrices(vectors.reshape(-1, len(JOINTS), 3))

        rest = rest if rest.ndim == 3 else rest[None]
        joints = np.broadcast_to(self.joints(rest), (len(turns), len(JOINTS), 3))
        matrices, offsets = joint_transforms(joints, turns, self.parents)
        posed = skin_vertices(self.apply_correctives(rest, turns), self.weights, matrices, offsets)
        return posed if count is not None else posed[0]


def load_flame(path: Path) -> Flame:
    """Load the FLAME model of a .pkl (from any Python, with chumpy arrays) or .npz file, detected by content.

    The last model is cached until its file changes.

    Raises:
        ModelError: The file is missing, damaged, another model, or holds anything but arrays.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        about = path.stat()
    except OSError as reason:
        raise ModelError(f"The FLAME file {path} cannot be read: {reason.strerror}.", HINT) from reason
    return _load_cached(path, zipped, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=1)
def _load_cached(path: Path, zipped: bool, _changed: int, _size: int) -> Flame:
    content = load_npz(path, HINT) if zipped else load_pickle(path, HINT)
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds a {type(content).__name__}, expected the named arrays of a FLAME model.", HINT)
    try:
        return _parse_flame({str(name): value for name, value in content.items()})
    except (ValueError, TypeError, IndexError) as reason:
        raise ModelError(f"{path} is not a FLAME model: {reason}.", HINT) from reason


def _parse_flame(arrays: dict[str, Any]) -> Flame:
    named = {name: next((arrays[key] for key in keys if key in arrays), None) for name, keys in ARRAY_NAMES.items()}
    missing = [name for name, value in named.items() if value is None]
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}, only {', '.join(sorted(arrays)[:12]) or 'nothing'}")
    template = _float_array("v_template", named["v_template"], (VERTEX_COUNT, 3))
    faces = np.asarray(named["faces"]).astype(np.int32)
    reason = why_not_flame(template, faces)
    if reason:
        raise ValueError(reason)
    parents = np.atleast_2d(np.asarray(named["parents"]))[0].astype(np.int64)
    if tuple(parents[1:]) != PARENTS[1:]:
        raise ValueError(f"the parents of its joints are {parents.tolist()}, expected {list(PARENTS)}")
    shape, expression = _bases(arrays)
    return Flame(
        template=template,
        faces=faces,
        shape=shape,
        expression=expression,
        correctives=_float_array("posedirs", named["posedirs"], (VERTEX_COUNT, 3, 9 * (len(JOINTS) - 1))),
        joint_regressor=_float_array("J_regressor", named["J_regressor"], (len(JOINTS), VERTEX_COUNT)),
        weights=_float_array("weights", named["weights"], (VERTEX_COUNT, len(JOINTS))),
        parents=np.array(PARENTS, np.int32),
    )


def _bases(arrays: dict[str, Any]) -> tuple[Float32Array, Float32Array]:
    """Return identity and expression, (V, 3, S) and (V, 3, E); with no columns where the file has none."""
    both = _float_array("shapedirs", arrays.get("shapedirs", np.zeros((VERTEX_COUNT, 3, 0))), (VERTEX_COUNT, 3, None))
    apart = next((arrays[name] for name in EXPRESSION_NAMES if name in arrays), None)
    if apart is not None:
        return both, _float_array("the expression basis", apart, (VERTEX_COUNT, 3, None))
    return both[..., :IDENTITY_COLUMNS], both[..., IDENTITY_COLUMNS:]


def _float_array(name: str, value: Any, shape: tuple[int | None, ...]) -> Float32Array:
    array = np.asarray(value)
    if array.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape, strict=True)):
        expected = tuple("any" if want is None else want for want in shape)
        raise ValueError(f"{name} has shape {array.shape}, expected {expected}")
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise ValueError(f"{name} holds a value that is not a finite number")
    return array.astype(np.float32)


def _frame_count(rows: list[tuple[int, ...]]) -> int | None:
    """Return the number of frames, or None if no argument has rows."""
    counts = {shape[0] for shape in rows if shape}
    if len(counts - {1}) > 1:
        raise ValueError(f"all must have the same number of frames. Got {sorted(counts)}.")
    return max(counts, default=None)


def _hint(name: str, has: int) -> str:
    if name == "expression" and not has:
        return "Animate the face with 3DiFACE's displacements, which need no basis, or use a FLAME file that has one."
    return f"Use at most {has}, or a FLAME file that has more."


def report(flame: Flame) -> str:
    """Describe a FLAME file, one line per property."""
    low, high = flame.template.min(0), flame.template.max(0)
    places = zip(JOINTS, flame.joints().tolist(), strict=True)
    return "\n".join(
        [
            f"FLAME: {len(flame.template):,} vertices, {len(flame.faces):,} faces",
            "size: {:.3f} x {:.3f} x {:.3f} m".format(*(high - low)),
            f"identity: {flame.shape.shape[2] or 'no'} columns" + ("" if flame.shape.size else "; the template only"),
            f"expression: {flame.expression.shape[2] or 'no'} columns"
            + ("" if flame.expression.size else "; displacements still move the face"),
            *(f"{name} joint: {x:.3f}, {y:.3f}, {z:.3f} m" for name, (x, y, z) in places),
        ]
    )


def main() -> None:
    """Describe a FLAME file on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.faces.flame.flame_model", description="Describe a FLAME file."
    )
    parser.add_argument("file", type=Path, help="a FLAME model, .pkl or .npz")
    given = parser.parse_args()
    try:
        sys.stdout.write(report(load_flame(given.file)) + "\n")
    except DifaceError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
