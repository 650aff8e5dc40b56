"""The skin of the bust: cut from the body along an edge loop, with named loops around mouth and lids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...channels import FACE
from .makehuman import Float64Array, Int64Array, MakeHuman
from .topology import Topology, smoothstep

# Vertices of the hm08 base mesh, each on the front midline or on the lid's edge.
NECK_LOOPS = (1526, 1524, 1522)  # around the neck, shoulders first
MOUTH_LOOPS = (455, 466, 467, 509, 468, 474, 520, 537, 554, 571)  # vermilion border to the mouth's inside
LEFT_CORNER = 12  # index in each loop of the left corner of the lips; the right corner is as far in the other direction
CONTACT = 6  # index in MOUTH_LOOPS where the lips touch
INSIDE = 8  # from this index on the mouth's lining
LID_LOOPS = (7773, 7747, 13352)  # three loops on the left lids, inside to the rim's front edge
LID_RINGS = 9
CROWN = 881  # top of the skull

STILL_LOOPS, MOVING_LOOPS = 3, 9  # offsets fade from 0 to full between these loops of the neck
SMOOTHED_TARGETS = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight")
SMOOTHING_ROUNDS = 3  # rounds of averaging: these targets give the lower lip a point or the cheek a hard edge
DAMPED_TARGETS = {"mouthPressLeft": 0.6, "mouthPressRight": 0.6}  # exaggerated targets: pressed lips smiled
JITTER, MOVEMENT = 0.00012, 0.0004  # m: targets are rounded to 0.1 mm, so smaller offsets are noise


@dataclass(frozen=True)
class Skin:
    """The bust's skin and its named loops.

    Attributes:
        vertices: (V, 3) m.
        faces: (F, 4).
        uvs: (F, 4, 2).
        deltas: (52, V, 3) m.
        source: (V,) base mesh indices.
        neck: (3, 42) loops around the neck, the border first.
        mouth: (10, 38) loops from the upper lip's middle over the left corner.
        lids: Per side ("Left", "Right") (rings, 2, 15) upper and lower lid, inner to outer corner, both corners in
            both.
    """

    vertices: Float64Array
    faces: Int64Array
    uvs: Float64Array
    deltas: Float64Array
    source: Int64Array
    topology: Topology
    neck: Int64Array
    mouth: Int64Array
    lids: dict[str, Int64Array]

    def upper_lip(self, loop: int = CONTACT) -> Int64Array:
        """Return a mouth loop's upper half (25,) from the right to the left corner."""
        return self.mouth[loop, np.arange(-LEFT_CORNER, LEFT_CORNER + 1)]

    def lower_lip(self, loop: int = CONTACT) -> Int64Array:
        """Return a mouth loop's lower half (15,) from the right to the left corner."""
        return self.mouth[loop, np.arange(self.mouth.shape[1] - LEFT_CORNER, LEFT_CORNER - 1, -1)]

    def local_index(self, source: int) -> int:
        """Return the skin's index of a base mesh vertex."""
        return int(np.searchsorted(self.source, source))


def cut_skin(human: MakeHuman, vertices: Float64Array) -> Skin:
    """Cut the skin above the shoulders from the whole body with `vertices` (19158, 3)."""
    body = human.faces[human.faces_of("body")]
    whole = Topology(body)
    neck = [midline_loop(whole, human.vertices, start) for start in NECK_LOOPS]
    skin_vertices = np.array(sorted(whole.flood(CROWN, neck[0]) | set(neck[0])))
    inside = np.isin(human.faces, skin_vertices).all(axis=1) & human.faces_of("body")
    faces = np.searchsorted(skin_vertices, human.faces[inside])
    topology = Topology(faces)

    rest, uvs = vertices[skin_vertices], human.face_uvs[inside]
    base = human.vertices[skin_vertices]
    around_neck = np.searchsorted(skin_vertices, neck)
    deltas = np.stack([human.face_unit(name)[skin_vertices] for name in FACE])
    for name in SMOOTHED_TARGETS:
        deltas[FACE.index(name)] = topology.smooth(deltas[FACE.index(name)], SMOOTHING_ROUNDS)
    for name in DAMPED_TARGETS:
        deltas[FACE.index(name)] *= DAMPED_TARGETS[name]
    deltas = denoise_deltas(deltas) * neck_fade(topology, around_neck[0])[:, None]
    starts = [int(np.searchsorted(skin_vertices, start)) for start in MOUTH_LOOPS]
    mouth = np.array([midline_loop(topology, base, start) for start in starts])
    lids = {side: lid_rings(topology, base, skin_vertices, side) for side in ("Left", "Right")}
    return Skin(rest, faces, uvs, deltas, skin_vertices, topology, around_neck, mouth, lids)


def midline_loop(topology: Topology, vertices: Float64Array, start: int) -> list[int]:
    """Return the edge loop from a midline vertex towards the character's left."""
    towards = next(v for v in sorted(topology.neighbours[start]) if vertices[v, 0] > 1e-4)
    return topology.edge_loop(start, towards)


def lid_rings(topology: Topology, base: Float64Array, skin_vertices: Int64Array, side: str) -> Int64Array:
    """Return concentric rings (rings, 2, 15) around one eye."""
    first, second, _ = (mirror_vertex(base, int(np.searchsorted(skin_vertices, start)), side) for start in LID_LOOPS)
    ring = eye_loop(topology, base, first, second)
    rings = [ring]
    inner: set[int] = neighbours_inside(topology, ring, second)
    for _ in range(LID_RINGS - 1):
        around = set(ring) | inner
        ring, inner = [next(iter(topology.neighbours[v] - around)) for v in ring], set(ring)
        rings.append(ring)
    return np.array([split_at_corners(base, ring, rings[2]) for ring in rings])


def eye_loop(topology: Topology, base: Float64Array, start: int, outward: int) -> list[int]:
    """Return the closed loop through `start` around the eye: not the one that leaves towards `outward`."""
    for towards in sorted(topology.neighbours[start] - {outward}):
        try:
            loop = topology.edge_loop(start, towards)
        except ValueError:
            continue
        if outward not in loop and np.ptp(base[loop, 2]) < 0.02 and np.ptp(base[loop, 1]) < 0.02:
            return loop
    raise ValueError(f"no loop around the eye at {start}")


def neighbours_inside(topology: Topology, ring: list[int], outward: int) -> set[int]:
    """Return the neighbours of `ring` on the side opposite to `outward`."""
    beyond = topology.flood(outward, ring)
    return {n for v in ring for n in topology.neighbours[v]} - set(ring) - beyond


def split_at_corners(base: Float64Array, ring: list[int], rim: list[int]) -> Int64Array:
    """Return a ring as (2, 15): upper and lower lid from the inner to the outer corner of the ring `rim`."""
    size, half = len(ring), len(ring) // 2
    along = np.abs(base[rim, 0])
    inner = int(np.argmax(np.roll(along, -half) - along))  # the opposite vertex is farthest out
    one = [ring[(inner + k) % size] for k in range(half + 1)]
    two = [ring[(inner - k) % size] for k in range(half + 1)]
    upper_first = base[one, 2].mean() > base[two, 2].mean()
    return np.array([one, two] if upper_first else [two, one])


def mirror_vertex(base: Float64Array, vertex: int, side: str) -> int:
    """Return `vertex` for the left side and its mirror image for the right."""
    if side == "Left":
        return vertex
    return int(np.argmin(np.linalg.norm(base - base[vertex] * [-1, 1, 1], axis=1)))


def denoise_deltas(deltas: Float64Array) -> Float64Array:
    """Return `deltas` (52, V, 3) without their rounding noise."""
    size = np.linalg.norm(deltas, axis=2, keepdims=True)
    return deltas * smoothstep(JITTER, MOVEMENT, size)


def neck_fade(topology: Topology, border: Int64Array) -> Float64Array:
    """Return the share (V,) of an offset per vertex: 0 at the neck's border and its next loops, then rising to 1."""
    steps = np.full(max(topology.neighbours) + 1, np.inf)
    front, distance = set(border.tolist()), 0
    while front:
        steps[list(front)] = distance
        front = {n for v in front for n in topology.neighbours[v] if np.isinf(steps[n])}
        distance += 1
    return smoothstep(STILL_LOOPS, MOVING_LOOPS, steps)
