"""Small random denoisers of every architecture, with torch and with ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import torch

from diface_core import channels
from diface_core.asset_build.export_onnx import export_denoiser
from diface_core.audio.speech_encoder import DIMENSION
from diface_core.inference.denoiser import OnnxDenoiser
from diface_core.inference.denoiser_config import DenoiserConfig
from diface_core.inference.denoiser_file import read_denoiser_file
from diface_core.networks import checkpoint
from diface_core.networks.denoiser import Denoiser
from diface_core.networks.torch_denoiser import TorchDenoiser

NETWORKS = ("unet", "convnet", "transformer")


def write_denoiser(folder: Path, part: str, network: str = "unet") -> Path:
    """Write the weights and the graphs of a narrow random denoiser; return the weights' file."""
    torch.manual_seed(len(part))
    config = DenoiserConfig(
        channels.PARTS[part], (0, DIMENSION), ("first", "second"), network, width=16, audio_width=8, window=5
    )
    denoiser = Denoiser(config)
    for parameter in denoiser.parameters():
        torch.nn.init.normal_(parameter, std=0.12)
    denoiser.get_buffer("mean").fill_(0.2)
    denoiser.get_buffer("deviation").fill_(0.3)
    path = folder / f"{part}.safetensors"
    checkpoint.save(denoiser.eval(), path)
    export_denoiser(part, config, folder)
    return path


def load_both(path: Path) -> tuple[TorchDenoiser, OnnxDenoiser]:
    """Load a denoiser with torch and with ONNX Runtime."""
    return TorchDenoiser(checkpoint.load(path)[0]), OnnxDenoiser.load(read_denoiser_file(path), path.parent)
