"""Benchmark: sampling of a 3DiFACE face here, compared with the original's computation.

    python -m diface_core.threediface.bench

Both alternate in one run, on random weights of the published size (ch 128, 1,000 steps, wav2vec2-base) and random
audio: the speed does not depend on the weights. The original's computation takes most of an hour, so a few of its steps
are measured and extrapolated.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from ..types import MODEL_RATE, Float32Array
from .checkpoint import FaceModel
from .diffusion import NoiseSource, Schedule, seeded_noise
from .guidance import guided_denoiser
from .models import encode_audio
from .networks import FaceNetwork
from .options import DiffusionConfig, NetworkConfig
from .sampling import SamplingOptions, sample_face
from .wav2vec2 import RATE, Wav2Vec2Encoder, base_config

GUIDANCE = 0.5
FEW_STEPS = 25
STEPS_MEASURED = 2


@dataclass
class Timings:
    """Measured seconds by name."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def record(self, name: str, work: Callable[[], object], times: float = 1.0) -> None:
        """Run `work` and record its duration, multiplied by `times`."""
        started = time.perf_counter()
        work()
        self.seconds.setdefault(name, []).append((time.perf_counter() - started) * times)

    def median(self, name: str) -> float:
        """Return the median of a name's durations."""
        return statistics.median(self.seconds[name])


def random_model(width: int, steps: int) -> FaceModel:
    """Return a face model of 5,023 vertices with random weights, whose motion is some millimetres."""
    torch.manual_seed(0)
    config = NetworkConfig("face", 15069, 15069, width, (1, 2, 4))
    network = FaceNetwork(config, Wav2Vec2Encoder(base_config())).eval().requires_grad_(False)
    last = network.output_layer
    assert last is not None
    assert last.bias is not None
    last.weight.mul_(0.02)
    last.bias.mul_(0.02)
    return FaceModel(network, DiffusionConfig(steps=steps, noise_scale=0.02, clamp=True), "")


def torch_model(model: FaceModel) -> FaceModel:
    """Return the same model, whose network runs on torch."""
    same = FaceModel(model.network, model.diffusion, model.hash)
    vars(same)["unet"] = None  # the cached property, as for a norm that the graph does not have
    return same


def original_steps(model: FaceModel, waveform: Float32Array, rows: int, count: int) -> None:
    """Compute `count` steps as the original does: wav2vec2 and all vertices in each, conditional and unconditional."""
    schedule, network = Schedule(model.diffusion), model.network
    with torch.inference_mode():
        x = torch.rand(1, rows, network.config.outputs) * model.diffusion.noise_scale
        for step in schedule.steps[:count]:
            index = schedule.step_index(step, network.device)
            outputs = []
            for share in (0.0, 1.0):
                denoise, _ = guided_denoiser(network, encode_audio(model, waveform, rows) * np.float32(share), 0, 1.0)
                outputs.append(network.output_from_hidden(denoise(network.embed_motion(x), index)))
            x0 = (outputs[0] + GUIDANCE * (outputs[1] - outputs[0])).clamp(-1, 1)
            x = schedule.previous_sample(x0, x, step, lambda: torch.rand(x0.shape) * model.diffusion.noise_scale)  # noqa: B023


def measure(model: FaceModel, seconds: float, rounds: int) -> Timings:
    """Measure all variants in turn, so that other load on the machine affects them alike."""
    rows, on_torch = MODEL_RATE.rows(seconds), torch_model(model)
    waveform = np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    timings = Timings()

    def ours(noise: int | NoiseSource, steps: int | None, used: FaceModel = model) -> Float32Array:
        options = SamplingOptions(noise, guidance=GUIDANCE, steps=steps)
        return sample_face(used, encode_audio(used, waveform, rows), options)

    original_steps(model, waveform, rows, 1)
    ours(0, 2)
    ours(0, 2, on_torch)
    for seed in range(rounds):
        scale = model.diffusion.steps / STEPS_MEASURED
        timings.record("original", lambda: original_steps(model, waveform, rows, STEPS_MEASURED), scale)
        timings.record("ours", lambda seed=seed: ours(seed, None))
        timings.record("torch", lambda seed=seed: ours(seed, None, on_torch))
        timings.record("exact", lambda seed=seed: ours(seeded_noise(model.diffusion, seed), None))
        timings.record("few", lambda seed=seed: ours(seed, FEW_STEPS))
        timings.record("encoding", lambda: encode_audio(model, waveform, rows))
    return timings


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.threediface.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=9.6, help="seconds of speech (default: 9.6)")
    parser.add_argument("--ch", type=int, default=128, help="width of the network (default: 128)")
    parser.add_argument("--steps", type=int, default=1000, help="diffusion steps of the model (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median is taken (default: 3)")
    parser.add_argument("--threads", type=int, default=2, help="CPU cores (default: 2)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    timings = measure(random_model(args.ch, args.steps), args.seconds, args.rounds)

    original = timings.median("original")
    print(f"{args.seconds} s of speech, ch {args.ch}, guidance, {args.threads} CPU cores: medians of {args.rounds}")
    print(f"\n| {args.steps} steps unless noted | seconds | speed-up |\n|---|---|---|")
    labels = {
        "original": f"original computation ({STEPS_MEASURED} steps measured, times {args.steps // STEPS_MEASURED})",
        "exact": "here, every value of the noise drawn",
        "torch": "here, on torch",
        "ours": "here",
        "few": f"here, {FEW_STEPS} steps of DPM-Solver++",
        "encoding": "of which audio encoding (wav2vec2, once)",
    }
    for name, label in labels.items():
        seconds = timings.median(name)
        print(f"| {label} | {seconds:.2f} | {original / seconds:.0f} |")


if __name__ == "__main__":
    main()
