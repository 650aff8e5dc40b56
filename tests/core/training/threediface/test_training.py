"""Training of 3DiFACE networks: they learn, resume, adapt to a speaker, and write checkpoints as published."""

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
from tests.core.training.threediface import small_recordings
from tests.core.training.threediface.small_recordings import (
    SPEAKERS,
    displacements,
    face_config,
    head_config,
    rotations,
    sound,
    templates,
)
from tests.core.training.two_processes import run_two

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def face(recorded) -> Path:
    """The checkpoint folder of a face trained on both sequences."""
    config = face_config(
        recorded,
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


def encode(folder: Path, face: Path, seconds: float, rows: int, seed: int = 0) -> np.ndarray:
    model = load_face(face, wav2vec2=folder / "wav2vec2")
    with torch.inference_mode():
        return model.network.encode_audio(torch.from_numpy(sound(seconds, seed)), rows).numpy()


def relative(result: np.ndarray, expected: np.ndarray) -> float:
    return float(np.sqrt(np.square(result - expected).mean() / np.square(expected).mean()))


# --- trained networks ------------------------------------------------------------------------------------------------


def test_trained_face_reproduces_its_sequences(recorded, face):
    model = load_face(face, wav2vec2=recorded / "wav2vec2")
    for style, speaker in enumerate(SPEAKERS):
        options = SamplingOptions(style=style, guidance=1.0)
        result = sample_face(model, encode(recorded, face, 1.0, 30, style), options)
        expected = displacements(60, 60.0, style)[::2]
        assert relative(result, expected) < 0.3, speaker
        assert relative(result, displacements(60, 60.0, 1 - style)[::2]) > 0.8


def test_checkpoint_folder_has_the_published_layout(face):
    assert sorted(path.name for path in (face / "checkpoints").iterdir()) == ["model000000150.pt", "model000000200.pt"]
    arguments = yaml.safe_load((face / "args.yml").read_text())
    assert arguments["motion_model"]["target"].endswith(".unet_w_cond_mask")
    params = arguments["motion_model"]["params"]
    assert (params["ch"], params["cond_mask_prob"], params["train_subjects"]) == (16, 0.05, "Ann Bob")
    assert params["num_identity_classes"] == 2
    assert arguments["diffusion"]["params"]["noise_cfg"]["params"] == {"std_scale": 0.02}
    state = torch.load(face / "checkpoints" / "model000000200.pt", weights_only=True)
    assert "audio_encoder.encoder.pos_conv_embed.conv.weight_g" in state


def test_frozen_speech_encoder_is_unchanged(recorded, face):
    from diface_core.threediface.wav2vec2 import build_encoder

    before = build_encoder({}, recorded / "wav2vec2").state_dict()
    after = load_face(face, wav2vec2=recorded / "wav2vec2").network.audio_encoder.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_trained_head_inpaints_its_motion(workspace, face):
    config = head_config(workspace, face)
    train(config)
    model, expected = load_head(config.out), rotations(96)
    keep = np.ones(96, bool)
    keep[40:60] = False
    speech = encode(workspace, face, 3.2, 96)
    result = sample_head(model, speech, SamplingOptions(known=KnownFrames(expected, keep)))
    assert np.array_equal(result[keep], expected[keep])
    straight = np.stack([np.interp(np.arange(96), np.flatnonzero(keep), expected[keep, axis]) for axis in range(3)], 1)

    def error(values: np.ndarray) -> float:
        return float(np.sqrt(np.square((values - expected) / HEAD_DEVIATION)[~keep].mean()))

    assert error(result) < 0.15
    assert error(result) < 0.6 * error(straight)


def test_trained_speech_encoder_keeps_its_convolutions(workspace):
    before = build_network(face_config(workspace), SPEAKERS).network.state_dict()
    after = train(face_config(workspace, train_encoder=True, steps=2)).state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert "audio_encoder.encoder.layers.0.attention.q_proj.weight" in changed
    assert "audio_encoder.feature_projection.projection.weight" in changed
    assert not any(name.startswith("audio_encoder.feature_extractor") for name in changed)
    assert not (workspace / "cache" / "heard").exists()


def test_fine_tuning_starts_from_a_published_folder(workspace, face):
    config = face_config(workspace, fine_tune=face, steps=1, model={}, learning_rate=0.0)
    after = train(config).state_dict()
    before = load_face(face, wav2vec2=workspace / "wav2vec2").network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert (config.out / "args.yml").read_text() == (face / "args.yml").read_text()


# --- one speaker's style ---------------------------------------------------------------------------------------------


def adapt_config(folder: Path, base: Path, **changes) -> AdaptConfig:
    config = AdaptConfig(
        base=base, out=folder / "adapted", cache=folder / "cache", wav2vec2=folder / "wav2vec2", steps=30, batch=2,
        frames=30, learning_rate=3e-3, warm_up=1, ema_decay=0.9, save_every=0,
        data=DataConfig(folder / "voca", subjects=("Bob",)),
    )  # fmt: skip
    return dataclasses.replace(config, **changes)


def test_adaptation_changes_only_style_and_output_layer(workspace):
    general = face_config(workspace, model={"ch": 16, "ch_multi": [1, 2], "norm": "batch", "num_identity_classes": 8})
    train(general)
    adapt.adapt_network(adapt_config(workspace, general.out, style=3))
    before, after = (
        load_face(folder, wav2vec2=workspace / "wav2vec2").network.state_dict()
        for folder in (general.out, workspace / "adapted")
    )
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {"decoder.style_map.weight", "decoder.out_embed.weight", "decoder.out_embed.bias"}
    columns = (after["decoder.style_map.weight"] != before["decoder.style_map.weight"]).any(0)
    assert columns.tolist() == [number == 3 for number in range(8)]
    assert (workspace / "adapted" / "args.yml").read_text() == (general.out / "args.yml").read_text()


def test_adaptation_improves_on_the_nearest_style(workspace, face):
    path = workspace / "bob"
    small_recordings.vocaset(path, speakers=("Bob",))
    moved = templates()["Bob"].ravel() + 1.5 * displacements(60, 60.0, 0)
    np.save(path / "vertices_npy" / "Bob_sentence01.npy", moved)
    soundfile.write(path / "wav" / "Bob_sentence01.wav", sound(1.0, 0), SAMPLE_RATE)
    config = adapt_config(workspace, face, data=DataConfig(path), steps=60)
    adapt.adapt_network(config)

    expected, speech = 1.5 * displacements(60, 60.0, 0)[::2], encode(workspace, face, 1.0, 30)
    errors = [
        relative(
            sample_face(load_face(folder, wav2vec2=workspace / "wav2vec2"), speech, SamplingOptions(guidance=1.0)),
            expected,
        )
        for folder in (face, config.out)
    ]
    assert errors[1] < 0.75 * errors[0]


def test_adaptation_requires_one_speaker_and_an_existing_style(workspace, face):
    with pytest.raises(DifaceError, match="Ann, Bob"):
        adapt.adapt_network(adapt_config(workspace, face, data=DataConfig(workspace / "voca")))
    with pytest.raises(DifaceError, match="styles 0 to 1"):
        adapt.adapt_network(adapt_config(workspace, face, style=2))


# --- the loop (see test_run.py), with 3DiFACE's networks --------------------------------------------------------------


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("encoder", [False, True])
def test_resumed_training_is_bit_identical(workspace, monkeypatch, encoder):
    norm = {"ch": 16, "ch_multi": [1, 2], "norm": "batch"}
    whole = train(face_config(workspace, train_encoder=encoder, model=norm)).state_dict()
    config = face_config(workspace, train_encoder=encoder, model=norm, out=workspace / "again")

    write = checkpoint_writer.write_checkpoint

    def write_and_stop(*arguments):
        write(*arguments)
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_writer, "write_checkpoint", write_and_stop)
        with pytest.raises(Interrupted):
            train(config)
    resumed = train(config).state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_audio_is_encoded_once(workspace, monkeypatch):
    train(face_config(workspace, steps=1))
    times = [path.stat().st_mtime_ns for path in sorted((workspace / "cache" / "heard").iterdir())]
    assert len(times) == 2
    encoded = []
    monkeypatch.setattr(recordings, "_encode_samples", lambda *arguments: encoded.append(arguments))
    train(face_config(workspace, steps=2, out=workspace / "other"))
    assert encoded == []


def test_held_out_sequences_are_validated_and_not_trained_on(workspace, capfd):
    split = DataConfig(workspace / "voca", held_out=("Bob",))
    config = face_config(workspace, data=split, validate_every=2)
    train(config)
    assert capfd.readouterr().out.count("held out: loss") == 2
    training, held_out = recordings.read_recordings(split, "face", 16)
    assert [one.name for one in training] == ["Ann_sentence01"]
    assert [one.name for one in held_out] == ["Bob_sentence01"]
    assert yaml.safe_load((config.out / "args.yml").read_text())["motion_model"]["params"]["train_subjects"] == "Ann"


@pytest.mark.slow
def test_two_processes_equal_one_with_both_batches(workspace):
    done = run_two(small_recordings, workspace)
    assert done.returncode == 0, done.stderr
    for encoder in (False, True):
        first, second = (torch.load(workspace / f"rank_{rank}_{encoder}.pt", weights_only=True) for rank in range(2))
        config = face_config(workspace, batch=4, train_encoder=encoder)
        initial = build_network(config, SPEAKERS).network.state_dict()
        for name, value in train(config).state_dict().items():
            assert torch.equal(first[name], second[name]), name
            assert torch.allclose(first[name], value, atol=1e-5), name
        assert not torch.allclose(first["decoder.out_embed.weight"], initial["decoder.out_embed.weight"], atol=1e-4)


def test_checkpoints_are_never_overwritten(workspace, face):
    before = {path.name: path.read_bytes() for path in (face / "checkpoints").iterdir()}
    with pytest.raises(DifaceError, match="is an input of the training"):
        train(face_config(workspace, fine_tune=face, out=face))
    with pytest.raises(DifaceError, match="is an input of the training"):
        adapt.adapt_network(adapt_config(workspace, face, out=face))
    with pytest.raises(DifaceError, match="another model"):
        train(face_config(workspace, out=face, audio_dropout=0.5))
    assert {path.name: path.read_bytes() for path in (face / "checkpoints").iterdir()} == before


def test_head_width_must_match_the_face_model(workspace, face):
    with pytest.raises(DifaceError, match="ch is 32"):
        train(head_config(workspace, face, model={"ch": 32, "ch_multi": [1, 1, 1]}))
