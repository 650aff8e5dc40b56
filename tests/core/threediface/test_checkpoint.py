"""Checkpoint folders: every fault is reported, and code in them never runs."""

import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from diface_core import ModelError
from diface_core.threediface.checkpoint import find_checkpoint, load_face, load_head
from tests.core.threediface import small_checkpoints

ONE = "checkpoints/model000000001.pt"


@pytest.fixture
def face(tmp_path: Path) -> Path:
    return small_checkpoints.write(tmp_path / "a_face", small_checkpoints.face_arguments(ch_multi=[1, 2]))


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return small_checkpoints.write(tmp_path / "a_head", small_checkpoints.head_arguments())


class Executing:
    """Creates a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


def test_load_face_refuses_pickles_with_code(face: Path, tmp_path: Path) -> None:
    trap = tmp_path / "it ran"
    for content in (Executing(trap), {"encoder.in_embed.0.weight": Executing(trap)}):
        torch.save(content, face / ONE)
        with pytest.raises(ModelError, match="contains more than weights, and was not opened"):
            load_face(face)
        (face / ONE).write_bytes(pickle.dumps(content))
        with pytest.raises(ModelError):
            load_face(face)
        assert not trap.exists()
    pickle.loads(pickle.dumps(Executing(trap)))
    assert trap.exists(), "the pickle does not run code"


@pytest.mark.parametrize("version", ["2.5.1+cpu", "1.13.0", "2.0.0a0"])
def test_load_face_refuses_a_torch_with_unsafe_unpickling(face: Path, monkeypatch, version: str) -> None:
    """CVE-2025-32434: `weights_only` runs code before torch 2.6."""
    opened = []
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: opened.append(args))
    monkeypatch.setattr(torch, "__version__", version)
    with pytest.raises(ModelError, match=rf"torch {re.escape(version)} can be made to run code.*Update torch"):
        load_face(face)
    assert not opened


@pytest.mark.parametrize("version", ["2.6.0", "2.13.0+cu128", "3.0.0"])
def test_load_face_accepts_a_torch_with_safe_unpickling(face: Path, monkeypatch, version: str) -> None:
    monkeypatch.setattr(torch, "__version__", version)
    load_face(face)


def test_class_paths_are_never_imported(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    arguments = small_checkpoints.face_arguments(ch_multi=[1, 2])
    arguments["motion_model"]["target"] = "trap.unet_w_cond_mask"
    load_face(small_checkpoints.write(tmp_path / "named", arguments))


@pytest.mark.parametrize("size", [0, 10, 1000, -100])
def test_load_face_refuses_truncated_checkpoint(face: Path, size: int) -> None:
    whole = (face / ONE).read_bytes()
    (face / ONE).write_bytes(whole[:size])
    with pytest.raises(ModelError, match=r"cannot be read.*Copy the checkpoint again"):
        load_face(face)


def test_load_face_refuses_damaged_archive(face: Path) -> None:
    with zipfile.ZipFile(face / ONE) as archive:
        names = {name: archive.read(name) for name in archive.namelist()}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content[:-5] if name.endswith("data.pkl") else content)
    (face / ONE).write_bytes(data.getvalue())
    with pytest.raises(ModelError, match="cannot be read"):
        load_face(face)


def test_loaders_refuse_models_of_the_other_part(face: Path, head: Path) -> None:
    with pytest.raises(ModelError, match=r"a_head is a head model, expected a face model.*cond_012"):
        load_face(head)
    with pytest.raises(ModelError, match=r"a_face is a face model, expected a head model.*head_reg"):
        load_head(face)


def changed(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    state = torch.load(folder / ONE)
    change(state)
    torch.save(state, folder / ONE)


NAME = "encoder.mle_layers.0.mle_layer.2.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop(NAME), f"lacks {NAME}"),
        (lambda s: [s.pop(name) for name in list(s)[:5]], r"lacks .* and 2 more"),
        (lambda s: s.update(extra=torch.zeros(1)), "holds extra, which the model in args.yml does not have"),
        (lambda s: s.update({NAME: s[NAME][:3]}), rf"{NAME} must have shape \(16, 16, 3\). Got \(3, 16, 3\)"),
        (lambda s: s[NAME].fill_(torch.nan), f"not finite, in {NAME}"),
    ],
)
def test_load_face_refuses_weights_that_do_not_fit_args_yml(face: Path, change, message: str) -> None:
    changed(face, change)
    with pytest.raises(ModelError, match=message):
        load_face(face)


def test_load_face_refuses_files_without_state_dict(face: Path) -> None:
    for other in (torch.zeros(3), [1, 2], {"step": 3}):
        torch.save(other, face / ONE)
        with pytest.raises(ModelError, match="no state dict"):
            load_face(face)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation": "gelu"}, "activation must be one of .* Got gelu"),
        ({"norm": "spectral"}, "norm must be one of .* Got spectral"),
        ({"padding_type": "same"}, "padding_type must be one of .* Got same"),
        ({"ch_multi": [1, 3]}, r"ch_multi of a face must be 1, 2, 4, \.\.\.\. Got \(1, 3\)"),
        ({"ch_multi": [2, 4]}, "ch_multi must be 1 and more"),
        ({"norm": "Group", "ch": 8}, "ch with norm Group must be a multiple of 32"),
        ({"ch": "wide"}, "ch must be a whole number. Got wide"),
        ({"in_channel": 4}, "in_channel and out_channel"),
        ({"final_activation": "tanh"}, "final_activation must be one of"),
        ({"dataset": "LRS3"}, "dataset must be one of"),
        ({"ch_multi": "1,2"}, "ch_multi must be a list of whole numbers. Got 1,2"),
        ({"ch_multi": 2}, "ch_multi must be a list of whole numbers. Got 2"),
        ({"ch_multi": [1, "two"]}, "ch_multi must be a list of whole numbers"),
        ({"ch_multi": [2**level for level in range(30)]}, "ch times ch_multi must be at most"),
        ({"ch": 10**9}, "ch times ch_multi must be at most"),
        ({"in_channel": 3 * 10**12, "out_channel": 3 * 10**12}, "in_channel and out_channel must be at most"),
        ({"num_identity_classes": -1}, "num_identity_classes must be"),
    ],
)
def test_load_face_refuses_unknown_network_options(face: Path, options: dict, message: str) -> None:
    (face / "args.yml").write_text(yaml.safe_dump(small_checkpoints.face_arguments(**options)))
    with pytest.raises(ModelError, match=f"a_face cannot be used: {message}"):
        load_face(face)


@pytest.mark.parametrize(
    ("diffusion", "noise", "message"),
    [
        ({"noise_schedule": "sigmoid"}, "random_Noise", "noise_schedule must be one of cosine, linear. Got sigmoid"),
        ({"model_mean_type": "EPSILON"}, "random_Noise", "model_mean_type"),
        ({"model_var_type": "LEARNED"}, "random_Noise", "model_var_type"),
        ({"diffusion_steps": 0}, "random_Noise", "diffusion_steps"),
        ({"noise_schedule": "linear", "diffusion_steps": 10}, "random_Noise", "20 times scale_beta at least. Got 10"),
        ({"scale_beta": "one"}, "random_Noise", "scale_beta must be a number. Got one"),
        ({}, "perlin_Noise", "noise_cfg must be one of random_Noise, .* Got perlin_Noise"),
    ],
)
def test_load_face_refuses_unknown_diffusion_options(face: Path, diffusion: dict, noise: str, message: str) -> None:
    (face / "args.yml").write_text(yaml.safe_dump(small_checkpoints.face_arguments(diffusion, noise)))
    with pytest.raises(ModelError, match=message):
        load_face(face)


def test_load_face_checks_sizes_before_allocating_memory(face: Path) -> None:
    """A network of these would take 26 gigabytes."""
    arguments = small_checkpoints.face_arguments(ch=32768, ch_multi=[1, 2])
    (face / "args.yml").write_text(yaml.safe_dump(arguments))
    with pytest.raises(ModelError, match=r"must have shape \(32768, .*Got \(8, "):
        load_face(face)


def test_load_face_refuses_unknown_network_class(face: Path) -> None:
    arguments = small_checkpoints.face_arguments()
    arguments["motion_model"]["target"] = "face_animation_model.model.transformer.faceformer"
    (face / "args.yml").write_text(yaml.safe_dump(arguments))
    with pytest.raises(ModelError, match=r"its network is .*faceformer, expected one of unet_w_cond_mask"):
        load_face(face)


@pytest.mark.parametrize("name", ["unet_w_cond_mask", "style_optim_w_cond_mask", "in_to_motion_unet_w_audio_cond"])
def test_load_face_accepts_every_published_class(tmp_path: Path, name: str) -> None:
    arguments = small_checkpoints.face_arguments(ch_multi=[1, 2])
    arguments["motion_model"]["target"] = f"a.path.{name}"
    assert load_face(small_checkpoints.write(tmp_path, arguments)).network.config.part == "face"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "cannot be read"),
        ("!!python/object/apply:os.getcwd []", "cannot be read"),
        ("\0", "cannot be read"),
        ("just words", "no section motion_model"),
        ("motion_model: {params: {}}", "no section motion_model with a target"),
        ("", "no section motion_model"),
    ],
)
def test_load_face_refuses_malformed_args_yml(face: Path, text: str, message: str) -> None:
    (face / "args.yml").write_text(text)
    with pytest.raises(ModelError, match=message):
        load_face(face)


def test_load_face_refuses_missing_option(face: Path) -> None:
    arguments = small_checkpoints.face_arguments()
    del arguments["motion_model"]["params"]["activation"]
    (face / "args.yml").write_text(yaml.safe_dump(arguments))
    with pytest.raises(ModelError, match="lacks activation"):
        load_face(face)


def test_loaders_refuse_folders_without_args_yml(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no args\.yml.*Choose the folder of one 3DiFACE model"):
        load_face(tmp_path)
    with pytest.raises(ModelError, match="absent is no 3DiFACE model"):
        load_head(tmp_path / "absent")


def test_find_checkpoint_by_stem_or_newest(face: Path) -> None:
    for number in (5, 130000, 90000):
        (face / "checkpoints" / f"model{number:09}.pt").write_bytes(b"")
        (face / "checkpoints" / f"opt{number:09}.pt").write_bytes(b"")
    assert find_checkpoint(face).stem == "model000130000"
    assert find_checkpoint(face, "model000000005").stem == "model000000005"
    with pytest.raises(ModelError, match=r"holds no model7\.pt.*It holds model000000001"):
        find_checkpoint(face, "model7")
    for path in (face / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(ModelError, match=r"holds no model\*\.pt"):
        find_checkpoint(face)


def test_hash_depends_on_the_weights(face: Path, tmp_path: Path) -> None:
    same = small_checkpoints.write(tmp_path / "same", small_checkpoints.face_arguments(ch_multi=[1, 2]))
    other = small_checkpoints.write(tmp_path / "other", small_checkpoints.face_arguments(ch_multi=[1, 2]), seed=1)
    assert load_face(face).hash == load_face(same).hash != load_face(other).hash


def test_half_precision_weights_are_converted(face: Path) -> None:
    changed(face, lambda state: state.update({name: value.half() for name, value in state.items()}))
    assert {value.dtype for value in load_face(face).network.state_dict().values()} == {torch.float32}
