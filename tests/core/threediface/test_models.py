"""The 3DiFACE engine: shapes and rotations equal the output of the samplers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from diface_core import Cancelled, ModelError
from diface_core.channels import HEAD
from diface_core.faces.flame.axes import blender_to_flame, flame_to_blender
from diface_core.threediface.checkpoint import load_face, load_head
from diface_core.threediface.models import ThreeDifaceModels, encode_audio
from diface_core.threediface.sampling import SamplingOptions, sample_face, sample_head
from diface_core.types import AudioSection, GenerateRequest, Motion, Progress, Shapes, ThreeDiface
from tests.core.threediface import small_checkpoints

ROWS = 23


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    small_checkpoints.write(folder / "general", small_checkpoints.face_arguments(), with_encoder=True)
    small_checkpoints.write(
        folder / "personal", small_checkpoints.face_arguments(ch_multi=[1, 2]), with_encoder=True, seed=1
    )
    small_checkpoints.write(folder / "no_encoder", small_checkpoints.face_arguments())
    small_checkpoints.write(
        folder / "vertices", small_checkpoints.face_arguments({"pred_disp": False}), with_encoder=True
    )
    small_checkpoints.write(folder / "head", small_checkpoints.head_arguments())
    return folder


@pytest.fixture(scope="module")
def waveform() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, ROWS * 16000 // 30).astype(np.float32)


def request(engine: ThreeDiface, parts: tuple[str, ...] = ("face", "head"), seed: int = 3) -> GenerateRequest:
    return GenerateRequest(AudioSection(Path("any.wav")), parts, seed=seed, guidance=0.5, engine=engine)


def displaced_vertices(motion: Motion, shapes: Shapes) -> np.ndarray:
    """Return vertices (T, V * 3) displaced by the shapes."""
    return motion.select(shapes.names).values @ shapes.deltas.reshape(len(shapes.names), -1)


def nothing(progress: Progress) -> None:
    pass


@pytest.mark.parametrize("steps", [None, 3])
def test_generate_equals_the_samplers(folders: Path, waveform: np.ndarray, steps: int | None) -> None:
    engine = ThreeDiface(folders / "personal", folders / "head", listener=folders / "general", condition=2, steps=steps)
    reports: list[Progress] = []
    motion, shapes = ThreeDifaceModels.load(engine).generate(waveform, ROWS, request(engine), reports.append)
    assert shapes is not None
    assert motion.channels == (*shapes.names, *HEAD)
    assert len(motion) == ROWS

    general, personal = load_face(folders / "general"), load_face(folders / "personal")
    expected = sample_face(personal, encode_audio(personal, waveform, ROWS), SamplingOptions(3, 2, steps=steps))
    np.testing.assert_allclose(displaced_vertices(motion, shapes), expected, rtol=0, atol=1e-6)
    options = SamplingOptions(3, steps=steps)
    neck = sample_head(load_head(folders / "head"), encode_audio(general, waveform, ROWS), options)
    np.testing.assert_allclose(blender_to_flame(motion.select(HEAD).values), neck, rtol=0, atol=1e-6)

    fractions = [progress.fraction for progress in reports]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.1
    assert fractions[-1] == 1


def test_generate_one_part_equals_that_part_of_both(folders: Path, waveform: np.ndarray) -> None:
    engine = ThreeDiface(folders / "general", folders / "head", steps=2)
    models = ThreeDifaceModels.load(engine)
    both, _ = models.generate(waveform, ROWS, request(engine), nothing)
    face, shapes = models.generate(waveform, ROWS, request(engine, ("face",)), nothing)
    head, none = models.generate(waveform, ROWS, request(engine, ("head",)), nothing)
    assert none is None
    np.testing.assert_array_equal(np.concatenate([face.values, head.values], 1), both.values)
    assert shapes is not None
    assert shapes.deltas.shape == (8 + 1, small_checkpoints.VERTICES, 3)


def test_generate_clamped_face_has_a_shape_per_frame(folders: Path, waveform: np.ndarray, tmp_path: Path) -> None:
    small_checkpoints.write(tmp_path, small_checkpoints.face_arguments(final_activation="sigmoid"), with_encoder=True)
    engine = ThreeDiface(tmp_path, None, steps=2)
    motion, shapes = ThreeDifaceModels.load(engine).generate(waveform, ROWS, request(engine, ("face",)), nothing)
    face = load_face(tmp_path)
    assert shapes is not None
    expected = sample_face(face, encode_audio(face, waveform, ROWS), SamplingOptions(3, steps=2))
    np.testing.assert_array_equal(displaced_vertices(motion, shapes), expected)


def test_generate_depends_on_seed_and_guidance(folders: Path, waveform: np.ndarray) -> None:
    engine = ThreeDiface(folders / "general", None, steps=2)
    models = ThreeDifaceModels.load(engine)

    def values(**changes) -> np.ndarray:
        request_ = GenerateRequest(AudioSection(Path("any.wav")), ("face",), engine=engine, **changes)
        motion, shapes = models.generate(waveform, ROWS, request_, nothing)
        assert shapes is not None
        return displaced_vertices(motion, shapes)

    first = values(seed=1, guidance=0.5)
    np.testing.assert_array_equal(first, values(seed=1, guidance=0.5))
    assert np.abs(first - values(seed=2, guidance=0.5)).max() > 1e-4
    assert np.abs(first - values(seed=1, guidance=1.5)).max() > 1e-4


def test_generate_can_be_cancelled(folders: Path, waveform: np.ndarray) -> None:
    engine = ThreeDiface(folders / "general", folders / "head", steps=3)

    def cancel(progress: Progress) -> None:
        if progress.fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        ThreeDifaceModels.load(engine).generate(waveform, ROWS, request(engine), cancel)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (lambda f: ThreeDiface(f / "absent", None), "absent is no 3DiFACE model"),
        (lambda f: ThreeDiface(f / "head", None), "head is a head model, expected a face model"),
        (lambda f: ThreeDiface(None, f / "general"), "general is a face model, expected a head model"),
        (lambda f: ThreeDiface(None, f / "head"), "needs a face model to encode the audio, and none is set.*cond_012"),
        (lambda f: ThreeDiface(f / "no_encoder", None), "no_encoder has no speech encoder.*Set the folder of wav2vec2"),
        (lambda f: ThreeDiface(None, f / "head", listener=f / "no_encoder"), "no_encoder has no speech encoder"),
        (lambda f: ThreeDiface(f / "general", None, wav2vec2=f / "absent"), "absent is no wav2vec2 folder"),
    ],
)
def test_load_reports_missing_or_wrong_models(
    folders: Path, engine: Callable[[Path], ThreeDiface], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        ThreeDifaceModels.load(engine(folders))


def test_generate_reports_impossible_requests(folders: Path, waveform: np.ndarray) -> None:
    engine = ThreeDiface(folders / "general", None, condition=8)
    models = ThreeDifaceModels.load(engine)
    with pytest.raises(ModelError, match=r"styles 0 to 7\. Got 8"):
        models.generate(waveform, ROWS, request(engine, ("face",)), nothing)
    with pytest.raises(ModelError, match="No 3DiFACE head model is set to generate the head"):
        models.generate(waveform, ROWS, request(engine, ("head",)), nothing)
    engine = ThreeDiface(folders / "vertices", None)
    with pytest.raises(ModelError, match="outputs vertices"):
        ThreeDifaceModels.load(engine).generate(waveform, ROWS, request(engine, ("face",)), nothing)


def test_hash_depends_on_all_models(folders: Path) -> None:
    face, head = folders / "general", folders / "head"
    engines = [
        ThreeDiface(face, None),
        ThreeDiface(face, head),
        ThreeDiface(folders / "personal", head),
        ThreeDiface(folders / "personal", head, listener=face),
    ]
    assert len({ThreeDifaceModels.load(engine).hash for engine in engines}) == len(engines)


def test_flame_to_blender_turns_rotations_with_their_frame() -> None:
    """A rotation in FLAME's frame (Y up, looking along +Z) is the same one in Blender's (Z up, looking along -Y)."""
    to_blender = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    np.testing.assert_array_equal(to_blender @ [0, 0, 1], [0, -1, 0])
    np.testing.assert_array_equal(to_blender @ [0, 1, 0], [0, 0, 1])
    vectors = np.random.default_rng(0).normal(0, 1, (20, 3))
    flame_rotation, blender_rotation = (
        Rotation.from_rotvec(some).as_matrix() for some in (vectors, flame_to_blender(vectors))
    )
    np.testing.assert_allclose(blender_rotation, to_blender @ flame_rotation @ to_blender.T, atol=1e-12)
    np.testing.assert_allclose(blender_to_flame(flame_to_blender(vectors)), vectors)


def test_head_channel_signs() -> None:
    """+rx nods down, +ry tilts the head to its left shoulder, +rz turns it left (docs/development/architecture.md)."""
    face, crown, left = np.array([0, 0, 1.0]), np.array([0, 1.0, 0]), 0
    for axis, (looks, coordinate, sign) in enumerate([(face, 1, -1), (crown, left, 1), (face, left, 1)]):
        rotation = blender_to_flame(0.1 * np.eye(3)[axis][None])
        assert sign * Rotation.from_rotvec(rotation[0]).apply(looks)[coordinate] > 0.09
