"""Sessions of ONNX Runtime: devices, versions, and files that cannot be used."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from diface_core.audio.speech_encoder import DIMENSION
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


class FakeGpu:
    """A session that says that it is on a GPU, and whose `run` gives the CPU's results until it fails."""

    def __init__(self, on_cpu: onnxruntime.InferenceSession, provider: str, calls: int) -> None:
        self._on_cpu, self._provider, self._calls = on_cpu, provider, calls

    def get_providers(self) -> list[str]:
        return [self._provider, CPU]

    def run(self, names, inputs):
        self._calls -= 1
        if self._calls < 0:
            raise RuntimeError("CUDA failure 2: out of memory")
        return self._on_cpu.run(names, inputs)

    def __getattr__(self, name: str):
        return getattr(self._on_cpu, name)


def pretend_gpu(monkeypatch, provider: str, calls: int) -> None:
    """Let ONNX Runtime have a GPU, which fails after a number of calls."""
    create = session._create

    def create_on(graph, label, weights, threads, providers):
        on_cpu = create(graph, label, weights, threads, [CPU])
        return on_cpu if providers == [CPU] else FakeGpu(on_cpu, providers[0], calls)

    monkeypatch.setattr(session, "_create", create_on)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [provider, CPU])


@pytest.mark.parametrize(
    ("provider", "wanted", "device"), [(CUDA, None, "CUDA"), (DIRECTML, None, "DirectML"), (CORE_ML, CORE_ML, "CoreML")]
)
def test_gpu_that_fails_later_is_replaced_by_the_cpu(tmp_path, monkeypatch, caplog, provider, wanted, device):
    write_denoiser(tmp_path, "head")
    weights = speech_weights(tmp_path)
    expected = Session(tmp_path / "head_speech.onnx", weights)
    (name,) = expected.input_names
    inputs = {name: np.random.default_rng(0).normal(size=(1, 40, DIMENSION)).astype(np.float32)}
    pretend_gpu(monkeypatch, provider, calls=1)
    if wanted:
        monkeypatch.setenv(session.PROVIDER_VARIABLE, wanted)
    opened = Session(tmp_path / "head_speech.onnx", weights)
    first = opened.run(**inputs)
    assert opened.device == device
    second, third = opened.run(**inputs), opened.run(**inputs)
    assert opened.device == "CPU"
    for result in (first, second, third):
        np.testing.assert_array_equal(result, expected.run(**inputs))
    assert caplog.text.count(f"{device} failed, so the CPU is used: CUDA failure 2: out of memory") == 1


def test_wrong_inputs_of_the_cpu_are_an_error(tmp_path):
    write_denoiser(tmp_path, "head")
    opened = Session(tmp_path / "head_speech.onnx", speech_weights(tmp_path))
    with pytest.raises(Exception, match=r"INVALID_ARGUMENT|Required inputs"):
        opened.run(nothing=np.zeros(1, np.float32))


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
