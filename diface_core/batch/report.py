"""The report of a batch, as JSON for programs and as a page for people."""

from __future__ import annotations

import dataclasses
import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..atomic_write import atomic_write
from .lines import BadLine, Line
from .make_line import FAILED, Outcome

NOT_REACHED = "not reached"
"""Status of a line that the run ended before."""
MAX_ROWS = 2000
"""Lines that the page lists; failures come first. The JSON file has all."""
COLUMNS = (
    "picture", "row", "name", "status", "reason", "sound", "seconds", "frames", "closures", "mean_opening", "problems",
    "took", "notes", "transcript_notes", "mood", "preset", "transcript",
)  # fmt: skip

_STYLE = """body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}table{border-collapse:collapse}
td,th{padding:.2em .7em;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}
tr.failed td{background:#fde8e6}"""


@dataclasses.dataclass(frozen=True)
class Summary:
    """How a run went: lines by status, seconds of motion that were made, and seconds that it took."""

    counts: Mapping[str, int]
    made_seconds: float
    wall_seconds: float

    def text(self) -> str:
        """Return one sentence for the user."""
        counted = ", ".join(f"{count} {status}" for status, count in self.counts.items() if count)
        speed = self.made_seconds / max(self.wall_seconds, 1e-9)
        made = f" {self.made_seconds:.0f} s of motion, {speed:.1f} times real time." if self.made_seconds else ""
        return f"{counted or 'No lines'} in {self.wall_seconds:.0f} s.{made}"


def write_report(
    folder: Path, lines: Sequence[Line | BadLine], outcomes: Mapping[int, Outcome], wall_seconds: float
) -> Summary:
    """Write `report.json` and `report.html` to a folder, each whole or not at all. Raises OSError."""
    rows = [_row(line, outcomes.get(line.number)) for line in lines]
    counts = Counter(row["status"] for row in rows)
    made = sum(row.get("seconds", 0.0) for row in rows if row["status"] == "made")
    summary = Summary(dict(counts), made, wall_seconds)
    content = {"summary": dataclasses.asdict(summary), "lines": rows}
    with atomic_write(folder / "report.json") as draft:
        draft.write_text(json.dumps(content, indent=1, ensure_ascii=False), "utf-8")
    with atomic_write(folder / "report.html") as draft:
        draft.write_text(_page(rows, summary), "utf-8")
    return summary


def _row(line: Line | BadLine, outcome: Outcome | None) -> dict[str, Any]:
    row: dict[str, Any] = {"row": line.number, "name": line.name}
    if isinstance(line, BadLine):
        return {**row, "status": FAILED, "reason": line.reason}
    row |= {"sound": str(line.request.audio.path), "seed": line.request.seed, **dict(line.other)}
    row |= {"preset": f"{len(line.names)} names"} if line.names else {}
    row |= {"transcript": line.transcript} if line.transcript else {}
    row |= {"mood": ", ".join(f"{name} {intensity:g}" for name, intensity in line.mood)} if line.mood else {}
    if outcome is None:
        return {**row, "status": NOT_REACHED, "reason": "The run ended before this line: start it again."}
    return {**row, "status": outcome.status, "reason": outcome.reason, **outcome.facts}


def _cell(column: str, value: object) -> str:
    text = html.escape(str(value))
    is_picture = column == "picture" and text
    return f'<img src="{text}" loading="lazy" alt="at rest, closed, open">' if is_picture else text


def _page(rows: Sequence[Mapping[str, Any]], summary: Summary) -> str:
    ordered = sorted(rows, key=lambda row: (row["status"] != FAILED, row["status"] != NOT_REACHED))
    body = "".join(
        f'<tr class="{html.escape(str(row["status"]))}">'
        + "".join(f"<td>{_cell(column, row.get(column, ''))}</td>" for column in COLUMNS)
        + "</tr>\n"
        for row in ordered[:MAX_ROWS]
    )
    head = "".join(f"<th>{column.replace('_', ' ')}</th>" for column in COLUMNS)
    more = f"<p>{len(rows) - MAX_ROWS} more lines are in report.json.</p>" if len(rows) > MAX_ROWS else ""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Batch</title><style>{_STYLE}</style>"
        f"<h1>Batch</h1><p>{html.escape(summary.text())}</p><table><tr>{head}</tr>\n{body}</table>{more}</html>\n"
    )
