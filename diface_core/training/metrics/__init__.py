"""Measures of speech motion, most of them against a tracked truth, each with its interval over clips."""

from __future__ import annotations

from .closures import closed, closure_rates, lift
from .correlation import correlation, pooled, residual, residual_correlation
from .diversity import by_part, spread
from .geometry import (
    dtw_lip_distance,
    lip_gap,
    lip_speed,
    lip_to_teeth,
    lip_vertex_error,
    mean_vertex_error,
    mouth_width,
    upper_face_dynamics_deviation,
)
from .measure import Measure, mean
from .timing import jitter, lateness, restlessness, sync_offset
from .tracks import BROWS, SILENT, aperture, column, known_only, rows_of

__all__ = [
    "BROWS", "SILENT", "Measure", "aperture", "by_part", "closed", "closure_rates", "column", "correlation",
    "dtw_lip_distance", "jitter", "known_only", "lateness", "lift", "lip_gap", "lip_speed", "lip_to_teeth",
    "lip_vertex_error", "mean", "mean_vertex_error", "mouth_width", "pooled", "residual", "residual_correlation",
    "restlessness", "rows_of", "spread", "sync_offset", "upper_face_dynamics_deviation",
]  # fmt: skip
