"""Training examples of 3DiFACE networks: windows, masks and losses; and unusable recordings and settings."""

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.errors import DifaceError
from diface_core.threediface.diffusion import Schedule
from diface_core.threediface.sampling import HEAD_DEVIATION, HEAD_MEAN
from diface_core.training.threediface import checkpoint_writer, recordings, run
from diface_core.training.threediface.batches import ExampleOptions, ExampleSampler
from diface_core.training.threediface.initial_network import build_network
from diface_core.training.threediface.losses import TrainingLoss
from diface_core.training.threediface.random_masks import MASK_KINDS, NO_KNOWN_FRAMES, MaskConfig, draw_known_frames
from diface_core.training.threediface.settings import AdaptConfig, DataConfig, LossConfig, TrainConfig, read_config
from diface_core.training.threediface.train import main, train
from diface_core.training.threediface.vertex_weights import vertex_weights
from tests.core.training.threediface import small_recordings
from tests.core.training.threediface.small_recordings import (
    SPEAKERS,
    VALUES,
    displacements,
    face_config,
    head_config,
    rotations,
    sound,
    templates,
)

pytestmark = pytest.mark.training

CONFIGS = Path(recordings.__file__).parents[1] / "configs"


# --- examples --------------------------------------------------------------------------------------------------------


def examples(
    recorded: Path, masks: MaskConfig = NO_KNOWN_FRAMES, audio_dropout: float = 0.0, part: str = "face"
) -> ExampleSampler:
    config = face_config(recorded) if part == "face" else head_config(recorded, recorded / "face")
    training, _ = recordings.read_recordings(config.data, config.part, config.frames)
    training = [
        dataclasses.replace(one, audio_features=np.arange(len(one.frames), dtype=np.float16)[:, None])
        for one in training
    ]
    schedule = Schedule(default_diffusion(part))
    options = ExampleOptions(16, audio_dropout, masks, 0)
    return ExampleSampler(training, run.style_vectors(SPEAKERS, 2), schedule, options, torch.device("cpu"))


def default_diffusion(part: str):
    from diface_core.threediface import options

    return options.parse_options(checkpoint_writer.make_arguments(part, {"num_identity_classes": 2}, {}), "toy")[1]


def test_face_recordings_are_decimated_to_thirty_frames_per_second(recorded, tmp_path):
    for fps, every in ((60.0, 2), (30.0, 1), (90.0, 3)):
        folder = small_recordings.vocaset(tmp_path / str(fps), fps=fps)
        training, _ = recordings.read_recordings(DataConfig(folder, fps=fps), "face", 16)
        for number, sequence in enumerate(training):
            whole = displacements(round(fps), fps, number)
            assert len(sequence.frames) == 30
            assert np.allclose(sequence.x0(0, 30), whole[::every], atol=1e-7)
            assert np.array_equal(sequence.x0(7, 3), sequence.x0(0, 30)[7:10])
    with pytest.raises(DifaceError, match="multiple of 30"):
        recordings.read_recordings(DataConfig(recorded / "voca", fps=45.0), "face", 16)


def test_head_recordings_are_resampled_and_standardised(tmp_path):
    for fps in (25.0, 30.0, 50.0):
        folder = small_recordings.heads(tmp_path / str(fps), fps=fps)
        (sequence,), _ = recordings.read_recordings(DataConfig(folder, fps=fps), "head", 32)
        assert len(sequence.frames) == 96
        # The last rows are after the last frame at 25 frames per second.
        assert np.allclose(sequence.frames[:94], rotations(96)[:94], atol=2e-3)
        assert np.allclose(sequence.x0(0, 94), (sequence.frames[:94] - HEAD_MEAN) / HEAD_DEVIATION, atol=1e-5)


def test_examples_do_not_depend_on_the_batch_and_keep_audio_aligned(recorded):
    drawn = examples(recorded)
    together, alone = drawn.draw(7, range(6)), drawn.draw(7, [4])
    for whole, part in zip(together[:-1], alone[:-1], strict=True):
        assert torch.equal(whole[4:5], part)
    assert not torch.equal(drawn.draw(8, [4]).xt, alone.xt)
    for number in range(6):
        first = int(together.speech[number, 0, 0])
        speaker = int(together.style[number].argmax())
        truth = displacements(60, 60.0, speaker)[::2][first : first + 16]
        assert np.allclose(together.x0[number], truth, atol=1e-7)


def test_noise_follows_the_schedule(recorded):
    drawn = examples(recorded).draw(0, range(40))
    schedule = Schedule(default_diffusion("face"))
    left = torch.from_numpy(schedule.alpha_bar)[drawn.step].float()[:, None, None]
    noise = (drawn.xt - left.sqrt() * drawn.x0) / (1 - left).sqrt()
    seen = noise[drawn.step > 50]
    assert float(seen.min()) > -1e-5
    assert 0.0199 < float(seen.max()) < 0.0201
    assert float(seen.mean()) == pytest.approx(0.01, rel=0.01)


def test_audio_dropout_removes_the_speech(recorded):
    batch = examples(recorded, audio_dropout=0.3, part="head").draw(0, range(400))
    assert 0.25 < 1 - float(batch.has_audio.float().mean()) < 0.35
    network = build_network(face_config(recorded), SPEAKERS).network
    torch.nn.init.normal_(network.decoder.out_embed.weight)
    loss = TrainingLoss(network, LossConfig(), *vertex_weights(LossConfig(), VALUES))
    few = examples(recorded).draw(0, range(2))
    few = few._replace(speech=torch.randn(2, 16, 768), has_audio=torch.tensor([False, True]))
    with torch.no_grad():
        x0 = loss.predict(few)
        speech = network.audio_feature_map(few.speech)
        assert torch.equal(x0[:1], network(few.xt, few.step, speech * few.has_audio[:, None, None], few.style)[:1])
        assert not torch.allclose(x0[:1], network(few.xt, few.step, speech, few.style)[:1])


# --- masks -----------------------------------------------------------------------------------------------------------


def spans(known: np.ndarray) -> int:
    """Return the number of segments of unknown frames."""
    return int((np.diff(np.concatenate([[True], known]).astype(int)) == -1).sum())


@pytest.mark.parametrize("kind", MASK_KINDS)
def test_draw_known_frames_of_every_kind(kind):
    rng = np.random.default_rng(0)
    config = MaskConfig(kind, cond_mask_prob=1.0, mask_frame_prob=0.4)
    drawn = [draw_known_frames(60, config, rng) for _ in range(300)]
    noisy = np.array([(~known).sum() for known in drawn])
    if kind.startswith("random"):
        assert noisy.min() >= 24
        assert noisy.max() > 55
        assert noisy.mean() == pytest.approx(42, abs=2)
    else:
        assert (noisy == 24).all()
    in_one = np.mean([spans(known) == 1 for known in drawn])
    expected = {"inpaint": 1.0, "random_size_inpaint": 1.0, "random_mask_type": 0.5}.get(kind, 0.0)
    assert in_one == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("kind", MASK_KINDS)
def test_share_of_examples_with_known_frames(kind):
    rng = np.random.default_rng(0)
    drawn = [draw_known_frames(32, MaskConfig(kind, 0.25, 0.5), rng).any() for _ in range(800)]
    assert np.mean(drawn) == pytest.approx(0.25, abs=0.05)


def test_known_frames_have_no_noise(recorded):
    batch = examples(recorded, MaskConfig("keyframe", 1.0, 0.75), part="head").draw(0, range(8))
    assert batch.known.sum(1).tolist() == [4] * 8
    assert torch.equal(batch.xt[batch.known], batch.x0[batch.known])
    assert not torch.isclose(batch.xt[~batch.known], batch.x0[~batch.known]).all()


# --- losses ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def regions(tmp_path) -> Path:
    path = tmp_path / "FLAME_masks.pkl"
    masks = {"lips": np.arange(100, 120), "face": np.arange(100, 600), "scalp": np.arange(600, 5023)}
    path.write_bytes(pickle.dumps(masks, protocol=2))
    return path


def test_vertex_weights_use_the_largest_overlapping_region(regions):
    config = LossConfig(flame_masks=regions, regions={"lips": 5.0, "face": 2.0, "scalp": 0.0})
    weight, lips = (values.reshape(-1, 3) for values in vertex_weights(config, VALUES))
    assert weight[[0, 100, 119, 120, 599, 600, 5022], 1].tolist() == [1.0, 5.0, 5.0, 2.0, 2.0, 0.0, 0.0]
    assert np.flatnonzero(lips.any(1)).tolist() == list(range(100, 120))
    with pytest.raises(DifaceError, match="no region chin") as error:
        vertex_weights(dataclasses.replace(config, regions={"chin": 2.0}), VALUES)
    assert "scalp" in error.value.hint


def test_loss_terms_measure_their_quantity(recorded, regions):
    config = LossConfig(velocity=2.0, acceleration=3.0, lips=4.0, flame_masks=regions)
    network = build_network(face_config(recorded), SPEAKERS).network
    loss = TrainingLoss(network, config, *vertex_weights(config, VALUES))
    batch = examples(recorded).draw(0, range(2))
    t = torch.arange(16.0)[None, :, None]
    off = torch.zeros(2, 16, VALUES)
    off[..., 300:360] = 1e-3 * t  # the lip vertices move by a millimetre per frame
    means = {name: float(term.mean()) for name, term in loss.terms(batch.x0 + off, batch).items()}
    share = 60 / VALUES
    assert means["position"] == pytest.approx(share * float((t**2).mean()), rel=1e-3)
    assert means["lips"] == pytest.approx(float((t**2).mean()), rel=1e-3)
    assert means["velocity"] == pytest.approx(share, rel=1e-3)
    assert means["acceleration"] == pytest.approx(0.0, abs=1e-6)
    curved = {name: float(term.mean()) for name, term in loss.terms(batch.x0 + off * t, batch).items()}
    assert curved["acceleration"] == pytest.approx(4 * share, rel=1e-3)


def test_masked_loss_ignores_known_frames(recorded):
    config = head_config(recorded, recorded / "face")
    network = build_network(config, ()).network
    loss = TrainingLoss(network, config.loss, *vertex_weights(config.loss, 3))
    batch = examples(recorded, MaskConfig("inpaint", 1.0, 0.5), part="head").draw(0, range(4))
    off = batch.x0 + batch.known[..., None] * 2.0
    assert float(loss.terms(off, batch)["masked"].mean()) == 0.0
    assert float(loss.terms(off, batch)["position"].mean()) == pytest.approx(2.0, rel=1e-4)
    off = batch.x0 + (~batch.known[..., None]) * 2.0
    assert float(loss.terms(off, batch)["masked"].mean()) == pytest.approx(4.0, rel=1e-4)


# --- unusable inputs -------------------------------------------------------------------------------------------------


def test_unusable_sequences_are_logged_and_skipped(tmp_path, caplog):
    folder = small_recordings.vocaset(tmp_path / "voca")
    for name, rows in (("Ann_sentence02", 20), ("Ann_sentence03", 60), ("Eve_sentence01", 60)):
        vertices = np.resize(templates()["Ann"].ravel(), (rows, VALUES))
        np.save(folder / "vertices_npy" / f"{name}.npy", vertices)
    for name, seconds in (("Ann_sentence02", 20 / 60), ("Eve_sentence01", 1.0), ("Bob_sentence09", 1.0)):
        soundfile.write(folder / "wav" / f"{name}.wav", sound(seconds), SAMPLE_RATE)
    with caplog.at_level("INFO"):
        training, _ = recordings.read_recordings(DataConfig(folder), "face", 16)
    assert [one.name for one in training] == ["Ann_sentence01", "Bob_sentence01"]
    for name, why in (("Ann_sentence02", "an example has 16"), ("Ann_sentence03", "no sound"),
                      ("Eve_sentence01", "no template"), ("Bob_sentence09", "no vertices")):  # fmt: skip
        assert any(name in line and why in line for line in caplog.text.splitlines()), name


HEAD_FAULTS = {
    "no audio": (lambda f: (f / "wav" / "two.wav").unlink(), "no audio"),
    "no motion": (lambda f: (f / "head" / "two.npy").unlink(), "no head motion"),
    "other lengths": (lambda f: np.save(f / "head" / "two.npy", rotations(40)), "s of sound"),
    "matrices": (lambda f: np.save(f / "head" / "two.npy", np.zeros((96, 3, 3))), "(frames, 3)"),
    "degrees": (lambda f: np.save(f / "head" / "two.npy", rotations(96) * 57), "radians"),
    "NaN": (lambda f: np.save(f / "head" / "two.npy", np.full((96, 3), np.nan)), "not finite"),
    "empty": (lambda f: (f / "head" / "two.npy").write_bytes(b""), ""),
    "pickled": (lambda f: np.save(f / "head" / "two.npy", np.array([{}], object), allow_pickle=True), ""),
}


@pytest.mark.parametrize("name", HEAD_FAULTS)
def test_unusable_tracks_are_logged_and_skipped(tmp_path, caplog, name):
    damage, why = HEAD_FAULTS[name]
    folder = small_recordings.heads(tmp_path / "heads")
    for kind in ("wav/one.wav", "head/one.npy"):
        (folder / kind).with_stem("two").write_bytes((folder / kind).read_bytes())
    damage(folder)
    with caplog.at_level("INFO"):
        training, _ = recordings.read_recordings(DataConfig(folder, fps=30.0), "head", 32)
    assert [one.name for one in training] == ["one"]
    assert any("two" in line and why in line for line in caplog.text.splitlines())


def test_incomplete_or_empty_folders_are_refused(recorded, tmp_path):
    for part, missing in (("face", "vertices_npy"), ("head", "head")):
        with pytest.raises(DifaceError, match=missing):
            recordings.read_recordings(DataConfig(tmp_path), part, 16)
    with pytest.raises(DifaceError, match="no usable clip"):
        recordings.read_recordings(DataConfig(recorded / "voca"), "face", 64)
    with pytest.raises(DifaceError, match="is a training sequence"):
        recordings.read_recordings(DataConfig(recorded / "voca", subjects=("Zoe",)), "face", 16)


def test_subjects_are_styles_in_order_with_max_sequences(tmp_path):
    folder = small_recordings.vocaset(tmp_path / "voca")
    for kind in ("wav/Ann_sentence01.wav", "vertices_npy/Ann_sentence01.npy"):
        (folder / kind).with_stem("Ann_sentence02").write_bytes((folder / kind).read_bytes())
    assert len(recordings.read_recordings(DataConfig(folder), "face", 16)[0]) == 3
    training, _ = recordings.read_recordings(DataConfig(folder, subjects=("Bob", "Ann"), max_sequences=1), "face", 16)
    assert [(one.name, one.subject) for one in training] == [("Ann_sentence01", "Ann"), ("Bob_sentence01", "Bob")]
    assert run.style_vectors(("Bob", "Ann"), 3)["Ann"].tolist() == [0, 1, 0]
    assert run.style_vectors(("Bob", "Ann"), 3)[""].tolist() == [0.5, 0.5, 0]


MISTAKES = {
    "wav2vec2": ({"wav2vec2": None}, "wav2vec2"),
    "styles": ({"model": {"ch": 16, "ch_multi": [1, 2], "num_identity_classes": 1}}, "styles"),
    "activation": ({"model": {"ch": 16, "ch_multi": [1, 2], "activation": "tanh"}}, "activation"),
    "diffusion": ({"diffusion": {"steps": 10}}, "diffusion_steps"),
    "noise": ({"diffusion": {"noise": "brown"}}, "noise_cfg"),
    "frames": ({"frames": 15}, "multiple of 2"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_settings_that_fit_no_network_are_refused(workspace, name):
    changes, named = MISTAKES[name]
    with pytest.raises(DifaceError, match=named) as error:
        train(face_config(workspace, **changes))
    assert error.value.hint


def toml(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('part = "face"\nout = "x"\nstep = 3\n[data]\nfolder = "x"', "step"),
        ('part = "face"\n[data]\nfolder = "x"', "out"),
        ('part = "nose"\nout = "x"\n[data]\nfolder = "x"', "nose"),
        ('part = "head"\nout = "x"\n[data]\nfolder = "x"', "face_model"),
        ('part = "face"\nout = "x"\n[data]\nfolder = "x"\n[loss]\nlips = 1.0', "FLAME_masks"),
        ('part = "face"\nout = "x"\n[data]\nfolder = "x"\n[masks]\nkind = "spans"', "spans"),
        ("part = face", "Invalid"),
    ],
)
def test_unusable_configurations_are_reported(tmp_path, capsys, text, named):
    assert main([str(toml(tmp_path / "c.toml", text))]) == 2
    assert named in capsys.readouterr().err


def test_command_line_overrides_the_configuration(workspace, capsys):
    config = toml(
        workspace / "c.toml",
        f"""
        part = "face"
        out = "nowhere"
        cache = "{workspace / "cache"}"
        wav2vec2 = "{workspace / "wav2vec2"}"
        steps = 99
        frames = 16
        batch = 1
        [data]
        folder = "nowhere"
        [model]
        ch = 16
        ch_multi = [1, 2]
        """,
    )
    words = [str(config), "--steps", "1", "--out", str(workspace / "out"), "--data", str(workspace / "voca")]
    assert main(words) == 0
    assert (workspace / "out" / "checkpoints" / "model000000001.pt").is_file()
    assert main([str(config)]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "kind"),
    [("threediface_face", TrainConfig), ("threediface_head", TrainConfig), ("threediface_adapt", AdaptConfig)],
)
def test_shipped_configurations_are_valid(name, kind):
    config = read_config(CONFIGS / f"{name}.toml", kind)
    assert config.data.folder
    if isinstance(config, TrainConfig):
        known = {"num_identity_classes": 8, **config.model}
        from diface_core.threediface import options

        network, _ = options.parse_options(checkpoint_writer.make_arguments(config.part, known, config.diffusion), name)
        assert config.frames % network.stride == 0
