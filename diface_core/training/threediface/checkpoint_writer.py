"""Writer of checkpoint folders in 3DiFACE's published layout: `args.yml` and `checkpoints/modelNNNNNNNNN.pt`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from ...atomic_write import atomic_write
from ...errors import DifaceError
from ...threediface.options import Part

_MODELS = "face_animation_model.model"
_DIFFUSIONS = "face_animation_model.diffusion"

TARGETS: dict[Part, tuple[str, str]] = {
    "face": (
        f"{_MODELS}.cond_model_for_win30.diffnoise_2_motion_concat_w_audio_cond.unet_w_cond_mask",
        f"{_DIFFUSIONS}.motiondiffuse_w_cust_noise_losses.GaussianDiffusion",
    ),
    "head": (
        f"{_MODELS}.conv_head_model.conv_concat_w_audio_cond_skip.in_to_motion_unet_w_audio_cond_with_cond_mask",
        f"{_DIFFUSIONS}.masked_head_diffuse_w_cust_noise_losses_noclamp.GaussianDiffusion",
    ),
}
"""Class paths of network and diffusion in published folders, for other programs that read the folder."""

_NOISE = f"{_DIFFUSIONS}.Disp_noise_sampler."
_COMMON_DEFAULTS: dict[str, Any] = {
    "activation": "leakyrelu",
    "norm": None,
    "padding_type": "replicate",
    "cond_mode": "audio",
}
_FACE_DEFAULTS: dict[str, Any] = {
    "in_channel": 15069, "out_channel": 15069, "dec_model": "decoder_2layer_block_w_audio_new_layers",
    "dataset": "vocaset", "ch": 128, "ch_multi": [1, 2, 4],
}  # fmt: skip
_HEAD_DEFAULTS: dict[str, Any] = {
    "in_channel": 4, "out_channel": 3, "dataset": "HDTF", "use_identity": False, "num_identity_classes": 8, "ch": 128,
    "ch_multi": [1, 1, 1, 1, 1, 1],
}  # fmt: skip
OTHER_FOLDER_HINT = "Choose another folder as `out`."

NETWORK_DEFAULTS: dict[Part, dict[str, Any]] = {
    "face": _COMMON_DEFAULTS | _FACE_DEFAULTS,
    "head": _COMMON_DEFAULTS | _HEAD_DEFAULTS,
}
"""Default options of the networks."""

_COMMON_DIFFUSION_DEFAULTS: dict[str, Any] = {
    "noise_schedule": "cosine", "scale_beta": 1.0, "diffusion_steps": 1000, "model_mean_type": "START_X",
    "model_var_type": "FIXED_SMALL", "loss_type": "MSE", "rescale_timesteps": False,
}  # fmt: skip
DIFFUSION_DEFAULTS: dict[Part, dict[str, Any]] = {
    "face": _COMMON_DIFFUSION_DEFAULTS | {"pred_disp": True, "noise": "random_Noise", "std_scale": 0.02},
    "head": _COMMON_DIFFUSION_DEFAULTS
    | {"pred_type": "head_with_inpaint", "enable_frame_flag": True, "noise": "random_Noise", "std_scale": 1.0},
}
"""Default options of the diffusion, including `noise` and `std_scale` of its noise."""


def make_arguments(part: Part, model: Mapping[str, Any], diffusion: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of `args.yml` for a network with these options.

    Raises:
        DifaceError: If the diffusion has an unknown option.
    """
    unknown = sorted(set(diffusion) - set(DIFFUSION_DEFAULTS[part]))
    if unknown:
        raise DifaceError(
            f"The diffusion of a {part} has no option {', '.join(unknown)}.",
            f"Its options are {', '.join(DIFFUSION_DEFAULTS[part])}.",
        )
    options = dict(DIFFUSION_DEFAULTS[part] | dict(diffusion))
    noise, scale = options.pop("noise"), options.pop("std_scale")
    options["noise_cfg"] = {"target": _NOISE + noise, "params": {"std_scale": scale}}
    network, steps = TARGETS[part]
    return {
        "motion_model": {"target": network, "params": NETWORK_DEFAULTS[part] | dict(model)},
        "diffusion": {"target": steps, "params": options},
    }


def check_output_folder(folder: Path, arguments: Mapping[str, Any], sources: Iterable[Path | None]) -> None:
    """Raise DifaceError if a folder is also an input, or contains another model, which would be overwritten."""
    if folder.resolve() in {source.resolve() for source in sources if source is not None}:
        raise DifaceError(f"{folder} is an input of the training, and cannot be its output.", OTHER_FOLDER_HINT)
    try:
        existing = yaml.safe_load((folder / "args.yml").read_text("utf-8"))
    except FileNotFoundError:
        existing = None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as damage:
        raise DifaceError(f"{folder} has an args.yml that cannot be read: {damage}.", OTHER_FOLDER_HINT) from damage
    if (folder / "checkpoints").exists() and existing != dict(arguments):
        raise DifaceError(f"{folder} contains the checkpoints of another model.", OTHER_FOLDER_HINT)


def write_checkpoint(
    folder: Path, arguments: Mapping[str, Any], state: Mapping[str, Tensor], step: int, max_checkpoints: int
) -> Path:
    """Write the weights of a step, and delete all but the newest `max_checkpoints` (0 keeps all); return the file."""
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    (folder / "args.yml").write_text(yaml.safe_dump(dict(arguments), sort_keys=False), "utf-8")
    path = checkpoints / f"model{step:09d}.pt"
    with atomic_write(path) as draft:
        torch.save({name: value.detach().cpu() for name, value in state.items()}, draft)
    if max_checkpoints:
        for old in sorted(checkpoints.glob("model*.pt"))[:-max_checkpoints]:
            old.unlink()
    return path
