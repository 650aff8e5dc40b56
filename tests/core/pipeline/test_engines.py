"""Engines: choice and caching of models, rate, strengths, constraints and shapes of 3DiFACE results."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import diface_core
from diface_core import channels
from diface_core.engines import Engines, load_threediface
from diface_core.errors import ModelError
from diface_core.runtime.torch_support import TorchSupport
from diface_core.types import (
    MODEL_RATE,
    AudioSection,
    Constraints,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Motion,
    Pins,
    SelfTestRequest,
    Shapes,
    ThreeDiface,
)

SECONDS, SHAPES = 1.5, 12


class FakeGenerator:
    """Substitute for DiFACE's models."""

    def generate(self, request, report) -> GenerateResult:
        return GenerateResult(Motion(np.zeros((2, 1), np.float32), ("jawOpen",), request.rate), "own")

    dry_runs, device = 0, "CPU"

    def dry_run(self, seconds: float, steps: int) -> None:
        self.dry_runs += 1


class FakeThreeDiface:
    """Substitute for 3DiFACE models: a face motion of rank three in twelve shapes, and a head with constant speed."""

    hash = "theirs"

    def generate(self, waveform, rows, request, report) -> tuple[Motion, Shapes | None]:
        self.samples = len(waveform)
        draw = np.random.default_rng(request.seed)
        path = np.cumsum(draw.normal(size=(rows, 3)), axis=0) * [0.01, 1e-3, 1e-4]
        weights = (path @ draw.normal(size=(3, SHAPES))).astype(np.float32)
        names = tuple(f"w{number}" for number in range(SHAPES))
        shapes = Shapes(names, draw.normal(size=(SHAPES, 30, 3)).astype(np.float32) * 0.1)
        head = np.arange(rows, dtype=np.float32)[:, None] * [0.01, 0.02, 0.03]
        values = {"face": weights, "head": head.astype(np.float32)}
        all_names = {"face": names, "head": channels.HEAD}
        parts = [part for part in ("face", "head") if part in request.parts]
        found = np.concatenate([values[part] for part in parts], axis=1)
        motion = Motion(found, tuple(name for part in parts for name in all_names[part]), MODEL_RATE)
        return motion, shapes if "face" in parts else None


@pytest.fixture
def loaded() -> list[object]:
    """The loaded models, in order."""
    return []


@pytest.fixture
def engines(loaded) -> Engines:
    def load_generator() -> FakeGenerator:
        loaded.append("own")
        return FakeGenerator()

    def load_threediface(engine: ThreeDiface) -> FakeThreeDiface:
        loaded.append(engine.face)
        return FakeThreeDiface()

    return Engines(load_generator, load_threediface)


@pytest.fixture
def sound(tmp_path) -> AudioSection:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.random.default_rng(0).normal(size=round(SECONDS * 16000)) * 0.1, 16000)
    return AudioSection(path)


def generate_with(engines: Engines, sound: AudioSection, engine: ThreeDiface | None, **settings) -> GenerateResult:
    request = GenerateRequest(sound, engine=engine, **settings)
    return engines.generate(request, lambda progress: None)


def vertices(result: GenerateResult) -> np.ndarray:
    """Return the vertices (T, V, 3) of the face, float64."""
    weights = result.motion.select(result.shapes.names).values
    return np.einsum("tk,kvc->tvc", weights.astype(np.float64), result.shapes.deltas.astype(np.float64))


FACE = ThreeDiface(Path("face"), Path("head"))


def test_prefetch_loads_and_warms_up_the_models_once(engines, loaded, sound) -> None:
    engines.prefetch()
    engines.prefetch()
    assert loaded == ["own"]
    assert engines._generator.dry_runs == 1
    assert generate_with(engines, sound, None).model_hash == "own"
    assert loaded == ["own"]


def test_self_test_measures_the_models_that_requests_use(engines, loaded, sound, monkeypatch) -> None:
    monkeypatch.setattr("diface_core.engines.check_torch", lambda: TorchSupport(None, ("torch is missing",)))
    stages = []
    result = engines.self_test(SelfTestRequest(5.0), lambda progress: stages.append(progress.stage))
    assert (result.device, result.torch_device, result.problems) == ("CPU", None, ("torch is missing",))
    assert result.speed > 0
    assert engines._generator.dry_runs == 2  # the first call warms up
    assert stages == ["Loading the models", "Measuring the speed", "Looking for torch"]
    generate_with(engines, sound, None)
    assert loaded == ["own"]


def test_failed_prefetch_is_tried_again_by_the_request(sound) -> None:
    attempts = []

    def load_generator() -> FakeGenerator:
        attempts.append(1)
        if len(attempts) == 1:
            raise ModelError("The network file face.onnx is missing.", "Install DiFACE again.")
        return FakeGenerator()

    engines = Engines(load_generator, load_threediface)
    with pytest.raises(ModelError, match="missing"):
        engines.prefetch()
    assert generate_with(engines, sound, None).model_hash == "own"


def test_engines_load_on_first_use_and_are_cached(engines, loaded, sound) -> None:
    assert loaded == []
    assert generate_with(engines, sound, FACE).model_hash == "theirs"
    generate_with(engines, sound, dataclasses.replace(FACE, condition=3, steps=None, tolerance=0.0))
    assert loaded == [Path("face")]
    assert generate_with(engines, sound, None).model_hash == "own"
    generate_with(engines, sound, None)
    generate_with(engines, sound, FACE)
    assert loaded == [Path("face"), "own"]
    generate_with(engines, sound, dataclasses.replace(FACE, face=Path("other")))
    assert loaded == [Path("face"), "own", Path("other")]


def test_changed_checkpoint_is_reloaded(engines, loaded, sound, tmp_path) -> None:
    (tmp_path / "checkpoints").mkdir()
    engine = ThreeDiface(tmp_path, None)
    generate_with(engines, sound, engine)
    (tmp_path / "checkpoints" / "model2.pt").write_bytes(b"")
    generate_with(engines, sound, engine)
    generate_with(engines, sound, engine)
    assert loaded == [tmp_path, tmp_path]


@pytest.mark.parametrize("tolerance", [1e-5, 1e-3, 0.0])
def test_reduced_shapes_are_within_the_tolerance(engines, sound, tolerance) -> None:
    exact = generate_with(engines, sound, dataclasses.replace(FACE, tolerance=0.0))
    found = generate_with(engines, sound, dataclasses.replace(FACE, tolerance=tolerance))
    assert len(found.shapes.names) <= 4
    off = np.linalg.norm(vertices(found) - vertices(exact), axis=-1).max()
    assert off <= max(tolerance, 1e-6)
    assert found.shapes.error <= max(tolerance, 1e-6)


def test_motion_has_the_requested_rate(engines, sound) -> None:
    at_30 = generate_with(engines, sound, FACE, rate=FrameRate(30))
    at_60 = generate_with(engines, sound, FACE, rate=FrameRate(60))
    at_24 = generate_with(engines, sound, FACE, rate=FrameRate(24))
    assert [len(result.motion) for result in (at_30, at_60, at_24)] == [45, 90, 36]
    assert np.abs(vertices(at_60)[::2] - vertices(at_30)).max() < 2e-5
    assert at_24.motion.column("head_ry")[:30] == pytest.approx(0.02 * 30 / 24 * np.arange(30), abs=1e-5)


def test_section_gives_the_right_number_of_rows(engines, sound) -> None:
    found = generate_with(engines, dataclasses.replace(sound, start=-0.5, seconds=1.0), FACE)
    assert len(found.motion) == 30


def test_strengths_multiply(engines, sound) -> None:
    whole = generate_with(engines, sound, FACE)
    half = generate_with(engines, sound, FACE, face_strength=0.5, head_strength=0.5, head_axes=(1.0, 2.0, 0.0))
    assert np.abs(vertices(half) - vertices(whole) / 2).max() < 2e-5
    expected = whole.motion.select(channels.HEAD).values * [0.5, 1.0, 0.0]
    assert half.motion.select(channels.HEAD).values == pytest.approx(expected)


@pytest.mark.parametrize("part", ["face", "head"])
def test_one_part_alone(engines, sound, part) -> None:
    found = generate_with(engines, sound, FACE, parts=(part,))
    assert (found.shapes is not None) == (part == "face")
    assert set(found.motion.channels) == set(found.shapes.names if part == "face" else channels.HEAD)


def test_head_pins_are_exact(engines, sound) -> None:
    values, keep = np.zeros((45, 3), np.float32), np.zeros((45, 3), bool)
    values[:, 1], keep[20:, 1] = np.linspace(0, 1, 45), True
    pins = Pins(np.array([5.0, 7.5]), np.array([0, 2], np.int32), np.array([0.3, -0.2], np.float32))
    found = generate_with(engines, sound, FACE, constraints=Constraints(values, keep, pins))
    head = found.motion.select(channels.HEAD).values
    assert head[5, 0] == np.float32(0.3)
    assert head[7:9, 2].mean() == pytest.approx(-0.2, abs=1e-6)
    np.testing.assert_array_equal(head[20:, 1], values[20:, 1])
    free = generate_with(engines, sound, FACE)
    np.testing.assert_array_equal(vertices(found), vertices(free))


def test_constraints_with_wrong_rows_are_refused(engines, sound) -> None:
    kept = Constraints(np.zeros((44, 3), np.float32), np.zeros((44, 3), bool))
    with pytest.raises(ValueError, match="must have 45 rows"):
        generate_with(engines, sound, FACE, constraints=kept)


def test_missing_torch_is_reported_with_the_next_step(monkeypatch, tmp_path) -> None:
    """The small edition of the extension has no torch."""
    for name in [name for name in sys.modules if name.startswith("diface_core.threediface")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(diface_core, "threediface", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match="need the package torch") as caught:
        load_threediface(ThreeDiface(tmp_path, None, wav2vec2=None))
    assert "full edition" in caught.value.hint
