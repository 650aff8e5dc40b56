"""FLAME files in the published formats, built from the reference data with random bases."""

from __future__ import annotations

import io
import pickle
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import scipy.sparse

PUBLISHED_ROOT = 2**32 - 1
"""Parent index of the root joint in the published files."""


class Python2(pickle._Pickler):  # type: ignore[misc]
    """Pickler that writes bytes, text and numpy's module names as Python 2 did."""

    dispatch = dict(pickle._Pickler.dispatch)

    def _string(self, value: bytes | str) -> None:
        content = value.encode("latin1") if isinstance(value, str) else value
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    dispatch[bytes] = dispatch[str] = _string


def python_2(content: object) -> bytes:
    """Return a pickle as Python 2 wrote it."""
    file = io.BytesIO()
    Python2(file, protocol=2).dump(content)
    return file.getvalue()


def chumpy(monkeypatch: Any) -> ModuleType:
    """Install a substitute for chumpy whose arrays are pickled as chumpy's (mattloper/chumpy, ch.py)."""

    class Ch:
        def __init__(self, x):
            self.x, self._dirty_vars, self._itr, self._depends_on_deps = x, {"x"}, None, {"r": {"deps": ("x",)}}

    class Select:
        def __init__(self, a, idxs, preferred_shape):
            self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape

    class Add(Ch):
        pass

    module = ModuleType("chumpy")
    monkeypatch.setitem(sys.modules, "chumpy", module)
    for name, kind in (("ch", Ch), ("reordering", Select), ("ch_ops", Add)):
        part = ModuleType(f"chumpy.{name}")
        kind.__module__, kind.__qualname__ = part.__name__, kind.__name__
        setattr(part, kind.__name__, kind)
        setattr(module, name, part)
        monkeypatch.setitem(sys.modules, part.__name__, part)
    return module


def arrays(shared: Path) -> dict[str, np.ndarray]:
    """Return the reference FLAME's arrays as in the reference data."""
    with np.load(shared / "flame2023open.npz") as held:
        return {name: held[name] for name in held.files}


def published(shared: Path, shapes: int = 300, expressions: int = 100) -> dict[str, Any]:
    """Return the content of a published .pkl by its names. The bases are random: smooth, about a millimetre."""
    held = arrays(shared)
    waves = np.random.default_rng(3).normal(0, 20, (shapes + expressions, 3)).astype(np.float32)
    swing = np.sin(held["v_template"] @ waves.T + np.arange(len(waves), dtype=np.float32))
    ways = np.random.default_rng(4).normal(0, 1e-3, (3, len(waves))).astype(np.float32)
    return {
        "v_template": held["v_template"].astype(np.float64),
        "f": held["faces"].astype(np.uint32),
        "shapedirs": swing[:, None] * ways,
        "posedirs": held["posedirs"].astype(np.float64),
        "J_regressor": scipy.sparse.csc_matrix(held["J_regressor"].astype(np.float64)),
        "J": held["J_regressor"] @ held["v_template"],
        "weights": held["weights"].astype(np.float64),
        "kintree_table": np.array([[PUBLISHED_ROOT, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }
