"""What 3DiFACE's training learns from: examples, masks and losses; and recordings and settings that cannot be used."""

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
from diface_core.training.threediface.batches import ExampleSampler
from diface_core.training.threediface.initial_network import build_network
from diface_core.training.threediface.losses import TrainingLoss
from diface_core.training.threediface.random_masks import MASK_KINDS, NO_KNOWN_FRAMES, MaskConfig, draw_known_frames
from diface_core.training.threediface.settings import AdaptConfig, DataConfig, LossConfig, TrainConfig, read_config
from diface_core.training.threediface.train import main, train
from diface_core.training.threediface.vertex_weights import vertex_weights
from tests.core import toy_threediface as toy
from tests.core.toy_threediface import (
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


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return toy.recordings(tmp_path_factory.mktemp("made"))


@pytest.fixture
def mine(made, tmp_path) -> Path:
    """A folder to train in, that sees the recordings."""
    for name in ("wav2vec2", "voca", "heads"):
        (tmp_path / name).symlink_to(made / name, target_is_directory=True)
    return tmp_path


# --- examples --------------------------------------------------------------------------------------------------------


def examples(
    made: Path, masks: MaskConfig = NO_KNOWN_FRAMES, audio_dropout: float = 0.0, part: str = "face"
) -> ExampleSampler:
    config = face_config(made) if part == "face" else head_config(made, made / "face")
    learnt, _ = recordings.read_recordings(config.data, config.part, config.frames)
    learnt = [
        dataclasses.replace(one, audio_features=np.arange(len(one.frames), dtype=np.float16)[:, None]) for one in learnt
    ]
    schedule = Schedule(writing_diffusion(part))
    return ExampleSampler(
        learnt, run.style_vectors(SPEAKERS, 2), schedule, 16, audio_dropout, masks, 0, torch.device("cpu")
    )


def writing_diffusion(part: str):
    from diface_core.threediface import options

    return options.parse_options(checkpoint_writer.make_arguments(part, {"num_identity_classes": 2}, {}), "toy")[1]


def test_of_sixty_frames_a_second_every_second_one_is_seen(made, tmp_path):
    for fps, every in ((60.0, 2), (30.0, 1), (90.0, 3)):
        folder = toy.vocaset(tmp_path / str(fps), fps=fps)
        learnt, _ = recordings.read_recordings(DataConfig(folder, fps=fps), "face", 16)
        for number, sequence in enumerate(learnt):
            whole = displacements(round(fps), fps, number)
            assert len(sequence.frames) == 30
            assert np.allclose(sequence.x0(0, 30), whole[::every], atol=1e-7)
            assert np.array_equal(sequence.x0(7, 3), sequence.x0(0, 30)[7:10])
    with pytest.raises(DifaceError, match="multiple of 30"):
        recordings.read_recordings(DataConfig(made / "voca", fps=45.0), "face", 16)


def test_a_head_of_any_rate_is_seen_at_thirty_standardised(tmp_path):
    for fps in (25.0, 30.0, 50.0):
        folder = toy.heads(tmp_path / str(fps), fps=fps)
        (sequence,), _ = recordings.read_recordings(DataConfig(folder, fps=fps), "head", 32)
        assert len(sequence.frames) == 96
        # The last rows are past the last frame of 25 a second.
        assert np.allclose(sequence.frames[:94], rotations(96)[:94], atol=2e-3)
        assert np.allclose(sequence.x0(0, 94), (sequence.frames[:94] - HEAD_MEAN) / HEAD_DEVIATION, atol=1e-5)


def test_an_example_is_the_same_in_any_batch_and_its_speech_goes_with_it(made):
    drawn = examples(made)
    together, alone = drawn.draw(7, range(6)), drawn.draw(7, [4])
    for whole, part in zip(together[:-1], alone[:-1], strict=True):
        assert torch.equal(whole[4:5], part)
    assert not torch.equal(drawn.draw(8, [4]).xt, alone.xt)
    for number in range(6):
        first = int(together.speech[number, 0, 0])
        speaker = int(together.style[number].argmax())
        truth = displacements(60, 60.0, speaker)[::2][first : first + 16]
        assert np.allclose(together.x0[number], truth, atol=1e-7)


def test_noise_is_as_the_schedule_says(made):
    drawn = examples(made).draw(0, range(40))
    schedule = Schedule(writing_diffusion("face"))
    left = torch.from_numpy(schedule.alpha_bar)[drawn.step].float()[:, None, None]
    noise = (drawn.xt - left.sqrt() * drawn.x0) / (1 - left).sqrt()
    seen = noise[drawn.step > 50]
    assert float(seen.min()) > -1e-5
    assert 0.0199 < float(seen.max()) < 0.0201
    assert float(seen.mean()) == pytest.approx(0.01, rel=0.01)


def test_speech_is_left_out_of_some_examples(made):
    batch = examples(made, audio_dropout=0.3, part="head").draw(0, range(400))
    assert 0.25 < 1 - float(batch.has_audio.float().mean()) < 0.35
    network = build_network(face_config(made), SPEAKERS).network
    torch.nn.init.normal_(network.decoder.out_embed.weight)
    loss = TrainingLoss(network, LossConfig(), *vertex_weights(LossConfig(), VALUES))
    few = examples(made).draw(0, range(2))
    few = few._replace(speech=torch.randn(2, 16, 768), has_audio=torch.tensor([False, True]))
    with torch.no_grad():
        x0 = loss.predict(few)
        speech = network.audio_feature_map(few.speech)
        assert torch.equal(x0[:1], network(few.xt, few.step, speech * few.has_audio[:, None, None], few.style)[:1])
        assert not torch.allclose(x0[:1], network(few.xt, few.step, speech, few.style)[:1])


# --- masks -----------------------------------------------------------------------------------------------------------


def spans(given: np.ndarray) -> int:
    """How many stretches of frames are not given."""
    return int((np.diff(np.concatenate([[True], given]).astype(int)) == -1).sum())


@pytest.mark.parametrize("kind", MASK_KINDS)
def test_masks_are_of_their_kind(kind):
    rng = np.random.default_rng(0)
    config = MaskConfig(kind, cond_mask_prob=1.0, mask_frame_prob=0.4)
    drawn = [draw_known_frames(60, config, rng) for _ in range(300)]
    noisy = np.array([(~given).sum() for given in drawn])
    if kind.startswith("random"):
        assert noisy.min() >= 24
        assert noisy.max() > 55
        assert noisy.mean() == pytest.approx(42, abs=2)
    else:
        assert (noisy == 24).all()
    in_one = np.mean([spans(given) == 1 for given in drawn])
    expected = {"inpaint": 1.0, "random_size_inpaint": 1.0, "random_mask_type": 0.5}.get(kind, 0.0)
    assert in_one == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("kind", MASK_KINDS)
def test_frames_are_given_to_a_share_of_the_examples(kind):
    rng = np.random.default_rng(0)
    drawn = [draw_known_frames(32, MaskConfig(kind, 0.25, 0.5), rng).any() for _ in range(800)]
    assert np.mean(drawn) == pytest.approx(0.25, abs=0.05)


def test_what_is_given_is_seen_as_it_is(made):
    batch = examples(made, MaskConfig("keyframe", 1.0, 0.75), part="head").draw(0, range(8))
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


def test_regions_count_as_often_as_they_say_and_the_larger_where_they_overlap(regions):
    config = LossConfig(flame_masks=regions, regions={"lips": 5.0, "face": 2.0, "scalp": 0.0})
    weight, lips = (values.reshape(-1, 3) for values in vertex_weights(config, VALUES))
    assert weight[[0, 100, 119, 120, 599, 600, 5022], 1].tolist() == [1.0, 5.0, 5.0, 2.0, 2.0, 0.0, 0.0]
    assert np.flatnonzero(lips.any(1)).tolist() == list(range(100, 120))
    with pytest.raises(DifaceError, match="no region chin") as error:
        vertex_weights(dataclasses.replace(config, regions={"chin": 2.0}), VALUES)
    assert "scalp" in error.value.hint


def test_every_term_is_of_what_it_is_called(made, regions):
    config = LossConfig(velocity=2.0, acceleration=3.0, lips=4.0, flame_masks=regions)
    network = build_network(face_config(made), SPEAKERS).network
    loss = TrainingLoss(network, config, *vertex_weights(config, VALUES))
    batch = examples(made).draw(0, range(2))
    t = torch.arange(16.0)[None, :, None]
    off = torch.zeros(2, 16, VALUES)
    off[..., 300:360] = 1e-3 * t  # the lips' vertices, a millimetre further every frame
    means = {name: float(term.mean()) for name, term in loss.terms(batch.x0 + off, batch).items()}
    share = 60 / VALUES
    assert means["position"] == pytest.approx(share * float((t**2).mean()), rel=1e-3)
    assert means["lips"] == pytest.approx(float((t**2).mean()), rel=1e-3)
    assert means["velocity"] == pytest.approx(share, rel=1e-3)
    assert means["acceleration"] == pytest.approx(0.0, abs=1e-6)
    curved = {name: float(term.mean()) for name, term in loss.terms(batch.x0 + off * t, batch).items()}
    assert curved["acceleration"] == pytest.approx(4 * share, rel=1e-3)


def test_what_is_masked_counts_where_nothing_is_given(made):
    config = head_config(made, made / "face")
    network = build_network(config, ()).network
    loss = TrainingLoss(network, config.loss, *vertex_weights(config.loss, 3))
    batch = examples(made, MaskConfig("inpaint", 1.0, 0.5), part="head").draw(0, range(4))
    off = batch.x0 + batch.known[..., None] * 2.0
    assert float(loss.terms(off, batch)["masked"].mean()) == 0.0
    assert float(loss.terms(off, batch)["position"].mean()) == pytest.approx(2.0, rel=1e-4)
    off = batch.x0 + (~batch.known[..., None]) * 2.0
    assert float(loss.terms(off, batch)["masked"].mean()) == pytest.approx(4.0, rel=1e-4)


# --- what cannot be used ---------------------------------------------------------------------------------------------


def test_sequences_that_are_short_or_not_whole_are_named_and_left(tmp_path, caplog):
    folder = toy.vocaset(tmp_path / "voca")
    for name, rows in (("Ann_sentence02", 20), ("Ann_sentence03", 60), ("Eve_sentence01", 60)):
        vertices = np.resize(templates()["Ann"].ravel(), (rows, VALUES))
        np.save(folder / "vertices_npy" / f"{name}.npy", vertices)
    for name, seconds in (("Ann_sentence02", 20 / 60), ("Eve_sentence01", 1.0), ("Bob_sentence09", 1.0)):
        soundfile.write(folder / "wav" / f"{name}.wav", sound(seconds), SAMPLE_RATE)
    with caplog.at_level("INFO"):
        learnt, _ = recordings.read_recordings(DataConfig(folder), "face", 16)
    assert [one.name for one in learnt] == ["Ann_sentence01", "Bob_sentence01"]
    for name, why in (("Ann_sentence02", "an example has 16"), ("Ann_sentence03", "no sound"),
                      ("Eve_sentence01", "no template"), ("Bob_sentence09", "no vertices")):  # fmt: skip
        assert any(name in line and why in line for line in caplog.text.splitlines()), name


HEAD_FAULTS = {
    "no sound": (lambda f: (f / "wav" / "two.wav").unlink(), "no sound"),
    "no motion": (lambda f: (f / "head" / "two.npy").unlink(), "no head motion"),
    "other lengths": (lambda f: np.save(f / "head" / "two.npy", rotations(40)), "s of sound"),
    "matrices": (lambda f: np.save(f / "head" / "two.npy", np.zeros((96, 3, 3))), "(frames, 3)"),
    "degrees": (lambda f: np.save(f / "head" / "two.npy", rotations(96) * 57), "radians"),
    "NaN": (lambda f: np.save(f / "head" / "two.npy", np.full((96, 3), np.nan)), "no numbers"),
    "empty": (lambda f: (f / "head" / "two.npy").write_bytes(b""), ""),
    "pickled": (lambda f: np.save(f / "head" / "two.npy", np.array([{}], object), allow_pickle=True), ""),
}


@pytest.mark.parametrize("name", HEAD_FAULTS)
def test_a_bad_track_is_named_and_left(tmp_path, caplog, name):
    spoil, why = HEAD_FAULTS[name]
    folder = toy.heads(tmp_path / "heads")
    for kind in ("wav/one.wav", "head/one.npy"):
        (folder / kind).with_stem("two").write_bytes((folder / kind).read_bytes())
    spoil(folder)
    with caplog.at_level("INFO"):
        learnt, _ = recordings.read_recordings(DataConfig(folder, fps=30.0), "head", 32)
    assert [one.name for one in learnt] == ["one"]
    assert any("two" in line and why in line for line in caplog.text.splitlines())


def test_folders_that_are_not_whole_or_give_nothing_are_said(made, tmp_path):
    for part, missing in (("face", "vertices_npy"), ("head", "head")):
        with pytest.raises(DifaceError, match=missing):
            recordings.read_recordings(DataConfig(tmp_path), part, 16)
    with pytest.raises(DifaceError, match="no clip that can be used"):
        recordings.read_recordings(DataConfig(made / "voca"), "face", 64)
    with pytest.raises(DifaceError, match="none is to be learnt"):
        recordings.read_recordings(DataConfig(made / "voca", subjects=("Zoe",)), "face", 16)


def test_subjects_are_styles_in_their_order_and_at_most_so_many_sequences(tmp_path):
    folder = toy.vocaset(tmp_path / "voca")
    for kind in ("wav/Ann_sentence01.wav", "vertices_npy/Ann_sentence01.npy"):
        (folder / kind).with_stem("Ann_sentence02").write_bytes((folder / kind).read_bytes())
    assert len(recordings.read_recordings(DataConfig(folder), "face", 16)[0]) == 3
    learnt, _ = recordings.read_recordings(DataConfig(folder, subjects=("Bob", "Ann"), max_sequences=1), "face", 16)
    assert [(one.name, one.subject) for one in learnt] == [("Ann_sentence01", "Ann"), ("Bob_sentence01", "Bob")]
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
def test_settings_that_fit_no_network_are_said(mine, name):
    changes, named = MISTAKES[name]
    with pytest.raises(DifaceError, match=named) as error:
        train(face_config(mine, **changes))
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
def test_a_configuration_that_cannot_be_used_says_why_and_nothing_runs(tmp_path, capsys, text, named):
    assert main([str(toml(tmp_path / "c.toml", text))]) == 2
    assert named in capsys.readouterr().err


def test_the_command_line_says_other_things_instead(mine, capsys):
    config = toml(
        mine / "c.toml",
        f"""
        part = "face"
        out = "nowhere"
        cache = "{mine / "cache"}"
        wav2vec2 = "{mine / "wav2vec2"}"
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
    words = [str(config), "--steps", "1", "--out", str(mine / "out"), "--data", str(mine / "voca")]
    assert main(words) == 0
    assert (mine / "out" / "checkpoints" / "model000000001.pt").is_file()
    assert main([str(config)]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "kind"),
    [("threediface_face", TrainConfig), ("threediface_head", TrainConfig), ("threediface_adapt", AdaptConfig)],
)
def test_the_configurations_that_come_with_it_can_be_read(name, kind):
    config = read_config(CONFIGS / f"{name}.toml", kind)
    assert config.data.folder
    if isinstance(config, TrainConfig):
        given = {"num_identity_classes": 8, **config.model}
        from diface_core.threediface import options

        network, _ = options.parse_options(checkpoint_writer.make_arguments(config.part, given, config.diffusion), name)
        assert config.frames % network.stride == 0
