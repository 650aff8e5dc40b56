"""3DiFACE's own networks, trained: they learn, go on, take on a style, and leave checkpoints as the published ones."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml

from diface_core.audio.speech_encoder import SAMPLE_RATE
from diface_core.errors import DifaceError
from diface_core.threediface.checkpoint import load_face, load_head
from diface_core.threediface.known_frames import KnownFrames
from diface_core.threediface.sampling import HEAD_DEVIATION, SamplingOptions, sample_face, sample_head
from diface_core.training.threediface import adapt, checkpoint_writer, recordings
from diface_core.training.threediface.initial_network import build_network
from diface_core.training.threediface.settings import AdaptConfig, DataConfig
from diface_core.training.threediface.train import train
from tests.core import toy_threediface as toy
from tests.core.launching import run_two
from tests.core.toy_threediface import (
    SPEAKERS,
    displacements,
    face_config,
    head_config,
    rotations,
    sound,
    templates,
)

pytestmark = pytest.mark.training


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


@pytest.fixture(scope="module")
def face(made) -> Path:
    """The checkpoint folder of a face that has learnt both sequences."""
    config = face_config(
        made,
        steps=200,
        frames=30,
        learning_rate=7e-3,
        ema_decay=0.95,
        audio_dropout=0.05,
        save_every=50,
        max_checkpoints=2,
    )
    train(config)
    return config.out


def heard(folder: Path, face: Path, seconds: float, rows: int, seed: int = 0) -> np.ndarray:
    model = load_face(face, wav2vec2=folder / "wav2vec2")
    with torch.inference_mode():
        return model.network.encode_audio(torch.from_numpy(sound(seconds, seed)), rows).numpy()


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.sqrt(np.square(ours - theirs).mean() / np.square(theirs).mean()))


# --- what comes of it ------------------------------------------------------------------------------------------------


def test_a_face_learns_two_sequences_and_its_checkpoint_speaks_them(made, face):
    model = load_face(face, wav2vec2=made / "wav2vec2")
    for style, speaker in enumerate(SPEAKERS):
        options = SamplingOptions(style=style, guidance=1.0)
        ours = sample_face(model, heard(made, face, 1.0, 30, style), options)
        theirs = displacements(60, 60.0, style)[::2]
        assert relative(ours, theirs) < 0.3, speaker
        assert relative(ours, displacements(60, 60.0, 1 - style)[::2]) > 0.8


def test_the_folder_is_laid_out_as_published_ones_are(face):
    assert sorted(path.name for path in (face / "checkpoints").iterdir()) == ["model000000150.pt", "model000000200.pt"]
    saying = yaml.safe_load((face / "args.yml").read_text())
    assert saying["motion_model"]["target"].endswith(".unet_w_cond_mask")
    params = saying["motion_model"]["params"]
    assert (params["ch"], params["cond_mask_prob"], params["train_subjects"]) == (16, 0.05, "Ann Bob")
    assert params["num_identity_classes"] == 2
    assert saying["diffusion"]["params"]["noise_cfg"]["params"] == {"std_scale": 0.02}
    state = torch.load(face / "checkpoints" / "model000000200.pt", weights_only=True)
    assert "audio_encoder.encoder.pos_conv_embed.conv.weight_g" in state


def test_the_speech_encoder_comes_out_as_it_went_in(made, face):
    from diface_core.threediface.wav2vec2 import build_encoder

    before = build_encoder({}, made / "wav2vec2").state_dict()
    after = load_face(face, wav2vec2=made / "wav2vec2").network.audio_encoder.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_head_paints_in_what_it_learnt(mine, face):
    config = head_config(mine, face)
    train(config)
    model, truth = load_head(config.out), rotations(96)
    keep = np.ones(96, bool)
    keep[40:60] = False
    speech = heard(mine, face, 3.2, 96)
    ours = sample_head(model, speech, SamplingOptions(known=KnownFrames(truth, keep)))
    assert np.array_equal(ours[keep], truth[keep])
    straight = np.stack([np.interp(np.arange(96), np.flatnonzero(keep), truth[keep, axis]) for axis in range(3)], 1)

    def missed(values: np.ndarray) -> float:
        return float(np.sqrt(np.square((values - truth) / HEAD_DEVIATION)[~keep].mean()))

    assert missed(ours) < 0.15
    assert missed(ours) < 0.6 * missed(straight)


def test_a_speech_encoder_that_learns_keeps_its_convolutions(mine):
    before = build_network(face_config(mine), SPEAKERS).network.state_dict()
    after = train(face_config(mine, train_encoder=True, steps=2)).state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert "audio_encoder.encoder.layers.0.attention.q_proj.weight" in changed
    assert "audio_encoder.feature_projection.projection.weight" in changed
    assert not any(name.startswith("audio_encoder.feature_extractor") for name in changed)
    assert not (mine / "cache" / "heard").exists()


def test_a_training_goes_on_from_a_published_folder(mine, face):
    config = face_config(mine, fine_tune=face, steps=1, model={}, learning_rate=0.0)
    after = train(config).state_dict()
    before = load_face(face, wav2vec2=mine / "wav2vec2").network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert (config.out / "args.yml").read_text() == (face / "args.yml").read_text()


# --- one speaker's style ---------------------------------------------------------------------------------------------


def adapt_config(folder: Path, base: Path, **changes) -> AdaptConfig:
    made = AdaptConfig(
        base=base, out=folder / "adapted", cache=folder / "cache", wav2vec2=folder / "wav2vec2", steps=30, batch=2,
        frames=30, learning_rate=3e-3, warm_up=1, ema_decay=0.9, save_every=0,
        data=DataConfig(folder / "voca", subjects=("Bob",)),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def test_adaptation_changes_the_style_and_the_output_and_no_other_bit(mine):
    general = face_config(mine, model={"ch": 16, "ch_multi": [1, 2], "norm": "batch", "num_identity_classes": 8})
    train(general)
    adapt.adapt_network(adapt_config(mine, general.out, style=3))
    before, after = (
        load_face(folder, wav2vec2=mine / "wav2vec2").network.state_dict() for folder in (general.out, mine / "adapted")
    )
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {"decoder.style_map.weight", "decoder.out_embed.weight", "decoder.out_embed.bias"}
    columns = (after["decoder.style_map.weight"] != before["decoder.style_map.weight"]).any(0)
    assert columns.tolist() == [number == 3 for number in range(8)]
    assert (mine / "adapted" / "args.yml").read_text() == (general.out / "args.yml").read_text()


def test_adaptation_begins_at_the_nearest_style_and_comes_nearer(mine, face):
    path = mine / "bob"
    toy.vocaset(path, speakers=("Bob",))
    moved = templates()["Bob"].ravel() + 1.5 * displacements(60, 60.0, 0)
    np.save(path / "vertices_npy" / "Bob_sentence01.npy", moved)
    soundfile.write(path / "wav" / "Bob_sentence01.wav", sound(1.0, 0), SAMPLE_RATE)
    config = adapt_config(mine, face, data=DataConfig(path), steps=60)
    adapt.adapt_network(config)

    theirs, speech = 1.5 * displacements(60, 60.0, 0)[::2], heard(mine, face, 1.0, 30)
    errors = [
        relative(
            sample_face(load_face(folder, wav2vec2=mine / "wav2vec2"), speech, SamplingOptions(guidance=1.0)), theirs
        )
        for folder in (face, config.out)
    ]
    assert errors[1] < 0.75 * errors[0]


def test_a_style_is_of_one_speaker_and_there(mine, face):
    with pytest.raises(DifaceError, match="Ann, Bob"):
        adapt.adapt_network(adapt_config(mine, face, data=DataConfig(mine / "voca")))
    with pytest.raises(DifaceError, match="styles 0 to 1"):
        adapt.adapt_network(adapt_config(mine, face, style=2))


# --- the loop: the project's own (test_train.py), with what is 3DiFACE's here ----------------------------------------


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("encoder", [False, True])
def test_a_resumed_training_is_the_uninterrupted_one_to_the_bit(mine, monkeypatch, encoder):
    norm = {"ch": 16, "ch_multi": [1, 2], "norm": "batch"}
    whole = train(face_config(mine, train_encoder=encoder, model=norm)).state_dict()
    config = face_config(mine, train_encoder=encoder, model=norm, out=mine / "again")

    write = checkpoint_writer.write_checkpoint

    def break_off(*arguments):
        write(*arguments)
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_writer, "write_checkpoint", break_off)
        with pytest.raises(Interrupted):
            train(config)
    resumed = train(config).state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_speech_is_heard_once(mine, monkeypatch):
    train(face_config(mine, steps=1))
    times = [path.stat().st_mtime_ns for path in sorted((mine / "cache" / "heard").iterdir())]
    assert len(times) == 2
    monkeypatch.setattr(recordings, "_encode_samples", None)
    train(face_config(mine, steps=2, out=mine / "other"))


def test_held_out_sequences_are_judged_and_not_learnt(mine, capfd):
    split = DataConfig(mine / "voca", held_out=("Bob",))
    config = face_config(mine, data=split, validate_every=2)
    train(config)
    assert capfd.readouterr().out.count("held out: loss") == 2
    learnt, held_out = recordings.read_recordings(split, "face", 16)
    assert [one.name for one in learnt] == ["Ann_sentence01"]
    assert [one.name for one in held_out] == ["Bob_sentence01"]
    assert yaml.safe_load((config.out / "args.yml").read_text())["motion_model"]["params"]["train_subjects"] == "Ann"


@pytest.mark.slow
def test_two_processes_train_what_one_does_with_their_batches_together(mine):
    done = run_two(toy, mine)
    assert done.returncode == 0, done.stderr
    for encoder in (False, True):
        first, second = (torch.load(mine / f"rank_{rank}_{encoder}.pt", weights_only=True) for rank in range(2))
        config = face_config(mine, batch=4, train_encoder=encoder)
        begun = build_network(config, SPEAKERS).network.state_dict()
        for name, value in train(config).state_dict().items():
            assert torch.equal(first[name], second[name]), name
            assert torch.allclose(first[name], value, atol=1e-5), name
        assert not torch.allclose(first["decoder.out_embed.weight"], begun["decoder.out_embed.weight"], atol=1e-4)


def test_no_checkpoint_is_written_over(mine, face):
    before = {path.name: path.read_bytes() for path in (face / "checkpoints").iterdir()}
    with pytest.raises(DifaceError, match="read from"):
        train(face_config(mine, fine_tune=face, out=face))
    with pytest.raises(DifaceError, match="read from"):
        adapt.adapt_network(adapt_config(mine, face, out=face))
    with pytest.raises(DifaceError, match="another model"):
        train(face_config(mine, out=face, audio_dropout=0.5))
    assert {path.name: path.read_bytes() for path in (face / "checkpoints").iterdir()} == before


def test_a_head_has_the_width_of_the_face_that_it_hears_by(mine, face):
    with pytest.raises(DifaceError, match="ch is 32"):
        train(head_config(mine, face, model={"ch": 32, "ch_multi": [1, 1, 1]}))
