"""`python -m diface_core.training.evaluation.evaluate`: our models and the baselines on clips never trained on, as tables."""

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
from ...model import checkpoint
from ...model.bundle import WEIGHTS, Models
from ...runtime import device
from ...types import AudioSection, FloatArray, GenerateRequest, Style
from .. import metrics
from ..sources import face_clips
from . import silence
from .baselines import Heard, Predict, baselines
from .judgements import Judgement, judgements
from .scorecard import MILLIMETRES, PHONES, TRACKS, Judged, table, written

STEPS = (1, 2, 4, 8, 25, 50)
SEEDS, TAKES_OF = 4, 24
"""Takes of a clip for the diversity, and of how many clips of a judgement."""

HEADER = """# Tables

Written by `python -m diface_core.training.evaluation.evaluate {command}`; docs/research/quality.md explains them.
In brackets the 95% interval over clips."""


def models_at(face: Path, head: Path | None = None) -> Models:
    """The face's denoiser at `face`, and the head's where it is named. Raises ModelError for a damaged file."""
    files = {"face": face} | ({"head": head} if head else {})
    loaded = {part: checkpoint.load(path) for part, path in files.items()}
    digest = "".join(digest for _, digest in loaded.values())
    return Models({part: denoiser.to(device.best()) for part, (denoiser, _) in loaded.items()}, digest)


def request(models: Models, style: str, steps: int, guidance: float, **settings: float) -> GenerateRequest:
    """A face in the style of a clip's source; the model's default style where it has learnt none of that name."""
    known = style in models.denoisers["face"].config.styles
    base = GenerateRequest(AudioSection(Path()), ("face",), steps=steps, guidance=guidance)
    return dataclasses.replace(base, style=Style.of(style if known else None), **settings)


def samples(models: Models, heard: Sequence[Heard], asked: GenerateRequest, told: str) -> list[FloatArray]:
    """Face weights (T, 52) for every clip."""
    return [models.sample(h.features, asked).values for h in tqdm(heard, desc=told, leave=False)]


def methods(
    judgement: Judgement, models: Models, regression: Models | None, options: Options
) -> dict[str, list[FloatArray]]:
    """What everyone makes of the judged clips, by name: baselines, the deterministic network, ours."""
    style = judgement.judged[0].clip.style
    others: dict[str, Predict] = baselines(judgement.train)
    made = {name: [predict(h.features) for h in judgement.judged] for name, predict in others.items()}
    if regression is not None and not judgement.unseen:
        asked = request(regression, style, 1, 1.0, variety=0.0)
        made["deterministic network"] = samples(regression, judgement.judged, asked, "deterministic")
    for count in options.steps:
        for guidance in options.guidance:
            name = f"ours, {count} step{'s' if count > 1 else ''}"
            name += f", guidance {guidance:g}" if len(options.guidance) > 1 else ""
            made[name] = samples(models, judgement.judged, request(models, style, count, guidance), name)
    return made


def diversity(judgement: Judgement, models: Models, options: Options) -> str:
    """Markdown: how much takes differ, part by part, with the steps of a draft and of a final."""
    some, rows = judgement.judged[:TAKES_OF], {}
    for count in (steps for steps in options.steps if steps in (1, 8, 25)):
        asked = request(models, some[0].clip.style, count, options.guidance[0])
        takes = [samples(models, some, dataclasses.replace(asked, seed=seed), f"seed {seed}") for seed in range(SEEDS)]
        faces = [np.stack(of_one) for of_one in zip(*takes, strict=True)]
        found = metrics.by_part(faces, [h.clip.phones for h in some])
        if "head" in models.denoisers:
            found["head"] = metrics.spread([head_takes(models, h.features, asked) for h in some])
        rows[f"{count} step{'s' if count > 1 else ''}"] = found
    parts = list(next(iter(rows.values()), {}))
    lines = ["| takes | " + " | ".join(parts) + " |", "|---" * (len(parts) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(written(m, 3) for m in found.values()) + " |" for name, found in rows.items()]
    return "\n".join(lines)


def head_takes(models: Models, features: FloatArray, asked: GenerateRequest) -> FloatArray:
    """Rotations of the head (seeds, T, 3)."""
    turned = [dataclasses.replace(asked, parts=("head",), style=Style(), seed=seed) for seed in range(SEEDS)]
    return np.stack([models.sample(features, one).values for one in turned])


def judge(judgement: Judgement, models: Models, regression: Models | None, options: Options) -> str:
    """The tables of one judgement."""
    clips = [h.clip for h in judgement.judged]
    rows = {name: Judged(made, clips) for name, made in methods(judgement, models, regression, options).items()}
    truth = {"truth": Judged([clip.values for clip in clips], clips)}
    parts = [f"## {judgement.name}: {len(clips)} clips"]
    parts += [table(TRACKS, rows), table(PHONES, truth | rows), table(MILLIMETRES, rows)]
    if not judgement.unseen:
        parts.append(diversity(judgement, models, options))
    return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Options:
    """The command line, checked."""

    data: Path
    cache: Path
    weights: Path
    regression: Path | None
    without: dict[str, Path]
    steps: tuple[int, ...]
    guidance: tuple[float, ...]
    clips: int
    speech: Path
    out: Path | None


def read_options(arguments: list[str] | None) -> Options:
    """Options from the command line."""
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
    given = parser.parse_args(arguments)
    without = dict(pair.split("=", 1) for pair in given.without)
    return Options(
        given.data, given.cache, given.weights, given.regression, {k: Path(v) for k, v in without.items()},
        tuple(given.steps), tuple(given.guidance), given.clips, given.speech, given.out,
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    options = read_options(arguments)
    encoder = SpeechEncoder.load()
    regression = models_at(options.regression) if options.regression else None
    head = options.weights / "head.safetensors"
    parts = [HEADER.format(command=" ".join(arguments or sys.argv[1:]))]
    clips = face_clips(options.data)
    for judgement in judgements(clips, encoder, options.cache, options.weights, options.without, options.clips):
        parts.append(judge(judgement, models_at(judgement.face, head), regression, options))
        print(f"{parts[-1]}\n", flush=True)
    parts.append(silence.report(models_at(options.weights / "face.safetensors"), encoder, options.speech))
    print(parts[-1])
    if options.out:
        options.out.write_text("\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
