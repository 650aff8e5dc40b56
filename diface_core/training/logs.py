"""Progress of a training: a bar with the time left, and curves for TensorBoard if it is installed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)


class CurveWriter(Protocol):
    """A writer of numbers by name and step."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int, /) -> object:
        """Add a number to the curve `tag`."""

    def close(self) -> None:
        """Close the files."""


class NullCurveWriter:
    """A writer without effect, used without TensorBoard and in all processes but the first."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int, /) -> None:
        """Discard the number."""

    def close(self) -> None:
        """Do nothing: no file is open."""


def open_curves(folder: Path, enabled: bool = True) -> CurveWriter:
    """Return a writer of TensorBoard logs in `folder`; view them with `tensorboard --logdir`."""
    if not enabled:
        return NullCurveWriter()
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        log.info("no curves are written: TensorBoard is not installed (pip install tensorboard)")
        return NullCurveWriter()
    return SummaryWriter(str(folder))
