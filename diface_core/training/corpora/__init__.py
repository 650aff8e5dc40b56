"""Readers that turn each corpus into clips: sound and Motion side by side, 30 rows a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

from .arkit_folder import arkit_folder
from .clip import Clip, Phone
from .facegood_1114 import facegood_clips, read_facegood
from .grid_s1 import grid_clips, read_grid
from .lip_seal import ARPABET_LABIALS, seal_lips
from .not_speech import non_speech_clips
from .reading import Reading, Skipped, check_clips
from .rendered import rendered_folder
from .splits import Split, all_splits, is_held_out
from .vocaset_folder import vocaset_folder

__all__ = [
    "ARPABET_LABIALS",
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
"""Kind of corpus -> its reader. `not_speech` is made, not read: its folder may be any."""
AT_REST_KINDS = ("not_speech",)
"""Kinds whose faces are meant to rest."""

BUNDLED_CORPORA: dict[str, tuple[str, Reader]] = {
    "grid": ("grid_s1", read_grid),
    "facegood": ("facegood", read_facegood),
}
"""The corpora that the bundled model is trained on: name -> its folder beside the others, and its reader."""


def read_corpus(kind: str, folder: Path) -> Reading[Clip]:
    """The clips of one folder that are sound, and what was skipped. Raises DifaceError where none is left."""
    if kind not in READERS_BY_KIND:
        raise ValueError(f"A corpus must be one of {sorted(READERS_BY_KIND)}. Got {kind!r}.")
    return check_clips(READERS_BY_KIND[kind](folder), folder, at_rest=kind in AT_REST_KINDS)


def read_corpora(data: Path, extra: Iterable[Mapping[str, str]] = ()) -> list[Clip]:
    """The clips of READERS in `data`, and of each `{kind, folder}` of `more` (folders as they stand, or in `data`)."""
    readings = [read_corpus(kind, data / folder) for kind, (folder, _) in BUNDLED_CORPORA.items()]
    for one in extra:
        folder = Path(one["folder"])
        readings.append(read_corpus(one["kind"], folder if folder.exists() else data / folder))
    return list(chain.from_iterable(reading.clips for reading in readings))
