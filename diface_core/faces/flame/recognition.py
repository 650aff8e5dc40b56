"""Recognise FLAME's mesh by its edges, without FLAME's geometry. numpy only.

A sample of the skin's edges is stored as hashes: the smallest hashes of a set are a fair sample of it (Broder 1997),
and the same edges fall into the sample in every mesh. Triangles may therefore be in any order and winding, joined to
quads, filled at the mouth or partly removed, and the eyeballs may have any faces. The vertices must be FLAME's in
FLAME's order, as motion is stored per vertex.
"""

from __future__ import annotations

import base64

import numpy as np
import numpy.typing as npt

VERTEX_COUNT = 5023
SKIN_VERTEX_COUNT = 3931
"""Vertices before this one are skin, the others are two eyeballs."""
MAX_SAMPLED_HASH = 2**32 // 44
"""Edges with a hash below this are sampled: 260 of the 11,731 of FLAME's skin."""
MIN_KNOWN_SHARE = 0.97
"""At least this share of a mesh's sampled edges must be FLAME's."""
MIN_PRESENT_SHARE = 0.5
"""At least this share of FLAME's sampled edges must be present: quads lack the third that cuts them in two."""
EDGE_COUNT = 14995
"""Total number of FLAME's edges."""


def is_flame(vertices: npt.NDArray[np.floating], polygons: npt.NDArray[np.integer]) -> bool:
    """Return whether vertices (V, 3) and polygons (F, 3 or 4) are FLAME's mesh, of any identity and in any pose."""
    return not why_not_flame(vertices, polygons)


def why_not_flame(vertices: npt.NDArray[np.floating], polygons: npt.NDArray[np.integer]) -> str:
    """Return why vertices (V, 3) and polygons (F, 3 or 4) are not FLAME's mesh; "" if they are."""
    if vertices.shape == (VERTEX_COUNT, 3) and not np.isfinite(vertices).all():
        return "some of its vertices are not finite"
    return why_not_flame_edges(len(vertices), polygon_edges(polygons))


def why_not_flame_edges(vertices: int, edges: npt.NDArray[np.integer]) -> str:
    """Return why a mesh with this number of vertices and these edges (E, 2) is not FLAME's; "" if it is."""
    if vertices != VERTEX_COUNT:
        return f"it has {vertices:,} vertices, FLAME's mesh has {VERTEX_COUNT:,}"
    if not len(edges):
        return "it has no faces, only vertices"
    if edges.min() < 0 or edges.max() >= VERTEX_COUNT:
        return "its faces refer to vertices that do not exist"
    sample = edge_sample(edges)
    if (
        len(sample)
        and np.isin(sample, FLAME_EDGE_SAMPLE).mean() >= MIN_KNOWN_SHARE
        and np.isin(FLAME_EDGE_SAMPLE, sample).mean() >= MIN_PRESENT_SHARE
    ):
        return ""
    known = np.isin(sample, FLAME_EDGE_SAMPLE).mean() if len(sample) else 0.0
    if known >= MIN_KNOWN_SHARE:
        return f"it has {VERTEX_COUNT:,} vertices, but most of FLAME's faces are missing"
    if len(edges) == EDGE_COUNT:
        return "it has as many vertices and edges as FLAME's mesh, but they are in another order"
    return f"it has {VERTEX_COUNT:,} vertices, but its faces are not FLAME's: {known:.0%} of their edges are"


def polygon_edges(polygons: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return the edges (E, 2) of polygons (F, 3 or 4), each once, the lower vertex first."""
    sides = np.stack([polygons, np.roll(polygons, -1, axis=1)], axis=-1).reshape(-1, 2).astype(np.int64)
    return np.unique(np.sort(sides, axis=1), axis=0)


def edge_sample(edges: npt.NDArray[np.integer]) -> npt.NDArray[np.uint32]:
    """Return the sorted hashes of the edges (E, 2) that are in the sample; edges within an eyeball are skipped."""
    pairs = np.sort(np.asarray(edges, np.int64), axis=1)
    left, right = pairs[(pairs[:, 0] < SKIN_VERTEX_COUNT)].astype(np.uint32).T
    mixed = left * np.uint32(VERTEX_COUNT) + right
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(0x45D9F3B)
    mixed ^= mixed >> np.uint32(16)
    return np.unique(mixed[mixed < MAX_SAMPLED_HASH])


FLAME_EDGE_SAMPLE = np.frombuffer(
    base64.b64decode(
        "GGIDAJBaBgA4cwYAsBgNAOT1EQAl3hIAhwcjAC+fKADXuCoAOAAtAO2BLQBM+DAAJgUzABWPNQDIujcAEgw/ALmtRgD4YVcA4otZALtXWwC6w1"
        "8AjCRiAD8+awC+qmsAWa9tAHn2bgDG5W8ASn5wAEADdwCD9XkA+1aEAKQchwAlf4gAhNiVAAr2mAAZkZoAHj2dACTJnwCC8KUAOU6pAAwVsgBR"
        "FbwA/H7IAJeT1gAKXtwA627lAPKS5wAamecAC4f0ACUJ+ABbhvkAtEP/ALjtAAEL0gIBQmkGAcsTFAE39BsBlOofAaJlMgH4tTIBYYNCASEFSQ"
        "EZvUkBumhLAZOVTQGaxFIBYAxcAWX4XQGwkl4B9qJjAUo9ZQFQfWkBkzltAWH2bQFt/40B2W6WAV2ynQHHM6EBd9OnAStMsgEtVLUB1Sq/ASg/"
        "yAGyicgBg9TPAVt10wF399cBvzriATQ96AHw5ukBvn/tAU3zCgJRHQwCR/ANAv37EQJGjRUCrNsbArLOHgJxVykCOjIqAnZOQgIsOEMCfrpZAr"
        "TtXgIVDmICbhlkAr79bgKBMoUC/uuHAkNOjQJ01KQCgSqlAoGaqwK9Aq8CY5qwAvqYtwJvjbsCtA2+AnxhvgKO3sICwhLFAnp+yAKg+tICGBnV"
        "Ag031gJX/OIC+wzjAswf4wI+kekCdfDyAtuM9wLoofkCZIr+AiHLDwMLwxEDL58WAwnqHgNCpiIDDbwmA6ZxJwONOikDOEQtA2ndMQO8IDUDHJ"
        "w2A/ajSQMdNk8DtDtPA9WdWwNk514DB4NfAz73YgNUwGYDGhdoAwmxbANd8nQD5Vp3A99nfwMlMIADAqWNA6APkwOsFJYDuGOcA4w8pgPJiKgD"
        "mfCxA5QItgO1hroDTKe8AzsPvQOKH80D9HLQA+jG0gNZYtYD1SXXAyqA2QOQ598D74jpA0zH+QMravoD29r7A9IYAARiogwE2oAVBF2oGATqCh"
        "oE+mEdBK3hKASkDi0EKW0xBPt1MwSpDzQEgCs0BF2XOAR+MD8EbmJHBC5ZVgTzRlsE//tlBNKgaATY9W8ERe13BKPGeARZt4IEXKuFBCb2iATG"
        "Ko4EbUKYBNt1mQRZO5sEpmacBMKrngSem58EgbmhBL0BowQ5Y6UE9wC+BItbxwTCCecEgD/rBEpZ6wRehOsETdfsBDSw7gQMu/EEPvvxBBZs9A"
        "T/UvcEj479BGPiBgVoyg4FI/USBaZiJQVXZysFcKQxBblJOQXUgzsFnWxCBVCKSAX/P0oFaKBLBXI/TAV5CFEFBltRBTevUgUmImQFkiZmBUBT"
        "cAUm+3MFYCB1BVr9dQVOnHcFFpx5BTjHgAWDDbEFNS62BUV2twX1QLwF+3a+BXjWyQU="
    ),
    "<u4",
)
"""The sample of FLAME's edges: `edge_sample` of the faces in any of its files."""
