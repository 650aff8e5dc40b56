"""3DiFACE hears by wav2vec2 from the checkpoint, from a local folder, or from both; never from anywhere else."""

import shutil
import socket
from pathlib import Path

import pytest
import torch
from torch.nn import functional as f
from transformers import Wav2Vec2Model

from diface_core import ModelError
from diface_core.threediface.checkpoint import load_face
from diface_core.threediface.wav2vec2 import build_encoder
from tests.core import toy_checkpoint as toy

ARGUMENTS = toy.face_arguments(ch_multi=[1, 2])
ROWS = 21


@pytest.fixture(scope="module")
def wav2vec2(tmp_path_factory) -> Path:
    """A small wav2vec2, saved as `transformers` saves it."""
    folder = tmp_path_factory.mktemp("wav2vec2")
    torch.manual_seed(5)
    Wav2Vec2Model(toy.small_encoder().config).save_pretrained(folder)
    return folder


@pytest.fixture
def sound() -> torch.Tensor:
    return torch.randn(11000, generator=torch.Generator().manual_seed(0)) * 0.1


def hear(network, sound: torch.Tensor, rows: int = ROWS) -> torch.Tensor:
    with torch.inference_mode():
        return network.encode_audio(sound, rows)


@pytest.fixture(autouse=True)
def offline(monkeypatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("dataset", ["vocaset", "BIWI"])
def test_it_hears_as_transformers_does(tmp_path: Path, sound: torch.Tensor, dataset: str) -> None:
    network = load_face(toy.write(tmp_path, toy.face_arguments(dataset=dataset, ch_multi=[1, 2]), hearing=True)).network
    encoder = network.audio_encoder
    rows = 15 if dataset == "BIWI" else ROWS
    with torch.inference_mode():
        features = encoder.feature_extractor(sound[None])
        assert features.shape[-1] == 34
        if dataset == "BIWI":
            features = features[..., : 2 * rows]
        at = torch.linspace(0, features.shape[-1] - 1, rows)
        low, share = (
            at.floor().long().clamp(max=features.shape[-1] - 2),
            at - at.floor().clamp(max=features.shape[-1] - 2),
        )
        between = features[..., low] * (1 - share) + features[..., low + 1] * share
        hidden = encoder.encoder(encoder.feature_projection(between.transpose(1, 2))[0]).last_hidden_state[0]
        expected = f.linear(hidden, network.audio_feature_map.weight, network.audio_feature_map.bias)
    torch.testing.assert_close(hear(network, sound, rows), expected, atol=1e-4, rtol=1e-4)


def test_the_checkpoints_own_weights_are_used(tmp_path: Path, wav2vec2: Path, sound: torch.Tensor) -> None:
    folder = toy.write(tmp_path, ARGUMENTS, hearing=True)
    alone, beside = load_face(folder).network, load_face(folder, wav2vec2=wav2vec2).network
    torch.testing.assert_close(hear(alone, sound), hear(beside, sound), atol=0, rtol=0)


def test_without_its_own_the_folders_are(tmp_path: Path, wav2vec2: Path, sound: torch.Tensor) -> None:
    arguments = ARGUMENTS
    folder = toy.write(tmp_path, arguments, hearing=True)
    path = folder / "checkpoints" / "model000000001.pt"
    state = {name: value for name, value in torch.load(path).items() if not name.startswith("audio_encoder.")}
    torch.save(state, path)
    network = load_face(folder, wav2vec2=wav2vec2).network
    theirs = Wav2Vec2Model.from_pretrained(wav2vec2, local_files_only=True).state_dict()
    name = "encoder.layers.0.attention.k_proj.weight"
    torch.testing.assert_close(network.audio_encoder.state_dict()[name], theirs[name])
    assert hear(network, sound).isfinite().all()


def test_without_any_it_is_deaf(tmp_path: Path) -> None:
    folder = toy.write(tmp_path, ARGUMENTS)
    assert load_face(folder).network.audio_encoder is None


def test_the_names_are_the_published_ones(tmp_path: Path) -> None:
    network = load_face(toy.write(tmp_path, ARGUMENTS, hearing=True)).network
    names = set(network.state_dict())
    assert {"audio_encoder.encoder.pos_conv_embed.conv.weight_g", "audio_feature_map.weight"} <= names
    assert not [name for name in names if "parametrizations" in name]


def test_a_folder_without_wav2vec2(tmp_path: Path) -> None:
    face = toy.write(tmp_path / "face", ARGUMENTS)
    with pytest.raises(ModelError, match=r"absent is no wav2vec2 folder.*Set the folder of wav2vec2-base-960h"):
        load_face(face, wav2vec2=tmp_path / "absent")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        load_face(face, wav2vec2=tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "wav2vec2"}')
    with pytest.raises(ModelError, match=r"wav2vec2 in .* cannot be read"):
        load_face(face, wav2vec2=tmp_path)


def test_pickled_wav2vec2_weights_are_refused(tmp_path: Path, wav2vec2: Path, monkeypatch) -> None:
    face = toy.write(tmp_path / "face", ARGUMENTS)
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    shutil.copy(wav2vec2 / "config.json", pickled)
    torch.save(Wav2Vec2Model.from_pretrained(wav2vec2).state_dict(), pickled / "pytorch_model.bin")
    opened = []
    monkeypatch.setattr(torch, "load", lambda path, *args, **kwargs: opened.append(path))
    with pytest.raises(ModelError, match=r"pytorch_model\.bin\. model\.safetensors is required.*save_pretrained"):
        build_encoder({}, pickled)
    assert not opened
    monkeypatch.undo()
    shutil.copy(wav2vec2 / "model.safetensors", pickled)
    assert load_face(face, wav2vec2=pickled).network.audio_encoder is not None


def test_half_an_encoder(tmp_path: Path) -> None:
    folder = toy.write(tmp_path, ARGUMENTS, hearing=True)
    path = folder / "checkpoints" / "model000000001.pt"
    state = torch.load(path)
    del state["audio_encoder.encoder.pos_conv_embed.conv.weight_v"]
    torch.save(state, path)
    with pytest.raises(ModelError, match=r"lacks encoder\.pos_conv_embed\.conv\.weight_v"):
        load_face(folder)


def test_a_long_sound_is_heard_in_stretches(tmp_path: Path, monkeypatch) -> None:
    network = load_face(toy.write(tmp_path, ARGUMENTS, hearing=True)).network
    rows = 30 * 9 + 7
    loud = torch.sin(torch.arange(rows * 16000 // 30) * (2 * torch.pi / 16000)) ** 2
    sound = torch.randn(len(loud), generator=torch.Generator().manual_seed(0)) * loud
    whole = hear(network, sound, rows)
    for name, value in {"SEGMENT_FEATURES": 200, "WINDOW_ROWS": 120, "OVERLAP_ROWS": 30}.items():
        monkeypatch.setattr(f"diface_core.threediface.wav2vec2.{name}", value)
    parts = hear(network, sound, rows)
    assert parts.shape == whole.shape
    # Every row is in its place: another place is worse.
    off = [float((parts[2:-2] - whole[2 + shift : rows - 2 + shift]).norm()) for shift in (-2, -1, 0, 1, 2)]
    assert off.index(min(off)) == 2
    assert off[2] < 0.3 * float((whole - whole.mean(0)).norm())


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 801])
def test_a_very_short_sound_is_heard(tmp_path: Path, samples: int) -> None:
    network = load_face(toy.write(tmp_path, ARGUMENTS, hearing=True)).network
    assert hear(network, torch.full((samples,), 0.1), 1).shape == (1, 8)
