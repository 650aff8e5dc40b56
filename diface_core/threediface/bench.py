"""How much faster a 3DiFACE face is sampled here than as the original does it.

    python -m diface_core.threediface.bench

Both in one run, turn by turn, on random weights of the published size (ch 128, 1,000 steps, wav2vec2-base) and random
sound: speed does not depend on what the weights are. The original's way takes most of an hour, so that a few of its
steps are measured and multiplied.
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
from .models import encode_audio
from .networks import FaceNetwork
from .options import DiffusionConfig, NetworkConfig
from .sampling import guided_denoiser, sample_face
from .wav2vec2 import RATE, Wav2Vec2Encoder, base_config

GUIDANCE = 0.5
FEW_STEPS = 25
STEPS_MEASURED = 2


@dataclass
class Timings:
    """Seconds by what was done."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def record(self, name: str, work: Callable[[], object], times: float = 1.0) -> None:
        """Do it and note how long it took, `times` as often."""
        began = time.perf_counter()
        work()
        self.seconds.setdefault(name, []).append((time.perf_counter() - began) * times)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])


def random_model(width: int, steps: int) -> FaceModel:
    """A face of 5,023 vertices with random weights, whose motion is some millimetres."""
    torch.manual_seed(0)
    config = NetworkConfig("face", 15069, 15069, width, (1, 2, 4))
    network = FaceNetwork(config, Wav2Vec2Encoder(base_config())).eval().requires_grad_(False)
    last = network.output_layer
    assert last is not None
    assert last.bias is not None
    last.weight.mul_(0.02)
    last.bias.mul_(0.02)
    return FaceModel(network, DiffusionConfig(steps=steps, noise_scale=0.02, clamp=True), "")


def original_steps(model: FaceModel, waveform: Float32Array, rows: int, count: int) -> None:
    """`count` steps as the original takes them: wav2vec2 and all vertices in each, with the speech and without."""
    schedule, network = Schedule(model.diffusion), model.network
    with torch.inference_mode():
        x = torch.rand(1, rows, network.config.outputs) * model.diffusion.noise_scale
        for step in schedule.steps[:count]:
            told = schedule.step_index(step, network.device)
            found = []
            for share in (0.0, 1.0):
                think, _ = guided_denoiser(network, encode_audio(model, waveform, rows) * np.float32(share), 0, 1.0)
                found.append(network.output_from_hidden(think(network.embed_motion(x), told)))
            x0 = (found[0] + GUIDANCE * (found[1] - found[0])).clamp(-1, 1)
            x = schedule.previous_sample(x0, x, step, lambda: torch.rand(x0.shape) * model.diffusion.noise_scale)  # noqa: B023


def measure(model: FaceModel, seconds: float, rounds: int) -> Timings:
    """Everything in turns, so that what else the machine does meets all alike."""
    rows = MODEL_RATE.rows(seconds)
    waveform = np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    timings = Timings()

    def ours(noise: int | NoiseSource, steps: int | None) -> Float32Array:
        return sample_face(model, encode_audio(model, waveform, rows), 0, noise, GUIDANCE, steps=steps)

    original_steps(model, waveform, rows, 1)
    ours(0, 2)
    for seed in range(rounds):
        scale = model.diffusion.steps / STEPS_MEASURED
        timings.record("original", lambda: original_steps(model, waveform, rows, STEPS_MEASURED), scale)
        timings.record("ours", lambda seed=seed: ours(seed, None))
        timings.record("exact", lambda seed=seed: ours(seeded_noise(model.diffusion, seed), None))
        timings.record("few", lambda seed=seed: ours(seed, FEW_STEPS))
        timings.record("hearing", lambda: encode_audio(model, waveform, rows))
    return timings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m diface_core.threediface.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=9.6, help="of speech (default: 9.6)")
    parser.add_argument("--ch", type=int, default=128, help="the network's width (default: 128)")
    parser.add_argument("--steps", type=int, default=1000, help="of the model's diffusion (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts (default: 3)")
    parser.add_argument("--threads", type=int, default=2, help="CPU cores (default: 2)")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    timings = measure(random_model(given.ch, given.steps), given.seconds, given.rounds)

    original = timings.median("original")
    print(f"{given.seconds} s of speech, ch {given.ch}, guidance, {given.threads} CPU cores: medians of {given.rounds}")
    print(f"\n| {given.steps} steps unless said | seconds | times as fast |\n|---|---|---|")
    names = {
        "original": f"the original's way ({STEPS_MEASURED} steps measured, times {given.steps // STEPS_MEASURED})",
        "exact": "here, every value of the noise drawn",
        "ours": "here",
        "few": f"here, {FEW_STEPS} steps of DPM-Solver++",
        "hearing": "of which hearing (wav2vec2, once)",
    }
    for name, words in names.items():
        seconds = timings.median(name)
        print(f"| {words} | {seconds:.2f} | {original / seconds:.0f} |")


if __name__ == "__main__":
    main()
