"""wav2vec2 is loaded from the checkpoint, from a local folder, or from both; never from the network."""

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
from tests.core.threediface import small_checkpoints

ARGUMENTS = small_checkpoints.face_arguments(ch_multi=[1, 2])
ROWS = 21


@pytest.fixture(scope="module")
def wav2vec2(tmp_path_factory) -> Path:
    """A small wav2vec2, saved as `transformers` saves it."""
    folder = tmp_path_factory.mktemp("wav2vec2")
    torch.manual_seed(5)
    Wav2Vec2Model(small_checkpoints.small_encoder().config).save_pretrained(folder)
    return folder


@pytest.fixture
def waveform() -> torch.Tensor:
    return torch.randn(11000, generator=torch.Generator().manual_seed(0)) * 0.1


def encode(network, waveform: torch.Tensor, rows: int = ROWS) -> torch.Tensor:
    with torch.inference_mode():
        return network.encode_audio(waveform, rows)


@pytest.fixture(autouse=True)
def _offline(monkeypatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("the network was accessed")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("dataset", ["vocaset", "BIWI"])
def test_features_equal_those_of_transformers(tmp_path: Path, waveform: torch.Tensor, dataset: str) -> None:
    network = load_face(
        small_checkpoints.write(
            tmp_path, small_checkpoints.face_arguments(dataset=dataset, ch_multi=[1, 2]), with_encoder=True
        )
    ).network
    encoder = network.audio_encoder
    rows = 15 if dataset == "BIWI" else ROWS
    with torch.inference_mode():
        features = encoder.feature_extractor(waveform[None])
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
    torch.testing.assert_close(encode(network, waveform, rows), expected, atol=1e-4, rtol=1e-4)


def test_checkpoint_weights_take_precedence_over_the_folder(
    tmp_path: Path, wav2vec2: Path, waveform: torch.Tensor
) -> None:
    folder = small_checkpoints.write(tmp_path, ARGUMENTS, with_encoder=True)
    without_folder, with_folder = load_face(folder).network, load_face(folder, wav2vec2=wav2vec2).network
    torch.testing.assert_close(encode(without_folder, waveform), encode(with_folder, waveform), atol=0, rtol=0)


def test_folder_weights_are_used_if_the_checkpoint_has_none(
    tmp_path: Path, wav2vec2: Path, waveform: torch.Tensor
) -> None:
    arguments = ARGUMENTS
    folder = small_checkpoints.write(tmp_path, arguments, with_encoder=True)
    path = folder / "checkpoints" / "model000000001.pt"
    state = {name: value for name, value in torch.load(path).items() if not name.startswith("audio_encoder.")}
    torch.save(state, path)
    network = load_face(folder, wav2vec2=wav2vec2).network
    expected = Wav2Vec2Model.from_pretrained(wav2vec2, local_files_only=True).state_dict()
    name = "encoder.layers.0.attention.k_proj.weight"
    torch.testing.assert_close(network.audio_encoder.state_dict()[name], expected[name])
    assert encode(network, waveform).isfinite().all()


def test_no_encoder_without_weights(tmp_path: Path) -> None:
    folder = small_checkpoints.write(tmp_path, ARGUMENTS)
    assert load_face(folder).network.audio_encoder is None


def test_state_dict_has_the_published_names(tmp_path: Path) -> None:
    network = load_face(small_checkpoints.write(tmp_path, ARGUMENTS, with_encoder=True)).network
    names = set(network.state_dict())
    assert {"audio_encoder.encoder.pos_conv_embed.conv.weight_g", "audio_feature_map.weight"} <= names
    assert not [name for name in names if "parametrizations" in name]


@pytest.mark.slow
def test_folders_without_wav2vec2_are_refused(tmp_path: Path) -> None:
    face = small_checkpoints.write(tmp_path / "face", ARGUMENTS)
    with pytest.raises(ModelError, match=r"absent is no wav2vec2 folder.*Set the folder of wav2vec2-base-960h"):
        load_face(face, wav2vec2=tmp_path / "absent")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        load_face(face, wav2vec2=tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "wav2vec2"}')
    with pytest.raises(ModelError, match=r"wav2vec2 in .* cannot be read"):
        load_face(face, wav2vec2=tmp_path)


def test_pickled_wav2vec2_weights_are_refused(tmp_path: Path, wav2vec2: Path, monkeypatch) -> None:
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
    assert build_encoder({}, pickled) is not None


def test_incomplete_encoder_is_refused(tmp_path: Path) -> None:
    folder = small_checkpoints.write(tmp_path, ARGUMENTS, with_encoder=True)
    path = folder / "checkpoints" / "model000000001.pt"
    state = torch.load(path)
    del state["audio_encoder.encoder.pos_conv_embed.conv.weight_v"]
    torch.save(state, path)
    with pytest.raises(ModelError, match=r"lacks encoder\.pos_conv_embed\.conv\.weight_v"):
        load_face(folder)


def test_long_audio_is_encoded_in_aligned_windows(tmp_path: Path, monkeypatch) -> None:
    network = load_face(small_checkpoints.write(tmp_path, ARGUMENTS, with_encoder=True)).network
    rows = 30 * 9 + 7
    envelope = torch.sin(torch.arange(rows * 16000 // 30) * (2 * torch.pi / 16000)) ** 2
    waveform = torch.randn(len(envelope), generator=torch.Generator().manual_seed(0)) * envelope
    whole = encode(network, waveform, rows)
    for name, value in {"SEGMENT_FEATURES": 200, "WINDOW_ROWS": 120, "OVERLAP_ROWS": 30}.items():
        monkeypatch.setattr(f"diface_core.threediface.wav2vec2.{name}", value)
    parts = encode(network, waveform, rows)
    assert parts.shape == whole.shape
    # Every row is aligned: any other shift is worse.
    off = [float((parts[2:-2] - whole[2 + shift : rows - 2 + shift]).norm()) for shift in (-2, -1, 0, 1, 2)]
    assert off.index(min(off)) == 2
    assert off[2] < 0.3 * float((whole - whole.mean(0)).norm())


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 801])
def test_very_short_audio_is_padded(tmp_path: Path, samples: int) -> None:
    network = load_face(small_checkpoints.write(tmp_path, ARGUMENTS, with_encoder=True)).network
    assert encode(network, torch.full((samples,), 0.1), 1).shape == (1, 8)
