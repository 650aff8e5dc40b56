"""Videos of results with their sound: faces of FLAME's mesh, side by side, rendered by a Blender of the user's."""

from __future__ import annotations

import collections
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ...errors import DifaceError
from ...faces.flame.flame_model import load_flame
from ...faces.flame.topology import EYEBALLS
from ...types import MODEL_RATE, Float32Array
from .results import atomic_write
from .user_files import UserFiles

ROOT = Path(__file__).resolve().parents[3]
BLENDER_MODULE = "diface_addon.cli.render_faces"
"""The module that Blender runs; it lies beside diface_core."""

RATE = 16_000
WIDTH, HEIGHT = 480, 608
"""Pixels of one face."""

SKIN, EYEBALL, IRIS, PUPIL = (0.80, 0.61, 0.52), (0.93, 0.92, 0.90), (0.23, 0.33, 0.36), (0.02, 0.02, 0.02)
IRIS_ANGLE, PUPIL_ANGLE = 27, 12  # degrees from straight ahead

HINT = "Name one with --blender or DIFACE_BLENDER: Blender itself, or a Python with its bpy module; or --render false."


@dataclass(frozen=True)
class FaceVideoRenderer:
    """A Blender, as the words that start it with a job, and the triangles (F, 3) of FLAME."""

    command: tuple[str, ...]
    faces: np.ndarray

    @classmethod
    def find(cls, user_files: UserFiles) -> FaceVideoRenderer:
        """Raises DifaceError where there is no Blender, or no FLAME file to take the faces from."""
        if user_files.flame is None:
            hint = "Give the FLAME file with --flame or FLAME_PATH, or --render false."
            raise DifaceError("render needs FLAME's faces, and there is no FLAME file.", hint)
        return cls(_blender_command(user_files.blender), load_flame(user_files.flame).faces)

    def render_video(
        self,
        path: Path,
        takes: Mapping[str, Float32Array],
        waveform: Float32Array,
        report: Callable[[str, float], None],
    ) -> None:
        """Write an .mp4 of faces side by side, by what stands under each: vertices (T, 5023, 3) m in FLAME's frame.

        waveform: (N,) at 16 kHz, heard from the first frame on. Raises DifaceError where Blender fails.
        """
        with tempfile.TemporaryDirectory(prefix="diface-") as name, atomic_write(path) as draft:
            job = _write_job(Path(name), takes, self.faces, waveform)
            self._render(job, draft, max(map(len, takes.values())), report)
            if not draft.is_file() or not draft.stat().st_size:
                raise DifaceError(f"Blender left no video for {path.name}.", HINT)

    def _render(self, job: Path, draft: Path, rows: int, report: Callable[[str, float], None]) -> None:
        command = [*self.command, str(job), str(draft.absolute())]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        said: collections.deque[str] = collections.deque(maxlen=5)
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as blender:
            assert blender.stdout is not None
            try:
                for line in blender.stdout:
                    word, _, number = line.strip().partition(" ")
                    if word == "rendered":
                        report("Rendering", int(number) / rows)
                    elif line.strip():
                        said.append(line.strip())
            except BaseException:
                blender.kill()
                raise
        if blender.returncode:
            raise DifaceError(f"Blender failed (exit status {blender.returncode}): {' / '.join(said)}", HINT)


def _blender_command(blender: Path | None) -> tuple[str, ...]:
    """How to start the script in the Blender named, or in one that is found."""
    if not (ROOT / (BLENDER_MODULE.replace(".", "/") + ".py")).is_file():
        raise DifaceError("render needs diface_addon beside diface_core.", "Run the command from DiFACE's checkout.")
    if blender is None:
        if importlib.util.find_spec("bpy"):
            return sys.executable, "-m", BLENDER_MODULE
        found = shutil.which("blender")
        blender = Path(found) if found else None
    if blender is None or shutil.which(blender) is None:
        where = f"There is no program {blender}." if blender else "There is none on the search path."
        raise DifaceError(f"render needs Blender. {where}", HINT)
    if "python" in blender.name.lower():
        return str(blender), "-m", BLENDER_MODULE
    start = f"import runpy; runpy.run_module({BLENDER_MODULE!r}, run_name='__main__')"
    return str(blender), "-b", "--factory-startup", "--python-use-system-env", "--python-exit-code", "1", \
        "--python-expr", start, "--"  # fmt: skip


def _write_job(folder: Path, takes: Mapping[str, Float32Array], faces: np.ndarray, waveform: Float32Array) -> Path:
    """What the script reads: a description, the mesh, a point cache for each take, and the sound."""
    rest = next(iter(takes.values()))[0]
    np.savez(folder / "mesh.npz", vertices=_to_blender_axes(rest), faces=faces, colours=vertex_colours(rest))
    for number, vertices in enumerate(takes.values()):
        _write_pc2(folder / f"{number}.pc2", _to_blender_axes(vertices))
    soundfile.write(folder / "sound.wav", waveform, RATE)
    about = {
        "captions": list(takes),
        "frames": max(map(len, takes.values())),
        "fps": MODEL_RATE.value,
        "size": [WIDTH, HEIGHT],
    }
    (folder / "job.json").write_text(json.dumps(about), "utf-8")
    return folder / "job.json"


def _to_blender_axes(vertices: Float32Array) -> Float32Array:
    """FLAME's frame (Y up, looking along +Z) to Blender's (Z up, looking along -Y)."""
    return np.stack([vertices[..., 0], -vertices[..., 2], vertices[..., 1]], axis=-1)


def _write_pc2(path: Path, vertices: Float32Array) -> None:
    """A PC2 file, for Blender's Mesh Cache modifier."""
    with path.open("wb") as file:
        file.write(struct.pack("<12siiffi", b"POINTCACHE2\0", 1, vertices.shape[1], 0.0, 1.0, len(vertices)))
        file.write(np.ascontiguousarray(vertices, "<f4").tobytes())


def vertex_colours(rest: Float32Array) -> Float32Array:
    """A colour (V, 3) for every vertex of FLAME's mesh at rest: skin, and eyes that look ahead."""
    found = np.tile(np.array(SKIN, np.float32), (len(rest), 1))
    for eyeball in EYEBALLS.values():
        ball = rest[eyeball] - rest[eyeball].mean(0)
        angle = np.degrees(np.arccos(np.clip(ball[:, 2] / np.linalg.norm(ball, axis=-1), -1, 1)))
        found[eyeball] = np.select([angle[:, None] < PUPIL_ANGLE, angle[:, None] < IRIS_ANGLE], [PUPIL, IRIS], EYEBALL)
    return found
