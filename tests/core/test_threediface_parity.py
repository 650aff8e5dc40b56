"""3DiFACE's networks and samplers give what the original's gave (shared data, upstream/case_a), and of other options
what they give when written out plainly (made_case.py).

Another case's folder can be tried in their place: DIFACE_UPSTREAM_CASE names it.
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
from tests.core import made_case

NETWORK, SAMPLER = 1e-5, 1e-4

Sampler = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Case:
    spec: dict
    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]
    face: FaceModel
    head: HeadModel

    def seed(self, of: str, otherwise: int) -> int:
        """Of a sampler's noise."""
        return self.spec.get("noise_draws", {}).get(of, [self.spec["seed"] + otherwise])[0]

    @property
    def guidance(self) -> float:
        return self.spec["face"].get("guidance_scale", 0.5)

    @property
    def style(self) -> np.ndarray:
        return self.inputs["style_one_hot"]

    def shown(self, found: np.ndarray) -> np.ndarray:
        """Vertices: the template is added at the end, where the model gives displacement."""
        return found + self.inputs["template"] if self.face.diffusion.displacement else found

    def picked(self, x: np.ndarray) -> np.ndarray:
        return x[:, self.inputs["pick"]]


OWN = os.environ.get("DIFACE_UPSTREAM_CASE")


@pytest.fixture(scope="module", params=[OWN] if OWN else ["case_a", *made_case.CASES])
def case(request, shared: Path, tmp_path_factory) -> Case:
    out = tmp_path_factory.mktemp("upstream")
    tool = runpy.run_path(str(shared.parent / "tools" / "upstream_case.py"))
    if request.param in made_case.CASES:
        folder = made_case.write(made_case.CASES[request.param], out / "case", made_case.drawn_by(tool))
    else:
        folder = Path(OWN) if OWN else shared / "upstream" / request.param
    tool["main"](folder, out)
    inputs, expected = (dict(np.load(folder / name)) for name in ("inputs.npz", "expected.npz"))
    spec = json.loads((folder / "spec.json").read_text())
    return Case(spec, inputs, expected, load_face(out / "face"), load_head(out / "head"))


@pytest.fixture(scope="module")
def heard(case: Case) -> np.ndarray:
    with torch.inference_mode():
        return case.face.network.encode_audio(torch.from_numpy(case.inputs["audio"]), case.spec["T"]).numpy()


def close(found: np.ndarray, expected: np.ndarray, within: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=within)


def test_the_speech_is_heard_alike(case: Case, heard: np.ndarray) -> None:
    close(heard, case.expected["audio_features"], NETWORK)


@pytest.mark.parametrize("name", ["face_out_pick", "face_out_cfg_pick"])
def test_the_face_network(case: Case, heard: np.ndarray, name: str) -> None:
    network = case.face.network
    scale = 1.0 if name == "face_out_pick" else case.guidance
    step = Schedule(case.face.diffusion).step_index(int(case.expected["face_t"].flat[0]), network.device)
    with torch.inference_mode():
        think, mix = guided_denoiser(network, heard, case.style, scale)
        seen = network.embed_motion(torch.from_numpy(case.inputs["face_x_t"])[None])
        out = mix(network.output_from_hidden(think(seen, step)))[0].numpy()
    close(case.picked(out), case.expected[name], NETWORK)


def test_the_head_network(case: Case, heard: np.ndarray) -> None:
    network = case.head.network
    step = Schedule(case.head.diffusion).step_index(int(case.expected["face_t"].flat[0]), network.device)
    with torch.inference_mode():
        x = torch.from_numpy(case.inputs["head_x_t"])[None]
        out = network(x, step, torch.from_numpy(heard)[None], style_vector(network, case.style))
    close(out[0].numpy(), case.expected["head_out"], NETWORK)


FACE_SAMPLERS = pytest.mark.parametrize("sample", [sample_face, sample_all_vertices])
"""As it is used, and as the original computes it."""


@FACE_SAMPLERS
def test_the_face_sampler(case: Case, heard: np.ndarray, sample: Sampler) -> None:
    noise = seeded_noise(case.face.diffusion, case.seed("face_sample", 10))
    found = sample(case.face, heard, SamplingOptions(noise, case.style, case.guidance))
    close(case.picked(case.shown(found)), case.expected["face_sample_pick"], SAMPLER)


@FACE_SAMPLERS
def test_the_face_in_between(case: Case, heard: np.ndarray, sample: Sampler) -> None:
    inputs = case.inputs
    motion = np.outer(inputs["face_edit_motion_rank1_time"], inputs["face_edit_motion_rank1_shape"])
    noise = seeded_noise(case.face.diffusion, case.seed("face_inbetween", 11))
    kept = KnownFrames(motion, inputs["face_edit_keep"])
    found = sample(case.face, heard, SamplingOptions(noise, case.style, case.guidance, kept))
    close(case.picked(case.shown(found)), case.expected["face_inbetween_pick"], SAMPLER)


def test_the_head_sampler(case: Case, heard: np.ndarray) -> None:
    noise = seeded_noise(case.head.diffusion, case.seed("head_sample", 12))
    found = sample_standardised_head(case.head, heard, SamplingOptions(noise, case.style))
    close(found, case.expected["head_sample"], SAMPLER)


def test_the_head_through_keyframes(case: Case, heard: np.ndarray) -> None:
    keep = np.isin(np.arange(case.spec["T"]), case.inputs["head_edit_frames"])
    kept = KnownFrames(case.inputs["head_edit_motion"], keep)
    noise = seeded_noise(case.head.diffusion, case.seed("head_keyframe", 13))
    found = sample_standardised_head(case.head, heard, SamplingOptions(noise, case.style, known=kept))
    close(found, case.expected["head_keyframe_sample"], SAMPLER)
