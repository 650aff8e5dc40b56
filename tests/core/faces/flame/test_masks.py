"""Regions of FLAME's vertices: read from a file, and computed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from diface_core.errors import ModelError
from diface_core.faces.flame.flame_model import Flame, load_flame
from diface_core.faces.flame.masks import load_masks
from diface_core.training.corpora import flame_channels
from tests.core.faces.flame import flame_files
from tests.core.faces.flame.computed_masks import compute_masks


@pytest.fixture(scope="module")
def flame(shared) -> Flame:
    return load_flame(shared / "flame2023open.npz")


def test_mask_file_is_read(tmp_path):
    regions = {"lips": np.array([5, 3, 3]), "face": np.arange(100), "boundary": np.arange(0)}
    (tmp_path / "m.pkl").write_bytes(flame_files.python_2(regions))
    got = load_masks(tmp_path / "m.pkl")
    assert {name: len(vertices) for name, vertices in got.items()} == {"lips": 2, "face": 100, "boundary": 0}
    np.testing.assert_array_equal(got["lips"], [3, 5])
    assert got["lips"].dtype.kind == "i"


@pytest.mark.parametrize(
    "regions",
    [
        {},
        {"lips": np.array([5023])},
        {"lips": np.array([-1])},
        {"lips": np.array([0.5])},
        {"lips": np.zeros((2, 2))},
        [1],
    ],
    ids=["none", "too high", "negative", "half", "a table", "no names"],
)
def test_malformed_mask_file_is_refused(tmp_path, regions):
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(regions))
    with pytest.raises(ModelError, match=r"m\.pkl") as error:
        load_masks(tmp_path / "m.pkl")
    assert "FLAME_masks.pkl" in error.value.hint


def test_computed_lips_are_the_red_around_the_mouth(flame):
    lips = compute_masks(flame)["lips"]
    assert set(flame_channels.UPPER_LIP + flame_channels.LOWER_LIP + flame_channels.CORNERS) <= set(lips)
    places = flame.template[lips]
    assert len(lips) == 254
    assert np.ptp(places[:, 0]) == pytest.approx(0.05, abs=0.01)  # width of a mouth in metres
    assert np.ptp(places[:, 1]) < 0.035
    nose, chin = flame_channels.SKULL[0], flame_channels.MIDLINE[2]
    assert not {nose, chin} & set(lips)
    assert (places[:, 1] < flame.template[nose, 1]).all()


def test_computed_face_has_lips_nose_and_lids_but_no_ears_scalp_and_neck(flame):
    regions = compute_masks(flame)
    face = np.zeros(5023, bool)
    face[regions["face"]] = True
    assert face.sum() == 2008
    assert face[regions["lips"]].all()
    assert face[list(flame_channels.SKULL + flame_channels.MIDLINE)].all()
    assert not face[3931:].any()
    eyes = flame.joints()[3:]
    lids = np.linalg.norm(flame.template[:3931, None] - eyes, axis=-1).min(1) < 0.014
    assert face[:3931][lids].all()
    x, y, z = flame.template.T
    assert not face[(np.abs(x) > 0.085)].any()  # ears
    assert not face[z < -0.02].any()  # the back of the head
    assert not face[y < -0.105].any()  # the neck
    assert 0.15 < np.ptp(y[face]) < 0.22  # from the chin to the hairline
    mirrored = np.array([-1, 1, 1]) * flame.template[face]
    near = np.linalg.norm(mirrored[:, None] - flame.template[face], axis=-1).min(1)
    assert np.quantile(near, 0.95) < 0.006  # symmetric


def test_computed_eyeballs_are_at_the_eye_joints(flame):
    regions = compute_masks(flame)
    for name, joint in (("left_eyeball", 3), ("right_eyeball", 4)):
        middle = flame.template[regions[name]].mean(0)
        assert np.linalg.norm(middle - flame.joints()[joint]) < 0.003
