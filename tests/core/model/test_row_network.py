"""Networks of convolutions over rows: what they share, whatever they detect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from diface_core.errors import ModelError
from diface_core.model.closure_detector import ClosureDetector
from diface_core.model.row_network import RowNetwork
from diface_core.model.tongue_detector import TongueDetector
from diface_core.training.row_network import Network

KINDS = (ClosureDetector, TongueDetector)


def network(kind: type[RowNetwork], seed: int = 0, columns: int = 20, width: int = 6) -> RowNetwork:
    """Return a network with random weights."""
    random = np.random.default_rng(seed)
    shapes = {"first": (1, columns, width), "near": (3, width, width), "wide": (3, width, width)}
    shapes["last"] = (3, width, kind.OUTPUTS)
    weights = {name: (random.standard_normal(shape) / 3).astype(np.float32) for name, shape in shapes.items()}
    biases = {name: random.standard_normal(shape[-1]).astype(np.float32) for name, shape in shapes.items()}
    return kind(np.zeros(columns, np.float32), np.ones(columns, np.float32), weights, biases)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_keeps_the_network(kind, tmp_path):
    made = network(kind)
    made.save(tmp_path / kind.FILE)
    read = kind.load(tmp_path / kind.FILE)
    assert isinstance(read, kind)
    assert read.hash == made.hash
    read.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / kind.FILE).read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_hash_follows_every_array(kind):
    made = network(kind)
    changed = [replace(made, mean=made.mean + 1)]
    for name in made.weights:
        changed.append(replace(made, weights={**made.weights, name: made.weights[name] + 1}))
        changed.append(replace(made, biases={**made.biases, name: made.biases[name] + 1}))
    hashes = {one.hash for one in [made, *changed]}
    assert len(hashes) == len(changed) + 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["missing", "cut", "a layer less", "another's"])
def test_a_damaged_file_says_what_to_do(kind, damage, tmp_path):
    path = tmp_path / kind.FILE
    if damage != "missing":
        network(kind).save(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    if damage == "a layer less":
        save_file({name: array for name, array in load_file(path).items() if name != "near.weight"}, path)
    if damage == "another's":
        network(next(other for other in KINDS if other is not kind)).save(path)
    with pytest.raises(ModelError, match="cannot be read") as said:
        kind.load(path)
    assert "Install DiFACE again" in str(said.value)


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_computes_what_torch_does(kind):
    torch = pytest.importorskip("torch")
    made = network(kind, seed=3)
    trained = Network(6, 20, kind.OUTPUTS).eval()
    with torch.no_grad():
        for name, weight in made.weights.items():
            trained.get_submodule(name).weight.copy_(torch.from_numpy(weight.transpose(2, 1, 0).copy()))
            trained.get_submodule(name).bias.copy_(torch.from_numpy(made.biases[name]))
        features = np.random.default_rng(4).standard_normal((30, 20)).astype(np.float32)
        expected = torch.sigmoid(trained(torch.from_numpy(features.T[None])))[0].T.numpy()
    np.testing.assert_allclose(made.outputs(features), expected, atol=1e-5)
