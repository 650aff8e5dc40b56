"""Results of raters, pooled: counts and the binomial interval of the preference."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..console import BuildError

FORMAT = 1
"""Version of the files that the page saves."""
Z95 = 1.959964


@dataclass(frozen=True)
class Pooled:
    """All answers of one comparison.

    Attributes:
        names: Names of both sets.
        raters: Number of files.
        first: Answers in favour of the first set.
        second: Those in favour of the second.
        none: Those that saw no difference.
        first_by_clip: Clip -> answers in favour of the first and of the second set.
    """

    names: tuple[str, str]
    raters: int
    first: int
    second: int
    none: int
    first_by_clip: dict[str, tuple[int, int]]

    def report(self) -> str:
        """Return a summary as Markdown."""
        share, low, high = wilson_interval(self.first, self.first + self.second)
        a, b = self.names
        lines = [f"| {self.raters} rater(s) | {a} | {b} | no difference | {a} where one was chosen |", "|---" * 5 + "|"]
        cell = f"{100 * share:.0f}% ({100 * low:.0f} to {100 * high:.0f})" if self.first + self.second else ""
        lines.append(f"| all clips | {self.first} | {self.second} | {self.none} | {cell} |")
        for clip, (mine, theirs) in sorted(self.first_by_clip.items()):
            lines.append(f"| {clip} | {mine} | {theirs} | | |")
        return "\n".join(lines)


def wilson_interval(hits: int, count: int) -> tuple[float, float, float]:
    """Return a share and its 95% interval (Wilson 1927); 0 to 1 around 0.5 for no trials."""
    if not count:
        return 0.5, 0.0, 1.0
    share, scale = hits / count, 1 + Z95**2 / count
    middle = (share + Z95**2 / (2 * count)) / scale
    half = Z95 / scale * math.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    return share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def pool(files: list[Path]) -> Pooled:
    """Return the results of several raters.

    Raises:
        BuildError: A file is none of the page's, or the files are of different comparisons.
    """
    read = [_read(file) for file in files]
    names = tuple(read[0]["names"])
    for file, one in zip(files, read, strict=True):
        if tuple(one["names"]) != names:
            raise BuildError(f"{file} compares {' and '.join(one['names'])}, the others {' and '.join(names)}.")
    answers = [answer for one in read for answer in one["answers"]]
    by_clip: dict[str, tuple[int, int]] = {}
    for answer in answers:
        mine, theirs = by_clip.get(answer["clip"], (0, 0))
        by_clip[answer["clip"]] = mine + (answer["preferred"] == names[0]), theirs + (answer["preferred"] == names[1])
    first, second = (sum(counts[side] for counts in by_clip.values()) for side in (0, 1))
    return Pooled((names[0], names[1]), len(read), first, second, len(answers) - first - second, by_clip)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
        valid = found["format"] == FORMAT and len(found["names"]) == 2
        valid = valid and all({"clip", "preferred"} <= set(answer) for answer in found["answers"])
    except (OSError, ValueError, KeyError, TypeError) as reason:
        raise BuildError(f"{file} cannot be read as results of a comparison: {reason!r}.") from reason
    if not valid:
        raise BuildError(f"{file} is not a result file of format {FORMAT}. Rate again with a page of this version.")
    return found
