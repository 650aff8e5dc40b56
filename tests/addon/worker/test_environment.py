"""Create Environment: with programs that act as Python and pip, and once with a real Python. Never with a network."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import bpy
import pytest

from diface_addon.core import errors
from diface_addon.jobs.setup import create_environment
from diface_addon.operators.generate import create_environment as operator
from diface_addon.settings import preferences
from diface_addon.worker import environment
from diface_addon.worker.environment import EnvironmentPlan
from diface_addon.worker.environment_task import EnvironmentTask
from tests.addon.conftest import PYTHON

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a script that is a program")

FAKE = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >> {log}
case "$2" in
venv)
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
pip)
    for package in torch numpy; do echo "Collecting $package==1.0 (from index)"; done
    {pip} ;;
*)
    if test "$1" = -c; then {check}; fi ;;
esac
"""

LIBRARY = "libgomp.so.1: cannot open shared object file: No such file"


def fake_python(folder: Path, pip: str = "true", check: str = "true") -> Path:
    """Write a program that acts as a Python: `pip` and `check` are what it does to install and to import."""
    path = folder / "python"
    path.write_text(FAKE.format(log=f"'{folder / 'log.txt'}'", pip=pip, check=check))
    path.chmod(0o755)
    return path


def write_requirements(folder: Path, *names: str) -> Path:
    """Write a list of packages in version 1.0, with the hashes of those of their wheels that are in `folder`."""
    lines = []
    for name in names:
        wheel = folder / f"{name}-1.0-py3-none-any.whl"
        digest = hashlib.sha256(wheel.read_bytes() if wheel.is_file() else b"").hexdigest()
        lines.append(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n")
    path = folder / "packages.txt"
    path.write_text("".join(lines))
    return path


@pytest.fixture
def target(tmp_path) -> Path:
    """The folder of the environment, in one with spaces and letters of other scripts."""
    return tmp_path / "Мои файлы 我的" / "environment-1"


def run_to_the_end(task: EnvironmentTask) -> list[str]:
    """Poll as a timer does; return the stages."""
    stages, end = [], time.monotonic() + 60
    while task.state == "running" and time.monotonic() < end:
        stages += [event.stage for event in task.poll() if hasattr(event, "stage")]
        time.sleep(0.01)
    assert task.state != "running"
    return stages


def test_commands_are_run_in_order_with_progress(tmp_path, target) -> None:
    plan = EnvironmentPlan(fake_python(tmp_path), target)
    task = EnvironmentTask(plan)
    stages = run_to_the_end(task)
    assert task.state == "done"
    assert task.wait() == plan.interpreter
    assert plan.interpreter.is_file()
    assert stages == [
        "Creating the environment",
        "Downloading and installing torch",
        "Downloading and installing numpy",
        "Checking the environment",
    ]
    log = (tmp_path / "log.txt").read_text().splitlines()
    assert log == [" ".join(command[1:]) for command in plan.commands]


@pytest.mark.parametrize(
    ("faults", "message", "hint"),
    [
        (
            {"pip": "echo 'ERROR: No matching distribution found for torch'; exit 1"},
            "No matching distribution",
            "network",
        ),
        ({"pip": "echo 'ERROR: [Errno 28] No space left on device'; exit 1"}, "disk is full", "Free some space"),
        (
            {"check": "echo 'ImportError: libgomp.so.1: cannot open shared object file: No such file'; exit 1"},
            "libgomp",
            "manager",
        ),
        ({"pip": "kill -ILL $$"}, "processor lacks", "Worker Python"),
    ],
)
def test_failure_leaves_nothing_and_names_the_cause(tmp_path, target, faults, message, hint) -> None:
    task = EnvironmentTask(EnvironmentPlan(fake_python(tmp_path, **faults), target))
    run_to_the_end(task)
    assert task.state == "failed"
    assert message in str(task.error)
    assert hint in task.error.hint
    assert not target.exists()
    with pytest.raises(errors.WorkerError):
        task.wait()


def test_python_that_is_gone_is_reported(tmp_path, target) -> None:
    task = EnvironmentTask(EnvironmentPlan(tmp_path / "gone", target))
    run_to_the_end(task)
    assert "could not be created" in task.error.message
    assert not target.exists()


def test_cancel_ends_all_processes_and_leaves_nothing(tmp_path, target) -> None:
    pids = tmp_path / "pids.txt"
    pip = f"sleep 60 & echo $! >> '{pids}'; echo $$ >> '{pids}'; wait"
    task = EnvironmentTask(EnvironmentPlan(fake_python(tmp_path, pip), target))
    end = time.monotonic() + 20
    while not (pids.exists() and len(pids.read_text().split()) == 2) and time.monotonic() < end:
        time.sleep(0.01)
    started = time.monotonic()
    task.cancel()
    assert time.monotonic() - started < 5
    assert task.state == "cancelled"
    assert not target.exists()
    for pid in pids.read_text().split():
        status = Path(f"/proc/{pid}/status")
        assert not status.exists() or "State:\tZ" in status.read_text()
    with pytest.raises(errors.Cancelled):
        task.wait()


def test_rest_of_a_killed_blender_is_replaced(tmp_path, target) -> None:
    (target / "lib").mkdir(parents=True)
    task = EnvironmentTask(EnvironmentPlan(fake_python(tmp_path), target))
    run_to_the_end(task)
    assert task.state == "done"
    assert not (target / "lib").exists()


# Finding a Python


def test_python_without_venv_is_passed_over(tmp_path, monkeypatch) -> None:
    broken, good = tmp_path / "broken", tmp_path / "good"
    for folder, body in ((broken, "exit 1"), (good, "echo 3 12")):
        folder.mkdir()
        (folder / "python3").write_text(f"#!/bin/sh\n{body}\n")
        (folder / "python3").chmod(0o755)
    monkeypatch.setattr(environment, "_candidates", lambda: [tmp_path / "none", broken / "python3", good / "python3"])
    assert environment.find_python() == good / "python3"
    (good / "python3").write_text("#!/bin/sh\necho 3 9\n")
    with pytest.raises(errors.WorkerError, match=r"No Python .* Install Python 3\.11 to 3\.14"):
        environment.find_python()


def test_every_package_is_pinned_and_hashed() -> None:
    entries = re.split(r"\n(?=\S)", environment.REQUIREMENTS.read_text("utf-8").strip())
    for entry in entries[1:]:
        first, *hashes = entry.split(" \\\n")
        assert re.fullmatch(r"[a-z0-9-]+==[^ ;]+(?: ; .+)?", first), first
        assert hashes
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line) for line in hashes), first
    assert "--require-hashes" in EnvironmentPlan(Path("python"), Path("folder")).commands[1]


def test_versions_are_those_of_the_lists() -> None:
    path = Path(__file__).parents[3] / "wheels" / "lock.py"
    spec = importlib.util.spec_from_file_location("lock", path)
    lock = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lock)
    packages = EnvironmentPlan(Path("python"), Path("folder")).packages
    for wanted in (*lock.RUNTIME, *lock.TORCH_PACKAGES, *lock.ALIGNMENT):
        name, version = wanted.partition(";")[0].split("==")
        assert packages[name] == version
    assert packages.keys() >= set(environment.NAMED_PACKAGES)


# The operator


def allow_online_access(monkeypatch, is_on: bool) -> None:
    """Pretend that Online Access is on or off: it is read-only."""

    app = bpy.app

    class App:
        online_access = is_on

        def __getattr__(self, name: str):
            return getattr(app, name)

    monkeypatch.setattr(create_environment.bpy, "app", App())


def test_refused_without_online_access(monkeypatch) -> None:
    allow_online_access(monkeypatch, False)
    with pytest.raises(errors.WorkerError, match=r"Online Access is off.*System > Network"):
        create_environment.check_can_create()
    assert not bpy.ops.diface.create_environment.poll()


def test_dialog_shows_exact_commands_and_size(tmp_path, target) -> None:
    plan = EnvironmentPlan(tmp_path / "python", target)
    text = " ".join(" ".join(operator.dialog_lines(plan)).split())
    for command in plan.command_lines:
        assert " ".join(command.split()) in text
    assert "torch 2." in text
    assert "--require-hashes" in text
    assert f"about {create_environment.download_size(plan)}" in text


def test_success_sets_the_worker_python_and_removes_the_old_environment(tmp_path, monkeypatch) -> None:
    allow_online_access(monkeypatch, True)
    monkeypatch.setenv(PYTHON, os.environ.get(PYTHON, ""))
    monkeypatch.setattr(preferences, "environments_folder", lambda: tmp_path / "environments")
    python = fake_python(tmp_path)
    monkeypatch.setattr(environment, "find_python", lambda: python)
    for name, other in (("environment-1", "environment-2"), ("environment-2", "environment-1")):
        assert bpy.ops.diface.create_environment() == {"FINISHED"}
        assert preferences.worker_python() == tmp_path / "environments" / name / "bin" / "python"
        assert not (tmp_path / "environments" / other).exists()


def test_failure_keeps_the_worker_python(tmp_path, monkeypatch) -> None:
    allow_online_access(monkeypatch, True)
    monkeypatch.setenv(PYTHON, "before")
    monkeypatch.setattr(preferences, "environments_folder", lambda: tmp_path / "environments")
    python = fake_python(tmp_path, "exit 1")
    monkeypatch.setattr(environment, "find_python", lambda: python)
    with pytest.raises(RuntimeError, match="could not be created"):
        bpy.ops.diface.create_environment()
    assert os.environ[PYTHON] == "before"
    assert list((tmp_path / "environments").iterdir()) == []


# A real Python and a real pip


def write_wheel(folder: Path, name: str) -> None:
    """Write a wheel with one empty module."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.mark.slow
def test_real_environment_from_local_wheels(tmp_path, target, monkeypatch) -> None:
    try:
        python = environment.find_python()
    except errors.WorkerError as reason:
        pytest.skip(str(reason))
    names = ("numpy", "onnxruntime", "soundfile", "soxr", "torch", "transformers")
    for name in names:
        write_wheel(tmp_path / "wheels", name)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    wheels = tmp_path / "wheels"
    plan = EnvironmentPlan(python, target, write_requirements(wheels, *names))
    task = EnvironmentTask(plan)
    run_to_the_end(task)
    assert task.state == "done", task.error
    subprocess.run([plan.interpreter, "-c", "import torch"], check=True)

    second = EnvironmentPlan(python, target.with_name("environment-2"), write_requirements(wheels, "scipy"))
    missing = EnvironmentTask(second)
    run_to_the_end(missing)
    assert "No matching distribution found for scipy==1.0" in str(missing.error)
    assert not second.folder.exists()

    write_requirements(wheels, *names)
    with (wheels / "torch-1.0-py3-none-any.whl").open("ab") as changed:
        changed.write(b"another content")
    changed_wheel = EnvironmentTask(second)
    run_to_the_end(changed_wheel)
    assert "other content than expected" in str(changed_wheel.error)
    assert not second.folder.exists()
