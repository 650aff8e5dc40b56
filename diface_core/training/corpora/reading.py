"""Validation of a corpus's clips, with a list of skipped files and reasons."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ... import channels
from ...audio.reading import SILENCE_PEAK
from ...errors import DifaceError
from ...types import MODEL_RATE
from .clip import Clip

log = logging.getLogger(__name__)

MIN_SECONDS = 0.5
"""Shortest usable clip in seconds."""
WEIGHT_RANGE = (-0.5, 2.0)
"""A face weight outside this range indicates a wrong unit or column."""
MIN_MOVEMENT = 1e-3
"""A face whose known weights move less than this was not tracked."""
MAX_LISTED = 20
"""Number of skipped files that are logged individually."""


@dataclass(frozen=True)
class Skipped:
    """A file, or one clip of it, that was skipped, and why."""

    path: str
    reason: str


class Recorded(Protocol):
    """An item of a corpus: a clip, or something else with a name and a length."""

    @property
    def name(self) -> str:
        """Name in the corpus."""
        ...

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        ...


ClipT = TypeVar("ClipT", bound=Recorded)


@dataclass(frozen=True)
class Reading(Generic[ClipT]):
    """The usable items of a corpus, and the skipped ones."""

    clips: tuple[ClipT, ...]
    skipped: tuple[Skipped, ...]

    def summary(self) -> str:
        """Return a summary for the log: the number of clips, and the first of those skipped."""
        lines = [f"{len(self.clips)} clips, {sum(c.seconds for c in self.clips) / 60:.1f} min"]
        if self.skipped:
            lines[0] += f"; {len(self.skipped)} skipped:"
        lines += [f"  {item.path}: {item.reason}" for item in self.skipped[:MAX_LISTED]]
        if len(self.skipped) > MAX_LISTED:
            lines.append(f"  and {len(self.skipped) - MAX_LISTED} more")
        return "\n".join(lines)


def check_clips(items: Iterable[Clip | Skipped], folder: Path, at_rest: bool = False) -> Reading[Clip]:
    """Return the usable clips, and why the others are skipped; logged.

    Args:
        items: What a reader yields.
        folder: The corpus's folder.
        at_rest: Whether silence and faces that do not move are valid.

    Raises:
        DifaceError: No clip is usable.
    """
    return filter_clips(items, folder, lambda clip: clip_fault(clip, at_rest))


def filter_clips(
    items: Iterable[ClipT | Skipped], folder: Path, find_fault: Callable[[ClipT], str | None]
) -> Reading[ClipT]:
    """Return the items without a fault, and why the others are skipped; logged.

    Args:
        items: What a reader yields.
        folder: The corpus's folder.
        find_fault: Returns why an item is not usable, or None.

    Raises:
        DifaceError: No item is usable.
    """
    clips: list[ClipT] = []
    skipped: list[Skipped] = []
    for item in _wrap_read_errors(items, folder):
        if isinstance(item, Skipped):
            skipped.append(item)
        elif reason := find_fault(item):
            skipped.append(Skipped(item.name, reason))
        else:
            clips.append(item)
    reading = Reading(tuple(clips), tuple(skipped))
    if not clips:
        because = f" ({skipped[0].path}: {skipped[0].reason})" if skipped else ""
        message = f"{folder} holds no usable clip: {len(skipped)} were skipped{because}."
        raise DifaceError(message, "Check the folder, or remove this corpus from the configuration.")
    log.info("%s: %s", folder, reading.summary())
    return reading


def _wrap_read_errors(items: Iterable[ClipT | Skipped], folder: Path) -> Iterator[ClipT | Skipped]:
    """Yield the reader's items; an unreadable file that all clips need is reported as an error of the folder."""
    try:
        yield from items
    except DifaceError:
        raise
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as reason:
        hint = "Download it again, or remove this corpus from the configuration."
        raise DifaceError(f"The corpus {folder} is damaged: {reason!r}.", hint) from reason


def clip_fault(clip: Clip, at_rest: bool = False) -> str | None:
    """Return why the clip is not usable, or None; a clip `at_rest` may be silent and still."""
    if clip.samples.ndim != 1 or clip.values.shape[1:] != (len(channels.FACE),):
        return f"expected samples (N,) and values (T, 52), got {clip.samples.shape} and {clip.values.shape}"
    if clip.seconds < MIN_SECONDS:
        return f"{clip.seconds:.2f} s long, expected at least {MIN_SECONDS} s"
    if len(clip.values) != MODEL_RATE.rows(clip.seconds):
        return f"{len(clip.values)} rows of motion for {clip.seconds:.2f} s of sound"
    if not np.isfinite(clip.samples).all():
        return "samples that are not finite numbers"
    if not np.isfinite(clip.values[:, clip.known]).all():
        return "weights that are not finite numbers"
    if not at_rest and np.abs(clip.samples).max() < SILENCE_PEAK:
        return "silent"
    known = clip.values[:, clip.known]
    if known.size == 0:
        return "no channel of the face is known"
    if not at_rest and np.ptp(known, axis=0).max() < MIN_MOVEMENT:
        return "nothing in the face moves"
    if known.min() < WEIGHT_RANGE[0] or known.max() > WEIGHT_RANGE[1]:
        return f"weights from {known.min():.2f} to {known.max():.2f}, expected 0 to 1"
    return None


def require_files(folder: Path, *names: str) -> None:
    """Check that a folder contains these files or folders.

    Raises:
        DifaceError: One is missing.
    """
    absent = [name for name in names if not (folder / name).exists()]
    if absent:
        hint = "Check the path, or remove this corpus from the configuration."
        raise DifaceError(f"The corpus {folder} is incomplete: {', '.join(absent)} missing.", hint)


def load_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of an .npz file; the file is closed even if it is damaged."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)
