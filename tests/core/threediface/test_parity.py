"""3DiFACE's networks and samplers equal the original's (shared data, upstream/case_a).

For other options they are compared with the reference implementation (reference_cases.py). DIFACE_UPSTREAM_CASE can
name the folder of another case.
"""

import json
import os
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from diface_core.threediface.checkpoint import FaceModel, HeadModel, load_face, load_head
from diface_core.threediface.diffusion import Schedule, seeded_noise
from diface_core.threediface.guidance import guided_denoiser, style_vector
from diface_core.threediface.known_frames import KnownFrames
from diface_core.threediface.sampling import (
    SamplingOptions,
    sample_all_vertices,
    sample_face,
    sample_standardised_head,
)
from tests.core.threediface import reference_cases

pytestmark = pytest.mark.slow

NETWORK, SAMPLER = 1e-5, 1e-4

Sampler = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Case:
    spec: dict
    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]
    face: FaceModel
    head: HeadModel

    def seed(self, name: str, default: int) -> int:
        """Return the seed of a sampler's noise."""
        return self.spec.get("noise_draws", {}).get(name, [self.spec["seed"] + default])[0]

    @property
    def guidance(self) -> float:
        return self.spec["face"].get("guidance_scale", 0.5)

    @property
    def style(self) -> np.ndarray:
        return self.inputs["style_one_hot"]

    def vertices(self, output: np.ndarray) -> np.ndarray:
        """Return vertices: the template is added if the model outputs displacement."""
        return output + self.inputs["template"] if self.face.diffusion.displacement else output

    def picked(self, x: np.ndarray) -> np.ndarray:
        return x[:, self.inputs["pick"]]


USER_CASE = os.environ.get("DIFACE_UPSTREAM_CASE")


@pytest.fixture(scope="module", params=[USER_CASE] if USER_CASE else ["case_a", *reference_cases.CASES])
def case(request, shared: Path, tmp_path_factory) -> Case:
    out = tmp_path_factory.mktemp("upstream")
    tool = runpy.run_path(str(shared.parent / "tools" / "upstream_case.py"))
    if request.param in reference_cases.CASES:
        folder = reference_cases.write(
            reference_cases.CASES[request.param], out / "case", reference_cases.draw_like(tool)
        )
    else:
        folder = Path(USER_CASE) if USER_CASE else shared / "upstream" / request.param
    tool["main"](folder, out)
    inputs, expected = (dict(np.load(folder / name)) for name in ("inputs.npz", "expected.npz"))
    spec = json.loads((folder / "spec.json").read_text())
    return Case(spec, inputs, expected, load_face(out / "face"), load_head(out / "head"))


@pytest.fixture(scope="module")
def speech(case: Case) -> np.ndarray:
    with torch.inference_mode():
        return case.face.network.encode_audio(torch.from_numpy(case.inputs["audio"]), case.spec["T"]).numpy()


def close(output: np.ndarray, expected: np.ndarray, within: float) -> None:
    np.testing.assert_allclose(output, expected, rtol=0, atol=within)


def test_audio_features_equal_the_original(case: Case, speech: np.ndarray) -> None:
    close(speech, case.expected["audio_features"], NETWORK)


@pytest.mark.parametrize("name", ["face_out_pick", "face_out_cfg_pick"])
def test_face_network_equals_the_original(case: Case, speech: np.ndarray, name: str) -> None:
    network = case.face.network
    scale = 1.0 if name == "face_out_pick" else case.guidance
    step = Schedule(case.face.diffusion).step_index(int(case.expected["face_t"].flat[0]), network.device)
    with torch.inference_mode():
        denoise, mix = guided_denoiser(network, speech, case.style, scale)
        seen = network.embed_motion(torch.from_numpy(case.inputs["face_x_t"])[None])
        out = mix(network.output_from_hidden(denoise(seen, step)))[0].numpy()
    close(case.picked(out), case.expected[name], NETWORK)


def test_head_network_equals_the_original(case: Case, speech: np.ndarray) -> None:
    network = case.head.network
    step = Schedule(case.head.diffusion).step_index(int(case.expected["face_t"].flat[0]), network.device)
    with torch.inference_mode():
        x = torch.from_numpy(case.inputs["head_x_t"])[None]
        out = network(x, step, torch.from_numpy(speech)[None], style_vector(network, case.style))
    close(out[0].numpy(), case.expected["head_out"], NETWORK)


FACE_SAMPLERS = pytest.mark.parametrize("sample", [sample_face, sample_all_vertices])
"""The sampler in use, and the original's computation."""


@FACE_SAMPLERS
def test_face_sampler_equals_the_original(case: Case, speech: np.ndarray, sample: Sampler) -> None:
    noise = seeded_noise(case.face.diffusion, case.seed("face_sample", 10))
    output = sample(case.face, speech, SamplingOptions(noise, case.style, case.guidance))
    close(case.picked(case.vertices(output)), case.expected["face_sample_pick"], SAMPLER)


@FACE_SAMPLERS
def test_face_in_betweening_equals_the_original(case: Case, speech: np.ndarray, sample: Sampler) -> None:
    inputs = case.inputs
    motion = np.outer(inputs["face_edit_motion_rank1_time"], inputs["face_edit_motion_rank1_shape"])
    noise = seeded_noise(case.face.diffusion, case.seed("face_inbetween", 11))
    known = KnownFrames(motion, inputs["face_edit_keep"])
    output = sample(case.face, speech, SamplingOptions(noise, case.style, case.guidance, known))
    close(case.picked(case.vertices(output)), case.expected["face_inbetween_pick"], SAMPLER)


def test_head_sampler_equals_the_original(case: Case, speech: np.ndarray) -> None:
    noise = seeded_noise(case.head.diffusion, case.seed("head_sample", 12))
    output = sample_standardised_head(case.head, speech, SamplingOptions(noise, case.style))
    close(output, case.expected["head_sample"], SAMPLER)


def test_head_keyframes_equal_the_original(case: Case, speech: np.ndarray) -> None:
    mask = np.isin(np.arange(case.spec["T"]), case.inputs["head_edit_frames"])
    known = KnownFrames(case.inputs["head_edit_motion"], mask)
    noise = seeded_noise(case.head.diffusion, case.seed("head_keyframe", 13))
    output = sample_standardised_head(case.head, speech, SamplingOptions(noise, case.style, known=known))
    close(output, case.expected["head_keyframe_sample"], SAMPLER)
