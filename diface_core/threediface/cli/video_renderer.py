"""Videos of results with their audio: faces of FLAME's mesh, side by side, rendered by the user's Blender."""

from __future__ import annotations

import collections
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ...errors import DifaceError
from ...faces.flame.axes import flame_to_blender
from ...faces.flame.flame_model import load_flame
from ...faces.flame.topology import EYEBALLS
from ...motion import pc2
from ...types import MODEL_RATE, Float32Array
from .results import write_output
from .user_files import UserFiles

ROOT = Path(__file__).resolve().parents[3]
BLENDER_MODULE = "diface_addon.cli.render_faces"
"""The module that Blender runs, in the checkout's diface_addon."""

RATE = 16_000
WIDTH, HEIGHT = 480, 608
"""Pixels of one face."""

SKIN, EYEBALL, IRIS, PUPIL = (0.80, 0.61, 0.52), (0.93, 0.92, 0.90), (0.23, 0.33, 0.36), (0.02, 0.02, 0.02)
IRIS_ANGLE, PUPIL_ANGLE = 27, 12  # degrees from straight ahead

EXIT_SECONDS = 30
"""How long Blender may take to exit after its work."""

HINT = "Give --blender or DIFACE_BLENDER: Blender itself, or a Python with its bpy module; or --render false."


@dataclass(frozen=True)
class FaceVideoRenderer:
    """Renderer of face videos.

    Attributes:
        command: Command line that starts Blender with a job.
        faces: Triangles (F, 3) of FLAME.
    """

    command: tuple[str, ...]
    faces: np.ndarray

    @classmethod
    def find(cls, user_files: UserFiles) -> FaceVideoRenderer:
        """Return a renderer with the given Blender, or one that is found.

        Raises:
            DifaceError: If Blender or the FLAME file, which defines the triangles, is missing.
        """
        if user_files.flame is None:
            hint = "Give the FLAME file with --flame or FLAME_PATH, or --render false."
            raise DifaceError("render needs a FLAME file, and none is given.", hint)
        return cls(_blender_command(user_files.blender), load_flame(user_files.flame).faces)

    def render_video(
        self,
        path: Path,
        takes: Mapping[str, Float32Array],
        waveform: Float32Array,
        report: Callable[[str, float], None],
    ) -> None:
        """Write an .mp4 of faces side by side.

        Args:
            path: The video.
            takes: Caption -> vertices (T, 5023, 3) m in FLAME's frame.
            waveform: Audio (N,) at 16 kHz, which starts at the first frame.
            report: Called with the stage and its fraction done.

        Raises:
            DifaceError: If Blender fails.
        """
        with tempfile.TemporaryDirectory(prefix="diface-") as name:
            job, video = _write_job(Path(name), takes, self.faces, waveform), Path(name) / "video.mp4"
            self._render(job, video, max(map(len, takes.values())), report)
            if not video.is_file() or not video.stat().st_size:
                raise DifaceError(f"Blender wrote no video for {path.name}.", HINT)
            with write_output(path) as draft:
                shutil.copyfile(video, draft)

    def _render(self, job: Path, video: Path, rows: int, report: Callable[[str, float], None]) -> None:
        """Run Blender on a job and report the rendered frames.

        The line `finished` decides, not the exit code: Blender's module may crash or hang when its process ends.
        """
        command = [*self.command, str(job), str(video)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        last_lines: collections.deque[str] = collections.deque(maxlen=5)
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as blender:
            assert blender.stdout is not None
            try:
                for line in map(str.strip, blender.stdout):
                    word, _, number = line.partition(" ")
                    if line == "finished":
                        _wait_for_exit(blender)
                        return
                    if word == "rendered":
                        report("Rendering", int(number) / rows)
                    elif line:
                        last_lines.append(line)
            except BaseException:
                blender.kill()
                raise
        raise DifaceError(f"Blender failed (exit status {blender.returncode}): {' / '.join(last_lines)}", HINT)


def _wait_for_exit(blender: subprocess.Popen[str]) -> None:
    """Wait until Blender has exited; kill it after EXIT_SECONDS."""
    try:
        blender.communicate(timeout=EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        blender.kill()


def _blender_command(blender: Path | None) -> tuple[str, ...]:
    """Return the command that runs the module in the given Blender, or in one that is found."""
    if not (ROOT / (BLENDER_MODULE.replace(".", "/") + ".py")).is_file():
        raise DifaceError("render needs diface_addon next to diface_core.", "Run the command from DiFACE's checkout.")
    if blender is None:
        if importlib.util.find_spec("bpy"):
            return sys.executable, "-m", BLENDER_MODULE
        program = shutil.which("blender")
        blender = Path(program) if program else None
    if blender is None or shutil.which(blender) is None:
        reason = f"{blender} is no program." if blender else "No blender was found on the search path."
        raise DifaceError(f"render needs Blender. {reason}", HINT)
    if "python" in blender.name.lower():
        return str(blender), "-m", BLENDER_MODULE
    start = f"import runpy; runpy.run_module({BLENDER_MODULE!r}, run_name='__main__')"
    return str(blender), "-b", "--factory-startup", "--python-use-system-env", "--python-exit-code", "1", \
        "--python-expr", start, "--"  # fmt: skip


def _write_job(folder: Path, takes: Mapping[str, Float32Array], faces: np.ndarray, waveform: Float32Array) -> Path:
    """Write Blender's input and return its description: the mesh, a point cache for each take, and the audio."""
    neutral = next(iter(takes.values()))[0]
    np.savez(folder / "mesh.npz", vertices=flame_to_blender(neutral), faces=faces, colours=vertex_colours(neutral))
    for number, vertices in enumerate(takes.values()):
        pc2.write(folder / f"{number}.pc2", len(vertices), vertices.shape[1], [flame_to_blender(vertices)])
    soundfile.write(folder / "sound.wav", waveform, RATE)
    job = {
        "captions": list(takes),
        "frames": max(map(len, takes.values())),
        "fps": MODEL_RATE.value,
        "size": [WIDTH, HEIGHT],
    }
    (folder / "job.json").write_text(json.dumps(job), "utf-8")
    return folder / "job.json"


def vertex_colours(neutral: Float32Array) -> Float32Array:
    """Return a colour (V, 3) for every vertex of FLAME's neutral mesh: skin, and eyes that look straight ahead."""
    colours = np.tile(np.array(SKIN, np.float32), (len(neutral), 1))
    for eyeball in EYEBALLS.values():
        ball = neutral[eyeball] - neutral[eyeball].mean(0)
        angle = np.degrees(np.arccos(np.clip(ball[:, 2] / np.linalg.norm(ball, axis=-1), -1, 1)))
        iris = [angle[:, None] < PUPIL_ANGLE, angle[:, None] < IRIS_ANGLE]
        colours[eyeball] = np.select(iris, [PUPIL, IRIS], EYEBALL)
    return colours
