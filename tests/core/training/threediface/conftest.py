"""Fixtures of the tests of 3DiFACE's training."""

from pathlib import Path

import pytest
import torch

from tests.core.training.threediface import small_recordings


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wav2vec2, face recordings and head recordings."""
    return small_recordings.recordings(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def workspace(recorded: Path, tmp_path: Path) -> Path:
    """An empty folder to train in, with links to the recordings."""
    for name in ("wav2vec2", "voca", "heads"):
        (tmp_path / name).symlink_to(recorded / name, target_is_directory=True)
    return tmp_path
