"""Platforms and editions that the extension is built for."""

from __future__ import annotations

import platform
import sys

PLATFORMS = {
    "linux-x64": ("3.11", "3.13", "3.14"),
    "windows-x64": ("3.11", "3.13"),
    "macos-arm64": ("3.11", "3.13"),
}
"""Blender's names of the platforms, each with the Python versions that its zip contains wheels for.

Blender 4.2 to 5.0 runs Python 3.11, 5.1 and later 3.13; some Linux distributions build Blender for 3.14.
"""

EDITIONS = {
    "small": "everything for the bundled models, on ONNX Runtime",
    "full": "the same and torch, for the user's 3DiFACE models; on Linux for Python 3.11 only",
}

WHEEL_TAGS = {
    "linux-x64": [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64"],
    "windows-x64": ["win_amd64"],
    "macos-arm64": [f"macosx_{version}_0_{kind}" for version in (14, 13, 12, 11) for kind in ("arm64", "universal2")],
}


def this_platform() -> str:
    """Return Blender's name of this machine's platform, such as "linux-x64"."""
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{system}-{machine}"
