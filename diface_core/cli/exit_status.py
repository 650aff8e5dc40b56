"""Exit statuses of the command lines, and the messages that go with them."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..errors import DifaceError

SOME_FAILED, FAILED, INTERRUPTED = 1, 2, 130
"""Some of several inputs failed; bad arguments or input, or every input failed; Ctrl+C."""


def run_command(command: Callable[[], int | None]) -> int:
    """Run a command and return its exit status, 0 if it returns none. Errors of the user go to standard error."""
    try:
        return command() or 0
    except DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
        return INTERRUPTED
