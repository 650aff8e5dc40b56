"""Fixtures of the style adaptation's tests."""

from pathlib import Path

import pytest
import torch

from diface_core.networks.denoiser import Denoiser
from tests.core.style_adaptation.small_speakers import small_base


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Denoiser:
    """A small general denoiser of two speakers."""
    torch.set_num_threads(1)
    folder: Path = tmp_path_factory.mktemp("base")
    return small_base(folder)
