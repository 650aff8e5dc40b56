"""Latency of Live after a key, with the bundled models: run by `python3 build.py bench`."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np
from benchmark_tools import row, speech_file

import diface_addon
from diface_addon import compat
from diface_addon.jobs.live_mode import live, live_session
from diface_addon.scene.animation.active_actions import active_actions
from diface_addon.scene.provenance import stored_request
from diface_addon.settings import choices
from diface_addon.worker import process

EDITS = 40
SECONDS = 60
STAGES = {"paused": "changed", "compared": "paused", "sent": "compared", "made": "sent", "written": "made"}
WORDS = {
    "paused": "wait for a pause in input",
    "compared": "compare keys",
    "sent": "read the motion and send it",
    "made": "worker, and wait for idle input",
    "written": "write the curves",
}


def change_a_key(obj: bpy.types.Object, random: np.random.Generator) -> None:
    """Move one key of the face or the head, as dragging does; the handler of the dependency graph notices it."""
    is_face = random.random() < 0.6
    owner = obj.data.shape_keys if is_face else obj
    curves = [c for c in compat.active_channelbag(owner.animation_data).fcurves if "delta" not in c.data_path]
    curve = curves[random.integers(len(curves))]
    key = curve.keyframe_points[random.integers(len(curve.keyframe_points))]
    key.co.y = random.uniform(0, 0.8) if is_face else key.co.y + random.uniform(-0.3, 0.3)
    curve.id_data.update_tag()
    bpy.context.view_layer.update()


def wait_for_draft() -> dict[str, float]:
    """Run the timer as Blender does until the draft is written. Return the times at which its stages ended."""
    before, seconds = live.current().timings, live.BUSY_INTERVAL
    while live.current().timings is before:
        time.sleep(seconds)
        bpy.context.view_layer.update()
        seconds = live.tick()
    return live.current().timings


def measure_drafts(obj: bpy.types.Object, seed: int) -> list[dict[str, float]]:
    """Return the times at which the stages of each draft ended."""
    random = np.random.default_rng(seed)
    taken = []
    for _ in range(EDITS):
        change_a_key(obj, random)
        taken.append(wait_for_draft())
    return taken


def measure(obj: bpy.types.Object) -> None:
    """Print the table rows: median, 90th percentile and maximum of every stage."""
    taken = measure_drafts(obj, 0)
    parts = {WORDS[name]: [1000 * (t[name] - t[before]) for t in taken] for name, before in STAGES.items()}
    parts[f"from the change to the curves, {live_session.LIVE_STEPS} steps"] = [
        1000 * (t["written"] - t["changed"]) for t in taken
    ]
    for name, milliseconds in parts.items():
        spread = f"{np.median(milliseconds):.0f}, {np.quantile(milliseconds, 0.9):.0f}, {max(milliseconds):.0f} ms"
        row(f"Live: {name} (median, 90 %, worst)", spread, "80, 100, 150 ms" if name.startswith("from") else "")
    live_session.LIVE_STEPS = choices.STEPS["DRAFT"]
    with_draft = [1000 * (t["written"] - t["changed"]) for t in measure_drafts(obj, 2)]
    spread = f"{np.median(with_draft):.0f}, {np.quantile(with_draft, 0.9):.0f}, {max(with_draft):.0f} ms"
    row(f"Live: the same in {live_session.LIVE_STEPS} steps", spread, "")
    row("Live: machine load during the measurement", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", "idle")


def main() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    try:
        bpy.ops.diface.add_head()
        scene, obj = bpy.context.scene, bpy.context.object
        with tempfile.TemporaryDirectory() as folder:
            scene.diface.source, scene.diface.filepath = "FILE", str(speech_file(Path(folder), SECONDS))
            bpy.ops.diface.generate()
            live.REFINE_AFTER = 1e9  # refinement in full quality would delay the next draft
            scene.diface.edit.live = True
            assert live.current(), bpy.context.window_manager.diface.message
            change_a_key(obj, np.random.default_rng(1))
            wait_for_draft()
            measure(obj)
            assert stored_request.read_request(active_actions(obj)[0])
    finally:
        diface_addon.unregister()
        process.close_shared_worker()


if __name__ == "__main__":
    main()
