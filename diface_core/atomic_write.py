"""Files and folders that appear whole or not at all. Standard library only."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

DRAFT_SUFFIX = ".part"


@contextlib.contextmanager
def atomic_write(path: Path) -> Generator[Path]:
    """Yield the path of an empty draft; it replaces `path` if the block succeeds and is removed if the block raises.

    The draft is in the folder of `path` and has a unique name, so that two processes that write one file never mix.
    The file gets the permissions of any new file, whatever the writer used.

    Raises:
        OSError: The folder cannot be written, or `path` cannot be replaced.
    """
    draft = Draft.create(path)
    try:
        yield draft.path
        draft.commit()
    except BaseException:
        draft.discard()
        raise


@contextlib.contextmanager
def atomic_folder(path: Path) -> Generator[Path]:
    """Yield the path of an empty draft of a new folder, which gets its name `path` if the block succeeds.

    The draft is beside `path` and has a unique name, and is removed if the block raises. If another process made
    `path` meanwhile, that one stays.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.absolute().with_name(f"{path.name[:40]}.{secrets.token_hex(8)}{DRAFT_SUFFIX}")
    draft.mkdir()
    try:
        yield draft
        with contextlib.suppress(FileExistsError):
            _rename_folder(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_drafts(folder: Path, recursive: bool = False, older_than: float = 0.0) -> None:
    """Remove the drafts of files that processes left when they were killed; those that cannot be removed stay.

    Args:
        folder: The folder.
        recursive: Whether to look in its folders too.
        older_than: Age in seconds from which a draft is abandoned: a younger one may be of a process that runs.
    """
    for draft in (folder.rglob if recursive else folder.glob)(f"*{DRAFT_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime >= older_than:
                draft.unlink()


def _rename_folder(draft: Path, path: Path) -> None:
    """Rename a folder. Raises FileExistsError, on every system, if a folder `path` exists."""
    try:
        draft.rename(path)
    except OSError as reason:
        if path.is_dir():
            raise FileExistsError(path) from reason
        raise


@dataclass(frozen=True)
class Draft:
    """A file that is written in several steps: at `path` until `commit` moves it to `target`, with rights `mode`."""

    path: Path
    target: Path
    mode: int

    @classmethod
    def create(cls, target: Path) -> Draft:
        """Create an empty file with a unique name in the folder of `target`."""
        path = target.absolute().with_name(f"{target.stem[:40]}.{secrets.token_hex(8)}{DRAFT_SUFFIX}")
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        os.close(descriptor)
        return cls(path, target, mode)

    def commit(self) -> None:
        """Replace the target by the draft."""
        self.path.chmod(self.mode)  # some libraries write files for their owner alone
        self.path.replace(self.target)

    def discard(self) -> None:
        """Remove the draft, if it is still there and can be removed."""
        with contextlib.suppress(OSError):
            self.path.unlink()
