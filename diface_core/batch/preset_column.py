"""The names that the outputs of a line have: those of a vocabulary, or of a list of a rig's shape keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import DifaceError
from ..faces.poses.known_poses import known_poses
from ..faces.poses.vocabularies import VOCABULARIES, direct_channels, in_vocabulary
from ..types import Motion

ARKIT = "arkit"
"""The names that outputs have without a preset."""
MAX_BYTES, MAX_NAMES = 1 << 20, 2000
HINT = (
    f"Write {ARKIT}, {', '.join(VOCABULARIES)}, or the path of a text file with the name of a shape key in each line."
)

Names = tuple[str, ...]


def names_of_preset(preset: str, folder: Path) -> Names:
    """Return the names of a preset; none for ARKit's.

    Args:
        preset: The cell of the table: the name of a vocabulary, or the path of a list.
        folder: The folder to which paths are relative.

    Raises:
        DifaceError: There is no such preset, or nothing in the list is known.
    """
    key = preset.lower().replace("-", "_").replace(" ", "_")
    if key in ("", ARKIT):
        return ()
    if key in VOCABULARIES:
        return VOCABULARIES[key]
    if "." not in preset:
        raise DifaceError(f"There is no preset {preset[:80]!r}.", HINT)
    names = _read_list(folder / preset)
    if not direct_channels(names) and known_poses(names) is None:
        raise DifaceError(f"No name in {Path(preset).name} is one of a known vocabulary.", HINT)
    return names


def _read_list(path: Path) -> Names:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DifaceError(f"{path.name} is larger than {MAX_BYTES >> 20} MB.", HINT)
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as reason:
        raise DifaceError(f"Cannot read {path}: {reason.strerror or reason}.", HINT) from reason
    except UnicodeDecodeError as reason:
        raise DifaceError(f"{path.name} is no text in UTF-8.", HINT) from reason
    names = tuple(dict.fromkeys(name for line in lines if (name := line.strip())))
    if not names or len(names) > MAX_NAMES:
        raise DifaceError(f"{path.name} must have 1 to {MAX_NAMES} names. It has {len(names)}.", HINT)
    return names


def under_names(motion: Motion, names: Sequence[str]) -> Motion:
    """Return a motion under the names of a preset, or as it is without one."""
    return in_vocabulary(motion, names) if names else motion
