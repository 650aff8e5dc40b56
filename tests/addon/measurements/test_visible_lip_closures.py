"""Pixel counts of closed and open lips in rendered frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diface_addon.core import channels, head_file
from tests.addon.measurements import visible_lip_closures
from tests.addon.measurements.visible_lip_closures import Portrait


def face(**weights: float) -> np.ndarray:
    """Return face weights (52,)."""
    values = np.zeros(len(channels.FACE), np.float32)
    for name, weight in weights.items():
        values[channels.FACE.index(name)] = weight
    return values


def gap(weights: np.ndarray) -> float:
    """Return the distance between the middles of the inner lips in mm."""
    head = head_file.load_head()
    upper, lower = (head.landmarks[f"{side}_inner_lip"] for side in ("upper", "lower"))
    moved = 1000 * head.pose(weights)
    return float(np.linalg.norm(moved[upper] - moved[lower], axis=1).max())


@pytest.fixture
def portrait(addon: None) -> Portrait:
    return Portrait()


@pytest.mark.slow
@pytest.mark.parametrize(
    "closed_pose", [{}, {"jawOpen": 0.15, "mouthClose": 0.15}, {"mouthPucker": 0.6}, {"mouthSmileLeft": 0.4}], ids=str
)
def test_closed_lips_show_no_pixel_of_the_mouth(portrait: Portrait, tmp_path: Path, closed_pose: dict) -> None:
    assert visible_lip_closures.opening(portrait.render(face(**closed_pose), tmp_path / "shut.png")) == 0


def test_open_lips_show_their_distance_in_pixels(portrait: Portrait, tmp_path: Path) -> None:
    scale = visible_lip_closures.PIXELS / 360  # the camera of the stage frames 36 cm
    for jaw in (0.0272, 0.0545, 0.109, 0.218):
        weights = face(jawOpen=jaw)
        seen = visible_lip_closures.opening(portrait.render(weights, tmp_path / f"{jaw}.png"))
        assert seen > visible_lip_closures.SEEN
        assert seen == pytest.approx(scale * gap(weights), abs=2, rel=0.2)


def test_open_mouth_is_inside_the_rendered_region(portrait: Portrait, tmp_path: Path) -> None:
    """A wide open mouth covers many pixels, and none at the edges of the picture."""
    wide = {"jawOpen": 0.6, "mouthStretchLeft": 1.0, "mouthStretchRight": 1.0}
    inside = visible_lip_closures.inside(portrait.render(face(**wide), tmp_path / "wide.png"))
    assert inside.sum() > 1000
    assert not any(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))


def test_confidence_interval_of_all_closed_is_a_point() -> None:
    assert visible_lip_closures.interval(np.ones(20)) == (100.0, 100.0)
