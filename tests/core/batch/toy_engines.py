"""Engines for tests of batches: fast, slow, and faulty."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from diface_core import DifaceError, GenerateRequest, GenerateResult, Motion, channels
from diface_core.audio.reading import load_clip
from diface_core.types import Diagnosis, DiagnosisRequest, Finding, Pins
from diface_core.words import Alignment, AlignRequest

LOG = "DIFACE_TEST_LOG"
"""Environment variable: a file to which each generation adds the name of its sound."""


class Toy:
    """All values are seed / 100. Sounds called slow, killed and bug are so."""

    seconds = 0.0

    def generate(self, request: GenerateRequest, _report) -> GenerateResult:
        name = request.audio.path.stem
        if log := os.environ.get(LOG):
            with Path(log).open("a") as file:
                file.write(f"{name}\n")
        time.sleep(self.seconds)
        if name.startswith("killed"):
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith("bug"):
            raise ZeroDivisionError("a bug")
        rows = request.rate.rows(load_clip(request.audio).seconds)
        values = np.full((rows, 55), request.seed / 100, np.float32)
        return GenerateResult(Motion(values, channels.ALL, request.rate), "toy")

    def diagnose(self, _request: DiagnosisRequest, _report) -> Diagnosis:
        return Diagnosis((Finding("missed_closure", 3, 6, 1.5, Pins.empty()),))

    def align(self, request: AlignRequest, _report) -> Alignment:
        raise DifaceError(f"{request.cues[0].text} in {request.language} is not what is said.", "Correct it.")


class Slow(Toy):
    """Takes a twentieth of a second for a line."""

    seconds = 0.05
