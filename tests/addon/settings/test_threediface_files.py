"""The folders of the user's 3DiFACE models: what is found or missing, in one line, without loading a model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from diface_addon.settings import preferences, threediface_files
from tests.addon.settings.checkpoints import FACE, HEAD, checkpoint


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(threediface_files, "SCAN_LIFETIME", 0.0)
    checkpoint(tmp_path / "cond", FACE)
    checkpoint(tmp_path / "head_reg", HEAD)
    checkpoint(tmp_path / "another", "some.module.vae")
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_checkpoints_are_classified_by_model_class(folder) -> None:
    assert {name: kind for name, (_path, kind) in threediface_files.find_checkpoints(folder).items()} == {
        "cond": "face",
        "head_reg": "head",
    }
    assert threediface_files.checkpoints_status(folder) == threediface_files.PathStatus(
        True, "Found: 1 face model, 1 head model"
    )


def test_least_indented_class_is_the_models(folder) -> None:
    text = "diffusion:\n  target: a.GaussianDiffusion\nmotion_model:\n  params:\n    noise:\n      target: b.noise\n"
    (folder / "another" / "args.yml").write_text(f"{text}  target: {HEAD}\nother:\n target: {FACE}\n")
    assert threediface_files.find_checkpoints(folder)["another"][1] == "head"


def test_folder_may_be_a_checkpoint(folder) -> None:
    assert threediface_files.find_checkpoints(folder / "cond") == {"cond": (folder / "cond", "face")}


def test_status_names_missing_files(folder) -> None:
    assert "Missing: folders with args.yml" in threediface_files.checkpoints_status(folder / "notes").message
    assert "There is no folder" in threediface_files.checkpoints_status(folder / "nowhere").message
    assert threediface_files.find_checkpoints(folder / "nowhere") == {}
    (folder / "cond" / "checkpoints" / "model000000001.pt").unlink()
    assert "cond" not in threediface_files.find_checkpoints(folder)


def test_changed_folder_is_scanned_again(folder) -> None:
    threediface_files.find_checkpoints(folder)
    settings = folder / "cond" / "args.yml"
    settings.write_text(settings.read_text().replace(FACE, HEAD) + "more: 1\n")
    assert threediface_files.find_checkpoints(folder)["cond"][1] == "head"


def test_status_of_flame_and_templates(folder) -> None:
    (folder / "generic_model.pkl").write_bytes(bytes(2_000_000))
    assert threediface_files.flame_status(folder / "generic_model.pkl") == threediface_files.PathStatus(
        True, "Found: generic_model.pkl, 2 MB"
    )
    assert "There is no file" in threediface_files.flame_status(folder / "flame.npz").message
    assert "neither" in threediface_files.flame_status(folder / "flame.obj").message
    assert not threediface_files.templates_status(folder).is_valid
    (folder / "templates.pkl").write_bytes(b"")
    assert threediface_files.templates_status(folder).is_valid
    assert threediface_files.resolve_templates_file(folder) == folder / "templates.pkl"


def test_status_of_wav2vec2(folder) -> None:
    assert threediface_files.wav2vec2_status(folder).message == "Missing: config.json"
    (folder / "config.json").write_text(json.dumps({"model_type": "hubert"}))
    assert threediface_files.wav2vec2_status(folder).message == "Another model: hubert"
    (folder / "config.json").write_text(json.dumps({"model_type": "wav2vec2"}))
    assert threediface_files.wav2vec2_status(folder).message == "Missing: model.safetensors"
    (folder / "model.safetensors").write_bytes(b"")
    assert threediface_files.wav2vec2_status(folder).is_valid


def test_pickled_wav2vec2_weights_are_not_valid(folder) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "wav2vec2"}))
    (folder / "pytorch_model.bin").write_bytes(b"")
    status = threediface_files.wav2vec2_status(folder)
    assert not status.is_valid
    assert "pytorch_model.bin can run code" in status.message
    assert "Download model.safetensors" in status.message


def test_status_does_not_import_torch(folder) -> None:
    for about in threediface_files.USER_MODELS.values():
        about(folder)
    assert "torch" not in sys.modules


def test_no_paths_are_set_outside_an_extension() -> None:
    assert preferences.flame_file() is None
    assert preferences.checkpoints_folder() is None


def test_relative_worker_python_is_resolved_and_its_link_kept(tmp_path, monkeypatch) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFACE_PYTHON", "env/python")
    assert preferences.worker_python() == tmp_path / "env" / "python"
