"""System libraries that Blender's Python module needs on Linux."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from .console import BuildError, run, say
from .venvs import venv_folder

PERMISSION = "DIFACE_INSTALL_LIBRARIES"
"""Environment variable: 1 allows build.py to install missing libraries when it runs as root, 0 forbids it."""

DEBIAN_PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1 libgl1-mesa-dri",
    "libEGL.so.1": "libegl1 libgl1-mesa-dri",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libuuid.so.1": "libuuid1",
}
"""Debian's packages of the libraries that bpy links to, or opens at run time to render."""


def require_libraries(version: str) -> None:
    """Install missing libraries if that is allowed.

    Raises:
        BuildError: Libraries are missing; the message has the command that installs them.
    """
    missing = missing_libraries(version)
    if not missing:
        return
    say(f"Blender {version} needs system libraries that are not installed: {', '.join(missing)}")
    command = install_command(missing)
    if command[0] == "apt-get" and may_install():
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        say(f"Installing them as root (set {PERMISSION}=0 to forbid this):")
        for step in (["apt-get", "update"], command):
            run(" ".join(step), [*step], quiet)
        missing = missing_libraries(version)
    if missing:
        raise BuildError(
            f"Install the libraries and run build.py again:\n\n    sudo {' '.join(command)}\n\n"
            "With root's rights, the option --install-libraries runs this command for you."
        )


def may_install() -> bool:
    """Return whether build.py may install packages: as root, with permission or without a terminal (as in CI)."""
    permission = os.environ.get(PERMISSION)
    if os.geteuid() != 0 or permission == "0":
        return False
    return bool(permission) or sys.stdin is None or not sys.stdin.isatty()


def missing_libraries(version: str) -> list[str]:
    """Return the names of the shared libraries that bpy needs and the system does not have."""
    module = next(venv_folder(f"bpy-{version}").glob("lib*/python*/site-packages/bpy/__init__*.so"))
    linked = subprocess.run(["ldd", str(module)], capture_output=True, text=True).stdout
    missing = re.findall(r"^\s*(\S+) => not found", linked, re.MULTILINE)
    opened = subprocess.run([sys.executable, "-c", "import ctypes; ctypes.CDLL('libEGL.so.1')"], capture_output=True)
    return list(dict.fromkeys(missing + (["libEGL.so.1"] if opened.returncode else [])))


def install_command(missing: list[str]) -> list[str]:
    """Return the command that installs them, for apt-get or dnf."""
    if shutil.which("apt-get"):
        packages = " ".join(DEBIAN_PACKAGES.get(name, "") for name in missing).split()
        return ["apt-get", "install", "-y", "--no-install-recommends", *dict.fromkeys(packages)]
    if shutil.which("dnf"):
        return ["dnf", "install", "-y", *(f"'{name}()(64bit)'" for name in missing)]
    return ["(the install command of your package manager)", *missing]
