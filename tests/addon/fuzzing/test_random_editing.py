"""A short run of random editing; `python -m tests.addon.fuzzing.random_editing` runs longer ones."""

from __future__ import annotations

import pytest

from diface_addon.scene.pins import pins
from tests.addon.fuzzing import random_editing

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("seed", "several"), [(1, ""), (2, ""), (1, "parts"), (1, "poses"), (1, "bones"), (2, "bones"), (1, "lids")]
)
def test_random_edits_keep_the_invariants(worker, tmp_path, seed, several):
    fuzz = random_editing.run(seed, 60, tmp_path, several)
    assert sum(fuzz.done.values()) == 60
    assert any(fuzz.done[operation.__name__] - fuzz.refused[operation.__name__] for operation in random_editing.EDITS)


@pytest.mark.parametrize(
    ("several", "paths"),
    [
        ("parts", ("jawOpen", 'bones["Head"]')),
        ("poses", ("viseme_aa", 'bones["Head"]', 'bones["Neck"]')),
        ("bones", ("mouthPucker", 'bones["Head"]', 'bones["Jaw"]', 'bones["LeftEye"]')),
    ],
)
def test_keys_of_every_kind_are_edited(worker, tmp_path, several, paths):
    """The curves that operations choose from are of shapes, poses and bones."""
    fuzz = random_editing.Fuzz(1, tmp_path, several)
    curves = [curve.data_path for curve in pins.pinnable_fcurves(fuzz.character())]
    for name in paths:
        assert any(name in path for path in curves), name
    if several != "bones":
        assert sum(paths[0] in path for path in curves) == 2, "face and teeth"
