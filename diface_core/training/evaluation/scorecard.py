"""The columns of the tables: what is measured of every method, and how it is formatted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...faces.lip_geometry import SHUT_GAP_MM
from ...types import Float32Array
from .. import metrics
from ..corpora import Clip
from ..metrics import lip_closures
from ..metrics.measure import Measure


@dataclass(frozen=True)
class Predictions:
    """A method's face weights (T, 52) per clip, and the clips with the truth."""

    predicted: list[Float32Array]
    clips: list[Clip]

    @property
    def truth(self) -> list[Float32Array]:
        """Return the tracked face weights (T, 52) per clip."""
        return [clip.values for clip in self.clips]

    @property
    def phones_by_clip(self) -> list[tuple[lip_closures.Phone, ...]]:
        """Return the phones per clip."""
        return [clip.phones for clip in self.clips]

    def with_known_only(self) -> tuple[list[Float32Array], list[Float32Array]]:
        """Return predictions and truth with unknown channels at rest: on a mesh they would count as errors."""
        sides = (self.predicted, self.truth)
        ours, truth = ([metrics.known_only(v, c.known) for v, c in zip(s, self.clips, strict=True)] for s in sides)
        return ours, truth


@dataclass(frozen=True)
class Column:
    """One measure: its heading, its function, and the number of digits of `factor` times its value."""

    heading: str
    measure: Callable[[Predictions], Measure]
    digits: int = 3
    factor: float = 1.0
    is_available: Callable[[list[Clip]], bool] = field(default=lambda clips: True)

    def cell(self, predictions: Predictions) -> str:
        """Return the figure and its interval; empty if undefined or if the clips lack the data."""
        return (
            format_measure(self.measure(predictions), self.digits, self.factor)
            if self.is_available(predictions.clips)
            else ""
        )


def format_measure(measure: Measure, digits: int, factor: float = 1.0) -> str:
    """Format as "0.93 (0.92 to 0.94)": the figure, and its 95% interval over clips if defined."""
    value, ends = factor * measure.value, factor * np.array(measure.interval())
    if not np.isfinite(value):
        return ""
    figure = _format_rounded(value, digits)
    if not np.isfinite(ends).all():
        return figure
    return f"{figure} ({_format_rounded(ends[0], digits)} to {_format_rounded(ends[1], digits)})"


def _format_rounded(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text if float(text) else text.removeprefix("-")


def table(columns: list[Column], rows: dict[str, Predictions]) -> str:
    """Format as Markdown, one row per method; columns without data are left out."""
    some = next(iter(rows.values())).clips
    columns = [column for column in columns if column.is_available(some)]
    lines = ["| | " + " | ".join(column.heading for column in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, judged in rows.items():
        lines.append(f"| {name} | " + " | ".join(column.cell(judged) for column in columns) + " |")
    return "\n".join(lines) if columns else ""


# --- columns ---------------------------------------------------------------------------------------------------------


def _channel_correlation(channel: str) -> Callable[[Predictions], Measure]:
    def measure(judged: Predictions) -> Measure:
        sides = (judged.predicted, judged.truth)
        return metrics.pooled_correlation(*([metrics.column(v, channel) for v in some] for some in sides))

    return measure


def _apertures(predictions: Predictions) -> tuple[list[Float32Array], list[Float32Array]]:
    ours, truth = ([metrics.aperture(v) for v in some] for some in (predictions.predicted, predictions.truth))
    return ours, truth


def _have_phones(clips: list[Clip]) -> bool:
    return any(clip.phones for clip in clips)


def _have_equal_lengths(clips: list[Clip]) -> bool:
    return len({len(clip.values) for clip in clips}) == 1 < len(clips)


def _have_known_brows(clips: list[Clip]) -> bool:
    return all(any(clip.known[i] for i in metrics.BROWS) for clip in clips)


TRACKS = [
    Column("jawOpen r", _channel_correlation("jawOpen")),
    Column("mouthFunnel r", _channel_correlation("mouthFunnel")),
    Column("mouthPucker r", _channel_correlation("mouthPucker")),
    Column("aperture r", lambda j: metrics.pooled_correlation(*_apertures(j))),
    Column(
        "aperture r_res",
        lambda j: metrics.pooled_residual_correlation(*_apertures(j)),
        is_available=_have_equal_lengths,
    ),
    Column("late by ms", lambda j: metrics.pooled_sync_offset(*_apertures(j)), 0),
    Column("jitter ratio", lambda j: metrics.pooled_jitter(*_apertures(j)), 2),
]
"""Weights compared with the truth's weights."""


def _phone_extremes(
    track: Callable[[Float32Array], Float32Array],
    predictions: Predictions,
    kind: lip_closures.PhonePredicate,
    narrow: bool = True,
) -> list[Float32Array]:
    return lip_closures.phone_extremes(
        [track(v) for v in predictions.predicted], predictions.phones_by_clip, kind, narrow
    )


def _contrast_with_others(
    track: Callable[[Float32Array], Float32Array], kind: lip_closures.PhonePredicate
) -> Callable[[Predictions], Measure]:
    """Measure how much less the track drops on phones of a kind than on others; m, b, p count as neither."""

    def other(label: str) -> bool:
        return not kind(label) and not lip_closures.is_labial(label)

    return lambda judged: lip_closures.pooled_contrast(
        _phone_extremes(track, judged, other), _phone_extremes(track, judged, kind)
    )


def _share_shut(kind: lip_closures.PhonePredicate) -> Callable[[Predictions], Measure]:
    return lambda judged: lip_closures.pooled_share_below(_phone_extremes(metrics.lip_gap, judged, kind), SHUT_GAP_MM)


def _is_not_labial(label: str) -> bool:
    return not lip_closures.is_labial(label)


def _widest_gap(predictions: Predictions) -> Measure:
    return lip_closures.pooled_mean(_phone_extremes(metrics.lip_gap, predictions, lip_closures.is_open, narrow=False))


PHONES = [
    Column(
        "m b p closed %",
        lambda j: lip_closures.pooled_closure_rate(_apertures(j)[0], j.phones_by_clip),
        0,
        100,
        _have_phones,
    ),
    Column(
        "lift", lambda j: lip_closures.pooled_closure_lift(_apertures(j)[0], j.phones_by_clip), 0, 100, _have_phones
    ),
    Column("m b p within 0.5 mm %", _share_shut(lip_closures.is_labial), 0, 100, _have_phones),
    Column("others %", _share_shut(_is_not_labial), 0, 100, _have_phones),
    Column(
        "f v nearer the teeth, mm",
        _contrast_with_others(metrics.lip_to_teeth, lip_closures.is_labiodental),
        2,
        1,
        _have_phones,
    ),
    Column(
        "round sounds narrower, mm",
        _contrast_with_others(metrics.mouth_width, lip_closures.is_round),
        2,
        1,
        _have_phones,
    ),
    Column("widest on open vowels, mm", _widest_gap, 1, 1, _have_phones),
]
"""Mouth shapes on the phones that can be lip-read."""


def _speech_lip_intensity(judged: Predictions) -> Measure:
    sounds, speakers = ([getattr(clip, name) for clip in judged.clips] for name in ("samples", "speaker"))
    return metrics.speech_lip_intensity_correlation(judged.predicted, sounds, speakers)


TIMING = [
    Column("misaligned ms", lambda j: metrics.mean_temporal_misalignment(j.predicted, j.truth), 0),
    Column(
        "contact apex within a frame %",
        lambda j: metrics.contact_apex_within_a_frame(j.predicted, j.truth, j.phones_by_clip),
        0,
        100,
        _have_phones,
    ),
    Column(
        "the same, not after a pause %",
        lambda j: metrics.contact_apex_within_a_frame(j.predicted, j.truth, j.phones_by_clip, after_pauses=False),
        0,
        100,
        _have_phones,
    ),
    Column(
        "contact lasts ms",
        lambda j: metrics.contact_duration(j.predicted, j.phones_by_clip),
        0,
        is_available=_have_phones,
    ),
    Column("false contact %", lambda j: metrics.false_contact(j.predicted, j.phones_by_clip), 0, 100, _have_phones),
    Column(
        "speech-lip intensity r", _speech_lip_intensity, 2, is_available=lambda clips: len(clips) >= metrics.MIN_CLIPS
    ),
]
"""When the lips move, when and how long they touch, and whether louder speech moves them more."""

MILLIMETRES = [
    Column("LVE", lambda j: metrics.lip_vertex_error(*j.with_known_only()), 2),
    Column("mean vertex error", lambda j: metrics.mean_vertex_error(*j.with_known_only()), 2),
    Column(
        "FDD", lambda j: metrics.upper_face_dynamics_deviation(*j.with_known_only()), 3, is_available=_have_known_brows
    ),
    Column("DTW lip distance", lambda j: metrics.dtw_lip_distance(*j.with_known_only()), 2),
]
"""Errors on the bundled head."""
