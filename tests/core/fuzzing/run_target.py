"""Fuzz one reader with Atheris: `python -m tests.core.fuzzing.run_target TARGETS NAME --folder FOLDER`.

TARGETS is the module that lists the readers.

Atheris is Google's coverage-guided fuzzer for Python, on LLVM's libFuzzer. It ends the process with an error and keeps
the file at the first finding: an exception that is no DifaceError, a crash, a hang, too much memory, or an action that
the guard forbids.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["diface_core", "diface_addon"]):
    from diface_core.errors import DifaceError

from .guard import Guard
from .mutations import mutate_archive
from .target import Target

HANG_SECONDS = 60
MEMORY_MB = 2048
MAX_BYTES = 16 << 20


class ForbiddenActionError(Exception):
    """A reader did what reading must not do."""


def main() -> None:
    """Write the seeds and fuzz; the process ends within libFuzzer."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", help="the module that lists the readers")
    parser.add_argument("name")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path, help="read this file only: a finding of an earlier run")
    given = parser.parse_args()
    with atheris.instrument_imports(include=["diface_core", "diface_addon"]):
        target = importlib.import_module(given.targets).TARGETS[given.name]
    read_one = reader(target, given.folder)
    if given.file:
        read_one(given.file.read_bytes())
        return
    corpus = given.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed{number:03d}").write_bytes(seed)
    options = [f"-runs={given.runs}", f"-seed={given.seed}", f"-timeout={HANG_SECONDS}", f"-rss_limit_mb={MEMORY_MB}"]
    options += [f"-max_len={MAX_BYTES}", f"-artifact_prefix={given.folder}/finding-", "-print_final_stats=1"]
    more = {"custom_mutator": _mutate_archive} if target.is_archive else {}
    atheris.Setup([sys.argv[0], *options, str(corpus)], read_one, **more)
    atheris.Fuzz()


def reader(target: Target, folder: Path):
    """Return the function that reads one input from a file in `folder`, and raises for a finding."""
    work = (folder / "input").resolve()
    work.mkdir(parents=True, exist_ok=True)
    path, guard = work / f"input{target.suffix}", Guard(work)

    def read_one(data: bytes) -> None:
        path.write_bytes(data)
        guard.active = True
        try:
            target.read(path)
        except DifaceError:
            pass
        finally:
            guard.active = False
        if guard.seen:
            raise ForbiddenActionError(guard.seen[0])

    return read_one


def _mutate_archive(data: bytes, max_size: int, seed: int) -> bytes:
    return mutate_archive(data, max_size, seed, atheris.Mutate)


if __name__ == "__main__":
    main()
