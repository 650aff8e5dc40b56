"""Cases of other options in the layout of ../shared/data/upstream, computed by reference_implementation.

    python -m tests.core.threediface.reference_cases NAME OUT      then: DIFACE_UPSTREAM_CASE=OUT python -m pytest ...

OUT is laid out for ../shared/tools/upstream_case.py, which draws the weights by their names.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as f
from transformers import Wav2Vec2Model

from tests.core.threediface import small_checkpoints
from tests.core.threediface.reference_implementation import PlainDiffusion, PlainFace, PlainHead, plain_noise

Arrays = dict[str, np.ndarray]
Draw = Callable[[Mapping[str, list[int]], int], dict[str, Tensor]]
"""Function that draws weights of the given names and shapes with a seed."""

SMALL_ENCODER = small_checkpoints.small_encoder().config
STEP = 5


@dataclass(frozen=True)
class Options:
    """One case: the `args.yml` of both models, and the request."""

    face: dict[str, Any]
    head: dict[str, Any]
    rows: int
    guidance: float
    seed: int
    style: int


CASES = {
    "swish_group_reflect": Options(
        small_checkpoints.face_arguments(
            {"diffusion_steps": 8, "pred_disp": False}, activation="swish", norm="Group", padding_type="reflect", ch=64,
            ch_multi=[1, 2, 4, 8],
        ),
        small_checkpoints.head_arguments(
            {"diffusion_steps": 8}, activation="swish", norm="Group", padding_type="reflect", ch=64,
            ch_multi=[1, 2, 3, 1], use_identity=True, final_activation="sigmoid",
        ),
        rows=48, guidance=2.0, seed=21, style=6,
    ),
    "relu_layer_circular": Options(
        small_checkpoints.face_arguments(
            {"diffusion_steps": 10}, "random_Noise_neg_one_2_pos_one", activation="relu", norm="Layer",
            padding_type="circular", ch=24, ch_multi=[1, 2], num_identity_classes=3, dataset="BIWI",
        ),
        small_checkpoints.head_arguments(
            {"diffusion_steps": 24, "noise_schedule": "linear"}, "Zero_Noise", activation="sigmoid", norm=None,
            padding_type="zeros", ch=24, ch_multi=[1, 1, 2, 1, 1], final_activation="leakyrelu",
        ),
        rows=32, guidance=1.0, seed=34, style=0,
    ),
}  # fmt: skip


def write(options: Options, out: Path, draw: Draw) -> Path:
    """Write a case's folder: spec.json, inputs.npz, expected.npz."""
    parts = {"face": options.face, "head": options.head}
    shapes = {
        part: {
            name: list(value.shape)
            for name, value in small_checkpoints.random_state(arguments, with_encoder=part == "face").items()
        }
        for part, arguments in parts.items()
    }
    spec: dict[str, Any] = {"seed": options.seed, "T": options.rows}
    for part, arguments in parts.items():
        network, diffusion = arguments["motion_model"], arguments["diffusion"]
        spec[part] = {
            "class": network["target"], "params": network["params"], "state": shapes[part],
            "diffusion": {"class": diffusion["target"], "params": diffusion["params"]},
        }  # fmt: skip
    spec["face"]["guidance_scale"] = options.guidance
    inputs = _inputs(options)
    states = {part: draw(shapes[part], options.seed + number) for number, part in enumerate(parts)}
    out.mkdir(parents=True, exist_ok=True)
    (out / "spec.json").write_text(json.dumps(spec))
    np.savez(out / "inputs.npz", **inputs)
    with torch.inference_mode():
        np.savez(out / "expected.npz", **_expected(options, inputs, states["face"], states["head"]))
    return out


def _inputs(options: Options) -> Arrays:
    rows, values = options.rows, 3 * small_checkpoints.VERTICES
    rng = np.random.default_rng(options.seed)
    keep = np.ones(rows, bool)
    keep[rows // 4 : rows // 2] = False
    styles = options.face["motion_model"]["params"]["num_identity_classes"]
    found = {
        "audio": 0.1 * rng.standard_normal(round(rows / 30 * 16000)),
        "template": rng.normal(0, 0.1, values),
        "face_x_t": rng.normal(0, 0.02, (rows, values)),
        "head_x_t": rng.standard_normal((rows, 4)),
        "face_edit_motion_rank1_time": np.sin(0.2 * np.arange(rows)),
        "face_edit_motion_rank1_shape": rng.normal(0, 0.02, values),
        "head_edit_motion": rng.standard_normal((rows, 3)),
        "style_one_hot": np.eye(styles)[options.style],
    }
    whole = {"face_edit_keep": keep, "head_edit_frames": np.array([0, rows // 3, rows - 1])}
    return {name: value.astype(np.float32) for name, value in found.items()} | whole | {"pick": np.arange(0, values, 7)}


def _expected(options: Options, inputs: Arrays, face_state: dict[str, Tensor], head_state: dict[str, Tensor]) -> Arrays:
    face_params, head_params = (one["motion_model"]["params"] for one in (options.face, options.head))
    face, head = PlainFace(face_params, face_state), PlainHead(head_params, head_state)
    speech_features = _encode_audio(face_params, face_state, torch.from_numpy(inputs["audio"]), options.rows)
    style = torch.from_numpy(inputs["style_one_hot"])[None]

    def predict(network: PlainFace | PlainHead) -> Callable[[np.ndarray, np.ndarray, int], np.ndarray]:
        def x0(x: np.ndarray, speech: np.ndarray, row: int) -> np.ndarray:
            tensors = torch.tensor(x, dtype=torch.float32), row, torch.from_numpy(speech)[None]
            return network(*tensors, style).double().numpy()

        return x0

    def face_sample(number: int, keep: np.ndarray) -> np.ndarray:
        diffusion = options.face["diffusion"]["params"]
        motion = np.outer(inputs["face_edit_motion_rank1_time"], inputs["face_edit_motion_rank1_shape"])
        noise = plain_noise(diffusion, options.seed + number, (1, *motion.shape))
        found = PlainDiffusion(diffusion).face(predict(face), speech_features, noise, options.guidance, keep, motion)
        return (found + inputs["template"] if diffusion["pred_disp"] else found)[:, inputs["pick"]]

    def head_sample(number: int, keep: np.ndarray) -> np.ndarray:
        diffusion = options.head["diffusion"]["params"]
        noise = plain_noise(diffusion, options.seed + number, (1, options.rows, 3))
        return PlainDiffusion(diffusion).head(predict(head), speech_features, noise, keep, inputs["head_edit_motion"])

    conditional, unconditional = (
        predict(face)(inputs["face_x_t"][None], speech, STEP)[0] for speech in (speech_features, speech_features * 0)
    )
    no_frames = np.zeros(options.rows, bool)
    found = {
        "audio_features": speech_features,
        "face_out_pick": conditional[:, inputs["pick"]],
        "face_out_cfg_pick": (unconditional + options.guidance * (conditional - unconditional))[:, inputs["pick"]],
        "face_sample_pick": face_sample(10, no_frames),
        "face_inbetween_pick": face_sample(11, inputs["face_edit_keep"]),
        "head_out": predict(head)(inputs["head_x_t"][None], speech_features, STEP)[0],
        "head_sample": head_sample(12, no_frames),
        "head_keyframe_sample": head_sample(13, np.isin(np.arange(options.rows), inputs["head_edit_frames"])),
    }
    return {name: value.astype(np.float32) for name, value in found.items()} | {"face_t": np.array([STEP])}


def _encode_audio(params: dict[str, Any], state: dict[str, Tensor], audio: Tensor, rows: int) -> np.ndarray:
    """Return speech features (rows, ch) of transformers' wav2vec2."""
    published = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    weights = {}
    for name, value in state.items():
        stem, _, last = name.removeprefix("audio_encoder.").rpartition(".")
        if name.startswith("audio_encoder."):
            weights[f"{stem}.{published.get(last, last)}".removeprefix(".")] = value
    encoder = Wav2Vec2Model(SMALL_ENCODER).eval()
    encoder.load_state_dict(weights)
    features = encoder.feature_extractor(audio[None])
    if params["dataset"] == "BIWI":
        features = features[..., : features.shape[-1] // 2 * 2][..., : 2 * rows]
    features = f.interpolate(features, size=rows, mode="linear", align_corners=True)
    hidden = encoder.encoder(encoder.feature_projection(features.transpose(1, 2))[0]).last_hidden_state[0]
    return f.linear(hidden, state["audio_feature_map.weight"], state["audio_feature_map.bias"]).numpy()


def draw_like(tool: Mapping[str, Any]) -> Draw:
    """Return a function that draws as ../shared/tools/upstream_case.py, whose namespace is `tool`."""

    def draw(shapes: Mapping[str, list[int]], seed: int) -> dict[str, Tensor]:
        return {
            name: tool["positional_encoding"](shape) if name.endswith(".pe") else tool["draw"](name, shape, seed)
            for name, shape in shapes.items()
        }

    return draw


if __name__ == "__main__":
    import runpy

    shared = Path(__file__).resolve().parents[4] / "shared" / "tools" / "upstream_case.py"
    write(CASES[sys.argv[1]], Path(sys.argv[2]), draw_like(runpy.run_path(str(shared))))
