"""Workers with a fast engine whose behaviour the request's style selects, for tests of faults in a real process.

Started as modules, as diface_core.worker is: the environment variable SCENARIO selects the behaviour at the start.
"""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np

from diface_core import AudioError, GenerateRequest, GenerateResult, Motion, Progress, channels, worker


class Engine:
    """Engine whose values are all the seed."""

    def generate(self, request: GenerateRequest, report) -> GenerateResult:
        getattr(self, request.style.blend[0][0] if request.style.blend else "plain")(request, report)
        names = channels.of_parts(request.parts)
        values = np.full((30, len(names)), request.seed, np.float32)
        return GenerateResult(Motion(values, names, request.rate), "fake", {"all": 0.0})

    def prefetch(self) -> None:
        """Fail, or write down that the models were loaded, as the environment says."""
        if os.environ.get("PREFETCH") == "fails":
            raise ZeroDivisionError("division by zero")
        sys.stderr.write("prefetched\n")
        sys.stderr.flush()

    def plain(self, request, report):
        for step in range(request.steps):
            report(Progress(step / request.steps, "Generating the motion"))

    def slow(self, request, report):
        """Take a minute in short steps."""
        for step in range(6000):
            report(Progress(step / 6000, "Generating the motion"))
            time.sleep(0.01)

    def stuck(self, request, report):
        """Take one long step, as a long torch operation does."""
        report(Progress(0.5, "Stuck"))
        time.sleep(60)

    def audio(self, request, report):
        raise AudioError(f"{request.audio.path.name} is silent.", "Choose another.")

    def bug(self, request, report):
        raise KeyError("oops")

    def memory(self, request, report):
        raise MemoryError

    def allocates(self, request, report):
        """Run out of memory in the middle, really."""
        report(Progress(0.5, "Generating the motion"))
        np.ones(1 << 50)

    def torch_memory(self, request, report):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    def killed(self, request, report):
        report(Progress(0.5, "Dying"))
        os.kill(os.getpid(), 9)

    def bad_library(self, request, report):
        """Crash as in a truncated library."""
        os.kill(os.getpid(), signal.SIGBUS)

    def old_processor(self, request, report):
        """Crash at an instruction that the processor does not have."""
        os.kill(os.getpid(), signal.SIGILL)

    def exits(self, request, report):
        sys.stderr.write("so long\n")
        sys.stderr.flush()
        os._exit(3)

    def prints(self, request, report):
        """Print as libraries do: from Python, from C and from a child process."""
        print("printed")  # noqa: T201
        sys.stdout.write("written\n")
        sys.stdout.flush()
        os.write(1, b"written to fd 1\n")
        subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)

    def reads(self, request, report):
        assert sys.stdin.read() == ""

    def malformed(self, request, report):
        """Write text to the pipe."""
        for fd in range(3, 20):
            try:
                os.write(fd, b"Downloading: 100%\n" * 10)
            except OSError:
                continue
        time.sleep(60)

    def truncated(self, request, report):
        """End the process within a message."""
        for fd in range(3, 20):
            try:
                os.write(fd, b"\x93DFC\xff\x00\x00\x00{")
            except OSError:
                continue
        os.kill(os.getpid(), 9)


class DiesIdle(Engine):
    """Engine whose process exits when it is ready."""

    def __init__(self) -> None:
        threading.Timer(0.2, os._exit, [0]).start()


def load() -> Engine:
    scenario = os.environ.get("SCENARIO", "")
    if scenario == "slow load":
        time.sleep(1.0)
    if scenario == "load hangs":
        time.sleep(60)
    if scenario == "load needs torch":
        import missing_torch  # noqa: F401
    if scenario == "load breaks":
        raise ZeroDivisionError("division by zero")
    if scenario == "short idle time":
        worker.IDLE_SECONDS = 0.3
    if scenario == "dies idle":
        worker._handle_request = lambda *_: time.sleep(60)
        return DiesIdle()
    return Engine()


if __name__ == "__main__":
    match os.environ.get("SCENARIO", ""):
        case "no greeting":
            time.sleep(60)
        case "import fails":
            import missing_numpy  # noqa: F401
        case "malformed first":
            print("Welcome to this Python!", flush=True)  # noqa: T201
        case "killed at start":
            os.kill(os.getpid(), 9)
        case "exits at start":
            sys.exit(0)
    worker.serve(load)
