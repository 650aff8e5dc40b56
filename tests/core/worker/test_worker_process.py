"""The worker client with real processes: normal work, cancelling, crashes and malformed messages. Without bpy."""

from __future__ import annotations

import importlib
import os
import queue
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from diface_core import (
    AudioError,
    AudioSection,
    Cancelled,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Progress,
    Style,
    WorkerError,
)
from diface_core.protocol import framing
from diface_core.types import SolveRequest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

ADDON = "diface_addon_without_blender"
"""The add-on's __init__ imports bpy; the worker client does not, and is imported without it."""


@pytest.fixture(scope="module")
def jobs() -> Iterator[types.ModuleType]:
    package = types.ModuleType(ADDON)
    package.__path__ = [str(ROOT / "diface_addon")]
    sys.modules[ADDON] = package
    yield importlib.import_module(f"{ADDON}.worker.process")
    for name in [name for name in sys.modules if name.startswith(ADDON)]:
        del sys.modules[name]


@pytest.fixture
def worker(jobs, monkeypatch, tmp_path):
    """Return a worker of the scenarios, not started, without environment variables that would break its Python."""
    worker = jobs.WorkerProcess(module="worker_scenarios")
    yield worker
    worker.close(0)


@pytest.fixture
def started(worker):
    worker.start(extra_paths=[HERE])
    return worker


def request(style: str | None = None, **more) -> GenerateRequest:
    return GenerateRequest(AudioSection(Path("speech.wav")), style=Style.named(style), **more)


def poll_until(job, seconds: float = 20):
    """Poll as a timer does, until the job has ended."""
    events = []
    end = time.monotonic() + seconds
    while job.state == "running" and time.monotonic() < end:
        events += job.poll()
        time.sleep(0.01)
    assert job.state != "running", "the job did not end"
    return events


def reach(job, stage: str, seconds: float = 20) -> None:
    """Poll until the job is at `stage`."""
    end = time.monotonic() + seconds
    while job.progress.stage != stage:
        job.poll()
        assert job.state == "running", job.error
        assert time.monotonic() < end, f"the job did not reach {stage}"
        time.sleep(0.005)


def comes_true(condition, seconds: float = 10) -> bool:
    """Wait until `condition()` is true; return whether it became so in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def ends(pid: int) -> bool:
    return comes_true(lambda: not is_running(pid))


def check_next_request(worker) -> None:
    """Check that the next request gets its result."""
    job = worker.submit(request(seed=9))
    assert job.wait().motion.values[0, 0] == 9
    assert job.state == "done"


# Normal work


def test_request_above_the_size_limit_is_refused_and_the_next_one_works(started, monkeypatch):
    """The worker would take it for a malformed message and end."""
    vertices, weights = np.zeros((100, 3), np.float32), np.zeros(2, np.float32)
    large = SolveRequest(np.zeros((2, 100, 3), np.float32), vertices, weights, weights, weights, np.ones(100, bool))
    with monkeypatch.context() as patched:
        patched.setattr(framing, "MAX_ARRAY_BYTES", 1000)
        with pytest.raises(WorkerError, match="GiB at most"):
            started.submit(large)
    assert not started.busy
    check_next_request(started)


def test_job_runs_to_its_result(started):
    job = started.submit(request(steps=5, seed=4, rate=FrameRate(24, 1.001), parts=("head",)))
    events = poll_until(job)
    assert job.state == "done"
    assert job.error is None
    assert events[-1] is job.result
    assert job.result.motion.rate == FrameRate(24, 1.001)
    np.testing.assert_array_equal(job.result.motion.values, np.full((30, 3), 4))
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1] == job.progress
    assert progress[-1].fraction == 0.8
    assert job.poll() == []


def test_wait_reports_and_returns(started):
    seen = []
    result = started.submit(request(steps=5)).wait(seen.append)
    assert isinstance(result, GenerateResult)
    assert [progress.fraction for progress in seen][-5:] == [0, 0.2, 0.4, 0.6, 0.8]


def test_worker_is_reused_between_jobs(started):
    pid = started.pid
    for _ in range(3):
        check_next_request(started)
    started.start(extra_paths=[HERE])
    assert started.pid == pid
    assert started.versions["python"]


def test_changed_settings_start_another_worker(started, tmp_path):
    pid = started.pid
    started.start(extra_paths=[HERE, tmp_path])
    assert started.pid != pid
    assert not is_running(pid)
    check_next_request(started)


def test_submit_starts_a_worker_if_none_runs(started):
    started.close()
    assert started.pid is None
    check_next_request(started)


def test_poll_does_not_block_and_reports_progress(worker, monkeypatch):
    monkeypatch.setenv("SCENARIO", "load hangs")
    worker.start(extra_paths=[HERE])
    job = worker.submit(request())
    assert job.progress == Progress(0.0, "Starting the worker")
    while not job.poll():
        assert job.state == "running"
    assert job.progress == Progress(0.0, "Loading the models")
    job.cancel()


def test_only_one_job_runs_at_a_time(started):
    job = started.submit(request("slow"))
    with pytest.raises(WorkerError, match="already"):
        started.submit(request())
    job.cancel()
    check_next_request(started)


def test_large_requests_and_results_pass(started):
    from diface_core import Constraints

    rows = 20000
    kept = Constraints(np.zeros((rows, 55), np.float32), np.zeros((rows, 55), bool))
    assert started.submit(request(constraints=kept)).wait()


def test_error_of_the_core_keeps_its_class(started):
    job = started.submit(request("audio"))
    poll_until(job)
    assert job.state == "failed"
    assert isinstance(job.error, AudioError)
    assert job.error.message == "speech.wav is silent."
    check_next_request(started)


def test_wait_raises_the_error(started):
    with pytest.raises(AudioError, match="silent"):
        started.submit(request("audio")).wait()


def test_output_of_libraries_does_not_disturb_the_pipe(started):
    assert started.submit(request("prints")).wait()


# Before the first request


def last_lines(worker) -> list[str]:
    """Return what the worker wrote to its standard error."""
    return list(worker._connection._stderr_tail)


def test_prefetch_loads_the_models_without_a_reply(started):
    pid = started.pid
    started.prefetch()
    assert not started.busy
    check_next_request(started)
    assert comes_true(lambda: "prefetched" in last_lines(started))
    assert started.pid == pid


def test_prefetch_that_fails_leaves_the_worker_running(worker, monkeypatch):
    monkeypatch.setenv("PREFETCH", "fails")
    worker.start(extra_paths=[HERE])
    pid = worker.pid
    worker.prefetch()
    check_next_request(worker)
    assert worker.pid == pid
    assert comes_true(lambda: any("division by zero" in line for line in last_lines(worker)))


def test_no_prefetch_during_a_request(started):
    job = started.submit(request("slow"))
    reach(job, "Generating the motion")
    started.prefetch()
    job.cancel()
    check_next_request(started)
    assert "prefetched" not in last_lines(started)


def test_worker_without_requests_ends_and_the_next_request_starts_another(worker, monkeypatch):
    monkeypatch.setenv("SCENARIO", "short idle time")
    worker.start(extra_paths=[HERE])
    pid = worker.pid
    assert ends(pid)
    check_next_request(worker)
    assert worker.pid != pid


# Cancel


def test_cancel_returns_at_once_and_keeps_the_worker(started):
    pid = started.pid
    job = started.submit(request("slow"))
    reach(job, "Generating the motion")
    job.cancel()
    assert job.state == "cancelled"
    assert job.poll() == []
    check_next_request(started)
    assert started.pid == pid


def test_unresponsive_worker_is_replaced_after_cancel(started):
    started.cancel_timeout = 0.3
    job = started.submit(request("stuck"))
    reach(job, "Stuck")
    pid = started.pid
    job.cancel()
    assert ends(pid)
    check_next_request(started)
    assert started.pid != pid


def test_request_to_an_unresponsive_worker_is_sent_again(started):
    started.cancel_timeout = 0.5
    job = started.submit(request("stuck"))
    reach(job, "Stuck")
    pid = started.pid
    job.cancel()
    check_next_request(started)  # sent to the unresponsive worker, completed by its replacement
    assert started.pid != pid


def test_cancel_while_models_load_keeps_the_worker(worker, monkeypatch):
    monkeypatch.setenv("SCENARIO", "slow load")
    worker.cancel_timeout = 0.01
    worker.start(extra_paths=[HERE])
    pid = worker.pid
    worker.submit(request("slow")).cancel()
    check_next_request(worker)
    assert worker.pid == pid


def test_exception_in_the_report_callback_cancels(started):
    def report(progress: Progress) -> None:
        if progress.stage == "Generating the motion":
            raise Cancelled

    job = started.submit(request("slow"))
    with pytest.raises(Cancelled):
        job.wait(report)
    assert job.state == "cancelled"
    check_next_request(started)


def test_cancel_after_the_end_changes_nothing(started):
    job = started.submit(request())
    job.wait()
    job.cancel()
    assert job.state == "done"
    assert job.result


def test_wait_for_a_cancelled_job_raises(started):
    job = started.submit(request("slow"))
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()


# Faults


def check_failure(worker, style: str | None = None) -> WorkerError:
    job = worker.submit(request(style))
    events = poll_until(job)
    assert job.state == "failed"
    assert job.result is None
    assert isinstance(job.error, WorkerError)
    assert events[-1] is job.error
    assert job.error.message
    assert job.error.hint
    return job.error


@pytest.mark.parametrize(
    ("style", "message", "hint"),
    [
        ("killed", "memory", "shorter range"),
        ("memory", "memory", "shorter range"),
        ("allocates", "memory", "shorter range"),
        ("torch_memory", "memory", "shorter range"),
        ("exits", "unexpectedly, with status 3", "Try again"),
        ("malformed", "malformed message", "prints"),
        ("truncated", "memory", "shorter range"),
        ("bug", "KeyError: 'oops'", "report"),
        ("bad_library", "unexpectedly, with SIGBUS", "install DiFACE again"),
        ("old_processor", "processor lacks", "Worker Python"),
    ],
)
def test_failed_worker_reports_the_reason_and_the_next_request_works(started, style, message, hint):
    error = check_failure(started, style)
    assert message in error.message
    assert hint in error.hint
    check_next_request(started)


def test_error_includes_the_workers_last_output(started):
    assert "so long" in check_failure(started, "exits").__notes__[0]


def test_killed_worker_is_replaced(started):
    job = started.submit(request("slow"))
    reach(job, "Generating the motion")
    os.kill(started.pid, 9)
    poll_until(job)
    assert "memory" in job.error.message
    check_next_request(started)


def test_worker_killed_while_idle_is_replaced_silently(started):
    check_next_request(started)
    pid = started.pid
    os.kill(pid, 9)
    assert ends(pid)
    check_next_request(started)


def test_request_during_the_exit_of_an_idle_worker_is_sent_again(started):
    check_next_request(started)
    for _ in range(10):
        os.kill(started.pid, 9)
        check_next_request(started)  # sent before the exit was detected


def test_worker_that_always_exits_idle_is_given_up(worker, monkeypatch):
    monkeypatch.setenv("SCENARIO", "dies idle")
    worker.start(extra_paths=[HERE])
    assert "keeps ending" in check_failure(worker).message


@pytest.mark.parametrize(
    ("scenario", "message", "hint"),
    [
        ("import fails", "No module named 'missing_numpy'", "Worker Python"),
        ("load needs torch", "No module named 'missing_torch'", "Worker Python"),
        ("load breaks", "division by zero", "report"),
        ("malformed first", "malformed message", "prints"),
        ("killed at start", "memory", "shorter"),
        ("exits at start", "status 0", "Worker Python"),
    ],
)
def test_worker_that_does_not_start_reports_the_reason(worker, monkeypatch, scenario, message, hint):
    monkeypatch.setenv("SCENARIO", scenario)
    worker.start(extra_paths=[HERE])
    error = check_failure(worker)
    assert message in error.message
    assert hint in error.hint
    monkeypatch.delenv("SCENARIO")
    check_next_request(worker)


def test_request_during_the_exit_reports_the_reason(jobs, monkeypatch):
    """The worker ends after it was polled and before the request is sent."""
    monkeypatch.setenv("SCENARIO", "import fails")
    launch = importlib.import_module(f"{ADDON}.worker.launch").Launch(extra_paths=(HERE,), module="worker_scenarios")
    connection = importlib.import_module(f"{ADDON}.worker.connection").Connection(launch.start())
    connection._threads[-1].join(20)
    events = queue.SimpleQueue()
    connection.send_request(1, request(), events)
    assert "missing_numpy" in events.get(timeout=1).message
    connection.close(0)


@pytest.mark.parametrize(("scenario", "word"), [("no greeting", "start"), ("load hangs", "load")])
def test_worker_that_hangs_at_the_start_is_given_up(worker, monkeypatch, scenario, word):
    monkeypatch.setenv("SCENARIO", scenario)
    worker.start(extra_paths=[HERE])
    pid = worker.pid
    worker.hello_timeout = 1.0 if scenario == "no greeting" else 60
    worker.load_timeout = worker.response_timeout = 0.2
    assert f"did not {word}" in check_failure(worker).message
    assert ends(pid)
    worker.hello_timeout = worker.load_timeout = worker.response_timeout = 60
    monkeypatch.delenv("SCENARIO")
    check_next_request(worker)


def test_missing_interpreter_is_reported(worker, tmp_path):
    with pytest.raises(WorkerError, match="no Python at") as caught:
        worker.start(tmp_path / "python")
    assert "Worker Python" in caught.value.hint
    with pytest.raises(WorkerError, match="no Python at"):
        worker.submit(request())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that is a program")
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("not a program", "built for another system"),
        ("#!/no/such/loader\n", "built for another system"),
        (
            "#!/bin/sh\necho 'libm.so.9: cannot open shared object file: No such file' >&2\nexit 127\n",
            "libm.so.9 is missing",
        ),
        ("#!/bin/sh\necho 'OSError: [Errno 28] No space left on device' >&2\nexit 1\n", "disk is full"),
        ("#!/bin/sh\nkill -ILL $$\n", "processor lacks"),
        ("#!/bin/sh\nexit 0\n", "could not start"),
        ("#!/bin/sh\necho Blender 5.2 is not a Python\nexec sleep 60\n", "malformed message"),
        ("#!/bin/sh\necho \"No module named 'numpy'\" >&2\nexit 1\n", "No module named 'numpy'"),
    ],
)
def test_file_that_is_not_an_interpreter_is_reported(worker, tmp_path, script, message):
    python = tmp_path / "python"
    python.write_text(script)
    python.chmod(0o755)
    try:
        worker.start(python)
        error = check_failure(worker)
    except WorkerError as raised:
        error = raised
    assert message in error.message
    assert error.hint


@pytest.mark.skipif(sys.platform == "win32", reason="needs a script that is a program")
def test_interpreter_that_is_not_allowed_to_run_is_reported(worker, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o644)
    with pytest.raises(WorkerError, match="antivirus") as caught:
        worker.start(python)
    assert "noexec" in caught.value.hint


def test_another_python_does_not_inherit_blenders_packages(jobs, monkeypatch):
    launch = importlib.import_module(f"{ADDON}.worker.launch")
    monkeypatch.setenv("PYTHONPATH", "blenders")
    monkeypatch.setenv("PYTHONHOME", "blenders")
    own = launch.Launch(extra_paths=(HERE,)).environment()
    other = launch.Launch(Path(sys.executable), (HERE,)).environment()
    assert own["PYTHONPATH"] == os.pathsep.join([str(ROOT), str(HERE)])
    assert other["PYTHONPATH"] == str(ROOT)
    assert "PYTHONHOME" not in own
    assert "PYTHONHOME" not in other


def test_openmp_wait_policy_is_passive_by_default(jobs, monkeypatch):
    launch = importlib.import_module(f"{ADDON}.worker.launch")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert launch.Launch().environment()["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert launch.Launch().environment()["OMP_WAIT_POLICY"] == "ACTIVE"


def test_python_is_found_if_the_executable_is_blender(jobs, monkeypatch, tmp_path):
    launch = importlib.import_module(f"{ADDON}.worker.launch")
    assert launch.blender_python() == Path(sys.executable)
    python = tmp_path / "bin" / f"python3.{sys.version_info.minor}"
    python.parent.mkdir()
    python.touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    for executable in ("", str(tmp_path / "blender")):
        monkeypatch.setattr(sys, "executable", executable)
        assert launch.blender_python() == python
    python.unlink()
    with pytest.raises(WorkerError, match="not found"):
        launch.blender_python()


# Cleanup


def test_close_ends_the_process_in_every_state(started):
    pid = started.pid
    job = started.submit(request("stuck"))
    started.close(0.1)
    assert not is_running(pid)
    poll_until(job)
    assert "stopped" in job.error.message


PARENT = f"""
import importlib, sys, time, types
from pathlib import Path
package = types.ModuleType("{ADDON}")
package.__path__ = [{str(ROOT / "diface_addon")!r}]
sys.modules["{ADDON}"] = package
jobs = importlib.import_module("{ADDON}.worker.process")
from diface_core import AudioSection, GenerateRequest, Style
worker = jobs.shared_worker()
assert jobs.shared_worker() is worker
worker._launch = jobs.Launch(module="worker_scenarios")
worker.start(extra_paths=[Path({str(HERE)!r})])
job = worker.submit(GenerateRequest(AudioSection(Path("a")), style=Style.named("stuck")))
while job.progress.stage != "Stuck":
    job.poll()
print(worker.pid, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("ending", ["", "1 / 0", "sys.exit(1)", "import os; os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_worker_ends_with_blender(ending):
    """Blender ends normally, by an error, without cleanup, or is killed, during a long step."""
    parent = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import os\n{PARENT}\n{ending}"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    pid = int(parent.stdout)
    assert ends(pid), "the worker runs after Blender ended"
    assert "Warning" not in parent.stderr
