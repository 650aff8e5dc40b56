"""What is trained, on what, how long and how: a TOML file as a frozen dataclass."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ...errors import DifaceError
from ...threediface.options import Part
from .random_masks import MaskConfig

SETTINGS_HINT = "Change it in the configuration; docs/research/threediface_training.md says what each setting is."


@dataclass(frozen=True)
class DataConfig:
    """The recordings.

    folder: laid out as VOCASET is for a face, `wav/` and `head/` for a head (docs/research/threediface_training.md).
    fps: frames a second of what is recorded. A face's must be 30 or a multiple of it: of 60 every second frame is kept,
    as 3DiFACE does. A head's may be any.
    subjects: how the names of the sequences that are learnt begin; all those that are not held out where there are
    none. Of a face each is a style, in this order. held_out: how the names of those begin that are judged and not
    learnt. at_most: sequences of each subject, the first by name; 0 is all.
    """

    folder: Path
    fps: float = 60.0
    subjects: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    max_sequences: int = 0


@dataclass(frozen=True)
class LossConfig:
    """What counts how much beside the squared error of x0, in mm^2 (face) or squared deviations (head).

    velocity, acceleration: the squared error of the first and second differences in time. masked: the squared error
    where nothing is given (head). lips: the squared error of the lips' vertices alone (face).
    masks: the user's FLAME_masks.pkl. regions: factors on the vertices of its regions, such as `lips = 5.0`; where
    regions overlap the largest counts, and vertices of none count once.
    """

    velocity: float = 0.0
    acceleration: float = 0.0
    masked: float = 0.0
    lips: float = 0.0
    flame_masks: Path | None = None
    regions: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.lips or self.regions) and self.flame_masks is None:
            raise ValueError("lips and regions need masks, the file FLAME_masks.pkl.")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What a training and an adaptation have in common.

    out: the checkpoint folder that is written, as published ones are: args.yml and checkpoints/modelNNNNNNNNN.pt.
    cache: where speech features, the resume file and the logs are kept. wav2vec2: folder of wav2vec2-base-960h; a
    checkpoint that is started from carries its own.
    steps; batch: examples a step and process; frames: of an example. save_every, validate_every: steps (0 only at the
    end). newest: checkpoints that are kept (0 keeps all).
    rate: the highest learning rate. warm_up: steps up to it. decay: of the weights. average: of the running mean of the
    weights, which is what is written. precision: "float32" or "bfloat16" (mixed).
    unheard: share of the examples that hear nothing, for classifier-free guidance (prob10 is 0.1).
    """

    out: Path
    data: DataConfig
    loss: LossConfig = field(default_factory=LossConfig)
    cache: Path = Path(".build/training/threediface")
    wav2vec2: Path | None = None
    steps: int = 100_000
    batch: int = 16
    frames: int = 32
    save_every: int = 5000
    validate_every: int = 1000
    max_checkpoints: int = 3
    learning_rate: float = 1e-4
    warm_up: int = 100
    weight_decay: float = 0.0
    ema_decay: float = 0.999
    precision: str = "float32"
    audio_dropout: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.precision not in ("bfloat16", "float32"):
            raise ValueError(f'precision must be "bfloat16" or "float32". Got {self.precision!r}.')
        if not 0 <= self.audio_dropout <= 1:
            raise ValueError(f"unheard is a share, 0 to 1. Got {self.audio_dropout}.")

    @property
    def source_checkpoints(self) -> tuple[Path | None, ...]:
        """The checkpoint folders that are read."""
        return ()


@dataclass(frozen=True, kw_only=True)
class TrainConfig(RunConfig):
    """The training of a network.

    part: "face" or "head". model, diffusion: options by the names that args.yml has for them, beside or instead of
    those in `writing.OPTIONS`. fine_tune: a checkpoint folder to start from, instead of `model`.
    masks: what a head is given. face_model: the checkpoint folder of the face network by which a head hears.
    train_encoder: whether a face's wav2vec2 learns too, all but its convolutions.
    """

    part: Part
    model: Mapping[str, Any] = field(default_factory=dict)
    diffusion: Mapping[str, Any] = field(default_factory=dict)
    fine_tune: Path | None = None
    masks: MaskConfig = field(default_factory=MaskConfig)
    face_model: Path | None = None
    train_encoder: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.part not in ("face", "head"):
            raise ValueError(f'part must be "face" or "head". Got {self.part!r}.')
        if self.part == "head" and (self.face_model is None or self.loss.lips or self.loss.regions):
            raise ValueError("A head needs face_model, by which it hears, and knows no lips and regions.")
        if self.part == "head" and self.train_encoder:
            raise ValueError("A head hears by face_model, which does not learn with it: train_encoder is a face's.")

    @property
    def source_checkpoints(self) -> tuple[Path | None, ...]:
        return self.fine_tune, self.face_model


@dataclass(frozen=True, kw_only=True)
class AdaptConfig(RunConfig):
    """The adaptation of a face network to one speaker: the style map and the output layer learn, nothing else.

    base: the checkpoint folder of the general model. style: the trained style that becomes the speaker's; None is the
    one with the smallest error on the speaker's sequences.
    """

    base: Path
    style: int | None = None
    steps: int = 2000
    learning_rate: float = 1e-3

    @property
    def source_checkpoints(self) -> tuple[Path | None, ...]:
        return (self.base,)


ConfigT = TypeVar("ConfigT", bound=RunConfig)
_SECTIONS = {"data": DataConfig, "loss": LossConfig, "masks": MaskConfig}


def read_config(path: Path, kind: type[ConfigT]) -> ConfigT:
    """The settings in a TOML file. Raises DifaceError for one that is missing, unknown or out of its range."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        sections = {name: _build_config(_SECTIONS[name], values.pop(name)) for name in _SECTIONS if name in values}
        return _build_config(kind, values | sections)
    except OSError as reason:
        raise DifaceError(f"{path} cannot be read: {reason.strerror}.", "Check its name.") from reason
    except (TypeError, ValueError) as reason:
        raise DifaceError(f"{path} cannot be used: {reason}", SETTINGS_HINT) from reason


def _build_config(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """`kind` of these values, paths and tuples among them as such."""
    types = {one.name: str(one.type) for one in fields(kind)}
    unknown = sorted(set(values) - set(types))
    if unknown:
        raise TypeError(f"{', '.join(unknown)}: there is no such setting.")
    return kind(**{name: _convert_value(types[name], value) for name, value in values.items()})


def _convert_value(kind: str, value: Any) -> Any:
    if kind.startswith("Path"):
        return Path(value).expanduser()
    return tuple(value) if kind.startswith("tuple") else value
