"""A head of FLAME's topology beside the bundled one, and each of the bundled head's shapes on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from ...channels import FACE, LAYERS, SHAPES
from ..flame import correspondence
from ..flame import topology as topology
from ..head import Head
from . import flame_lids
from .deformation_transfer import Held, Transfer
from .flame_jaw import Jaw
from .flame_lids import Eyeball
from .flame_lips import OPENING, UP, Lips
from .registration import Sparse, similarity

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

STILL = 5e-6  # m: what the bundled head moves less than this stays exactly where it is
MOVING = 1e-3  # m: and by the file's joint moves as it says what the bundled head moves more than this
SMOOTHING = 3  # rounds in which each vertex of the mouth takes the mean of those around it
FORWARD, LEFT = np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])
BY_THE_JOINT = ("jawOpen", "jawForward", "jawLeft", "jawRight")


class TargetFace:
    """A FLAME head brought to the bundled head's place, pose and size, and what is known of both."""

    def __init__(self, vertices: Floats, faces: Ints, head: Head) -> None:
        self.found = correspondence.load(head=head)
        self.head = head
        known = self.found.matched
        self.source = self.found.sampled(head.vertices)
        self.scale, self.rotation, shift = similarity(vertices[known], self.source[known])
        self.vertices = self.scale * vertices @ self.rotation.T + shift
        self.transfer = Transfer(self.source, self.vertices, topology.skin_faces(faces), known)
        self.lips = Lips(self.found, self.vertices)
        self.eyeballs = {side: Eyeball.of(self.vertices[part]) for side, part in topology.EYEBALLS.items()}

    def shapes(self, jaw: Jaw | None) -> Floats:
        """Offsets (53, 5023, 3) m in the bundled head's frame and size."""
        made = {name: self.shape(name, jaw) for name in SHAPES if name != "mouthClose"}
        made["mouthClose"] = self.closing(made["jawOpen"])
        return np.stack([made[name] for name in SHAPES])

    def sampled(self, name: str) -> Floats:
        """The bundled head's offsets (5023, 3) of a shape, at FLAME's vertices."""
        if name in LAYERS["breath"]:
            # FLAME has no chest, and its neck ends where the bust's begins to rise: of a breath it has the nostrils.
            deltas = np.zeros_like(self.head.vertices)
            face = self.head.landmarks["face"]
            deltas[face] = self.head.extra[name][face]
            return self.found.sampled(deltas)
        return self.found.sampled(self.head.deltas[FACE.index(name)])

    def smoothed(self, offsets: Floats) -> Floats:
        """Offsets (5023, 3) without the notches that the bundled head's lips have where they part."""
        mouth = np.union1d(self.found.upper_mouth, self.found.lower_mouth)
        links: Sparse = self.transfer.laplacian[mouth] != 0
        links = links.multiply(1 / links.sum(axis=1)).tocsr()
        offsets = offsets.copy()
        for _ in range(SMOOTHING):
            offsets[mouth] = links @ offsets
        return offsets

    def shape(self, name: str, jaw: Jaw | None) -> Floats:
        """Offsets (5023, 3) m of one shape."""
        deltas = self.sampled(name)
        if jaw is not None and name in BY_THE_JOINT:
            return self.by_joint(name, deltas, jaw)
        free, held = self.free(deltas), self.lips.held(name, deltas)
        for side, eyeball in self.eyeballs.items():
            if name == f"eyeBlink{side}":
                held += (flame_lids.closed(self.vertices, self.found.lids[side][flame_lids.RIM], eyeball),)
        offsets = self.transfer.offsets(deltas, free, held)
        for more in self.corrections(name):
            further = more(offsets)
            if further:
                held += further
                offsets = self.transfer.offsets(deltas, free, held)
        return (self.smoothed(offsets) if name in OPENING else offsets) + self.turning(name)

    def corrections(self, name: str) -> list[Callable[[Floats], tuple[Held, ...]]]:
        """What there is to look for in a shape's offsets and to hold when it is solved again."""
        looks: list[Callable[[Floats], tuple[Held, ...]]] = [self.lips.not_through] if name in OPENING else []
        if name.startswith(("eye", "cheekSquint", "brow")):
            looks += [partial(self.off_eyeball, side) for side in self.eyeballs if name.endswith((side, "Up"))]
        return looks

    def off_eyeball(self, side: str, offsets: Floats) -> tuple[Held, ...]:
        """What keeps one eye's lids outside its eyeball."""
        inside = np.concatenate([np.concatenate(both) for both in self.found.lids[side][: flame_lids.RIM]])
        hidden = np.isin(self.transfer.faces, np.r_[inside, topology.EYE_POCKETS[side]]).any(axis=1)
        return flame_lids.outside(self.vertices, offsets, self.transfer.faces[~hidden], self.eyeballs[side])

    def turning(self, name: str) -> Floats:
        """Offsets (5023, 3) m of the eyeballs."""
        offsets = np.zeros_like(self.vertices)
        for side, part in topology.EYEBALLS.items():
            theirs = self.head.landmarks[f"eyeball_{side.lower()}"]
            if name in FACE:
                turn = self.head.deltas[FACE.index(name)][theirs].astype(np.float64)
                source = self.head.vertices[theirs].astype(np.float64)
                offsets[part] = flame_lids.turned(self.vertices[part], self.eyeballs[side], source, turn)
        return offsets

    def closing(self, opened: Floats) -> Floats:
        """Offsets (5023, 3) m of mouthClose: what leads from `opened`, this face's jawOpen, to the lips that the
        bundled head has with both."""
        closing = self.sampled("mouthClose")
        both = self.sampled("jawOpen") + closing
        return self.transfer.offsets(both, self.free(closing), self.lips.closing(opened), beyond=opened)

    def free(self, deltas: Floats) -> Bools:
        """Which vertices (5023,) a shape moves: those that it moves on the bundled head, and behind the lids it moves
        the eyes' pockets."""
        moving = np.linalg.norm(deltas, axis=1) > STILL
        for rings in self.found.lids.values():
            pocket = [np.concatenate(both) for both in rings]
            if moving[pocket[2]].any():
                moving[np.concatenate(pocket[:2])] = True
        moving[np.setdiff1d(np.arange(len(moving)), self.transfer.faces)] = False
        return moving

    def by_joint(self, name: str, deltas: Floats, jaw: Jaw) -> Floats:
        """Offsets (5023, 3) m of a shape of the jaw by its own joint."""
        lower = -self.lips.apart[self.lips.middle].toarray()[0].clip(max=0)
        way = {"jawOpen": -UP, "jawForward": FORWARD, "jawLeft": LEFT, "jawRight": -LEFT}[name]
        distance = float(lower @ deltas @ way)
        if name == "jawForward":
            moved = jaw.shifted(distance * way)
        else:
            moved = jaw.turned(lower, way, 0 if name == "jawOpen" else 1, distance)
        # The file's learnt correctives move all of the head a hair: what is still on the bundled head stays so.
        moved *= smoothstep(STILL, MOVING, np.linalg.norm(deltas, axis=1))[:, None]
        if name == "jawOpen":
            return moved
        # The upper lip goes along, as on the bundled head, for the lips stay shut.
        still = np.zeros_like(deltas)
        return moved + self.transfer.offsets(still, self.free(deltas), self.lips.closing(moved))


def smoothstep(low: float, high: float, values: Floats) -> Floats:
    """0 up to `low`, 1 from `high` on, smooth between."""
    share = ((values - low) / (high - low)).clip(0, 1)
    return share**2 * (3 - 2 * share)
