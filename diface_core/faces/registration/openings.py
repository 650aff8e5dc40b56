"""The line between the lips and the rims of the eyelids, as seen from the front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .front_view import EMPTY, HEIGHT, PIXEL, WIDTH, FrontView, column_of, pixel_centre, row_of

Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

MOUTH_AREA = (-0.036, 0.036, -0.052, -0.006)  # m: smallest and largest X, smallest and largest Z
MOUTH_PRIOR = 0.012  # m: expected distance of the mouth from its place on the bundled head
MOUTH_Z = -0.028  # m, on the bundled head
OFF_BREAK = 1.0  # cost of a column where the line is not on a break
STEP = 0.35  # cost of a row between neighbouring columns
MAX_STEP = 3  # rows
MAX_HOLE = 6  # columns without a break inside the line
MIN_WIDTH, MAX_WIDTH = 0.018, 0.068  # m
MAX_OPEN = 0.014  # m: largest distance between the lips at rest
DEEPER = 1e-3  # m: what is seen between parted lips lies this much behind them
LINE_POINTS = 17
EYE_BOX = (0.006, 0.062, 0.012, 0.062)  # m: smallest and largest X (of the left eye), smallest and largest Z
MIN_EYE_AREA, MAX_EYE_AREA = 2.5e-5, 1.2e-3  # m^2


@dataclass(frozen=True)
class SeenLine:
    """Points of a surface along a line of the view, from -X to +X: pixels `row`, `column` (N,)."""

    row: IntArray
    column: IntArray

    def points(self, view: FrontView) -> Float64Array:
        """Return their places (N, 3)."""
        flat = pixel_centre(self.row, self.column)
        return np.stack([flat[:, 0], view.depth[self.row, self.column], flat[:, 1]], axis=1)

    def even(self) -> SeenLine:
        """Return LINE_POINTS points evenly along the line."""
        run = np.r_[0.0, np.cumsum(np.hypot(np.diff(self.row), np.diff(self.column)))]
        chosen = np.searchsorted(run, np.linspace(0, run[-1], LINE_POINTS)).clip(0, len(run) - 1)
        return SeenLine(self.row[chosen], self.column[chosen])


@dataclass(frozen=True)
class Opening:
    """The edges of an opening, the upper one and the lower one."""

    upper: SeenLine
    lower: SeenLine


def find_mouth(view: FrontView, shift: tuple[float, float] = (0.0, 0.0)) -> Opening | None:
    """Return the lips' edges. None if the surface between the nose and the chin has no gap.

    Args:
        view: The view.
        shift: X and Z in m by which the mouth is expected beside its place on the bundled head.
    """
    left, right = (int(column_of(x + shift[0])) for x in MOUTH_AREA[:2])
    bottom, top = (int(row_of(z + shift[1])) for z in MOUTH_AREA[2:])
    breaks = view.breaks[bottom:top, left:right]
    rows = _cheapest_path(breaks)
    on_break = breaks[rows, np.arange(right - left)]
    first, last = _middle_run(on_break)
    if not MIN_WIDTH < (last - first) * PIXEL < MAX_WIDTH:
        return None
    column = np.arange(first, last + 1)[on_break[first : last + 1]]
    low, high = _parted(view, rows[column] + bottom, column + left)
    return Opening(SeenLine(high, column + left), SeenLine(low, column + left))


def _cheapest_path(breaks: BoolArray) -> IntArray:
    """Return the row of each column of the line that stays on breaks, near the expected height, without jumps."""
    height, width = breaks.shape
    z = MOUTH_AREA[2] + (np.arange(height) + 1) * PIXEL
    prior = 0.3 * ((z - MOUTH_Z) / MOUTH_PRIOR) ** 2
    cost, came = prior + OFF_BREAK * ~breaks[:, 0], np.zeros((height, width), np.int64)
    for column in range(1, width):
        padded = np.pad(cost, MAX_STEP, constant_values=np.inf)
        steps = np.stack([padded[k : k + height] + STEP * abs(k - MAX_STEP) for k in range(2 * MAX_STEP + 1)])
        best = steps.argmin(axis=0)
        came[:, column] = np.arange(height) + best - MAX_STEP
        cost = steps[best, np.arange(height)] + prior + OFF_BREAK * ~breaks[:, column]
    rows = np.empty(width, np.intp)
    rows[-1] = int(cost.argmin())
    for column in range(width - 1, 0, -1):
        rows[column - 1] = came[rows[column], column]
    return rows


def _middle_run(on_break: BoolArray) -> tuple[int, int]:
    """Return the first and the last column of the longest run on breaks, short holes included."""
    columns = np.flatnonzero(on_break)
    if not len(columns):
        return 0, 0
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > MAX_HOLE) + 1)
    longest = max(runs, key=len)
    return int(longest[0]), int(longest[-1])


def _parted(view: FrontView, row: IntArray, column: IntArray) -> tuple[IntArray, IntArray]:
    """Return the rows of the lower and of the upper lip's edge: apart where the mouth is open at rest."""
    low, high = row.copy(), row + 1
    most = round(MAX_OPEN / PIXEL)
    for number, (here, across) in enumerate(zip(row, column, strict=True)):
        ends = np.flatnonzero(view.breaks[:, across])
        ends = ends[np.abs(ends - here) <= most]
        for end in ends[ends > here]:
            if _is_behind(view, across, here + 1, end + 1, min(view.depth[here, across], view.depth[end + 1, across])):
                high[number] = end + 1
        for end in ends[ends < here]:
            if _is_behind(view, across, end + 1, here + 1, min(view.depth[end, across], view.depth[here + 1, across])):
                low[number] = end
    return low, high


def _is_behind(view: FrontView, column: int, start: int, end: int, front: float) -> bool:
    between = view.depth[start:end, column]
    return bool(np.isfinite(front) and (between > front + DEEPER).all())


def find_eye(view: FrontView, side: int, shift: tuple[float, float] = (0.0, 0.0)) -> Opening | None:
    """Return the lids' rims of the eye at `side` (+1 left, -1 right) of the face. None if no eye is seen there.

    Args:
        view: The view.
        side: See above.
        shift: X and Z in m by which the eye is expected beside its place on the bundled head.
    """
    left, right = sorted((side * EYE_BOX[0] + shift[0], side * EYE_BOX[1] + shift[0]))
    rows = slice(row_of(EYE_BOX[2] + shift[1]), row_of(EYE_BOX[3] + shift[1]))
    columns = slice(column_of(left), column_of(right))
    labels = _regions(view.breaks[rows, columns], view.side_breaks[rows, columns])
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    names, areas = np.unique(labels, return_counts=True)
    usable = (areas * PIXEL**2 > MIN_EYE_AREA) & (areas * PIXEL**2 < MAX_EYE_AREA) & ~np.isin(names, outside)
    if not usable.any():
        return None
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[rows, columns] = labels == names[usable][areas[usable].argmax()]
    across = np.flatnonzero(mask.any(axis=0))
    low = mask[:, across].argmax(axis=0) - 1
    high = HEIGHT - mask[::-1, across].argmax(axis=0)
    seen = (view.triangle[low, across] != EMPTY) & (view.triangle[high, across] != EMPTY)
    if seen.sum() < LINE_POINTS:
        return None
    return Opening(SeenLine(high[seen], across[seen]), SeenLine(low[seen], across[seen]))


def _regions(breaks: BoolArray, side_breaks: BoolArray) -> IntArray:
    """Return a label for each pixel of a window; pixels have one label where no break parts them."""
    height, width = breaks.shape
    labels = np.arange(height * width).reshape(height, width)
    up, across = ~breaks[: height - 1], ~side_breaks[:, : width - 1]
    while True:
        before = labels.copy()
        for one, other, open_way in ((labels[1:], labels[:-1], up), (labels[:, 1:], labels[:, :-1], across)):
            smaller = np.where(open_way, np.minimum(one, other), one)
            one[:] = smaller
            other[:] = np.where(open_way, np.minimum(one, other), other)
        labels = labels.ravel()[labels]
        if (labels == before).all():
            return labels
