"""AdaptationRequest -> AdaptationResult: a style file from takes that an animator selected as style examples."""

from __future__ import annotations

from .. import channels
from ..audio.reading import load_clip
from ..audio.speech_encoder import SpeechEncoder
from ..errors import DifaceError
from ..inference.denoiser import OnnxDenoiser
from ..inference.denoiser_file import read_denoiser_file
from ..inference.style_gradient import OnnxStyleGradient
from ..model import style_file
from ..model.models import WEIGHTS
from ..types import AdaptationRequest, AdaptationResult, Motion, Progress, Report, StyleExample
from .adapt import AdaptConfig
from .pair import AudioMotionPair, make_pair
from .personalise import MIN_SECONDS, personalise

LOADING_STAGE, READING_STAGE = "Loading the models", "Reading the takes"
MIN_PERFORMANCE_SECONDS = 1.0
"""Seconds below which style examples are ignored."""

CONFIG = AdaptConfig()
FACE_WEIGHTS = WEIGHTS / "face.safetensors"


def load_face() -> tuple[OnnxDenoiser, OnnxStyleGradient]:
    """Return DiFACE's face denoiser and the gradient of its loss. Raises ModelError."""
    file = read_denoiser_file(FACE_WEIGHTS)
    return OnnxDenoiser.load(file), OnnxStyleGradient.load(file)


def adapt_style(request: AdaptationRequest, report: Report) -> AdaptationResult:
    """Train a style on all examples with DiFACE's models, and write its file.

    Args:
        request: The examples and the style's name and path.
        report: Called with the progress; may raise to cancel.

    Raises:
        AudioError: If the audio of an example cannot be read.
        ModelError: If DiFACE's models cannot be loaded.
        DifaceError: If the examples cannot be used, or the file cannot be written.
    """
    report(Progress(0.0, READING_STAGE))
    pairs = read_pairs(request)
    report(Progress(0.0, LOADING_STAGE))
    base, gradient = load_face()
    style, done = personalise(base, gradient, pairs, SpeechEncoder.load(), request.name, CONFIG, report)
    style_file.save(style, request.path)
    return AdaptationResult(
        request.path, sum(one.seconds for one in pairs), done.error_before, done.error_after, done.steps
    )


def read_pairs(request: AdaptationRequest) -> list[AudioMotionPair]:
    """Return the examples as pairs of audio and motion.

    Raises:
        AudioError: If the audio of an example, which is named, cannot be read.
        DifaceError: If an example, which is named, cannot be used, or all together are too short.
    """
    examples = [one for one in request.examples if _seconds(one.motion) >= MIN_PERFORMANCE_SECONDS]
    seconds = sum(_seconds(one.motion) for one in examples)
    if seconds < MIN_SECONDS:
        message = f"The style examples last {seconds:.1f} s in total: too short to train a style."
        raise DifaceError(message, f"Add examples: at least {MIN_SECONDS:.0f} s, better a minute.")
    return [_read_pair(one) for one in examples]


def _seconds(motion: Motion) -> float:
    return len(motion) / motion.rate.value


def _read_pair(example: StyleExample) -> AudioMotionPair:
    motion = example.motion
    speech = motion.select(tuple(name for name in motion.channels if name not in channels.LAYER_CHANNELS))
    try:
        return make_pair(load_clip(example.audio), speech)
    except DifaceError as problem:
        raise type(problem)(f"{example.name}: {problem.message}", problem.hint) from problem
