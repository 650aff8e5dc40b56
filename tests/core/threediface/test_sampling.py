"""3DiFACE's samplers: equal to the reference, with and without projection, with known frames, of any length."""

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
from tests.core.threediface import small_checkpoints
from tests.core.threediface.reference_implementation import PlainDiffusion, plain_noise

VALUES = 3 * small_checkpoints.VERTICES
NOISES = {"random_Noise": (0, 1), "random_Noise_neg_one_2_pos_one": (-1, 1), "Zero_Noise": (0, 0)}


def face_model(folder: Path, diffusion: dict | None = None, noise: str = "random_Noise", **options) -> FaceModel:
    return load_face(small_checkpoints.write(folder, small_checkpoints.face_arguments(diffusion, noise, **options)))


@pytest.fixture(scope="module")
def face(tmp_path_factory) -> FaceModel:
    return face_model(tmp_path_factory.mktemp("face"))


@pytest.fixture(scope="module")
def head(tmp_path_factory) -> HeadModel:
    return load_head(small_checkpoints.write(tmp_path_factory.mktemp("head"), small_checkpoints.head_arguments()))


def speech(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, 8), dtype=np.float32)


def known_frames(rows: int, columns: int = VALUES) -> KnownFrames:
    rng = np.random.default_rng(9)
    return KnownFrames(rng.normal(0, 0.1, (rows, columns)).astype(np.float32), rng.random(rows) < 0.3)


def reference(
    model: FaceModel | HeadModel, options: dict, features: np.ndarray, seed: int, guidance: float, known: KnownFrames
):
    """Sample with the reference implementation in numpy, around the same network."""
    network, is_face = model.network, isinstance(model, FaceModel)
    diffusion = PlainDiffusion(options)

    def x0_of(x: np.ndarray, features: np.ndarray, row: int) -> np.ndarray:
        style = torch.eye(8)[[2]] if is_face else None
        with torch.inference_mode():
            tensors = (torch.tensor(x, dtype=torch.float32), torch.tensor([row]), torch.from_numpy(features)[None])
            return network(*tensors, style).double().numpy()

    noise = plain_noise(options, seed, (1, len(features), network.config.outputs))
    if is_face:
        return diffusion.face(x0_of, features, noise, guidance, known.mask, known.values)
    return diffusion.head(x0_of, features, noise, known.mask, known.values)


CASES = [
    ("cosine", True, "random_Noise"),
    ("linear", False, "random_Noise_neg_one_2_pos_one"),
    ("cosine", False, "Zero_Noise"),
]


@pytest.mark.parametrize(("schedule", "rescale", "noise"), CASES)
def test_face_samplers_equal_reference(tmp_path: Path, schedule: str, rescale: bool, noise: str) -> None:
    steps = 24 if schedule == "linear" else 6  # fewer linear steps would have betas over 1
    diffusion = {"noise_schedule": schedule, "rescale_timesteps": rescale, "diffusion_steps": steps}
    arguments = small_checkpoints.face_arguments(diffusion, noise, ch_multi=[1, 2])
    model = load_face(small_checkpoints.write(tmp_path, arguments))
    source = seeded_noise(model.diffusion, 3)
    expected = reference(model, arguments["diffusion"]["params"], speech(12), 3, 0.7, known_frames(12))
    for sample in (sample_face, sample_all_vertices):
        result = sample(model, speech(12), SamplingOptions(source, 2, 0.7, known_frames(12)))
        np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_head_sampler_equals_reference(tmp_path: Path, schedule: str) -> None:
    diffusion = {"noise_schedule": schedule, "diffusion_steps": 24}
    arguments = small_checkpoints.head_arguments(diffusion)
    model = load_head(small_checkpoints.write(tmp_path, arguments))
    known = known_frames(12, 3)
    expected = (
        reference(model, arguments["diffusion"]["params"], speech(12), 3, 1.0, known) * HEAD_DEVIATION + HEAD_MEAN
    )
    standard = KnownFrames(known.values * HEAD_DEVIATION + HEAD_MEAN, known.mask)
    result = sample_head(model, speech(12), SamplingOptions(seeded_noise(model.diffusion, 3), known=standard))
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("guidance", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("steps", [None, 4])
def test_sample_face_equals_sample_all_vertices(face: FaceModel, guidance: float, steps: int | None) -> None:
    noise = seeded_noise(face.diffusion, 5)
    for known in (None, known_frames(20)):
        options = SamplingOptions(noise, 1, guidance, known, steps)
        small, whole = (sample(face, speech(20), options) for sample in (sample_face, sample_all_vertices))
        np.testing.assert_allclose(small, whole, rtol=0, atol=1e-6)
        assert np.ptp(whole) > 0.05


@pytest.mark.parametrize("norm", ["instance", "instancefalse", "Group"])
def test_explicit_noise_with_sensitive_norms_is_sampled_like_the_original(tmp_path: Path, norm: str) -> None:
    model = face_model(tmp_path, norm=norm, activation="relu", ch=32)  # one channel a group
    features = np.random.default_rng(0).standard_normal((20, 32), dtype=np.float32)
    noise = seeded_noise(model.diffusion, 5)
    whole = sample_all_vertices(model, features, SamplingOptions(noise, 1))
    np.testing.assert_array_equal(sample_face(model, features, SamplingOptions(noise, 1)), whole)
    assert np.isfinite(sample_face(model, features, SamplingOptions(5, 1))).all()


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_posterior_deviation_is_bit_identical_to_the_original(schedule: str) -> None:
    """In float32, from the logarithm of the posterior's variance."""
    result = Schedule(DiffusionConfig(schedule, 24)).posterior_deviation
    plain = PlainDiffusion({"noise_schedule": schedule, "scale_beta": 1.0, "diffusion_steps": 24})
    variance = plain.betas[1:] * (1 - plain.bars[:-1]) / (1 - plain.bars[1:])
    expected = torch.exp(0.5 * torch.log(torch.tensor(variance)).float())
    np.testing.assert_array_equal(result[1:], expected.numpy())


def test_approximate_denoiser_equals_exact_up_to_rounding(face: FaceModel) -> None:
    x, step = torch.randn(1, 8, 20, generator=torch.Generator().manual_seed(0)), torch.tensor([3])
    with torch.inference_mode():
        for guidance in (0.0, 0.5, 1.0):
            slow, quick = (
                guided_denoiser(face.network, speech(20), 1, guidance, quick)[0](x, step) for quick in (False, True)
            )
            torch.testing.assert_close(quick, slow, atol=1e-6, rtol=1e-5)


def test_projected_noise_corresponds_to_vertex_noise(face: FaceModel) -> None:
    """For every draw of A z there is a z with which the full sampler gives the same result."""
    projection = Projection(face.network)
    inverse = np.linalg.pinv(projection.input_weight.astype(np.float64))
    first, draw_noise = seeded_noise(face.diffusion, 5)(), normal_noise(projection, face, 20, 5)
    assert draw_noise is not None
    lifted = ((draw_noise() @ inverse.T).astype(np.float32)[None] for _ in range(6))
    draws = iter([first((1, 20, VALUES)), *lifted])
    whole = sample_all_vertices(face, speech(20), SamplingOptions(lambda: lambda shape: next(draws), 1))
    np.testing.assert_allclose(sample_face(face, speech(20), SamplingOptions(5, 1)), whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("noise", NOISES)
def test_normal_noise_has_the_distribution_of_exact_noise(tmp_path: Path, noise: str) -> None:
    model = face_model(tmp_path, noise=noise)
    projection = Projection(model.network)
    draws = [
        exact_noise(projection, seeded_noise(model.diffusion, 1)(), 4000)(),
        normal_noise(projection, model, 4000, 2)(),
    ]
    if noise == "Zero_Noise":
        assert all(not draw.any() for draw in draws)
        return
    exact, normal = (draw.astype(np.float64) for draw in draws)
    deviation = exact.std(0)
    np.testing.assert_allclose(normal.mean(0), exact.mean(0), rtol=0, atol=0.08 * deviation.max())
    near = np.abs(np.cov(normal.T) - np.cov(exact.T)) / np.outer(deviation, deviation)
    assert near.max() < 0.1
    assert min(stats.ks_2samp(a, b).pvalue for a, b in zip(exact.T, normal.T, strict=True)) > 1e-4
    # Rows and draws are independent.
    assert np.abs(np.corrcoef(normal[:-1, 0], normal[1:, 0])[0, 1]) < 0.06


def test_normal_noise_is_refused_for_few_effective_terms(face: FaceModel, tmp_path: Path) -> None:
    folder = small_checkpoints.write(tmp_path, small_checkpoints.face_arguments())
    path = folder / "checkpoints" / "model000000001.pt"
    state = torch.load(path)
    state["encoder.in_embed.0.weight"][:, 20:] = 0  # the network depends on few of the values
    torch.save(state, path)
    model = load_face(folder)
    assert normal_noise(Projection(model.network), model, 8, 0) is None
    exact = sample_face(model, speech(8), SamplingOptions(seeded_noise(model.diffusion, 4)))
    np.testing.assert_array_equal(sample_face(model, speech(8), SamplingOptions(4)), exact)


@pytest.mark.parametrize("name", ["positive", "symmetric", "none"])
def test_noise_moments(name: str) -> None:
    config = DiffusionConfig(noise=name, noise_scale=0.3)
    draw = seeded_noise(config, 0)()((100000,))
    np.testing.assert_allclose((draw.mean(), draw.std()), noise_moments(config), atol=2e-3)


def test_seeded_noise_does_not_depend_on_the_split() -> None:
    config = DiffusionConfig()
    whole, parts = seeded_noise(config, 7)(), seeded_noise(config, 7)()
    for _ in range(2):
        joined = np.concatenate([parts((1, rows, 9)) for rows in (1, 5, 2)], 1)
        np.testing.assert_array_equal(whole((1, 8, 9)), joined)


def scaled_face(folder: Path, factor: float, **options) -> FaceModel:
    """Return a face model with large output values."""
    small_checkpoints.write(folder, small_checkpoints.face_arguments(**options))
    path = folder / "checkpoints" / "model000000001.pt"
    state = torch.load(path)
    for name in state:
        if "out_embed" in name:
            state[name] *= factor
    torch.save(state, path)
    return load_face(folder)


def test_sample_face_falls_back_to_all_vertices_when_clamping(tmp_path: Path) -> None:
    model = scaled_face(tmp_path, 30)
    with pytest.raises(ClampedError):
        sample_hidden(model, speech(16))
    for noise in (3, seeded_noise(model.diffusion, 3)):
        whole = sample_all_vertices(model, speech(16), SamplingOptions(noise))
        assert np.abs(whole).max() == 1
        np.testing.assert_array_equal(sample_face(model, speech(16), SamplingOptions(noise)), whole)


def test_check_clamp_computes_vertices_when_the_bound_exceeds_one(tmp_path: Path) -> None:
    """The bound exceeds 1, but no vertex does."""

    def highest(factor: float) -> tuple[float, float]:
        model = scaled_face(tmp_path, factor)
        projection = Projection(model.network)
        options = SamplingOptions(seeded_noise(model.diffusion, 3))
        hidden = torch.from_numpy(sample_hidden(model, speech(16), options))[None]
        bound = projection._max_row_norm * hidden.norm(dim=-1).max() + projection._max_bias
        return float(model.network.output_from_hidden(hidden).abs().max()), float(bound)

    largest, bound = highest(1.0)
    largest, bound = highest(2 / (largest + bound))
    assert largest < 1 < bound


def test_final_activation_is_sampled_with_all_vertices(tmp_path: Path) -> None:
    model = face_model(tmp_path, final_activation="sigmoid")
    whole = sample_all_vertices(model, speech(16), SamplingOptions(3))
    np.testing.assert_array_equal(sample_face(model, speech(16), SamplingOptions(3)), whole)


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 31, 33])
def test_samplers_accept_any_length(face: FaceModel, head: HeadModel, rows: int) -> None:
    assert sample_face(face, speech(rows)).shape == sample_all_vertices(face, speech(rows)).shape == (rows, VALUES)
    assert sample_head(head, speech(rows)).shape == (rows, 3)
    known = KnownFrames(np.full((rows, 3), 0.25, np.float32), np.arange(rows) == rows - 1)
    np.testing.assert_array_equal(sample_head(head, speech(rows), SamplingOptions(known=known))[-1], known.values[-1])


@pytest.mark.slow
@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("norm", [None, "batch", "instance", "instancefalse", "Layer"])
def test_one_row_with_any_padding_and_norm(tmp_path: Path, padding: str, norm: str | None) -> None:
    model = face_model(tmp_path, {"diffusion_steps": 2}, padding_type=padding, norm=norm)
    assert np.isfinite(sample_face(model, speech(1))).all()


def test_pad_to_stride_repeats_the_last_row(face: FaceModel) -> None:
    longer = pad_to_stride(speech(5), face.network.config)
    np.testing.assert_array_equal(longer[:5], speech(5))
    np.testing.assert_array_equal(longer[5:], np.repeat(speech(5)[-1:], 3, 0))


@pytest.mark.parametrize("steps", [None, 3])
def test_known_frames_are_exact_and_change_the_others(face: FaceModel, head: HeadModel, steps: int | None) -> None:
    known = known_frames(18)
    free, result = (sample_face(face, speech(18), SamplingOptions(known=some, steps=steps)) for some in (None, known))
    np.testing.assert_array_equal(result[known.mask], known.values[known.mask])
    assert np.abs(result - free)[~known.mask].max() > 1e-5, "the other frames depend on the known ones"
    known = known_frames(18, 3)
    result = sample_head(head, speech(18), SamplingOptions(known=known, steps=steps))
    np.testing.assert_array_equal(result[known.mask], known.values[known.mask])
    everything = SamplingOptions(known=KnownFrames(known.values, np.ones(18, bool)), steps=steps)
    np.testing.assert_array_equal(sample_head(head, speech(18), everything), known.values)


def test_known_frames_of_a_head_without_mask_channel(tmp_path: Path) -> None:
    model = load_head(small_checkpoints.write(tmp_path, small_checkpoints.head_arguments(in_channel=3)))
    known = known_frames(8, 3)
    result = sample_head(model, speech(8), SamplingOptions(known=known))
    np.testing.assert_array_equal(result[known.mask], known.values[known.mask])


def test_samples_depend_only_on_the_seed(face: FaceModel, head: HeadModel) -> None:
    for sample, model in ((sample_face, face), (sample_head, head)):
        first, again, other = (sample(model, speech(9), SamplingOptions(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert np.abs(first - other).max() > 1e-5


def test_style_by_index_and_by_weights(face: FaceModel, tmp_path: Path) -> None:
    mixed = np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0], np.float32)
    first, second, between = (
        sample_face(face, speech(8), SamplingOptions(1, style, steps=1)) for style in (0, 1, mixed)
    )
    np.testing.assert_allclose(between, (first + second) / 2, atol=1e-6)
    for style in (8, -1, mixed[:3], np.zeros(8, np.float32)):
        with pytest.raises(ModelError, match="styles 0 to 7"):
            sample_face(face, speech(8), SamplingOptions(style=style))
    styled = load_head(small_checkpoints.write(tmp_path, small_checkpoints.head_arguments(use_identity=True)))
    first, second = (sample_head(styled, speech(8), SamplingOptions(style=style)) for style in (0, 1))
    assert np.abs(first - second).max() > 1e-4


def test_features_and_known_frames_of_another_width_are_refused(head: HeadModel) -> None:
    with pytest.raises(ModelError, match="expects 8 speech features per frame, but its listener gives 16"):
        sample_head(head, np.zeros((8, 16), np.float32))
    with pytest.raises(ValueError, match="Known frames of a head must have shape"):
        sample_head(head, speech(8), SamplingOptions(known=known_frames(8, 4)))
    with pytest.raises(ValueError, match="audio_features must have shape"):
        sample_head(head, speech(0))


def test_report_can_stop_the_sampling(face: FaceModel, head: HeadModel) -> None:
    class StopError(Exception):
        pass

    reports = []

    def report(done: float) -> None:
        reports.append(done)
        if len(reports) == 4:
            raise StopError

    with pytest.raises(StopError):
        sample_face(face, speech(8), report=report)
    np.testing.assert_allclose(reports, np.arange(1, 5) / 6)
    reports.clear()
    with pytest.raises(StopError):
        sample_head(head, speech(8), report=report)


def solve(solver: DpmSolver | Schedule, x0_of, x: torch.Tensor) -> torch.Tensor:
    for step in solver.steps:
        x = solver.previous_sample(x0_of(x, step), x, step, lambda: torch.zeros(()))
    return x


def test_dpm_solver_reproduces_a_constant_x0() -> None:
    x0 = torch.randn(3, 4)
    for schedule in (DiffusionConfig(), DiffusionConfig("linear", 20), DiffusionConfig(steps=1)):
        for steps in (1, 2, 10, 1000, 5000):
            result = solve(DpmSolver(Schedule(schedule), steps), lambda x, step: x0, torch.randn(3, 4))
            torch.testing.assert_close(result, x0)
    with pytest.raises(ValueError, match="steps"):
        DpmSolver(Schedule(DiffusionConfig()), 0)


def test_dpm_solver_converges_with_second_order() -> None:
    """For Gaussian data the exact solution is known: x keeps its number of deviations from the mean."""
    schedule = Schedule(DiffusionConfig())
    alpha, sigma = np.sqrt(schedule.alpha_bar), np.sqrt(1 - schedule.alpha_bar)
    centre, spread = 0.7, 0.5

    def x0_of(x: torch.Tensor, step: int) -> torch.Tensor:
        a, s = float(alpha[step]), float(sigma[step])
        return centre + spread**2 * a / (a**2 * spread**2 + s**2) * (x - a * centre)

    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    exact = centre + spread * x
    errors = [float((solve(DpmSolver(schedule, n), x0_of, x) - exact).abs().max()) for n in (10, 20, 40)]
    assert errors[0] < 0.05
    assert errors[0] > 2.5 * errors[1] > 6 * errors[2]


@pytest.mark.parametrize("spread", [0.1, 0.2, 0.5, 1.0])
def test_dpm_solver_keeps_the_deviation_of_a_gaussian(spread: float) -> None:
    """docs/research/threediface.md: of a Gaussian within 4 % at 10 steps, 1.5 % at 25, 0.5 % at 50."""
    schedule = Schedule(DiffusionConfig())
    alpha, sigma = np.sqrt(schedule.alpha_bar), np.sqrt(1 - schedule.alpha_bar)

    def x0_of(x: torch.Tensor, step: int) -> torch.Tensor:
        a, s = float(alpha[step]), float(sigma[step])
        return spread**2 * a / (a**2 * spread**2 + s**2) * x

    for steps, within in ((10, 0.04), (25, 0.015), (50, 0.005)):
        result = float(solve(DpmSolver(schedule, steps), x0_of, torch.ones((), dtype=torch.float64)))
        assert abs(result / spread - 1) < within


def test_schedule_and_dpm_solver_agree_on_a_gaussian() -> None:
    """All steps with noise, and few steps without, give the same distribution."""
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
    few = solve(DpmSolver(schedule, 25), x0_of, x)
    for result in (ancestral, few):
        torch.testing.assert_close(result.mean(), torch.tensor(0.3, dtype=torch.float64), atol=0.01, rtol=0)
        torch.testing.assert_close(result.std(), torch.tensor(0.2, dtype=torch.float64), atol=0.01, rtol=0)
