"""The measured table of the viseme model: the parameters of every sound, as a small JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ... import channels
from ...types import Float32Array
from .articulation import FEATURES, SILENCE, articulatory_features
from .coarticulation import PARAMETERS

TABLE_PATH = Path(__file__).parent / "viseme_table.json"

MEASURED: tuple[str, ...] = (
    "jawOpen", "aperture", "mouthFunnel", "mouthPucker", "mouthSmile", "mouthDimple", "mouthStretch", "mouthFrown",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPress", "mouthLowerDown",
    "mouthUpperUp",
)  # fmt: skip
"""Channels fitted to tracked faces: aperture is jawOpen - mouthClose, the others the mean of both sides of the face."""

# channel: feature: target. No tracker measured these; the amounts fit the bundled head (docs/research/visemes.md).
ARTICULATED: dict[str, dict[str, float]] = {
    "tongueOut": {"dental": 0.35, "lateral": 0.12},
    "jawForward": {"sibilant": 0.08, "postalveolar": 0.1},
    "cheekPuff": {"labial": 0.1, "nasal": -0.1},
}
# Added to a measured target: what a landmarker hardly measures, and what English letters and numbers hardly contain.
TARGET_OFFSETS: dict[str, dict[str, float]] = {
    "mouthRollLower": {"labiodental": 0.4},
    "mouthUpperUp": {"labiodental": 0.06, "sibilant": 0.04},
    "mouthFunnel": {"postalveolar": 0.25},
    "mouthPucker": {"postalveolar": 0.1},
    "jawOpen": {"dental": 0.05},
    "aperture": {"dental": 0.06},
}
# Largest targets of a sound. GRID's ʃ and ʒ occur next to an open vowel only (the letters H, J and G), whose opening
# was measured; their teeth are nearly closed. This speaker's i and e are as open as a and pressed, those of FACEGOOD's
# animators are not. This speaker's b is round from the word blue.
MAX_TARGETS: dict[str, dict[str, float]] = {
    "jawOpen": {"sibilant": 0.14, "front_spread": 0.30, "labial": 0.1},
    "aperture": {"sibilant": 0.12, "front_spread": 0.25},
    "mouthPress": {"vowel": 0.08},
    "mouthPucker": {"labial": 0.1},
    "mouthFunnel": {"labial": 0.05},
}
MIN_TARGETS = {"jawOpen": 0.05, "aperture": 0.03}
"""Smallest targets of a sound that does not involve the lips: its sound passes through them."""
MIN_ROUND_TARGETS: dict[str, float] = {"mouthPucker": 0.4, "mouthFunnel": 0.25}
"""Smallest targets of a round sound."""
MIN_STRENGTHS: dict[str, dict[str, float]] = {
    "mouthPucker": {"round": 0.5},
    "mouthFunnel": {"round": 0.5},
    "mouthRollLower": {"labiodental": 4.0},
    "aperture": {"labiodental": 2.0},
    "mouthLowerDown": {"labiodental": 2.0},
}
"""Smallest strengths of these targets. Lips are round during the whole sound and before it (Daniloff and Moll,
"Coarticulation of lip rounding", 1968); no vowel keeps the lower lip from the teeth of an f.
"""
MIN_PAUSE_STRENGTH = -1.5
"""Smallest strength of a pause: lips that wait for a word do not open for its vowel before they close for its b."""
GLOTTAL_SYMBOLS = ("h", "ɦ", "ħ", "ʕ", "ʔ")
"""Sounds of the throat, which have their neighbours' lips (in GRID h occurs before w only)."""
GLOTTAL_STRENGTH = -4.0
"""Strength of glottal sounds."""
EDGE_SECONDS = 0.03
"""Seconds of rise and fall of articulated channels."""


@dataclass(frozen=True)
class VisemeTable:
    """The fitted parameters. C = len(MEASURED), P = len(PARAMETERS), F = len(FEATURES).

    Attributes:
        bias: (P, C).
        weights: (F, P, C), added per articulatory feature.
        deviations: Symbol -> (P, C), added for a sound that was measured; other sounds follow from their features.
        loudness_measured: (C,), the logarithm of amplitude per unit of loudness.
        gain: (C,), factor on amplitudes.
        delay: Seconds by which the measured faces follow their sound. The table's times include it; motion is generated
            without it.
    """

    bias: Float32Array
    weights: Float32Array
    deviations: dict[str, Float32Array]
    loudness_measured: Float32Array
    gain: Float32Array
    delay: float = 0.0

    @classmethod
    def load(cls, path: Path = TABLE_PATH) -> VisemeTable:
        """Load the shipped table, or the one at `path`.

        Raises:
            FileNotFoundError: The file is missing.
            ValueError: The table has another layout.
        """
        return _load(path)

    def save(self, path: Path = TABLE_PATH) -> None:
        """Write the table, three decimals per number."""

        def short(values: Float32Array) -> object:
            return np.round(values.astype(float), 4).tolist()

        table = {
            "parameters": PARAMETERS, "features": FEATURES, "channels": MEASURED,
            "late": round(self.delay, 4), "gain": short(self.gain),
            "loudness": short(self.loudness_measured), "bias": short(self.bias), "weights": short(self.weights),
            "deviations": {symbol: short(values) for symbol, values in self.deviations.items()},
        }  # fmt: skip
        path.write_text(
            "{\n"
            + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in table.items())
            + "\n}\n"
        )

    @property
    def loudness(self) -> Float32Array:
        """Return the logarithm of amplitude per unit of loudness, (C + articulated,)."""
        return np.concatenate([self.loudness_measured, np.zeros(len(ARTICULATED), np.float32)])

    def parameters(self, sound: str) -> Float32Array:
        """Return the parameters (P, C + articulated) of a sound, measured channels first.

        Args:
            sound: One of `articulation.phone_symbols`.
        """
        said = articulatory_features(sound)
        parameters = self.bias + np.tensordot(said, self.weights, 1) + self.deviations.get(sound[0], 0.0)
        parameters[0] = parameters[0] * self.gain + [
            _weighted_sum(TARGET_OFFSETS.get(name, {}), said) for name in MEASURED
        ]
        least, most = (np.array([limit(name, said) for name in MEASURED]) for limit in (_min_target, _max_target))
        parameters[0] = np.clip(parameters[0], least, most)
        for name, least in MIN_STRENGTHS.items():
            column, strength = MEASURED.index(name), parameters[PARAMETERS.index("strength")]
            if (minimum := _weighted_sum(least, said)) > 0:
                strength[column] = max(strength[column], minimum)
        if sound == SILENCE:
            parameters[PARAMETERS.index("strength")] = np.maximum(
                parameters[PARAMETERS.index("strength")], MIN_PAUSE_STRENGTH
            )
        if sound[0] in GLOTTAL_SYMBOLS:
            parameters[PARAMETERS.index("strength")] = GLOTTAL_STRENGTH
        own = np.zeros((len(PARAMETERS), len(ARTICULATED)))
        own[0] = [max(0.0, _weighted_sum(targets, said)) for targets in ARTICULATED.values()]
        own[[PARAMETERS.index("rise"), PARAMETERS.index("fall")]] = np.log(EDGE_SECONDS)
        return np.concatenate([parameters, own], 1).astype(np.float32)


def measured_channels(values: Float32Array) -> Float32Array:
    """Convert face weights (T, 52) to (T, len(MEASURED))."""

    def column(name: str) -> Float32Array:
        if name == "aperture":
            return np.maximum(column("jawOpen") - column("mouthClose"), 0.0)
        both = [i for i, channel in enumerate(channels.FACE) if channel in (name, name + "Left", name + "Right")]
        return values[:, both].mean(1)

    return np.stack([column(name) for name in MEASURED], 1).astype(np.float32)


def _weighted_sum(targets: dict[str, float], articulation: Float32Array) -> float:
    return float(sum(amount * articulation[FEATURES.index(name)] for name, amount in targets.items()))


def _min_target(channel: str, articulation: Float32Array) -> float:
    if channel in MIN_ROUND_TARGETS:
        return MIN_ROUND_TARGETS[channel] * float(articulation[FEATURES.index("round")])
    lips = max(articulation[FEATURES.index(name)] for name in ("silence", "labial", "labiodental"))
    return MIN_TARGETS.get(channel, 0.0) * (1 - float(lips))


def _max_target(channel: str, articulation: Float32Array) -> float:
    return min(
        [
            1.5,
            *(most for name, most in MAX_TARGETS.get(channel, {}).items() if articulation[FEATURES.index(name)] > 0.5),
        ]
    )


@lru_cache(maxsize=4)
def _load(path: Path) -> VisemeTable:
    table = json.loads(path.read_text())
    if (
        tuple(table["features"]) != FEATURES
        or tuple(table["channels"]) != MEASURED
        or tuple(table["parameters"]) != PARAMETERS
    ):
        raise ValueError(
            f"{path} has unexpected features or channels. Run `python -m diface_core.training.visemes.viseme_fit`."
        )
    bias, weights, loudness, gain = (
        np.array(table[name], np.float32) for name in ("bias", "weights", "loudness", "gain")
    )
    deviations = {symbol: np.array(values, np.float32) for symbol, values in table["deviations"].items()}
    return VisemeTable(bias, weights, deviations, loudness, gain, float(table["late"]))
