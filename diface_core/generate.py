"""The pipeline from GenerateRequest to GenerateResult, in a stream of rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Protocol

import numpy as np

from . import channels
from .audio import reading
from .audio.feature_cache import FeatureCache, new_digest
from .audio.loudness import SAMPLE_RATE, AudioStats, background_notes, measure_audio
from .audio.stereo import ChannelMeter
from .constrained import apply_constraints, apply_strengths, constraint_provider, regenerate_segments
from .errors import AudioError
from .layers.beat_sampler import BeatSampler
from .layers.events import LayerEvents
from .model.tongue_sampler import TongueListener, TongueSampler
from .motion.resample import resample_stream
from .nonverbal.silent_sampler import SILENCE, SilentSampler
from .nonverbal.sounds.nonspeech_sampler import NonSpeechSampler
from .nonverbal.sounds.sound_classes import SoundClassifier
from .request_file import joined_hash
from .runtime.progress import ENCODING, READING, SAMPLING, ProgressTracker
from .runtime.sliding_windows import slice_stream, tee_stream
from .types import (
    IDLE,
    MIX,
    MODEL_RATE,
    SPEAK,
    AudioSection,
    Float32Array,
    GenerateRequest,
    GenerateResult,
    Motion,
    Report,
    SampleRows,
)

MAX_CACHED_STATS = 8
"""Number of audio sections whose length and loudness are kept in memory."""


class Encoder(Protocol):
    """Encodes blocks (N,) of audio to features (n, D), one row per row of the models' Motion, in order."""

    @property
    def hash(self) -> str:
        """Return the hash (hex) of the encoder."""
        ...

    @property
    def dimension(self) -> int:
        """Return the columns of a row of features; the last is the loudness."""
        ...

    def stream(self, blocks: Iterable[Float32Array], stats: AudioStats, /) -> Iterator[Float32Array]:
        """Yield the features of blocks of audio."""
        ...


class MotionModels(Protocol):
    """The models of face and head.

    `stream` samples values (n, C) at MODEL_RATE with the channels of the request's parts, in order, in parts of any
    length, from features of `rows` rows; `first_row` is the row of the seed's noise that they begin with. It asks the
    constraint provider for rows counted from there.
    """

    @property
    def device(self) -> str:
        """Return the name of the device."""
        ...

    def hash_of(self, request: GenerateRequest) -> str:
        """Return the hash (hex) of the model files that make the motion of a request."""
        ...

    @property
    def stream(self) -> SampleRows:
        """Return what samples the values."""
        ...


class Generator:
    """The engine of DiFACE's models: loads them once and caches features between requests."""

    def __init__(
        self,
        encoder: Encoder,
        models: MotionModels,
        cache: FeatureCache,
        classifier: SoundClassifier | None = None,
        tongue: TongueListener | None = None,
    ) -> None:
        """Take what it works with; without a classifier, every sound is spoken, without a listener the tongue rests."""
        self._encoder, self._models, self._cache = encoder, models, cache
        self._classifier, self._tongue = classifier, tongue
        self._stats_cache: dict[object, tuple[str, AudioStats]] = {}

    @classmethod
    def load(cls, cache: Path | None = None) -> Generator:
        """Load encoder and models (seconds). Raises ModelError if a file is missing or damaged."""
        # Here, so that a command line can refuse its arguments without torch.
        from .audio.speech_encoder import SpeechEncoder
        from .model.models import load_models
        from .model.tongue_detector import TongueDetector

        listeners = SoundClassifier.load(), TongueDetector.load()
        return cls(SpeechEncoder.load(), load_models(), FeatureCache(cache), *listeners)

    def generate(self, request: GenerateRequest, report: Report) -> GenerateResult:
        """Generate the Motion.

        Rows that the constraints know in every channel are not computed.

        Args:
            request: The request.
            report: Called with the progress; may raise to stop.

        Raises:
            AudioError: The audio cannot be used.
            ModelError: A style or model file cannot be used.
        """
        tracker = ProgressTracker(report)
        key, stats = self._read_audio(request, tracker)
        constraints = request.constraints
        if constraints is not None and constraints.known_mask.all(axis=1).any():
            features = self._features(request, key, stats, tracker)
            sections = partial(self._sections, request, stats, features)
            report_fraction = partial(tracker.report, SAMPLING)
            motion = regenerate_segments(sections, stats.loudness, constraints, request, report_fraction)
            tracker.finish()
            return GenerateResult(motion, self._model_hash(request), tracker.timings, notes=stats.notes)
        names = channels.of_request(request.parts, request.layers)
        values = np.empty((_row_count(request, stats), len(names)), np.float32)
        done = 0
        for motion in self._stream_motion(request, key, stats, tracker):
            values[done : done + len(motion)] = motion.values
            done += len(motion)
            tracker.restart_timer()
        tracker.finish()
        motion = Motion(values, names, request.rate)
        return GenerateResult(motion, self._model_hash(request), tracker.timings, notes=stats.notes)

    def stream(self, request: GenerateRequest, report: Report) -> Iterator[Motion]:
        """Yield the Motion of `generate` in parts, in order.

        The first parts are complete before the last are computed. Memory holds the audio and rows of one part, whatever
        the length. Raises as `generate`.
        """
        tracker = ProgressTracker(report)
        for motion in self._stream_motion(request, *self._read_audio(request, tracker), tracker):
            yield motion
            tracker.restart_timer()
        tracker.finish()

    def loudness(self, request: GenerateRequest, report: Report) -> Float32Array:
        """Return the loudness (T,) of a request's sound at MODEL_RATE. Raises AudioError."""
        return self._read_audio(request, ProgressTracker(report))[1].loudness

    @property
    def device(self) -> str:
        """Name of the device that the models run on."""
        return self._models.device

    def dry_run(self, seconds: float, steps: int) -> None:
        """Compute face and head for noise, without any cache: to warm up the networks, or to measure them.

        Args:
            seconds: Length of the noise.
            steps: Number of denoising steps.
        """
        noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * SAMPLE_RATE)).astype(np.float32)
        stats = measure_audio([noise])
        request = GenerateRequest(AudioSection(Path()), steps=steps)
        features = self._encoder.stream([noise], stats)
        for _values in self._models.stream(features, len(stats.loudness), request, None, lambda fraction: None):
            pass

    def _read_audio(self, request: GenerateRequest, tracker: ProgressTracker) -> tuple[str, AudioStats]:
        """Read the audio once for its cache key and its loudness; the last results are kept."""
        tracker.report(READING, 0.0)
        if request.role == IDLE:
            key, stats = "", _silence(request)
        else:
            key, stats = self._read_file(request, tracker)
        _check_constraints(request, _row_count(request, stats))
        tracker.report(READING, 1.0)
        return key, stats

    def _read_file(self, request: GenerateRequest, tracker: ProgressTracker) -> tuple[str, AudioStats]:
        identity = reading.section_identity(request.audio)
        if identity not in self._stats_cache:
            self._stats_cache = {
                **dict(list(self._stats_cache.items())[-MAX_CACHED_STATS + 1 :]),
                identity: self._measure_audio(request, tracker),
            }
        return self._stats_cache[identity]

    def _measure_audio(self, request: GenerateRequest, tracker: ProgressTracker) -> tuple[str, AudioStats]:
        digest, meter = new_digest(self._encoder.hash, SAMPLE_RATE), ChannelMeter()

        def blocks() -> Iterator[Float32Array]:
            for block in reading.read_blocks(request.audio, meter=meter):
                tracker.report(READING, 0.0)
                digest.update(block.data)
                yield block

        stats = measure_audio(blocks())
        reading.check_not_silent(request.audio, stats.peak)
        of_channels = meter.notes() if request.audio.channel == MIX else ()
        measure_high = None if request.audio.high_pass else partial(_high_passed_loudness, request.audio, tracker)
        notes = of_channels or background_notes(stats.loudness, measure_high)
        return digest.hexdigest(), dataclasses.replace(stats, notes=notes)

    def _stream_motion(
        self, request: GenerateRequest, key: str, stats: AudioStats, tracker: ProgressTracker
    ) -> Iterator[Motion]:
        names = channels.of_samples(request)
        rows = len(stats.loudness)
        features = self._features(request, key, stats, tracker)
        constraints = request.constraints
        provider = None if constraints is None else constraint_provider(constraints, request)
        sample_rows = self._sampler(request, stats)
        values = sample_rows(features, rows, request, provider, partial(tracker.report, SAMPLING))
        scaled = (apply_strengths(part, names, request) for part in values)
        events = LayerEvents.sample(stats.loudness, request.layers, request.role)
        parts = resample_stream(scaled, MODEL_RATE, request.rate, _row_count(request, stats))
        yield from apply_constraints(_with_layers(parts, names, request, events), constraints, request)

    def _model_hash(self, request: GenerateRequest) -> str:
        """Return the hash of everything that was trained and makes the motion of a request."""
        tongue = self._tongue if request.moves_tongue else None
        return joined_hash(self._models.hash_of(request), self._listens(request), tongue)

    def _sampler(self, request: GenerateRequest, stats: AudioStats) -> SampleRows:
        """Return what samples the rows of a request."""
        if request.role != SPEAK:
            return SilentSampler.of_request(request, stats.loudness, self._models.stream, self._encoder.dimension)
        speaking, classifier = self._speaker(request, stats), self._listens(request)
        if request.moves_tongue:
            speaking = TongueSampler.of_whole(speaking, self._tongue)
        return NonSpeechSampler.of_whole(speaking, classifier) if classifier else speaking

    def _speaker(self, request: GenerateRequest, stats: AudioStats) -> SampleRows:
        """Return what samples the rows of a request that speaks, whatever the sound."""
        return BeatSampler.of_request(request, stats.loudness, self._models.stream)

    def _sections(
        self,
        request: GenerateRequest,
        stats: AudioStats,
        features: Iterable[Float32Array],
        ranges: list[tuple[int, int]],
    ) -> Iterator[tuple[SampleRows, Float32Array]]:
        """Yield what samples each section of the models' rows of a request, and its features."""
        if request.role != SPEAK:
            sampler = self._sampler(request, stats)
            yield from ((sampler, part) for part in slice_stream(features, ranges))
            return
        speaking, classifier = self._speaker(request, stats), self._listens(request)
        speakers: Iterator[SampleRows] = repeat(speaking, len(ranges))
        if request.moves_tongue:
            features, heard = tee_stream(features, 2)
            speakers = TongueSampler.of_sections(speakers, self._tongue, heard, ranges)
        if classifier:
            features, listened = tee_stream(features, 2)
            speakers = NonSpeechSampler.of_sections(speakers, classifier, listened, ranges)
        yield from zip(speakers, slice_stream(features, ranges), strict=True)

    def _listens(self, request: GenerateRequest) -> SoundClassifier | None:
        """Return what tells other sounds from speech; None if everything is spoken, or nobody speaks."""
        return self._classifier if request.role == SPEAK and request.other_sounds else None

    def _features(
        self, request: GenerateRequest, key: str, stats: AudioStats, tracker: ProgressTracker
    ) -> Iterator[Float32Array]:
        """Features in parts; without columns for a face that does not speak, whose sound is not encoded."""
        if request.role == SPEAK:
            return self._cached_features(request, key, stats, tracker)
        tracker.skip(ENCODING)
        return iter([np.zeros((len(stats.loudness), 0), np.float32)])

    def _cached_features(
        self, request: GenerateRequest, key: str, stats: AudioStats, tracker: ProgressTracker
    ) -> Iterator[Float32Array]:
        """Features in parts: from the cache, else encoded and put in it."""
        features = self._cache.get_stream(key)
        if features is None:
            return self._cache.put_stream(key, self._encode_audio(request.audio, stats, tracker), len(stats.loudness))
        tracker.skip(ENCODING)
        return features

    def _encode_audio(
        self, section: AudioSection, stats: AudioStats, tracker: ProgressTracker
    ) -> Iterator[Float32Array]:
        """Features of audio that is not in the cache; the file is read a second time."""
        tracker.report(ENCODING, 0.0)
        done = 0
        for part in self._encoder.stream(_verified_blocks(section, stats.sample_count), stats):
            done += len(part)
            tracker.report(ENCODING, done / len(stats.loudness))
            yield part


def _high_passed_loudness(section: AudioSection, tracker: ProgressTracker) -> Float32Array:
    """Loudness (T,) of a section without what is lower than a voice. Can be cancelled, as the first reading."""

    def blocks() -> Iterator[Float32Array]:
        for block in reading.read_blocks(dataclasses.replace(section, high_pass=True)):
            tracker.report(READING, 0.0)
            yield block

    return measure_audio(blocks()).loudness


def _row_count(request: GenerateRequest, stats: AudioStats) -> int:
    """Rows of the result. A strip of n frames gives n rows, though its audio may be a few samples longer."""
    return request.rate.rows(stats.seconds if request.audio.seconds is None else request.audio.seconds)


def _silence(request: GenerateRequest) -> AudioStats:
    """Statistics of the silence in which an idle face is."""
    seconds = request.audio.seconds or 0.0
    loudness = np.full(MODEL_RATE.rows(seconds), SILENCE, np.float32)
    return AudioStats(round(seconds * SAMPLE_RATE), 0.0, 1.0, loudness)


def _check_constraints(request: GenerateRequest, rows: int) -> None:
    expected, constraints = (rows, len(channels.of_request(request.parts, request.layers))), request.constraints
    if constraints is None:
        return
    if constraints.values.shape != expected:
        raise ValueError(f"constraints must have shape {expected}. Got {constraints.values.shape}.")
    pin_rows = constraints.pins.row
    if len(pin_rows) and not (pin_rows.min() >= 0 and pin_rows.max() <= rows - 1):
        raise ValueError(f"pins must be on rows 0 to {rows - 1}. Got {pin_rows.min()} to {pin_rows.max()}.")


def _verified_blocks(section: AudioSection, sample_count: int) -> Iterator[Float32Array]:
    """The section's blocks, read again. Raises AudioError if the number of samples changed."""
    for block in reading.read_blocks(section):
        sample_count -= len(block)
        yield block
    if sample_count:
        raise AudioError(f"{section.path.name} changed while it was read.", "Try again.")


def _with_layers(
    parts: Iterable[Float32Array], names: tuple[str, ...], request: GenerateRequest, layer_events: LayerEvents
) -> Iterator[Motion]:
    first = 0
    for part in parts:
        yield layer_events.apply(Motion(part, names, request.rate), first)
        first += len(part)
