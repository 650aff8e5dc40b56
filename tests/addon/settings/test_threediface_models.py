"""The models of a 3DiFACE take are found by name in the folders of the preferences, never by a stored path."""

from __future__ import annotations

from pathlib import Path

import pytest

from diface_addon.core import errors, types
from diface_addon.settings import preferences, threediface_files, threediface_models
from tests.addon.settings.checkpoints import FACE, HEAD, checkpoint


@pytest.fixture
def checkpoints(tmp_path, monkeypatch) -> Path:
    """Set the folder of the preferences, with a face model and a head model."""
    folder = tmp_path / "checkpoints"
    for name, target in (("face_a", FACE), ("head_a", HEAD)):
        checkpoint(folder / name, target)
    monkeypatch.setattr(preferences, "checkpoints_folder", lambda: folder)
    monkeypatch.setattr(preferences, "wav2vec2_folder", lambda: tmp_path / "wav2vec2")
    return folder


def request(folder: str, face: str = "face_a") -> types.GenerateRequest:
    engine = types.ThreeDiface(
        Path(f"{folder}/{face}"), Path(f"{folder}/head_a"), Path(f"{folder}/{face}"), Path(f"{folder}/wav2vec2")
    )
    return types.GenerateRequest(types.AudioSection(Path("a.wav")), engine=engine)


@pytest.mark.parametrize("stored", ["/elsewhere/models", "//host/share", "C:\\models", "."])
def test_stored_folders_are_ignored(checkpoints, tmp_path, stored) -> None:
    separator = "\\" if "\\" in stored else "/"
    paths = {name: Path(f"{stored}{separator}{name}") for name in ("face_a", "head_a", "wav2vec2")}
    engine = types.ThreeDiface(paths["face_a"], paths["head_a"], paths["face_a"], paths["wav2vec2"])
    stored_request = types.GenerateRequest(types.AudioSection(Path("a.wav")), engine=engine)
    resolved = threediface_models.resolve(stored_request).engine
    assert resolved.face == resolved.listener == checkpoints / "face_a"
    assert resolved.head == checkpoints / "head_a"
    assert resolved.wav2vec2 == tmp_path / "wav2vec2"


def test_existing_model_elsewhere_is_not_used(checkpoints, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (checkpoints / "face_a").rename(elsewhere)
    with pytest.raises(errors.ModelError, match="no 3DiFACE face model called elsewhere") as caught:
        threediface_models.resolve(request(str(tmp_path), "elsewhere"))
    assert "3DiFACE Checkpoints" in caught.value.hint


def test_unset_wav2vec2_is_named(checkpoints, monkeypatch) -> None:
    monkeypatch.setattr(preferences, "wav2vec2_folder", lambda: None)
    with pytest.raises(errors.ModelError, match="wav2vec2 is not set") as caught:
        threediface_models.resolve(request("/gone"))
    assert "Set wav2vec2" in caught.value.hint


def test_takes_store_names_only(checkpoints) -> None:
    engine = threediface_models.by_name(request(str(checkpoints))).engine
    assert [str(path) for path in (engine.face, engine.head, engine.listener, engine.wav2vec2)] == [
        "face_a", "head_a", "face_a", "wav2vec2",
    ]  # fmt: skip
    assert threediface_models.resolve(request("")).engine.face == checkpoints / "face_a"


def test_panels_do_not_scan_the_folder_on_every_redraw(checkpoints, monkeypatch) -> None:
    scans = []
    original = threediface_files._checkpoint_kind
    monkeypatch.setattr(threediface_files, "_checkpoint_kind", lambda path: scans.append(path) or original(path))
    for _redraw in range(50):
        assert threediface_files.checkpoint_names(checkpoints, "face") == ["face_a"]
    assert len(scans) == 2
    monkeypatch.setattr(threediface_files, "SCAN_LIFETIME", 0.0)
    threediface_files.checkpoint_names(checkpoints, "face")
    assert len(scans) == 4
