"""The viseme model that labels rendered speech: face motion from phones with exact times and loudness."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from ... import channels
from ...types import MODEL_RATE, BoolArray, Float32Array
from ..corpora.clip import Phone
from .articulation import LABIALS, PARTING_CHANNELS, SEALED_LIMITS, SILENCE, base_symbol, phone_symbols
from .coarticulation import PARAMETERS, blend
from .viseme_table import ARTICULATED, MEASURED, VisemeTable

MIN_LOUDNESS, MAX_LOUDNESS = -1.0, 0.3
"""Loudness range in which the amplitude depends on loudness."""

SHUT_SECONDS = 1 / MODEL_RATE.value
"""Seconds for which lips stay closed at least on both sides of a closure's middle: two rows, at any speech rate."""
CLOSING_SECONDS = 0.06
"""Seconds in which lips meet and part."""

GROUPS: tuple[tuple[str, ...], ...] = (
    ("jawOpen", "aperture", "mouthLowerDown", "mouthUpperUp"),
    ("mouthFunnel", "mouthPucker"),
    ("mouthSmile", "mouthDimple", "mouthStretch", "mouthFrown"),
)
"""Channels that vary together between speakers and between sounds."""
SPEAKER, SOUND, DRIFT, SIDE = 0.12, 0.10, 0.08, 0.05
"""Deviations of the logarithm of amplitude: of an utterance, of one sound, along an utterance, of one side."""
DRIFT_SECONDS = 1.5

BLOCK, INFLUENCE_SECONDS = 90, 1.5
"""Rows that are blended at once; seconds within which a sound has an effect."""

DERIVED_CHANNELS = ("mouthClose", "cheekSquintLeft", "cheekSquintRight")
SQUINT_PER_SMILE = 0.4
"""cheekSquint per mouthSmile: the muscle that lifts the corner lifts the cheek."""


def viseme_motion(
    phones: Sequence[Phone],
    seconds: float,
    loudness: Float32Array | None = None,
    rng: np.random.Generator | None = None,
    table: VisemeTable | None = None,
) -> tuple[Float32Array, BoolArray]:
    """Return the face of a speaker of `phones`.

    Brows, eyes, nose and sideways shapes are unknown.

    Args:
        phones: ARPAbet or IPA, exact times in s.
        seconds: Length of the sound.
        loudness: (T,) as of `loudness.overview`, 0 at speech level; None for constant loudness.
        rng: Draws the speaker's amplitude and its drift; None for the mean motion.
        table: The viseme table; default: the shipped one.

    Returns:
        Values (T, 52) float32 from 0 to 1, T = MODEL_RATE.rows(seconds), and a mask (52,) of the known channels.

    Raises:
        ValueError: A label is neither ARPAbet nor IPA.
    """
    table = table or VisemeTable.load()
    rows = MODEL_RATE.rows(seconds)
    times = (np.arange(rows) / MODEL_RATE.value).astype(np.float32)
    said = sound_spans(phones, seconds)
    row_loudness = np.zeros(rows, np.float32) if loudness is None else loudness
    scale = np.exp(effort(row_loudness)[:, None] * table.loudness)

    parameters = np.stack([table.parameters(sound) for _, _, sound in said])
    if rng is not None:
        parameters[:, PARAMETERS.index("target")] *= _sound_amplitudes(len(said), rng)
        scale = scale * _speaker_amplitudes(rows, rng)
    tracks = _blend_tracks(said, parameters, times + np.float32(table.delay), scale.astype(np.float32))
    values = _face_weights(_seal_lips(np.maximum(tracks, 0.0), lip_seal(said, times)))
    if rng is not None:
        values = _make_asymmetric(values, rng)
    return np.clip(values, 0.0, 1.0).astype(np.float32), known_channels()


def known_channels() -> BoolArray:
    """Return a mask (52,) of the channels that the viseme model knows."""
    names = (*MEASURED, *ARTICULATED, *DERIVED_CHANNELS)
    return np.array(
        [name.removesuffix("Left").removesuffix("Right") in names or name in names for name in channels.FACE]
    )


def sound_spans(phones: Sequence[Phone], seconds: float) -> list[tuple[float, float, str]]:
    """Return (start s, end s, sound) without gaps from 0 to `seconds`.

    Pauses are inserted, diphthongs and affricates split.
    """
    spans: list[tuple[float, float, str]] = []
    here = 0.0
    for phone in [*sorted(phones, key=lambda phone: phone.start), Phone(seconds, seconds, SILENCE)]:
        start, end = max(phone.start, here), min(phone.end, seconds)
        if start > here + 1e-4:
            spans.append((here, start, SILENCE))
        parts = phone_symbols(phone.label)
        edges = np.linspace(start, max(end, start), len(parts) + 1)
        spans += [(float(a), float(b), sound) for (a, b), sound in zip(pairwise(edges), parts, strict=True) if b > a]
        here = max(here, end)
    return spans


def effort(loudness: Float32Array) -> Float32Array:
    """Return how loud speech is around each row (T,), MIN_LOUDNESS to MAX_LOUDNESS.

    Args:
        loudness: (T,) as of `loudness.overview`.
    """
    return gaussian_filter1d(
        np.clip(loudness, MIN_LOUDNESS, MAX_LOUDNESS), 0.1 * MODEL_RATE.value, mode="nearest"
    ).astype(np.float32)


def lip_seal(spans: Sequence[tuple[float, float, str]], times: Float32Array) -> Float32Array:
    """Return how closed the lips are (T,), 0 to 1: 1 on at least two rows of every m, b and p."""
    shut = np.zeros(len(times))
    for start, end, sound in spans:
        if base_symbol(sound) in LABIALS:
            half = max((end - start) / 2 - CLOSING_SECONDS / 4, SHUT_SECONDS + 1e-6)
            part = np.clip((half + CLOSING_SECONDS - np.abs(times - (start + end) / 2)) / CLOSING_SECONDS, 0.0, 1.0)
            shut = np.maximum(shut, part * part * (3 - 2 * part))
    return shut.astype(np.float32)


def _blend_tracks(
    spans: list[tuple[float, float, str]], parameters: Float32Array, times: Float32Array, scale: Float32Array
) -> Float32Array:
    """Return tracks (T, C), a few seconds at a time, from the sounds with an effect there."""
    edges = np.array([(start, end) for start, end, _ in spans], np.float32)
    edges[0, 0] -= 1  # the rest before and after does not begin and end here
    edges[-1, 1] += 1
    tracks = np.empty_like(scale)
    for first in range(0, len(times), BLOCK):
        some = slice(first, first + BLOCK)
        near = (edges[:, 1] > times[some][0] - INFLUENCE_SECONDS) & (edges[:, 0] < times[some][-1] + INFLUENCE_SECONDS)
        given = (edges[near], parameters[near].astype(np.float32), times[some].astype(np.float32), scale[some])
        tracks[some] = blend(*map(torch.from_numpy, given)).numpy()
    return tracks


def _seal_lips(tracks: Float32Array, shut: Float32Array) -> Float32Array:
    """Return tracks (T, C) with the lips together where they are closed."""
    tracks = tracks.copy()
    for name in ("aperture", *PARTING_CHANNELS):
        tracks[:, _column(name)] *= 1 - shut
    for name, most in SEALED_LIMITS.items():
        track = tracks[:, _column(name)]
        tracks[:, _column(name)] = track + shut * (np.minimum(track, most) - track)
    return tracks


def _face_weights(tracks: Float32Array) -> Float32Array:
    """Convert tracks (T, C) to face weights (T, 52), both sides equal."""
    values = np.zeros((len(tracks), len(channels.FACE)), np.float32)
    for column, channel in enumerate(channels.FACE):
        name = channel.removesuffix("Left").removesuffix("Right")
        if name in (*MEASURED, *ARTICULATED):
            values[:, column] = tracks[:, _column(name)]
    smile, apart = tracks[:, _column("mouthSmile")], tracks[:, _column("aperture")]
    jaw = np.clip(np.maximum(tracks[:, _column("jawOpen")], apart), 0.0, 1.0)
    for channel, track in (
        ("jawOpen", jaw), ("mouthClose", jaw - np.minimum(apart, jaw)),
        ("cheekSquintLeft", SQUINT_PER_SMILE * smile), ("cheekSquintRight", SQUINT_PER_SMILE * smile),
    ):  # fmt: skip
        values[:, channels.FACE.index(channel)] = track
    return values


def _column(name: str) -> int:
    return (*MEASURED, *ARTICULATED).index(name)


def _sound_amplitudes(count: int, rng: np.random.Generator) -> Float32Array:
    """Draw amplitudes (U, C) of every sound."""
    return _expand_groups(np.exp(SOUND * rng.standard_normal((count, len(GROUPS) + 1))))


def _speaker_amplitudes(rows: int, rng: np.random.Generator) -> Float32Array:
    """Draw amplitudes (T, C) of one speaker, which drift."""
    noise = gaussian_filter1d(rng.standard_normal(rows + 300), DRIFT_SECONDS * MODEL_RATE.value)[150 : rows + 150]
    drift = DRIFT * noise * np.sqrt(2 * np.sqrt(np.pi) * DRIFT_SECONDS * MODEL_RATE.value)
    whole, groups = SPEAKER * rng.standard_normal(), 0.7 * SPEAKER * rng.standard_normal(len(GROUPS) + 1)
    return _expand_groups(np.exp(drift[:, None] + whole + groups))


def _expand_groups(values: Float32Array) -> Float32Array:
    """Expand (N, groups + 1) to (N, C); the last group holds the remaining channels."""
    names = (*MEASURED, *ARTICULATED)
    group = [next((i for i, some in enumerate(GROUPS) if name in some), len(GROUPS)) for name in names]
    return values[:, group]


def _make_asymmetric(values: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Make the mouth's two sides slightly different."""
    more = SIDE * rng.standard_normal()
    of_mouth = [name if name.startswith("mouth") else "" for name in channels.FACE]
    factor = np.array([more * (name.endswith("Left") - name.endswith("Right")) for name in of_mouth])
    return values * np.exp(factor)
