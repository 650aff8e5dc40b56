"""A linear map on ONNX Runtime.

It replaces numpy's product beside a network: OpenBLAS' threads spin for a while after a product, on the cores that the
network's next call needs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..types import Float32Array
from .onnx_graph import OnnxGraph
from .session import Session


def linear(
    weight: Float32Array, bias: Float32Array, threads: int | None = None
) -> Callable[[Float32Array], Float32Array]:
    """Return the map of rows (T, inputs) to rows @ weight.T + bias (T, outputs).

    Args:
        weight: (outputs, inputs).
        bias: (outputs,).
        threads: Number of threads of one call; None uses all cores.
    """
    graph = OnnxGraph()
    rows, matrix = graph.input("rows", ["T", weight.shape[1]]), graph.weight("weight", weight.T)
    product = graph.op("Gemm", rows, matrix, graph.weight("bias", bias))
    graph.output("result", product, ["T", len(weight)])
    session = Session(graph.to_bytes(), graph.weights, threads, "A linear map")
    return lambda values: session.run(rows=np.ascontiguousarray(values, np.float32))
