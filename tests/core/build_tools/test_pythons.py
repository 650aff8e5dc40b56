"""Tests of finding Python, and of stamps."""

import subprocess
import sys
from pathlib import Path

from tools.build.pythons import find_python, install_hint
from tools.build.stamps import digest, is_current


def test_finds_a_python_of_the_requested_version() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = find_python(version)
    assert command
    done = subprocess.run(
        [*command, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True
    )
    assert done.stdout.strip() == version


def test_missing_version_is_none_with_a_hint() -> None:
    assert find_python("2.99") is None
    assert "2.99" in install_hint("2.99")


def test_digest_depends_on_every_part_and_its_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    assert digest("3.11", one, two) == digest("3.11", one, two)
    assert len({digest("3.11", one, two), digest("3.11", two, one), digest("3.13", one, two)}) == 3
    before = digest(one, two)
    one.write_text("a")
    two.write_text("bc")
    assert digest(one, two) != before


def test_stamp_is_current_only_with_the_expected_digest(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert not is_current(stamp, "abc")
    stamp.write_text("abc")
    assert is_current(stamp, "abc")
    assert not is_current(stamp, "abd")
