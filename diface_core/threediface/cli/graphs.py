"""Graphs of a result, axis by axis, with what stayed of an edit marked: by matplotlib, where that is installed."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DifaceError
from ...types import MODEL_RATE, Float32Array
from .results import ThreeDifaceResult, atomic_write
from .source_frames import REGENERATED, SourceFrames, regenerated_ranges

UPPER_LIP, LOWER_LIP = 3531, 3504
"""FLAME's vertices in the middle of the lips' edges."""

MIN_PLOT_RANGE = 0.02
"""Degrees or millimetres that a plot is high at least: rounding is not shown as motion."""

RESULT_COLOUR, GIVEN_COLOUR, SWAPPED_COLOUR, REGENERATED_COLOUR = "#1f5fa8", "#9a9a9a", "#c2410c", "#e8f0fa"


@dataclass(frozen=True)
class Curve:
    """One plot: values (T,) of the result and, if something was edited, (T',) of what was given."""

    part: str
    name: str
    result: Float32Array
    original: Float32Array | None


def check_matplotlib() -> None:
    """Raises DifaceError where matplotlib is missing."""
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
    """Write a .png with a plot for every axis: the head's three, the lower lip's three, and the lips' distance.

    sources: by part, which given frame stands where. Frames that stay are dots, those from elsewhere say from where,
    and what is made anew between others lies on a tinted ground.
    """
    from matplotlib.figure import Figure  # pyright: ignore[reportMissingImports]

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
    with atomic_write(path) as draft:
        figure.savefig(draft, dpi=110)


def _curves(result: ThreeDifaceResult, original: ThreeDifaceResult | None) -> list[Curve]:
    found = []
    for part, curves in (("head", _head_curves), ("face", _face_curves)):
        values = result.part(part)
        if values is not None:
            before = original.part(part) if original else None
            origin = values if before is None else before
            old = {} if before is None else curves(before, origin)
            found += [Curve(part, name, curve, old.get(name)) for name, curve in curves(values, origin).items()]
    return found


def _head_curves(pose: Float32Array, origin: Float32Array) -> dict[str, Float32Array]:
    names = ("x, nod", "y, turn", "z, tip")
    return {f"head {name}\n(degrees)": np.degrees(pose[:, column]) for column, name in enumerate(names)}


def _face_curves(vertices: Float32Array, origin: Float32Array) -> dict[str, Float32Array]:
    """Millimetres; the lip's place from its mean in `origin`."""
    lip = 1000 * (vertices[:, LOWER_LIP] - origin[:, LOWER_LIP].mean(0))
    gap = 1000 * np.linalg.norm(vertices[:, UPPER_LIP] - vertices[:, LOWER_LIP], axis=-1)
    axes = {f"lower lip {name}\n(mm)": lip[:, column] for column, name in enumerate("xyz")}
    return {"lips apart\n(mm)": gap, **axes}


def _plot(plot: Any, axis: Curve, source: SourceFrames) -> None:
    stays = np.flatnonzero(source != REGENERATED)
    swapped = stays[source[stays] != stays]
    pinned = stays[source[stays] == stays]
    if len(stays) > len(source) // 4:  # most stay: show what does not
        for number, (first, end) in enumerate(regenerated_ranges(source)):
            plot.axvspan(first - 0.5, end - 0.5, color=REGENERATED_COLOUR, lw=0, label=None if number else "made anew")
        pinned = pinned[:0]
    if axis.original is not None:
        plot.plot(axis.original, color=GIVEN_COLOUR, lw=1, ls="--", label="given")
    plot.plot(axis.result, color=RESULT_COLOUR, lw=1.4, label="result")
    if len(pinned):
        plot.plot(pinned, axis.result[pinned], "o", color=RESULT_COLOUR, ms=6, mec="white", label="kept")
    if len(swapped):
        plot.plot(
            swapped, axis.result[swapped], "D", color=SWAPPED_COLOUR, ms=6, mec="white", label="kept from another frame"
        )
    for place in swapped:
        plot.annotate(f"from {source[place]}", (place, axis.result[place]), xytext=(5, 5), textcoords="offset points",
                      color=SWAPPED_COLOUR, fontsize=8, bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
    plot.set_ylabel(axis.name, fontsize=9)
    plot.grid(axis="y", color="#e5e5e5", lw=0.7)
    plot.spines[["top", "right"]].set_visible(False)
    plot.margins(y=0.15)
    low, high = plot.get_ylim()
    if high - low < MIN_PLOT_RANGE:
        plot.set_ylim((low + high - MIN_PLOT_RANGE) / 2, (low + high + MIN_PLOT_RANGE) / 2)
