"""A worker engine for tests: a real process, pipes and sound, and a Motion whose values are known.

- Generate: `jawOpen` and `head_rz` of a row are the loudest sample of the sound within the row's frame; all other
  channels are 0, and all of an idle face. Seeds from FAULTS on cause faults. With 3DiFACE models, the loudness moves
  every vertex of a FLAME mesh forward (+Z), by 10 mm at 1.
- Regenerated values are REGENERATED in every channel, warped to the pins.
- Shapes: `jawOpen` and `mouthClose`, which move all vertices down and up.
- Solve: the real solver.
- Style adaptation: a valid style file with arbitrary values. Its error is the largest difference between jawOpen and
  the loudness of the sound. The style "slow" takes half a minute.
"""

from __future__ import annotations

import json
import os
import signal
import time
from itertools import pairwise

import numpy as np

from diface_core import channels
from diface_core.errors import DifaceError
from diface_core.motion.warp import warp_motion
from diface_core.types import (
    IDLE,
    AdaptationRequest,
    AdaptationResult,
    AudioClip,
    Diagnosis,
    DiagnosisRequest,
    Finding,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Motion,
    Pins,
    Progress,
    Report,
    SelfTestRequest,
    SelfTestResult,
    Shapes,
    ShapesRequest,
    SolveRequest,
    SolveResult,
)
from diface_core.words import Alignment, AlignRequest, Phone, Word
from diface_core.worker import serve

FAULTS = 900_000
SLOW, KILLED, BUG, OUT_OF_RANGE, HUNG = range(FAULTS, FAULTS + 5)
REGENERATED = 0.0625


class Loudness:
    """The engine that the module docstring describes."""

    def generate(self, request: GenerateRequest, report: Report) -> GenerateResult:
        from diface_core.audio.reading import load_clip  # Blender's Python imports this module for the seeds only

        clip = load_clip(request.audio) if request.role != IDLE else AudioClip(np.zeros(16_000, np.float32), 16_000)
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

        names, shapes = channels.of_request(request.parts, request.layers.without_seeds()), None
        if request.engine and "face" in request.parts:
            shapes = Shapes(("loud",), np.full((1, 5023, 3), (0, 0, 0.01), np.float32), request.engine.tolerance)
            names = (*shapes.names, *(name for name in names if name in channels.HEAD))
        values = np.zeros((rows, len(names)), np.float32)
        strengths = {"jawOpen": request.face_strength, "loud": request.face_strength, "head_rz": request.head_strength}
        for name in strengths.keys() & set(names):
            strength = strengths[name] * (3 if request.seed == OUT_OF_RANGE else 1)
            values[:, names.index(name)] = np.array(loud) * strength
        if (kept := request.constraints) is not None:
            shape_count = len(names) - kept.values.shape[1]  # the shapes of a 3DiFACE face, which come first
            values[:, shape_count:] = warp_motion(np.where(kept.known_mask, kept.values, np.float32(REGENERATED)), kept)
        return GenerateResult(Motion(values, names, request.rate), "0123abcd", {}, shapes)

    def self_test(self, request: SelfTestRequest, report: Report) -> SelfTestResult:
        """Return arbitrary values."""
        report(Progress(0.5, "Measuring"))
        return SelfTestResult("CPU", 31.4, None, ("transformers is missing",))

    def diagnose(self, request: DiagnosisRequest, report: Report) -> Diagnosis:
        """Return a missed closure at the first row that is in the request, to be sealed by a closed jaw."""
        pins = Pins(np.zeros(1), np.array([channels.FACE.index("jawOpen")], np.int32), np.zeros(1, np.float32))
        return Diagnosis((Finding("missed_closure", 0, 0, 2.0, pins),))

    def prefetch(self) -> None:
        """Load nothing."""

    def shapes(self, request: ShapesRequest, _report: Report) -> Shapes:
        """Return two shapes of the mesh."""
        down = np.full_like(request.vertices, (0, -0.01, 0))
        return Shapes(("jawOpen", "mouthClose"), np.stack([down, -down]))

    def solve(self, request: SolveRequest, _report: Report) -> SolveResult:
        """Solve with the real solver."""
        from diface_core.faces.solve import solve_weights  # needs scipy, which Blender's Python does not have

        return solve_weights(request)

    def align(self, request: AlignRequest, _report: Report) -> Alignment:
        """Return the words of the cues, 0.2 s each from 0.5 s on; "bad" is doubtful. "nothing" does not fit."""
        texts = " ".join(cue.text for cue in request.cues).split()
        if texts == ["nothing"]:
            raise DifaceError("The transcript does not fit the sound.", "Check it.")
        found = []
        for index, text in enumerate(texts):
            start = 0.5 + 0.2 * index
            middle, end = start + 0.1, start + 0.2
            phones = (Phone("B", start, middle), Phone("AA", middle, end))
            found.append(Word(text, start, end, phones, start + 0.15, -20.0 if text == "bad" else -3.0))
        return Alignment(tuple(found), ("A note.",))

    def adapt_style(self, request: AdaptationRequest, report: Report) -> AdaptationResult:
        """Write a style file whose tensors have one value each."""
        from diface_core.audio.reading import load_clip

        largest_error, seconds = 0.0, 0.0
        for index, one in enumerate(request.examples):
            report(Progress(index / len(request.examples), "Learning"))
            clip = load_clip(one.audio)
            jaw = one.motion.column("jawOpen")
            largest_error = max(largest_error, float(np.abs(jaw - loudest(clip, len(jaw), one.motion.rate)).max()))
            seconds += clip.seconds
        for step in range(600 if request.name == "slow" else 0):
            time.sleep(0.05)
            report(Progress(0.25 + step / 1000, "Learning slowly"))
        request.path.write_bytes(style_file_bytes(request.name))
        return AdaptationResult(request.path, seconds, 1.0, largest_error, 20)


def style_file_bytes(name: str) -> bytes:
    """Return the bytes of a style file whose tensors have one value each."""
    tensors = {
        tensor: {"dtype": "F32", "shape": [1], "data_offsets": [4 * index, 4 * index + 4]}
        for index, tensor in enumerate(("vector", "weight", "bias"))
    }
    header = json.dumps({"__metadata__": {"format": "diface-style-1", "name": name}, **tensors}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(12)


def loudest(clip: AudioClip, rows: int, rate: FrameRate) -> list[float]:
    """Return the loudest sample within the frame of each row."""
    edges = np.clip(np.rint(rate.seconds(1) * np.arange(rows + 1) * clip.rate), 0, len(clip.samples)).astype(int)
    return [np.max(np.abs(clip.samples[a:b]), initial=0) for a, b in pairwise(edges)]


if __name__ == "__main__":
    serve(Loudness)
