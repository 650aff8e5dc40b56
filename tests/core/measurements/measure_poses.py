"""Print the table of docs/research/poses.md: how well each vocabulary speaks, and how long solving takes.

python -m diface_core generate tests/data/speech.flac --out 0.npz --seed 0 (and 1, 2)
python -m tests.core.measurements.measure_poses NAMES.json 0.npz 1.npz 2.npz
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from diface_core.channels import FACE
from diface_core.faces.head import load_head
from diface_core.faces.poses.known_poses import known_poses
from diface_core.faces.poses.pose_channels import to_channels
from diface_core.faces.poses.pose_set import PoseSet
from diface_core.faces.poses.solve_poses import solve
from diface_core.types import BoolArray, Float32Array, Float64Array
from tests.core.faces.poses.conftest import CONVENTIONS

SPEECH = Path(__file__).parents[2] / "data" / "speech.json"
LABIALS = {"M", "B", "P"}
CLOSED_MM = 0.5
TIMED_ROWS = 1800


def main(names: Path, files: list[Path]) -> None:
    motions = [read(file) for file in files]
    shut = labial_rows(len(motions[0]))
    conventions = {key: tuple(entry["names"]) for key, entry in json.loads(names.read_text("utf-8")).items()}
    print(
        "| vocabulary | poses | aperture r | amplitude | m b p mm, median | widest | width r | blink r | active | "
        "largest step | s for 1,800 rows |"
    )
    print("|" + "---|" * 11)
    for label, shapes in {
        **conventions,
        **{f"{key} (documented)": value for key, value in CONVENTIONS.items()},
    }.items():
        poses = known_poses(shapes)
        if poses is not None and opens(poses):
            print(f"| {label} | {len(poses)} | {row(motions, shut, poses)} |")


def opens(poses: PoseSet) -> bool:
    """Return if the poses move the lips apart: some conventions have names left beside ARKit's."""
    return bool(measures(poses.recipes)[0].max() > 3.0)


def read(file: Path) -> Float32Array:
    """Return a motion (T, 52)."""
    with np.load(file) as data:
        order = data["channels"].tolist()
        return data["values"][:, [order.index(channel) for channel in FACE]].astype(np.float32)


def labial_rows(count: int) -> BoolArray:
    """Return the rows within m, b and p."""
    rows = np.zeros(count, bool)
    for start, end, phone in json.loads(SPEECH.read_text("utf-8"))["phones"]:
        if phone in LABIALS:
            rows[round(start * 30) : max(round(start * 30) + 1, round(end * 30))] = True
    return rows


def measures(motion: Float32Array) -> tuple[Float64Array, Float64Array]:
    """Return the aperture of the lips and the width of the mouth (T,) in mm on the bundled head."""
    head = load_head()
    upper, lower = head.landmarks["upper_inner_lip"], head.landmarks["lower_inner_lip"]
    middle = len(upper) // 2
    gap = (head.deltas[:, upper[middle]] - head.deltas[:, lower[middle]])[:, 2] * 1000.0
    right, left = head.landmarks["mouth_corners"]
    width = (head.deltas[:, left] - head.deltas[:, right])[:, 0] * 1000.0
    return np.maximum(motion @ gap, 0.0), motion @ width


def correlation(first: Float64Array, second: Float64Array) -> float:
    """Return r; 0 if one does not move."""
    return float(np.corrcoef(first, second)[0, 1]) if first.std() > 1e-6 and second.std() > 1e-6 else 0.0


def row(motions: list[Float32Array], shut: BoolArray, poses: PoseSet) -> str:
    """Return the cells of a vocabulary: means over the motions, and the widest gap and largest step of all."""
    figures, gaps = [], []
    for motion in motions:
        weights = solve(motion, poses)
        solved = to_channels(weights, poses)
        (opening, width), (wanted, wide) = measures(solved), measures(motion)
        closed = shut & (wanted < CLOSED_MM)
        gaps.append(opening[closed])
        blink = FACE.index("eyeBlinkLeft")
        figures.append([
            correlation(opening, wanted), opening.std() / wanted.std(), correlation(width, wide),
            correlation(solved[:, blink], motion[:, blink]), (weights > 0.01).sum(axis=1).mean(),
            np.abs(np.diff(weights, axis=0)).max(),
        ])  # fmt: skip
    lips = np.concatenate(gaps)
    r, amplitude, width_r, blink_r, active, _ = np.mean(figures, axis=0)
    step = np.max(figures, axis=0)[-1]
    return (
        f"{r:.3f} | {amplitude:.2f} | {np.median(lips):.2f} | {lips.max():.2f} | {width_r:.2f} | "
        f"{blink_r:.2f} | {active:.1f} | {step:.2f} | {seconds(motions, poses):.1f}"
    )


def seconds(motions: list[Float32Array], poses: PoseSet) -> float:
    """Return the processor's seconds for 1,800 rows."""
    motion = np.resize(np.concatenate(motions), (TIMED_ROWS, len(FACE)))
    begun = time.process_time()
    solve(motion, poses)
    return time.process_time() - begun


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
