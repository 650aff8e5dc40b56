"""Characters of other makers speak with their visemes and units, without ARKit names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diface_addon.core import channels as core_channels
from diface_addon.core import displacements, known_poses, solve_poses
from tests.addon.characters import other_makers
from tests.addon.scene import scenes

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

SHAPES = {"Rocketbox": ("AA_VI_",), "Rocketbox units": ("AU_",), "MakeHuman units": ("eye", "mouth", "nose", "neck")}
"""Label -> beginnings of the names that are used; Rocketbox's ARKit shapes are the truth and not used."""


@pytest.fixture(scope="module")
def motion(root: Path) -> FloatArray:
    """Return speech from the bundled model of version 0.1.0, (150, 52)."""
    with np.load(root / "tests" / "data" / "reference_0_1_0" / "motions.npz") as file:
        parts = []
        for name in ("both", "face_no_variety"):
            order = file[f"{name}.channels"].tolist()
            parts.append(file[name][:, [order.index(channel) for channel in core_channels.FACE]])
    return np.concatenate(parts).astype(np.float32)


def read(label: str, folder: Path) -> tuple[list[str], FloatArray, FloatArray]:
    """Return names, vertices and offsets of a character's chosen shapes."""
    scenes.new_file()
    main = other_makers.load(label.removesuffix(" units") if label.startswith("Rocketbox") else label, folder).main
    keys = main.data.shape_keys.key_blocks
    rest = coordinates(keys[0])
    names = [key.name for key in keys[1:] if key.name.startswith(SHAPES[label])]
    return names, rest, np.stack([coordinates(keys[name]) - rest for name in names])


def coordinates(key) -> FloatArray:
    flat = np.empty(len(key.data) * 3, np.float32)
    key.data.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def lip_opening(names: list[str], vertices: FloatArray, deltas: FloatArray) -> FloatArray:
    """Return how far each shape parts the middle of the lips (K,), found where the widest opening tears vertices apart.

    Independent of what is tested: pairs of near vertices on the middle line that the opening shape separates most.
    """
    widest = max((k for k, name in enumerate(names) if opens(name)), key=lambda k: float(-deltas[k, :, 2].min()))
    drop = -deltas[widest, :, 2]
    size = float(np.ptp(vertices[drop > 0.05 * drop.max()], axis=0).max())
    middle = np.abs(vertices[:, 0] - np.median(vertices[drop > 0.5 * drop.max(), 0])) < 0.03 * size
    lower = np.flatnonzero(middle & (drop > 0.6 * drop.max()))
    upper = np.flatnonzero(middle & (drop < 0.15 * drop.max()))
    distance = np.linalg.norm(vertices[upper][:, None] - vertices[lower][None], axis=2)
    above, below = np.unravel_index(np.argsort(distance, axis=None)[:6], distance.shape)
    return (deltas[:, upper[above], 2] - deltas[:, lower[below], 2]).mean(axis=1)


def opens(name: str) -> bool:
    return name in ("AA_VI_10_aa", "AU_27_MouthStretch", "mouth-open")


@pytest.mark.parametrize("label", SHAPES)
@pytest.mark.parametrize("with_names", [True, False], ids=["known names", "unknown names"])
def test_mouth_of_a_real_character_follows_the_motion(label, with_names, shared, motion) -> None:
    names, vertices, deltas = read(label, shared / "characters")
    known = known_poses.known_poses(names) if with_names else None
    measured = displacements.poses_from_displacements(names, vertices, deltas, known)
    assert measured is not None
    weights = solve_poses.solve(motion, measured.poses)
    per_shape = lip_opening(names, vertices, deltas)[[names.index(name) for name in measured.poses.names]]
    opening = np.maximum(weights @ per_shape, 0.0) * measured.scale
    jaw, close = (motion[:, core_channels.FACE.index(name)] for name in ("jawOpen", "mouthClose"))
    wanted = jaw - close
    assert np.corrcoef(opening, wanted)[0, 1] > 0.85
    assert 4.0 < opening.max() < 25.0
    assert np.median(opening[wanted < 0.01]) < 0.5


def test_shapes_that_move_nothing_are_no_targets(shared) -> None:
    names, vertices, deltas = read("Rocketbox", shared / "characters")
    measured = displacements.poses_from_displacements(names, vertices, deltas, known_poses.known_poses(names))
    assert measured is not None
    assert set(names) - set(measured.poses.names) == {"AA_VI_00_Sil"}
