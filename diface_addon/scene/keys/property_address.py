"""The address of an animated property, shared by keys, pins and stored baselines."""

from __future__ import annotations

import numpy as np

PropertyAddress = tuple[str, str, int]
"""Kind of data-block ('KEY', 'OBJECT'), RNA path in it, and array index."""
PointsByAddress = dict[PropertyAddress, np.ndarray]
"""Property -> its keys or pins, rows of (frame, value), shape (K, 2)."""
