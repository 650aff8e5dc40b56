"""Reference implementation of 3DiFACE's networks and samplers, written from their description for comparison."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as f

ACTIVATIONS = {
    "relu": f.relu,
    "leakyrelu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "swish": lambda x: x / (1 + torch.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
}


class Plain:
    """One network, from its options and its weights by name."""

    def __init__(self, params: dict, state: dict[str, Tensor]) -> None:
        self.params, self.state = params, state
        self.act = ACTIVATIONS[params["activation"]]

    def conv(self, name: str, x: Tensor) -> Tensor:
        mode = {"zeros": "constant"}.get(self.params["padding_type"], self.params["padding_type"])
        return f.conv1d(f.pad(x, (1, 1), mode=mode), self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def norm(self, name: str, x: Tensor) -> Tensor:
        kind = self.params["norm"]
        if kind is None:
            return x
        if kind.startswith("batch"):
            mean, variance = (self.state[f"{name}.running_{key}"][None, :, None] for key in ("mean", "var"))
            y = (x - mean) / torch.sqrt(variance + 1e-6)
        else:
            groups = {"Group": 32, "Layer": 1}.get(kind, x.shape[1])
            parts = x.reshape(len(x), groups, -1)
            epsilon = 1e-5 if kind == "instance" else 1e-6
            variance = parts.var(-1, keepdim=True, unbiased=False)
            y = ((parts - parts.mean(-1, keepdim=True)) / torch.sqrt(variance + epsilon)).reshape(x.shape)
        if kind in ("batch", "Group", "Layer"):
            y = y * self.state[f"{name}.weight"][:, None] + self.state[f"{name}.bias"][:, None]
        return y

    def infuse(self, name: str, x: Tensor) -> Tensor:
        name = f"{name}.mle_layer" if f"{name}.mle_layer.0.weight" in self.state else name
        return self.norm(f"{name}.2", self.act(self.conv(f"{name}.0", x)))

    def resize(self, name: str, x: Tensor, change) -> Tensor:
        name = f"{name}.mle_layer"
        x = self.act(change(x, self.state[f"{name}.0.weight"], self.state[f"{name}.0.bias"], stride=2))
        return self.act(self.conv(f"{name}.2", x))

    def step(self, t: int) -> Tensor:
        width = self.params["ch"]
        row = torch.tensor([
            (math.sin if i % 2 == 0 else math.cos)(t / 10000 ** (2 * (i // 2) / width)) for i in range(width)
        ])  # fmt: skip
        s, name = self.state, "encoder.embed_timestep.time_embed"
        hidden = f.silu(f.linear(row, s[f"{name}.0.weight"], s[f"{name}.0.bias"]))
        return f.linear(hidden, s[f"{name}.2.weight"], s[f"{name}.2.bias"])[None, :, None]

    def out(self, x: Tensor, style: Tensor | None) -> Tensor:
        x, s = x.transpose(1, 2), self.state
        if "decoder.style_map.weight" in s:
            x = x + f.linear(style, s["decoder.style_map.weight"])[:, None]
        if final := self.params.get("final_activation"):
            return ACTIVATIONS[final](f.linear(x, s["decoder.out_embed.0.weight"], s["decoder.out_embed.0.bias"]))
        return f.linear(x, s["decoder.out_embed.weight"], s["decoder.out_embed.bias"])

    def seen(self, x: Tensor) -> Tensor:
        s = self.state
        return f.silu(f.conv1d(x.transpose(1, 2), s["encoder.in_embed.0.weight"], s["encoder.in_embed.0.bias"]))


class PlainFace(Plain):
    def __call__(self, x: Tensor, t: int, speech: Tensor, style: Tensor) -> Tensor:
        audio, levels = speech.transpose(1, 2).contiguous(), len(self.params["ch_multi"]) - 1
        h = self.infuse("encoder.in_infuse", torch.cat([self.seen(x) + self.step(t), audio], 1))
        for i in range(levels):
            h = self.resize(f"encoder.mle_layers.{i}", h, f.conv1d)
            part = audio.reshape(len(x), -1, h.shape[-1])
            h = self.infuse(f"encoder.infusion_layers.{i}", torch.cat([h, part], 1))
        for i in range(levels):
            h = self.resize(f"decoder.mle_layers.{i}", h, f.conv_transpose1d)
            part = audio.reshape(len(x), -1, h.shape[-1])
            h = self.infuse(f"decoder.infusion_layers.{i}", torch.cat([h, part], 1))
        return self.out(h, style)


class PlainHead(Plain):
    def __call__(self, x: Tensor, t: int, speech: Tensor, style: Tensor | None) -> Tensor:
        audio, levels = [speech.transpose(1, 2)], len(self.params["ch_multi"]) - 1
        skips = [self.seen(x)]
        h = self.infuse("encoder.in_infuse", torch.cat([skips[0] + self.step(t), audio[0]], 1))
        for i in range(levels):
            h = self.resize(f"encoder.mle_layers.{i}", h, f.conv1d)
            audio.append((audio[-1][..., ::2] + audio[-1][..., 1::2]) / 2)
            h = self.infuse(f"encoder.infusion_layers.{i}", torch.cat([h, audio[-1]], 1))
            skips.append(h)
        for i in range(levels):
            h = self.resize(f"decoder.mle_layers.{i}", h, f.conv_transpose1d)
            h = self.infuse(f"decoder.infusion_layers.{i}", torch.cat([h, audio[-2 - i]], 1)) + skips[-2 - i]
        return self.out(h, style)


def plain_noise(options: dict, seed: int, shape: tuple[int, ...]) -> Callable[[], np.ndarray]:
    """Return draws of the diffusion's noise."""
    name = options["noise_cfg"]["target"].rpartition(".")[2]
    scale = options["noise_cfg"]["params"]["std_scale"]
    low, high = {"random_Noise": (0, 1), "random_Noise_neg_one_2_pos_one": (-1, 1), "Zero_Noise": (0, 0)}[name]
    rng = np.random.default_rng(seed)
    return lambda: (low + (high - low) * rng.random(shape, dtype=np.float32)) * scale


class PlainDiffusion:
    """The samplers, step by step in numpy; `options` are the diffusion's in args.yml.

    Both take `predict`, a function from x_t, speech and step index to x0, and known frames: mask (T,), values (T, C).
    """

    def __init__(self, options: dict) -> None:
        self.options = options
        self.count = count = options["diffusion_steps"]
        if options["noise_schedule"] == "linear":
            self.betas = np.linspace(1e-4, 2e-2, count) * options["scale_beta"] * 1000 / count
        else:
            grid = np.cos((np.arange(count + 1) / count + 0.008) / 1.008 * np.pi / 2) ** 2
            self.betas = np.minimum(1 - grid[1:] / grid[:-1], 0.999)
        self.bars = np.cumprod(1 - self.betas)

    def row(self, t: int) -> int:
        return int(t * 1000 / self.count) if self.options["rescale_timesteps"] else t

    def before(self, x0: np.ndarray, x: np.ndarray, t: int, noise: np.ndarray) -> np.ndarray:
        before, beta = self.bars[t - 1] if t else 1.0, self.betas[t]
        mean = (np.sqrt(before) * beta * x0 + np.sqrt(1 - beta) * (1 - before) * x) / (1 - self.bars[t])
        return mean + np.sqrt(beta * (1 - before) / (1 - self.bars[t])) * noise

    def face(self, predict, speech: np.ndarray, noise, guidance: float, mask: np.ndarray, values: np.ndarray):
        x = noise()
        for t in reversed(range(self.count)):
            unconditional, conditional = predict(x, speech * 0, self.row(t)), predict(x, speech, self.row(t))
            x0 = np.where(mask[:, None], values, unconditional + guidance * (conditional - unconditional))
            x = self.before(np.clip(x0, -1, 1), x, t, noise())
        return x[0]

    def head(self, predict, speech: np.ndarray, noise, mask: np.ndarray, values: np.ndarray):
        mask = mask[None, :, None]
        x = np.where(mask, values, noise())
        for t in reversed(range(self.count)):
            flagged = np.concatenate([x, mask.astype(np.float64)], -1)
            x0 = np.where(mask, values, predict(flagged, speech, self.row(t)))
            x = np.where(mask, values, self.before(x0, x, t, noise()))
        return x[0]
