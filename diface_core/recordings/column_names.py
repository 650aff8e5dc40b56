"""What the columns of a table are: ARKit's shapes in any spelling, angles of the head, times."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import channels

_FACE = {name.lower(): name for name in channels.FACE}
_PREFIX = re.compile(r"^(?:blendshapes?|bs|arkit)(?=[a-z])")
_SIDE = re.compile(r"[_\-. ](l|r)$")

TIMES: tuple[tuple[str, float | None], ...] = (
    ("timecode", None), ("timestampms", 1e-3), ("timestampus", 1e-6), ("timestampns", 1e-9), ("timestamp", None),
    ("timems", 1e-3), ("timesec", 1.0), ("timeseconds", 1.0), ("seconds", 1.0), ("milliseconds", 1e-3), ("time", None),
    ("ms", 1e-3), ("t", None), ("frameindex", 0.0), ("framenumber", 0.0), ("framenum", 0.0), ("frameid", 0.0),
    ("frame", 0.0),
)  # fmt: skip
"""Names of columns of times, the best first, and their unit in seconds; 0: they count frames; None: unknown."""

ANGLES = ("yaw", "pitch", "roll")


def face_column(name: str) -> str | None:
    """Return the channel of a column, as of `EyeBlinkLeft`, `eyeBlink_L`, `blendShapes.EyeBlinkLeft`, or None."""
    text = name.strip().lower()
    text = _SIDE.sub(lambda side: {"l": "left", "r": "right"}[side[1]], text)
    text = re.sub(r"[^a-z]", "", re.split(r"[./:]", text)[-1])
    return _FACE.get(text) or _FACE.get(_PREFIX.sub("", text))


def face_columns(header: Sequence[str]) -> dict[str, int]:
    """Return channel -> column. Of two columns of one channel the first is used."""
    found: dict[str, int] = {}
    for index, name in enumerate(header):
        channel = face_column(name)
        if channel:
            found.setdefault(channel, index)
    return found


def head_columns(header: Sequence[str]) -> tuple[int, ...]:
    """Return the columns of yaw, pitch and roll of the head; () if one is missing."""
    plain = [_plain(name) for name in header]
    for form in ("head{}", "headrotation{}", "headpose{}", "{}", "{}deg", "head{}deg"):
        names = [form.format(angle) for angle in ANGLES]
        if set(names) <= set(plain):
            return tuple(plain.index(name) for name in names)
    return ()


def time_column(header: Sequence[str]) -> tuple[int, float | None] | None:
    """Return the column of times and its unit as in TIMES; None without one."""
    plain = [_plain(name) for name in header]
    return next(((plain.index(name), unit) for name, unit in TIMES if name in plain), None)


def count_column(header: Sequence[str]) -> int | None:
    """Return the column that counts the shapes of a row, which is 0 in a row without a face."""
    plain = [_plain(name) for name in header]
    return plain.index("blendshapecount") if "blendshapecount" in plain else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
