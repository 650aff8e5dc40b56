"""A checkpoint's `args.yml`: the constructor options of 3DiFACE's classes, as frozen configurations.

Class paths are only compared with known names; nothing is imported by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..errors import ModelError

Part = Literal["face", "head"]
Padding = Literal["zeros", "reflect", "replicate", "circular"]

NEWEST_CHECKPOINT = "best"
"""Name that stands for the newest checkpoint, as in the original."""

NETWORK_CLASSES: dict[str, Part] = {
    "unet_w_cond_mask": "face",
    "style_optim_w_cond_mask": "face",
    "in_to_motion_unet_w_audio_cond": "face",
    "in_to_motion_unet_w_audio_cond_with_cond_mask": "head",
}
"""The networks' class names, without their module's path."""

ACTIVATIONS = ("relu", "leakyrelu", "swish", "sigmoid")
NORMS = ("batch", "batchfalse", "group", "instance", "instancefalse", "layer")
PADDINGS = get_args(Padding)
DATASETS = ("vocaset", "biwi", "hdtf")
NOISES = {"random_Noise": "positive", "random_Noise_neg_one_2_pos_one": "symmetric", "Zero_Noise": "none"}

MAX_WIDTH, MAX_FRAME_VALUES = 2**16, 2**24
"""Largest accepted sizes: hidden channels, and values per frame."""

HINT = "Use the checkpoint folder as it was published or trained, with args.yml and the checkpoints folder in it."


@dataclass(frozen=True)
class NetworkConfig:
    """Options of one network.

    Attributes:
        part: Face or head.
        inputs: Channels of an input frame; a head's may have a mask channel after the outputs.
        outputs: Channels of an output frame.
        width: `ch`.
        multipliers: `ch_multi`, one more than levels.
        activation: One of ACTIVATIONS.
        norm: One of NORMS; None omits the norm.
        padding: Padding mode of Conv1d.
        dataset: "biwi" reduces its audio rows differently.
        styles: Number of one-hot styles; 0 for a network without styles.
        final_activation: One of ACTIVATIONS; None omits it.
    """

    part: Part
    inputs: int
    outputs: int
    width: int
    multipliers: tuple[int, ...]
    activation: str = "leakyrelu"
    norm: str | None = None
    padding: Padding = "replicate"
    dataset: str = "vocaset"
    styles: int = 8
    final_activation: str | None = None

    def __post_init__(self) -> None:
        face = self.part == "face"
        doubling = tuple(2**level for level in range(len(self.multipliers)))
        levelled = len(self.multipliers) > 1 and self.multipliers[0] == 1 and min(self.multipliers) > 0
        _check(levelled, "ch_multi", "1 and more", self.multipliers)
        _check(self.width * max(self.multipliers) <= MAX_WIDTH, "ch times ch_multi", f"at most {MAX_WIDTH}", self.width)
        _check(
            max(self.inputs, self.outputs) <= MAX_FRAME_VALUES,
            "in_channel and out_channel",
            f"at most {MAX_FRAME_VALUES}",
            self.inputs,
        )
        _check(0 <= self.styles <= MAX_WIDTH, "num_identity_classes", f"0 to {MAX_WIDTH}", self.styles)
        _check(not face or self.multipliers == doubling, "ch_multi of a face", "1, 2, 4, ...", self.multipliers)
        _check(self.width > 0 and self.width % 2 == 0, "ch", "a positive even number", self.width)
        _check(self.norm != "group" or self.width % 32 == 0, "ch with norm Group", "a multiple of 32", self.width)
        if face:
            sizes = self.inputs == self.outputs and self.outputs % 3 == 0 and self.outputs > 3
            _check(sizes, "in_channel and out_channel", "three a vertex, both", (self.inputs, self.outputs))
        else:
            sizes = self.outputs == 3 and self.inputs in (3, 4)
            _check(sizes, "in_channel and out_channel", "4 (or 3 without flag) and 3", (self.inputs, self.outputs))

    @property
    def levels(self) -> int:
        """Number of times that the length is halved."""
        return len(self.multipliers) - 1

    @property
    def stride(self) -> int:
        """Number of rows that lengths must be a multiple of."""
        return 2**self.levels

    @property
    def has_mask_channel(self) -> bool:
        """Whether the last input channel marks the known frames."""
        return self.inputs == self.outputs + 1


@dataclass(frozen=True)
class DiffusionConfig:
    """The diffusion that a network was trained with, see `diffusion.Schedule`.

    Attributes:
        schedule: "cosine" or "linear".
        steps: Number of diffusion steps.
        scale_beta: Factor on the betas of a linear schedule.
        rescale: Whether step indices are scaled to 1000 steps for the network.
        noise: Uniform in [0, scale) "positive", in [-scale, scale) "symmetric", or "none".
        noise_scale: Scale of the noise.
        clamp: Whether the predicted x0 is clamped to [-1, 1].
        displacement: Whether x0 is the displacement of a template (pred_disp), else the vertices themselves.
    """

    schedule: str = "cosine"
    steps: int = 1000
    scale_beta: float = 1.0
    rescale: bool = False
    noise: str = "positive"
    noise_scale: float = 1.0
    clamp: bool = False
    displacement: bool = True

    def __post_init__(self) -> None:
        _one_of(self.schedule, ("cosine", "linear"), "noise_schedule")
        _check(1 <= self.steps <= 5000, "diffusion_steps", "1 to 5000", self.steps)
        _one_of(self.noise, tuple(NOISES.values()), "noise_cfg")
        _check(self.scale_beta > 0, "scale_beta", "a positive number", self.scale_beta)
        # Otherwise the betas of the last steps would exceed 1.
        enough = self.schedule != "linear" or self.scale_beta * 20 <= self.steps
        _check(enough, "diffusion_steps of a linear schedule", "20 times scale_beta at least", self.steps)


def parse_options(arguments: object, name: str) -> tuple[NetworkConfig, DiffusionConfig]:
    """Return both configurations of a parsed `args.yml`; `name` is the folder's, for messages.

    Raises:
        ModelError: If a class is unknown, or an option is missing or has an unknown value.
    """
    try:
        network, options = _section(arguments, "motion_model")
        part = NETWORK_CLASSES.get(_class_name(network))
        if part is None:
            raise ModelError(f"its network is {network}, expected one of {', '.join(NETWORK_CLASSES)}.", HINT)
        return _network(part, options), _diffusion(part, *_section(arguments, "diffusion"))
    except ModelError as reason:
        raise ModelError(f"The 3DiFACE model {name} cannot be used: {reason.message}", reason.hint) from reason


def _network(part: Part, options: Mapping[str, Any]) -> NetworkConfig:
    face = part == "face"
    final = _normalised_name(options.get("final_activation"))
    _one_of(final, (None, *ACTIVATIONS), "final_activation")
    styled = face or bool(options.get("use_identity", False))
    norm = _normalised_name(options.get("norm"))
    return NetworkConfig(
        part=part,
        inputs=_integer(options, "in_channel"),
        outputs=_integer(options, "out_channel"),
        width=_integer(options, "ch"),
        multipliers=_integers(options, "ch_multi"),
        activation=_one_of(_normalised_name(_required(options, "activation")), ACTIVATIONS, "activation"),
        norm=_one_of(norm, (None, *NORMS), "norm"),
        padding=_one_of(_normalised_name(_required(options, "padding_type")), PADDINGS, "padding_type"),
        dataset=_one_of(_normalised_name(options.get("dataset", "vocaset")), DATASETS, "dataset"),
        styles=_integer(options, "num_identity_classes") if styled else 0,
        final_activation=final,
    )


def _diffusion(part: Part, name: str, options: Mapping[str, Any]) -> DiffusionConfig:
    _one_of(_class_name(name), ("GaussianDiffusion",), "the diffusion's class")
    _one_of(options.get("model_mean_type", "START_X"), ("START_X",), "model_mean_type")
    _one_of(options.get("model_var_type", "FIXED_SMALL"), ("FIXED_SMALL",), "model_var_type")
    noise, noise_options = _section(options, "noise_cfg")
    if part == "head":
        _one_of(options.get("pred_type", "head_with_inpaint"), ("head_with_inpaint",), "pred_type")
    return DiffusionConfig(
        schedule=_normalised_name(options.get("noise_schedule", "cosine")) or "",
        steps=_integer(options, "diffusion_steps"),
        scale_beta=_float(options, "scale_beta", 1.0),
        rescale=bool(options.get("rescale_timesteps", False)),
        noise=NOISES[_one_of(_class_name(noise), tuple(NOISES), "noise_cfg")],
        noise_scale=_float(noise_options, "std_scale", 1.0),
        clamp=part == "face" and "noclamp" not in name,
        displacement=part == "head" or bool(options.get("pred_disp", False)),
    )


def _section(arguments: object, name: str) -> tuple[str, Mapping[str, Any]]:
    """Return `target` and `params` of a section."""
    section = arguments.get(name) if isinstance(arguments, Mapping) else None
    if not isinstance(section, Mapping) or not isinstance(section.get("target"), str):
        raise ModelError(f"args.yml has no section {name} with a target.", HINT)
    options = section.get("params") or {}
    if not isinstance(options, Mapping):
        raise ModelError(f"args.yml's params of {name} are not names and values.", HINT)
    return section["target"], options


def _required(options: Mapping[str, Any], name: str) -> Any:
    if name not in options:
        raise ModelError(f"args.yml lacks {name}.", HINT)
    return options[name]


def _integer(options: Mapping[str, Any], name: str) -> int:
    value = _required(options, name)
    _check(isinstance(value, int) and not isinstance(value, bool), name, "a whole number", value)
    return value


def _integers(options: Mapping[str, Any], name: str) -> tuple[int, ...]:
    values = _required(options, name)
    items = values if isinstance(values, (list, tuple)) else ()
    whole = all(isinstance(one, (int, float)) and not isinstance(one, bool) and one == int(one) for one in items)
    _check(bool(items) and whole, name, "a list of whole numbers", values)
    return tuple(int(one) for one in items)


def _float(options: Mapping[str, Any], name: str, default: float) -> float:
    value = options.get(name, default)
    real = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    _check(real, name, "a number", value)
    return float(value)


def _normalised_name(value: object) -> str | None:
    """Return a name in lower case; None for "None" and empty names."""
    return None if value is None or str(value).lower() in ("none", "false", "") else str(value).lower()


def _class_name(path: str) -> str:
    return path.rpartition(".")[2]


def _one_of(value: Any, known: tuple[Any, ...], name: str) -> Any:
    _check(value in known, name, f"one of {', '.join(map(str, known))}", value)
    return value


def _check(valid: bool, name: str, expected: str, value: object) -> None:
    if not valid:
        raise ModelError(f"{name} must be {expected}. Got {value}.", HINT)
