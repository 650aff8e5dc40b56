"""Graphs of a result, axis by axis, with the kept frames of an edit marked. Needs matplotlib."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DifaceError
from ...types import MODEL_RATE, Float32Array
from .results import ThreeDifaceResult, write_output
from .source_frames import REGENERATED, SourceFrames, regenerated_ranges

UPPER_LIP, LOWER_LIP = 3531, 3504
"""FLAME's vertices in the middle of the lip edges."""

MIN_PLOT_RANGE = 0.02
"""Minimum height of a plot in degrees or millimetres, so that rounding does not look like motion."""

RESULT_COLOUR, ORIGINAL_COLOUR, SWAPPED_COLOUR, REGENERATED_COLOUR = "#1f5fa8", "#9a9a9a", "#c2410c", "#e8f0fa"


@dataclass(frozen=True)
class Curve:
    """One plot: values (T,) of the result and, for an edit, (T',) of the edited motion."""

    part: str
    name: str
    result: Float32Array
    original: Float32Array | None


def check_matplotlib() -> None:
    """Raise DifaceError if matplotlib is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        hint = "Install it (pip install matplotlib), or give --graph_vis false."
        raise DifaceError("graph_vis needs matplotlib, which is not installed.", hint)


def draw_graph(
    path: Path,
    title: str,
    result: ThreeDifaceResult,
    original: ThreeDifaceResult | None,
    source_frames: dict[str, SourceFrames],
) -> None:
    """Write a .png with a plot for every axis: three of the head, three of the lower lip, and the lip distance.

    Kept frames are dots, those kept from another time are labelled with it, and regenerated ranges are tinted.

    Args:
        path: The image.
        title: Its title.
        result: The result.
        original: The edited motion; None without an edit.
        source_frames: For each part the edited frame that is kept at each row.
    """
    from matplotlib.figure import Figure

    axes = _curves(result, original)
    figure = Figure(figsize=(14, 1.7 * len(axes) + 0.9), layout="constrained")
    plots = figure.subplots(len(axes), 1, sharex=True, squeeze=False)[:, 0]
    for plot, axis in zip(plots, axes, strict=True):
        _plot(plot, axis, source_frames[axis.part])
    plots[-1].set_xlabel(f"frame, {MODEL_RATE.value:g} a second")
    plots[-1].set_xlim(-0.005 * len(result), 1.005 * len(result))
    figure.suptitle(title, fontsize=12)
    handles = {label: handle for plot in plots for handle, label in zip(*plot.get_legend_handles_labels(), strict=True)}
    if len(handles) > 1:
        figure.legend(handles.values(), handles.keys(), loc="outside lower right", ncols=len(handles), frameon=False)
    with write_output(path) as draft:
        figure.savefig(draft, dpi=110, format="png")


def _curves(result: ThreeDifaceResult, original: ThreeDifaceResult | None) -> list[Curve]:
    plots = []
    for part, curves in (("head", _head_curves), ("face", _face_curves)):
        values = result.part(part)
        if values is not None:
            before = original.part(part) if original else None
            origin = values if before is None else before
            old = {} if before is None else curves(before, origin)
            plots += [Curve(part, name, curve, old.get(name)) for name, curve in curves(values, origin).items()]
    return plots


def _head_curves(pose: Float32Array, origin: Float32Array) -> dict[str, Float32Array]:
    names = ("x, nod", "y, turn", "z, tilt")
    return {f"head {name}\n(degrees)": np.degrees(pose[:, column]) for column, name in enumerate(names)}


def _face_curves(vertices: Float32Array, origin: Float32Array) -> dict[str, Float32Array]:
    """Return curves in millimetres; the lip's position is relative to its mean in `origin`."""
    lip = 1000 * (vertices[:, LOWER_LIP] - origin[:, LOWER_LIP].mean(0))
    gap = 1000 * np.linalg.norm(vertices[:, UPPER_LIP] - vertices[:, LOWER_LIP], axis=-1)
    axes = {f"lower lip {name}\n(mm)": lip[:, column] for column, name in enumerate("xyz")}
    return {"lip distance\n(mm)": gap, **axes}


def _plot(plot: Any, axis: Curve, source: SourceFrames) -> None:
    kept = np.flatnonzero(source != REGENERATED)
    swapped = kept[source[kept] != kept]
    pinned = kept[source[kept] == kept]
    if len(kept) > len(source) // 4:  # with many kept frames, tint the regenerated ranges instead of drawing dots
        for number, (first, end) in enumerate(regenerated_ranges(source)):
            label = None if number else "regenerated"
            plot.axvspan(first - 0.5, end - 0.5, color=REGENERATED_COLOUR, lw=0, label=label)
        pinned = pinned[:0]
    if axis.original is not None:
        plot.plot(axis.original, color=ORIGINAL_COLOUR, lw=1, ls="--", label="original")
    plot.plot(axis.result, color=RESULT_COLOUR, lw=1.4, label="result")
    if len(pinned):
        plot.plot(pinned, axis.result[pinned], "o", color=RESULT_COLOUR, ms=6, mec="white", label="kept")
    if len(swapped):
        plot.plot(
            swapped, axis.result[swapped], "D", color=SWAPPED_COLOUR, ms=6, mec="white", label="kept from another frame"
        )
    for row in swapped:
        plot.annotate(f"from {source[row]}", (row, axis.result[row]), xytext=(5, 5), textcoords="offset points",
                      color=SWAPPED_COLOUR, fontsize=8, bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
    plot.set_ylabel(axis.name, fontsize=9)
    plot.grid(axis="y", color="#e5e5e5", lw=0.7)
    plot.spines[["top", "right"]].set_visible(False)
    plot.margins(y=0.15)
    low, high = plot.get_ylim()
    if high - low < MIN_PLOT_RANGE:
        plot.set_ylim((low + high - MIN_PLOT_RANGE) / 2, (low + high + MIN_PLOT_RANGE) / 2)
