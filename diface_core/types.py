"""The data that crosses borders: frozen, numpy only, checked where it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
AnyFloatArray = npt.NDArray[np.floating[Any]]
AnyArray = npt.NDArray[Any]


@dataclass(frozen=True)
class FrameRate:
    """Frames a second as Blender states them: `fps / base` (24 with base 1.001 is 23.976)."""

    fps: float
    base: float = 1.0

    def __post_init__(self) -> None:
        if not (self.fps > 0 and self.base > 0):
            raise ValueError(f"fps and base must be positive. Got {self.fps} and {self.base}.")

    @property
    def value(self) -> float:
        """Frames a second."""
        return self.fps / self.base

    def seconds(self, frames: float) -> float:
        """How long `frames` frames last."""
        return frames * self.base / self.fps

    def rows(self, seconds: float) -> int:
        """Rows that cover `seconds`, at least one; row r stands at r / value seconds."""
        return max(1, int(np.ceil(seconds * self.value - 1e-6)))


MODEL_RATE = FrameRate(30)
"""The rate at which the models think (3DiFACE, section 4)."""


@dataclass(frozen=True)
class Motion:
    """Channel values over time: `values` (T, C) float32, one column a channel; row r is at r / rate seconds."""

    values: Float32Array
    channels: tuple[str, ...]
    rate: FrameRate

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise ValueError(f"values must have shape (frames, {len(self.channels)}). Got {self.values.shape}.")

    def __len__(self) -> int:
        return len(self.values)

    def column(self, channel: str) -> Float32Array:
        """The values (T,) of one channel."""
        return self.values[:, self.channels.index(channel)]

    def select(self, channels: tuple[str, ...]) -> Motion:
        """The same Motion with only `channels`, in that order."""
        return Motion(self.values[:, [self.channels.index(name) for name in channels]], channels, self.rate)


@dataclass(frozen=True)
class AudioSection:
    """A part of a sound file: `start` may be negative (silence first), `seconds` None means to the end."""

    path: Path
    start: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True)
class AudioClip:
    """A mono waveform: `samples` (N,) float32 in [-1, 1] at `rate` Hz."""

    samples: Float32Array
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


MIN_PIN_SPACING = 1e-4
"""Rows that are one time for a pin."""


@dataclass(frozen=True)
class Pins:
    """Single values that the artist wants kept, on rows or between them.

    at: (N,) float64, rows of the Motion asked for, fractions allowed. channel: (N,) int32, its columns.
    value: (N,) float32. Two pins of a channel are at least APART rows from each other.
    """

    row: npt.NDArray[np.float64]
    channel: npt.NDArray[np.int32]
    value: Float32Array

    def __post_init__(self) -> None:
        if not (self.row.ndim == 1 and self.row.shape == self.channel.shape == self.value.shape):
            shapes = f"{self.row.shape}, {self.channel.shape}, {self.value.shape}"
            raise ValueError(f"at, channel and value must share a shape (N,). Got {shapes}.")
        order = np.lexsort((self.row, self.channel))
        same = np.diff(self.channel[order]) == 0
        if np.any(same & (np.diff(self.row[order]) < MIN_PIN_SPACING)):
            raise ValueError("Two pins of one channel are at the same time.")

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def empty(cls) -> Pins:
        """No pins."""
        return cls(np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.float32))

    def __getitem__(self, chosen: npt.NDArray[Any] | slice) -> Pins:
        """Some of them, by a mask, by their numbers, or a slice."""
        return Pins(self.row[chosen], self.channel[chosen], self.value[chosen])


@dataclass(frozen=True)
class VertexPins:
    """Whole faces that the artist wants kept: `at` (N,) float64, rising rows of the Motion asked for, fractions
    allowed; `vertices` (N, V, 3) float32, how far they are from the face at rest, in metres, in FLAME's frame."""

    row: npt.NDArray[np.float64]
    vertices: Float32Array

    def __post_init__(self) -> None:
        if self.vertices.ndim != 3 or self.vertices.shape[::2] != (*self.row.shape, 3):
            raise ValueError(f"at (N,) and vertices (N, V, 3) must fit. Got {self.row.shape}, {self.vertices.shape}.")
        if np.any(np.diff(self.row) <= 0):
            raise ValueError("at must rise: no two faces are at the same time.")


@dataclass(frozen=True)
class Constraints:
    """What the artist wants kept. Rows and columns are those of the Motion asked for.

    values, keep: (T, C); where `keep` is True the Motion takes `values`, exactly. Rows kept whole cost nothing.
    pins: single values beside them, exactly too; the motion around them is bent towards them.
    pull: how far a pin bends its surroundings, in rows to either side.
    stay: how much of `values` stays where nothing is kept: 0 makes it anew, 1 only bends it.
    vertices: for the user's own 3DiFACE models, whose face has no columns: there C is 3 for the head, or 0 without it,
    and their `stay` is 0.
    """

    values: Float32Array
    known_mask: BoolArray
    pins: Pins = field(default_factory=Pins.empty)
    falloff: float = 8.0
    keep_motion: float = 0.0
    vertices: VertexPins | None = None

    def __post_init__(self) -> None:
        if self.values.shape != self.known_mask.shape or self.values.ndim != 2:
            raise ValueError(
                f"values and keep must share a shape (T, C). Got {self.values.shape}, {self.known_mask.shape}."
            )
        if not (self.falloff > 0 and 0 <= self.keep_motion <= 1):
            raise ValueError(
                f"pull must be positive and stay within 0 to 1. Got {self.falloff} and {self.keep_motion}."
            )

    def section(self, first: int, last: int) -> Constraints:
        """The same for rows `first` to `last`, with the pins from `first` up to before `last`."""
        inside = (self.pins.row >= first) & (self.pins.row < last)
        pins = Pins(self.pins.row[inside] - first, self.pins.channel[inside], self.pins.value[inside])
        return replace(self, values=self.values[first:last], known_mask=self.known_mask[first:last], pins=pins)

    def select(self, columns: Sequence[int]) -> Constraints:
        """The same for some of the columns, in that order."""
        number = np.full(self.known_mask.shape[1], -1)
        number[list(columns)] = np.arange(len(columns))
        inside = number[self.pins.channel] >= 0
        pins = Pins(self.pins.row[inside], number[self.pins.channel[inside]].astype(np.int32), self.pins.value[inside])
        return replace(self, values=self.values[:, columns], known_mask=self.known_mask[:, columns], pins=pins)


@dataclass(frozen=True)
class Style:
    """How the face speaks.

    blend: (name of a trained style or path of a style file, weight) pairs; the weights' sum counts as 1. Empty: the
    model's default.
    strength: 0 is no manner in particular, 1 as learnt, more exaggerates; 0 to 2.
    """

    blend: tuple[tuple[str, float], ...] = ()
    strength: float = 1.0

    @classmethod
    def named(cls, name: str | None) -> Style:
        """One style by its name; None or no name is the model's default."""
        return cls(((name, 1.0),) if name else ())


@dataclass(frozen=True)
class Layers:
    """What lives beside the speech, each with a seed of its own; None leaves it out."""

    blinks: int | None = 0
    gaze: int | None = 0
    breath: int | None = 0


@dataclass(frozen=True)
class ThreeDiface:
    """The user's own 3DiFACE models, to make the motion instead of DiFACE's (Thambiraja et al. 2025).

    face, head: checkpoint folders as published (`args.yml`, `checkpoints/`); None where that part is not asked for.
    listener: folder of the general face model, whose audio features the head hears; None is `face`.
    wav2vec2: folder of wav2vec2-base-960h as `transformers` saves it; None where the checkpoints hold the encoder.
    condition: which of the trained speakers' styles, 0 to 7.
    steps: of DPM-Solver++; None is the checkpoints' own sampler with all its steps.
    tolerance: how far, in metres, the result's shapes may be from the models' own vertices; 0 keeps them to rounding.
    """

    face: Path | None
    head: Path | None
    listener: Path | None = None
    wav2vec2: Path | None = None
    condition: int = 0
    steps: int | None = 25
    tolerance: float = 1e-5


@dataclass(frozen=True)
class GenerateRequest:
    """One generation.

    parts: which of "face" and "head" to generate.
    rate: rate of the Motion returned (the scene's); the models run at MODEL_RATE and the result is resampled.
    steps: denoising steps, 1 to 50.
    guidance, style_guidance: classifier-free guidance towards the speech and towards the style, 1 is none.
    variety: scale of the noise that the face's sampling starts from; 0 gives every seed the same performance.
    face_strength, head_strength: multiply the face weights and the head rotation, 0 to 2.
    head_axes: multiply the head's nod, tip and turn beside that.
    layers: eyes and breath, on top of the face.
    engine: models of the user's own; None is DiFACE's.
    """

    audio: AudioSection
    parts: tuple[str, ...] = ("face", "head")
    rate: FrameRate = MODEL_RATE
    seed: int = 0
    steps: int = 8
    guidance: float = 1.5
    style_guidance: float = 1.0
    variety: float = 1.0
    face_strength: float = 1.0
    head_strength: float = 1.0
    head_axes: tuple[float, float, float] = (1.0, 1.0, 1.0)
    style: Style = Style()
    layers: Layers = Layers()
    constraints: Constraints | None = None
    engine: ThreeDiface | None = None


@dataclass(frozen=True)
class Progress:
    """How far a request is: `fraction` in [0, 1], `stage` in words, `seconds_left` estimated or None."""

    fraction: float
    stage: str
    seconds_left: float | None = None


@dataclass(frozen=True)
class MotionChunk:
    """A stretch of a Motion that is not whole yet: its row 0 is row `first` of the whole."""

    first: int
    motion: Motion


@dataclass(frozen=True)
class Shapes:
    """Shape keys that a Motion was made for, where they are not ARKit's: `names` are its channels, `deltas` (K, V, 3)
    float32 how far each moves the vertices at weight 1, in metres, in FLAME's frame (Y up, the face looks along +Z).

    `error` is how far the shapes are from the models' own vertices at most, in metres.
    """

    names: tuple[str, ...]
    deltas: Float32Array
    error: float = 0.0


@dataclass(frozen=True)
class GenerateResult:
    """The Motion, the hash of the models that made it (hex), and the seconds that each stage took; `shapes` where the
    face's channels are the user's models' own."""

    motion: Motion
    model_hash: str
    timings: dict[str, float] = field(default_factory=dict)
    shapes: Shapes | None = None


@dataclass(frozen=True)
class ShapesRequest:
    """Asks for the ARKit shapes of a head of FLAME's topology, as `Shapes`.

    vertices: (5023, 3) float32, metres, in FLAME's frame. faces: (F, 3) int32, triangles of its vertices.
    flame: the user's FLAME file, where there is one: the jaw then turns about its own joint.
    """

    vertices: Float32Array
    faces: npt.NDArray[np.int32]
    flame: Path | None = None


@dataclass(frozen=True)
class SolveRequest:
    """Asks which weights of shapes move a face as it was sculpted, as `Solved`. Lengths may have any one unit.

    deltas: (K, V, 3) float32, how far each shape moves the vertices at weight 1. moved: (V, 3) float32, how far they
    are from where the current weights have them. current, lower, upper: (K,) float32, the weights now and their bounds.
    counts: (V,) bool, the vertices that are looked at.
    """

    deltas: Float32Array
    offsets: Float32Array
    current: Float32Array
    lower: Float32Array
    upper: Float32Array
    vertex_mask: BoolArray

    def __post_init__(self) -> None:
        if self.deltas.ndim != 3 or self.deltas.shape[1:] != self.offsets.shape or self.offsets.shape[-1:] != (3,):
            raise ValueError(
                f"deltas (K, V, 3) and moved (V, 3) must fit. Got {self.deltas.shape}, {self.offsets.shape}."
            )
        each = [weights.shape for weights in (self.current, self.lower, self.upper)]
        if each != [self.deltas.shape[:1]] * 3 or self.vertex_mask.shape != self.offsets.shape[:1]:
            expected = f"({len(self.deltas)},) and counts ({len(self.offsets)},)"
            raise ValueError(
                f"current, lower and upper must have shape {expected}. Got {each}, {self.vertex_mask.shape}."
            )
        if not all(np.isfinite(array).all() for array in (self.deltas, self.offsets, self.current)):
            raise ValueError("deltas, moved and current must be finite.")


@dataclass(frozen=True)
class SolveResult:
    """Weights (K,) float32 within their bounds, and how far the vertices that move are from where they should be: the
    root of the mean square and the worst, in the request's unit of length."""

    weights: Float32Array
    rms: float
    worst: float


@dataclass(frozen=True)
class StyleExample:
    """A sound and the face's motion to it, row 0 at its first sample; `name` is what messages call it."""

    name: str
    audio: AudioSection
    motion: Motion


@dataclass(frozen=True)
class AdaptationRequest:
    """Asks for a style that speaks as these performances do, called `name`, written to `path`; answered by `Learnt`.

    A motion may have any rate; channels that it lacks are unknown, and blinks, gaze and breath are not learnt.
    """

    name: str
    path: Path
    examples: tuple[StyleExample, ...]


@dataclass(frozen=True)
class AdaptationResult:
    """The style file that was written, how many seconds it was learnt from, and the steps that it took.

    before, after: error of takes on the end of each performance, which is not learnt but judged; in deviations squared,
    of the nearest style that there was and of this one; the same where nothing better was found."""

    path: Path
    seconds: float
    error_before: float
    error_after: float
    steps: int


Report = Callable[[Progress], None]
"""Called with each Progress; may raise `Cancelled` to stop the work."""

ReportFraction = Callable[[float], None]
"""Called with the fraction of one stage that is done, 0 to 1; may raise `Cancelled`."""

OnChunk = Callable[[int, Motion], None]
"""Called with each finished part of a Motion, in order, and the row of the whole that it begins at."""

ConstraintProvider = Callable[[int, int], Constraints]
"""(first, last) -> constraints of those rows at MODEL_RATE, in the columns of the request's parts."""
