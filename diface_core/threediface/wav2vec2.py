"""The speech encoder of 3DiFACE's face networks: wav2vec2-base (Baevski et al. 2020), at the motion's rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

from ..errors import ModelError

MISSING_HINT = "Set the folder of wav2vec2-base-960h, as `transformers` saves it: config.json beside the weights."
RATE = 16000

STRIDE, RECEPTIVE_FIELD = 320, 400
"""Samples from one feature to the next, and that one hears."""

SEGMENT_FEATURES, WINDOW_ROWS, OVERLAP_ROWS = 3000, 1800, 150
"""A longer sound than a minute is heard in stretches, because the encoder's memory grows with it and its time with the
square of it: so many features at a time, and so many rows, of which SHARED fade into the next stretch."""

_PARAMETRIZED = {
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}


class Wav2Vec2Encoder(Wav2Vec2Model):
    """wav2vec2 that hears at the motion's rows. Its state dict has the names that checkpoints are published with."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__(config)
        self.register_state_dict_post_hook(_rename_to_published)
        self.register_load_state_dict_pre_hook(_rename_from_published)

    def forward(self, waveform: Tensor, rows: int, dataset: str = "vocaset") -> Tensor:  # type: ignore[override]
        """(rows, 768) of a waveform (N,) at 16 kHz, taken as it is. Under 25 ms it is followed by silence."""
        features = self._convolutional_features(
            nn.functional.pad(waveform, (0, max(0, RECEPTIVE_FIELD - len(waveform))))
        )
        if dataset == "biwi":
            features = features[..., : features.shape[-1] // 2 * 2][..., : 2 * rows]
        features = nn.functional.interpolate(features, size=rows, mode="linear", align_corners=True)
        return self._encode_windows(features.transpose(1, 2))[0]

    def _convolutional_features(self, waveform: Tensor) -> Tensor:
        """(1, 512, T50)."""
        count = (len(waveform) - RECEPTIVE_FIELD) // STRIDE + 1
        firsts = range(0, count, SEGMENT_FEATURES)
        # Its first norm is over all that it is given: to the last stretch belongs what is left at the end.
        ends = [(first + SEGMENT_FEATURES - 1) * STRIDE + RECEPTIVE_FIELD for first in firsts[:-1]] + [len(waveform)]
        sounds = (waveform[None, first * STRIDE : end] for first, end in zip(firsts, ends, strict=True))
        return torch.cat([self.feature_extractor(sound) for sound in sounds], dim=-1)

    def _encode_windows(self, features: Tensor) -> Tensor:
        """(1, rows, 768) of (1, rows, 512)."""
        rows = features.shape[1]
        total = features.new_zeros(1, rows, self.config.hidden_size)
        weights = features.new_zeros(1, rows, 1)
        for first in range(0, max(1, rows - OVERLAP_ROWS), WINDOW_ROWS - OVERLAP_ROWS):
            hidden, _ = self.feature_projection(features[:, first : first + WINDOW_ROWS])
            heard = self.encoder(hidden).last_hidden_state
            if rows <= WINDOW_ROWS:
                return heard
            inside = torch.arange(1, heard.shape[1] + 1, device=heard.device)
            weight = torch.minimum(inside, inside.flip(0)).clamp(max=OVERLAP_ROWS)[None, :, None].to(heard.dtype)
            place = (0, 0, first, rows - first - heard.shape[1])
            total = total + nn.functional.pad(weight * heard, place)
            weights = weights + nn.functional.pad(weight, place)
        return total / weights


def build_encoder(weights: Mapping[str, Tensor], folder: Path | None) -> Wav2Vec2Encoder | None:
    """A speech encoder for `weights` (names without `audio_encoder.`), laid out as the folder's config says, or as
    wav2vec2-base with the weights' sizes where there is no folder. Without weights it is the folder's, whole; None
    without either.

    Raises ModelError for a folder that cannot be read.
    """
    if folder is not None:
        return Wav2Vec2Encoder(_read_config(folder)) if weights else _load_encoder(folder)
    return Wav2Vec2Encoder(_infer_config(weights)) if weights else None


def base_config(**changes: Any) -> Wav2Vec2Config:
    """wav2vec2-base's, silent about training's masks and dropouts."""
    return Wav2Vec2Config(apply_spec_augment=False, layerdrop=0.0, **changes)


def _infer_config(weights: Mapping[str, Tensor]) -> Wav2Vec2Config:
    """wav2vec2-base's but for the sizes that the weights have; attention heads are 64 wide in it."""

    def layers(prefix: str) -> int:
        return len({name.removeprefix(prefix).split(".")[0] for name in weights if name.startswith(prefix)})

    def shape(name: str) -> tuple[int, ...]:
        if name not in weights:
            raise ModelError(f"The checkpoint's speech encoder lacks {name}.", "Copy it again.")
        return tuple(weights[name].shape)

    convolutions = range(layers("feature_extractor.conv_layers."))
    width, shared, reach = shape("encoder.pos_conv_embed.conv.weight_v")
    return base_config(
        hidden_size=width,
        num_attention_heads=max(1, width // 64),
        num_hidden_layers=layers("encoder.layers."),
        intermediate_size=shape("encoder.layers.0.feed_forward.intermediate_dense.weight")[0],
        conv_dim=tuple(shape(f"feature_extractor.conv_layers.{i}.conv.weight")[0] for i in convolutions),
        num_conv_pos_embeddings=reach,
        num_conv_pos_embedding_groups=width // shared,
    )


def _read_config(folder: Path) -> Wav2Vec2Config:
    if not (folder / "config.json").is_file():
        raise ModelError(f"There is no wav2vec2 in {folder}: it has no config.json.", MISSING_HINT)
    try:
        return Wav2Vec2Config.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as damage:
        raise ModelError(f"The wav2vec2 in {folder} cannot be read: {damage}.", MISSING_HINT) from damage


def _load_encoder(folder: Path) -> Wav2Vec2Encoder:
    encoder = Wav2Vec2Encoder(_read_config(folder))
    try:
        # By the plain model, whose names are those that transformers looks for in the file.
        plain = Wav2Vec2Model.from_pretrained(folder, config=encoder.config, local_files_only=True)
        encoder.load_state_dict(plain.state_dict())
        return encoder
    except Exception as damage:  # whatever the bytes of a damaged file lead to
        raise ModelError(f"The wav2vec2 in {folder} cannot be read: {damage}.", MISSING_HINT) from damage


def _rename_to_published(module: nn.Module, state: dict[str, Tensor], prefix: str, metadata: object) -> None:
    """The names of torch's older weight norm, which checkpoints are written with."""
    for name in [name for name in state if name.startswith(prefix)]:
        for now, published in _PARAMETRIZED.items():
            if name.endswith(now):
                state[name.replace(now, published)] = state.pop(name)


def _rename_from_published(module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """The same names, read."""
    for name in [name for name in state if name.startswith(prefix)]:
        for now, published in _PARAMETRIZED.items():
            if name.endswith(f"pos_conv_embed.conv.{published}"):
                state[name.replace(published, now)] = state.pop(name)
