"""Readers that turn each corpus into clips: sound and Motion side by side, 30 rows a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

from .arkit_folder import arkit_folder
from .clip import Clip, Phone
from .facegood_1114 import facegood, facegood_clips
from .grid_s1 import grid, grid_clips
from .lip_seal import LABIALS, sealed
from .not_speech import not_speech
from .reading import Reading, Skipped, checked
from .rendered import rendered
from .splits import Split, every_split, held_out
from .vocaset_folder import vocaset_folder

__all__ = [
    "KINDS", "LABIALS", "READERS", "Clip", "Phone", "Reading", "Skipped", "Split", "arkit_folder", "checked",
    "every_split", "facegood", "grid", "held_out", "read", "read_all", "sealed", "vocaset_folder",
]  # fmt: skip

Reader = Callable[[Path], Iterable[Clip | Skipped]]


def _not_speech(folder: Path) -> list[Clip]:
    return not_speech(60, ("grid_s1", "facegood_1114", "rendered"))


KINDS: dict[str, Reader] = {
    "grid": grid_clips,
    "facegood": facegood_clips,
    "arkit": arkit_folder,
    "vocaset": vocaset_folder,
    "rendered": rendered,
    "not_speech": _not_speech,
}
"""Kind of corpus -> its reader. `not_speech` is made, not read: its folder may be any."""
AT_REST = ("not_speech",)
"""Kinds whose faces are meant to rest."""

READERS: dict[str, tuple[str, Reader]] = {"grid": ("grid_s1", grid), "facegood": ("facegood", facegood)}
"""The corpora that the bundled model is trained on: name -> its folder beside the others, and its reader."""


def read(kind: str, folder: Path) -> Reading[Clip]:
    """The clips of one folder that are sound, and what was skipped. Raises DifaceError where none is left."""
    if kind not in KINDS:
        raise ValueError(f"A corpus must be one of {sorted(KINDS)}. Got {kind!r}.")
    return checked(KINDS[kind](folder), folder, at_rest=kind in AT_REST)


def read_all(data: Path, more: Iterable[Mapping[str, str]] = ()) -> list[Clip]:
    """The clips of READERS in `data`, and of each `{kind, folder}` of `more` (folders as they stand, or in `data`)."""
    readings = [read(kind, data / folder) for kind, (folder, _) in READERS.items()]
    for one in more:
        folder = Path(one["folder"])
        readings.append(read(one["kind"], folder if folder.exists() else data / folder))
    return list(chain.from_iterable(reading.clips for reading in readings))
