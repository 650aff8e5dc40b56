"""Format, lint rules and types."""

from __future__ import annotations

from pathlib import Path

from .job import Job


def lint_jobs(python: Path, files: list[str] | None = None, fix: bool = False, types: bool = True) -> list[Job]:
    """Return the checks as jobs.

    Args:
        python: The interpreter of the core's environment.
        files: Check the format and the rules of these files only; by default of the whole project.
        fix: Correct the format, and what the rules can correct.
        types: Check the types too, always of the whole project.
    """
    tool = [str(python), "-m"]
    targets = ["--force-exclude", *(files or ["."])]
    jobs = [
        Job("ruff check", [*tool, "ruff", "check", *(["--fix"] if fix else []), *targets]),
        Job("ruff format", [*tool, "ruff", "format", *([] if fix else ["--check"]), *targets]),
    ]
    if types:
        # Warnings fail too, so that each is corrected or switched off with a reason in pyproject.toml.
        check = ["pyrefly", "check", "--python-interpreter-path", str(python), "--min-severity", "warn"]
        jobs.append(Job("types", [*tool, *check], seconds=12))
    return jobs
