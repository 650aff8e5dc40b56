"""Recordings in a network's layout: motion at 30 rows per second, with its speech features."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm import tqdm

from ...audio.feature_cache import FeatureCache, audio_key
from ...audio.speech_encoder import SAMPLE_RATE
from ...errors import DifaceError
from ...threediface.networks import FaceNetwork
from ...threediface.options import Part
from ...threediface.sampling import HEAD_DEVIATION, HEAD_MEAN
from ...types import MODEL_RATE, AudioClip, Float32Array
from ..corpora.reading import Reading, Skipped, filter_clips
from ..corpora.vocaset_folder import read_sentences
from .head_folder import head_folder
from .settings import DataConfig

AudioEncoder = Callable[[Tensor, int], Tensor]
"""A waveform (N,) at 16 kHz and a number of rows -> speech features (rows, D)."""

CACHE_BYTES = 1 << 40
"""Size limit of the feature cache in bytes: enough for any training."""


@dataclass(frozen=True)
class MotionRecording:
    """One recording. A network's input is (frames - mean) / deviation.

    Attributes:
        name: Name of its files.
        frames: Motion (T, C) as recorded; long ones are memory-mapped.
        mean: (C,) or ().
        deviation: (C,) or ().
        samples: Audio (N,) at 16 kHz, as long as the frames.
        subject: Subject of the configuration, or "".
        audio_features: Speech features (T, D), float16; None if the speech encoder is trained too.
    """

    name: str
    frames: Float32Array
    mean: Float32Array
    deviation: Float32Array
    samples: Float32Array
    subject: str = ""
    audio_features: npt.NDArray[np.float16] | None = None

    @property
    def seconds(self) -> float:
        """Duration of the recording."""
        return len(self.frames) / MODEL_RATE.value

    def x0(self, first: int, rows: int) -> Float32Array:
        """Return the motion from row `first` on (rows, C), in the network's units."""
        frames = np.asarray(self.frames[first : first + rows], np.float32).reshape(rows, -1)
        return (frames - self.mean) / self.deviation


def read_recordings(data: DataConfig, part: Part, frames: int) -> tuple[list[MotionRecording], list[MotionRecording]]:
    """Return the training sequences and the held-out ones; log the sequences that cannot be used.

    Args:
        data: The recordings.
        part: Face or head.
        frames: Minimum length of a sequence.

    Raises:
        DifaceError: If the folder is incomplete, or no training sequence remains.
    """
    sequences = _face_recordings(data) if part == "face" else _head_recordings(data)
    reading: Reading[MotionRecording] = filter_clips(
        sequences, data.folder, lambda sequence: _check_length(sequence, frames)
    )
    # startswith(()) is False: without held_out, nothing is held out.
    held_out = [one for one in reading.clips if one.name.startswith(data.held_out)]
    training = list(_select_subjects([one for one in reading.clips if not one.name.startswith(data.held_out)], data))
    if not training:
        raise DifaceError(
            f"None of the {len(reading.clips)} sequences in {data.folder} is a training sequence.",
            "Check `subjects` and `held_out`, which are prefixes of the sequences' names.",
        )
    return training, held_out


def _face_recordings(data: DataConfig) -> Iterator[MotionRecording | Skipped]:
    every = data.fps / MODEL_RATE.value
    if every < 1 or every != int(every):
        hint = "Resample the vertices, or set `fps` to the rate of the recordings."
        raise DifaceError(f"A face's fps must be 30, 60, 90 or another multiple of 30. Got {data.fps:g}.", hint)
    for item in read_sentences(data.folder, data.fps):
        if isinstance(item, Skipped):
            yield item
            continue
        # As the original does: of 60 frames a second every second one, from the first on.
        vertices = item.vertices[: round(len(item.samples) / SAMPLE_RATE * data.fps) or 1 : int(every)]
        template = item.template.ravel()
        yield MotionRecording(item.name, vertices, template, np.ones((), np.float32), item.samples, item.speaker)


def _head_recordings(data: DataConfig) -> Iterator[MotionRecording | Skipped]:
    for item in head_folder(data.folder, data.fps):
        if isinstance(item, Skipped):
            yield item
        else:
            yield MotionRecording(item.name, item.rotation, HEAD_MEAN, HEAD_DEVIATION, item.samples)


def _check_length(recording: MotionRecording, frames: int) -> str | None:
    if len(recording.frames) < frames:
        return f"{len(recording.frames)} frames at 30 per second, an example has {frames}"
    return None


def _select_subjects(sequences: list[MotionRecording], data: DataConfig) -> Iterator[MotionRecording]:
    """Yield the sequences of the training subjects, at most max_sequences of each."""
    counts: dict[str, int] = {}
    for sequence in sequences:
        matches = [subject for subject in data.subjects if sequence.name.startswith(subject)]
        if data.subjects and not matches:
            continue
        subject = max(matches, key=len) if matches else sequence.subject
        counts[subject] = counts.get(subject, 0) + 1
        if not data.max_sequences or counts[subject] <= data.max_sequences:
            yield dataclasses.replace(sequence, subject=subject)


def encode_recordings(
    sequences: list[MotionRecording], encode: AudioEncoder, digest: str, cache: Path
) -> list[MotionRecording]:
    """Return the sequences with their speech features, which are computed once and cached.

    Args:
        sequences: The sequences.
        encode: Encodes the audio.
        digest: Hash that identifies `encode`.
        cache: Folder of the cache.
    """
    features_cache, encoded = FeatureCache(cache / "heard", disk_limit=CACHE_BYTES), []
    for sequence in tqdm(sequences, desc="encoding audio", unit="sequence", leave=False, disable=None):
        rows = len(sequence.frames)
        key = audio_key(AudioClip(sequence.samples, SAMPLE_RATE), f"{digest} {rows}")
        features = features_cache.get_or_put(key, partial(_encode_samples, encode, sequence.samples, rows))
        encoded.append(dataclasses.replace(sequence, audio_features=features.astype(np.float16)))
    return encoded


def encode_with_network(network: FaceNetwork, sequences: list[MotionRecording], cache: Path) -> list[MotionRecording]:
    """Return the sequences with features of the network's wav2vec2, before the trained `audio_feature_map`."""
    encoder = network.audio_encoder
    if encoder is None:
        raise ValueError("This face network has no speech encoder.")
    digest = hashlib.sha256(network.config.dataset.encode())
    for name, value in encoder.state_dict().items():
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())

    def encode(waveform: Tensor, rows: int) -> Tensor:
        return encoder(waveform.to(network.device), rows, network.config.dataset)

    return encode_recordings(sequences, encode, digest.hexdigest(), cache)


@torch.inference_mode()
def _encode_samples(encode: AudioEncoder, samples: Float32Array, rows: int) -> Float32Array:
    return encode(torch.from_numpy(samples), rows).cpu().numpy()
