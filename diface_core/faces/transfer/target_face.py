"""A head of FLAME's topology aligned with the bundled one, and each of the bundled head's shapes on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from ...channels import FACE, LAYERS
from ..flame import correspondence
from ..flame import topology as topology
from ..head import Head
from . import flame_lids
from .deformation_transfer import DeformationTransfer, SoftConstraint
from .flame_jaw import FlameJaw
from .flame_lids import Eyeball
from .flame_lips import LIP_OPENERS, UP, FlameLips
from .geometry import fit_similarity
from .sparse import SparseMatrix

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

STILL_BELOW = 5e-6  # m: vertices that move less than this on the bundled head do not move at all
MOVING_ABOVE = 1e-3  # m: vertices that move more than this on the bundled head fully follow the file's jaw joint
SMOOTHING = 3  # rounds in which each vertex of the mouth is replaced by the mean of its neighbours
FORWARD, LEFT = np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])
SHAPES = FACE + LAYERS["breath"]  # FLAME has no tongue
JAW_JOINT_SHAPES = ("jawOpen", "jawForward", "jawLeft", "jawRight")


class TargetFace:
    """A FLAME head aligned with the bundled head in position, pose and size, with what the transfer needs of both."""

    def __init__(self, vertices: Float64Array, faces: Int32Array, head: Head) -> None:
        self.correspondence = correspondence.load_correspondence(head=head)
        self.head = head
        known = self.correspondence.has_match
        self.source = self.correspondence.sample(head.vertices)
        self.scale, self.rotation, shift = fit_similarity(vertices[known], self.source[known])
        self.vertices = self.scale * vertices @ self.rotation.T + shift
        self.transfer = DeformationTransfer(self.source, self.vertices, topology.skin_faces(faces), known)
        self.lips = FlameLips(self.correspondence, self.vertices)
        self.eyeballs = {side: Eyeball.fit(self.vertices[part]) for side, part in topology.EYEBALLS.items()}

    def all_offsets(self, jaw: FlameJaw | None) -> Float64Array:
        """Return offsets (53, 5023, 3) m in the bundled head's frame and size."""
        offsets_by_name = {name: self.shape_offsets(name, jaw) for name in SHAPES if name != "mouthClose"}
        offsets_by_name["mouthClose"] = self.mouth_close_offsets(offsets_by_name["jawOpen"])
        return np.stack([offsets_by_name[name] for name in SHAPES])

    def source_offsets(self, name: str) -> Float64Array:
        """Return the bundled head's offsets (5023, 3) of a shape, at FLAME's vertices."""
        if name in LAYERS["breath"]:
            # FLAME has no chest, and its neck ends where the bust's starts to rise: only the nostrils move with the
            # breath.
            deltas = np.zeros_like(self.head.vertices)
            face = self.head.landmarks["face"]
            deltas[face] = self.head.extra[name][face]
            return self.correspondence.sample(deltas)
        return self.correspondence.sample(self.head.deltas[FACE.index(name)])

    def smooth_mouth(self, offsets: Float64Array) -> Float64Array:
        """Return offsets (5023, 3) without the notches of the bundled head's lips where they part."""
        mouth = np.union1d(self.correspondence.upper_mouth, self.correspondence.lower_mouth)
        links = self.transfer.laplacian.select_rows(mouth)
        linked = links.values != 0
        rows, columns = links.rows[linked], links.columns[linked]
        links = SparseMatrix(rows, columns, 1 / np.bincount(rows)[rows], links.shape)
        offsets = offsets.copy()
        for _ in range(SMOOTHING):
            offsets[mouth] = links @ offsets
        return offsets

    def shape_offsets(self, name: str, jaw: FlameJaw | None) -> Float64Array:
        """Return offsets (5023, 3) m of one shape."""
        deltas = self.source_offsets(name)
        if jaw is not None and name in JAW_JOINT_SHAPES:
            return self.jaw_joint_offsets(name, deltas, jaw)
        free, constraints = self.moving_vertices(deltas), self.lips.contact_constraints(name, deltas)
        for side, eyeball in self.eyeballs.items():
            if name == f"eyeBlink{side}":
                constraints += (
                    flame_lids.closed_lid_constraint(
                        self.vertices, self.correspondence.lids[side][flame_lids.RIM], eyeball
                    ),
                )
        offsets = self.transfer.offsets(deltas, free, constraints)
        for more in self.corrections(name):
            further = more(offsets)
            if further:
                constraints += further
                offsets = self.transfer.offsets(deltas, free, constraints)
        return (self.smooth_mouth(offsets) if name in LIP_OPENERS else offsets) + self.eyeball_offsets(name)

    def corrections(self, name: str) -> list[Callable[[Float64Array], tuple[SoftConstraint, ...]]]:
        """Return functions that find further constraints in a shape's offsets, with which it is solved again."""
        corrections: list[Callable[[Float64Array], tuple[SoftConstraint, ...]]] = (
            [self.lips.collision_constraints] if name in LIP_OPENERS else []
        )
        if name.startswith(("eye", "cheekSquint", "brow")):
            corrections += [
                partial(self.eyeball_constraints, side) for side in self.eyeballs if name.endswith((side, "Up"))
            ]
        return corrections

    def eyeball_constraints(self, side: str, offsets: Float64Array) -> tuple[SoftConstraint, ...]:
        """Return what keeps one eye's lids outside its eyeball."""
        inside = np.concatenate([np.concatenate(both) for both in self.correspondence.lids[side][: flame_lids.RIM]])
        hidden = np.isin(self.transfer.faces, np.r_[inside, topology.EYE_POCKETS[side]]).any(axis=1)
        return flame_lids.collision_constraints(
            self.vertices, offsets, self.transfer.faces[~hidden], self.eyeballs[side]
        )

    def eyeball_offsets(self, name: str) -> Float64Array:
        """Return offsets (5023, 3) m of the eyeballs."""
        offsets = np.zeros_like(self.vertices)
        for side, part in topology.EYEBALLS.items():
            eyeball = self.head.landmarks[f"eyeball_{side.lower()}"]
            if name in FACE:
                turn = self.head.deltas[FACE.index(name)][eyeball].astype(np.float64)
                source = self.head.vertices[eyeball].astype(np.float64)
                offsets[part] = flame_lids.rotate_eyeball(self.vertices[part], self.eyeballs[side], source, turn)
        return offsets

    def mouth_close_offsets(self, opened: Float64Array) -> Float64Array:
        """Return offsets (5023, 3) m of mouthClose.

        They lead from `opened`, this face's jawOpen, to the lips that the bundled head has with both shapes.
        """
        closing = self.source_offsets("mouthClose")
        both = self.source_offsets("jawOpen") + closing
        return self.transfer.offsets(
            both, self.moving_vertices(closing), self.lips.closing_constraints(opened), base_offsets=opened
        )

    def moving_vertices(self, deltas: Float64Array) -> BoolArray:
        """Return a mask (5023,) of the vertices that a shape moves.

        These are the vertices that it moves on the bundled head, and the eyes' pockets behind lids that it moves.
        """
        moving = np.linalg.norm(deltas, axis=1) > STILL_BELOW
        for rings in self.correspondence.lids.values():
            pocket = [np.concatenate(both) for both in rings]
            if moving[pocket[2]].any():
                moving[np.concatenate(pocket[:2])] = True
        moving[np.setdiff1d(np.arange(len(moving)), self.transfer.faces)] = False
        return moving

    def jaw_joint_offsets(self, name: str, deltas: Float64Array, jaw: FlameJaw) -> Float64Array:
        """Return offsets (5023, 3) m of a jaw shape by FLAME's jaw joint."""
        lower = -self.lips.gap_matrix.row(self.lips.middle).clip(max=0)
        direction = {"jawOpen": -UP, "jawForward": FORWARD, "jawLeft": LEFT, "jawRight": -LEFT}[name]
        distance = float(lower @ deltas @ direction)
        if name == "jawForward":
            moved = jaw.translated(distance * direction)
        else:
            moved = jaw.rotated(lower, direction, 0 if name == "jawOpen" else 1, distance)
        # The file's pose correctives move the whole head slightly: vertices that do not move on the bundled head are
        # kept.
        moved *= smoothstep(STILL_BELOW, MOVING_ABOVE, np.linalg.norm(deltas, axis=1))[:, None]
        if name == "jawOpen":
            return moved
        # As on the bundled head, the upper lip follows so that the lips stay closed.
        still = np.zeros_like(deltas)
        return moved + self.transfer.offsets(still, self.moving_vertices(deltas), self.lips.closing_constraints(moved))


def smoothstep(low: float, high: float, values: Float64Array) -> Float64Array:
    """Return 0 up to `low`, 1 from `high` on, smooth between."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return share**2 * (3 - 2 * share)
