"""Times of the networks on ONNX Runtime and by torch, in one run, as table rows: `python3 build.py bench`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from diface_core.audio.speech_encoder import SpeechEncoder
from diface_core.inference.denoiser import OnnxDenoiser
from diface_core.inference.denoiser_file import read_denoiser_file
from diface_core.inference.style_gradient import StyleParameters
from diface_core.learning.style_gradient import TorchStyleGradient
from diface_core.model.models import WEIGHTS
from diface_core.networks import checkpoint
from diface_core.networks.torch_denoiser import TorchDenoiser
from diface_core.style_adaptation.adapt import AdaptConfig
from diface_core.style_adaptation.learn import load_face

RUNS = 7
PEAK_MEMORY = """
from pathlib import Path  # getrusage would report the peak of the process that started this one
status = Path("/proc/self/status").read_text()
print(seconds, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""
LOADED = "diface_core.model.models.load_models(); diface_core.audio.speech_encoder.SpeechEncoder.load()"
START = f"""
import time
begun = time.perf_counter()
import diface_core.model.models, diface_core.audio.speech_encoder
{LOADED}
seconds = time.perf_counter() - begun
{PEAK_MEMORY}
"""
TORCH_START = f"""
import time
begun = time.perf_counter()
import torch, transformers.models.whisper.modeling_whisper
from pathlib import Path
from diface_core.networks import checkpoint
for part in ("face", "head"):
    checkpoint.load(Path("diface_core/weights") / (part + ".safetensors"))
seconds = time.perf_counter() - begun
{PEAK_MEMORY}
"""


def median(run: Callable[[], object]) -> float:
    """Return the median of the milliseconds that `run` takes."""
    run()
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        run()
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


def row(what: str, ours: float, theirs: float, unit: str = "ms") -> None:
    """Print one table row."""
    measured = f"{ours:.1f} {unit} ({theirs:.1f}, {theirs / ours:.1f} x)"
    print(f"| {what}, ONNX Runtime (torch, ratio) | {measured} | |", flush=True)


def measure_denoiser() -> None:
    """Measure one call for both conditions of guidance."""
    path = WEIGHTS / "face.safetensors"
    ours, theirs = OnnxDenoiser.load(read_denoiser_file(path)), TorchDenoiser(checkpoint.load(path)[0])
    rng = np.random.default_rng(0)
    for rows in (160, 320, 1800):
        features = rng.standard_normal((rows, 401)).astype(np.float32)
        xt = rng.standard_normal((1, rows, 52)).astype(np.float32)
        speech = np.repeat(ours.encode_speech(features), 2, axis=0)
        arguments = xt, 0.5, speech, ours.styles[:2], np.zeros_like(xt)
        times = [median(lambda one=one, given=arguments: one.denoise(*given)) for one in (ours, theirs)]
        row(f"face denoiser with guidance, {rows} rows", *times)


def measure_encoder() -> None:
    """Measure one window of ten seconds."""
    encoder = SpeechEncoder.load()
    config = WhisperConfig(
        d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536, max_source_positions=500
    )
    network, mel = WhisperEncoder(config).eval(), torch.rand(1, 80, 1000)
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 160_000).astype(np.float32)

    def by_torch() -> None:
        with torch.inference_mode():
            network(mel)

    row(
        "speech encoder, a window of 10 s (torch without the spectrogram)",
        median(lambda: encoder.encode_window(samples)),
        median(by_torch),
    )


def measure_gradient() -> None:
    """Measure one step of Personalise."""
    base, ours = load_face()
    theirs, config = TorchStyleGradient(checkpoint.load(WEIGHTS / "face.safetensors")[0]), AdaptConfig()
    shape, rng = (config.batch, config.rows), np.random.default_rng(0)
    motion = {name: rng.random((*shape, 52), np.float32) for name in ("x0", "xt", "weight", "mask")}
    inputs = {
        **motion, "features": rng.random((*shape, 401), np.float32), "t": rng.random(config.batch, np.float32),
        "channel_weight": np.ones(52, np.float32), "velocity_weight": np.array(1, np.float32),
        "gap_weight": np.array(0.02, np.float32),
    }  # fmt: skip
    parameters = StyleParameters(base.styles[0], base.output_weight, base.output_bias)
    row(
        "one training step of Personalise", *(median(lambda one=one: one(parameters, inputs)) for one in (ours, theirs))
    )


def measure_start() -> None:
    """Measure a process that imports and loads everything, and its peak memory (Linux)."""
    found = []
    for code in (START, TORCH_START):
        lines = [
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
            for _ in range(3)
        ]
        found.append([statistics.median(float(line[column]) for line in lines) for column in (0, 1)])
    row("import and load all networks", found[0][0], found[1][0], "s")
    row("peak memory until then", found[0][1], found[1][1], "MB")


def main() -> None:
    measure_denoiser()
    measure_encoder()
    measure_gradient()
    measure_start()


if __name__ == "__main__":
    main()
