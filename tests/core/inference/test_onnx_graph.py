"""Graphs that diface_core writes by itself are valid to the package onnx and run on ONNX Runtime."""

import numpy as np
import onnx
import pytest

from diface_core import ModelError
from diface_core.inference.onnx_graph import OnnxGraph
from diface_core.inference.session import Session


def graph_of_every_kind() -> OnnxGraph:
    """Return a graph with each kind of attribute, constant and input."""
    graph = OnnxGraph()
    x, rows = graph.input("x", ["T", 6]), graph.input("rows", ["N"], np.int32)
    picked = graph.op("Gather", x, rows, axis=0)
    left, right = graph.ops("Split", picked, count=2, axis=-1, num_outputs=2)
    product = graph.op("Gemm", left, graph.weight("weight", np.arange(6.0).reshape(2, 3)), transB=1)
    padded = graph.op("Pad", graph.op("LeakyRelu", product, alpha=0.25), graph.constant([1, 0, 0, 0]), mode="edge")
    added = graph.op("Add", padded, graph.constant([[-300.0, 0.5]], np.float32))
    total = graph.op("ReduceSum", graph.op("Transpose", right, perm=[1, 0]), graph.constant([0, 1]))
    graph.output("result", graph.op("Add", graph.reshape(added, -1, 2), total), ["M", 2])
    return graph


def test_file_is_valid_and_holds_what_was_added() -> None:
    graph = graph_of_every_kind()
    model = onnx.ModelProto()
    model.ParseFromString(graph.to_bytes())
    for tensor in model.graph.initializer:  # the checker would look for a file
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            tensor.CopyFrom(onnx.numpy_helper.from_array(graph.weights[tensor.name], tensor.name))
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node][:2] == ["Gather", "Split"]
    constants = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    assert any(np.array_equal(values, np.array([[-300, 0.5]])) for values in constants)
    assert model.graph.node[1].attribute[0].i == -1
    assert [axis.dim_param or axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim] == ["T", 6]


def test_session_runs_the_content() -> None:
    graph = graph_of_every_kind()
    x = np.random.default_rng(0).standard_normal((5, 6), np.float32)
    session = Session(graph.to_bytes(), graph.weights, 1)
    assert session.input_names == ["x", "rows"]
    [result] = session.run_all({"x": x, "rows": np.array([4, 0, 0], np.int32)})
    left, right = x[[4, 0, 0], :3], x[[4, 0, 0], 3:]
    product = left @ np.arange(6.0).reshape(2, 3).T
    product = np.where(product < 0, 0.25 * product, product)
    expected = np.concatenate([product[:1], product]) + [[-300.0, 0.5]] + right.sum()
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_damaged_content_is_refused_by_the_name_of_the_graph() -> None:
    with pytest.raises(ModelError, match="The face network cannot be opened"):
        Session(graph_of_every_kind().to_bytes()[:40], {}, 1, "The face network")
