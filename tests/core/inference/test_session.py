"""Sessions of ONNX Runtime: devices, versions, and files that cannot be used."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from diface_core.errors import DifaceError, ModelError
from diface_core.inference import session
from diface_core.inference.denoiser import SPEECH_WEIGHTS
from diface_core.inference.denoiser_file import read_denoiser_file
from diface_core.inference.session import CPU, Session, check_version, choose_providers
from tests.core.inference.small_denoisers import write_denoiser

CUDA, DIRECTML, CORE_ML = "CUDAExecutionProvider", "DmlExecutionProvider", "CoreMLExecutionProvider"


@pytest.mark.parametrize(
    ("available", "wanted", "expected"),
    [
        ([CPU], None, [CPU]),
        (["TensorrtExecutionProvider", CUDA, CPU], None, [CUDA, CPU]),
        ([DIRECTML, CPU], None, [DIRECTML, CPU]),
        ([CORE_ML, CPU], None, [CPU]),
        ([CORE_ML, CPU], CORE_ML, [CORE_ML, CPU]),
        ([CUDA, CPU], CPU, [CPU]),
        ([CPU], CUDA, [CPU]),
    ],
)
def test_gpu_is_used_where_onnxruntime_has_it(available, wanted, expected):
    assert choose_providers(available, wanted) == expected


def test_cpu_is_used_if_the_gpu_fails(tmp_path, monkeypatch, caplog):
    write_denoiser(tmp_path, "head")
    create, tried = session._create, []

    def fail_on_gpu(graph, label, weights, threads, providers):
        tried.append(providers)
        if providers != [CPU]:
            raise ModelError("No GPU.", "")
        return create(graph, label, weights, threads, providers)

    monkeypatch.setattr(session, "_create", fail_on_gpu)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    opened = Session(tmp_path / "head_speech.onnx", speech_weights(tmp_path))
    assert (opened.device, tried) == ("CPU", [[CUDA, CPU], [CPU]])
    assert "so the CPU is used" in caplog.text


def speech_weights(folder) -> dict[str, np.ndarray]:
    """Return the weights of the speech tower that `write_denoiser` wrote."""
    weights = read_denoiser_file(folder / "head.safetensors").weights
    return {name: value for name, value in weights.items() if name.startswith(SPEECH_WEIGHTS)}


@pytest.mark.parametrize("installed", ["1.16.3", "0.9", "1.2.0"])
def test_old_onnxruntime_is_refused(installed):
    with pytest.raises(DifaceError, match=r"too old: DiFACE needs 1\.17 or later.*Update the package"):
        check_version(installed)


@pytest.mark.parametrize("installed", ["1.17", "1.32.0", "2.0.0rc1", onnxruntime.__version__])
def test_new_onnxruntime_is_accepted(installed):
    check_version(installed)


@pytest.mark.parametrize("kept", [0, 100, 0.5, -1])
def test_truncated_graph_is_refused(tmp_path, kept):
    write_denoiser(tmp_path, "head")
    path = tmp_path / "head_speech.onnx"
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if 0 < kept < 1 else kept])
    with pytest.raises(ModelError, match=r"head_speech\.onnx cannot be opened.*Install DiFACE again"):
        Session(path, speech_weights(tmp_path))


def test_missing_graph_and_rubbish_are_refused(tmp_path):
    with pytest.raises(ModelError, match=r"none\.onnx is missing"):
        Session(tmp_path / "none.onnx", {})
    (tmp_path / "bad.onnx").write_bytes(b"\x00rubbish" * 100)
    with pytest.raises(ModelError, match="cannot be opened"):
        Session(tmp_path / "bad.onnx", {})


def test_missing_weight_is_refused(tmp_path):
    write_denoiser(tmp_path, "head")
    weights = speech_weights(tmp_path)
    del weights["speech.embed.bias"]
    with pytest.raises(ModelError, match="cannot be opened"):
        Session(tmp_path / "head_speech.onnx", weights)


def test_paths_in_any_script_are_opened(tmp_path):
    folder = tmp_path / "Мои файлы 我的 é"
    folder.mkdir()
    write_denoiser(folder, "head")
    assert Session(folder / "head_speech.onnx", speech_weights(folder)).device == "CPU"


def test_library_that_cannot_be_loaded_names_the_next_step(root):
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from diface_core.errors import DifaceError\n"
        "try:\n    import diface_core.inference.session\n"
        "except DifaceError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert "ONNX Runtime cannot be loaded" in done.stdout
    assert "install DiFACE again" in done.stdout
