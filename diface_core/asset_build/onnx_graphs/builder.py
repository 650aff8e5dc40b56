"""A builder of the bundled networks' graphs, whose weights stay in a safetensors file."""

from __future__ import annotations

import numpy as np

from ...inference.onnx_graph import OnnxGraph


class GraphBuilder(OnnxGraph):
    """A graph with layers, named as torch's modules; every method returns the name of the value that it adds.

    Values are rows (B, T, W) unless a method states another shape.
    """

    def __init__(self, batch_of: str) -> None:
        """Start a graph.

        Args:
            batch_of: The input whose first axis is the batch.
        """
        super().__init__()
        self._batch_of = batch_of
        self._row_shapes: dict[tuple[int, ...], str] = {}

    def linear(
        self, x: str, name: str, inputs: int, outputs: int, row_width: int | None = None, bias: bool = True
    ) -> str:
        """Add a Linear over rows of `inputs` values; its output is read as rows of `row_width` values.

        The product is a Gemm over (B T, inputs), which includes the bias and reads torch's layout of the weights.
        """
        flat = self.op("Reshape", x, self.constant([-1, inputs]))
        product = self.flat_linear(flat, name, inputs, outputs, bias)
        return self.op("Reshape", product, self.row_shape(row_width or outputs))

    def flat_linear(self, x: str, name: str, inputs: int, outputs: int, bias: bool = True) -> str:
        """Add a Linear over (N, inputs)."""
        added = [self.session_weight(f"{name}.bias", outputs)] if bias else []
        return self.op("Gemm", x, self.session_weight(f"{name}.weight", outputs, inputs), *added, transB=1)

    def layer_norm(self, x: str, name: str | None, width: int) -> str:
        """Add a LayerNorm over the last axis; without a name it has no weights."""
        if name is None:
            scale = self.constant(np.ones(width), np.float32)
            return self.op("LayerNormalization", x, scale, axis=-1, epsilon=1e-5)
        scale, bias = self.session_weight(f"{name}.weight", width), self.session_weight(f"{name}.bias", width)
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def gelu(self, x: str) -> str:
        """Add an exact GELU; onnxruntime makes one operation of it."""
        root, one, half = (self.constant(value, np.float32) for value in (2**0.5, 1.0, 0.5))
        erf = self.op("Erf", self.op("Div", x, root))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, one)), half)

    def slice(self, x: str, first: str, last: str, axis: int) -> str:
        """Add a Slice of one axis; `first` and `last` are int64 values of shape (1,)."""
        return self.op("Slice", x, first, last, self.constant([axis]))

    def row_shape(self, *widths: int) -> str:
        """Return the shape (B, -1, *widths) as a value."""
        if widths not in self._row_shapes:
            batch = self.op("Shape", self._batch_of, start=0, end=1)
            self._row_shapes[widths] = self.op("Concat", batch, self.constant([-1, *widths]), axis=0)
        return self._row_shapes[widths]

    def pad_rows(self, x: str, multiple: int) -> tuple[str, str]:
        """Add zeros until the number of rows is a multiple; return the rows and their former number (1,)."""
        count = self.op("Shape", x, start=1, end=2)
        missing = self.op("Mod", self.op("Neg", count), self.constant([multiple]))
        pads = self.op("Concat", self.constant([0, 0, 0, 0]), missing, self.constant([0]), axis=0)
        return self.op("Pad", x, pads), count

    def first_rows(self, x: str, count: str) -> str:
        """Return the first `count` (1,) rows."""
        return self.slice(x, self.constant([0]), count, axis=1)
