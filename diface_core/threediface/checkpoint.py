"""Checkpoint folders as 3DiFACE's authors publish them: `args.yml` and `checkpoints/model*.pt`.

The files are untrusted: weights are unpickled as tensors only, YAML as plain values only, and class paths are compared,
never imported.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import torch
import yaml
from torch import Tensor

from ..errors import ModelError
from ..untrusted.torch_weights import load_weights
from . import options
from .networks import FaceNetwork, HeadNetwork
from .options import NEWEST_CHECKPOINT, DiffusionConfig, NetworkConfig, Part
from .unet.session import UnetSession

NetworkT = TypeVar("NetworkT", FaceNetwork, HeadNetwork)

ENCODER_PREFIX = "audio_encoder."
DAMAGED_HINT = "Copy the checkpoint again: the file is damaged or incomplete."


@dataclass(frozen=True)
class _Model:
    """What face and head models have."""

    network: FaceNetwork | HeadNetwork
    diffusion: DiffusionConfig
    hash: str

    @cached_property
    def unet(self) -> UnetSession | None:
        """The network on ONNX Runtime, opened at first use; None if it must run on torch."""
        return UnetSession.open(self.network)


@dataclass(frozen=True)
class FaceModel(_Model):
    """A face network in evaluation mode, its diffusion, and the hash (hex) of its files."""

    network: FaceNetwork


@dataclass(frozen=True)
class HeadModel(_Model):
    """A head network in evaluation mode, its diffusion, and the hash (hex) of its files."""

    network: HeadNetwork


def load_face(folder: Path, ckpt: str = NEWEST_CHECKPOINT, wav2vec2: Path | None = None) -> FaceModel:
    """Load a face model.

    Args:
        folder: A folder of `args.yml` and `checkpoints`.
        ckpt: File stem of the checkpoint.
        wav2vec2: Folder of wav2vec2-base-960h; not needed if the checkpoint contains the whole speech encoder.

    Raises:
        ModelError: If something is missing, damaged, of the wrong part or of the wrong shape.
    """
    network, diffusion = _configs(folder, "face")
    path = find_checkpoint(folder, ckpt)
    state = _read_state(path)
    weights = {
        name.removeprefix(ENCODER_PREFIX): value for name, value in state.items() if name.startswith(ENCODER_PREFIX)
    }
    encoder = None
    if weights or wav2vec2 is not None:
        from .wav2vec2 import build_encoder  # `transformers` takes seconds to import

        encoder = build_encoder(weights, wav2vec2)
    if encoder is not None and not weights:
        state |= {ENCODER_PREFIX + name: value for name, value in encoder.state_dict().items()}
    face = _load_network(lambda: FaceNetwork(network, encoder), state, path)
    return FaceModel(face, diffusion, _hash(folder, path))


def load_head(folder: Path, ckpt: str = NEWEST_CHECKPOINT) -> HeadModel:
    """Load a head model, as load_face; its speech features come from a face model."""
    network, diffusion = _configs(folder, "head")
    path = find_checkpoint(folder, ckpt)
    state = {name: value for name, value in _read_state(path).items() if not name.startswith(ENCODER_PREFIX)}
    head = _load_network(lambda: HeadNetwork(network), state, path)
    return HeadModel(head, diffusion, _hash(folder, path))


def require_encoder(model: FaceModel, name: str, hint: str) -> None:
    """Raise ModelError with `hint` if the face model, called `name`, has no speech encoder."""
    if model.network.audio_encoder is None:
        raise ModelError(
            f"The 3DiFACE model{f' {name}' if name else ''} has no speech encoder in its checkpoint, and no wav2vec2 "
            "is set.",
            hint,
        )


def find_checkpoint(folder: Path, ckpt: str = NEWEST_CHECKPOINT) -> Path:
    """Return the file of a checkpoint by its stem.

    Raises:
        ModelError: If the file does not exist.
    """
    paths = {path.stem: path for path in sorted((folder / "checkpoints").glob("*.pt"))}
    if ckpt != NEWEST_CHECKPOINT and ckpt in paths:
        return paths[ckpt]
    models = [name for name in paths if name.startswith("model")]
    if ckpt != NEWEST_CHECKPOINT or not models:
        missing = "model*.pt" if ckpt == NEWEST_CHECKPOINT else f"{ckpt}.pt"
        hint = f"It holds {', '.join(paths)}." if paths else "Choose the folder that holds args.yml and checkpoints."
        raise ModelError(f"{folder / 'checkpoints'} holds no {missing}.", hint)
    return paths[max(models, key=_training_steps)]


def read_arguments(folder: Path) -> tuple[NetworkConfig, DiffusionConfig]:
    """Return the configurations in a folder's `args.yml`.

    Raises:
        ModelError: If the file is missing, is not YAML, or has unknown options.
    """
    path = folder / "args.yml"
    try:
        return options.parse_options(yaml.safe_load(path.read_text("utf-8")), folder.name)
    except FileNotFoundError as missing:
        hint = "Choose the folder of one 3DiFACE model, which holds args.yml and checkpoints."
        raise ModelError(f"{folder} is no 3DiFACE model: it has no args.yml.", hint) from missing
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as damage:
        raise ModelError(f"{path} cannot be read: {damage}.", "Use the file as it was published.") from damage


def _configs(folder: Path, part: Part) -> tuple[NetworkConfig, DiffusionConfig]:
    network, diffusion = read_arguments(folder)
    if network.part != part:
        raise ModelError(
            f"{folder.name} is a {network.part} model, expected a {part} model.",
            f"Choose the folder of a 3DiFACE {part} model, such as {_EXAMPLES[part]}.",
        )
    return network, diffusion


_EXAMPLES = {"face": "cond_012_17_00_concat_prob10_vel10", "head": "head_reg_14_kf or head_reg_16_ip"}


def _read_state(path: Path) -> dict[str, Tensor]:
    """Return the state dict; a pickle of anything but tensors is refused before it runs."""
    try:
        state: Any = load_weights(path)
    except ModelError:
        raise
    except Exception as damage:  # damaged bytes can raise anything
        reason = (str(damage).strip() or type(damage).__name__).splitlines()[0].partition(". ")[0].rstrip(".")
        if "weights_only" in str(damage).lower() or "Unsupported" in str(damage):
            hint = "Do not use the file: it may be malicious. Download it again from its authors."
            raise ModelError(f"{path} contains more than weights, and was not opened.", hint) from damage
        raise ModelError(f"{path} cannot be read: {reason}.", DAMAGED_HINT) from damage
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ModelError(f"{path} is no state dict of names and tensors.", "Use a checkpoint named model*.pt.")
    return {str(name): value.float() if value.is_floating_point() else value for name, value in state.items()}


def _load_network(make: Callable[[], NetworkT], state: dict[str, Tensor], path: Path) -> NetworkT:
    """Return the network with its weights, in evaluation mode; they are checked before any large allocation."""
    with torch.device("meta"):  # shapes without memory
        expected = make().state_dict()
    state = {name: value for name, value in state.items() if not _unused(name, expected)}
    _check(state, expected, path)
    network = make()
    network.load_state_dict(state, strict=False)
    return network.eval().requires_grad_(False)


def _check(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path) -> None:
    """Raise ModelError if weights are missing, unknown, of another shape or not finite."""
    hint = "Check that args.yml and the checkpoint are of the same model."
    missing = sorted(set(expected) - set(state) - {name for name in expected if _unused(name, ())})
    if missing:
        raise ModelError(f"{path} lacks {_list_some(missing)}.", hint)
    unknown = sorted(set(state) - set(expected))
    if unknown:
        raise ModelError(f"{path} holds {_list_some(unknown)}, which the model in args.yml does not have.", hint)
    for name, value in state.items():
        if value.shape != expected[name].shape and value.numel() * expected[name].numel() != 1:
            shapes = f"{tuple(expected[name].shape)}. Got {tuple(value.shape)}"
            raise ModelError(f"{path}: {name} must have shape {shapes}.", hint)
        if not torch.isfinite(value).all():
            raise ModelError(f"{path} holds values that are not finite, in {name}.", DAMAGED_HINT)


def _unused(name: str, expected: Mapping[str, Tensor] | tuple[()]) -> bool:
    """Return whether only training needs the weight, or only some library versions write it."""
    return name.endswith(("masked_spec_embed", "num_batches_tracked", "pos_conv_embed.conv.weight")) and (
        name not in expected
    )


def _list_some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _training_steps(name: str) -> int:
    """Return the training steps in a checkpoint's name."""
    return int("".join(re.findall(r"\d+", name)) or -1)


def _hash(folder: Path, path: Path) -> str:
    digest = hashlib.sha256((folder / "args.yml").read_bytes())
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
