"""How edits sit in their motion: `python -m diface_core.training.evaluation.evaluate_editing SOUND ... [--data ../shared/data]`.

Prints what happens at the borders of stretches that are made anew, and around pins, beside what recorded faces and
heads do (GRID's clips that are held out, natural head tracks), and beside what pasting would do.
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
from ...types import MODEL_RATE, AudioSection, Constraints, FloatArray, GenerateRequest, Layers, Pins
from .. import corpora
from ..head import head_tracks

Floats = npt.NDArray[np.float64]

ORDERS = {1: "speed", 2: "acceleration", 3: "jerk"}
RARE = 0.999
"""What recorded motion stays under in all but a thousandth of its rows counts as natural."""
LONG, APART = 45, 75
"""Rows of a stretch that is made anew, and from one to the next."""
PUSH = {"head_rx": np.radians(6), "head_rz": np.radians(6), "jawOpen": 0.5, "browInnerUp": 0.5, "mouthSmileLeft": 0.4}
"""How far pins are from the motion that was there."""
SHUT, OPEN = 0.01, 0.08
"""jawOpen - mouthClose at which lips are shut, and clearly open."""


@dataclass(frozen=True)
class Natural:
    """For each order of difference the value (C,) that recorded motion stays under but rarely, NaN: not recorded."""

    bounds: dict[int, Floats]

    @classmethod
    def of(cls, data: Path) -> Natural:
        """Of GRID's clips held out, and of all head tracks."""
        clips = [clip for clip in corpora.read("grid", data / "grid_s1").clips if corpora.held_out(clip)]
        heads = [rotation for rotation, _ in head_tracks.tracks(data / "head_tracks").values()]
        bounds = {}
        for order in ORDERS:
            face = np.concatenate([np.abs(np.diff(clip.values, order, axis=0)) for clip in clips])
            head = np.concatenate([np.abs(np.diff(rotation, order, axis=0)) for rotation in heads])
            found = np.concatenate([np.quantile(face, RARE, axis=0), np.quantile(head, RARE, axis=0)])
            bounds[order] = np.where(found > 1e-3, found, np.nan)
        return cls(bounds)

    def over(self, values: FloatArray, order: int, rows: slice) -> Floats:
        """Differences at some rows over the bound: (n, C), above 1 is rarer than RARE; without what is not known."""
        ratio = np.abs(np.diff(values, order, axis=0))[rows] / self.bounds[order]
        return ratio[:, ~np.isnan(self.bounds[order])]


class Editor:
    """Makes and edits motions of one sound."""

    def __init__(self, generator: Generator, sound: Path) -> None:
        self._generator = generator
        none = Layers(None, None, None)
        self._request = GenerateRequest(AudioSection(sound), rate=MODEL_RATE, layers=none)

    def make(self, seed: int, kept: Constraints | None = None) -> FloatArray:
        request = dataclasses.replace(self._request, seed=seed, constraints=kept)
        return self._generator.generate(request, lambda progress: None).motion.values


def stretches(rows: int) -> Iterator[tuple[int, int]]:
    """Stretches to be made anew, all over a motion."""
    for first in range(APART, rows - APART, APART + LONG):
        yield first, first + LONG


def borders(editor: Editor, natural: Natural, seeds: int) -> dict[str, dict[int, Floats]]:
    """Differences across borders over the natural bound: as edited, as pasted, and of the motion itself anywhere."""
    found: dict[str, dict[int, list[Floats]]] = {}
    for seed in range(seeds):
        base, other = editor.make(seed), editor.make(seed + 1000)
        keep = np.ones(base.shape, bool)
        for first, last in stretches(len(base)):
            keep[first:last] = False
        edited = editor.make(seed + 1000, Constraints(base, keep))
        pasted = np.where(keep, base, other)
        for order in ORDERS:
            for first, last in stretches(len(base)):
                for border in (first, last):
                    rows = slice(border - order, border)
                    for name, values in (("in-between", edited), ("pasted", pasted)):
                        over = natural.over(values, order, rows)
                        found.setdefault(name, {}).setdefault(order, []).append(over)
            anywhere = natural.over(base, order, slice(None))
            found.setdefault("the take itself, anywhere", {}).setdefault(order, []).append(anywhere)
    return {name: {o: np.concatenate(some) for o, some in orders.items()} for name, orders in found.items()}


def around_pins(editor: Editor, natural: Natural, seeds: int, pull: float) -> dict[str, dict[int, Floats]]:
    """Differences within the pull of pins over the natural bound: as regenerated, and with the keys alone changed."""
    found: dict[str, dict[int, list[Floats]]] = {"regenerated": {}, "pasted": {}}
    for seed in range(seeds):
        base = editor.make(seed)
        edited, pasted, pinned = _pinned(editor, base, seed, pull)
        for row in pinned:
            rows = slice(row - 3 - int(pull), row + int(pull))
            for order in ORDERS:
                found["regenerated"].setdefault(order, []).append(natural.over(edited, order, rows))
                found["pasted"].setdefault(order, []).append(natural.over(pasted, order, rows))
    return {name: {o: np.concatenate(some) for o, some in orders.items()} for name, orders in found.items()}


def _pinned(editor: Editor, base: FloatArray, seed: int, pull: float) -> tuple[FloatArray, FloatArray, list[int]]:
    columns = [channels.ALL.index(name) for name in PUSH]
    rows = list(range(APART, len(base) - APART, APART))
    keep, pasted = np.ones(base.shape, bool), base.copy()
    for row in rows:
        keep[row - 30 : row + 31] = False
        pasted[row, columns] += np.array(list(PUSH.values()), np.float32)
    at, channel = np.repeat(rows, len(columns)).astype(float), np.tile(columns, len(rows)).astype(np.int32)
    pins = Pins(at, channel, pasted[np.repeat(rows, len(columns)), channel])
    return editor.make(seed, Constraints(base, keep, pins, pull)), pasted, rows


def closures(editor: Editor, seeds: int, pull: float) -> tuple[int, int]:
    """(how often lips were shut again, of how many times) three to eight rows after a jaw that was pinned open."""
    shut = times = 0
    jaw, close = (channels.ALL.index(name) for name in ("jawOpen", "mouthClose"))
    for seed in range(seeds):
        base = editor.make(seed)
        gap = base[:, jaw] - base[:, close]
        for row in range(40, len(base) - 40):
            before = row - 3 - row % 6
            if not (gap[row] < SHUT and gap[row - 1] >= SHUT and gap[before] > OPEN):
                continue
            keep = np.ones(base.shape, bool)
            keep[row - 30 : row + 31] = False
            pins = Pins(np.array([float(before)]), np.array([jaw], np.int32), np.array([0.8], np.float32))
            edited = editor.make(seed, Constraints(base, keep, pins, pull))
            times += 1
            shut += bool((edited[row : row + 3, jaw] - edited[row : row + 3, close]).min() < 2 * SHUT)
    return shut, times


def table(found: dict[str, dict[int, Floats]]) -> list[str]:
    """Rows of Markdown: share of differences that are rarer than natural, and the 99.9th percentile over the bound."""
    lines = [
        f"| | {' | '.join(f'{name}: rarer, %; 99.9% quantile' for name in ORDERS.values())} |",
        "|---|---|---|---|",
    ]
    for name, orders in found.items():
        cells = [f"{100 * (over > 1).mean():.2f}; {np.quantile(over, RARE):.2f}" for over in orders.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.evaluate_editing", description=__doc__
    )
    parser.add_argument("sounds", nargs="+", type=Path, help="speech")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the corpora (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=10, help="takes of each sound (default: 10)")
    given = parser.parse_args()
    natural, generator = Natural.of(given.data), Generator.load()
    for sound in given.sounds:
        editor = Editor(generator, sound)
        print(f"\n### {sound.stem}: borders of segments of {LONG / MODEL_RATE.value:.1f} s\n")
        print("\n".join(table(borders(editor, natural, given.seeds))))
        for pull in (4.0, 8.0):
            print(f"\n### {sound.stem}: around pins, falloff {pull:g} rows\n")
            print("\n".join(table(around_pins(editor, natural, given.seeds, pull))))
        shut, times = closures(editor, min(given.seeds, 3), 8.0)
        print(f"\nLips shut within a few rows of a jaw pinned open: {shut} of {times}.")


if __name__ == "__main__":
    main()
