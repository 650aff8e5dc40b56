"""Readers that turn each corpus into clips: sound and Motion with common timing, 30 rows per second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

from .arkit_folder import arkit_folder
from .clip import Clip, Phone
from .facegood_1114 import facegood_clips, read_facegood
from .grid_s1 import grid_clips, read_grid
from .lip_seal import seal_lips
from .not_speech import non_speech_clips
from .reading import Reading, Skipped, check_clips
from .rendered import rendered_folder
from .splits import Split, all_splits, is_held_out
from .vocaset_folder import vocaset_folder

__all__ = [
        "BUNDLED_CORPORA",
    "READERS_BY_KIND",
    "Clip",
    "Phone",
    "Reading",
    "Skipped",
    "Split",
    "all_splits",
    "arkit_folder",
    "check_clips",
    "is_held_out",
    "read_corpora",
    "read_corpus",
    "read_facegood",
    "read_grid",
    "seal_lips",
    "vocaset_folder",
]  # fmt: skip

Reader = Callable[[Path], Iterable[Clip | Skipped]]


def _not_speech(folder: Path) -> list[Clip]:
    return non_speech_clips(60, ("grid_s1", "facegood_1114", "rendered"))


READERS_BY_KIND: dict[str, Reader] = {
    "grid": grid_clips,
    "facegood": facegood_clips,
    "arkit": arkit_folder,
    "vocaset": vocaset_folder,
    "rendered": rendered_folder,
    "not_speech": _not_speech,
}
"""Kind of corpus -> its reader. `not_speech` is synthesised, not read: any folder is accepted."""
AT_REST_KINDS = ("not_speech",)
"""Kinds whose faces are at rest."""

BUNDLED_CORPORA: dict[str, tuple[str, Reader]] = {
    "grid": ("grid_s1", read_grid),
    "facegood": ("facegood", read_facegood),
}
"""The corpora that the bundled model is trained on: name -> its folder in the data folder, and its reader."""


def read_corpus(kind: str, folder: Path) -> Reading[Clip]:
    """Return the usable clips of one folder, and what was skipped.

    Raises:
        DifaceError: No clip is usable.
    """
    if kind not in READERS_BY_KIND:
        raise ValueError(f"A corpus must be one of {sorted(READERS_BY_KIND)}. Got {kind!r}.")
    return check_clips(READERS_BY_KIND[kind](folder), folder, at_rest=kind in AT_REST_KINDS)


def read_corpora(data: Path, extra: Iterable[Mapping[str, str]] = ()) -> list[Clip]:
    """Return the clips of the bundled corpora in `data`, and of `extra` corpora.

    Args:
        data: The folder of the corpora.
        extra: `{kind, folder}` of further corpora; relative folders may be in `data`.
    """
    readings = [read_corpus(kind, data / folder) for kind, (folder, _) in BUNDLED_CORPORA.items()]
    for one in extra:
        folder = Path(one["folder"])
        readings.append(read_corpus(one["kind"], folder if folder.exists() else data / folder))
    return list(chain.from_iterable(reading.clips for reading in readings))
