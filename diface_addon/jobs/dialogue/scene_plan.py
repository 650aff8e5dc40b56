"""What Generate Scene has to do: one step for each line that is new, moved or changed, and for each pause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy

from ...core import errors
from ...scene.audio import audio_strip
from ...scene.keys import frame_rate
from ...settings.dialogue import line_settings
from .. import running_job
from . import line_jobs, lines, silent_jobs, silent_spans

SILENT_SHARE = 0.5
"""Time of a take without speech in the progress, relative to one with speech of the same length."""
MOVE_SECONDS = 0.5
"""Share of moving a take in the progress, as seconds of speech."""


@dataclass(frozen=True)
class Step:
    """One take to be made. seconds: its share of the progress. speaks: whether the character speaks in it."""

    label: str
    seconds: float
    begin: Callable[[bpy.types.Context], running_job.RunningJob]
    speaks: bool = True


@dataclass(frozen=True)
class ScenePlan:
    """The steps, and what the user should know: lines that cannot be generated. up_to_date: how many lines are."""

    steps: tuple[Step, ...]
    problems: tuple[str, ...]
    up_to_date: int


def check_has_lines(context: bpy.types.Context) -> None:
    """Raise SceneError if no strip has a character. Fast enough for a button's poll."""
    running_job.check_idle()
    if not any(line_settings.speakers(strip.diface) for _scene, strip in audio_strip.list_all_strips(context)):
        raise errors.SceneError("No sound strip has a character.", "Choose one for each strip in the panel Dialogue.")


def make_plan(context: bpy.types.Context, everything: bool = False) -> ScenePlan:
    """Return what has to be done. Nothing in the scene is changed.

    Args:
        context: Names the scene and its sequencer.
        everything: Whether lines that are up to date are generated again.
    """
    found = lines.find_lines(context)
    steps: list[Step] = []
    for item in found:
        name = line_jobs.LineName(item.scene.session_uid, item.strip.name, item.side)
        seconds = frame_rate.scene_rate(item.scene).seconds(item.end - item.first)
        if item.state == "MOVED" and not everything:
            steps.append(Step(item.label, MOVE_SECONDS, lambda _context, name=name: line_jobs.begin_move(name)))
        elif item.state in ("NEW", "CHANGED", "MOVED") or (everything and item.state == "DONE"):
            steps.append(Step(item.label, seconds, lambda context, name=name: line_jobs.begin_line(context, name)))
    steps += _silent_steps(context, found, everything)  # last, when every line that is heard has its identity
    problems = tuple(f"{item.label}: {item.text}." for item in found if item.state == "PROBLEM")
    done = sum(item.state == "DONE" for item in found)
    return ScenePlan(tuple(steps), problems, 0 if everything else done)


def _silent_steps(context: bpy.types.Context, found: list[lines.SceneLine], everything: bool) -> list[Step]:
    """Return a step for each take without speech that is not there yet."""
    rate, steps = frame_rate.scene_rate(context.scene), []
    spans = silent_spans.find_spans(context, found)
    playing = {obj: lines.playing_takes(obj) for obj in dict.fromkeys(span.character for span in spans)}
    for span in spans:
        if everything or not silent_spans.plays(span, playing[span.character], rate):
            name = silent_jobs.SpanName(span.character.session_uid, span.first)
            seconds = SILENT_SHARE * rate.seconds(span.end - span.first)
            steps.append(Step(span.label, seconds, lambda context, name=name: silent_jobs.begin(context, name), False))
    return steps
