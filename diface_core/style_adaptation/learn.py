"""LearnRequest -> Learnt: a style from performances that an animator approved, written to its file."""

from __future__ import annotations

from safetensors import SafetensorError

from .. import channels
from ..audio.reading import load_clip
from ..audio.speech_encoder import SpeechEncoder
from ..errors import DifaceError
from ..model import checkpoint, style_file
from ..model.models import WEIGHTS
from ..runtime import device
from ..types import AdaptationRequest, AdaptationResult, Motion, Progress, Report, StyleExample
from .adapt import AdaptConfig
from .pair import AudioMotionPair, make_pair
from .personalise import MIN_SECONDS, personalise

LOADING_STAGE, READING_STAGE = "Loading the models", "Reading the takes"
MIN_PERFORMANCE_SECONDS = 1.0
"""Seconds: performances under that are left out."""

CONFIG = AdaptConfig()


def adapt_style(request: AdaptationRequest, report: Report) -> AdaptationResult:
    """Learn from all performances together, with the models that DiFACE ships.

    Raises AudioError, ModelError and DifaceError for what cannot be learnt or written, and what `report` raises; then
    there is no file.
    """
    report(Progress(0.0, READING_STAGE))
    pairs = read_pairs(request)
    report(Progress(0.0, LOADING_STAGE))
    base, _ = checkpoint.load(WEIGHTS / "face.safetensors")
    base, encoder = base.to(device.best()), SpeechEncoder.load()
    style, done = personalise(base, pairs, encoder, request.name, CONFIG, report)
    try:
        style_file.save(style, request.path)
    except (OSError, SafetensorError) as reason:
        message = f"The style file {request.path} cannot be written: {reason}."
        raise DifaceError(message, "Check that you may write there and that the disk is not full.") from reason
    return AdaptationResult(
        request.path, sum(one.seconds for one in pairs), done.error_before, done.error_after, done.steps
    )


def read_pairs(request: AdaptationRequest) -> list[AudioMotionPair]:
    """The performances, checked. Raises AudioError and DifaceError, which name the one that is at fault."""
    lasting = [one for one in request.examples if _seconds(one.motion) >= MIN_PERFORMANCE_SECONDS]
    seconds = sum(_seconds(one.motion) for one in lasting)
    if seconds < MIN_SECONDS:
        message = f"The performances last {seconds:.1f} s in all: too short to learn from."
        raise DifaceError(message, f"Take more of them: {MIN_SECONDS:.0f} s at least, and better a minute.")
    return [_read_pair(one) for one in lasting]


def _seconds(motion: Motion) -> float:
    return len(motion) / motion.rate.value


def _read_pair(performance: StyleExample) -> AudioMotionPair:
    motion = performance.motion
    spoken = motion.select(tuple(name for name in motion.channels if name not in channels.LAYER_CHANNELS))
    try:
        return make_pair(load_clip(performance.audio), spoken)
    except DifaceError as problem:
        raise type(problem)(f"{performance.name}: {problem.message}", problem.hint) from problem
