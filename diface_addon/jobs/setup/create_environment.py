"""Create Environment: a virtual environment with torch, which becomes the worker's Python."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import bpy

from ...core import errors
from ...settings import preferences
from ...worker import environment, environment_task, process
from ...worker.environment import EnvironmentPlan
from .. import running_job

NAMES = ("environment-1", "environment-2")
"""Folders of environments. The one in use is kept until another one is complete."""


@dataclass(frozen=True)
class NewEnvironment:
    """The environment that was created; its Python is the worker's now."""

    name: str

    @property
    def notes(self) -> tuple[str, ...]:
        return ("Press Test Worker to see what it runs on.",)


class EnvironmentJob(running_job.RunningJob):
    """An environment that is being created."""

    def __init__(self, task: environment_task.EnvironmentTask) -> None:
        super().__init__()
        self._task = task

    @property
    def task(self) -> environment_task.EnvironmentTask:
        """The commands that create the environment."""
        return self._task

    def write_result(self) -> NewEnvironment:
        """Make the environment's Python the worker's, and remove the environment before it."""
        interpreter, planned = self.task.wait(), self.task.plan.folder
        process.close_shared_worker()
        preferences.set_worker_python(interpreter)
        for name in NAMES:
            folder = planned.with_name(name)
            if folder != planned:
                shutil.rmtree(folder, ignore_errors=True)
        return NewEnvironment(str(interpreter))


def check_can_create() -> None:
    """Raise WorkerError while a job is running or Online Access is off. Fast enough for a button's poll."""
    running_job.check_idle()
    if not bpy.app.online_access:
        hint = "Turn it on in the preferences, under System > Network, to let DiFACE download packages."
        raise errors.WorkerError("Online Access is off.", hint)


def make_plan() -> EnvironmentPlan:
    """Return what Create Environment would run. Raises WorkerError if no Python for it is found."""
    root, in_use = preferences.environments_folder(), preferences.worker_python()
    free = [root / name for name in NAMES if in_use is None or root / name not in in_use.parents]
    return EnvironmentPlan(environment.find_python(), free[0])


def begin(plan: EnvironmentPlan) -> EnvironmentJob:
    """Begin to create the environment. Raises WorkerError."""
    check_can_create()
    job = EnvironmentJob(environment_task.EnvironmentTask(plan))
    running_job.set_current(job)
    return job


def named_packages(plan: EnvironmentPlan) -> str:
    """Return the most important packages in words."""
    return ", ".join(f"{name} {plan.packages[name]}" for name in environment.NAMED_PACKAGES if name in plan.packages)


def download_size(plan: EnvironmentPlan) -> str:
    """Return the size of the download in words."""
    megabytes = plan.megabytes
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"
