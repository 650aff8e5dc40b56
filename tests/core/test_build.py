"""build.py judges, finds and stamps rightly; what it installs is tried by running it."""

import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

import build


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for what build.py makes."""
    monkeypatch.setattr(build, "BUILD", tmp_path / ".build")
    return tmp_path


def judged(folder: Path, text: str) -> build.Outcome:
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(textwrap.dedent(text))
    return build.pytest("case", Path(sys.executable), str(folder))


def counts(outcome: build.Outcome) -> tuple[int, int, int]:
    return outcome.passed, outcome.failed, outcome.skipped


def test_counts_what_pytest_counted(scratch: Path) -> None:
    text = """
        import pytest
        def test_a(): pass
        def test_b(): assert False
        def test_c(): pytest.skip("no")
        @pytest.fixture
        def broken(): raise OSError
        def test_d(broken): pass
    """
    assert counts(judged(scratch, text)) == (1, 2, 1)


def test_a_crash_after_the_tests_is_noted_and_no_failure(scratch: Path) -> None:
    text = """
        import atexit, os, signal
        atexit.register(lambda: os.kill(os.getpid(), signal.SIGTERM))
        def test_a(): pass
    """
    outcome = judged(scratch, text)
    assert counts(outcome) == (1, 0, 0)
    assert "after the tests" in outcome.note


@pytest.mark.parametrize(
    "text",
    [
        "import os\ndef test_a(): os.kill(os.getpid(), 15)",
        "import os\ndef test_a(): os._exit(0)",
        "value = 1",
        "import absent_module",
    ],
    ids=["crash in a test", "quiet end in a test", "no tests", "cannot be read"],
)
def test_an_end_without_a_result_is_a_failure(scratch: Path, text: str) -> None:
    outcome = judged(scratch, text)
    assert outcome.failed == 1
    assert outcome.passed == 0


def test_an_old_report_does_not_count(scratch: Path) -> None:
    assert counts(judged(scratch, "def test_a(): pass")) == (1, 0, 0)
    assert judged(scratch, "import os\nos._exit(0)").failed == 1


def test_a_process_that_hangs_after_its_report_is_ended(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.touch()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        assert build.wait_for(process, report, patience=0.5) != 0


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([build.Outcome("a", passed=3), build.Outcome("b", passed=1, skipped=2)], 0),
        ([build.Outcome("a", passed=3), build.Outcome("b", failed=1)], 1),
        ([build.Outcome("a", skipped=3)], 1),
        ([], 1),
    ],
)
def test_summary_ends_with_the_counts(
    outcomes: list[build.Outcome], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.summary(outcomes, [], 1.0) == code
    passed, failed, skipped = (
        (sum(numbers) for numbers in zip(*map(counts, outcomes), strict=True)) if outcomes else (0,) * 3
    )
    assert capsys.readouterr().out.endswith(f"\n{passed} passed, {failed} failed, {skipped} skipped\n")


def test_what_is_not_tested_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    build.summary([build.Outcome("a", passed=1)], ["Blender 5.2: no Python 3.13 found."], 1.0)
    assert "NOT TESTED     Blender 5.2: no Python 3.13 found." in capsys.readouterr().out


def test_finds_a_python_of_the_version_asked_for() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = build.find_python(version)
    assert command
    said = subprocess.run(
        [*command, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True
    )
    assert said.stdout.strip() == version


def test_no_python_is_no_python() -> None:
    assert build.find_python("2.99") is None
    assert "2.99" in build.how_to_get("2.99")


def test_stamp_changes_with_every_part(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    assert build.digest("3.11", one, two) == build.digest("3.11", one, two)
    assert len({build.digest("3.11", one, two), build.digest("3.11", two, one), build.digest("3.13", one, two)}) == 3
    before = build.digest(one, two)
    one.write_text("a")
    two.write_text("bc")
    assert build.digest(one, two) != before


def test_missing_libraries_make_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    command = build.install_command(["libXi.so.6", "libGL.so.1", "libEGL.so.1"])
    assert command[:2] == ["apt-get", "install"]
    assert [word for word in command if word.startswith("lib")] == ["libxi6", "libgl1", "libgl1-mesa-dri", "libegl1"]


def test_staged_extension_lists_its_wheels_and_platform(scratch: Path) -> None:
    wheel = scratch / "some-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    stage = build.stage_extension("windows-x64", [wheel])
    manifest = tomllib.loads((stage / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["platforms"] == ["windows-x64"]
    assert manifest["wheels"] == ["./wheels/some-1.0-py3-none-any.whl"]
    assert (stage / "wheels" / wheel.name).read_bytes() == b"PK"
    assert "register" in (stage / "__init__.py").read_text()
    assert not list(stage.rglob("__pycache__"))


def test_a_failing_step_says_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(build.BuildError, match=r"(?s)the reason.*trying: failed \(exit code 3\)\. Try again\."):
        build.run("trying", [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], hint="Try again.")
    assert "-- trying" in capsys.readouterr().out
