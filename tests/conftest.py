"""Fixtures of all tests: the checkout, reference data, sample speech and assets."""

from pathlib import Path

import hypothesis
import pytest

# No deadline: the speed of the machine must not decide.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference data, ../shared/data; skip the test if it does not exist."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"The reference data is not beside the project: there is no folder {folder}.")
    return folder


@pytest.fixture(scope="session")
def speech() -> Path:
    """Return about ten seconds of recorded English speech, 16 kHz mono (described in tests/data/speech.md)."""
    return ROOT / "tests" / "data" / "speech.flac"


@pytest.fixture(scope="session")
def asset() -> Path:
    """Return the folder of the assets that build.py creates."""
    folder = ROOT / "diface_core" / "assets"
    assert folder.is_dir(), "The assets are missing: run `python3 build.py assets`."
    return folder
