"""Placement of a FLAME mesh: rotation, scale and origin, estimated with and without the user's FLAME file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from diface_core.errors import ModelError
from diface_core.faces.flame.placement import FROM_BLENDER, fit_placement


@pytest.fixture(scope="module")
def flame(shared) -> Path:
    return shared / "flame2023open.npz"


@pytest.fixture(scope="module")
def arrays(flame) -> dict[str, np.ndarray]:
    with np.load(flame) as found:
        return {name: found[name] for name in ("v_template", "J_regressor", "weights")}


def upright_turns() -> list[np.ndarray]:
    """Return the 24 rotations and 24 reflections that map axes to axes."""
    turns = Rotation.create_group("O").as_matrix()
    return [sign * np.round(turn) for turn in turns for sign in (1.0, -1.0)]


@settings(max_examples=20)
@given(
    turn=st.sampled_from(upright_turns()),
    unit=st.sampled_from([1.0, 0.1, 0.01, 0.001]),
    size=st.floats(0.85, 1.15),
    bump=st.floats(-0.006, 0.006),
    known=st.booleans(),
)
def test_rotated_mirrored_and_scaled_mesh_is_placed(flame, arrays, turn, unit, size, bump, known) -> None:
    person = arrays["v_template"] * size + bump * np.sin(arrays["v_template"] * 30.0)
    local = (person - [0.3, -1.0, 0.2]) @ turn / unit
    found = fit_placement(local, flame if known else None)
    assert found.scale == pytest.approx(unit)
    assert (found.rotation == turn).all()
    assert found.deltas_to_local(np.eye(3)) == pytest.approx(turn / unit, rel=1e-6)
    assert found.deltas_to_flame(found.deltas_to_local(np.eye(3))) == pytest.approx(np.eye(3), abs=1e-6)
    neck = arrays["J_regressor"][1] @ local
    assert np.linalg.norm(found.neck - neck) * unit < (1e-6 if known else 0.015)


def test_any_angle_is_exact_with_the_flame_file(flame, arrays) -> None:
    turn = Rotation.from_euler("xyz", [40, 30, -70], degrees=True).as_matrix()
    local = (arrays["v_template"] - 0.5) @ turn / 3.7
    found = fit_placement(local, flame)
    assert found.scale == pytest.approx(3.7)
    assert np.abs(found.rotation - turn).max() < 1e-6
    assert found.to_flame(local) == pytest.approx(arrays["v_template"], abs=1e-6)


def test_any_angle_is_within_a_degree_without_the_flame_file(flame, arrays) -> None:
    turn = Rotation.from_euler("xyz", [40, 30, -70], degrees=True)
    found = fit_placement(arrays["v_template"] @ turn.as_matrix(), None)
    assert np.degrees((Rotation.from_matrix(found.rotation) * turn.inv()).magnitude()) < 1.0


@pytest.mark.parametrize("turn", [np.eye(3), FROM_BLENDER, np.diag([-1.0, 1.0, 1.0]), -np.eye(3)])
def test_head_rotation_is_equivalent_in_any_coordinates(flame, arrays, turn) -> None:
    """A nod, tilt and turn about the mesh's axes move every vertex as about FLAME's axes."""
    template = arrays["v_template"].astype(np.float64)
    found = fit_placement(template @ turn, flame)
    nod_tip_turn = np.array([0.3, -0.2, 0.4])
    local = Rotation.from_rotvec(found.rotations_to_local(nod_tip_turn)).apply(template @ turn)
    in_flame = Rotation.from_rotvec(nod_tip_turn[[0, 2, 1]] * [1, 1, -1]).apply(template)
    assert local @ turn.T == pytest.approx(in_flame, abs=1e-9)


def test_malformed_flame_file_is_refused(flame, arrays, tmp_path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        fit_placement(arrays["v_template"], tmp_path / "none.pkl")
