"""Results of the parts of a test run."""

from __future__ import annotations

from dataclasses import dataclass

from ..console import say


@dataclass
class Outcome:
    """The result of one part."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""


def print_summary(outcomes: list[Outcome], not_tested: list[str], seconds: float) -> int:
    """Print one line per part, the parts that were not tested, and the totals; return the exit code."""
    say("\n" + "=" * 78)
    for outcome in outcomes:
        verdict = "FAILED" if outcome.failed else "ok"
        counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
        say(f"{outcome.name:<14} {verdict:<7} {counts:<38} {outcome.seconds:5.0f} s  {outcome.note}".rstrip())
    for line in not_tested:
        say(f"NOT TESTED     {line}")
    passed, failed, skipped = (sum(getattr(o, key) for o in outcomes) for key in ("passed", "failed", "skipped"))
    bad = bool(failed) or not passed
    say(f"{'all':<14} {'FAILED' if bad else 'ok':<7} in {seconds / 60:.1f} minutes\n")
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return int(bad)
