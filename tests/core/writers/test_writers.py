"""Every writer of the core on a full disk and in a folder that goes away: a message, and nothing lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from diface_core import DifaceError, FrameRate, Motion, channels
from diface_core.atomic_write import Draft
from diface_core.faces.flame.recognition import VERTEX_COUNT
from diface_core.model import style_file
from diface_core.motion.files import write_motion
from diface_core.threediface.cli.results import ThreeDifaceResult, write_result
from diface_core.transcripts.write_textgrid import write_textgrid
from diface_core.words import Word

ROOT = Path(__file__).resolve().parents[3]


def _motion(path: Path) -> None:
    write_motion(path, Motion(np.zeros((400, len(channels.ALL)), np.float32), channels.ALL, FrameRate(30)))


def _style(path: Path) -> None:
    style_file.save(style_file.StyleFile("anna", "ab", *(np.zeros(400, np.float32),) * 3), path)


def _textgrid(path: Path) -> None:
    write_textgrid(path, [Word("hello", 0.1, 0.5)] * 100)


def _result(path: Path) -> None:
    write_result(path, ThreeDifaceResult(np.zeros((2, VERTEX_COUNT, 3), np.float32), np.zeros((2, 3), np.float32)))


WRITERS: dict[str, Callable[[Path], None]] = {
    "motion.npz": _motion,
    "motion.csv": _motion,
    "motion.json": _motion,
    "anna.safetensors": _style,
    "words.TextGrid": _textgrid,
    "result.npy": _result,
}
SCRIPT = """\
import resource, signal, sys
from pathlib import Path
from diface_core import DifaceError
from tests.core.writers.test_writers import WRITERS
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
try:
    WRITERS[path.name](path)
except DifaceError as error:
    print(error.message, error.hint)
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a process's files.")
@pytest.mark.parametrize("name", WRITERS)
def test_full_disk_keeps_the_earlier_file(name, tmp_path):
    """In a process whose files are limited to 500 bytes."""
    path = tmp_path / name
    path.write_bytes(b"an earlier file")
    command = [sys.executable, "-c", SCRIPT, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 7, done.stderr
    assert path.name in done.stdout
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert path.read_bytes() == b"an earlier file"


@pytest.mark.parametrize("name", WRITERS)
def test_folder_that_goes_away_is_a_message(name, tmp_path, monkeypatch):
    """As when the connection to a network drive is lost between opening the draft and replacing the file."""
    folder = tmp_path / "network"
    folder.mkdir()
    commit = Draft.commit

    def lose(draft: Draft) -> None:
        shutil.rmtree(folder)
        commit(draft)

    monkeypatch.setattr(Draft, "commit", lose)
    with pytest.raises(DifaceError, match="network"):
        WRITERS[name](folder / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_folder_that_is_a_file_is_a_message(name, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(DifaceError):
        WRITERS[name](tmp_path / "file" / name)
    assert (tmp_path / "file").read_bytes() == b"x"
