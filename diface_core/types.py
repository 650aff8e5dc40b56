"""The data that crosses module and process borders: frozen, numpy only, validated on construction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

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
    """Frames per second as Blender states them: `fps / base` (24 with base 1.001 is 23.976)."""

    fps: float
    base: float = 1.0

    def __post_init__(self) -> None:
        if not (self.fps > 0 and self.base > 0):
            raise ValueError(f"fps and base must be positive. Got {self.fps} and {self.base}.")

    @property
    def value(self) -> float:
        """Frames per second."""
        return self.fps / self.base

    def seconds(self, frames: float) -> float:
        """Return the duration of `frames` frames in seconds."""
        return frames * self.base / self.fps

    def rows(self, seconds: float) -> int:
        """Return the number of rows that cover `seconds`, at least one; row r is at r / value seconds."""
        return max(1, int(np.ceil(seconds * self.value - 1e-6)))


MODEL_RATE = FrameRate(30)
"""The rate of the models' motion (3DiFACE, section 4)."""


@dataclass(frozen=True)
class Motion:
    """Channel values over time: `values` (T, C) float32, one column per channel; row r is at r / rate seconds."""

    values: Float32Array
    channels: tuple[str, ...]
    rate: FrameRate

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise ValueError(f"values must have shape (frames, {len(self.channels)}). Got {self.values.shape}.")

    def __len__(self) -> int:
        return len(self.values)

    def column(self, channel: str) -> Float32Array:
        """Return the values (T,) of one channel."""
        return self.values[:, self.channels.index(channel)]

    def select(self, channels: tuple[str, ...]) -> Motion:
        """Return the Motion with only `channels`, in that order."""
        return Motion(self.values[:, [self.channels.index(name) for name in channels]], channels, self.rate)


MIX, LEFT, RIGHT, LOUDER = AUDIO_CHANNELS = ("mix", "left", "right", "louder")
"""Which channel of a sound is heard: the average of all, the first, the second, or the one with the most power."""


@dataclass(frozen=True)
class AudioSection:
    """A part of an audio file.

    Attributes:
        path: The file.
        start: Second of its beginning; negative if silence comes first.
        seconds: Its duration; None means to the end.
        channel: One of AUDIO_CHANNELS.
        high_pass: Whether what is lower than a voice is removed (`audio.high_pass`).
    """

    path: Path
    start: float = 0.0
    seconds: float | None = None
    channel: str = MIX
    high_pass: bool = False


@dataclass(frozen=True)
class AudioClip:
    """A mono waveform: `samples` (N,) float32 in [-1, 1] at `rate` Hz."""

    samples: Float32Array
    rate: int

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.rate


MIN_PIN_SPACING = 1e-4
"""Distance in rows under which two pins count as being at the same time."""


@dataclass(frozen=True)
class Pins:
    """Single values to keep exactly, on rows or between them.

    Attributes:
        row: (N,) float64, rows of the requested Motion, fractions allowed. Two pins of one channel are at least
            MIN_PIN_SPACING rows apart.
        channel: (N,) int32, columns of the requested Motion.
        value: (N,) float32.
    """

    row: Float64Array
    channel: Int32Array
    value: Float32Array

    def __post_init__(self) -> None:
        if not (self.row.ndim == 1 and self.row.shape == self.channel.shape == self.value.shape):
            shapes = f"{self.row.shape}, {self.channel.shape}, {self.value.shape}"
            raise ValueError(f"row, channel and value must share a shape (N,). Got {shapes}.")
        order = np.lexsort((self.row, self.channel))
        same_channel = np.diff(self.channel[order]) == 0
        if np.any(same_channel & (np.diff(self.row[order]) < MIN_PIN_SPACING)):
            raise ValueError("Pins of one channel must be at different times. Two are at the same time.")

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def empty(cls) -> Pins:
        """Return no pins."""
        return cls(np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.float32))

    def __getitem__(self, chosen: AnyArray | slice) -> Pins:
        """Return a subset, selected by a mask, by indices or by a slice."""
        return Pins(self.row[chosen], self.channel[chosen], self.value[chosen])


@dataclass(frozen=True)
class VertexPins:
    """Whole faces to keep exactly.

    Attributes:
        row: (N,) float64, increasing rows of the requested Motion, fractions allowed.
        vertices: (N, V, 3) float32, offsets from the face at rest, in metres, in FLAME's frame.
    """

    row: Float64Array
    vertices: Float32Array

    def __post_init__(self) -> None:
        if self.vertices.ndim != 3 or self.vertices.shape[::2] != (*self.row.shape, 3):
            raise ValueError(f"row (N,) and vertices (N, V, 3) must fit. Got {self.row.shape}, {self.vertices.shape}.")
        if np.any(np.diff(self.row) <= 0):
            raise ValueError("row must increase: two faces are at the same time.")


@dataclass(frozen=True)
class Constraints:
    """What a generated Motion must keep. Rows and columns are those of the requested Motion.

    Attributes:
        values: (T, C) float32. The Motion takes them exactly where `known_mask` is True.
        known_mask: (T, C) bool, the known region. Rows that are known in every channel are not computed.
        pins: Single values besides the known region, also kept exactly; the motion around them is warped towards them.
        falloff: Number of rows before and after a pin that adapt to it.
        keep_motion: How much of `values` is kept outside the known region: 0 generates new motion, 1 only warps the
            existing motion. It is 1 - denoising strength (Meng et al. 2022).
        vertices: Pins for the user's 3DiFACE models, whose face has no columns: C is then 3 for the head or 0 without
            it, and keep_motion is 0.
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
                f"values and known_mask must share a shape (T, C). Got {self.values.shape}, {self.known_mask.shape}."
            )
        if not (self.falloff > 0 and 0 <= self.keep_motion <= 1):
            raise ValueError(
                f"falloff must be positive and keep_motion within 0 to 1. Got {self.falloff} and {self.keep_motion}."
            )

    def section(self, first: int, last: int) -> Constraints:
        """Return the constraints of rows `first` to `last`, with the pins from `first` up to before `last`."""
        inside = (self.pins.row >= first) & (self.pins.row < last)
        pins = Pins(self.pins.row[inside] - first, self.pins.channel[inside], self.pins.value[inside])
        return replace(self, values=self.values[first:last], known_mask=self.known_mask[first:last], pins=pins)

    def select(self, columns: Sequence[int]) -> Constraints:
        """Return the constraints of some columns, in that order."""
        new_column = np.full(self.known_mask.shape[1], -1)
        new_column[list(columns)] = np.arange(len(columns))
        inside = new_column[self.pins.channel] >= 0
        channel = new_column[self.pins.channel[inside]].astype(np.int32)
        pins = Pins(self.pins.row[inside], channel, self.pins.value[inside])
        return replace(self, values=self.values[:, columns], known_mask=self.known_mask[:, columns], pins=pins)


@dataclass(frozen=True)
class Style:
    """A speaking style.

    Attributes:
        blend: (name of a trained style or path of a style file, weight) pairs; weights are divided by their sum. Empty:
            the model's default.
        strength: 0 is neutral, 1 the style as trained, above 1 exaggerated; 0 to 2.
    """

    blend: tuple[tuple[str, float], ...] = ()
    strength: float = 1.0

    @classmethod
    def named(cls, name: str | None) -> Style:
        """Return one style by its name; None or an empty name is the model's default."""
        return cls(((name, 1.0),) if name else ())


@dataclass(frozen=True)
class Layers:
    """Seeds of the motion layers besides the speech, and the strength of the tongue; None leaves a layer out.

    Attributes:
        blinks: Seed of the blinks.
        gaze: Seed of the gaze.
        breath: Seed of the breath.
        tongue: How far the tongue moves with the speech, 0 to 2: 1 as sounds ask. It follows from the speech, without a
            seed. Stored requests of earlier versions have none.
    """

    blinks: int | None = 0
    gaze: int | None = 0
    breath: int | None = 0
    tongue: float | None = 1.0

    def without_seeds(self) -> Layers:
        """Return the layers that follow from the speech alone, so that edits regenerate them with it: the tongue."""
        return Layers(None, None, None, self.tongue)


@dataclass(frozen=True)
class ThreeDiface:
    """The user's 3DiFACE models, which generate the motion instead of DiFACE's (Thambiraja et al. 2025).

    Attributes:
        face: Checkpoint folder as published (`args.yml`, `checkpoints/`); None if the face is not requested.
        head: The same for the head.
        listener: Folder of the general face model whose audio encoder conditions the head; None is `face`.
        wav2vec2: Folder of wav2vec2-base-960h as `transformers` saves it; None if the checkpoints contain the encoder.
        condition: Index of the trained speaker whose style is used, 0 to 7.
        steps: Steps of DPM-Solver++; None is the checkpoints' original sampler with all its steps.
        tolerance: Largest distance in metres between the result's shapes and the models' vertices; 0 is up to rounding.
    """

    face: Path | None
    head: Path | None
    listener: Path | None = None
    wav2vec2: Path | None = None
    condition: int = 0
    steps: int | None = 25
    tolerance: float = 1e-5


SPEAK, LISTEN, IDLE = ROLES = "speak", "listen", "idle"
"""What a face does with the sound of a request: speaks it, listens to it, or is idle, without any sound."""

SAMPLER, FIRST_SAMPLER = 2, 1
"""Version of the sampler for new requests, and that of 0.1.0, whose requests do not state it."""


@dataclass(frozen=True)
class GenerateRequest:
    """A request for one Motion.

    Attributes:
        parts: Which of "face" and "head" to generate.
        rate: Rate of the returned Motion (the scene's); the models run at MODEL_RATE and the result is resampled.
        steps: Denoising steps, 1 to 50.
        guidance: Classifier-free guidance scale for the speech, 1 is off.
        style_guidance: Classifier-free guidance scale for the style, 1 is off.
        variety: Scale of the noise that the face's sampling starts from; 0 gives the same motion for every seed.
        sampler: Version of the sampler (`model.sampling_rule`); a stored request without it is of version 1.
        face_strength: Factor of the face weights, 0 to 2.
        head_strength: Factor of the head rotation, 0 to 2.
        head_axes: Additional factors of pitch, roll and yaw of the head.
        layers: Blinks, gaze, breath and tongue, on top of the face.
        engine: The user's 3DiFACE models; None is DiFACE's models.
        role: "speak"; "listen": the sound is another character's, and the face reacts to it; "idle": there is no
            sound, and `audio` only states the seconds.
        reactions: How often a listener reacts, and how much: 0 never, 1 as people do, to 2.
        other_sounds: Whether laughs, coughs and breaths are shown, and the mouth rests in music and noise; else
            everything is spoken, as before this field, by stored requests without it.
        beats: Size of the head's nods and the brows' rises with accents and phrase ends: 0 none, as before this field,
            1 as people's, to 2.
    """

    audio: AudioSection
    parts: tuple[str, ...] = ("face", "head")
    rate: FrameRate = MODEL_RATE
    seed: int = 0
    steps: int = 8
    guidance: float = 1.0
    style_guidance: float = 1.0
    variety: float = 1.0
    sampler: int = SAMPLER
    face_strength: float = 1.0
    head_strength: float = 1.0
    head_axes: tuple[float, float, float] = (1.0, 1.0, 1.0)
    style: Style = Style()
    layers: Layers = Layers()
    constraints: Constraints | None = None
    engine: ThreeDiface | None = None
    role: str = SPEAK
    reactions: float = 1.0
    other_sounds: bool = True
    beats: float = 1.0

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role must be one of {ROLES}. Got {self.role!r}.")
        if self.role == IDLE and not (self.audio.seconds or 0) > 0:
            raise ValueError(f"An idle request states its seconds in `audio`. Got {self.audio.seconds}.")

    @property
    def moves_tongue(self) -> bool:
        """Whether the speech moves the tongue."""
        return self.role == SPEAK and "face" in self.parts and self.layers.tongue is not None


@dataclass(frozen=True)
class Progress:
    """Progress of a request: `fraction` in [0, 1], `stage` in words, `seconds_left` estimated or None."""

    fraction: float
    stage: str
    seconds_left: float | None = None


@dataclass(frozen=True)
class Shapes:
    """Shape keys that a Motion is for, if they are not ARKit's.

    Attributes:
        names: The Motion's channels.
        deltas: (K, V, 3) float32, vertex offsets at weight 1, in metres, in FLAME's frame (Y up, the face looks along
            +Z).
        error: Largest distance between the shapes and the models' vertices, in metres.
        notes: What was not found in a mesh, for the user.
    """

    names: tuple[str, ...]
    deltas: Float32Array
    error: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class GenerateResult:
    """The Motion of a request.

    Attributes:
        motion: The Motion.
        model_hash: Hash (hex) of the models.
        timings: Stage -> seconds.
        shapes: The shapes of the face's channels if the user's 3DiFACE models generated them.
        notes: What the user should know about the sound.
    """

    motion: Motion
    model_hash: str
    timings: dict[str, float] = field(default_factory=dict)
    shapes: Shapes | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShapesRequest:
    """A request for the ARKit shapes of a head, as `Shapes`.

    Attributes:
        vertices: (5023, 3) float32, metres, in FLAME's frame; of any head (V, 3), any unit, Z up.
        faces: (F, 3) int32, triangles.
        flame: The user's FLAME file or None; with it the jaw rotates about the FLAME model's joint.
        is_flame: Whether the head has FLAME's topology. The bundled head is registered to any other.
        landmarks: (5, 3) float32, the places of `channels.LANDMARKS` on a head without FLAME's topology; None: found.
    """

    vertices: Float32Array
    faces: Int32Array
    flame: Path | None = None
    is_flame: bool = True
    landmarks: Float32Array | None = None


@dataclass(frozen=True)
class SolveRequest:
    """A request for the weights of shapes that reproduce a sculpted face, as `SolveResult`.

    Lengths may have any unit, the same for all.

    Attributes:
        deltas: (K, V, 3) float32, vertex offsets of each shape at weight 1.
        offsets: (V, 3) float32, distances of the sculpted vertices from those that the current weights give.
        current: (K,) float32, the current weights.
        lower: (K,) float32, the lower bounds.
        upper: (K,) float32, the upper bounds.
        vertex_mask: (V,) bool, the vertices that count.
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
                f"deltas (K, V, 3) and offsets (V, 3) must fit. Got {self.deltas.shape}, {self.offsets.shape}."
            )
        shapes = [weights.shape for weights in (self.current, self.lower, self.upper)]
        if shapes != [self.deltas.shape[:1]] * 3 or self.vertex_mask.shape != self.offsets.shape[:1]:
            expected = f"({len(self.deltas)},) and vertex_mask ({len(self.offsets)},)"
            raise ValueError(
                f"current, lower and upper must have shape {expected}. Got {shapes}, {self.vertex_mask.shape}."
            )
        if not all(np.isfinite(array).all() for array in (self.deltas, self.offsets, self.current)):
            raise ValueError("deltas, offsets and current must be finite.")


@dataclass(frozen=True)
class SelfTestRequest:
    """A test of the worker: load the models and measure their speed.

    Attributes:
        seconds: Length of the sound that the speed is measured with.
    """

    seconds: float = 10.0


@dataclass(frozen=True)
class SelfTestResult:
    """What a worker runs on.

    Attributes:
        device: Device of the bundled models, such as "CPU".
        speed: Seconds of motion (face and head, 8 steps) for each second of computing.
        torch_device: Device of the user's 3DiFACE models; None if torch cannot be loaded.
        problems: What 3DiFACE models lack, as phrases.
    """

    device: str
    speed: float
    torch_device: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class SolveResult:
    """Weights of shapes that reproduce a sculpted face.

    Attributes:
        weights: (K,) float32, within their bounds.
        rms: Root of the mean squared error of the vertices that move, in the request's unit of length.
        worst: Largest error of a vertex, in the same unit.
    """

    weights: Float32Array
    rms: float
    worst: float


@dataclass(frozen=True)
class Finding:
    """Something wrong in a face's motion, and the pins that fix it.

    Attributes:
        kind: "missed_closure", "false_contact", "moving_in_silence" or "sync_offset".
        first: First row.
        last: Last row.
        amount: How large it is: mm of lip gap, mm/s of lip speed, or seconds of offset.
        pins: Pins that fix it, in the columns of the face; none if other means do.
    """

    kind: str
    first: int
    last: int
    amount: float
    pins: Pins


@dataclass(frozen=True)
class DiagnosisRequest:
    """A request to compare a face's motion with its sound, as `Diagnosis`.

    Attributes:
        generate: The request of the take; its sound, style, quality and guidance are used.
        motion: The face's motion, (T, 52) in the order of the face's channels; row 0 at the sound's first sample.
        closures: (N, 2) float64, begin and end of each m, b and p in seconds; None without a transcript.
    """

    generate: GenerateRequest
    motion: Motion
    closures: Float64Array | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong in a face's motion, in the order of time."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class StyleExample:
    """A section of audio and the face's motion to it, row 0 at its first sample; messages use `name`."""

    name: str
    audio: AudioSection
    motion: Motion


@dataclass(frozen=True)
class AdaptationRequest:
    """A request to fit a speaking style to examples, as `AdaptationResult`.

    Attributes:
        name: Name of the style.
        path: Where to write the style file.
        examples: Audio with motion. A motion may have any rate; channels that it lacks are unknown, and blinks, gaze
            and breath are not fitted.
    """

    name: str
    path: Path
    examples: tuple[StyleExample, ...]


@dataclass(frozen=True)
class AdaptationResult:
    """A style that was fitted to examples.

    Attributes:
        path: The style file.
        seconds: Duration of the audio that the style was fitted to.
        error_before: Squared error, in standard deviations, of generated motion on the validation part of each example
            (its end, which is not fitted), with the closest existing style.
        error_after: The same with the new style; equal to error_before if fitting found no better style.
        steps: Number of optimisation steps.
    """

    path: Path
    seconds: float
    error_before: float
    error_after: float
    steps: int


Report = Callable[[Progress], None]
"""Called with each Progress; may raise `Cancelled` to stop the work."""

ReportFraction = Callable[[float], None]
"""Called with the fraction of one stage that is done, 0 to 1; may raise `Cancelled`."""

ConstraintProvider = Callable[[int, int], Constraints]
"""(first, last) -> constraints of those rows at MODEL_RATE, in the columns of the request's parts."""


class SampleRows(Protocol):
    """Samples the rows of a Motion: `generate.MotionModels.stream`."""

    def __call__(
        self,
        features: Iterable[Float32Array],
        rows: int,
        request: GenerateRequest,
        constraint_provider: ConstraintProvider | None,
        report: ReportFraction,
        first_row: int = 0,
        /,
    ) -> Iterator[Float32Array]:
        """Yield values (n, C) in order."""
        ...
