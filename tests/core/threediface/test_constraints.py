"""3DiFACE's models with pinned faces and rotations: exact at any frame rate, as on the command line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import channels
from diface_core.engines import Engines
from diface_core.faces.flame.axes import blender_to_flame, flame_to_blender
from diface_core.generate import Generator
from diface_core.threediface import constraints
from diface_core.threediface.checkpoint import load_face, load_head
from diface_core.threediface.known_frames import KnownFrames
from diface_core.threediface.models import ThreeDifaceModels, encode_audio
from diface_core.threediface.sampling import SamplingOptions, sample_face, sample_head
from diface_core.types import (
    MODEL_RATE,
    AudioSection,
    Constraints,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Pins,
    ThreeDiface,
    VertexPins,
)
from tests.core.threediface import small_checkpoints

SECONDS, VERTICES = 1.6, small_checkpoints.VERTICES
RATES = [FrameRate(24), FrameRate(25), FrameRate(30), FrameRate(60), FrameRate(30, 1.001)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    result = tmp_path_factory.mktemp("editing")
    small_checkpoints.write(result / "face", small_checkpoints.face_arguments(), with_encoder=True)
    small_checkpoints.write(result / "head", small_checkpoints.head_arguments())
    noise = np.random.default_rng(0).normal(0, 0.1, round(SECONDS * 16000))
    soundfile.write(result / "sound.wav", noise.astype(np.float32), 16000)
    return result


@pytest.fixture(scope="module")
def engines() -> Engines:
    return Engines(lambda: Generator.load(None), ThreeDifaceModels.load)


def request(folder: Path, rate: FrameRate = MODEL_RATE, **settings) -> GenerateRequest:
    engine = ThreeDiface(folder / "face", folder / "head", condition=2, steps=4)
    defaults = {"parts": ("face", "head"), "seed": 3, "guidance": 0.5} | settings
    return GenerateRequest(AudioSection(folder / "sound.wav"), rate=rate, engine=engine, **defaults)


def generate(engines: Engines, request_: GenerateRequest, kept_frames: Constraints | None = None) -> GenerateResult:
    request_ = dataclasses.replace(request_, constraints=kept_frames)
    return engines.generate(request_, lambda progress: None)


def faces(found: GenerateResult) -> np.ndarray:
    """Return the vertices (T, V, 3), float64."""
    weights = found.motion.select(found.shapes.names).values.astype(np.float64)
    return np.einsum("tk,kvc->tvc", weights, found.shapes.deltas.astype(np.float64))


def heads(found: GenerateResult) -> np.ndarray:
    return found.motion.select(channels.HEAD).values


def make_constraints(rows: int, at=(), vertices=None, pins: Pins | None = None, **fields) -> Constraints:
    nothing = np.zeros((rows, 3), np.float32), np.zeros((rows, 3), bool)
    values, keep = fields.pop("head", nothing)
    vertices = None if vertices is None else VertexPins(np.asarray(at, float), vertices)
    return Constraints(values, keep, pins or Pins.empty(), vertices=vertices, **fields)


def random_faces(count: int, seed: int = 0) -> np.ndarray:
    """Return faces (N, V, 3) that the models never generate."""
    return np.random.default_rng(seed).normal(0, 0.01, (count, VERTICES, 3)).astype(np.float32)


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:.2f}")
def test_pinned_faces_are_exact_at_every_frame_rate(folder, engines, rate) -> None:
    request_ = request(folder, rate)
    rows = rate.rows(SECONDS)
    pins = random_faces(3)
    found = faces(generate(engines, request_, make_constraints(rows, (4, rows // 2, rows - 1), pins)))
    off = np.linalg.norm(found[[4, rows // 2, rows - 1]] - pins, axis=-1).max()
    assert off < 1e-5


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:.2f}")
def test_faces_pinned_between_frames_are_interpolated(folder, engines, rate) -> None:
    pins = random_faces(2)
    found = faces(generate(engines, request(folder, rate), make_constraints(rate.rows(SECONDS), (7.25, 20.5), pins)))
    assert np.linalg.norm(0.75 * found[7] + 0.25 * found[8] - pins[0], axis=-1).max() < 2e-5
    assert np.linalg.norm((found[20] + found[21]) / 2 - pins[1], axis=-1).max() < 2e-5


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:.2f}")
def test_in_betweening_keeps_all_frames_outside(folder, engines, rate) -> None:
    """Another seed changes only the middle."""
    rows = rate.rows(SECONDS)
    before = faces(generate(engines, request(folder, rate)))
    outside = np.r_[0 : rows // 3, 2 * rows // 3 : rows]
    kept_frames = make_constraints(rows, outside, before[outside].astype(np.float32))
    found = faces(generate(engines, request(folder, rate, seed=8), kept_frames))
    assert np.linalg.norm(found[outside] - before[outside], axis=-1).max() < 1e-5
    inside = np.setdiff1d(np.arange(rows), outside)
    assert np.linalg.norm(found[inside] - before[inside], axis=-1).max() > 5e-5


def test_pins_on_rows_equal_known_frames_of_the_samplers(folder, engines) -> None:
    rows = MODEL_RATE.rows(SECONDS)
    at, pins, rotations = np.array([0, 9, 10, 30]), random_faces(4), np.array([[0.1, 0.2, -0.1]] * rows, np.float32)
    keep = np.isin(np.arange(rows), at)
    head = rotations, np.repeat(keep[:, None], 3, axis=1)
    found = generate(engines, request(folder), make_constraints(rows, at, pins, head=head, falloff=0.5))

    model, head_model = load_face(folder / "face"), load_head(folder / "head")
    waveform = soundfile.read(folder / "sound.wav", dtype="float32")[0]
    features = encode_audio(model, waveform, rows)
    values = np.zeros((rows, 3 * VERTICES), np.float32)
    values[at] = pins.reshape(4, -1)
    expected = sample_face(model, features, SamplingOptions(3, 2, 0.5, KnownFrames(values, keep), 4))
    assert np.abs(faces(found).reshape(rows, -1) - expected).max() < 1.5e-5
    known = KnownFrames(blender_to_flame(rotations), keep)
    expected = flame_to_blender(sample_head(head_model, features, SamplingOptions(3, known=known, steps=4)))
    np.testing.assert_allclose(heads(found), expected, atol=1e-6)
    np.testing.assert_array_equal(heads(found)[keep], rotations[keep])


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:.2f}")
def test_head_pins_are_exact_for_all_axes_or_one(folder, engines, rate) -> None:
    rows = rate.rows(SECONDS)
    at = np.array([3, 3, 3, 12, 20.5])
    pins = Pins(at, np.array([0, 1, 2, 1, 2], np.int32), np.array([0.1, -0.2, 0.3, 0.25, -0.15], np.float32))
    found = heads(generate(engines, request(folder, rate), make_constraints(rows, pins=pins)))
    np.testing.assert_array_equal(found[3], np.array([0.1, -0.2, 0.3], np.float32))
    assert found[12, 1] == np.float32(0.25)
    assert found[20:22, 2].mean() == pytest.approx(-0.15, abs=1e-6)


def test_strengths_do_not_change_pins(folder, engines) -> None:
    rows, pins = MODEL_RATE.rows(SECONDS), random_faces(2)
    head = np.full((rows, 3), 0.2, np.float32), np.repeat(np.arange(rows)[:, None] == 5, 3, axis=1)
    for strengths in ({"face_strength": 0.5, "head_strength": 2.0}, {"face_strength": 0.0, "head_strength": 0.0}):
        found = generate(engines, request(folder, **strengths), make_constraints(rows, (4, 11), pins, head=head))
        assert np.linalg.norm(faces(found)[[4, 11]] - pins, axis=-1).max() < 1e-5
        np.testing.assert_array_equal(heads(found)[5], head[0][5])


def test_falloff_eases_into_pins_that_the_model_misses(folder, engines) -> None:
    """With falloff, the steps around an extreme pin are a fraction of those without."""
    rows, pins = MODEL_RATE.rows(SECONDS), 30 * random_faces(1)

    def largest_step(falloff: float) -> float:
        found = faces(generate(engines, request(folder), make_constraints(rows, (20,), pins, falloff=falloff)))
        return np.linalg.norm(np.diff(found[15:26], axis=0), axis=-1).max()

    assert largest_step(8.0) < 0.4 * largest_step(0.5)


def test_empty_constraints_change_nothing(folder, engines) -> None:
    free = generate(engines, request(folder))
    found = generate(engines, request(folder), make_constraints(MODEL_RATE.rows(SECONDS)))
    np.testing.assert_array_equal(found.motion.values, free.motion.values)
    np.testing.assert_array_equal(found.shapes.deltas, free.shapes.deltas)


def test_clamped_face_keeps_its_pins(tmp_path, folder, engines) -> None:
    small_checkpoints.write(
        tmp_path / "face", small_checkpoints.face_arguments(final_activation="sigmoid"), with_encoder=True
    )
    (tmp_path / "sound.wav").write_bytes((folder / "sound.wav").read_bytes())
    rows, pins = FrameRate(24).rows(SECONDS), random_faces(2)
    none = np.zeros((rows, 0), np.float32), np.zeros((rows, 0), bool)
    request_ = request(tmp_path, FrameRate(24), parts=("face",))
    request_ = dataclasses.replace(request_, engine=ThreeDiface(tmp_path / "face", None, steps=2))
    found = generate(engines, request_, make_constraints(rows, (6, 9), pins, head=none))
    assert np.linalg.norm(faces(found)[[6, 9]] - pins, axis=-1).max() < 1e-5


def test_face_alone_keeps_its_pins(folder, engines) -> None:
    rows, pins = MODEL_RATE.rows(SECONDS), random_faces(1)
    none = np.zeros((rows, 0), np.float32), np.zeros((rows, 0), bool)
    kept_frames = make_constraints(rows, (6,), pins, head=none)
    found = generate(engines, request(folder, parts=("face",)), kept_frames)
    assert np.linalg.norm(faces(found)[6] - pins[0], axis=-1).max() < 1e-5


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{rate.value:.2f}")
def test_known_frames_fills_rows_between_consecutive_pins(rate) -> None:
    at = np.array([0.0, 1, 2, 3, 9.5])
    values = at[:, None].astype(np.float32) * 2
    found = constraints.known_frames(at, values, rate, 40)
    scale = rate.value / 30
    segment = np.arange(40) * scale <= 3 + 1e-6
    np.testing.assert_allclose(found.values[segment, 0], 2 * scale * np.arange(40)[segment], rtol=1e-5)
    assert found.mask[segment].all()
    alone = round(9.5 / scale)
    assert found.values[alone, 0] == 19
    assert found.mask.sum() == segment.sum() + 1 + (0 if segment[round(3 / scale)] else 1)


def test_known_frames_uses_the_nearer_of_two_pins_on_a_row() -> None:
    found = constraints.known_frames(np.array([10.0, 12.0]), np.array([[1.0], [2.0]], np.float32), FrameRate(120), 9)
    assert found.mask.tolist() == [row == 3 or row == 2 for row in range(9)]
    found = constraints.known_frames(np.array([7.9, 9.0]), np.array([[1.0], [2.0]], np.float32), FrameRate(120), 9)
    assert (found.mask.sum(), found.values[2, 0]) == (1, 1)


def test_vertex_basis_is_orthonormal_and_spans_shapes_and_pins() -> None:
    deltas = np.random.default_rng(0).normal(size=(6, 3 * VERTICES)).astype(np.float32)
    pins = VertexPins(np.arange(300.0), np.concatenate([random_faces(4, seed=1)] * 75))
    axes = constraints.VertexBasis.spanning(deltas, pins)
    assert len(axes.directions) == 10
    np.testing.assert_allclose(axes.directions @ axes.directions.T, np.eye(10), atol=1e-12)
    flat = pins.vertices.reshape(300, -1)
    assert np.abs(axes.reconstruct(axes.project(flat)) - flat).max() < 1e-7
