"""What is trained, on what, how long and how: a TOML file as a frozen dataclass."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..learning.random_masks import KeepConfig
from .dataset import DatasetConfig


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training.

    Files. source: a name in `sources.SOURCES`. out: the weights. data: the corpora's folder. cache: where features,
    the resume file, the best weights so far and the logs are kept. fine_tune: weights to start from.
    Length. steps; batch: examples a step and process; rows: of an example; save_every, validate_every: steps (0 never).
    Optimiser. rate: the highest learning rate. warm_up: steps up to it. decay: of the weights. average: of the running
    mean of the weights. precision: "bfloat16" (mixed) or "float32".

    Shares of the examples. unheard, unstyled, neither: without speech, without style, without both (classifier-free
    guidance, a scale for each). from_noise: that begin at t = 1. keep: those with values given, and how.
    Loss. velocity_weight, gap_weight, closure_weight: see `losses.py`. channel_weight: factors on single channels.
    regression: a deterministic network, t always 1 and no noise: the baseline of the same size.
    Regularisation. feature_noise, feature_dropout: what is added to the features, in their deviations, and the share of
    their columns that an example does not hear: a few minutes of one speaker are learnt by heart otherwise.
    feature_noise_varies: from none of the noise to all of it, one level an example. half_deaf: share of the examples
    that hear the mel bands alone (three in four) or the speech encoder alone: the encoder, which knows more of English,
    is less at home in other voices and languages.
    floor: the smallest deviation, in channel units, that a channel is scaled by.
    """

    source: str
    out: Path
    model: dict[str, Any]
    data: Path = Path("../shared/data")
    cache: Path = Path(".build/training")
    fine_tune: Path | None = None
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    keep: KeepConfig = field(default_factory=KeepConfig)
    steps: int = 8000
    batch: int = 24
    rows: int = 120
    save_every: int = 500
    validate_every: int = 500
    rate: float = 1e-3
    warm_up: int = 300
    decay: float = 0.02
    average: float = 0.998
    precision: str = "bfloat16"
    unheard: float = 0.1
    unstyled: float = 0.1
    neither: float = 0.05
    from_noise: float = 0.17
    velocity_weight: float = 1.0
    gap_weight: float = 0.0
    closure_weight: float = 0.0
    channel_weight: dict[str, float] = field(default_factory=dict)
    regression: bool = False
    feature_noise: float = 0.0
    feature_noise_varies: bool = False
    feature_dropout: float = 0.0
    half_deaf: float = 0.0
    floor: float = 0.02
    seed: int = 0

    def __post_init__(self) -> None:
        if self.precision not in ("bfloat16", "float32"):
            raise ValueError(f'precision must be "bfloat16" or "float32". Got {self.precision!r}.')
        if self.unheard + self.unstyled + self.neither > 1:
            raise ValueError("unheard, unstyled and neither are shares of all examples: together at most 1.")


def read_config(path: Path) -> TrainConfig:
    """A TrainConfig from TOML. Raises TypeError for a setting that does not exist."""
    values = tomllib.loads(path.read_text())
    unknown = set(values) - {f.name for f in fields(TrainConfig)}
    if unknown:
        raise TypeError(f"{path} has settings that do not exist: {sorted(unknown)}.")
    for name in {"out", "data", "cache", "fine_tune"} & set(values):
        values[name] = Path(values[name])
    for name, kind in {"dataset": DatasetConfig, "keep": KeepConfig}.items():
        if name in values:
            values[name] = kind(**values[name])
    return TrainConfig(**values)
