"""What is reported about torch in the worker's Python."""

from __future__ import annotations

import importlib
import importlib.util
from types import SimpleNamespace

import pytest

from diface_core.runtime import torch_support


@pytest.fixture
def installed(monkeypatch):
    """Return a function that pretends that only some packages are installed, and what importing torch does."""

    def pretend(names: set[str], torch: object = None) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: SimpleNamespace() if name in names else None)

        def import_module(_name: str) -> object:
            if isinstance(torch, Exception):
                raise torch
            return torch

        monkeypatch.setattr(importlib, "import_module", import_module)

    return pretend


def fake_torch(version: str, gpu: str | None = None) -> SimpleNamespace:
    cuda = SimpleNamespace(is_available=lambda: gpu is not None, get_device_name=lambda: gpu)
    return SimpleNamespace(__version__=version, cuda=cuda)


def test_missing_packages_are_named(installed):
    installed(set())
    assert torch_support.check_torch() == torch_support.TorchSupport(
        None, ("torch is missing", "transformers is missing")
    )


def test_complete_environment_has_no_problems(installed):
    installed({"torch", "transformers"}, fake_torch("2.13.0+cpu"))
    assert torch_support.check_torch() == torch_support.TorchSupport("CPU", ())


def test_gpu_is_named(installed):
    installed({"torch", "transformers"}, fake_torch("2.13.0", "A GPU"))
    assert torch_support.check_torch().device == "A GPU"


def test_old_torch_is_a_problem(installed):
    installed({"torch"}, fake_torch("2.5.1"))
    assert torch_support.check_torch().problems == (
        "torch 2.5.1 is too old, 2.6 or later is needed",
        "transformers is missing",
    )


def test_torch_that_cannot_be_loaded_is_explained(installed):
    error = "libgomp.so.1: cannot open shared object file: No such file or directory"
    installed({"torch", "transformers"}, ImportError(error))
    support = torch_support.check_torch()
    assert support.device is None
    assert "libgomp.so.1 is missing" in support.problems[0]


@pytest.mark.parametrize(("version", "is_old"), [("2.5.9", True), ("2.6", False), ("2.13.0+cpu", False)])
def test_versions_are_compared_as_numbers(version, is_old):
    assert torch_support.is_too_old(version) is is_old
