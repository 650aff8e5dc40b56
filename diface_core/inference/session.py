"""Sessions of ONNX Runtime: graphs without weights, opened with the weights of a safetensors file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DifaceError, ModelError
from ..runtime.start_errors import explain_message, this_system
from ..runtime.threads import usable_cores
from ..runtime.versions import is_older
from ..types import Float32Array

try:
    import onnxruntime
except ImportError as reason:  # a library that is missing, damaged, or blocked by antivirus software, is one too
    problem = explain_message(str(reason))
    cause = f"{problem.cause} " if problem else ""
    raise DifaceError(
        f"ONNX Runtime cannot be loaded: {cause}({reason}; {this_system()}).",
        problem.hint if problem else "Set Worker Python to one that has onnxruntime, or install DiFACE again.",
    ) from reason

log = logging.getLogger(__name__)

OPSET = 18
"""Version of ONNX's operators that the graphs use."""

MIN_VERSION = (1, 17)
"""Oldest ONNX Runtime whose results are tested."""

CPU = "CPUExecutionProvider"
GPU_PROVIDERS = {"CUDAExecutionProvider": "CUDA", "DmlExecutionProvider": "DirectML"}
"""Providers that are used where the installed ONNX Runtime has them, in order -> name of the device."""

PROVIDER_VARIABLE = "DIFACE_ONNX_PROVIDER"
"""Environment variable with the name of the one provider to use. Only so is CoreML used: every build for macOS has
it, but it computes in half precision and compiles the network again for every length."""

DAMAGED = "Install DiFACE again, or run `python3 build.py assets` in a checkout."


class Session:
    """One network, opened on the best device.

    Attributes:
        device: Name of the device, such as "CPU" or "CUDA".
        metadata: What the graph's file says about it.
        threads: Number of threads of one call.
    """

    def __init__(
        self,
        graph: Path | bytes,
        weights: Mapping[str, Float32Array],
        threads: int | None = None,
        name: str | None = None,
    ) -> None:
        """Open a graph.

        Args:
            graph: The .onnx file, or its content.
            weights: Values of the graph's weights by name; more than it has may be given.
            threads: Number of threads of one call on the CPU; None uses all cores.
            name: What messages call the graph; None uses the file's name.

        Raises:
            ModelError: The file is missing or damaged, or does not match the weights.
            DifaceError: ONNX Runtime is too old.
        """
        check_version(onnxruntime.__version__)
        if isinstance(graph, Path) and not graph.is_file():
            raise ModelError(f"The network file {graph.name} is missing.", DAMAGED)
        self.threads = threads or usable_cores()
        label = name or (f"The network file {graph.name}" if isinstance(graph, Path) else "The network")
        self._session = _open(graph, label, weights, self.threads)
        provider = self._session.get_providers()[0]
        self.device: str = GPU_PROVIDERS.get(provider) or provider.removesuffix("ExecutionProvider")
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._open_on_cpu: Callable[[], onnxruntime.InferenceSession] | None = None
        if provider != CPU:
            self._open_on_cpu = partial(_create, graph, label, weights, self.threads, [CPU])

    def run(self, **inputs: Float32Array) -> Float32Array:
        """Return the first output for float32 inputs by name. Several threads may call it at once on the CPU."""
        return self.run_all(inputs)[0]

    def run_all(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[Float32Array]:
        """Return all outputs for inputs by name. If a GPU fails, the network stays on the CPU from then on."""
        try:
            outputs = self._session.run(None, dict(inputs))
        except Exception as problem:  # onnxruntime's exceptions share no base class
            if self._open_on_cpu is None:
                raise
            log.warning("%s failed, so the CPU is used: %s", self.device, problem)
            self._session, self.device, self._open_on_cpu = self._open_on_cpu(), "CPU", None
            outputs = self._session.run(None, dict(inputs))
        return [np.asarray(output) for output in outputs]

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs, without those that the graph does not use."""
        return [one.name for one in self._session.get_inputs()]


def check_version(installed: str) -> None:
    """Check the version of ONNX Runtime, such as "1.32.0". Raises DifaceError if it is too old."""
    if is_older(installed, MIN_VERSION):
        wanted = ".".join(map(str, MIN_VERSION))
        raise DifaceError(
            f"ONNX Runtime {installed} is too old: DiFACE needs {wanted} or later.",
            "Update the package onnxruntime of the worker's Python, or let DiFACE use its own.",
        )


def choose_providers(available: list[str], wanted: str | None = None) -> list[str]:
    """Return the providers to try in order: the one that is wanted or the first GPU, then the CPU."""
    first = [wanted] if wanted else list(GPU_PROVIDERS)
    return [*[name for name in first if name in available and name != CPU][:1], CPU]


def _open(
    graph: Path | bytes, label: str, weights: Mapping[str, Float32Array], threads: int
) -> onnxruntime.InferenceSession:
    providers = choose_providers(onnxruntime.get_available_providers(), os.environ.get(PROVIDER_VARIABLE))
    try:
        return _create(graph, label, weights, threads, providers)
    except ModelError as problem:
        if providers == [CPU]:
            raise
        log.warning("%s cannot run on %s, so the CPU is used: %s", label, providers[0], problem)
        return _create(graph, label, weights, threads, [CPU])


def _create(
    graph: Path | bytes, label: str, weights: Mapping[str, Float32Array], threads: int, providers: list[str]
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_mem_pattern = providers[0] == CPU  # DirectML does not support it
    # Threads that wait would take cores from Blender.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(v)) for name, v in weights.items()}
    options.add_external_initializers(list(values), list(values.values()))
    try:
        return onnxruntime.InferenceSession(graph, options, providers)
    except Exception as damage:  # its exceptions share no base class
        reason = str(damage).strip().splitlines()[0]
        raise ModelError(f"{label} cannot be opened: {reason}.", DAMAGED) from damage
