"""The bundled head's tongue: where its tip and body reach, its volume, and that it passes no teeth, palate or lips."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from diface_core.channels import FACE, TONGUE
from diface_core.faces.head import Head, load_head
from diface_core.layers.tongue import tongue_channels

MM = 0.001
PALATE = -9.0 * MM
"""Height of the palate, about the pivot: 20 mm above the edges of the upper incisors, at the root of the gums."""
JAWS = (0.0, 0.15, 0.3, 0.5, 0.8)
SOUNDS = {"tip": (1, 0, 0), "body": (0, 1, 0), "both": (1, 1, 0), "half": (0.5, 0.3, 0.2), "between": (0, 0, 1)}


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def posed(head: Head, **weights: float) -> np.ndarray:
    moved = head.vertices.astype(np.float64)
    for name, weight in weights.items():
        moved = moved + weight * (head.deltas[FACE.index(name)] if name in FACE else head.extra[name])
    return moved


def triangles(head: Head, part: str) -> np.ndarray:
    faces = head.triangles()
    return faces[np.isin(faces, head.landmarks[part]).all(axis=1)]


def winding(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return the winding number (N,) of a surface (F, 3, 3) about points: 1 inside (Jacobson et al. 2013)."""
    found = []
    for point in points:
        a, b, c = np.moveaxis(corners - point, 1, 0)
        lengths = [np.linalg.norm(side, axis=1) for side in (a, b, c)]
        volume = np.einsum("ij,ij->i", a, np.cross(b, c))
        dots = [np.einsum("ij,ij->i", u, v) for u, v in ((a, b), (b, c), (c, a))]
        below = (
            lengths[0] * lengths[1] * lengths[2] + dots[0] * lengths[2] + dots[1] * lengths[0] + dots[2] * lengths[1]
        )
        found.append(np.arctan2(volume, below).sum() / (2 * np.pi))
    return np.array(found)


def depth(points: np.ndarray, corners: np.ndarray) -> float:
    """Return how deep (m) the deepest of some points is inside a surface."""
    inside = points[winding(points, corners) > 0.5]
    surface = np.concatenate([corners.reshape(-1, 3), corners.mean(axis=1)])
    return max((float(np.linalg.norm(surface - point, axis=1).min()) for point in inside), default=0.0)


def crossing(head: Head, moved: np.ndarray, part: str) -> float:
    """Return how deep tongue and a row of teeth, or the skin, are in one another (m)."""
    tongue, other = head.landmarks["tongue"], head.landmarks[part]
    deepest = depth(moved[tongue], moved[triangles(head, part)])
    if part == "skin":
        return deepest
    front = other[np.abs(head.vertices[other, 0]) < 16 * MM]
    return max(deepest, depth(moved[front], moved[triangles(head, "tongue")]))


def layer_weights(jaw: float, sound: tuple[float, ...], close: float = 0.0) -> dict[str, float]:
    """Return what the layer shows of a sound with the jaw that open."""
    face = np.zeros((1, len(FACE)), np.float32)
    face[0, [FACE.index("jawOpen"), FACE.index("mouthClose")]] = jaw, close
    tip, body, out = tongue_channels(np.array([sound], np.float32), face, 1.0)[0].tolist()
    return {"jawOpen": jaw, "mouthClose": close, "tongueTipUp": tip, "tongueBodyUp": body, "tongueOut": out}


@pytest.mark.parametrize(("jaw", "sound"), list(itertools.product(JAWS, SOUNDS)))
def test_tongue_of_a_sound_passes_no_teeth_and_no_palate(head: Head, jaw: float, sound: str) -> None:
    moved, rest = posed(head, **layer_weights(jaw, SOUNDS[sound])), posed(head, jawOpen=jaw)
    assert crossing(head, moved, "upper_teeth") <= (1.3 if sound == "between" else 0.3) * MM
    # At rest the sides of the tongue lie on the lower gums.
    assert crossing(head, moved, "lower_teeth") <= max(crossing(head, rest, "lower_teeth"), 2.0 * MM) + 0.1 * MM
    assert moved[head.landmarks["tongue"], 2].max() < PALATE


@pytest.mark.parametrize(("jaw", "close"), [(0.0, 0.0), (0.15, 0.15), (0.3, 0.3), (0.3, 0.0)])
def test_tongue_stays_behind_the_lips(head: Head, jaw: float, close: float) -> None:
    for sound in SOUNDS.values():
        moved = posed(head, **layer_weights(jaw, sound, close))
        assert crossing(head, moved, "skin") == 0.0
        if close == jaw:
            lips = moved[head.landmarks["upper_inner_lip"]]
            assert moved[head.landmarks["tongue"], 1].min() > lips[:, 1].min() + 5 * MM


@pytest.mark.parametrize("jaw", JAWS[1:4])
def test_tip_and_body_reach_ridge_and_palate(head: Head, jaw: float) -> None:
    tongue = head.landmarks["tongue"]
    tip = posed(head, **layer_weights(jaw, SOUNDS["tip"]))[tongue[head.vertices[tongue, 1].argmin()]]
    teeth = head.vertices[head.landmarks["upper_teeth"]]
    incisors = teeth[np.abs(teeth[:, 0]) < 4 * MM]
    assert tip[2] > incisors[:, 2].min() + 5 * MM  # behind the teeth, not below them
    assert np.linalg.norm(incisors - tip, axis=1).min() < 8 * MM
    body = posed(head, **layer_weights(jaw, SOUNDS["body"]))[tongue]
    assert body[:, 2].max() > PALATE - 4 * MM
    assert abs(body[:, 0][body[:, 2].argmax()]) < 12 * MM


@pytest.mark.parametrize("name", TONGUE)
def test_shapes_keep_the_volume_and_move_only_the_tongue(head: Head, name: str) -> None:
    moves = np.flatnonzero(head.extra[name].any(axis=1))
    assert set(moves) <= set(head.landmarks["tongue"])
    corners = triangles(head, "tongue")

    def volume(at: np.ndarray) -> float:
        centred = at - at[head.landmarks["tongue"]].mean(axis=0)
        a, b, c = np.moveaxis(centred[corners], 1, 0)
        return abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6

    for weight in (0.5, 1.0):
        assert volume(posed(head, **{name: weight})) == pytest.approx(volume(posed(head)), rel=0.15)


@pytest.mark.parametrize("name", TONGUE)
def test_shapes_are_symmetric_and_the_root_stays(head: Head, name: str) -> None:
    tongue = head.landmarks["tongue"]
    at, moved = head.vertices[tongue], head.extra[name][tongue]
    mirror = np.linalg.norm(at[:, None] - at * [-1, 1, 1], axis=2).argmin(axis=1)
    np.testing.assert_allclose(moved[mirror] * [-1, 1, 1], moved, atol=0.3 * MM)
    root = at[:, 1] > at[:, 1].max() - 3 * MM
    assert np.linalg.norm(moved[root], axis=1).max() < 6 * MM
