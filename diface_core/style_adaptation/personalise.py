"""Train a speaking style on pairs of audio and motion."""

from __future__ import annotations

import numpy as np

from ..audio.speech_encoder import SpeechEncoder
from ..errors import DifaceError
from ..learning.sequence import TrainingSequence
from ..model.motion_denoiser import MotionDenoiser
from ..model.style_file import StyleFile
from ..runtime.progress import ENCODING
from ..types import Progress, Report
from .adapt import AdaptConfig, AdaptedDenoiser, StyleGradient, adapt_denoiser
from .pair import AudioMotionPair

MIN_SECONDS, MIN_SECONDS_STYLE_ONLY = 10.0, 3.0
"""Minimum seconds of motion: for vector and output layer, and for the vector alone."""

STYLE_ONLY_CONFIG = AdaptConfig(steps=80, batch=4, vector_rate=2e-2, output_rate=0.0, validate_every=10, patience=3)
"""Settings for a few seconds of motion: only the style vector is trained."""


ADAPTATION_STAGE = "Training the style"
ENCODING_SHARE = 0.3
"""Typical share of the time that the audio encoding takes."""


def personalise(
    base: MotionDenoiser,
    gradient: StyleGradient,
    pairs: list[AudioMotionPair],
    encoder: SpeechEncoder,
    name: str,
    config: AdaptConfig | None = None,
    report: Report = lambda progress: None,
) -> tuple[StyleFile, AdaptedDenoiser]:
    """Train a style on one pair or several.

    Args:
        base: The general denoiser.
        gradient: The gradient of its loss.
        pairs: Audio and motion of one speaker.
        encoder: The audio encoder of `base`.
        name: Name of the style.
        config: Settings of the training; None uses the defaults.
        report: Called with the progress; may raise to cancel.

    Returns:
        The style, and the result of the training.

    Raises:
        DifaceError: If the pairs are too short in total.
    """
    config = config or AdaptConfig()
    seconds = sum(pair.seconds for pair in pairs)
    min_seconds = MIN_SECONDS if config.output_rate else MIN_SECONDS_STYLE_ONLY
    if seconds < min_seconds:
        alternative = ", or train the style vector alone (--only-style)" if config.output_rate else ""
        raise DifaceError(
            f"The performance lasts {seconds:.1f} s: too short to train a style.",
            f"Use at least {min_seconds:.0f} s{alternative}.",
        )
    sequences = _encode_pairs(pairs, encoder, name, report)
    rest = 1 - ENCODING_SHARE
    adapted = adapt_denoiser(
        base, gradient, sequences, config, lambda done: report(Progress(ENCODING_SHARE + rest * done, ADAPTATION_STAGE))
    )
    return _make_style(base, adapted, pairs, name), adapted


def _encode_pairs(
    pairs: list[AudioMotionPair], encoder: SpeechEncoder, style: str, report: Report
) -> list[TrainingSequence]:
    """Return the pairs as sequences of a style, and report the encoding as the first part of the progress."""
    seconds = sum(pair.seconds for pair in pairs)
    sequences, done_before = [], 0.0
    for pair in pairs:
        share = ENCODING_SHARE * pair.seconds / seconds

        def report_pair(done: float, first: float = done_before, share: float = share) -> None:
            report(Progress(first + share * done, ENCODING))

        sequences.append(pair.to_sequence(encoder, style, report_pair))
        done_before += share
    return sequences


def _make_style(base: MotionDenoiser, adapted: AdaptedDenoiser, pairs: list[AudioMotionPair], name: str) -> StyleFile:
    """Return the style file of a fine-tuned denoiser: its vector, and the changes of the output layer."""
    denoiser = adapted.denoiser
    known = np.any([pair.known for pair in pairs], axis=0)
    seconds = sum(pair.seconds for pair in pairs)
    notes = {
        "seconds": f"{seconds:.1f}", "steps": str(adapted.steps), "channels": str(int(known.sum())),
        "held_back_error": f"{adapted.error_after:.4f}", "held_back_error_before": f"{adapted.error_before:.4f}",
    }  # fmt: skip
    weight, bias = denoiser.output_weight - base.output_weight, denoiser.output_bias - base.output_bias
    return StyleFile(name, base.fingerprint, denoiser.styles[0], weight, bias, notes)
