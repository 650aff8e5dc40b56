"""Write motions.npz from requests.json with the code of version 0.1.0.

Runs at commit 16c6b03 only, with that commit's names. From the root of a checkout of it, whose assets are made:

    python PATH/TO/make_motions.py OUT_FOLDER

OUT_FOLDER has requests.json and style.safetensors; motions.npz is written into it. README.md says what they hold.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from diface_core import channels, request_file
from diface_core.engines import Engines
from diface_core.model.models import load_models
from diface_core.types import (
    AudioSection,
    Constraints,
    FrameRate,
    GenerateRequest,
    GenerateResult,
    Layers,
    Motion,
    Pins,
    Shapes,
    ShapesRequest,
    SolveRequest,
    Style,
    ThreeDiface,
    VertexPins,
)
from tests.core import toy_checkpoint

SPEECH = Path("tests/data/speech.flac")


def main(folder: Path) -> None:
    """Write every array of motions.npz."""
    torch.set_num_threads(1)
    engines = Engines.of(None)
    motions: dict[str, Motion] = {}
    found: dict[str, Any] = {"model_hash": load_models().hash}
    for stated in json.loads((folder / "requests.json").read_text("utf-8"))["requests"]:
        motion = ask(engines, request(stated, motions.get(stated.get("base", "")), folder)).motion
        motions[stated["name"]] = motion
        found[stated["name"]] = motion.values[:: stated.get("every", 1)]
        found[f"{stated['name']}.channels"] = np.array(motion.channels)
    if (take := folder / "take.diface").is_file():
        found["take"] = ask(engines, request_file.read(take).hearing(SPEECH).request).motion.values
    found |= threediface(engines) | solved(engines) | shapes(engines)
    np.savez_compressed(folder / "motions.npz", **found)


def ask(engines: Engines, asked: GenerateRequest) -> GenerateResult:
    """The result of one generation."""
    return engines.generate(asked, lambda progress: None)


def request(stated: dict[str, Any], base: Motion | None, folder: Path) -> GenerateRequest:
    """The request that requests.json states; `base` is the motion that its constraints keep."""
    seeds = {"blinks": None, "gaze": None, "breath": None} | stated.get("layer_seeds", {})
    blend = tuple((str(folder / name) if "." in name else name, weight) for name, weight in stated.get("style", ()))
    return GenerateRequest(
        audio=AudioSection(SPEECH, stated.get("start", 0.0), stated.get("seconds")),
        parts=tuple(stated.get("parts", ("face", "head"))),
        rate=FrameRate(stated.get("fps", 30), stated.get("fps_base", 1.0)),
        seed=stated.get("seed", 0),
        steps=stated["steps"],
        guidance=stated.get("speech_guidance", 1.0),
        style_guidance=stated.get("style_guidance", 1.0),
        variety=stated.get("variety", 1.0),
        face_strength=stated.get("face_strength", 1.0),
        head_strength=stated.get("head_strength", 1.0),
        head_axes=tuple(stated.get("head_axes", (1.0, 1.0, 1.0))),
        style=Style(blend, stated.get("style_strength", 1.0)),
        layers=Layers(seeds["blinks"], seeds["gaze"], seeds["breath"]),
        constraints=None if base is None else constraints(stated, base),
    )


def constraints(stated: dict[str, Any], base: Motion) -> Constraints:
    """What the request keeps of `base`, and its pins."""
    keep = np.zeros(base.values.shape, bool)
    for known in stated.get("known", ()):
        columns = [base.channels.index(name) for name in known.get("channels", base.channels)]
        keep[slice(*known["rows"]), columns] = True
    at, names, values = zip(*stated["pins"], strict=True)
    columns = np.array([base.channels.index(name) for name in names], np.int32)
    pins = Pins(np.array(at, np.float64), columns, np.array(values, np.float32))
    return Constraints(base.values, keep, pins, stated["falloff"], stated.get("keep_motion", 0.0))


def threediface(engines: Engines) -> dict[str, np.ndarray]:
    """Small 3DiFACE models with random weights: the face's vertices and the head, free and with constraints."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        toy_checkpoint.write(folder / "face", toy_checkpoint.face_arguments(), hearing=True)
        toy_checkpoint.write(folder / "head", toy_checkpoint.head_arguments())
        engine = ThreeDiface(folder / "face", folder / "head", condition=2, steps=4)
        asked = {
            "audio": AudioSection(SPEECH, 0.2, 1.5), "rate": FrameRate(24), "seed": 3, "guidance": 0.5,
            "engine": engine, "head_strength": 1.2,
        }  # fmt: skip
        rows = 36
        values, keep = np.full((rows, 3), 0.1, np.float32), np.zeros((rows, 3), bool)
        keep[5] = True
        sculpted = np.sin(np.arange(2 * toy_checkpoint.VERTICES * 3)).reshape(2, -1, 3).astype(np.float32) * 0.01
        pins = Pins(np.array([12.5]), np.array([1], np.int32), np.array([0.2], np.float32))
        kept = Constraints(values, keep, pins, 6.0, vertices=VertexPins(np.array([8.0, 20.25]), sculpted))
        for case, held in (("threediface", None), ("threediface_pins", kept)):
            result = ask(engines, GenerateRequest(**asked, constraints=held))
            found[f"{case}.vertices"] = vertices(result.motion, result.shapes)[::4, ::20]
            found[f"{case}.head"] = result.motion.select(channels.HEAD).values
    return found


def vertices(motion: Motion, of_face: Shapes) -> np.ndarray:
    """The face's displacements (T, V, 3) float32 in metres."""
    weights = motion.select(of_face.names).values.astype(np.float64)
    return np.einsum("tk,kvc->tvc", weights, of_face.deltas.astype(np.float64)).astype(np.float32)


def solved(engines: Engines) -> dict[str, np.ndarray]:
    """A sculpted face of 60 vertices as weights of 6 shapes; the inputs are kept too."""
    draw = np.random.default_rng(0)
    inputs = {
        "deltas": draw.normal(0, 0.01, (6, 60, 3)),
        "moved": draw.normal(0, 0.002, (60, 3)),
        "current": np.array([0.2, 0.0, 0.9, 0.5, 0.1, 0.0]),
        "lower": np.zeros(6),
        "upper": np.array([1, 1, 1, 1, 0.3, 1.5]),
    }
    inputs["moved"] += np.tensordot([0.3, 0.0, 0.2, -0.4, 0.6, 0.7], inputs["deltas"], 1)
    inputs = {name: array.astype(np.float32) for name, array in inputs.items()}
    counts = np.arange(60) % 7 > 0
    answer = engines.solve(SolveRequest(**inputs, counts=counts), lambda progress: None)
    kept = {f"solve.{name}": array for name, array in inputs.items()} | {"solve.counts": counts}
    return kept | {"solve.weights": answer.weights, "solve.error": np.array([answer.rms, answer.worst])}


def shapes(engines: Engines) -> dict[str, np.ndarray]:
    """The ARKit shapes of the reference FLAME head: every 150th vertex, and how far each shape moves all."""
    with np.load("../shared/data/flame2023open.npz") as arrays:
        asked = ShapesRequest(arrays["v_template"], arrays["faces"].astype(np.int32))
    made = engines.shapes(asked, lambda progress: None)
    moved = np.linalg.norm(made.deltas, axis=2).mean(1)
    return {"shapes.names": np.array(made.names), "shapes.deltas": made.deltas[:, ::150], "shapes.mean": moved}


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
