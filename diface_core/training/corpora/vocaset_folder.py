"""A folder in VOCASET's layout for face animation: `wav/`, `vertices_npy/` and `templates.pkl`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...audio.speech_encoder import SAMPLE_RATE
from ...errors import DifaceError
from ...types import Float32Array
from ...untrusted.pickle_arrays import load_arrays
from . import flame_channels, recordings
from .clip import Clip, resample_to_rows
from .reading import Skipped, require_files

FPS = 60.0
"""Frames per second of the vertices (Cudeiro et al., CVPR 2019)."""
MAX_LENGTH_DIFFERENCE = 0.5
"""Largest difference in seconds between the lengths of sound and motion; the excess is trimmed."""
MAX_COORDINATE = 1.0
"""Largest distance from the origin, in metres, of a vertex of a head in metres."""


@dataclass(frozen=True)
class Sentence:
    """One recorded sequence.

    Attributes:
        name: The file's stem.
        speaker: The speaker.
        vertices: (T, 5023, 3) m, memory-mapped, at the folder's frames per second.
        template: (5023, 3) m, the speaker's.
        samples: (N,) at 16 kHz, no longer than the motion.
    """

    name: str
    speaker: str
    vertices: Float32Array
    template: Float32Array
    samples: Float32Array


def vocaset_folder(folder: Path, style: str = "") -> Iterator[Clip | Skipped]:
    """Yield a clip for every sequence `SPEAKER_sentenceNN.npy`: FLAME vertices (T, 15069) or (T, 5023, 3) in metres.

    The speaker is the name in templates.pkl that the file name starts with; the source is the folder's name.

    Args:
        folder: The folder.
        style: Style of all clips; default: the speaker's name.

    Raises:
        DifaceError: A part of the folder is missing, or templates.pkl holds more than arrays.
    """
    for item in read_sentences(folder):
        yield item if isinstance(item, Skipped) else _clip(item, style or item.speaker, folder.name)


def read_sentences(folder: Path, fps: float = FPS) -> Iterator[Sentence | Skipped]:
    """Yield every sequence of the folder, recorded at `fps` frames per second.

    Raises:
        DifaceError: As `vocaset_folder`.
    """
    require_files(folder, "wav", "vertices_npy", "templates.pkl")
    templates = load_arrays(folder / "templates.pkl")
    sequences = sorted((folder / "vertices_npy").glob("*.npy"))
    for path in sequences:
        try:
            yield _sentence(path, folder, templates, fps)
        except (DifaceError, OSError, ValueError, EOFError) as reason:
            yield Skipped(str(path), getattr(reason, "message", str(reason)))
    moving = {path.stem for path in sequences}
    for path in sorted((folder / "wav").glob("*.wav")):
        if path.stem not in moving:
            yield Skipped(str(path), "no vertices of the same name")


def _sentence(path: Path, folder: Path, templates: dict[str, Float32Array], fps: float) -> Sentence:
    speaker = max((name for name in templates if path.stem.startswith(name)), key=len, default=None)
    if speaker is None:
        raise ValueError("no template for this speaker")
    template = templates[speaker]
    if template.shape != (flame_channels.VERTICES, 3):
        raise ValueError(f"the template of {speaker} has shape {template.shape}, expected (5023, 3)")
    sound = folder / "wav" / f"{path.stem}.wav"
    if not sound.is_file():
        raise ValueError("no sound of the same name in wav/")
    vertices = np.load(path, mmap_mode="r", allow_pickle=False)
    if vertices.size == 0 or vertices[0].size != template.size:
        raise ValueError(f"vertices of shape {vertices.shape}, expected (frames, 15069)")
    vertices = vertices.reshape(len(vertices), -1, 3)
    if not -MAX_COORDINATE <= vertices.min() <= vertices.max() <= MAX_COORDINATE:  # false for NaN too
        raise ValueError("vertices that are not finite numbers, or not in metres")
    samples = trim_to_motion(recordings.load_samples(sound), len(vertices) / fps, fps)
    return Sentence(path.stem, speaker, vertices, template, samples)


def trim_to_motion(samples: Float32Array, seconds: float, fps: float) -> Float32Array:
    """Return the samples up to the end of the motion of `seconds` at `fps`.

    Raises:
        ValueError: The lengths differ too much.
    """
    if abs(len(samples) / SAMPLE_RATE - seconds) > MAX_LENGTH_DIFFERENCE:
        raise ValueError(f"{seconds:.2f} s of motion at {fps:g} fps, but {len(samples) / SAMPLE_RATE:.2f} s of sound")
    return samples[: round(seconds * SAMPLE_RATE)]


def _clip(sentence: Sentence, style: str, source: str) -> Clip:
    vertices = np.asarray(sentence.vertices, np.float32)
    values = flame_channels.arkit_weights(vertices, sentence.template)
    values = resample_to_rows(values, np.arange(len(values)) / FPS, len(sentence.samples))
    known = flame_channels.known_channels()
    return Clip(sentence.name, sentence.samples, values, known, style, speaker=sentence.speaker, source=source)
