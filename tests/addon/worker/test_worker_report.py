"""Test Worker: the lines that say what the models run on."""

from __future__ import annotations

import pytest

from diface_addon.core import types
from diface_addon.jobs.setup.worker_test import report_lines


@pytest.mark.parametrize("device", ["CPU", "CUDA", "DirectML", "CoreML", "CPU, CUDA"])
def test_device_of_the_bundled_models_is_named(device) -> None:
    lines = report_lines({"onnxruntime": "1.32.0", "torch": None}, types.SelfTestResult(device, 40.4, None, ("torch",)))
    assert lines[:2] == ("onnxruntime 1.32.0", f"Bundled models: {device}, 40 x real time")
    assert lines[2].startswith("3DiFACE models: torch. Press Create Environment")


def test_device_of_3diface_models_is_named() -> None:
    lines = report_lines({"onnxruntime": "1.32.0", "torch": "2.13.0"}, types.SelfTestResult("CPU", 4.44, "cuda", ()))
    assert lines[1:] == ("Bundled models: CPU, 4.4 x real time", "3DiFACE models: cuda")
