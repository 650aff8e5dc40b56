"""Where the takes of the bundled face differ between seeds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from diface_core import channels
from diface_core.generate import Generator
from diface_core.types import FIRST_SAMPLER, SAMPLER, AudioSection, GenerateRequest, Layers

pytestmark = pytest.mark.slow

MOUTH = [column for column, name in enumerate(channels.FACE) if name.startswith(("jaw", "mouth", "tongue"))]
BROWS = [column for column, name in enumerate(channels.FACE) if name.startswith("brow")]


def test_seeds_change_the_brows_and_hardly_the_mouth(speech, asset):
    """Against takes of the first sampler, whose mouths differ as freely as their brows."""
    generator = Generator.load()
    base = GenerateRequest(AudioSection(speech, 0.0, 6.0), ("face",), layers=Layers(None, None, None, None))

    def spread(sampler: int) -> np.ndarray:
        request = dataclasses.replace(base, sampler=sampler)
        takes = [
            generator.generate(dataclasses.replace(request, seed=seed), lambda progress: None).motion.values
            for seed in range(4)
        ]
        return np.std(takes, axis=0).mean(axis=0)

    old, new = spread(FIRST_SAMPLER), spread(SAMPLER)
    assert 0 < new[MOUTH].mean() < 0.5 * old[MOUTH].mean()
    assert new[BROWS].mean() > 0.8 * old[BROWS].mean()
