"""The tongue's channels: at rest where nothing asks for it, never lower with more strength, behind shut lips."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from diface_core.channels import ARTICULATION, FACE
from diface_core.layers.events import LayerEvents
from diface_core.layers.tongue import room_between, tongue_channels
from diface_core.types import FrameRate, Motion

SEEDS, STRENGTHS = st.integers(0, 2**32 - 1), st.floats(0, 2, width=32)
JAW, CLOSE = FACE.index("jawOpen"), FACE.index("mouthClose")


def random_speech(seed: int, rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Return articulation (rows, 3), and faces (rows, 52) whose lips do not intersect."""
    random = np.random.default_rng(seed)
    articulation, face = random.random((rows, 3)), random.random((rows, len(FACE)))
    articulation[random.random((rows, 3)) < 0.3] = 0
    face[:, CLOSE] *= face[:, JAW]
    return articulation.astype(np.float32), face.astype(np.float32)


@given(seed=SEEDS, strength=STRENGTHS)
def test_values_are_within_bounds_and_each_row_depends_on_itself_alone(seed, strength):
    articulation, face = random_speech(seed)
    found = tongue_channels(articulation, face, strength)
    assert found.shape == (40, 3)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1 + 1e-6)).all()
    parts = [tongue_channels(articulation[rows], face[rows], strength) for rows in (slice(0, 13), slice(13, None))]
    np.testing.assert_array_equal(np.concatenate(parts), found)


@given(seed=SEEDS, strength=STRENGTHS)
def test_nothing_moves_at_strength_0_or_in_silence(seed, strength):
    articulation, face = random_speech(seed)
    assert not tongue_channels(articulation, face, 0.0).any()
    assert not tongue_channels(np.zeros_like(articulation), face, strength).any()


@given(seed=SEEDS, strengths=st.tuples(STRENGTHS, STRENGTHS))
def test_more_strength_lowers_nothing(seed, strengths):
    less, more = (tongue_channels(*random_speech(seed), strength) for strength in sorted(strengths))
    assert (more >= less - 1e-6).all()


@given(seed=SEEDS, strength=STRENGTHS)
def test_the_tip_is_not_out_through_shut_lips_or_teeth(seed, strength):
    articulation, face = random_speech(seed)
    shut = face.copy()
    shut[:, CLOSE] = shut[:, JAW]
    assert not tongue_channels(articulation, shut, strength)[:, 2].any()
    shut[:, [JAW, CLOSE]] = 0
    assert not tongue_channels(articulation, shut, strength)[:, 2].any()


@given(seed=SEEDS, strength=STRENGTHS)
def test_a_wider_jaw_leaves_no_less_room_for_the_tip_between_the_teeth(seed, strength):
    articulation, face = random_speech(seed)
    wider = face.copy()
    wider[:, JAW] += 0.1
    assert (
        tongue_channels(articulation, wider, strength)[:, 2] >= tongue_channels(articulation, face, strength)[:, 2]
    ).all()


@given(seed=SEEDS, strength=STRENGTHS)
def test_the_tongue_follows_what_asks_for_it_without_jumps(seed, strength):
    articulation, face = random_speech(seed, 2)
    path = np.linspace(0, 1, 2001, dtype=np.float32)[:, None]
    blended = [path * part[1] + (1 - path) * part[0] for part in (articulation, face)]
    assert np.abs(np.diff(tongue_channels(*blended, strength), axis=0)).max() < 0.02


@given(seed=SEEDS, strength=STRENGTHS)
def test_the_faces_own_tongue_is_out_no_further_than_teeth_and_lips_let_it(seed, strength):
    articulation, face = random_speech(seed)
    motion = Motion(np.concatenate([face, articulation], axis=1), (*FACE, *ARTICULATION), FrameRate(30))
    found = LayerEvents(None, None, None, strength).apply(motion)
    assert (found.column("tongueOut") <= room_between(face) + 1e-6).all()
