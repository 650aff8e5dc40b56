"""`python -m diface_core.training.evaluation.evaluate`: tables of DiFACE and the baselines on held-out clips."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ...audio.speech_encoder import SpeechEncoder
from ...model.closure_detector import ClosureDetector
from ...model.models import WEIGHTS, Models
from ...networks import checkpoint
from ...networks.torch_denoiser import TorchDenoiser
from ...runtime import device
from ...types import FIRST_SAMPLER, AudioSection, Float32Array, GenerateRequest, Style
from .. import metrics
from ..sources import face_clips
from . import silence
from .baselines import EncodedClip, Predict, baselines
from .evaluation_sets import EvaluationSet, evaluation_sets
from .scorecard import MILLIMETRES, PHONES, TIMING, TRACKS, Predictions, format_measure, table

STEPS = (1, 2, 4, 8, 25, 50)
RELEASED = "0.1.0, 8 steps"
"""The last release: sampler 1 with guidance 1.5."""
SEEDS, CLIPS_WITH_TAKES = 4, 24
"""Seeds per clip for the diversity, and the number of clips per evaluation set."""

HEADER = """# Tables

Written by `python -m diface_core.training.evaluation.evaluate {command}`; docs/research/quality.md explains them.
In brackets the 95% interval over clips."""


def load_weights(face: Path, head: Path | None = None) -> Models:
    """Load the face's denoiser at `face` and, if given, the head's.

    Raises:
        ModelError: A file is damaged.
    """
    files = {"face": face} | ({"head": head} if head else {})
    loaded = {part: checkpoint.load(path) for part, path in files.items()}
    digest = "".join(digest for _, digest in loaded.values())
    denoisers = {part: TorchDenoiser(denoiser.to(device.best())) for part, (denoiser, _) in loaded.items()}
    return Models(denoisers, digest, ClosureDetector.load())


def make_request(models: Models, style: str, steps: int, guidance: float, variety: float = 1.0) -> GenerateRequest:
    """Return a request for a face in the style of a clip's source, or in the default style if the model lacks it."""
    known = style in models.denoisers["face"].config.styles
    base = GenerateRequest(AudioSection(Path()), ("face",), steps=steps, guidance=guidance, variety=variety)
    return dataclasses.replace(base, style=Style.named(style if known else None))


def as_released(request: GenerateRequest) -> GenerateRequest:
    """Return the request with the sampler and the guidance of 0.1.0, whose weights are the same."""
    return dataclasses.replace(request, sampler=FIRST_SAMPLER, guidance=1.5)


def generate_on_clips(
    models: Models, clips: Sequence[EncodedClip], request: GenerateRequest, description: str
) -> list[Float32Array]:
    """Return face weights (T, 52) for every clip."""
    return [models.sample(h.features, request).values for h in tqdm(clips, desc=description, leave=False)]


def run_methods(
    evaluation: EvaluationSet, models: Models, regression: Models | None, options: Options
) -> dict[str, list[Float32Array]]:
    """Return the predictions of every method on the test clips: baselines, the deterministic network, DiFACE."""
    style = evaluation.test[0].clip.style
    others: dict[str, Predict] = baselines(evaluation.train)
    made = {name: [predict(h.features) for h in evaluation.test] for name, predict in others.items()}
    if regression is not None and not evaluation.unseen_source:
        request = make_request(regression, style, 1, 1.0, variety=0.0)
        made["deterministic network"] = generate_on_clips(regression, evaluation.test, request, "deterministic")
    if not evaluation.unseen_source:
        request = as_released(make_request(models, style, 8, 1.0))
        made[RELEASED] = generate_on_clips(models, evaluation.test, request, RELEASED)
    for count in options.steps:
        for guidance in options.guidance:
            name = f"ours, {count} step{'s' if count > 1 else ''}"
            name += f", guidance {guidance:g}" if len(options.guidance) > 1 else ""
            made[name] = generate_on_clips(models, evaluation.test, make_request(models, style, count, guidance), name)
    return made


def diversity_table(evaluation: EvaluationSet, models: Models, options: Options) -> str:
    """Format as Markdown how much takes differ, by part, with the steps of a draft and of a final."""
    clips, rows = evaluation.test[:CLIPS_WITH_TAKES], {}
    style = clips[0].clip.style
    requests = {RELEASED: as_released(make_request(models, style, 8, 1.0))}
    for count in (steps for steps in options.steps if steps in (1, 8, 25)):
        requests[f"{count} step{'s' if count > 1 else ''}"] = make_request(models, style, count, options.guidance[0])
    for name, request in requests.items():
        takes = [
            generate_on_clips(models, clips, dataclasses.replace(request, seed=seed), f"seed {seed}")
            for seed in range(SEEDS)
        ]
        faces = [np.stack(of_one) for of_one in zip(*takes, strict=True)]
        found = metrics.seed_spread_by_part(faces, [h.clip.phones for h in clips])
        if "head" in models.denoisers:
            found["head"] = metrics.seed_spread([sample_head_takes(models, h.features, request) for h in clips])
        rows[name] = found
    parts = list(next(iter(rows.values()), {}))
    lines = ["| takes | " + " | ".join(parts) + " |", "|---" * (len(parts) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(format_measure(m, 3) for m in found.values()) + " |" for name, found in rows.items()
    ]
    return "\n".join(lines)


def sample_head_takes(models: Models, features: Float32Array, request: GenerateRequest) -> Float32Array:
    """Return rotations of the head (seeds, T, 3)."""
    turned = [dataclasses.replace(request, parts=("head",), style=Style(), seed=seed) for seed in range(SEEDS)]
    return np.stack([models.sample(features, one).values for one in turned])


def evaluation_report(evaluation: EvaluationSet, models: Models, regression: Models | None, options: Options) -> str:
    """Return the tables of one evaluation set."""
    clips = [h.clip for h in evaluation.test]
    rows = {
        name: Predictions(made, clips) for name, made in run_methods(evaluation, models, regression, options).items()
    }
    truth = {"truth": Predictions([clip.values for clip in clips], clips)}
    parts = [f"## {evaluation.name}: {len(clips)} clips"]
    parts += [table(TRACKS, rows), table(PHONES, truth | rows), table(TIMING, truth | rows), table(MILLIMETRES, rows)]
    if not evaluation.unseen_source:
        parts.append(diversity_table(evaluation, models, options))
    return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Options:
    """The validated command line."""

    data: Path
    cache: Path
    weights: Path
    regression: Path | None
    left_out: dict[str, Path]
    steps: tuple[int, ...]
    guidance: tuple[float, ...]
    clips: int
    speech: Path
    out: Path | None


def read_options(arguments: list[str] | None) -> Options:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.evaluation.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="where features are kept")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the model that ships")
    parser.add_argument("--regression", type=Path, help="a deterministic network, of `train --regression`")
    parser.add_argument(
        "--without", action="append", default=[], metavar="SOURCE=FILE", help="a face trained without one source"
    )
    parser.add_argument("--steps", type=int, nargs="+", default=list(STEPS))
    parser.add_argument("--guidance", type=float, nargs="+", default=[GenerateRequest.guidance])
    parser.add_argument("--clips", type=int, default=0, help="judge at most so many clips of a source (0: all)")
    parser.add_argument("--speech", type=Path, default=Path("tests/data/speech.flac"), help="beside music and noise")
    parser.add_argument("--out", type=Path, help="write the tables to this file too")
    options = parser.parse_args(arguments)
    without = dict(pair.split("=", 1) for pair in options.without)
    return Options(
        options.data, options.cache, options.weights, options.regression, {k: Path(v) for k, v in without.items()},
        tuple(options.steps), tuple(options.guidance), options.clips, options.speech, options.out,
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = read_options(arguments)
    encoder = SpeechEncoder.load()
    regression = load_weights(options.regression) if options.regression else None
    head = options.weights / "head.safetensors"
    parts = [HEADER.format(command=" ".join(arguments or sys.argv[1:]))]
    clips = face_clips(options.data)
    for judgement in evaluation_sets(clips, encoder, options.cache, options.weights, options.left_out, options.clips):
        parts.append(evaluation_report(judgement, load_weights(judgement.face, head), regression, options))
        print(f"{parts[-1]}\n", flush=True)
    parts.append(silence.report(load_weights(options.weights / "face.safetensors"), encoder, options.speech))
    print(parts[-1])
    if options.out:
        options.out.write_text("\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
