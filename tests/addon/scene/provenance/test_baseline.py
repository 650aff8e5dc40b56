"""The stored baseline: its number of rows is known without reading its values."""

from __future__ import annotations

import bpy
import numpy as np

from diface_addon.scene.keys.write_keys import SampledCurve
from diface_addon.scene.provenance import baseline


def stored(rows: int) -> bpy.types.Action:
    action = bpy.data.actions.new("A")
    curve = SampledCurve('key_blocks["jawOpen"].value', 0, np.zeros(rows, np.float32))
    baseline.store(action, {"take": "t", "first_frame": 1}, {"KEY": [curve]})
    return action


def test_rows_are_those_of_the_longest_samples(scene) -> None:
    actions = [stored(20), stored(31), bpy.data.actions.new("without a baseline")]
    assert baseline.row_count(actions) == 31
    assert baseline.row_count(actions[2:]) == 0


def test_damaged_samples_have_no_rows(scene) -> None:
    action = stored(20)
    del action[baseline.SAMPLES]
    action[baseline.SAMPLES] = b"{damaged\0"
    assert baseline.row_count([action]) == 0
