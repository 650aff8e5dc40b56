"""Videos of motions: the bundled head speaks them, rendered by Blender without a window."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from .. import paths
from ..assets import make_assets
from ..console import BuildError, child_environment, say
from ..environments import blender_environment, blender_python, core_python
from ..processes import wait_for
from ..versions import MAIN_BLENDER
from .pairs import MOTION, Pair, find_sound

SIZE = (480, 480)
"""Pixels of a video."""


def with_videos(pairs: list[Pair], folder: Path, sounds: Path | None) -> list[Pair]:
    """Return the pairs with motions replaced by their videos, rendered into `folder` unless they are there.

    Raises:
        BuildError: A motion has no sound, or Blender fails.
    """
    clips, shown = [], []
    for pair in pairs:
        sides = []
        for side, file in zip("ab", (pair.a, pair.b), strict=True):
            if file.suffix.lower() == MOTION:
                out = folder / side / f"{pair.name}.mp4"
                clips.append({"motion": str(file), "sound": str(find_sound(file, sounds)), "out": str(out)})
                file = out
            sides.append(file)
        shown.append(Pair(pair.name, *sides))
    missing = [clip for clip in clips if not _is_current(Path(clip["out"]), Path(clip["motion"]))]
    if missing:
        _render(missing, folder)
    return shown


def _is_current(video: Path, motion: Path) -> bool:
    return video.is_file() and video.stat().st_mtime >= motion.stat().st_mtime


def _render(clips: list[dict[str, str]], folder: Path) -> None:
    core_python()
    make_assets()
    python = blender_python(MAIN_BLENDER)
    for clip in clips:
        Path(clip["out"]).parent.mkdir(parents=True, exist_ok=True)
    job, done = folder / "job.json", folder / "job.done"
    done.unlink(missing_ok=True)
    job.write_text(json.dumps({"size": SIZE, "clips": clips}), "utf-8")
    say(f"-- rendering {len(clips)} videos in Blender {MAIN_BLENDER}")
    command = [str(python), "-m", "diface_addon.cli.render_motions", str(job), str(done)]
    environment = child_environment(blender_environment(MAIN_BLENDER, "rate"))
    code = wait_for(subprocess.Popen(command, cwd=paths.ROOT, env=environment), done.is_file)
    if not done.is_file():
        raise BuildError(f"The videos were not rendered (exit code {code}). The reason is printed above.")
    done.unlink()
