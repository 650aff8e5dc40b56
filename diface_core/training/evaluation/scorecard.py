"""The columns of the tables: what is measured of every method, and how it is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...types import FloatArray
from .. import metrics
from ..corpora import Clip
from ..metrics import closures
from ..metrics.measure import Measure


@dataclass(frozen=True)
class Judged:
    """What a method made of the clips, face weights (T, 52) each, and the clips with the truth."""

    ours: list[FloatArray]
    clips: list[Clip]

    @property
    def truth(self) -> list[FloatArray]:
        return [clip.values for clip in self.clips]

    @property
    def spoken(self) -> list[tuple[closures.Phone, ...]]:
        return [clip.phones for clip in self.clips]

    def known(self) -> tuple[list[FloatArray], list[FloatArray]]:
        """Both with the channels at rest that the corpus does not know: on a mesh they would count as errors."""
        sides = (self.ours, self.truth)
        ours, truth = ([metrics.known_only(v, c.known) for v, c in zip(s, self.clips, strict=True)] for s in sides)
        return ours, truth


@dataclass(frozen=True)
class Column:
    """One measure: its heading, how it comes about, and how many digits of `factor` times it are worth writing."""

    heading: str
    measure: Callable[[Judged], Measure]
    digits: int = 3
    factor: float = 1.0
    needs: Callable[[list[Clip]], bool] = field(default=lambda clips: True)

    def cell(self, judged: Judged) -> str:
        """The figure and its interval; nothing where there is none, or where clips cannot tell."""
        return written(self.measure(judged), self.digits, self.factor) if self.needs(judged.clips) else ""


def written(measure: Measure, digits: int, factor: float = 1.0) -> str:
    """ "0.93 (0.92 to 0.94)": the figure, and its 95% interval over clips where there is one."""
    value, ends = factor * measure.value, factor * np.array(measure.interval())
    if not np.isfinite(value):
        return ""
    figure = _rounded(value, digits)
    if not np.isfinite(ends).all():
        return figure
    return f"{figure} ({_rounded(ends[0], digits)} to {_rounded(ends[1], digits)})"


def _rounded(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text if float(text) else text.removeprefix("-")


def table(columns: list[Column], rows: dict[str, Judged]) -> str:
    """Markdown, one row a method; columns that no clip can fill are left out."""
    some = next(iter(rows.values())).clips
    columns = [column for column in columns if column.needs(some)]
    lines = ["| | " + " | ".join(column.heading for column in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, judged in rows.items():
        lines.append(f"| {name} | " + " | ".join(column.cell(judged) for column in columns) + " |")
    return "\n".join(lines) if columns else ""


# --- which -----------------------------------------------------------------------------------------------------------


def _r(channel: str) -> Callable[[Judged], Measure]:
    def measure(judged: Judged) -> Measure:
        sides = (judged.ours, judged.truth)
        return metrics.pooled(*([metrics.column(v, channel) for v in some] for some in sides))

    return measure


def _apertures(judged: Judged) -> tuple[list[FloatArray], list[FloatArray]]:
    ours, truth = ([metrics.aperture(v) for v in some] for some in (judged.ours, judged.truth))
    return ours, truth


def _have_phones(clips: list[Clip]) -> bool:
    return any(clip.phones for clip in clips)


def _have_one_length(clips: list[Clip]) -> bool:
    return len({len(clip.values) for clip in clips}) == 1 < len(clips)


def _know_the_brows(clips: list[Clip]) -> bool:
    return all(any(clip.known[i] for i in metrics.BROWS) for clip in clips)


TRACKS = [
    Column("jawOpen r", _r("jawOpen")),
    Column("mouthFunnel r", _r("mouthFunnel")),
    Column("mouthPucker r", _r("mouthPucker")),
    Column("aperture r", lambda j: metrics.pooled(*_apertures(j))),
    Column("aperture r_res", lambda j: metrics.residual(*_apertures(j)), needs=_have_one_length),
    Column("late by ms", lambda j: metrics.lateness(*_apertures(j)), 0),
    Column("jitter ratio", lambda j: metrics.restlessness(*_apertures(j)), 2),
]
"""Weights against the truth's weights."""


def _at(
    track: Callable[[FloatArray], FloatArray], judged: Judged, kind: closures.IsKind, narrow: bool = True
) -> list[FloatArray]:
    return closures.per_phone([track(v) for v in judged.ours], judged.spoken, kind, narrow)


def _nearer(track: Callable[[FloatArray], FloatArray], kind: closures.IsKind) -> Callable[[Judged], Measure]:
    """By how much less the track goes down on phones of a kind than on others; m, b, p, which shut, are neither."""

    def other(label: str) -> bool:
        return not kind(label) and not closures.is_labial(label)

    return lambda judged: closures.contrast(_at(track, judged, other), _at(track, judged, kind))


def _shut(kind: closures.IsKind) -> Callable[[Judged], Measure]:
    return lambda judged: closures.share_below(_at(metrics.lip_gap, judged, kind), closures.SHUT)


def _no_labial(label: str) -> bool:
    return not closures.is_labial(label)


def _widest(judged: Judged) -> Measure:
    return closures.mean_of(_at(metrics.lip_gap, judged, closures.is_open, narrow=False))


PHONES = [
    Column("m b p closed %", lambda j: closures.closed(_apertures(j)[0], j.spoken), 0, 100, _have_phones),
    Column("lift", lambda j: closures.lift(_apertures(j)[0], j.spoken), 0, 100, _have_phones),
    Column("m b p within 0.5 mm %", _shut(closures.is_labial), 0, 100, _have_phones),
    Column("others %", _shut(_no_labial), 0, 100, _have_phones),
    Column("f v nearer the teeth, mm", _nearer(metrics.lip_to_teeth, closures.is_labiodental), 2, 1, _have_phones),
    Column("round sounds narrower, mm", _nearer(metrics.mouth_width, closures.is_round), 2, 1, _have_phones),
    Column("widest on open vowels, mm", _widest, 1, 1, _have_phones),
]
"""What the mouth does on the phones that can be lip-read."""

MILLIMETRES = [
    Column("LVE", lambda j: metrics.lip_vertex_error(*j.known()), 2),
    Column("mean vertex error", lambda j: metrics.mean_vertex_error(*j.known()), 2),
    Column("FDD", lambda j: metrics.upper_face_dynamics_deviation(*j.known()), 3, needs=_know_the_brows),
    Column("DTW lip distance", lambda j: metrics.dtw_lip_distance(*j.known()), 2),
]
"""Errors on the bundled head."""
