"""The settings of a training: a TOML file as a frozen dataclass."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..learning.objective import ObjectiveConfig
from ..learning.random_masks import RandomMaskConfig
from .dataset import DatasetConfig


@dataclass(frozen=True, kw_only=True)
class TrainConfig(ObjectiveConfig):
    """The settings of one training, in addition to those of its objective.

    Attributes:
        source: A name in `sources.SOURCES`.
        out: The file of the weights.
        model: Fields of `DenoiserConfig`.
        data: The folder of the corpora.
        cache: The folder of features, the resume file, the best weights so far and the logs.
        fine_tune: Weights to start from.
        dataset: What is trained on.
        steps: Length of the training.
        save_every: Steps between two resume files; 0 writes none.
        validate_every: Steps between two validations; 0 validates never.
        learning_rate: The highest learning rate.
        warm_up: Steps until the learning rate reaches it.
        weight_decay: Weight decay of AdamW.
        ema_decay: Decay of the exponential moving average of the weights.
        precision: "bfloat16" (mixed precision) or "float32".
        min_deviation: The smallest standard deviation, in channel units, that a channel is divided by.
    """

    source: str
    out: Path
    model: dict[str, Any]
    data: Path = Path("../shared/data")
    cache: Path = Path(".build/training")
    fine_tune: Path | None = None
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    steps: int = 8000
    save_every: int = 500
    validate_every: int = 500
    learning_rate: float = 1e-3
    warm_up: int = 300
    weight_decay: float = 0.02
    ema_decay: float = 0.998
    precision: str = "bfloat16"
    min_deviation: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.precision not in ("bfloat16", "float32"):
            raise ValueError(f'precision must be "bfloat16" or "float32". Got {self.precision!r}.')


def read_config(path: Path) -> TrainConfig:
    """Read a TrainConfig from TOML.

    Raises:
        TypeError: A setting does not exist.
    """
    values = tomllib.loads(path.read_text())
    unknown = set(values) - {f.name for f in fields(TrainConfig)}
    if unknown:
        raise TypeError(f"{path} has settings that do not exist: {sorted(unknown)}.")
    for name in {"out", "data", "cache", "fine_tune"} & set(values):
        values[name] = Path(values[name])
    for name, kind in {"dataset": DatasetConfig, "masks": RandomMaskConfig}.items():
        if name in values:
            values[name] = kind(**values[name])
    return TrainConfig(**values)
