"""Small checkpoints of 3DiFACE's architecture with any options, in the published layout."""

from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import Wav2Vec2Config

from diface_core.threediface.networks import FaceNetwork, HeadNetwork
from diface_core.threediface.options import parse_options
from diface_core.threediface.wav2vec2 import Wav2Vec2Encoder

VERTICES = 400

FACE = "some.module.path.unet_w_cond_mask"
HEAD = "another.path.in_to_motion_unet_w_audio_cond_with_cond_mask"
DIFFUSION = {
    "noise_schedule": "cosine", "scale_beta": 1.0, "diffusion_steps": 6, "model_mean_type": "START_X",
    "model_var_type": "FIXED_SMALL", "rescale_timesteps": False,
}  # fmt: skip
OPTIONS = {
    "activation": "leakyrelu", "norm": None, "padding_type": "replicate", "num_identity_classes": 8,
    "cond_mode": "audio", "ch": 8,
}  # fmt: skip


def face_arguments(diffusion: dict[str, Any] | None = None, noise: str = "random_Noise", **options: Any) -> dict:
    """Return the `args.yml` of a face of VERTICES vertices."""
    values = 3 * VERTICES
    params = OPTIONS | {"in_channel": values, "out_channel": values, "dataset": "vocaset", "ch_multi": [1, 2, 4]}
    return _arguments(FACE, params | options, DIFFUSION | {"pred_disp": True} | (diffusion or {}), noise, 0.5)


def head_arguments(diffusion: dict[str, Any] | None = None, noise: str = "random_Noise", **options: Any) -> dict:
    """Return the `args.yml` of a head."""
    params = OPTIONS | {"in_channel": 4, "out_channel": 3, "dataset": "HDTF", "use_identity": False, "ch_multi": [1, 1]}
    head = {"pred_type": "head_with_inpaint", "enable_frame_flag": True}
    return _arguments(HEAD, params | options, DIFFUSION | head | (diffusion or {}), noise, 1.0)


def _arguments(name: str, params: dict, diffusion: dict, noise: str, scale: float) -> dict:
    noise_cfg = {"target": f"some.noises.{noise}", "params": {"std_scale": scale}}
    return {
        "motion_model": {"target": name, "params": params},
        "diffusion": {"target": "some.diffusion.GaussianDiffusion", "params": diffusion | {"noise_cfg": noise_cfg}},
    }


def small_encoder() -> Wav2Vec2Encoder:
    """Return a wav2vec2 with one small layer."""
    return Wav2Vec2Encoder(
        Wav2Vec2Config(
            hidden_size=64, num_hidden_layers=1, num_attention_heads=1, intermediate_size=16, conv_dim=(16,) * 7,
            num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4, apply_spec_augment=False,
        )
    )  # fmt: skip


def random_state(arguments: dict, with_encoder: bool = False, seed: int = 0) -> dict[str, torch.Tensor]:
    """Return random weights of a network with these arguments."""
    torch.manual_seed(seed)
    config, _ = parse_options(arguments, "toy")
    encoder = small_encoder() if with_encoder else None
    network = FaceNetwork(config, encoder) if config.part == "face" else HeadNetwork(config)
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1 and not name.startswith("audio_encoder."):
            # The input still influences the output, and a face's values stay within a metre.
            gain = 0.05 if "out_embed" in name else 1.3
            torch.nn.init.normal_(parameter, 0, gain * parameter[0].numel() ** -0.5)
        elif "out_embed" in name:
            torch.nn.init.normal_(parameter, 0, 0.05)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.GroupNorm) and module.affine:
            torch.nn.init.normal_(module.weight, 1, 0.2)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    return network.state_dict()


def write(
    folder: Path, arguments: dict, with_encoder: bool = False, seed: int = 0, name: str = "model000000001"
) -> Path:
    """Write a checkpoint folder, optionally with a speech encoder, and return it."""
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    (folder / "args.yml").write_text(yaml.safe_dump(arguments))
    torch.save(random_state(arguments, with_encoder, seed), folder / "checkpoints" / f"{name}.pt")
    return folder
