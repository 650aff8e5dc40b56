"""The speech encoder of 3DiFACE's face networks: wav2vec2-base (Baevski et al. 2020), at the motion's rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

from ..errors import ModelError

WEIGHTS = "model.safetensors"
MISSING_HINT = f"Set the folder of wav2vec2-base-960h, as `transformers` saves it: config.json and {WEIGHTS}."
UNSAFE_HINT = (
    f"Download {WEIGHTS} of wav2vec2-base-960h from its publisher into the folder. Or, if you trust the file, "
    "convert it: load the folder with `transformers` 5 and write it with `save_pretrained`."
)
RATE = 16000

STRIDE, RECEPTIVE_FIELD = 320, 400
"""Samples between two features, and samples that one feature depends on."""

SEGMENT_FEATURES, WINDOW_ROWS, OVERLAP_ROWS = 3000, 1800, 150
"""Speech longer than a minute is encoded in segments and sliding windows.

The encoder's memory grows with the length and its time with the square of it. These are the features per segment of
the convolutions, the rows per window of the transformer, and the rows in which two windows cross-fade.
"""

_PARAMETRIZED = {
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}


class Wav2Vec2Encoder(Wav2Vec2Model):
    """wav2vec2 whose features are resampled to the motion's rows, with the published names in its state dict."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__(config)
        self.register_state_dict_post_hook(_rename_to_published)
        self.register_load_state_dict_pre_hook(_rename_from_published)

    def forward(self, waveform: Tensor, rows: int, dataset: str = "vocaset") -> Tensor:  # type: ignore[override]
        """Return features (rows, 768) of a waveform (N,) at 16 kHz, not normalised; under 25 ms it is zero-padded."""
        features = self._convolutional_features(
            nn.functional.pad(waveform, (0, max(0, RECEPTIVE_FIELD - len(waveform))))
        )
        if dataset == "biwi":
            features = features[..., : features.shape[-1] // 2 * 2][..., : 2 * rows]
        features = nn.functional.interpolate(features, size=rows, mode="linear", align_corners=True)
        return self._encode_windows(features.transpose(1, 2))[0]

    def _convolutional_features(self, waveform: Tensor) -> Tensor:
        """Return features (1, 512, T) at 50 per second, computed in segments."""
        count = (len(waveform) - RECEPTIVE_FIELD) // STRIDE + 1
        firsts = range(0, count, SEGMENT_FEATURES)
        # The first norm is over a whole segment, so the samples that remain at the end belong to the last one.
        ends = [(first + SEGMENT_FEATURES - 1) * STRIDE + RECEPTIVE_FIELD for first in firsts[:-1]] + [len(waveform)]
        segments = (waveform[None, first * STRIDE : end] for first, end in zip(firsts, ends, strict=True))
        return torch.cat([self.feature_extractor(segment) for segment in segments], dim=-1)

    def _encode_windows(self, features: Tensor) -> Tensor:
        """Return the transformer's output (1, rows, 768) of features (1, rows, 512), in cross-faded windows."""
        rows = features.shape[1]
        total = features.new_zeros(1, rows, self.config.hidden_size)
        weights = features.new_zeros(1, rows, 1)
        for first in range(0, max(1, rows - OVERLAP_ROWS), WINDOW_ROWS - OVERLAP_ROWS):
            hidden, _ = self.feature_projection(features[:, first : first + WINDOW_ROWS])
            window = self.encoder(hidden).last_hidden_state
            if rows <= WINDOW_ROWS:
                return window
            inside = torch.arange(1, window.shape[1] + 1, device=window.device)
            weight = torch.minimum(inside, inside.flip(0)).clamp(max=OVERLAP_ROWS)[None, :, None].to(window.dtype)
            padding = (0, 0, first, rows - first - window.shape[1])
            total = total + nn.functional.pad(weight * window, padding)
            weights = weights + nn.functional.pad(weight, padding)
        return total / weights


def build_encoder(weights: Mapping[str, Tensor], folder: Path | None) -> Wav2Vec2Encoder | None:
    """Return a speech encoder.

    Args:
        weights: A checkpoint's weights of the encoder (names without `audio_encoder.`), which only define the sizes
            here. If empty, the folder's weights are loaded.
        folder: Folder of wav2vec2-base-960h. Without one, the sizes are those of `weights`.

    Returns:
        The encoder; None without weights and folder.

    Raises:
        ModelError: If the folder cannot be read, or its weights are needed and only exist as a pickle.
    """
    if folder is not None:
        return Wav2Vec2Encoder(_read_config(folder)) if weights else _load_encoder(folder)
    return Wav2Vec2Encoder(_infer_config(weights)) if weights else None


def base_config(**changes: Any) -> Wav2Vec2Config:
    """Return the configuration of wav2vec2-base, without the masks and dropout of its training."""
    return Wav2Vec2Config(apply_spec_augment=False, layerdrop=0.0, **changes)


def _infer_config(weights: Mapping[str, Tensor]) -> Wav2Vec2Config:
    """Return the configuration of wav2vec2-base with the sizes of the weights; its attention heads are 64 wide."""

    def layers(prefix: str) -> int:
        return len({name.removeprefix(prefix).split(".")[0] for name in weights if name.startswith(prefix)})

    def shape(name: str) -> tuple[int, ...]:
        if name not in weights:
            raise ModelError(f"The checkpoint's speech encoder lacks {name}.", "Copy it again.")
        return tuple(weights[name].shape)

    convolutions = range(layers("feature_extractor.conv_layers."))
    width, group_width, kernel = shape("encoder.pos_conv_embed.conv.weight_v")
    return base_config(
        hidden_size=width,
        num_attention_heads=max(1, width // 64),
        num_hidden_layers=layers("encoder.layers."),
        intermediate_size=shape("encoder.layers.0.feed_forward.intermediate_dense.weight")[0],
        conv_dim=tuple(shape(f"feature_extractor.conv_layers.{i}.conv.weight")[0] for i in convolutions),
        num_conv_pos_embeddings=kernel,
        num_conv_pos_embedding_groups=width // group_width,
    )


def _read_config(folder: Path) -> Wav2Vec2Config:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} is no wav2vec2 folder: it has no config.json.", MISSING_HINT)
    try:
        return Wav2Vec2Config.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as damage:
        raise ModelError(f"The wav2vec2 in {folder} cannot be read: {damage}.", MISSING_HINT) from damage


def _load_encoder(folder: Path) -> Wav2Vec2Encoder:
    """Return the folder's encoder; pickled weights are refused, because they can run code (CVE-2025-32434)."""
    encoder = Wav2Vec2Encoder(_read_config(folder))
    pickles = sorted(path.name for path in folder.glob("*.bin"))
    if pickles and not list(folder.glob("*.safetensors")):
        raise ModelError(
            f"The wav2vec2 weights in {folder} are a pickle, {pickles[0]}. {WEIGHTS} is required.", UNSAFE_HINT
        )
    try:
        # By the plain model, whose names are those that transformers expects in the file.
        plain = Wav2Vec2Model.from_pretrained(
            folder, config=encoder.config, local_files_only=True, use_safetensors=True
        )
        encoder.load_state_dict(plain.state_dict())
        return encoder
    except Exception as damage:  # damaged bytes can raise anything
        raise ModelError(f"The wav2vec2 in {folder} cannot be read: {damage}.", MISSING_HINT) from damage


def _rename_to_published(module: nn.Module, state: dict[str, Tensor], prefix: str, metadata: object) -> None:
    """Rename the weights to those of torch's older weight norm, as in published checkpoints."""
    for name in [name for name in state if name.startswith(prefix)]:
        for current, published in _PARAMETRIZED.items():
            if name.endswith(current):
                state[name.replace(current, published)] = state.pop(name)


def _rename_from_published(module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
    """Rename the weights from those of torch's older weight norm, as in published checkpoints."""
    for name in [name for name in state if name.startswith(prefix)]:
        for current, published in _PARAMETRIZED.items():
            if name.endswith(f"pos_conv_embed.conv.{published}"):
                state[name.replace(published, current)] = state.pop(name)
