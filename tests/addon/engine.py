"""A worker engine for tests: real pipes, real sound, and a Motion whose truth is known.

`jawOpen` and `head_rz` of a row are the loudest sample of the sound within that row's frame; the other channels are 0.
Seeds from MISBEHAVE on make it misbehave. Of a request for the user's own models, the loudness moves every vertex of a
FLAME mesh forward (+Z) by 10 mm at 1; and a mesh's shapes are `jawOpen` and `mouthClose`, which move it down and up.
Sculpts are solved as they are. What is made anew around constraints is ANEW in every channel, bent to the pins.
A style that is learnt is only a name: its error is how far jawOpen is anywhere from the sound's loudness, and to learn
one called "slow" takes its time.
"""

from __future__ import annotations

import json
import os
import signal
import time
from itertools import pairwise

import numpy as np

from diface_core import channels
from diface_core.motion.warp import warp_motion
from diface_core.types import (
    AdaptationRequest,
    AdaptationResult,
    AudioClip,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Motion,
    Progress,
    Report,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
)
from diface_core.worker import OnChunk, serve

MISBEHAVE = 900_000
SLOW, KILLED, BUG, OUT_OF_RANGE, HUNG = range(MISBEHAVE, MISBEHAVE + 5)
ANEW = 0.0625


class Loudness:
    """Engine: see the module."""

    def generate(self, request: GenerateRequest, report: Report, each: OnChunk) -> GenerateResult:
        from diface_core.audio.reading import load_clip  # the tests, in Blender's Python, only want the seeds

        clip = load_clip(request.audio)
        report(Progress(0.25, "Reading the audio"))
        if request.seed == SLOW:
            for step in range(600):
                time.sleep(0.05)
                report(Progress(0.25 + step / 1000, "Working slowly"))
        if request.seed == HUNG:
            time.sleep(60)
        if request.seed == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        if request.seed == BUG:
            raise ZeroDivisionError("a bug")

        seconds = clip.seconds if request.audio.seconds is None else request.audio.seconds
        rows = request.rate.rows(seconds)
        loud = loudest(clip, rows, request.rate)

        names, shapes = channels.of_parts(request.parts), None
        if request.engine and "face" in request.parts:
            shapes = Shapes(("loud",), np.full((1, 5023, 3), (0, 0, 0.01), np.float32), request.engine.tolerance)
            names = (*shapes.names, *(name for name in names if name in channels.HEAD))
        values = np.zeros((rows, len(names)), np.float32)
        strengths = {"jawOpen": request.face_strength, "loud": request.face_strength, "head_rz": request.head_strength}
        for name in strengths.keys() & set(names):
            strength = strengths[name] * (3 if request.seed == OUT_OF_RANGE else 1)
            values[:, names.index(name)] = np.array(loud) * strength
        if (kept := request.constraints) is not None:
            values = warp_motion(np.where(kept.known_mask, kept.values, np.float32(ANEW)), kept)
        return GenerateResult(Motion(values, names, request.rate), "0123abcd", {}, shapes)

    def shapes(self, request: ShapesRequest, _report: Report) -> Shapes:
        """Two shapes, as far as there are vertices."""
        down = np.full_like(request.vertices, (0, -0.01, 0))
        return Shapes(("jawOpen", "mouthClose"), np.stack([down, -down]))

    def solve(self, request: SolveRequest, _report: Report) -> SolveResult:
        """The real one."""
        from diface_core.faces.solve import solve_weights  # scipy, which Blender's Python has not

        return solve_weights(request)

    def adapt_style(self, request: AdaptationRequest, report: Report) -> AdaptationResult:
        """Write a style file whose tensors have one value each."""
        from diface_core.audio.reading import load_clip

        apart, seconds = 0.0, 0.0
        for index, one in enumerate(request.examples):
            report(Progress(index / len(request.examples), "Learning"))
            clip = load_clip(one.audio)
            jaw = one.motion.column("jawOpen")
            apart = max(apart, float(np.abs(jaw - loudest(clip, len(jaw), one.motion.rate)).max()))
            seconds += clip.seconds
        for step in range(600 if request.name == "slow" else 0):
            time.sleep(0.05)
            report(Progress(0.25 + step / 1000, "Learning slowly"))
        request.path.write_bytes(style_file_bytes(request.name))
        return AdaptationResult(request.path, seconds, 1.0, apart, 20)


def style_file_bytes(name: str) -> bytes:
    """Return the bytes of a style file whose tensors have one value each."""
    tensors = {
        tensor: {"dtype": "F32", "shape": [1], "data_offsets": [4 * index, 4 * index + 4]}
        for index, tensor in enumerate(("vector", "weight", "bias"))
    }
    header = json.dumps({"__metadata__": {"format": "diface-style-1", "name": name}, **tensors}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(12)


def loudest(clip: AudioClip, rows: int, rate: FrameRate) -> list[float]:
    """The loudest sample within the frame of each row."""
    edges = np.clip(np.rint(rate.seconds(1) * np.arange(rows + 1) * clip.rate), 0, len(clip.samples)).astype(int)
    return [np.max(np.abs(clip.samples[a:b]), initial=0) for a, b in pairwise(edges)]


if __name__ == "__main__":
    serve(Loudness)
