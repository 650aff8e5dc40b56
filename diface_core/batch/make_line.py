"""Make one line: its motion files, and a record that says that it is done. Any process of any machine can do it."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import math
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .. import protocol
from ..atomic_write import atomic_write
from ..cli.mood_option import in_mood
from ..errors import DifaceError
from ..motion.files import write_motion, write_table
from ..types import GenerateRequest, GenerateResult, Motion, Report
from .check_line import Checker, check_line
from .lines import Line
from .pins_table import with_pins
from .preset_column import under_names
from .thumbnails import picture_of

RECORDS = ".batch"
"""Folder of the records, below that of the outputs."""
ENGINE = f"{__package__}.bundled:create"
"""What makes the engine of a process, as module:name. A name, so that no process loads models that it does not use."""
MADE, KEPT, FAILED = "made", "kept", "failed"
"""Made in this run; made in an earlier run, and kept; failed in this run."""


class LineEngine(Checker, Protocol):
    """What generates and checks a line: `engines.Engines`."""

    def generate(self, request: GenerateRequest, report: Report, /) -> GenerateResult:
        """Generate a Motion."""
        ...


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a line.

    Attributes:
        number: The line's row in the table.
        status: MADE, KEPT or FAILED.
        reason: Why it failed.
        facts: What is known about its motion: seconds, frames, files, opening of the mouth, diagnostics, time it took.
    """

    number: int
    status: str
    reason: str = ""
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@lru_cache(maxsize=1)
def engine_of_process(engine: str) -> LineEngine:
    """Return the engine of this process, made by `module:name` and kept."""
    module, _, name = engine.partition(":")
    return getattr(importlib.import_module(module), name)()


def make_line(line: Line, out: Path, engine: str = ENGINE) -> Outcome:
    """Make a line unless it is done already. Raises nothing: whatever fails is the outcome."""
    try:
        if (facts := finished_facts(line, out)) is not None:
            return Outcome(line.number, KEPT, facts=facts)
        return Outcome(line.number, MADE, facts=_make(line, out, engine_of_process(engine)))
    except DifaceError as error:
        return Outcome(line.number, FAILED, str(error))
    except OSError as reason:
        return Outcome(line.number, FAILED, f"{reason.strerror or reason}: {reason.filename or line.name}.")
    except Exception as bug:  # noqa: BLE001 - a fault of the program in one line must not end ten thousand others
        where = traceback.format_exc(limit=-3)
        return Outcome(line.number, FAILED, f"Internal error: {type(bug).__name__}: {bug}", {"traceback": where})


def finished_facts(line: Line, out: Path) -> dict[str, Any] | None:
    """Return the facts of a line that an earlier run has made from the same input; None if it has to be made."""
    try:
        record = json.loads(record_path(line, out).read_bytes())
        if record["input"] != fingerprint(line):
            return None
        sizes = {name: (out / name).stat().st_size for name in record["facts"]["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record["facts"] if sizes == record["facts"]["files"] else None


def fingerprint(line: Line) -> str:
    """Return a hash of everything that determines the outputs of a line: options, kinds, and the files it reads."""
    request = protocol.generate_request_message(line.request, 0)
    content = [json.dumps(request.data, sort_keys=True, default=str), *line.outputs]
    content += [json.dumps([line.mood, line.transcript, line.language, *([line.names] if line.names else [])])]
    for path in filter(None, (line.request.audio.path, line.pins)):
        stat = path.stat()
        content.append(f"{path} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def record_path(line: Line, out: Path) -> Path:
    """Return the path of a line's record."""
    return out / RECORDS / f"{hashlib.sha256(line.name.encode()).hexdigest()[:32]}.json"


def _make(line: Line, out: Path, engine: LineEngine) -> dict[str, Any]:
    began = time.monotonic()
    if not line.request.audio.path.is_file():
        hint = "Correct the path in the table; it is relative to the folder of the table."
        raise DifaceError(f"There is no sound file {line.request.audio.path}.", hint)
    identity = fingerprint(line)  # before the work, so that a sound that changes meanwhile is made again
    request = line.request if line.pins is None else with_pins(line.request, line.pins)
    result = engine.generate(request, lambda progress: None)
    motion = in_mood(result.motion, line.mood, request)
    files = _write(line, motion, out)
    facts = {**_facts(motion), "files": files, "model_hash": result.model_hash}
    if line.is_checked:
        facts |= check_line(engine, request, motion, line.transcript, line.language)
    if result.notes:
        facts["notes"] = " ".join(result.notes)
    record = record_path(line, out)
    record.parent.mkdir(parents=True, exist_ok=True)
    if line.has_picture and (picture := picture_of(motion)):
        with atomic_write(record.with_suffix(".png")) as draft:
            draft.write_bytes(picture)
        facts["picture"] = f"{RECORDS}/{record.stem}.png"
    facts["took"] = round(time.monotonic() - began, 3)
    with atomic_write(record) as draft:
        draft.write_text(json.dumps({"name": line.name, "input": identity, "facts": facts}), "utf-8")
    return facts


def _write(line: Line, motion: Motion, out: Path) -> dict[str, int]:
    """Write the outputs of a line. Returns their names and sizes."""
    named, files = under_names(motion, line.names), {}
    for kind in line.outputs:
        path = out / f"{line.name}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "csv" and line.names:
            write_table(path, named)
        else:
            write_motion(path, named)
        files[f"{line.name}.{kind}"] = path.stat().st_size
    return files


def _facts(motion: Motion) -> dict[str, Any]:
    """Diagnostics of a motion: how long it is, and how far and how often the mouth opens and closes."""
    facts: dict[str, Any] = {"seconds": round(len(motion) / motion.rate.value, 3), "frames": len(motion)}
    if {"jawOpen", "mouthClose"} <= set(motion.channels):
        opening = motion.column("jawOpen") - motion.column("mouthClose")
        shut = opening < max(0.02, 0.2 * float(np.quantile(opening, 0.95)))
        facts["mean_opening"] = _rounded(opening.mean())
        facts["largest_opening"] = _rounded(opening.max())
        facts["closures"] = int(np.count_nonzero(shut[1:] & ~shut[:-1]))
    return facts


def _rounded(value: float) -> float | None:
    return round(float(value), 3) if math.isfinite(value) else None
