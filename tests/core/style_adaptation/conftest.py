"""Fixtures of the style adaptation's tests."""

from pathlib import Path

import pytest
import torch

from diface_core.learning.style_gradient import TorchStyleGradient
from diface_core.networks.torch_denoiser import TorchDenoiser
from tests.core.style_adaptation.small_speakers import small_base


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> TorchDenoiser:
    """A small general denoiser of two speakers."""
    torch.set_num_threads(1)
    folder: Path = tmp_path_factory.mktemp("base")
    return TorchDenoiser(small_base(folder))


@pytest.fixture(scope="session")
def gradient(base: TorchDenoiser) -> TorchStyleGradient:
    """The gradient of the small denoiser's loss."""
    return TorchStyleGradient(base.network)
