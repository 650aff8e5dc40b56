"""Render motions on the bundled head, each with its sound.

    python -m diface_addon.cli.render_motions JOB DONE

For a Python that has Blender as a module; `build.py rate` runs it. JOB is a .json file: "size" in pixels, and "clips",
each with "motion" (.npz), "sound" and "out" (.mp4). DONE is written when all videos are complete.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import bpy

from .. import register, unregister
from ..core import errors, motion_files
from ..scene.takes import write_take
from ..settings import scene_settings
from . import demo


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m diface_addon.cli.render_motions", description=__doc__)
    parser.add_argument("job", type=Path)
    parser.add_argument("done", type=Path, help="written at the end")
    arguments = parser.parse_args()
    job = json.loads(arguments.job.read_text("utf-8"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    register()
    try:
        for clip in job["clips"]:
            bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
            render_clip(Path(clip["motion"]), Path(clip["sound"]), Path(clip["out"]), job["size"])
    except (RuntimeError, errors.DifaceError) as error:
        sys.exit(f"render_motions: {error}")
    finally:
        unregister()
    arguments.done.write_text("done", "utf-8")


def render_clip(motion_file: Path, sound: Path, out: Path, size: tuple[int, int]) -> None:
    """Render one motion on the bundled head to a video with its sound."""
    scene, operators = bpy.context.scene, bpy.ops.diface
    motion = motion_files.read_npz(motion_file)
    scene.render.fps, scene.render.fps_base = round(motion.rate.fps), motion.rate.base
    demo.run_step("adding the head", operators.add_head, with_stage=True)
    demo.run_step(f"loading {sound.name}", operators.load_audio, filepath=str(sound))
    head = scene_settings.character(bpy.context)
    write_take.write_take(head, motion, motion_file.stem, {"first_frame": scene.frame_start})
    scene.frame_end = scene.frame_start + len(motion) - 1
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.display.render_aa = "5"
    demo.run_step(f"rendering {out.name}", demo.playblast, filepath=str(out))


if __name__ == "__main__":
    main()
