"""Platforms that the extension is built for."""

from __future__ import annotations

import platform
import sys

PLATFORMS = {
    "linux-x64": ("3.11", "3.13"),  # for 3.13 without torch: see wheels/lock.py
    "windows-x64": ("3.11", "3.13"),
    "macos-arm64": ("3.11", "3.13"),
}
"""Blender's names of the platforms, each with the Python versions that its zip contains wheels for."""

WHEEL_TAGS = {
    "linux-x64": [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64"],
    "windows-x64": ["win_amd64"],
    "macos-arm64": ["macosx_14_0_arm64", "macosx_14_0_universal2"],
}


def this_platform() -> str:
    """Return Blender's name of this machine's platform, such as "linux-x64"."""
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{system}-{machine}"
