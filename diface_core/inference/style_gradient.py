"""The gradient of the training loss in a style, on ONNX Runtime."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..types import Float32Array
from .denoiser import GRAPHS
from .denoiser_config import DenoiserConfig
from .denoiser_file import DenoiserFile, config_from_dict
from .session import DAMAGED, Session

TRAINED = ("style.weight", "leave.2.weight", "leave.2.bias")
"""Names of the parameters in a denoiser's file."""


@dataclass(frozen=True)
class StyleParameters:
    """A style's parameters, or the loss's derivatives in them.

    Attributes:
        vector: (2 width,), the style vector.
        weight: (C, width), the output layer's weight.
        bias: (C,), its bias.
    """

    vector: Float32Array
    weight: Float32Array
    bias: Float32Array

    def arrays(self) -> tuple[Float32Array, Float32Array, Float32Array]:
        """Return vector, weight and bias."""
        return self.vector, self.weight, self.bias


class OnnxStyleGradient:
    """The gradient of the loss for one denoiser, over a fixed number of examples and rows."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.batch, self.rows = int(session.metadata["batch"]), int(session.metadata["rows"])

    @classmethod
    def load(cls, file: DenoiserFile, graphs: Path = GRAPHS) -> OnnxStyleGradient:
        """Open the graph of a denoiser's file: face_gradient.onnx for face.safetensors.

        Raises:
            ModelError: The graph is missing, damaged, or of another architecture.
        """
        path = graphs / f"{file.path.stem}_gradient.onnx"
        session = Session(path, {name: value for name, value in file.weights.items() if name not in TRAINED})
        if _config(session) != file.config:
            raise ModelError(f"The network file {path.name} does not match {file.path.name}.", DAMAGED)
        return cls(session)

    def __call__(self, parameters: StyleParameters, inputs: dict[str, Float32Array]) -> StyleParameters:
        """Return the derivatives of the loss.

        Args:
            parameters: Where they are computed.
            inputs: x0, xt, features, weight and mask (B, rows, ...), t (B,), all at most `batch`; channel_weight (C,);
                velocity_weight and gap_weight. See `learning.losses`.

        Raises:
            ValueError: The number of examples or rows does not fit.
        """
        count, rows = inputs["x0"].shape[:2]
        if rows != self.rows or count > self.batch:
            raise ValueError(f"At most {self.batch} examples of {self.rows} rows are possible. Got {count} of {rows}.")
        missing = self.batch - count  # examples of weight 0 do not change the means
        padded = {
            name: np.concatenate([value, np.zeros((missing, *value.shape[1:]), np.float32)])
            if len(value.shape) and name != "channel_weight"
            else value
            for name, value in inputs.items()
        }
        vector, weight, bias = parameters.arrays()
        trained = dict(zip(TRAINED, (vector[None], weight, bias), strict=True))
        _loss, vector, weight, bias = self._session.run_all({**trained, **padded})
        return StyleParameters(vector[0], weight, bias)


def _config(session: Session) -> DenoiserConfig:
    return config_from_dict(json.loads(session.metadata["config"]))
