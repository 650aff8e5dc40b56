"""A builder of ONNX graphs whose weights stay in a safetensors file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from ...inference.session import OPSET

IR_VERSION = 9
"""Version of the file format: read by onnxruntime 1.15 and later."""

Shape = Sequence[int | str]
"""Sizes of a tensor's axes; a name stands for a size that a call decides."""


class GraphBuilder:
    """Collects the nodes of one graph; every method returns the name of the value that it adds.

    Values are rows (B, T, W) unless a method states another shape.
    """

    def __init__(self, batch_of: str) -> None:
        """Start a graph.

        Args:
            batch_of: The input whose first axis is the batch.
        """
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._batch_of = batch_of
        self._row_shapes: dict[tuple[int, ...], str] = {}

    # Values

    def input(self, name: str, shape: Shape) -> str:
        """Add a float32 input."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, value: str, shape: Shape) -> None:
        """Make a value a float32 output."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def weight(self, name: str, *shape: int) -> str:
        """Add a float32 weight, whose values are not in the graph: the session that opens it provides them."""
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="provided by the session")
        self._initializers[name] = tensor
        return name

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.int64) -> str:
        """Add a constant that is stored in the graph."""
        array = np.asarray(values, dtype)
        name = f"constant/{len(self._initializers)}"
        self._initializers[name] = numpy_helper.from_array(array, name)
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.ops(kind, *inputs, count=1, **attributes)[0]

    def ops(self, kind: str, *inputs: str, count: int, **attributes: Any) -> list[str]:
        """Add a node with `count` outputs."""
        names = [f"{kind}/{len(self._nodes)}/{number}" for number in range(count)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    # Layers, named as torch's modules

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
        added = [self.weight(f"{name}.bias", outputs)] if bias else []
        return self.op("Gemm", x, self.weight(f"{name}.weight", outputs, inputs), *added, transB=1)

    def layer_norm(self, x: str, name: str | None, width: int) -> str:
        """Add a LayerNorm over the last axis; without a name it has no weights."""
        if name is None:
            scale = self.constant(np.ones(width), np.float32)
            return self.op("LayerNormalization", x, scale, axis=-1, epsilon=1e-5)
        scale, bias = self.weight(f"{name}.weight", width), self.weight(f"{name}.bias", width)
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def silu(self, x: str) -> str:
        """Add a SiLU; onnxruntime makes one operation of it."""
        return self.op("Mul", x, self.op("Sigmoid", x))

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

    # The result

    def model(self, name: str, metadata: Mapping[str, str]) -> onnx.ModelProto:
        """Return the model; `metadata` is stored in it."""
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, initializer=list(self._initializers.values())
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="DiFACE")
        helper.set_model_props(model, dict(metadata))
        return model
