"""3DiFACE's networks with every constructor option, against the same written out plainly from their description."""

import itertools
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as f

from diface_core.threediface.checkpoint import load_face, load_head
from tests.core import toy_checkpoint as toy

ACTIVATIONS = {
    "relu": f.relu,
    "leakyrelu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "swish": lambda x: x / (1 + torch.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
}
NORMS = [None, "batch", "batchfalse", "Group", "instance", "instancefalse", "Layer"]
PADDINGS = ["zeros", "reflect", "replicate", "circular"]


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
    def __call__(self, x: Tensor, t: int, heard: Tensor, style: Tensor) -> Tensor:
        audio, levels = heard.transpose(1, 2).contiguous(), len(self.params["ch_multi"]) - 1
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
    def __call__(self, x: Tensor, t: int, heard: Tensor, style: Tensor | None) -> Tensor:
        audio, levels = [heard.transpose(1, 2)], len(self.params["ch_multi"]) - 1
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


def mixed(*choices: list) -> list[tuple]:
    """Every choice of every option at least once, in few combinations."""
    return list(itertools.islice(zip(*(itertools.cycle(some) for some in choices), strict=False), 12))


FACES = mixed(
    list(ACTIVATIONS), NORMS, PADDINGS, [32, 64], [[1, 2], [1, 2, 4], [1, 2, 4, 8]], [None, None, "sigmoid"], [8, 1, 3]
)
HEADS = mixed(
    list(ACTIVATIONS), NORMS, PADDINGS, [32, 64, 32], [[1, 1, 1], [1, 2, 4], [1, 1, 2, 3, 1]],
    [None, "swish", "relu", None], [False, True],
)  # fmt: skip


@pytest.mark.parametrize(("activation", "norm", "padding", "width", "multi", "final", "styles"), FACES)
def test_the_face(tmp_path: Path, activation, norm, padding, width, multi, final, styles) -> None:
    arguments = toy.face_arguments(
        activation=activation, norm=norm, padding_type=padding, ch=width, ch_multi=multi, final_activation=final,
        num_identity_classes=styles,
    )  # fmt: skip
    folder = toy.write(tmp_path, arguments)
    plain = PlainFace(arguments["motion_model"]["params"], torch.load(folder / "checkpoints" / "model000000001.pt"))
    torch.manual_seed(1)
    x, heard = torch.randn(2, 32, 3 * toy.VERTICES), torch.randn(2, 32, width)
    style = torch.eye(styles)[[0, -1]]
    with torch.inference_mode():
        found = load_face(folder).network(x, torch.tensor([4]), heard, style)
        torch.testing.assert_close(found, plain(x, 4, heard, style), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("activation", "norm", "padding", "width", "multi", "final", "identity"), HEADS)
def test_the_head(tmp_path: Path, activation, norm, padding, width, multi, final, identity) -> None:
    arguments = toy.head_arguments(
        activation=activation, norm=norm, padding_type=padding, ch=width, ch_multi=multi, final_activation=final,
        use_identity=identity,
    )  # fmt: skip
    folder = toy.write(tmp_path, arguments)
    plain = PlainHead(arguments["motion_model"]["params"], torch.load(folder / "checkpoints" / "model000000001.pt"))
    torch.manual_seed(1)
    x, heard, style = torch.randn(2, 32, 4), torch.randn(2, 32, width), torch.eye(8)[[0, 5]]
    with torch.inference_mode():
        found = load_head(folder).network(x, torch.tensor([4]), heard, style if identity else None)
        torch.testing.assert_close(found, plain(x, 4, heard, style), atol=1e-5, rtol=1e-5)


def test_each_choice_is_tried() -> None:
    for cases in (FACES, HEADS):
        assert {case[0] for case in cases} == set(ACTIVATIONS)
        assert {case[1] for case in cases} == set(NORMS)
        assert {case[2] for case in cases} == set(PADDINGS)
