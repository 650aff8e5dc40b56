"""Natural and generated motion with its sound, as tracks that are measured around events of the sound."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ... import channels
from ...audio.loudness import measure_audio
from ...layers.beat_sampler import beat_offsets
from ...layers.beats import Beats
from ...layers.events import LayerEvents
from ...model.models import Models
from ...types import MODEL_RATE, AnyFloatArray, AudioSection, Float32Array, GenerateRequest, Layers, Motion
from ..corpora import grid_s1
from ..corpora.clip import Phone
from ..evaluation.baselines import EncodedClip
from ..head.head_tracks import load_tracks

BROW_CHANNELS = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
FACE, HEAD = channels.FACE, channels.HEAD


@dataclass(frozen=True)
class Track:
    """Motion and sound of one recording at MODEL_RATE; a part that is not known is empty.

    Attributes:
        loudness: (T,).
        head: (T, 3) degrees.
        brows: (T,) weight of their rise.
        lids: (T,) weight of the blink.
        phones: Of its words.
    """

    loudness: AnyFloatArray
    head: AnyFloatArray
    brows: AnyFloatArray
    lids: AnyFloatArray
    phones: tuple[Phone, ...] = ()


NOTHING: AnyFloatArray = np.zeros(0)


def people(data: Path) -> list[Track]:
    """Return the heads of `head_tracks/natural.npz` that have a sound."""
    tracks = load_tracks(data / "head_tracks").values()
    return [Track(loud, np.degrees(turned), NOTHING, NOTHING) for turned, loud in tracks if np.isfinite(loud).all()]


def grid(data: Path) -> list[Track]:
    """Return GRID's clips: his tracked head about each clip's mean, brows and lids."""
    clips = {clip.name: clip for clip in grid_s1.read_grid(data / "grid_s1")}
    with np.load(data / "grid_s1" / "motion.npz") as arrays:
        names, poses, weights, seen, keys = (
            arrays[name] for name in ("names", "head_pose", "blendshapes", "ok", "keys")
        )
    blinks = [list(names).index(name) for name in channels.LAYERS["blinks"]]
    tracks = []
    for index, name in enumerate(keys.tolist()):
        if name not in clips or not seen[index].all():
            continue
        clip = clips[name]
        turned = Rotation.from_matrix(poses[index, :, :3, :3]).as_rotvec(degrees=True)
        # The tracker's axes are right, up, towards the camera; ours right, away from the camera, up.
        turned = (turned - turned.mean(0)) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
        rows = len(clip.values)
        head = np.stack([_to_model_rate(axis, rows) for axis in turned.T], axis=1)
        lids = _to_model_rate(weights[index][:, blinks].mean(1), rows)
        loudness = measure_audio([clip.samples]).loudness[:rows]
        tracks.append(Track(loudness, head, _brows(clip.values), lids, clip.phones))
    return tracks


def _to_model_rate(values: AnyFloatArray, rows: int) -> AnyFloatArray:
    """Return a track (T,) of 25 frames a second, each at its middle, at MODEL_RATE."""
    return np.interp(np.arange(rows) / MODEL_RATE.value, (np.arange(len(values)) + 0.5) / 25, values)


def _brows(weights: AnyFloatArray) -> AnyFloatArray:
    return weights[:, [FACE.index(name) for name in BROW_CHANNELS]].mean(1)


def generated(models: Models, clips: list[EncodedClip], style: str, seed: int, beats: float) -> list[Track]:
    """Return what the models generate for encoded clips, with blinks, in 8 steps."""
    names = channels.of_parts(("face", "head"))
    request = GenerateRequest(AudioSection(Path()), seed=seed, beats=beats, layers=Layers(seed, None, None))
    request = dataclasses.replace(request, style=dataclasses.replace(request.style, blend=((style, 1.0),)))
    tracks = []
    for number, encoded in enumerate(clips):
        loudness = measure_audio([encoded.clip.samples]).loudness[: len(encoded.features)]
        one = dataclasses.replace(request, seed=seed + 1000 * number)
        values = with_beats(models.sample(encoded.features, one).values, names, loudness, one)
        layers = LayerEvents.sample(loudness, Layers(one.seed, None, None))
        motion = layers.apply(Motion(values, names, MODEL_RATE))
        head = np.degrees(np.stack([motion.column(name) for name in HEAD], axis=1))
        brows = np.mean([motion.column(name) for name in BROW_CHANNELS], axis=0)
        tracks.append(Track(loudness, head, brows, motion.column("eyeBlinkLeft"), encoded.clip.phones))
    return tracks


def generated_heads(models: Models, natural: list[Track], seed: int, beats: float, dimension: int) -> list[Track]:
    """Return generated heads for the loudness of natural tracks, which is all that conditions the head model."""
    tracks = []
    for number, track in enumerate(natural):
        features = np.zeros((len(track.loudness), dimension), np.float32)
        features[:, -1] = track.loudness
        request = GenerateRequest(AudioSection(Path()), parts=("head",), seed=seed + 1000 * number, beats=beats)
        values = with_beats(models.sample(features, request).values, HEAD, track.loudness, request)
        tracks.append(dataclasses.replace(track, head=np.degrees(values)))
    return tracks


def with_beats(
    values: Float32Array, names: tuple[str, ...], loudness: AnyFloatArray, request: GenerateRequest
) -> Float32Array:
    """Return sampled values (T, C) with the beats of a request."""
    beats, times = Beats.sample(loudness, request.seed), np.arange(len(values)) / MODEL_RATE.value
    return values + np.float32(request.beats) * beat_offsets(beats, times, names)
