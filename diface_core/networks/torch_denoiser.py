"""A denoiser of torch in the sampler: for style adaptation, evaluation, and as the reference of the tests."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import torch
from torch import Tensor, nn

from ..inference.channel_scale import ChannelScale
from ..inference.denoiser_config import DenoiserConfig
from ..inference.denoiser_file import fingerprint
from ..types import Float32Array
from .denoiser import Denoiser
from .parallel import map_parallel


class TorchDenoiser:
    """A `Denoiser` from numpy to numpy: `model.motion_denoiser.MotionDenoiser`. It computes on the network's device."""

    def __init__(self, network: Denoiser) -> None:
        self.network = network

    @property
    def device(self) -> str:
        """Name of the device that computes."""
        return self.network.device.type.upper()

    @property
    def config(self) -> DenoiserConfig:
        """The architecture."""
        return self.network.config

    @property
    def scale(self) -> ChannelScale:
        """Mean and deviation of the channels."""
        return ChannelScale(*(_numpy(self.network.get_buffer(name)) for name in ("mean", "deviation", "known")))

    @property
    def feature_scale(self) -> tuple[Float32Array, Float32Array]:
        """Mean and deviation (D,) of the features' columns that it reads."""
        return _numpy(self.network.speech.get_buffer("mean")), _numpy(self.network.speech.get_buffer("deviation"))

    @property
    def output_weight(self) -> Float32Array:
        """The weight (C, width) of the last layer."""
        return _numpy(self.network.output_layer.weight)

    @property
    def output_bias(self) -> Float32Array:
        """The bias (C,) of the last layer."""
        return _numpy(self.network.output_layer.bias)

    @property
    def styles(self) -> Float32Array:
        """Vectors (S, 2 width) of the trained styles."""
        return _numpy(self.network.style.weight)

    @property
    def no_speech(self) -> Float32Array:
        """The learnt input (W,) in place of speech."""
        return _numpy(self.network.speech.unheard)

    @property
    def stride(self) -> int:
        """Windows must begin at multiples of this."""
        return self.network.stride

    @property
    def context_rows(self) -> int:
        """Receptive field on either side, in rows."""
        return self.network.context_rows

    @property
    def speech_context_rows(self) -> int:
        """Receptive field of the speech tower on either side, in rows."""
        return self.network.speech.context_rows

    @property
    def fingerprint(self) -> str:
        """Hash (hex) of the weights, by which style files name their model."""
        return fingerprint({name: _numpy(value) for name, value in self.network.state_dict().items()})

    @torch.inference_mode()
    def encode_speech(self, features: Float32Array) -> Float32Array:
        """Return the speech tower's rows (1, T, W) for features (T, D)."""
        return _numpy(self.network.speech(self._tensor(features[None])))

    def denoise(
        self, xt: Float32Array, t: float, speech: Float32Array, style: Float32Array, flags: Float32Array
    ) -> Float32Array:
        """Return x0 (B, T, C) for each of B conditions, as `OnnxDenoiser.denoise`."""
        noisy, known, heard, styles = (self._tensor(array) for array in (xt, flags, speech, style))

        @torch.inference_mode()
        def call(chosen: slice) -> Float32Array:
            count = len(styles[chosen])
            times = torch.full((count,), t, device=self.network.device)
            repeated = (tensor.expand(count, -1, -1) for tensor in (noisy, known))
            xt, flags = repeated
            return _numpy(self.network(xt, times, heard[chosen], styles[chosen], flags))

        if self.network.device.type == "cpu":  # each condition has its share of the cores
            return np.concatenate(map_parallel(call, [slice(i, i + 1) for i in range(len(style))]))
        return call(slice(None))

    def with_single_style(self, name: str, vector: Float32Array) -> TorchDenoiser:
        """Return a copy with one style, `vector` (2 width,)."""
        styled = copy.deepcopy(self.network)
        styled.config = dataclasses.replace(styled.config, styles=(name,), default_style=())
        styled.style = nn.Embedding.from_pretrained(self._tensor(vector[None]).clone(), freeze=False)
        return TorchDenoiser(styled)

    def with_output_offsets(self, weight: Float32Array, bias: Float32Array) -> TorchDenoiser:
        """Return a copy with offsets (C, width) and (C,) added to its last layer."""
        adapted = copy.deepcopy(self.network)
        with torch.no_grad():
            adapted.output_layer.weight.add_(self._tensor(weight))
            adapted.output_layer.bias.add_(self._tensor(bias))
        return TorchDenoiser(adapted)

    def _tensor(self, array: Float32Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.network.device)


def _numpy(tensor: Tensor) -> Float32Array:
    return tensor.detach().cpu().numpy()
