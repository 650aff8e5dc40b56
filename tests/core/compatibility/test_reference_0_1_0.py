"""The requests of version 0.1.0 (commit 16c6b03) give the same results.

The files are described in tests/data/reference_0_1_0/README.md. Results are computed on the CPU, also if there is a
GPU. There, one or two threads and torch's kernels for AVX-512, AVX2 and SSE4 were measured to differ by up to 6e-6 in
weights and radians, so TOLERANCE leaves room for other processors and is still far below what can be seen.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diface_core import channels, request_file
from diface_core.engines import Engines
from diface_core.types import (
    FIRST_SAMPLER,
    AudioSection,
    Constraints,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Layers,
    Motion,
    Pins,
    ShapesRequest,
    SolveRequest,
    Style,
    ThreeDiface,
    VertexPins,
)
from tests.core.threediface import small_checkpoints

REFERENCE = Path(__file__).parents[2] / "data" / "reference_0_1_0"
STATED = {one["name"]: one for one in json.loads((REFERENCE / "requests.json").read_text("utf-8"))["requests"]}

TOLERANCE = 5e-5
"""Weights and radians; see the module's docstring."""
METRES = 2e-6
"""A fifth of the tolerance of the shape keys of a 3DiFACE take."""


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    """The arrays of motions.npz."""
    with np.load(REFERENCE / "motions.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def engines(asset) -> Iterator[Engines]:
    """The bundled models on the CPU; they are loaded by the first request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: False)
        yield Engines.create(None)


RENAMED = {"moved": "offsets", "counts": "vertex_mask"}
"""Field of a SolveRequest in 0.1.0 -> its current name."""


def request(stated: dict[str, Any], speech: Path, base: Motion | None) -> GenerateRequest:
    """Build the request that requests.json states.

    Only this function uses the current names of fields. base: the motion that the constraints keep, if any.
    """
    seeds = {"blinks": None, "gaze": None, "breath": None, "tongue": None} | stated.get("layer_seeds", {})
    blend = tuple((str(REFERENCE / name) if "." in name else name, weight) for name, weight in stated.get("style", ()))
    kept = None
    if base is not None:
        known, pins = known_region_and_pins(stated, base)
        stay = stated.get("keep_motion", 0.0)
        kept = Constraints(base.values, known, Pins(*pins), falloff=stated["falloff"], keep_motion=stay)
    return GenerateRequest(
        audio=AudioSection(speech, stated.get("start", 0.0), stated.get("seconds")),
        parts=tuple(stated.get("parts", ("face", "head"))),
        rate=FrameRate(stated.get("fps", 30), stated.get("fps_base", 1.0)),
        seed=stated.get("seed", 0),
        steps=stated["steps"],
        guidance=stated.get("speech_guidance", 1.0),
        style_guidance=stated.get("style_guidance", 1.0),
        variety=stated.get("variety", 1.0),
        sampler=FIRST_SAMPLER,
        other_sounds=False,
        beats=0.0,
        face_strength=stated.get("face_strength", 1.0),
        head_strength=stated.get("head_strength", 1.0),
        head_axes=tuple(stated.get("head_axes", (1.0, 1.0, 1.0))),
        style=Style(blend, stated.get("style_strength", 1.0)),
        layers=Layers(**seeds),
        constraints=kept,
    )


def known_region_and_pins(stated: dict[str, Any], base: Motion) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Return the known region (T, C) bool, and the pins' rows, columns and values (N,)."""
    known = np.zeros(base.values.shape, bool)
    for some in stated.get("known", ()):
        names = some.get("channels", base.channels)
        known[slice(*some["rows"]), [base.channels.index(name) for name in names]] = True
    rows, names, values = zip(*stated["pins"], strict=True)
    columns = np.array([base.channels.index(name) for name in names], np.int32)
    return known, (np.array(rows, np.float64), columns, np.array(values, np.float32))


def generate(engines: Engines, asked: GenerateRequest) -> GenerateResult:
    """Return the result of one request."""
    return engines.generate(asked, lambda progress: None)


def assert_same(values: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> None:
    """Compare with the result of version 0.1.0."""
    np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("name", STATED)
def test_motions_equal_those_of_0_1_0(name, engines, stored, speech) -> None:
    stated, base = STATED[name], None
    if "base" in stated:
        rate = FrameRate(stated.get("fps", 30), stated.get("fps_base", 1.0))
        of_base = tuple(stored[f"{stated['base']}.channels"].tolist())
        base = Motion(stored[stated["base"]], of_base, rate)
    result = generate(engines, request(stated, speech, base))
    assert result.model_hash == stored["model_hash"], "The bundled models are not those of 0.1.0."
    assert result.motion.channels == tuple(stored[f"{name}.channels"].tolist())
    assert_same(result.motion.values[:: stated.get("every", 1)], stored[name])


def test_request_file_of_0_1_0_gives_its_motion(engines, stored, speech) -> None:
    read = request_file.read(REFERENCE / "take.diface")
    assert read.model_hash == stored["model_hash"]
    asked = dataclasses.replace(read.request, audio=dataclasses.replace(read.request.audio, path=speech))
    assert (len(asked.constraints.pins), asked.rate.value, asked.seed) == (6, 24, 3)
    assert_same(generate(engines, asked).motion.values, stored["take"])


@pytest.mark.parametrize("case", ["threediface", "threediface_pins"])
def test_3diface_motion_equals_that_of_0_1_0(case, engines, stored, speech, tmp_path) -> None:
    """Small models with weights from torch's generator, whose draws may differ in a new version."""
    face = small_checkpoints.write(tmp_path / "face", small_checkpoints.face_arguments(), with_encoder=True)
    head = small_checkpoints.write(tmp_path / "head", small_checkpoints.head_arguments())
    asked = GenerateRequest(
        AudioSection(speech, 0.2, 1.5),
        rate=FrameRate(24),
        seed=3,
        guidance=0.5,
        head_strength=1.2,
        engine=ThreeDiface(face, head, condition=2, steps=4),
        constraints=threediface_constraints() if case.endswith("pins") else None,
    )
    result = generate(engines, asked)
    weights = result.motion.select(result.shapes.names).values.astype(np.float64)
    vertices = np.einsum("tk,kvc->tvc", weights, result.shapes.deltas.astype(np.float64))
    assert_same(vertices[::4, ::20], stored[f"{case}.vertices"], METRES)
    assert_same(result.motion.select(channels.HEAD).values, stored[f"{case}.head"])


def threediface_constraints(rows: int = 36) -> Constraints:
    """Return pins: two faces, a head pose, and one axis of the head between rows."""
    values, keep = np.full((rows, 3), 0.1, np.float32), np.zeros((rows, 3), bool)
    keep[5] = True
    sculpted = np.sin(np.arange(2 * small_checkpoints.VERTICES * 3)).reshape(2, -1, 3).astype(np.float32) * 0.01
    pins = Pins(np.array([12.5]), np.array([1], np.int32), np.array([0.2], np.float32))
    return Constraints(values, keep, pins, 6.0, vertices=VertexPins(np.array([8.0, 20.25]), sculpted))


def test_sculpt_is_solved_as_by_0_1_0(engines, stored) -> None:
    inputs = ("deltas", "moved", "current", "lower", "upper", "counts")
    solved = engines.solve(
        SolveRequest(**{RENAMED.get(name, name): stored[f"solve.{name}"] for name in inputs}), lambda progress: None
    )
    assert_same(solved.weights, stored["solve.weights"])
    assert_same([solved.rms, solved.worst], stored["solve.error"], METRES)


@pytest.mark.slow
def test_arkit_shapes_of_a_flame_head_equal_those_of_0_1_0(engines, stored, shared, asset) -> None:
    with np.load(shared / "flame2023open.npz") as arrays:
        asked = ShapesRequest(arrays["v_template"], arrays["faces"].astype(np.int32))
    made = engines.shapes(asked, lambda progress: None)
    assert made.names == tuple(stored["shapes.names"].tolist())
    assert_same(made.deltas[:, ::150], stored["shapes.deltas"], METRES)
    assert_same(np.linalg.norm(made.deltas, axis=2).mean(1), stored["shapes.mean"], METRES)
