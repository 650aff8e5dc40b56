"""The two kinds of environment: the core with torch, and each Blender version as a Python module."""

from __future__ import annotations

from pathlib import Path

from . import paths
from .console import BuildError, run, say
from .libraries import require_libraries
from .stamps import digest, is_current
from .venvs import downloads, fetch, make_venv, venv_python, venv_stamp
from .versions import BLENDERS, CORE_PYTHON


def core_python() -> Path:
    """Set up the environment of the core, the worker and the tools (torch, no bpy); return its interpreter."""
    core, torch, cpu = (paths.PINNED / f"{name}.txt" for name in ("core", "torch", "torch-cpu"))
    return make_venv(
        "core",
        CORE_PYTHON,
        [core, torch, cpu],
        lambda python: [core, cpu if paths.LINUX and cpu_torch(python) else torch],
    )


def cpu_torch(python: Path) -> Path | None:
    """Fetch the CPU build of torch for Linux; return the wheel, or None if pip is not configured to find it.

    The default index has CUDA builds only.
    """
    pattern = "torch-*+cpu-cp311-*linux*.whl"
    if not any(downloads().glob(pattern)):
        try:
            fetch(python, paths.PINNED / "torch-cpu.txt", downloads(), "torch: look for the CPU build")
        except BuildError:
            say("   Not found. The default build includes CUDA (several GB). For the small build, add PyTorch's CPU")
            say("   wheels to pip's find-links or extra-index-url, then run `build.py clean` and this command again.")
            return None
    return next(downloads().glob(pattern), None)


def blender_python(version: str) -> Path:
    """Set up the environment with Blender `version` as a module; return its interpreter."""
    pinned = paths.PINNED / f"bpy-{version}.txt"
    python = make_venv(f"bpy-{version}", BLENDERS[version], [pinned], lambda python: [pinned])
    stamp, expected = venv_stamp(f"bpy-{version}").with_name("diface-libraries"), digest(pinned)
    if not is_current(stamp, expected):
        if paths.LINUX:
            require_libraries(version)
        command = [python, "-c", "import bpy; print(bpy.app.version_string)"]
        run(f"bpy-{version}: first start", command, blender_environment(version))
        stamp.write_text(expected)
    return python


def blender_environment(version: str, folder: str = "") -> dict[str, str]:
    """Return environment variables that isolate Blender from the user's settings and name the worker's Python.

    Args:
        version: The Blender version.
        folder: Name of the settings folder in .build/blender; by default the version.
    """
    home = paths.BUILD / "blender" / (folder or version)
    home.mkdir(parents=True, exist_ok=True)
    return {"BLENDER_USER_RESOURCES": str(home), "DIFACE_PYTHON": str(venv_python("core"))}
