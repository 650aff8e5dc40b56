"""3DiFACE's networks with every constructor option, against the same written out plainly from their description."""

import itertools
from pathlib import Path

import pytest
import torch

from diface_core.threediface.checkpoint import load_face, load_head
from tests.core import toy_checkpoint as toy
from tests.core.plain_threediface import ACTIVATIONS, PlainFace, PlainHead

NORMS = [None, "batch", "batchfalse", "Group", "instance", "instancefalse", "Layer"]
PADDINGS = ["zeros", "reflect", "replicate", "circular"]


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
