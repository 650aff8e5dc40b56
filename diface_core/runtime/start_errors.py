"""Why a program or library does not start: the cause in the system's message, and the next step.

Numpy-free, because numpy may be what does not start.
"""

from __future__ import annotations

import errno
import platform
import re
import sys
from dataclasses import dataclass

INSTALL_AGAIN = "Install DiFACE again."


@dataclass(frozen=True)
class StartProblem:
    """The cause and the next step, as whole sentences for the user."""

    cause: str
    hint: str


def this_system() -> str:
    """Return the Python version, the system and the processor, such as "Python 3.11 on Linux x86_64"."""
    return f"Python {sys.version_info.major}.{sys.version_info.minor} on {platform.system()} {platform.machine()}"


BLOCKED = StartProblem(
    "The system, or antivirus software, does not allow the file to run.",
    "Allow the folders of Blender and of its extensions in the antivirus software. On Linux, check that the file is "
    "executable and that its disk is not mounted with noexec.",
)
WRONG_BUILD = StartProblem(
    "The file is built for another system or processor, or is damaged.",
    "Install the DiFACE zip for this system again: its name ends with linux-x64, windows-x64 or macos-arm64.",
)
WRONG_PYTHON = StartProblem(
    "The package is built for another Python version or system.",
    "Install the DiFACE zip for this system and Blender version, or set another Worker Python in its preferences.",
)
MISSING_DLL = StartProblem(
    "A DLL that it needs is missing or blocked.",
    "Install Microsoft's Visual C++ Redistributable (x64), check that no antivirus software blocks the file, and "
    "install DiFACE again.",
)
OLD_SYSTEM = StartProblem(
    "The system's C library is too old.",
    "DiFACE needs Linux with glibc 2.28 or later, such as Debian 10, Ubuntu 18.10 or RHEL 8. Update the system.",
)
OTHER_NUMPY = StartProblem(
    "The package does not fit the installed version of numpy.",
    "Update onnxruntime and numpy in the worker's Python, or leave Worker Python empty in DiFACE's preferences.",
)
DISK_FULL = StartProblem(
    "The disk is full.", "Free some space, or set TEMP to a folder on another disk, and try again."
)
NO_MEMORY = StartProblem(
    "The memory is not sufficient.", "Close other programs or choose a shorter range, then try again."
)
OLD_PROCESSOR = StartProblem(
    "The processor lacks instructions that a library was built for.",
    "DiFACE's packages run on every x64 processor with SSE4.2. Leave Worker Python empty in its preferences, or "
    "install there an onnxruntime for this processor.",
)
DAMAGED_LIBRARY = StartProblem(
    "A library crashed.",
    "Try again: a new worker starts. If it happens again, a library is probably damaged: install DiFACE again.",
)

OTHER_CONTENT = StartProblem(
    "A package has other content than expected.",
    "The download was damaged or replaced: check the network, its proxy and pip's index, and try again.",
)

_MESSAGES = (
    (r"do not match the hashes", OTHER_CONTENT),
    (r"no space left on device|not enough space on the disk|disk full", DISK_FULL),
    (r"cannot allocate memory|memoryerror|paging file is too small|not enough memory", NO_MEMORY),
    (r"GLIBC(XX)?_[\d.]+' not found", OLD_SYSTEM),
    (r"wrong ELF class|invalid ELF header|file too short|Exec format error|bad CPU type", WRONG_BUILD),
    (r"incompatible architecture|not a valid Win32 application|not compatible with the version of", WRONG_BUILD),
    (r"[/\\]\S+: cannot open shared object file: No such file", WRONG_BUILD),
    (r"failed to map segment|permission denied|operation not permitted|access is denied|contains a virus", BLOCKED),
    (r"blocked by|application control policy|code signature|library load disallowed", BLOCKED),
    (r"DLL load failed", MISSING_DLL),
    (
        r"No module named '(onnxruntime\.capi|numpy\.core\._|numpy\._core\._|soxr\.|_soundfile|safetensors\._)",
        WRONG_PYTHON,
    ),
    (r"multiarray failed to import|compiled using NumPy|_ARRAY_API not found|numpy\.dtype size changed", OTHER_NUMPY),
)
"""Patterns in the messages of Linux, macOS, Windows and Python, the most specific first."""

_MISSING_LIBRARY = re.compile(r"(?<![/\w])(lib[\w.+-]+\.so[\d.]*): cannot open shared object file: No such file")
_MISSING_DYLIB = re.compile(r"Library not loaded: (\S+)")

_BY_ERRNO = {
    errno.EACCES: BLOCKED,
    errno.EPERM: BLOCKED,
    errno.ENOEXEC: WRONG_BUILD,
    errno.ENOENT: WRONG_BUILD,  # of a file that exists: its loader does not
    errno.ENOSPC: DISK_FULL,
    errno.ENOMEM: NO_MEMORY,
}
_BY_WINDOWS_ERROR = {
    5: BLOCKED, 225: BLOCKED, 226: BLOCKED, 1260: BLOCKED, 4551: BLOCKED,
    193: WRONG_BUILD, 216: WRONG_BUILD, 129: WRONG_BUILD,
    126: MISSING_DLL, 127: MISSING_DLL, 14001: MISSING_DLL,
    112: DISK_FULL, 39: DISK_FULL, 8: NO_MEMORY, 14: NO_MEMORY, 1455: NO_MEMORY,
}  # fmt: skip
_BY_STATUS = {
    -4: OLD_PROCESSOR, 132: OLD_PROCESSOR, 0xC000001D: OLD_PROCESSOR,
    -7: DAMAGED_LIBRARY, -11: DAMAGED_LIBRARY, 135: DAMAGED_LIBRARY, 139: DAMAGED_LIBRARY, 0xC0000005: DAMAGED_LIBRARY,
    0xC0000135: MISSING_DLL, 0xC0000139: MISSING_DLL, 0xC0000142: MISSING_DLL,
    0xC000007B: WRONG_BUILD, 0xC0000022: BLOCKED, 0xC0000428: BLOCKED, 0xC000012D: NO_MEMORY,
}  # fmt: skip
"""Exit statuses: a signal as a negative number, or 128 and the signal from a shell; NTSTATUS on Windows."""


def explain_message(text: str) -> StartProblem | None:
    """Return the problem that the system or Python describes in `text`; None if it is not known."""
    if missing := _MISSING_LIBRARY.search(text) or _MISSING_DYLIB.search(text):
        return StartProblem(
            f"The system library {missing[1]} is missing.",
            "Install it with the system's package manager, and restart Blender.",
        )
    return next((problem for pattern, problem in _MESSAGES if re.search(pattern, text, re.IGNORECASE)), None)


def explain_os_error(error: OSError) -> StartProblem | None:
    """Return the problem of a program that cannot be started; None if it is not known."""
    windows_error = getattr(error, "winerror", None)
    found = _BY_WINDOWS_ERROR.get(windows_error) if windows_error is not None else None
    return found or _BY_ERRNO.get(error.errno or 0)


def explain_status(status: int) -> StartProblem | None:
    """Return the problem of a process that ended with `status` while it started; None if it is not known."""
    return _BY_STATUS.get(status) or _BY_STATUS.get(status & 0xFFFFFFFF if status < -64 else status)
