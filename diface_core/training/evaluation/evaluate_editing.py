"""`python -m diface_core.training.evaluation.evaluate_editing SOUND ... [--data ../shared/data]`: smoothness of edits.

Compares the borders of regenerated segments and the surroundings of pins with recorded faces and heads (GRID's held-out
clips, natural head tracks), and with pasted motion.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ... import channels
from ...generate import Generator
from ...types import MODEL_RATE, AudioSection, Constraints, Float32Array, GenerateRequest, Layers, Pins
from .. import corpora
from ..head import head_tracks

Float64Array = npt.NDArray[np.float64]

ORDERS = {1: "speed", 2: "acceleration", 3: "jerk"}
NATURAL_QUANTILE = 0.999
"""Recorded motion is below the natural bound in this fraction of its rows."""
SEGMENT_ROWS, SEGMENT_SPACING = 45, 75
"""Rows of a regenerated segment, and from the beginning of one to the next."""
PIN_OFFSETS = {
    "head_rx": np.radians(6),
    "head_rz": np.radians(6),
    "jawOpen": 0.5,
    "browInnerUp": 0.5,
    "mouthSmileLeft": 0.4,
}
"""Offsets of the pins from the existing motion."""
SHUT_GAP, OPEN_GAP = 0.01, 0.08
"""jawOpen - mouthClose at which lips are closed, and clearly open."""


@dataclass(frozen=True)
class NaturalBounds:
    """Per order of difference the bound (C,) that recorded motion rarely exceeds, NaN: not recorded."""

    bounds: dict[int, Float64Array]

    @classmethod
    def measure(cls, data: Path) -> NaturalBounds:
        """Measure the bounds on GRID's held-out clips and on all head tracks."""
        clips = [clip for clip in corpora.read_corpus("grid", data / "grid_s1").clips if corpora.is_held_out(clip)]
        heads = [rotation for rotation, _ in head_tracks.load_tracks(data / "head_tracks").values()]
        bounds = {}
        for order in ORDERS:
            face = np.concatenate([np.abs(np.diff(clip.values, order, axis=0)) for clip in clips])
            head = np.concatenate([np.abs(np.diff(rotation, order, axis=0)) for rotation in heads])
            found = np.concatenate(
                [np.quantile(face, NATURAL_QUANTILE, axis=0), np.quantile(head, NATURAL_QUANTILE, axis=0)]
            )
            bounds[order] = np.where(found > 1e-3, found, np.nan)
        return cls(bounds)

    def exceedance(self, values: Float32Array, order: int, rows: slice) -> Float64Array:
        """Return differences at some rows over the bound: (n, C), without unknown channels."""
        ratio = np.abs(np.diff(values, order, axis=0))[rows] / self.bounds[order]
        return ratio[:, ~np.isnan(self.bounds[order])]


class Editor:
    """A generator of motions and edits for one sound."""

    def __init__(self, generator: Generator, sound: Path) -> None:
        self._generator = generator
        none = Layers(None, None, None, None)
        self._request = GenerateRequest(AudioSection(sound), rate=MODEL_RATE, layers=none)

    def generate(self, seed: int, constraints: Constraints | None = None) -> Float32Array:
        """Generate a motion, optionally with constraints."""
        request = dataclasses.replace(self._request, seed=seed, constraints=constraints)
        return self._generator.generate(request, lambda progress: None).motion.values


def regenerated_segments(rows: int) -> Iterator[tuple[int, int]]:
    """Yield segments to regenerate, distributed over a motion."""
    for first in range(SEGMENT_SPACING, rows - SEGMENT_SPACING, SEGMENT_SPACING + SEGMENT_ROWS):
        yield first, first + SEGMENT_ROWS


def border_exceedance(editor: Editor, natural: NaturalBounds, seeds: int) -> dict[str, dict[int, Float64Array]]:
    """Return differences across borders over the natural bound: as edited, pasted, and in the take itself."""
    found: dict[str, dict[int, list[Float64Array]]] = {}
    for seed in range(seeds):
        base, other = editor.generate(seed), editor.generate(seed + 1000)
        keep = np.ones(base.shape, bool)
        for first, last in regenerated_segments(len(base)):
            keep[first:last] = False
        edited = editor.generate(seed + 1000, Constraints(base, keep))
        pasted = np.where(keep, base, other)
        for order in ORDERS:
            for first, last in regenerated_segments(len(base)):
                for border in (first, last):
                    rows = slice(border - order, border)
                    for name, values in (("in-between", edited), ("pasted", pasted)):
                        over = natural.exceedance(values, order, rows)
                        found.setdefault(name, {}).setdefault(order, []).append(over)
            anywhere = natural.exceedance(base, order, slice(None))
            found.setdefault("the take itself, anywhere", {}).setdefault(order, []).append(anywhere)
    return {name: {o: np.concatenate(some) for o, some in orders.items()} for name, orders in found.items()}


def pin_exceedance(
    editor: Editor, natural: NaturalBounds, seeds: int, falloff: float
) -> dict[str, dict[int, Float64Array]]:
    """Return differences within the falloff of pins over the natural bound: regenerated, and with only keys changed."""
    found: dict[str, dict[int, list[Float64Array]]] = {"regenerated": {}, "pasted": {}}
    for seed in range(seeds):
        base = editor.generate(seed)
        edited, pasted, pinned = _edit_with_pins(editor, base, seed, falloff)
        for row in pinned:
            rows = slice(row - 3 - int(falloff), row + int(falloff))
            for order in ORDERS:
                found["regenerated"].setdefault(order, []).append(natural.exceedance(edited, order, rows))
                found["pasted"].setdefault(order, []).append(natural.exceedance(pasted, order, rows))
    return {name: {o: np.concatenate(some) for o, some in orders.items()} for name, orders in found.items()}


def _edit_with_pins(
    editor: Editor, base: Float32Array, seed: int, falloff: float
) -> tuple[Float32Array, Float32Array, list[int]]:
    columns = [channels.ALL.index(name) for name in PIN_OFFSETS]
    rows = list(range(SEGMENT_SPACING, len(base) - SEGMENT_SPACING, SEGMENT_SPACING))
    keep, pasted = np.ones(base.shape, bool), base.copy()
    for row in rows:
        keep[row - 30 : row + 31] = False
        pasted[row, columns] += np.array(list(PIN_OFFSETS.values()), np.float32)
    at, channel = np.repeat(rows, len(columns)).astype(float), np.tile(columns, len(rows)).astype(np.int32)
    pins = Pins(at, channel, pasted[np.repeat(rows, len(columns)), channel])
    return editor.generate(seed, Constraints(base, keep, pins, falloff)), pasted, rows


def count_closures(editor: Editor, seeds: int, falloff: float) -> tuple[int, int]:
    """Return how often lips closed three to eight rows after a jaw pinned open, and the number of cases."""
    shut = times = 0
    jaw, close = (channels.ALL.index(name) for name in ("jawOpen", "mouthClose"))
    for seed in range(seeds):
        base = editor.generate(seed)
        gap = base[:, jaw] - base[:, close]
        for row in range(40, len(base) - 40):
            before = row - 3 - row % 6
            if not (gap[row] < SHUT_GAP and gap[row - 1] >= SHUT_GAP and gap[before] > OPEN_GAP):
                continue
            keep = np.ones(base.shape, bool)
            keep[row - 30 : row + 31] = False
            pins = Pins(np.array([float(before)]), np.array([jaw], np.int32), np.array([0.8], np.float32))
            edited = editor.generate(seed, Constraints(base, keep, pins, falloff))
            times += 1
            shut += bool((edited[row : row + 3, jaw] - edited[row : row + 3, close]).min() < 2 * SHUT_GAP)
    return shut, times


def table(results: dict[str, dict[int, Float64Array]]) -> list[str]:
    """Format as Markdown: share of differences above the natural bound, and the 99.9th percentile over it."""
    lines = [
        f"| | {' | '.join(f'{name}: rarer, %; 99.9% quantile' for name in ORDERS.values())} |",
        "|---|---|---|---|",
    ]
    for name, orders in results.items():
        cells = [
            f"{100 * (over > 1).mean():.2f}; {np.quantile(over, NATURAL_QUANTILE):.2f}" for over in orders.values()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.evaluate_editing", description=__doc__
    )
    parser.add_argument("sounds", nargs="+", type=Path, help="speech")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the corpora (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=10, help="takes of each sound (default: 10)")
    options = parser.parse_args()
    natural, generator = NaturalBounds.measure(options.data), Generator.load()
    for sound in options.sounds:
        editor = Editor(generator, sound)
        print(f"\n### {sound.stem}: borders of segments of {SEGMENT_ROWS / MODEL_RATE.value:.1f} s\n")
        print("\n".join(table(border_exceedance(editor, natural, options.seeds))))
        for pull in (4.0, 8.0):
            print(f"\n### {sound.stem}: around pins, falloff {pull:g} rows\n")
            print("\n".join(table(pin_exceedance(editor, natural, options.seeds, pull))))
        shut, times = count_closures(editor, min(options.seeds, 3), 8.0)
        print(f"\nLips shut within a few rows of a jaw pinned open: {shut} of {times}.")


if __name__ == "__main__":
    main()
