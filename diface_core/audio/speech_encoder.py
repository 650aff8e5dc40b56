"""Audio to speech features: Whisper's encoder, mel bands and loudness, one row per motion row."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors import SafetensorError, safe_open

from ..errors import ModelError
from ..inference.mel import SlidingSpectrogram, log_mel_spectrogram
from ..inference.session import Session
from ..runtime.sliding_windows import sliding_windows
from ..types import MODEL_RATE, AudioClip, Float32Array
from .loudness import ACTIVE_LEVEL, SAMPLE_RATE, AudioStats, measure_audio

ENCODER_RATE = 50
"""Rows per second of the encoder's output; row i is centred at i / 50 s, as mel frame 2 i is."""

WINDOW_SECONDS, HOP_SECONDS = 10.0, 3.0
"""Seconds of a window, and from one to the next. Every row is the mean of three or four windows, weighted by how much
of its context each contains (a Hann window): the encoder's output depends on the position in the window, that of the
mean least (docs/research/quality.md)."""

WIDTH, BANDS = 384, 16
SPEECH, MEL, LOUDNESS = slice(0, WIDTH), slice(WIDTH, WIDTH + BANDS), WIDTH + BANDS
DIMENSION = WIDTH + BANDS + 1
"""Columns of a feature row: the encoder's output, log mel bands, loudness (0 at speech level, 1 is 20 dB up)."""

ASSET = Path(__file__).parents[1] / "assets" / "speech_encoder.safetensors"


class EncoderNetwork(Protocol):
    """Whisper's encoder, whichever library computes it."""

    def run(self, *, mel: Float32Array) -> Float32Array:
        """Return (1, T, width) for mel bands (1, 80, 2 T)."""
        ...


class SpeechEncoder:
    """OpenAI's Whisper tiny.en encoder (Radford et al. 2022), run in overlapping windows over audio of any length."""

    def __init__(self, network: EncoderNetwork, positions: int, digest: str, width: int = WIDTH) -> None:
        """Take a network of mel (1, 80, 2 positions) to (1, positions, width), and the hash (hex) of its weights."""
        self.hash = digest
        self._network, self._columns = network, width + BANDS
        self._positions = positions
        self._window_samples = positions * SAMPLE_RATE // ENCODER_RATE

    @classmethod
    def load(cls, path: Path = ASSET, window_seconds: float = WINDOW_SECONDS) -> SpeechEncoder:
        """Read the weights and the graph beside them, for windows of at most 30 s.

        Raises:
            ModelError: A file is missing or damaged.
        """
        if not path.exists():
            raise ModelError(
                f"The speech encoder is missing: {path}.", "Run `python3 build.py demo` once to create it."
            )
        try:
            with safe_open(path, framework="np") as file:
                weights = {name: file.get_tensor(name).astype(np.float32) for name in list(file.keys())}
        except (SafetensorError, OSError) as damage:
            hint = "Delete the file and run `python3 build.py demo` to create it again."
            raise ModelError(f"The speech encoder cannot be read: {path}.", hint) from damage
        network = Session(path.with_suffix(".onnx"), weights)
        # The features depend on these besides the weights.
        parameters = f"{window_seconds} {HOP_SECONDS} {DIMENSION} {ACTIVE_LEVEL}"
        digest = hashlib.sha256(path.read_bytes() + parameters.encode()).hexdigest()
        return cls(network, round(window_seconds * ENCODER_RATE), digest)

    @property
    def dimension(self) -> int:
        """Columns of a feature row."""
        return self._columns + 1

    def encode(self, clip: AudioClip, report: Callable[[float], None] = lambda fraction: None) -> Float32Array:
        """Return features (T, DIMENSION) float32 of a mono 16 kHz clip, T = MODEL_RATE.rows(clip.seconds).

        `report` is called with the fraction done after every window; it may raise to stop.
        """
        if clip.rate != SAMPLE_RATE:
            raise ValueError(f"clip.rate must be {SAMPLE_RATE} Hz. Got {clip.rate}.")
        stats = measure_audio([clip.samples])
        features, done = np.empty((len(stats.loudness), self._columns + 1), np.float32), 0
        for part in self.stream([clip.samples], stats):
            features[done : done + len(part)] = part
            done += len(part)
            report(done / len(features))
        return features

    def stream(self, blocks: Iterable[Float32Array], stats: AudioStats) -> Iterator[Float32Array]:
        """Yield the rows of `encode` in order, in parts of about HOP_SECONDS, of 16 kHz audio in blocks (N,).

        `stats` are those of the same blocks. Memory never holds more than the largest block and two windows.
        """
        done = 0
        encoded = self._encode_windows(blocks, stats.sample_count, stats.gain)
        for part in _resample_to_model_rate(encoded, len(stats.loudness)):
            last = done + len(part)
            yield np.concatenate([part, stats.loudness[done:last, None]], axis=1)
            done = last

    def encode_window(self, samples: Float32Array) -> Float32Array:
        """Return one window's rows (positions, WIDTH + BANDS) at 50 Hz; shorter samples are padded with silence."""
        return self._encode_spectrogram(log_mel_spectrogram(samples, 2 * self._positions))

    def _encode_spectrogram(self, mel: Float32Array) -> Float32Array:
        speech = self._network.run(mel=mel[None])[0]
        bands = mel[:, ::2].reshape(BANDS, -1, self._positions).mean(1).T
        return np.concatenate([speech, bands], axis=1)

    def _encode_windows(self, blocks: Iterable[Float32Array], samples: int, gain: float) -> Iterator[Float32Array]:
        """Rows (n, WIDTH + BANDS) at 50 Hz, in order: the weighted mean of the windows that contain each."""
        length, hop = -(-samples * ENCODER_RATE // SAMPLE_RATE) + 1, round(HOP_SECONDS * ENCODER_RATE)
        count = 1 + max(0, -(-(length - self._positions) // hop))
        weight = np.hanning(self._positions + 2)[1:-1, None].astype(np.float32)

        blocks, held = iter(blocks), np.zeros(0, np.float32)
        spectrogram = SlidingSpectrogram(2 * self._positions, 2 * hop)
        total = np.zeros((self._positions, self._columns), np.float32)
        weights = np.zeros((self._positions, 1), np.float32)
        for index in range(count):
            while len(held) < self._window_samples and (block := next(blocks, None)) is not None:
                held = np.concatenate([held, block])
            mel = spectrogram.next_window(held[: self._window_samples] * gain)
            total += self._encode_spectrogram(mel) * weight
            weights += weight

            # No later window contains the rows before the next one.
            ready = hop if index + 1 < count else length - index * hop
            yield total[:ready] / weights[:ready]
            total, weights = (np.concatenate([sums[hop:], np.zeros_like(sums[:hop])]) for sums in (total, weights))
            held = held[hop * SAMPLE_RATE // ENCODER_RATE :]


def _resample_to_model_rate(parts: Iterable[Float32Array], rows: int) -> Iterator[Float32Array]:
    """Rows at 50 Hz as `rows` rows at MODEL_RATE, by linear interpolation; the last one is repeated."""
    done = 0
    for window in sliding_windows(parts, context_rows=1):
        begin, end = window.first - window.valid.start, window.first - window.valid.start + window.valid.stop
        last = min(rows, math.ceil(end * MODEL_RATE.value / ENCODER_RATE))
        position = np.minimum(np.arange(done, last) * ENCODER_RATE / MODEL_RATE.value - begin, len(window.rows) - 1)
        below = np.minimum(position.astype(int), len(window.rows) - 2)
        part = (position - below).astype(np.float32)[:, None]
        yield window.rows[below] * (1 - part) + window.rows[below + 1] * part
        done = last
