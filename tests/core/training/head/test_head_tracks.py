"""Head tracks: persons and axes."""

import numpy as np
import pytest

from diface_core.training.head import head_tracks

pytestmark = pytest.mark.training


def test_head_tracks_are_in_diface_axes(shared):
    """Rotation about the up axis is the largest motion of most people; it is DiFACE's third axis."""
    tracks = head_tracks.load_tracks(shared / "head_tracks")
    spread = np.sqrt(np.mean([rotation.var(0) for rotation, _ in tracks.values()], axis=0))
    assert spread[2] > spread[1]
    assert len(tracks) == 12
    assert set(head_tracks.HELD_OUT) < set(tracks)
    assert any(np.isnan(heard).all() for _, heard in tracks.values())
