"""Settings of a training or an adaptation: a TOML file as a frozen dataclass."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ...errors import DifaceError
from ...threediface.options import Part
from .random_masks import MaskConfig

SETTINGS_HINT = "Change it in the configuration; docs/research/threediface_training.md describes every setting."


@dataclass(frozen=True)
class DataConfig:
    """The recordings.

    Attributes:
        folder: Folder with VOCASET's layout for a face, with `wav/` and `head/` for a head
            (docs/research/threediface_training.md).
        fps: Frames per second of the recordings. For a face it must be a multiple of 30: every second frame of 60 is
            used, as in 3DiFACE. For a head it may be any.
        subjects: Prefixes of the names of training sequences; empty uses all that are not held out. Each subject of a
            face is a style, in this order.
        held_out: Prefixes of the names of validation sequences, which are not trained on.
        max_sequences: Sequences per subject, the first by name; 0 uses all.
    """

    folder: Path
    fps: float = 60.0
    subjects: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    max_sequences: int = 0


@dataclass(frozen=True)
class LossConfig:
    """Weights of the loss's terms besides the squared error of x0, in mm^2 (face) or squared deviations (head).

    Attributes:
        velocity: Squared error of the first difference in time.
        acceleration: Squared error of the second difference in time.
        masked: Squared error of the frames that are not known (head).
        lips: Squared error of the lip vertices (face).
        flame_masks: The user's FLAME_masks.pkl.
        regions: Factors on the vertices of its regions, such as `lips = 5.0`; the largest one where regions overlap,
            1 outside of them.
    """

    velocity: float = 0.0
    acceleration: float = 0.0
    masked: float = 0.0
    lips: float = 0.0
    flame_masks: Path | None = None
    regions: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.lips or self.regions) and self.flame_masks is None:
            raise ValueError("lips and regions need flame_masks, the file FLAME_masks.pkl.")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Settings that training and adaptation share.

    Attributes:
        out: Checkpoint folder to write, in the published layout: args.yml and checkpoints/modelNNNNNNNNN.pt.
        data: The recordings.
        loss: Weights of the loss's terms.
        cache: Folder of speech features, the resume file and the logs.
        wav2vec2: Folder of wav2vec2-base-960h; not needed if the initial checkpoint contains the encoder.
        steps: Training steps.
        batch: Examples per step and process.
        frames: Frames of an example.
        save_every: Steps between two checkpoints; 0 writes only at the end.
        validate_every: Steps between two validations; 0 validates only at the end.
        max_checkpoints: Number of newest checkpoints that are kept; 0 keeps all.
        learning_rate: Highest learning rate.
        warm_up: Steps up to the highest learning rate.
        weight_decay: Weight decay.
        ema_decay: Decay of the running average of the weights, which is what is written.
        precision: "float32" or "bfloat16" (mixed).
        audio_dropout: Share of the examples without audio, for classifier-free guidance (prob10 is 0.1).
        seed: Seed of everything random.
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
            raise ValueError(f"audio_dropout must be between 0 and 1. Got {self.audio_dropout}.")

    @property
    def source_checkpoints(self) -> tuple[Path | None, ...]:
        """The checkpoint folders that the training reads."""
        return ()


@dataclass(frozen=True, kw_only=True)
class TrainConfig(RunConfig):
    """The training of a network.

    Attributes:
        part: "face" or "head".
        model: Options by their names in args.yml, which override `checkpoint_writer.NETWORK_DEFAULTS`.
        diffusion: Options by their names in args.yml, which override `checkpoint_writer.DIFFUSION_DEFAULTS`.
        fine_tune: Checkpoint folder to start from, instead of `model`.
        masks: Known frames of a head's examples.
        face_model: Checkpoint folder of the listener: the face network whose audio encoder conditions the head.
        train_encoder: Whether a face's wav2vec2 is trained too, except for its convolutions.
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
            raise ValueError("A head needs face_model to encode the audio, and has no lips and regions.")
        if self.part == "head" and self.train_encoder:
            raise ValueError("train_encoder is for faces: the face_model of a head is not trained with it.")

    @property
    def source_checkpoints(self) -> tuple[Path | None, ...]:
        """The checkpoint folders that the training reads."""
        return self.fine_tune, self.face_model


@dataclass(frozen=True, kw_only=True)
class AdaptConfig(RunConfig):
    """The adaptation of a face network to one speaker: only the style map and the output layer are trained.

    Attributes:
        base: Checkpoint folder of the general model.
        style: Index of the trained style that becomes the speaker's; None uses the one with the smallest error on the
            speaker's sequences.
    """

    base: Path
    style: int | None = None
    steps: int = 2000
    learning_rate: float = 1e-3

    @property
    def source_checkpoints(self) -> tuple[Path | None, ...]:
        """The checkpoint folders that the training reads."""
        return (self.base,)


ConfigT = TypeVar("ConfigT", bound=RunConfig)
_SECTIONS = {"data": DataConfig, "loss": LossConfig, "masks": MaskConfig}


def read_config(path: Path, kind: type[ConfigT]) -> ConfigT:
    """Return the settings in a TOML file.

    Raises:
        DifaceError: If the file cannot be read, or a setting is missing, unknown or out of its range.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        sections = {name: _build_config(_SECTIONS[name], values.pop(name)) for name in _SECTIONS if name in values}
        return _build_config(kind, values | sections)
    except OSError as reason:
        raise DifaceError(f"{path} cannot be read: {reason.strerror}.", "Check its name.") from reason
    except (TypeError, ValueError) as reason:
        raise DifaceError(f"{path} cannot be used: {reason}", SETTINGS_HINT) from reason


def _build_config(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Return a `kind` with these values, converted to paths and tuples where it has them."""
    types = {one.name: str(one.type) for one in fields(kind)}
    unknown = sorted(set(values) - set(types))
    if unknown:
        raise TypeError(f"unknown setting {', '.join(unknown)}.")
    return kind(**{name: _convert_value(types[name], value) for name, value in values.items()})


def _convert_value(kind: str, value: Any) -> Any:
    if kind.startswith("Path"):
        return Path(value).expanduser()
    return tuple(value) if kind.startswith("tuple") else value
