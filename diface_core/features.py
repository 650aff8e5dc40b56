"""Sound -> speech features: Whisper's encoder, mel bands and loudness, one row a motion frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import WhisperConfig, WhisperFeatureExtractor
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from . import device
from .errors import ModelError
from .types import MODEL_RATE, AudioClip, FloatArray

RATE = 16_000
HZ = 50
"""Rows a second that leave the encoder; row i is centred at i / 50 s, as mel frame 2 i is."""

WINDOW, HOP = 10.0, 3.0
"""Seconds that a window lasts, and to the next one. Every row is the mean of three or four windows, each weighted by
how much of its context it hears (a Hann window): what the encoder says of a sound depends on where in the window it
stands, and the mean does so least (docs/quality.md)."""

WIDTH, BANDS = 384, 16
SPEECH, MEL, LOUDNESS = slice(0, WIDTH), slice(WIDTH, WIDTH + BANDS), WIDTH + BANDS
DIMENSION = WIDTH + BANDS + 1
"""Columns of a feature row: the encoder's output, log mel bands, loudness (0 at speech level, 1 is 20 dB up)."""

ACTIVE_LEVEL = 0.05
"""Root mean square that speech is brought to first, so that a quiet recording gives the features of a loud one."""

ASSET = Path(__file__).parent / "assets" / "speech_encoder.safetensors"


class SpeechEncoder:
    """OpenAI's Whisper tiny.en encoder (Radford et al. 2022), run in overlapping windows over audio of any length."""

    def __init__(self, encoder: WhisperEncoder, digest: str) -> None:
        self.hash = digest
        # transformers' wrapper around .to() hides that it is a method.
        self._encoder = encoder.eval().to(device.best())  # pyright: ignore[reportArgumentType]
        self._positions = encoder.config.max_source_positions
        seconds = self._positions / HZ  # stated as int, but a fraction does
        self._mel = WhisperFeatureExtractor(feature_size=80, chunk_length=seconds)  # pyright: ignore[reportArgumentType]
        self._mel.n_samples = self._positions * RATE // HZ

    @classmethod
    def load(cls, path: Path = ASSET, window: float = WINDOW) -> SpeechEncoder:
        """Read the weights, for windows of at most 30 s. Raises ModelError when they are missing or damaged."""
        if not path.exists():
            raise ModelError(f"The speech encoder is missing: {path}.", "Run `python3 build.py demo` once to make it.")
        positions = round(window * HZ)
        encoder = WhisperEncoder(_config(positions))
        try:
            weights = {name: value.float() for name, value in load_file(path).items()}
            weights["embed_positions.weight"] = weights["embed_positions.weight"][:positions]
            encoder.load_state_dict(weights)
        except Exception as damage:
            hint = "Delete the file and run `python3 build.py demo` to make it again."
            raise ModelError(f"The speech encoder cannot be read: {path}.", hint) from damage
        heard_so = f"{window} {HOP} {DIMENSION} {ACTIVE_LEVEL}"  # with what the features depend on beside the weights
        return cls(encoder, hashlib.sha256(path.read_bytes() + heard_so.encode()).hexdigest())

    def encode(self, clip: AudioClip, report: Callable[[float], None] = lambda fraction: None) -> FloatArray:
        """Features (T, DIMENSION) float32 of a mono 16 kHz clip, T = MODEL_RATE.rows(clip.seconds).

        `report` is called with the fraction done after every window; what it raises passes through.
        """
        if clip.rate != RATE:
            raise ValueError(f"clip.rate must be {RATE} Hz. Got {clip.rate}.")
        gain = level_gain(clip.samples)
        rows = MODEL_RATE.rows(clip.seconds)
        at = np.arange(rows) / MODEL_RATE.value

        heard = self._windows(clip.samples, report, gain)
        features = np.empty((rows, DIMENSION), np.float32)
        for some in _blocks(rows):
            features[some, :LOUDNESS] = _at_times(heard, at[some])
            features[some, LOUDNESS] = loudness(clip.samples, at[some], gain)
        return features

    def window(self, samples: FloatArray) -> FloatArray:
        """One window's rows (positions, WIDTH + BANDS) at 50 Hz; shorter samples are followed by silence."""
        mel = self._mel(samples, sampling_rate=RATE, return_tensors="pt").input_features
        with torch.inference_mode():
            speech = self._encoder(mel.to(self._encoder.device)).last_hidden_state[0].cpu()
        bands = mel[0, :, ::2].reshape(BANDS, -1, mel.shape[-1] // 2).mean(1).T
        return torch.cat([speech, bands], 1).numpy()

    def _windows(self, samples: FloatArray, report: Callable[[float], None], gain: float = 1.0) -> FloatArray:
        """Rows (N, WIDTH + BANDS) at 50 Hz of the whole sound, the weighted mean of the windows that hear it."""
        length = -(-len(samples) * HZ // RATE) + 1
        hop = round(HOP * HZ)
        count = 1 + max(0, -(-(length - self._positions) // hop))
        weight = np.hanning(self._positions + 2)[1:-1, None].astype(np.float32)

        total = np.zeros((length, WIDTH + BANDS), np.float32)
        weights = np.zeros((length, 1), np.float32)
        for index in range(count):
            first = index * hop
            begin = first * RATE // HZ
            rows = self.window(samples[begin : begin + self._mel.n_samples] * gain)[: length - first]
            total[first : first + len(rows)] += rows * weight[: len(rows)]
            weights[first : first + len(rows)] += weight[: len(rows)]
            report((index + 1) / count)
        total /= weights
        return total


def level(samples: FloatArray) -> FloatArray:
    """The same sound with its speech (the loudest tenth of 20 ms frames) at ACTIVE_LEVEL."""
    return samples * level_gain(samples)


def level_gain(samples: FloatArray) -> float:
    """What `level` multiplies by."""
    frames = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    if not len(frames):
        return 1.0
    power = np.concatenate([np.mean(frames[some] ** 2, 1) for some in _blocks(len(frames))])
    return float(ACTIVE_LEVEL / max(np.sqrt(np.quantile(power, 0.9)), 1e-4))


def loudness(samples: FloatArray, at: FloatArray, gain: float = 1.0) -> FloatArray:
    """Loudness (T,) of samples times `gain` in the 50 ms around each time `at` (s, rising): 0 at speech level, -1 20 dB
    below."""
    centre, half = np.round(at * RATE).astype(int), RATE // 40
    first, last = (np.clip(centre + side, 0, len(samples)) for side in (-half, half))
    begin = first[0]
    heard = (samples[begin : last[-1]] * gain).astype(np.float64)
    energy = np.concatenate([[0.0], np.cumsum(heard**2)])
    power = (energy[last - begin] - energy[first - begin]) / np.maximum(last - first, 1)
    return (np.log10(power / ACTIVE_LEVEL**2 + 1e-6) / 2).astype(np.float32)


def _blocks(rows: int) -> list[slice]:
    """All rows in slices of a few thousand, so that what is made on the way stays small."""
    return [slice(first, min(first + 4096, rows)) for first in range(0, rows, 4096)]


def _at_times(rows: FloatArray, at: FloatArray) -> FloatArray:
    """Linear interpolation of 50 Hz rows at times `at` (s)."""
    position = np.minimum(at * HZ, len(rows) - 1)
    below = np.minimum(position.astype(int), len(rows) - 2)
    part = (position - below).astype(np.float32)[:, None]
    return rows[below] * (1 - part) + rows[below + 1] * part


def _config(positions: int) -> WhisperConfig:
    return WhisperConfig(
        d_model=WIDTH, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536, num_mel_bins=80,
        max_source_positions=positions, decoder_layers=1, decoder_attention_heads=6, decoder_ffn_dim=16, vocab_size=8,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, dropout=0.0,
    )  # fmt: skip
