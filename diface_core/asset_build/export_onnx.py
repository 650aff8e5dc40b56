"""Write the graphs of the bundled networks.

    python -m diface_core.asset_build.export_onnx OUT

The graphs hold the architecture and no weights: those stay in the safetensors files, which the worker reads. A graph
states the configuration that it is for, so that weights of another architecture are refused.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import channels
from ..atomic_write import atomic_write
from ..inference.denoiser_config import DenoiserConfig
from ..inference.denoiser_file import read_denoiser_file
from ..model.models import WEIGHTS
from ..style_adaptation.adapt import AdaptConfig
from .onnx_graphs.denoiser_graph import denoiser_graph, tower_graph
from .onnx_graphs.style_gradient_graph import style_gradient_graph
from .onnx_graphs.whisper_graph import whisper_graph


def export_denoiser(name: str, config: DenoiserConfig, out: Path) -> None:
    """Write the two graphs of a denoiser: NAME.onnx and NAME_speech.onnx."""
    _write(denoiser_graph(config), out / f"{name}.onnx")
    _write(tower_graph(config), out / f"{name}_speech.onnx")


def export_bundled(out: Path, weights: Path = WEIGHTS) -> None:
    """Write the graphs of face, head and speech encoder."""
    out.mkdir(parents=True, exist_ok=True)
    for part in channels.PARTS:
        export_denoiser(part, read_denoiser_file(weights / f"{part}.safetensors").config, out)
    _write(whisper_graph(), out / "speech_encoder.onnx")


def export_gradient(out: Path, weights: Path = WEIGHTS) -> None:
    """Write the graph with which the style of the face is trained."""
    face, adaptation = read_denoiser_file(weights / "face.safetensors").config, AdaptConfig()
    _write(style_gradient_graph(face, adaptation.batch, adaptation.rows), out / "face_gradient.onnx")


def _write(graph: bytes, path: Path) -> None:
    with atomic_write(path) as draft:
        draft.write_bytes(graph)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.asset_build.export_onnx", description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write to")
    out = parser.parse_args().out
    export_bundled(out)
    export_gradient(out)


if __name__ == "__main__":
    main()
