"""Recordings as a network meets them: motion at 30 rows a second, and the speech that goes with it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
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
"""Bytes of speech features that are kept: all that a training may need."""


@dataclass(frozen=True)
class MotionRecording:
    """One recording. A network sees (frames - mean) / deviation.

    frames: (T, C) as recorded, mapped and not read where it is long; mean, deviation: (C,) or ().
    samples: (N,) at 16 kHz, as long as the frames. subject: which of the configuration's subjects it is of, or "".
    heard: (T, D) speech features, float16; None where the speech encoder learns, too.
    """

    name: str
    frames: Float32Array
    mean: Float32Array
    deviation: Float32Array
    samples: Float32Array
    subject: str = ""
    audio_features: Float32Array | None = None

    @property
    def seconds(self) -> float:
        return len(self.frames) / MODEL_RATE.value

    def x0(self, first: int, rows: int) -> Float32Array:
        """The motion from row `first` on (rows, C), in the network's units."""
        frames = np.asarray(self.frames[first : first + rows], np.float32).reshape(rows, -1)
        return (frames - self.mean) / self.deviation


def read_recordings(data: DataConfig, part: Part, frames: int) -> tuple[list[MotionRecording], list[MotionRecording]]:
    """The sequences to learn, and those that are held out; what cannot be used is logged.

    Raises DifaceError where the folder is not whole, or nothing is left to learn.
    """
    found = _face_recordings(data) if part == "face" else _head_recordings(data)
    reading: Reading[MotionRecording] = filter_clips(
        found, data.folder, lambda sequence: _check_length(sequence, frames)
    )
    # No name begins with one of none: startswith(()) is False.
    held_out = [one for one in reading.clips if one.name.startswith(data.held_out)]
    learnt = list(_select_subjects([one for one in reading.clips if not one.name.startswith(data.held_out)], data))
    if not learnt:
        raise DifaceError(
            f"Of {len(reading.clips)} sequences in {data.folder} none is to be learnt.",
            "Check `subjects` and `held_out`: names must begin with them.",
        )
    return learnt, held_out


def _face_recordings(data: DataConfig) -> Iterator[MotionRecording | Skipped]:
    every = data.fps / MODEL_RATE.value
    if every < 1 or every != int(every):
        hint = "Resample the vertices, or give the rate that they were recorded at."
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
        return f"{len(recording.frames)} frames at 30 a second, an example has {frames}"
    return None


def _select_subjects(sequences: list[MotionRecording], data: DataConfig) -> Iterator[MotionRecording]:
    """Those of the subjects that are learnt, as many of each as there are to be."""
    taken: dict[str, int] = {}
    for sequence in sequences:
        named = [subject for subject in data.subjects if sequence.name.startswith(subject)]
        if data.subjects and not named:
            continue
        subject = max(named, key=len) if named else sequence.subject
        taken[subject] = taken.get(subject, 0) + 1
        if not data.max_sequences or taken[subject] <= data.max_sequences:
            yield dataclasses.replace(sequence, subject=subject)


def encode_recordings(
    sequences: list[MotionRecording], encode: AudioEncoder, digest: str, cache: Path
) -> list[MotionRecording]:
    """The sequences with what `listener`, known by `digest`, hears of them; computed once and kept in `cache`."""
    kept, made = FeatureCache(cache / "heard", disk_limit=CACHE_BYTES), []
    for sequence in tqdm(sequences, desc="hearing", unit="sequence", leave=False, disable=None):
        rows = len(sequence.frames)
        key = audio_key(AudioClip(sequence.samples, SAMPLE_RATE), f"{digest} {rows}")
        features = kept.get(key)
        if features is None:
            features = kept.put(key, _encode_samples(encode, sequence.samples, rows))
        made.append(dataclasses.replace(sequence, audio_features=features.astype(np.float16)))
    return made


def encode_with_network(network: FaceNetwork, sequences: list[MotionRecording], cache: Path) -> list[MotionRecording]:
    """The same by a face network's own wav2vec2, before its `audio_feature_map`, which learns."""
    encoder = network.audio_encoder
    if encoder is None:
        raise ValueError("This face network has no speech encoder.")
    digest = hashlib.sha256(network.config.dataset.encode())
    for name, value in encoder.state_dict().items():
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())

    def listener(waveform: Tensor, rows: int) -> Tensor:
        return encoder(waveform.to(network.device), rows, network.config.dataset)

    return encode_recordings(sequences, listener, digest.hexdigest(), cache)


@torch.inference_mode()
def _encode_samples(encode: AudioEncoder, samples: Float32Array, rows: int) -> Float32Array:
    return encode(torch.from_numpy(samples), rows).cpu().numpy()
