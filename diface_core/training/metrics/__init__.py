"""Measures of speech motion, most of them against a tracked truth, each with its interval over clips."""

from __future__ import annotations

from ...faces.lip_geometry import lip_gap, lip_speed
from .contacts import contact_apex_within_a_frame, contact_duration, false_contact
from .correlation import correlation, pooled_correlation, pooled_residual_correlation, residual_correlation
from .diversity import seed_spread, seed_spread_by_part
from .geometry import (
    dtw_lip_distance,
    lip_to_teeth,
    lip_vertex_error,
    mean_vertex_error,
    mouth_width,
    upper_face_dynamics_deviation,
)
from .lip_closures import closure_rates, pooled_closure_lift, pooled_closure_rate
from .measure import Measure, mean_measure
from .misalignment import MIN_CLIPS, mean_temporal_misalignment, speech_lip_intensity_correlation
from .timing import jitter, pooled_jitter, pooled_sync_offset, sync_offset
from .tracks import BROWS, PAUSE_LABELS, aperture, column, known_only, phone_rows

__all__ = [
    "BROWS",
    "MIN_CLIPS",
    "PAUSE_LABELS",
    "Measure",
    "aperture",
    "closure_rates",
    "column",
    "contact_apex_within_a_frame",
    "contact_duration",
    "correlation",
    "dtw_lip_distance",
    "false_contact",
    "jitter",
    "known_only",
    "lip_gap",
    "lip_speed",
    "lip_to_teeth",
    "lip_vertex_error",
    "mean_measure",
    "mean_temporal_misalignment",
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
    "speech_lip_intensity_correlation",
    "sync_offset",
    "upper_face_dynamics_deviation",
]  # fmt: skip
