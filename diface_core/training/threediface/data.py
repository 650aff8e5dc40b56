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

from ...audio.feature_cache import FeatureCache, key_of
from ...audio.speech_encoder import RATE
from ...errors import DifaceError
from ...threediface.networks import FaceNetwork
from ...threediface.options import Part
from ...threediface.sampling import HEAD_DEVIATION, HEAD_MEAN
from ...types import MODEL_RATE, AudioClip, FloatArray
from ..corpora.reading import Reading, Skipped, sifted
from ..corpora.vocaset_folder import sentences
from .head_folder import head_folder
from .settings import DataConfig

Listener = Callable[[Tensor, int], Tensor]
"""A waveform (N,) at 16 kHz and a number of rows -> speech features (rows, D)."""

ON_DISK = 1 << 40
"""Bytes of speech features that are kept: all that a training may need."""


@dataclass(frozen=True)
class Sequence:
    """One recording. A network sees (frames - mean) / deviation.

    frames: (T, C) as recorded, mapped and not read where it is long; mean, deviation: (C,) or ().
    samples: (N,) at 16 kHz, as long as the frames. subject: which of the configuration's subjects it is of, or "".
    heard: (T, D) speech features, float16; None where the speech encoder learns, too.
    """

    name: str
    frames: FloatArray
    mean: FloatArray
    deviation: FloatArray
    samples: FloatArray
    subject: str = ""
    heard: FloatArray | None = None

    @property
    def seconds(self) -> float:
        return len(self.frames) / MODEL_RATE.value

    def x0(self, first: int, rows: int) -> FloatArray:
        """The motion from row `first` on (rows, C), in the network's units."""
        frames = np.asarray(self.frames[first : first + rows], np.float32).reshape(rows, -1)
        return (frames - self.mean) / self.deviation


def read(data: DataConfig, part: Part, frames: int) -> tuple[list[Sequence], list[Sequence]]:
    """The sequences to learn, and those that are held out; what cannot be used is logged.

    Raises DifaceError where the folder is not whole, or nothing is left to learn.
    """
    found = _faces(data) if part == "face" else _heads(data)
    reading: Reading[Sequence] = sifted(found, data.folder, lambda sequence: _short(sequence, frames))
    # No name begins with one of none: startswith(()) is False.
    held_out = [one for one in reading.clips if one.name.startswith(data.held_out)]
    learnt = list(_of_subjects([one for one in reading.clips if not one.name.startswith(data.held_out)], data))
    if not learnt:
        raise DifaceError(
            f"Of {len(reading.clips)} sequences in {data.folder} none is to be learnt.",
            "Check `subjects` and `held_out`: names must begin with them.",
        )
    return learnt, held_out


def _faces(data: DataConfig) -> Iterator[Sequence | Skipped]:
    every = data.fps / MODEL_RATE.value
    if every < 1 or every != int(every):
        hint = "Resample the vertices, or give the rate that they were recorded at."
        raise DifaceError(f"A face's fps must be 30, 60, 90 or another multiple of 30. Got {data.fps:g}.", hint)
    for item in sentences(data.folder, data.fps):
        if isinstance(item, Skipped):
            yield item
            continue
        # As the original does: of 60 frames a second every second one, from the first on.
        vertices = item.vertices[: round(len(item.samples) / RATE * data.fps) or 1 : int(every)]
        template = item.template.ravel()
        yield Sequence(item.name, vertices, template, np.ones((), np.float32), item.samples, item.speaker)


def _heads(data: DataConfig) -> Iterator[Sequence | Skipped]:
    for item in head_folder(data.folder, data.fps):
        if isinstance(item, Skipped):
            yield item
        else:
            yield Sequence(item.name, item.rotation, HEAD_MEAN, HEAD_DEVIATION, item.samples)


def _short(sequence: Sequence, frames: int) -> str | None:
    if len(sequence.frames) < frames:
        return f"{len(sequence.frames)} frames at 30 a second, an example has {frames}"
    return None


def _of_subjects(sequences: list[Sequence], data: DataConfig) -> Iterator[Sequence]:
    """Those of the subjects that are learnt, as many of each as there are to be."""
    taken: dict[str, int] = {}
    for sequence in sequences:
        named = [subject for subject in data.subjects if sequence.name.startswith(subject)]
        if data.subjects and not named:
            continue
        subject = max(named, key=len) if named else sequence.subject
        taken[subject] = taken.get(subject, 0) + 1
        if not data.at_most or taken[subject] <= data.at_most:
            yield dataclasses.replace(sequence, subject=subject)


def hear(sequences: list[Sequence], listener: Listener, digest: str, cache: Path) -> list[Sequence]:
    """The sequences with what `listener`, known by `digest`, hears of them; computed once and kept in `cache`."""
    kept, made = FeatureCache(cache / "heard", on_disk=ON_DISK), []
    for sequence in tqdm(sequences, desc="hearing", unit="sequence", leave=False, disable=None):
        rows = len(sequence.frames)
        key = key_of(AudioClip(sequence.samples, RATE), f"{digest} {rows}")
        features = kept.get(key)
        if features is None:
            features = kept.put(key, _listen(listener, sequence.samples, rows))
        made.append(dataclasses.replace(sequence, heard=features.astype(np.float16)))
    return made


def heard_by(network: FaceNetwork, sequences: list[Sequence], cache: Path) -> list[Sequence]:
    """The same by a face network's own wav2vec2, before its `audio_feature_map`, which learns."""
    encoder = network.audio_encoder
    if encoder is None:
        raise ValueError("This face network has no speech encoder.")
    digest = hashlib.sha256(network.config.dataset.encode())
    for name, value in encoder.state_dict().items():
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())

    def listener(waveform: Tensor, rows: int) -> Tensor:
        return encoder(waveform.to(network.device), rows, network.config.dataset)

    return hear(sequences, listener, digest.hexdigest(), cache)


@torch.inference_mode()
def _listen(listener: Listener, samples: FloatArray, rows: int) -> FloatArray:
    return listener(torch.from_numpy(samples), rows).cpu().numpy()
