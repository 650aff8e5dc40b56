"""Sealed lips: they meet in every m, b, p of the bundled head, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import channels
from diface_core.faces.lip_geometry import SHUT_GAP_MM, lip_gap
from diface_core.training.corpora import Clip, Phone, seal_lips

JAW, CLOSE, FUNNEL = (channels.FACE.index(name) for name in ("jawOpen", "mouthClose", "mouthFunnel"))


def clip(lowest: float) -> Clip:
    """Return a clip of an m from 0.5 to 0.6 s, whose tracked lips come as near as `lowest`, with a funnel of .2."""
    rows = 30
    gap = np.full(rows, 0.3, np.float32)
    gap[15:18] = lowest
    values = np.zeros((rows, 52), np.float32)
    values[:, JAW], values[:, CLOSE], values[:, FUNNEL] = 0.5, 0.5 - gap, 0.2
    phones = (Phone(0.0, 0.5, "AA"), Phone(0.5, 0.6, "M"), Phone(0.6, 1.0, "AA"))
    return Clip("m", np.zeros(16000, np.float32), values, np.ones(52, bool), "grid_s1", phones)


def test_lips_meet_in_an_m_though_other_shapes_part_them():
    tracked = clip(0.05)
    assert lip_gap(tracked.values).min() > SHUT_GAP_MM
    gap = lip_gap(seal_lips(tracked).values)
    assert gap[15:18].min() < SHUT_GAP_MM
    far = np.abs(np.arange(30) - 16) > 3
    np.testing.assert_array_equal(gap[far], lip_gap(tracked.values)[far])


@pytest.mark.parametrize("lowest", [0.2, 0.3])
def test_a_wrong_alignment_seals_nothing(lowest):
    tracked = clip(lowest)
    np.testing.assert_allclose(seal_lips(tracked).values, tracked.values, atol=1e-6)
