"""A short run of random editing; `python -m tests.addon.fuzzing.random_editing` runs longer ones."""

from __future__ import annotations

import pytest

from tests.addon.fuzzing import random_editing

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("seed", "several"), [(1, False), (2, False), (1, True)])
def test_random_edits_keep_the_invariants(worker, tmp_path, seed, several):
    fuzz = random_editing.run(seed, 60, tmp_path, several)
    assert sum(fuzz.done.values()) == 60
    assert any(fuzz.done[operation.__name__] - fuzz.refused[operation.__name__] for operation in random_editing.EDITS)
