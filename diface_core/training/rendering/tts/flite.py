"""CMU Flite: English voices that print when each of their phones ends. Debian: flite."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from ..phones import from_arpabet
from ..speech import AlignedSpeech, make_aligned_speech

INSTALL_HINT = "flite is not installed. Get it with: apt-get install flite"


def speak(text: str, voice: str, speed: float, pitch: float) -> AlignedSpeech:
    """One sentence. voice: kal16, awb, rms or slt. speed: 1 is the voice's own. pitch: mean in Hz, for kal16 only."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "said.wav"
        settings = ["--setf", f"duration_stretch={1 / speed:.3f}"]
        settings += ["--setf", f"int_f0_target_mean={pitch:.1f}"] if pitch else []
        command = ["flite", "-voice", voice, "-psdur", *settings, "-t", text, "-o", str(wav)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
        samples, rate = soundfile.read(wav, dtype="float32")
    return make_aligned_speech(np.asarray(samples, np.float32), rate, parse_phones(printed))


def parse_phones(printed: str) -> list[tuple[float, float, str]]:
    """What -psdur prints ("pau:0.220 p:0.353 ...", the end of each) -> (start s, end s, IPA)."""
    found, at = [], 0.0
    for label, end in re.findall(r"([a-z@#]+\d?):([\d.]+)", printed):
        found.append((at, float(end), from_arpabet(label)))
        at = float(end)
    return found
