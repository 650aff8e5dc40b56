"""Messages to the terminal and subprocesses with readable output."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from . import paths

NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
"""Environment variables that subprocesses do not get: search paths of other packages, and the one that makes every
process compile every module again."""


class BuildError(Exception):
    """A step failed. The message says what to do."""


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def run(title: str, command: Sequence[object], environment: dict[str, str] | None = None, hint: str = "") -> None:
    """Run one long step.

    On a terminal the step writes its output there. Otherwise progress lines are printed, and the output only if the
    step fails.

    Args:
        title: What the step does, for the messages.
        command: The command line; its words are converted to strings.
        environment: Environment variables to add or replace.
        hint: What the user can do if the step fails.

    Raises:
        BuildError: The command returned another exit code than 0.
    """
    say(f"-- {title}")
    words = [str(word) for word in command]
    start = time.monotonic()
    if sys.stdout.isatty():
        code = subprocess.run(words, cwd=paths.ROOT, env=child_environment(environment)).returncode
        output = ""
    else:
        code, output = _run_captured(words, title, environment)
    if code:
        raise BuildError(f"{output}\n{title}: failed (exit code {code}). {hint}".strip())
    say(f"   done in {time.monotonic() - start:.0f} s")


def _run_captured(words: list[str], title: str, environment: dict[str, str] | None) -> tuple[int, str]:
    """Return the exit code and the output; print a progress line every 15 s."""
    ended = threading.Event()

    def report_progress() -> None:
        start = time.monotonic()
        while not ended.wait(15):
            say(f"   {title}: {time.monotonic() - start:.0f} s")

    threading.Thread(target=report_progress, daemon=True).start()
    try:
        done = subprocess.run(
            words, cwd=paths.ROOT, env=child_environment(environment), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
    finally:
        ended.set()
    return done.returncode, done.stdout


def child_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a subprocess: this one without NOT_INHERITED, in UTF-8, plus `extra`."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {**inherited, "PYTHONUTF8": "1", **(extra or {})}
