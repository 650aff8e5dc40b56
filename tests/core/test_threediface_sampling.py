"""3DiFACE's samplers: as described, the same in what the network sees, through what is given, of any length."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from diface_core import ModelError
from diface_core.threediface.checkpoint import FaceModel, HeadModel, load_face, load_head
from diface_core.threediface.diffusion import Schedule, noise_moments, seeded_noise
from diface_core.threediface.dpm_solver import DpmSolver
from diface_core.threediface.guidance import guided_denoiser, pad_to_stride
from diface_core.threediface.known_frames import KnownFrames
from diface_core.threediface.options import DiffusionConfig
from diface_core.threediface.projection import ClampedError, Projection, exact_noise, normal_noise
from diface_core.threediface.sampling import (
    HEAD_DEVIATION,
    HEAD_MEAN,
    SamplingOptions,
    sample_all_vertices,
    sample_face,
    sample_head,
    sample_hidden,
)
from tests.core import toy_checkpoint as toy
from tests.core.plain_threediface import PlainDiffusion, plain_noise

VALUES = 3 * toy.VERTICES
NOISES = {"random_Noise": (0, 1), "random_Noise_neg_one_2_pos_one": (-1, 1), "Zero_Noise": (0, 0)}


def face_model(folder: Path, diffusion: dict | None = None, noise: str = "random_Noise", **options) -> FaceModel:
    return load_face(toy.write(folder, toy.face_arguments(diffusion, noise, **options)))


@pytest.fixture(scope="module")
def face(tmp_path_factory) -> FaceModel:
    return face_model(tmp_path_factory.mktemp("face"))


@pytest.fixture(scope="module")
def head(tmp_path_factory) -> HeadModel:
    return load_head(toy.write(tmp_path_factory.mktemp("head"), toy.head_arguments()))


def speech(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, 8), dtype=np.float32)


def given(rows: int, columns: int = VALUES) -> KnownFrames:
    rng = np.random.default_rng(9)
    return KnownFrames(rng.normal(0, 0.1, (rows, columns)).astype(np.float32), rng.random(rows) < 0.3)


def plain(
    model: FaceModel | HeadModel, options: dict, heard: np.ndarray, seed: int, guidance: float, kept: KnownFrames
):
    """The sampler in numpy, step by step from its description, around the network."""
    network, is_face = model.network, isinstance(model, FaceModel)
    diffusion = PlainDiffusion(options)

    def x0_of(x: np.ndarray, heard: np.ndarray, row: int) -> np.ndarray:
        style = torch.eye(8)[[2]] if is_face else None
        with torch.inference_mode():
            tensors = (torch.tensor(x, dtype=torch.float32), torch.tensor([row]), torch.from_numpy(heard)[None])
            return network(*tensors, style).double().numpy()

    noise = plain_noise(options, seed, (1, len(heard), network.config.outputs))
    if is_face:
        return diffusion.face(x0_of, heard, noise, guidance, kept.mask, kept.values)
    return diffusion.head(x0_of, heard, noise, kept.mask, kept.values)


CASES = [
    ("cosine", True, "random_Noise"),
    ("linear", False, "random_Noise_neg_one_2_pos_one"),
    ("cosine", False, "Zero_Noise"),
]


@pytest.mark.parametrize(("schedule", "rescale", "noise"), CASES)
def test_the_face_step_by_step(tmp_path: Path, schedule: str, rescale: bool, noise: str) -> None:
    steps = 24 if schedule == "linear" else 6  # few linear ones would have betas over 1
    diffusion = {"noise_schedule": schedule, "rescale_timesteps": rescale, "diffusion_steps": steps}
    arguments = toy.face_arguments(diffusion, noise, ch_multi=[1, 2])
    model = load_face(toy.write(tmp_path, arguments))
    source = seeded_noise(model.diffusion, 3)
    expected = plain(model, arguments["diffusion"]["params"], speech(12), 3, 0.7, given(12))
    for sample in (sample_face, sample_all_vertices):
        found = sample(model, speech(12), SamplingOptions(source, 2, 0.7, given(12)))
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_the_head_step_by_step(tmp_path: Path, schedule: str) -> None:
    diffusion = {"noise_schedule": schedule, "diffusion_steps": 24}
    arguments = toy.head_arguments(diffusion)
    model = load_head(toy.write(tmp_path, arguments))
    kept = given(12, 3)
    expected = plain(model, arguments["diffusion"]["params"], speech(12), 3, 1.0, kept) * HEAD_DEVIATION + HEAD_MEAN
    standard = KnownFrames(kept.values * HEAD_DEVIATION + HEAD_MEAN, kept.mask)
    found = sample_head(model, speech(12), SamplingOptions(seeded_noise(model.diffusion, 3), known=standard))
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("steps", [None, 4])
def test_the_projection_is_the_whole(face: FaceModel, guidance: float, steps: int | None) -> None:
    noise = seeded_noise(face.diffusion, 5)
    for kept in (None, given(20)):
        options = SamplingOptions(noise, 1, guidance, kept, steps)
        small, whole = (sample(face, speech(20), options) for sample in (sample_face, sample_all_vertices))
        np.testing.assert_allclose(small, whole, rtol=0, atol=1e-6)
        assert np.ptp(whole) > 0.05


@pytest.mark.parametrize("norm", ["instance", "instancefalse", "Group"])
def test_where_rounding_counts_a_given_noise_goes_the_originals_way(tmp_path: Path, norm: str) -> None:
    model = face_model(tmp_path, norm=norm, activation="relu", ch=32)  # one channel a group
    heard = np.random.default_rng(0).standard_normal((20, 32), dtype=np.float32)
    noise = seeded_noise(model.diffusion, 5)
    whole = sample_all_vertices(model, heard, SamplingOptions(noise, 1))
    np.testing.assert_array_equal(sample_face(model, heard, SamplingOptions(noise, 1)), whole)
    assert np.isfinite(sample_face(model, heard, SamplingOptions(5, 1))).all()


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_noise_is_as_loud_as_the_originals_to_the_last_bit(schedule: str) -> None:
    """float32, from the logarithm of the posterior's variance."""
    found = Schedule(DiffusionConfig(schedule, 24)).posterior_deviation
    plain = PlainDiffusion({"noise_schedule": schedule, "scale_beta": 1.0, "diffusion_steps": 24})
    variance = plain.betas[1:] * (1 - plain.bars[:-1]) / (1 - plain.bars[1:])
    expected = torch.exp(0.5 * torch.log(torch.tensor(variance)).float())
    np.testing.assert_array_equal(found[1:], expected.numpy())


def test_the_quick_way_is_the_originals_but_for_rounding(face: FaceModel) -> None:
    x, step = torch.randn(1, 8, 20, generator=torch.Generator().manual_seed(0)), torch.tensor([3])
    with torch.inference_mode():
        for guidance in (0.0, 0.5, 1.0):
            slow, quick = (
                guided_denoiser(face.network, speech(20), 1, guidance, quick)[0](x, step) for quick in (False, True)
            )
            torch.testing.assert_close(quick, slow, atol=1e-6, rtol=1e-5)


def test_drawn_by_its_distribution_it_is_a_whole_ones_too(face: FaceModel) -> None:
    """Whatever is drawn for A z, there is a z that the whole sampler goes the same way with."""
    projection = Projection(face.network)
    inverse = torch.linalg.pinv(projection.input_weight.double())
    first, fresh = seeded_noise(face.diffusion, 5)(), normal_noise(projection, face, 20, 5)
    assert fresh is not None
    draws = iter([first((1, 20, VALUES)), *((fresh().double() @ inverse.T).float().numpy() for _ in range(6))])
    whole = sample_all_vertices(face, speech(20), SamplingOptions(lambda: lambda shape: next(draws), 1))
    np.testing.assert_allclose(sample_face(face, speech(20), SamplingOptions(5, 1)), whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("noise", NOISES)
def test_both_noises_are_distributed_alike(tmp_path: Path, noise: str) -> None:
    model = face_model(tmp_path, noise=noise)
    projection = Projection(model.network)
    draws = [
        exact_noise(projection, seeded_noise(model.diffusion, 1)(), 4000)()[0],
        normal_noise(projection, model, 4000, 2)()[0],
    ]
    if noise == "Zero_Noise":
        assert all(not draw.any() for draw in draws)
        return
    exact, normal = (draw.double().detach().numpy() for draw in draws)
    spread = exact.std(0)
    np.testing.assert_allclose(normal.mean(0), exact.mean(0), rtol=0, atol=0.08 * spread.max())
    near = np.abs(np.cov(normal.T) - np.cov(exact.T)) / np.outer(spread, spread)
    assert near.max() < 0.1
    assert min(stats.ks_2samp(a, b).pvalue for a, b in zip(exact.T, normal.T, strict=True)) > 1e-4
    # Rows are independent, and so are draws.
    assert np.abs(np.corrcoef(normal[:-1, 0], normal[1:, 0])[0, 1]) < 0.06


def test_few_vertices_are_drawn_one_by_one(face: FaceModel, tmp_path: Path) -> None:
    folder = toy.write(tmp_path, toy.face_arguments())
    path = folder / "checkpoints" / "model000000001.pt"
    state = torch.load(path)
    state["encoder.in_embed.0.weight"][:, 20:] = 0  # the network sees only some of the values
    torch.save(state, path)
    model = load_face(folder)
    assert normal_noise(Projection(model.network), model, 8, 0) is None
    exact = sample_face(model, speech(8), SamplingOptions(seeded_noise(model.diffusion, 4)))
    np.testing.assert_array_equal(sample_face(model, speech(8), SamplingOptions(4)), exact)


@pytest.mark.parametrize("name", ["positive", "symmetric", "none"])
def test_the_moments_are_the_noises(name: str) -> None:
    config = DiffusionConfig(noise=name, noise_scale=0.3)
    draw = seeded_noise(config, 0)()((100000,))
    np.testing.assert_allclose((draw.mean(), draw.std()), noise_moments(config), atol=2e-3)


def test_noise_in_parts_is_the_same() -> None:
    config = DiffusionConfig()
    whole, parts = seeded_noise(config, 7)(), seeded_noise(config, 7)()
    for _ in range(2):
        joined = np.concatenate([parts((1, rows, 9)) for rows in (1, 5, 2)], 1)
        np.testing.assert_array_equal(whole((1, 8, 9)), joined)


def louder(folder: Path, factor: float, **options) -> FaceModel:
    """A face whose values are large."""
    toy.write(folder, toy.face_arguments(**options))
    path = folder / "checkpoints" / "model000000001.pt"
    state = torch.load(path)
    for name in state:
        if "out_embed" in name:
            state[name] *= factor
    torch.save(state, path)
    return load_face(folder)


def test_what_must_be_clamped_is(tmp_path: Path) -> None:
    model = louder(tmp_path, 30)
    with pytest.raises(ClampedError):
        sample_hidden(model, speech(16))
    for noise in (3, seeded_noise(model.diffusion, 3)):
        whole = sample_all_vertices(model, speech(16), SamplingOptions(noise))
        assert np.abs(whole).max() == 1
        np.testing.assert_array_equal(sample_face(model, speech(16), SamplingOptions(noise)), whole)


def test_near_the_clamp_the_projection_still_holds(tmp_path: Path) -> None:
    """The bound says that a value might leave [-1, 1], the vertices say that none does."""

    def highest(factor: float) -> tuple[float, float]:
        model = louder(tmp_path, factor)
        projection = Projection(model.network)
        options = SamplingOptions(seeded_noise(model.diffusion, 3))
        hidden = torch.from_numpy(sample_hidden(model, speech(16), options))[None]
        bound = projection._max_row_norm * hidden.norm(dim=-1).max() + projection._max_bias
        return float(model.network.output_from_hidden(hidden).abs().max()), float(bound)

    shown, bound = highest(1.0)
    shown, bound = highest(2 / (shown + bound))
    assert shown < 1 < bound


def test_a_last_activation_has_no_projection(tmp_path: Path) -> None:
    model = face_model(tmp_path, final_activation="sigmoid")
    whole = sample_all_vertices(model, speech(16), SamplingOptions(3))
    np.testing.assert_array_equal(sample_face(model, speech(16), SamplingOptions(3)), whole)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 31, 33])
def test_any_length(face: FaceModel, head: HeadModel, rows: int) -> None:
    assert sample_face(face, speech(rows)).shape == sample_all_vertices(face, speech(rows)).shape == (rows, VALUES)
    assert sample_head(head, speech(rows)).shape == (rows, 3)
    kept = KnownFrames(np.full((rows, 3), 0.25, np.float32), np.arange(rows) == rows - 1)
    np.testing.assert_array_equal(sample_head(head, speech(rows), SamplingOptions(known=kept))[-1], kept.values[-1])


@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("norm", [None, "batch", "instance", "instancefalse", "Layer"])
def test_one_row_with_any_layer(tmp_path: Path, padding: str, norm: str | None) -> None:
    model = face_model(tmp_path, {"diffusion_steps": 2}, padding_type=padding, norm=norm)
    assert np.isfinite(sample_face(model, speech(1))).all()


def test_rows_are_added_at_the_end(face: FaceModel) -> None:
    longer = pad_to_stride(speech(5), face.network.config)
    np.testing.assert_array_equal(longer[:5], speech(5))
    np.testing.assert_array_equal(longer[5:], np.repeat(speech(5)[-1:], 3, 0))


@pytest.mark.parametrize("steps", [None, 3])
def test_what_is_given_comes_out(face: FaceModel, head: HeadModel, steps: int | None) -> None:
    kept = given(18)
    free, found = (sample_face(face, speech(18), SamplingOptions(known=some, steps=steps)) for some in (None, kept))
    np.testing.assert_array_equal(found[kept.mask], kept.values[kept.mask])
    assert np.abs(found - free)[~kept.mask].max() > 1e-5, "what is free follows what is given"
    kept = given(18, 3)
    found = sample_head(head, speech(18), SamplingOptions(known=kept, steps=steps))
    np.testing.assert_array_equal(found[kept.mask], kept.values[kept.mask])
    everything = SamplingOptions(known=KnownFrames(kept.values, np.ones(18, bool)), steps=steps)
    np.testing.assert_array_equal(sample_head(head, speech(18), everything), kept.values)


def test_a_head_without_flag(tmp_path: Path) -> None:
    model = load_head(toy.write(tmp_path, toy.head_arguments(in_channel=3)))
    kept = given(8, 3)
    found = sample_head(model, speech(8), SamplingOptions(known=kept))
    np.testing.assert_array_equal(found[kept.mask], kept.values[kept.mask])


def test_the_seed_says_all(face: FaceModel, head: HeadModel) -> None:
    for sample, model in ((sample_face, face), (sample_head, head)):
        first, again, other = (sample(model, speech(9), SamplingOptions(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert np.abs(first - other).max() > 1e-5


def test_styles(face: FaceModel, tmp_path: Path) -> None:
    mixed = np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0], np.float32)
    first, second, between = (
        sample_face(face, speech(8), SamplingOptions(1, style, steps=1)) for style in (0, 1, mixed)
    )
    np.testing.assert_allclose(between, (first + second) / 2, atol=1e-6)
    for style in (8, -1, mixed[:3], np.zeros(8, np.float32)):
        with pytest.raises(ModelError, match="styles 0 to 7"):
            sample_face(face, speech(8), SamplingOptions(style=style))
    styled = load_head(toy.write(tmp_path, toy.head_arguments(use_identity=True)))
    first, second = (sample_head(styled, speech(8), SamplingOptions(style=style)) for style in (0, 1))
    assert np.abs(first - second).max() > 1e-4


def test_the_listener_must_fit(head: HeadModel) -> None:
    with pytest.raises(ModelError, match="expects 8 speech features per frame, but its listener gives 16"):
        sample_head(head, np.zeros((8, 16), np.float32))
    with pytest.raises(ValueError, match="Known frames of a head must have shape"):
        sample_head(head, speech(8), SamplingOptions(known=given(8, 4)))
    with pytest.raises(ValueError, match="audio_features must have shape"):
        sample_head(head, speech(0))


def test_it_can_be_stopped(face: FaceModel, head: HeadModel) -> None:
    class StopError(Exception):
        pass

    told = []

    def report(done: float) -> None:
        told.append(done)
        if len(told) == 4:
            raise StopError

    with pytest.raises(StopError):
        sample_face(face, speech(8), report=report)
    np.testing.assert_allclose(told, np.arange(1, 5) / 6)
    told.clear()
    with pytest.raises(StopError):
        sample_head(head, speech(8), report=report)


def walked(solver: DpmSolver | Schedule, x0_of, x: torch.Tensor) -> torch.Tensor:
    for step in solver.steps:
        x = solver.previous_sample(x0_of(x, step), x, step, lambda: torch.zeros(()))
    return x


def test_the_solver_gives_a_certain_x0_back() -> None:
    x0 = torch.randn(3, 4)
    for schedule in (DiffusionConfig(), DiffusionConfig("linear", 20), DiffusionConfig(steps=1)):
        for steps in (1, 2, 10, 1000, 5000):
            found = walked(DpmSolver(Schedule(schedule), steps), lambda x, step: x0, torch.randn(3, 4))
            torch.testing.assert_close(found, x0)
    with pytest.raises(ValueError, match="steps"):
        DpmSolver(Schedule(DiffusionConfig()), 0)


def test_the_solver_is_of_second_order() -> None:
    """For data of one Gaussian the flow is known: x stays as many deviations from the mean as it began."""
    schedule = Schedule(DiffusionConfig())
    alpha, sigma = np.sqrt(schedule.alpha_bar), np.sqrt(1 - schedule.alpha_bar)
    centre, wide = 0.7, 0.5

    def x0_of(x: torch.Tensor, step: int) -> torch.Tensor:
        a, s = float(alpha[step]), float(sigma[step])
        return centre + wide**2 * a / (a**2 * wide**2 + s**2) * (x - a * centre)

    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    exact = centre + wide * x
    errors = [float((walked(DpmSolver(schedule, n), x0_of, x) - exact).abs().max()) for n in (10, 20, 40)]
    assert errors[0] < 0.05
    assert errors[0] > 2.5 * errors[1] > 6 * errors[2]


@pytest.mark.parametrize("wide", [0.1, 0.2, 0.5, 1.0])
def test_few_steps_keep_the_spread(wide: float) -> None:
    """docs/research/threediface.md: of a Gaussian within 4 % at 10 steps, 1.5 % at 25, 0.5 % at 50."""
    schedule = Schedule(DiffusionConfig())
    alpha, sigma = np.sqrt(schedule.alpha_bar), np.sqrt(1 - schedule.alpha_bar)

    def x0_of(x: torch.Tensor, step: int) -> torch.Tensor:
        a, s = float(alpha[step]), float(sigma[step])
        return wide**2 * a / (a**2 * wide**2 + s**2) * x

    for steps, within in ((10, 0.04), (25, 0.015), (50, 0.005)):
        found = float(walked(DpmSolver(schedule, steps), x0_of, torch.ones((), dtype=torch.float64)))
        assert abs(found / wide - 1) < within


def test_the_samplers_agree_on_a_gaussian() -> None:
    """All steps with fresh noise, and few without, give the same distribution."""
    schedule = Schedule(DiffusionConfig(steps=200))
    alpha, sigma = np.sqrt(schedule.alpha_bar), np.sqrt(1 - schedule.alpha_bar)

    def x0_of(x: torch.Tensor, step: int) -> torch.Tensor:
        a, s = float(alpha[step]), float(sigma[step])
        return 0.3 + 0.04 * a / (a**2 * 0.04 + s**2) * (x - a * 0.3)

    torch.manual_seed(0)
    x = torch.randn(20000, dtype=torch.float64)
    ancestral = x
    for step in schedule.steps:
        ancestral = schedule.previous_sample(x0_of(ancestral, step), ancestral, step, lambda: torch.randn_like(x))
    few = walked(DpmSolver(schedule, 25), x0_of, x)
    for found in (ancestral, few):
        torch.testing.assert_close(found.mean(), torch.tensor(0.3, dtype=torch.float64), atol=0.01, rtol=0)
        torch.testing.assert_close(found.std(), torch.tensor(0.2, dtype=torch.float64), atol=0.01, rtol=0)
