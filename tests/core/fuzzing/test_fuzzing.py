"""Fuzzing: its valid files are read, and what a reader must not do is found."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from . import mutations, seeds
from .targets import TARGETS

ROOT = Path(__file__).resolve().parents[3]
NOT_READ = {"flame", "flame_npz"}
"""Their files hold random faces where the reference data are absent."""


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read(name, tmp_path):
    target = TARGETS[name]
    if name in NOT_READ and not seeds.REFERENCE.is_dir():
        pytest.skip(f"The reference data is not beside the project: there is no folder {seeds.REFERENCE}.")
    path = tmp_path / f"seed{target.suffix}"
    for seed in target.seeds():
        path.write_bytes(seed)
        target.read(path)


FORBIDDEN = {
    "program": lambda folder: subprocess.run([sys.executable, "--version"], check=True, stdout=subprocess.DEVNULL),
    "shell": lambda folder: os.system("true"),
    "connection": lambda folder: socket.create_connection(("127.0.0.1", 9), 1),
    "write": lambda folder: (folder / "outside").write_bytes(b"x"),
    "rename": lambda folder: (folder / "work").rename(folder / "other"),
}
SCRIPT = """\
import sys
from contextlib import suppress
from pathlib import Path
from tests.core.fuzzing.guard import Guard
from tests.core.fuzzing.test_fuzzing import FORBIDDEN
folder = Path(sys.argv[1])
guard = Guard(folder / "work")
guard.active = True
(folder / "work" / "inside").write_bytes(b"x")
assert not guard.seen
if sys.argv[2] in FORBIDDEN:
    with suppress(OSError):
        FORBIDDEN[sys.argv[2]](folder)
sys.exit(10 + bool(guard.seen))
"""


@pytest.mark.parametrize(("action", "code"), [*((action, 11) for action in FORBIDDEN), ("nothing", 10)])
def test_guard_sees_forbidden_actions(action, code, tmp_path):
    """In a process: an audit hook cannot be removed."""
    (tmp_path / "work").mkdir()
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path), action], cwd=ROOT)
    assert done.returncode == code


def test_mutated_archives_stay_archives():
    data = seeds.motions_npz()[0]
    changed = [mutations.mutate_archive(data, 1 << 20, seed, lambda part, size: part[::-1]) for seed in range(40)]
    whole = 0
    for content in changed:
        assert content != data
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            whole += 1
    assert 0.5 < whole / len(changed) < 0.9


BAD_TARGETS = """\
import subprocess
from tests.core.fuzzing.target import Target

def raises(path):
    if path.read_bytes().startswith(b"b"):
        raise IndexError("found")

def runs(path):
    subprocess.run(["true"])

TARGETS = {
    "raises": Target(".bin", raises, lambda: [b"aaaa"]),
    "runs": Target(".bin", runs, lambda: [b"aaaa"]),
    "fine": Target(".bin", lambda path: None, lambda: [b"aaaa"]),
}
"""


@pytest.mark.parametrize(
    ("name", "finding"), [("raises", "IndexError"), ("runs", "ForbiddenActionError"), ("fine", "")]
)
def test_findings_end_the_run_and_are_kept(name, finding, tmp_path):
    pytest.importorskip("atheris", reason="Atheris has packages for Linux only.")
    (tmp_path / "bad_targets.py").write_text(BAD_TARGETS)
    command = [sys.executable, "-m", "tests.core.fuzzing.run_target", "bad_targets", name, "--runs", "5000"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*command, "--folder", str(tmp_path / "run")], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    kept = list((tmp_path / "run").glob("finding-*"))
    assert bool(done.returncode) == bool(kept) == bool(finding)
    assert finding in done.stderr + done.stdout
