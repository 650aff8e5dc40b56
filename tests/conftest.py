"""What all tests share."""

from pathlib import Path

import hypothesis
import pytest

# A slow machine is no failure.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data beside the project, ../shared/data; the test is skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"The reference data is not beside the project: there is no folder {folder}.")
    return folder


@pytest.fixture(scope="session")
def speech() -> Path:
    """About ten seconds of recorded English speech, 16 kHz mono (tests/data/speech.md says what it is)."""
    return ROOT / "tests" / "data" / "speech.flac"


@pytest.fixture(scope="session")
def asset() -> Path:
    """The folder of the assets that build.py makes."""
    folder = ROOT / "diface_core" / "assets"
    assert folder.is_dir(), "The assets are missing: run `python3 build.py assets`."
    return folder
