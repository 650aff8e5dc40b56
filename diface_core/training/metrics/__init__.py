"""Measures of speech motion, most of them against a tracked truth, each with its interval over clips."""

from __future__ import annotations

from .correlation import correlation, pooled_correlation, pooled_residual_correlation, residual_correlation
from .diversity import seed_spread, seed_spread_by_part
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
from .lip_closures import closure_rates, pooled_closure_lift, pooled_closure_rate
from .measure import Measure, mean_measure
from .timing import jitter, pooled_jitter, pooled_sync_offset, sync_offset
from .tracks import BROWS, PAUSE_LABELS, aperture, column, known_only, phone_rows

__all__ = [
    "BROWS",
    "PAUSE_LABELS",
    "Measure",
    "aperture",
    "closure_rates",
    "column",
    "correlation",
    "dtw_lip_distance",
    "jitter",
    "known_only",
    "lip_gap",
    "lip_speed",
    "lip_to_teeth",
    "lip_vertex_error",
    "mean_measure",
    "mean_vertex_error",
    "mouth_width",
    "phone_rows",
    "pooled_closure_lift",
    "pooled_closure_rate",
    "pooled_correlation",
    "pooled_jitter",
    "pooled_residual_correlation",
    "pooled_sync_offset",
    "residual_correlation",
    "seed_spread",
    "seed_spread_by_part",
    "sync_offset",
    "upper_face_dynamics_deviation",
]  # fmt: skip
