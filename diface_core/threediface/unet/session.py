"""A U-Net opened on ONNX Runtime, and its denoiser for one speech and style."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ...inference.session import Session
from ...types import Float32Array
from ..networks import STEP_TABLE_ROWS, Network, PrecomputedSpeech
from .graph import speech_name, unet_graph
from .row_order import RowOrder, row_indices
from .stages import Stage, stages_of
from .winograd import TILE

NORMS = (None, "batch", "batchfalse")
"""Norms that the graph has; networks with others run on torch."""

StepDenoiser = Callable[[Float32Array, int], Float32Array]
"""Embedded motion (T, ch) and row of the step table -> guided hidden output (T, ch)."""


@dataclass(frozen=True)
class UnetSession:
    """A network's layers between its first and last linear map, with the weights of the time of `open`.

    Attributes:
        session: The graph of `graph.unet_graph`.
        stages: The network's convolutions.
        steps: Embedding of every row of the step table (STEP_TABLE_ROWS, ch).
    """

    network: Network
    session: Session
    stages: list[Stage]
    steps: Float32Array

    @classmethod
    def open(cls, network: Network) -> UnetSession | None:
        """Open a network on the CPU; None if it is on a GPU, or has a norm that the graph does not have."""
        if network.device.type != "cpu" or network.config.norm not in NORMS:
            return None
        with torch.inference_mode():
            steps = network.encoder.embed_timestep(torch.arange(STEP_TABLE_ROWS)).numpy()
        return cls(network, _session(network, torch.get_num_threads()), stages_of(network), steps)

    @cached_property
    def paired(self) -> Session:
        """The same for two calls at once: together they have as many threads as one call of `session`."""
        return _session(self.network, max(1, torch.get_num_threads() - 1))

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        """The thread of the second of two calls at once."""
        return ThreadPoolExecutor(1)

    def denoiser(self, speech: Tensor, weights: Float32Array, style: Tensor | None) -> StepDenoiser:
        """Return the denoiser for a mix of conditionings.

        Two conditionings on the CPU are two calls at once. These wait for each other once in a step, where the threads
        of one call with both wait after every operation.

        Args:
            speech: Speech features of every conditioning (B, T, ch), T a multiple of the network's stride.
            weights: (B,), weight of every conditioning's output in the result.
            style: (1, styles) or None.
        """
        if len(speech) != 2 or self.session.device != "CPU" or torch.get_num_threads() == 1:
            return self._one_call(self.session, speech, weights, style)
        one = np.ones(1, np.float32)
        first, second = (self._one_call(self.paired, part[None], one, style) for part in speech)

        def denoise(embedded: Float32Array, step: int) -> Float32Array:
            waiting = self._thread.submit(second, embedded, step)
            return weights[0] * first(embedded, step) + weights[1] * waiting.result()

        return denoise

    def _one_call(self, session: Session, speech: Tensor, weights: Float32Array, style: Tensor | None) -> StepDenoiser:
        """Return the denoiser for a mix of conditionings that computes all in one call."""
        items, rows, width = speech.shape
        style_map = self.network.decoder.style_map
        with torch.inference_mode():
            offset = torch.zeros(1, width) if style is None or style_map is None else style_map(style)
            inputs: dict[str, np.ndarray] = {
                **row_indices(self.network.config, self.stages, items, rows),
                **self._speech_inputs(speech),
                "mix": weights[None].astype(np.float32),
                "style": offset.numpy(),
            }
        names = session.input_names
        inputs = {name: value for name, value in inputs.items() if name in names}

        def denoise(embedded: Float32Array, step: int) -> Float32Array:
            return session.run_all({**inputs, "embedded": embedded, "step": self.steps[step : step + 1]})[0]

        return denoise

    def _speech_inputs(self, speech: Tensor) -> dict[str, Float32Array]:
        """Return the convolved speech of every infusion in the graph's order of rows."""
        infused = [number for number, stage in enumerate(self.stages) if stage.infused]
        prepared = self.network.speech_per_layer(speech, PrecomputedSpeech)
        inputs = {}
        for number, one in zip(infused, prepared, strict=True):
            assert isinstance(one, PrecomputedSpeech)
            values = one.speech.transpose(1, 2).numpy()  # (B, t, outputs)
            items, rows, width = values.shape
            order = RowOrder.tiled(items, rows)
            ordered = np.zeros((order.size, width), np.float32)
            ordered[order.position(np.arange(items)[:, None], np.arange(rows)[None])] = values
            inputs[speech_name(number)] = ordered.reshape(TILE, items, -1)
        return inputs


def _session(network: Network, threads: int) -> Session:
    graph = unet_graph(network)
    return Session(graph.to_bytes(), graph.weights, threads, f"The 3DiFACE {network.config.part} network")
