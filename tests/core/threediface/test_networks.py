"""3DiFACE's networks with every constructor option, compared with the reference implementation."""

import itertools
from pathlib import Path

import pytest
import torch

from diface_core.threediface.checkpoint import load_face, load_head
from tests.core.threediface import small_checkpoints
from tests.core.threediface.reference_implementation import ACTIVATIONS, PlainFace, PlainHead

NORMS = [None, "batch", "batchfalse", "Group", "instance", "instancefalse", "Layer"]
PADDINGS = ["zeros", "reflect", "replicate", "circular"]


def mixed(*choices: list) -> list[tuple]:
    """Return few combinations with every choice of every option at least once."""
    return list(itertools.islice(zip(*(itertools.cycle(some) for some in choices), strict=False), 12))


FACES = mixed(
    list(ACTIVATIONS), NORMS, PADDINGS, [32, 64], [[1, 2], [1, 2, 4], [1, 2, 4, 8]], [None, None, "sigmoid"], [8, 1, 3]
)
HEADS = mixed(
    list(ACTIVATIONS), NORMS, PADDINGS, [32, 64, 32], [[1, 1, 1], [1, 2, 4], [1, 1, 2, 3, 1]],
    [None, "swish", "relu", None], [False, True],
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("activation", "norm", "padding", "width", "multi", "final", "styles"), FACES)
def test_face_network_equals_reference_for_all_options(
    tmp_path: Path, activation, norm, padding, width, multi, final, styles
) -> None:
    arguments = small_checkpoints.face_arguments(
        activation=activation, norm=norm, padding_type=padding, ch=width, ch_multi=multi, final_activation=final,
        num_identity_classes=styles,
    )  # fmt: skip
    folder = small_checkpoints.write(tmp_path, arguments)
    reference = PlainFace(arguments["motion_model"]["params"], torch.load(folder / "checkpoints" / "model000000001.pt"))
    torch.manual_seed(1)
    x, speech = torch.randn(2, 32, 3 * small_checkpoints.VERTICES), torch.randn(2, 32, width)
    style = torch.eye(styles)[[0, -1]]
    with torch.inference_mode():
        output = load_face(folder).network(x, torch.tensor([4]), speech, style)
        torch.testing.assert_close(output, reference(x, 4, speech, style), atol=1e-5, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("activation", "norm", "padding", "width", "multi", "final", "identity"), HEADS)
def test_head_network_equals_reference_for_all_options(
    tmp_path: Path, activation, norm, padding, width, multi, final, identity
) -> None:
    arguments = small_checkpoints.head_arguments(
        activation=activation, norm=norm, padding_type=padding, ch=width, ch_multi=multi, final_activation=final,
        use_identity=identity,
    )  # fmt: skip
    folder = small_checkpoints.write(tmp_path, arguments)
    reference = PlainHead(arguments["motion_model"]["params"], torch.load(folder / "checkpoints" / "model000000001.pt"))
    torch.manual_seed(1)
    x, speech, style = torch.randn(2, 32, 4), torch.randn(2, 32, width), torch.eye(8)[[0, 5]]
    with torch.inference_mode():
        output = load_head(folder).network(x, torch.tensor([4]), speech, style if identity else None)
        torch.testing.assert_close(output, reference(x, 4, speech, style), atol=1e-5, rtol=1e-5)


def test_every_activation_norm_and_padding_is_covered() -> None:
    for cases in (FACES, HEADS):
        assert {case[0] for case in cases} == set(ACTIVATIONS)
        assert {case[1] for case in cases} == set(NORMS)
        assert {case[2] for case in cases} == set(PADDINGS)
