"""What the system says about programs and libraries that do not start, as the cause and the next step.

The texts and statuses are those of real files that were damaged, of another system, or blocked; those of Windows and
macOS are as these systems document them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diface_core.runtime import start_errors
from diface_core.runtime.start_errors import (
    BLOCKED,
    DAMAGED_LIBRARY,
    DISK_FULL,
    MISSING_DLL,
    NO_MEMORY,
    OLD_PROCESSOR,
    OLD_SYSTEM,
    OTHER_NUMPY,
    WRONG_BUILD,
    WRONG_PYTHON,
)

LINUX = sys.platform.startswith("linux")
NATIVE = "onnxruntime/capi/onnxruntime_pybind11_state"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("No module named 'onnxruntime.capi.onnxruntime_pybind11_state'", WRONG_PYTHON),
        ("Original error was: No module named 'numpy.core._multiarray_umath'", WRONG_PYTHON),
        (
            "/a b/Привет/state.cpython-311-x86_64-linux-gnu.so: cannot open shared object file: No such file",
            WRONG_BUILD,
        ),
        ("/x/state.so: file too short", WRONG_BUILD),
        ("/x/state.so: invalid ELF header", WRONG_BUILD),
        ("/x/state.so: wrong ELF class: ELFCLASS32", WRONG_BUILD),
        ("dlopen(/x/state.so): tried: '/x/state.so' (mach-o file, but is an incompatible architecture", WRONG_BUILD),
        ("DLL load failed while importing state: %1 is not a valid Win32 application.", WRONG_BUILD),
        ("/x/state.so: failed to map segment from shared object", BLOCKED),
        ("DLL load failed while importing state: Access is denied.", BLOCKED),
        ("DLL load failed: An Application Control policy has blocked this file.", BLOCKED),
        ("DLL load failed while importing state: The specified module could not be found.", MISSING_DLL),
        ("/lib/libm.so.6: version `GLIBC_2.29' not found (required by /x/state.so)", OLD_SYSTEM),
        ("[Errno 28] No space left on device", DISK_FULL),
        ("DLL load failed: The paging file is too small for this operation to complete.", NO_MEMORY),
        ("numpy.core.multiarray failed to import", OTHER_NUMPY),
    ],
)
def test_message_is_explained(text, problem):
    assert start_errors.explain_message(text) is problem


def test_missing_system_library_is_named():
    text = "libgomp.so.1: cannot open shared object file: No such file or directory"
    problem = start_errors.explain_message(f"ImportError: {text}")
    assert "libgomp.so.1 is missing" in problem.cause
    assert "package manager" in problem.hint


@pytest.mark.parametrize("text", ["No module named 'torch'", "division by zero", ""])
def test_other_messages_are_not_explained(text):
    assert start_errors.explain_message(text) is None


@pytest.mark.parametrize(
    ("number", "problem"),
    [(13, BLOCKED), (8, WRONG_BUILD), (2, WRONG_BUILD), (28, DISK_FULL), (12, NO_MEMORY), (4, None)],
)
def test_error_of_the_system_is_explained(number, problem):
    assert start_errors.explain_os_error(OSError(number, "text")) is problem


@pytest.mark.parametrize(
    ("number", "problem"),
    [(5, BLOCKED), (225, BLOCKED), (1260, BLOCKED), (193, WRONG_BUILD), (126, MISSING_DLL), (1455, NO_MEMORY)],
)
def test_error_of_windows_is_explained(number, problem):
    error = OSError(22, "text")
    error.winerror = number
    assert start_errors.explain_os_error(error) is problem


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (-4, OLD_PROCESSOR),
        (0xC000001D, OLD_PROCESSOR),
        (0xC000001D - (1 << 32), OLD_PROCESSOR),
        (-7, DAMAGED_LIBRARY),
        (-11, DAMAGED_LIBRARY),
        (0xC0000135, MISSING_DLL),
        (0xC000007B, WRONG_BUILD),
        (0xC0000022, BLOCKED),
        (-9, None),
        (0, None),
        (1, None),
    ],
)
def test_status_is_explained(status, problem):
    assert start_errors.explain_status(status) is problem


def test_every_problem_has_a_next_step():
    problems = [value for value in vars(start_errors).values() if isinstance(value, start_errors.StartProblem)]
    assert len(problems) >= 10
    for problem in problems:
        assert problem.cause.endswith(".")
        assert problem.hint.endswith(".")


# Real libraries


@pytest.fixture
def copied_onnxruntime(tmp_path) -> Path:
    """Copy the installed onnxruntime into a folder; return its native module."""
    spec = importlib.util.find_spec("onnxruntime")
    shutil.copytree(Path(spec.origin).parent, tmp_path / "onnxruntime")
    return next((tmp_path / "onnxruntime" / "capi").glob("onnxruntime_pybind11_state*"))


def error_of_import(root: Path, packages: Path) -> str:
    """Import the sessions with the onnxruntime in `packages` and return the error."""
    code = (
        f"import sys; sys.path.insert(0, {str(packages)!r})\n"
        "from diface_core.errors import DifaceError\n"
        "try:\n    import diface_core.inference.session\n"
        "except DifaceError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(not LINUX, reason="the libraries are changed as files of Linux")
@pytest.mark.parametrize("damage", ["other processor", "other Python", "empty", "missing library"])
def test_real_library_that_cannot_be_loaded(root, tmp_path, copied_onnxruntime, damage):
    file = copied_onnxruntime
    match damage:
        case "other processor":
            data = bytearray(file.read_bytes())
            data[18:20] = b"\xb7\x00"  # e_machine: AArch64
            file.write_bytes(data)
            wanted = WRONG_BUILD
        case "other Python":
            file.rename(file.with_name("onnxruntime_pybind11_state.cpython-399-x86_64-linux-gnu.so"))
            wanted = WRONG_PYTHON
        case "empty":
            file.write_bytes(b"")
            wanted = WRONG_BUILD
        case _:
            file.write_bytes(file.read_bytes().replace(b"libstdc++.so.6\0", b"libstdc++.so.9\0"))
            wanted = start_errors.explain_message("libstdc++.so.9: cannot open shared object file: No such file")
    message = error_of_import(root, tmp_path)
    assert "ONNX Runtime cannot be loaded" in message
    assert wanted.cause in message
    assert wanted.hint in message


# Real programs


@pytest.mark.skipif(not LINUX, reason="programs are changed as files of Linux")
@pytest.mark.parametrize(
    ("damage", "problem"),
    [("not executable", BLOCKED), ("other system", WRONG_BUILD), ("no loader", WRONG_BUILD), ("empty", WRONG_BUILD)],
)
def test_real_program_that_cannot_be_started(tmp_path, damage, problem):
    file = tmp_path / "python"
    content = {
        "not executable": b"#!/bin/sh\nexit 0\n",
        "other system": b"\xcf\xfa\xed\xfe" + bytes(500),
        "no loader": b"#!/no/such/loader\n",
        "empty": b"",
    }[damage]
    file.write_bytes(content)
    file.chmod(0o644 if damage == "not executable" else 0o755)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - of several kinds
        subprocess.run([file], check=False, env=dict(os.environ))
    assert start_errors.explain_os_error(caught.value) is problem
