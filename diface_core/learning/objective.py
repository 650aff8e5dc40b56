"""What a denoiser is trained to do: the examples that it sees, and the weights of its loss."""

from __future__ import annotations

from dataclasses import dataclass, field

from .random_masks import RandomMaskConfig


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """Settings of the examples and of the loss.

    Attributes:
        batch: Examples per step and process.
        rows: Rows of an example, at 30 rows a second.
        masks: How many examples have known values, and which.
        audio_dropout: Share of the examples without audio conditioning.
        style_dropout: Share of the examples without style conditioning.
        joint_dropout: Share of the examples without both (classifier-free guidance, one scale for each).
        pure_noise_share: Share of the examples that start at t = 1.
        velocity_weight: Weight of the error of row-to-row differences, see `losses.py`.
        gap_weight: Weight of the squared error of the lip distance.
        closure_weight: Weight of the squared lip distance where labels are sealed (m, b, p).
        contact_weight: Weight of the squared distance of the lips (mm on the bundled head) where labels are sealed
            between open sounds: m, b, p.
        false_contact_weight: Weight of the square by which lips are closer (mm) than a millimetre, or than the label's
            if that is less, where the label's lips do not touch.
        channel_weight: Factors on the squared error of single channels.
        regression: Train a deterministic network (t is always 1, no noise): the baseline of the same size.
        feature_noise: Noise added to the features, in their standard deviations. A few minutes of one speaker would
            be memorised otherwise.
        feature_noise_varies: Whether each example draws its own level between none and all of that noise.
        feature_dropout: Share of the feature columns that are replaced by their mean in an example.
        audio_stream_dropout: Share of the examples in which one of the two audio feature streams is dropped (75 %: the
            speech encoder; 25 %: the mel bands). The encoder was trained on English and transfers less to other
            voices and languages.
        seed: Seed of everything random in the examples.
    """

    batch: int = 24
    rows: int = 120
    masks: RandomMaskConfig = field(default_factory=RandomMaskConfig)
    audio_dropout: float = 0.1
    style_dropout: float = 0.1
    joint_dropout: float = 0.05
    pure_noise_share: float = 0.17
    velocity_weight: float = 1.0
    gap_weight: float = 0.0
    closure_weight: float = 0.0
    contact_weight: float = 0.0
    false_contact_weight: float = 0.0
    channel_weight: dict[str, float] = field(default_factory=dict)
    regression: bool = False
    feature_noise: float = 0.0
    feature_noise_varies: bool = False
    feature_dropout: float = 0.0
    audio_stream_dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.audio_dropout + self.style_dropout + self.joint_dropout > 1:
            raise ValueError(
                "audio_dropout, style_dropout and joint_dropout are shares of all examples: together at most 1. "
                f"Got {self.audio_dropout}, {self.style_dropout} and {self.joint_dropout}."
            )
