"""`python -m diface_core.training.evaluation.evaluate_personalise --weights FILE`: the gain of a personal style.

The general model must not have been trained on the speaker (docs/research/personalise.md).
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SpeechEncoder
from ...learning.mean_performance import mean_performance
from ...learning.sequence import TrainingSequence
from ...learning.style_gradient import TorchStyleGradient
from ...model import lip_closure
from ...model.motion_denoiser import MotionDenoiser
from ...networks import checkpoint
from ...networks.torch_denoiser import TorchDenoiser
from ...style_adaptation.adapt import PERSONAL_STYLE, AdaptConfig, Predictor, adapt_denoiser
from ...style_adaptation.amplitude import sample_take
from ...style_adaptation.pair import AudioMotionPair
from ...style_adaptation.personalise import STYLE_ONLY_CONFIG
from ...types import Float32Array
from .. import corpora, metrics, validation_sequences
from ..corpora import Clip

log = logging.getLogger(__name__)


def first_seconds(clips: Iterable[Clip], seconds: float) -> AudioMotionPair:
    """Return consecutive clips, trimmed to `seconds`, as an animator would provide them."""
    clips = list(clips)
    samples = np.concatenate([clip.samples for clip in clips])
    values = np.concatenate([clip.values for clip in clips])
    rows = min(round(seconds * 30), len(values), len(samples) * 30 // 16_000)
    return AudioMotionPair(samples[: rows * 16_000 // 30], values[:rows], clips[0].known)


def measure(
    denoiser: MotionDenoiser, style: str, sequences: list[TrainingSequence], predict: Predictor = mean_performance
) -> dict[str, float]:
    """Measure a style on held-out sequences.

    The lips are closed as in generation. Measures: r of lips' distance and jaw, error of all weights, and how far the
    jaw moves relative to the truth's deviation.

    Args:
        denoiser: The model.
        style: A style of the model.
        sequences: Held-out sequences.
        predict: The predictor; default: the mean performance.
    """
    ours = [lip_closure.separate_lips(predict(denoiser, dataclasses.replace(s, style=style))) for s in sequences]
    truth = [s.values[: len(v)].astype(np.float32) for v, s in zip(ours, sequences, strict=True)]

    def r(read) -> float:
        return metrics.correlation([read(v) for v in ours], [read(v) for v in truth])

    known = sequences[0].known & (denoiser.scale.known > 0)
    return {
        "aperture r": r(metrics.aperture),
        "jawOpen r": r(lambda values: metrics.column(values, "jawOpen")),
        "mouthPucker r": r(lambda values: metrics.column(values, "mouthPucker")),
        "aperture error": _rms([metrics.aperture(o) - metrics.aperture(t) for o, t in zip(ours, truth, strict=True)]),
        "all weights' error": _rms([(o - t)[:, known] for o, t in zip(ours, truth, strict=True)]),
        "jaw moves": float(_deviation(ours, "jawOpen") / _deviation(truth, "jawOpen")),
    }


def _deviation(performances: list[Float32Array], channel: str) -> float:
    return float(np.concatenate([metrics.column(one, channel) for one in performances]).std())


def _rms(differences: list[Float32Array]) -> float:
    return float(np.sqrt(np.concatenate([d.ravel() ** 2 for d in differences]).mean()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.evaluate_personalise", description=__doc__
    )
    parser.add_argument(
        "--weights", type=Path, required=True, help="a general model that was not trained on the speaker"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--source", default="facegood", help="the corpus of the speaker (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=Path(".build/training/heard"))
    parser.add_argument("--seconds", type=float, nargs="+", default=[20, 60, 180])
    parser.add_argument("--clip-seconds", type=float, nargs="+", default=[5, 20], help="for the style vector alone")
    parser.add_argument("--takes", action="store_true", help="evaluate takes, not the mean performance")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = _parser().parse_args(arguments)
    perform = sample_take if options.takes else mean_performance

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    network, _ = checkpoint.load(options.weights)
    base, gradient = TorchDenoiser(network), TorchStyleGradient(network)
    folder, read = corpora.BUNDLED_CORPORA[options.source]
    clips = [clip for clip in read(options.data / folder) if isinstance(clip, Clip)]
    encoder = SpeechEncoder.load()
    judged = validation_sequences.encode_separately(
        [clip for clip in clips if corpora.is_held_out(clip)], encoder, options.cache
    )
    training_clips = corpora.Split().training_clips(clips)

    styles = [
        *(style for style in base.config.styles if style != clips[0].style),
        *(() if options.takes else ("none",)),
    ]  # the corpus may contain the speaker
    rows = {f"general, {style}": (measure(base, style, judged, perform), 0.0) for style in styles}
    plans = [(seconds, STYLE_ONLY_CONFIG, "style vector alone") for seconds in options.clip_seconds]
    for seconds in options.seconds:
        plans.append((seconds, AdaptConfig(limit_amplitude=False), "vector and output layer, full amplitude"))
        plans.append((seconds, AdaptConfig(), "vector and output layer"))
    for seconds, config, name in plans:
        begun = time.process_time()
        pair = first_seconds(training_clips, seconds)
        done = adapt_denoiser(base, gradient, [pair.to_sequence(encoder, PERSONAL_STYLE)], config)
        took = time.process_time() - begun
        log.info("%s: trained on %.0f s in %.0f s of one core, step %d was best", name, pair.seconds, took, done.steps)
        rows[f"{name}, {pair.seconds:.0f} s"] = (measure(done.denoiser, PERSONAL_STYLE, judged, perform), took)
    print(f"{len(judged)} held-out clips, {sum(len(s.values) for s in judged) / 30:.0f} s\n\n{table(rows)}")


def table(rows: dict[str, tuple[dict[str, float], float]]) -> str:
    """Format as Markdown: one row per model, its measures and the seconds of one core for training."""
    names = list(next(iter(rows.values()))[0])
    lines = ["| | " + " | ".join(names) + " | training, s of one core |", "|---" * (len(names) + 2) + "|"]
    for name, (scores, took) in rows.items():
        cells = [f"{scores[n]:.3f}" for n in names] + [f"{took:.0f}" if took else ""]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
