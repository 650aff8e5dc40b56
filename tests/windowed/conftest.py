"""Fixtures of the tests in a real window. `python3 build.py test windowed` runs them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tools.build.console import BuildError
from tools.build.extension.archive import make_zip
from tools.build.extension.platforms import this_platform
from tools.build.extension.wheels import get_wheels
from tools.build.testing.windowed import unavailable, windowed_blender

from .desktop import Desktop
from .pictures import Pictures
from .window import BlenderWindow

RESULTS = Path(__file__).resolve().parents[2] / ".build" / "results" / "windowed"
"""Screenshots and Blender's console of failed tests."""

_failed_modules: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the pictures of the guide."""
    parser.addoption("--pictures", type=Path, help="folder for the guide's pictures of the sessions, docs/images")


@pytest.fixture(scope="session")
def small_zip() -> Path:
    """Build the extension as distributed."""
    try:
        get_wheels(this_platform())
    except BuildError as reason:
        pytest.skip(str(reason))
    return make_zip(this_platform())


@pytest.fixture(scope="session")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """Return a virtual display."""
    if reason := unavailable():
        pytest.skip(reason)
    shutil.rmtree(RESULTS, ignore_errors=True)
    display = Desktop(tmp_path_factory.mktemp("display"))
    yield display
    display.close()


@pytest.fixture(scope="module")
def blender(desktop: Desktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlenderWindow]:
    """Return an empty Blender for all tests of a module, which continue one another."""
    window = BlenderWindow(windowed_blender(), desktop, tmp_path_factory.mktemp("blender"))
    yield window
    window.kill()


@pytest.fixture(scope="module")
def pictures(request: pytest.FixtureRequest, blender: BlenderWindow) -> Pictures:
    """Return what takes the guide's pictures; without the option --pictures it does nothing."""
    return Pictures(blender, request.config.getoption("--pictures", default=None))


@pytest.fixture(autouse=True)
def _continue_the_session(request: pytest.FixtureRequest) -> None:
    """Skip a test whose predecessors in the module failed."""
    if request.node.parent.nodeid in _failed_modules:
        pytest.skip("An earlier step of this session failed.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a screenshot and the console of a test that failed."""
    report = yield
    if report.failed:
        _failed_modules.add(item.parent.nodeid)
        RESULTS.mkdir(parents=True, exist_ok=True)
        display, window = (item.funcargs.get(name) for name in ("desktop", "blender"))
        if isinstance(window, BlenderWindow):
            (RESULTS / f"{item.name}.txt").write_text(window.console(), "utf-8")
            display = window.desktop
        if isinstance(display, Desktop):
            with contextlib.suppress(FileNotFoundError):  # the test closed the display
                display.screenshot(RESULTS / f"{item.name}.png")
    return report
