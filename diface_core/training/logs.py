"""What a training says while it runs: a bar with the time left, and curves for TensorBoard where that is installed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)


class CurveWriter(Protocol):
    """Takes numbers by name and step."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int, /) -> object: ...

    def close(self) -> None: ...


class NullCurveWriter:
    """Where no TensorBoard is, and in all processes but the first."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int, /) -> None:
        """Forget the number."""

    def close(self) -> None:
        """Nothing was open."""


def open_curves(folder: Path, enabled: bool = True) -> CurveWriter:
    """A writer of TensorBoard logs in `folder`: see them with `tensorboard --logdir`."""
    if not enabled:
        return NullCurveWriter()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        log.info("no curves are written: TensorBoard is not installed (pip install tensorboard)")
        return NullCurveWriter()
    return SummaryWriter(str(folder))
