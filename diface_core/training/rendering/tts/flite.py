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

INSTALL_HINT = "flite is not installed. Install it with: apt-get install flite"


def speak(text: str, voice: str, speed: float, pitch: float) -> AlignedSpeech:
    """Speak one sentence.

    Args:
        text: The sentence.
        voice: kal16, awb, rms or slt.
        speed: 1 is the voice's default.
        pitch: Mean in Hz, for kal16 only; 0 for the default.
    """
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "said.wav"
        settings = ["--setf", f"duration_stretch={1 / speed:.3f}"]
        settings += ["--setf", f"int_f0_target_mean={pitch:.1f}"] if pitch else []
        command = ["flite", "-voice", voice, "-psdur", *settings, "-t", text, "-o", str(wav)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
        samples, rate = soundfile.read(wav, dtype="float32")
    return make_aligned_speech(np.asarray(samples, np.float32), rate, parse_phones(printed))


def parse_phones(printed: str) -> list[tuple[float, float, str]]:
    """Convert the output of -psdur ("pau:0.220 p:0.353 ...", the end of each) to (start s, end s, IPA)."""
    spans, at = [], 0.0
    for label, end in re.findall(r"([a-z@#]+\d?):([\d.]+)", printed):
        spans.append((at, float(end), from_arpabet(label)))
        at = float(end)
    return spans
