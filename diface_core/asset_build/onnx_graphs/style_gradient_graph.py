"""The gradient of the training loss in a denoiser's style and output layer, as one graph without weights.

torch traces the loss and its derivatives; the trace is exported. So inference needs no code for derivatives, and
style adaptation needs no torch.
"""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Callable
from typing import Any

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor
from torch._decomp import core_aten_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from ...inference.denoiser_config import DenoiserConfig
from ...inference.onnx_graph import IR_VERSION, PRODUCER, WEIGHT_LOCATION
from ...inference.session import OPSET
from ...inference.style_gradient import TRAINED
from ...learning.style_gradient import EXAMPLES, gradient_function
from ...networks.denoiser import Denoiser


def style_gradient_graph(config: DenoiserConfig, batch: int, rows: int) -> bytes:
    """Return the graph file for `batch` examples of `rows` rows."""
    denoiser = Denoiser(dataclasses.replace(config, styles=config.styles[:1], dropout=0.0)).eval()
    frozen = [name for name in denoiser.state_dict() if name not in TRAINED]
    names = [*TRAINED, *EXAMPLES, *frozen]
    state = {name: value.detach() for name, value in denoiser.state_dict().items()}
    inputs = (*(state[name] for name in TRAINED), *_examples(config, batch, rows), *(state[n] for n in frozen))
    gradient = gradient_function(denoiser, names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = make_fx(gradient, decomposition_table=_decompositions())(*inputs)
        exported = torch.onnx.export(
            torch.export.export(traced, inputs),
            inputs,
            dynamo=True,
            opset_version=OPSET,
            input_names=names,
            output_names=["loss", *(f"d {name}" for name in TRAINED)],
            verbose=False,
        )
    assert exported is not None
    model = exported.model_proto
    _provide_weights_by_session(model, set(frozen))
    model.ir_version, model.producer_name = IR_VERSION, PRODUCER
    helper.set_model_props(
        model, {"config": json.dumps(dataclasses.asdict(config)), "batch": str(batch), "rows": str(rows)}
    )
    return model.SerializeToString(deterministic=True)


def _examples(config: DenoiserConfig, batch: int, rows: int) -> tuple[Tensor, ...]:
    """Return values of EXAMPLES with the right shapes."""
    motion = torch.rand(batch, rows, len(config.channels))
    features, weight = torch.rand(batch, rows, config.features[1]), torch.ones_like(motion)
    mask, scalar = torch.zeros_like(motion), torch.tensor(1.0)
    times, channel_weight = torch.full((batch,), 0.5), torch.ones(len(config.channels))
    return features, motion, weight, mask, times, motion.clone(), channel_weight, scalar, scalar.clone()


def _decompositions() -> dict[Any, Callable[..., Any]]:
    """Return the rewriting of torch's operators for the export.

    The derivative of a slice is the slice with zeros around it. torch's own rewriting copies it by an index of all its
    elements, which takes megabytes of constants and most of the time.
    """

    def slice_backward(grad: Tensor, sizes: list[int], dim: int, start: int, end: int, step: int) -> Tensor:
        assert step == 1
        dim %= len(sizes)
        after = sizes[dim] - start - grad.shape[dim]
        return torch.constant_pad_nd(grad, [0, 0] * (len(sizes) - 1 - dim) + [start, after])

    return {**core_aten_decompositions(), torch.ops.aten.slice_backward.default: slice_backward}


def _provide_weights_by_session(model: onnx.ModelProto, weights: set[str]) -> None:
    """Turn the inputs that are frozen weights into initializers without values."""
    for value in [value for value in model.graph.input if value.name in weights]:
        shape = [size.dim_value for size in value.type.tensor_type.shape.dim]
        tensor = TensorProto(name=value.name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=WEIGHT_LOCATION)
        model.graph.initializer.append(tensor)
        model.graph.input.remove(value)
