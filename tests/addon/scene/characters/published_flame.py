"""Write a FLAME pickle in the published format, without scipy."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np


class csc_matrix:  # noqa: N801
    """Substitute that is pickled like scipy's class."""

    def __init__(self, dense: np.ndarray) -> None:
        columns, rows = np.nonzero(dense.T)
        self._shape, self.maxprint, self.data = dense.shape, 50, dense[rows, columns]
        self.indices = rows.astype(np.int32)
        self.indptr = np.searchsorted(columns, np.arange(dense.shape[1] + 1)).astype(np.int32)


def pickled(reference: Path) -> bytes:
    """Pickle the reference FLAME (.npz) with the published names, and 300 random identities and 100 expressions."""
    with np.load(reference) as held:
        arrays = {name: held[name] for name in held.files}
    waves = np.random.default_rng(3).normal(0, 20, (400, 3)).astype(np.float32)
    swing = np.sin(arrays["v_template"] @ waves.T)
    content = {
        "v_template": arrays["v_template"],
        "f": arrays["faces"].astype(np.uint32),
        "shapedirs": swing[:, None] * np.random.default_rng(4).normal(0, 3e-4, (3, 400)).astype(np.float32),
        "posedirs": arrays["posedirs"],
        "J_regressor": csc_matrix(arrays["J_regressor"]),
        "weights": arrays["weights"],
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], range(5)], np.uint32),
        "bs_type": "lrotmin",
    }
    parts = {name: ModuleType(name) for name in ("scipy", "scipy.sparse", "scipy.sparse.csc")}
    parts["scipy.sparse.csc"].csc_matrix = csc_matrix
    with mock.patch.dict(sys.modules, parts), mock.patch.object(csc_matrix, "__module__", "scipy.sparse.csc"):
        return pickle.dumps(content, protocol=2)
