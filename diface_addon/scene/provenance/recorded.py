"""What a take of a recorded face stores besides its request: the file, and the frames in which tracking was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

RECORDING = "recording"
"""Field: the file's name, its kind, its rows per second, and the frame of its first row."""
LOST = "lost"
"""Field: [first, last] frames in which tracking was lost and nothing was regenerated since."""
SHIFT = "sound_shift"
"""Field: seconds from the start of the sound strip to the start of the take."""

Spans = list[tuple[int, int]]


def lost_frames(request: Mapping[str, Any] | None) -> Spans:
    """Return the first and the last frame of each span in which tracking was lost; [] for other takes."""
    spans = (request or {}).get(LOST, [])
    return [(int(first), int(last)) for first, last in spans]


def sound_shift(request: Mapping[str, Any]) -> float:
    """Return the seconds from the start of the sound strip to the start of the take."""
    return float(request.get(SHIFT, 0.0))


def fields_after_edit(
    request: Mapping[str, Any], regenerated: npt.NDArray[np.bool_], first_frame: int
) -> dict[str, Any]:
    """Return the fields that an edit of a take keeps.

    Args:
        request: The request of the edited take.
        regenerated: (T,) bool, the rows that the edit regenerates.
        first_frame: The frame of the first row.
    """
    kept = {name: request[name] for name in (RECORDING, SHIFT) if name in request}
    if RECORDING not in request:
        return kept
    still = [span for span in lost_frames(request) if not _is_covered(span, regenerated, first_frame)]
    return {**kept, LOST: [list(span) for span in still]}


def _is_covered(span: tuple[int, int], regenerated: npt.NDArray[np.bool_], first_frame: int) -> bool:
    rows = regenerated[max(0, span[0] - first_frame) : span[1] - first_frame + 1]
    return bool(len(rows)) and bool(rows.all())
