"""The measured table of the viseme model: what every sound asks of the face, as a small JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ... import channels
from ...types import FloatArray
from .articulation import FEATURES, SILENCE, features
from .coarticulation import PARAMETERS

ASSET = Path(__file__).parent / "viseme_table.json"

MEASURED: tuple[str, ...] = (
    "jawOpen", "aperture", "mouthFunnel", "mouthPucker", "mouthSmile", "mouthDimple", "mouthStretch", "mouthFrown",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPress", "mouthLowerDown",
    "mouthUpperUp",
)  # fmt: skip
"""What is fitted to tracked faces: aperture is jawOpen - mouthClose, the others the mean of both sides of the face."""

# channel: feature: target. No tracker saw these; the amounts fit the bundled head (docs/research/visemes.md).
ARTICULATED: dict[str, dict[str, float]] = {
    "tongueOut": {"dental": 0.35, "lateral": 0.12},
    "jawForward": {"sibilant": 0.08, "postalveolar": 0.1},
    "cheekPuff": {"labial": 0.1, "nasal": -0.1},
}
# Added to a measured target: what a landmarker hardly sees, and what English letters and numbers hardly have.
ADDED: dict[str, dict[str, float]] = {
    "mouthRollLower": {"labiodental": 0.4},
    "mouthUpperUp": {"labiodental": 0.06, "sibilant": 0.04},
    "mouthFunnel": {"postalveolar": 0.25},
    "mouthPucker": {"postalveolar": 0.1},
    "jawOpen": {"dental": 0.05},
    "aperture": {"dental": 0.06},
}
# The most that a sound may ask. GRID's ʃ and ʒ stand beside an open vowel only (the letters H, J and G), which is what
# was measured there; their teeth are nearly shut. His i and e are as open as his a and pressed, the artists' are not.
# His b is round from the word blue.
MOST: dict[str, dict[str, float]] = {
    "jawOpen": {"sibilant": 0.14, "front_spread": 0.30, "labial": 0.1},
    "aperture": {"sibilant": 0.12, "front_spread": 0.25},
    "mouthPress": {"vowel": 0.08},
    "mouthPucker": {"labial": 0.1},
    "mouthFunnel": {"labial": 0.05},
}
LEAST = {"jawOpen": 0.05, "aperture": 0.03}
"""The least that a sound asks whose lips are not at work: what is spoken is heard through the lips."""
ROUND: dict[str, float] = {"mouthPucker": 0.4, "mouthFunnel": 0.25}
"""The least that a round sound asks."""
STRONG: dict[str, dict[str, float]] = {
    "mouthPucker": {"round": 0.5},
    "mouthFunnel": {"round": 0.5},
    "mouthRollLower": {"labiodental": 4.0},
    "aperture": {"labiodental": 2.0},
    "mouthLowerDown": {"labiodental": 2.0},
}
"""The least strength of that. Lips are round through the whole sound and before it (Daniloff and Moll, "Coarticulation
of lip rounding", 1968); no vowel keeps the lower lip from the teeth of an f."""
RESTING = -1.5
"""The least strength of a pause: lips that wait for a word do not open for its vowel before they shut for its b."""
YIELDING = ("h", "ɦ", "ħ", "ʕ", "ʔ")
"""Sounds of the throat, which have their neighbours' lips (in GRID h is met before w only)."""
YIELDS = -4.0
"""Their strength."""
EDGE = 0.03
"""Seconds of rise and fall of what is articulated."""


@dataclass(frozen=True)
class VisemeTable:
    """C = len(MEASURED), P = len(PARAMETERS), F = len(FEATURES).

    bias: (P, C). weights: (F, P, C), what a feature of articulation adds. deviations: symbol -> (P, C), what a sound
    that was measured adds to that; a sound that was not is what its features say. loudness_measured: (C,), the
    logarithm of amplitude for one unit of loudness. gain: (C,), what amplitudes are times. late: seconds
    by which the measured faces follow their sound: the table's times are as measured, the motion is made without.
    """

    bias: FloatArray
    weights: FloatArray
    deviations: dict[str, FloatArray]
    loudness_measured: FloatArray
    gain: FloatArray
    late: float = 0.0

    @classmethod
    def load(cls, path: Path = ASSET) -> VisemeTable:
        """The table in the package, or one at `path`. Raises FileNotFoundError, or ValueError for another layout."""
        return _load(path)

    def save(self, path: Path = ASSET) -> None:
        """Write the table, three decimals a number."""

        def short(values: FloatArray) -> object:
            return np.round(values.astype(float), 4).tolist()

        table = {
            "parameters": PARAMETERS, "features": FEATURES, "channels": MEASURED,
            "late": round(self.late, 4), "gain": short(self.gain),
            "loudness": short(self.loudness_measured), "bias": short(self.bias), "weights": short(self.weights),
            "deviations": {symbol: short(values) for symbol, values in self.deviations.items()},
        }  # fmt: skip
        path.write_text(
            "{\n"
            + ",\n".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in table.items())
            + "\n}\n"
        )

    @property
    def loudness(self) -> FloatArray:
        """(C + articulated,)."""
        return np.concatenate([self.loudness_measured, np.zeros(len(ARTICULATED), np.float32)])

    def parameters(self, sound: str) -> FloatArray:
        """What one of `articulation.sounds` asks: (P, C + articulated), measured channels first."""
        said = features(sound)
        found = self.bias + np.tensordot(said, self.weights, 1) + self.deviations.get(sound[0], 0.0)
        found[0] = found[0] * self.gain + [_sum(ADDED.get(name, {}), said) for name in MEASURED]
        least, most = (np.array([limit(name, said) for name in MEASURED]) for limit in (_least, _most))
        found[0] = np.clip(found[0], least, most)
        for name, least in STRONG.items():
            column, strength = MEASURED.index(name), found[PARAMETERS.index("strength")]
            if (wanted := _sum(least, said)) > 0:
                strength[column] = max(strength[column], wanted)
        if sound == SILENCE:
            found[PARAMETERS.index("strength")] = np.maximum(found[PARAMETERS.index("strength")], RESTING)
        if sound[0] in YIELDING:
            found[PARAMETERS.index("strength")] = YIELDS
        own = np.zeros((len(PARAMETERS), len(ARTICULATED)))
        own[0] = [max(0.0, _sum(targets, said)) for targets in ARTICULATED.values()]
        own[[PARAMETERS.index("rise"), PARAMETERS.index("fall")]] = np.log(EDGE)
        return np.concatenate([found, own], 1).astype(np.float32)


def measured(values: FloatArray) -> FloatArray:
    """Face weights (T, 52) -> (T, len(MEASURED))."""

    def column(name: str) -> FloatArray:
        if name == "aperture":
            return np.maximum(column("jawOpen") - column("mouthClose"), 0.0)
        both = [i for i, channel in enumerate(channels.FACE) if channel in (name, name + "Left", name + "Right")]
        return values[:, both].mean(1)

    return np.stack([column(name) for name in MEASURED], 1).astype(np.float32)


def _sum(targets: dict[str, float], said: FloatArray) -> float:
    return float(sum(amount * said[FEATURES.index(name)] for name, amount in targets.items()))


def _least(channel: str, said: FloatArray) -> float:
    if channel in ROUND:
        return ROUND[channel] * float(said[FEATURES.index("round")])
    lips = max(said[FEATURES.index(name)] for name in ("silence", "labial", "labiodental"))
    return LEAST.get(channel, 0.0) * (1 - float(lips))


def _most(channel: str, said: FloatArray) -> float:
    return min([1.5, *(most for name, most in MOST.get(channel, {}).items() if said[FEATURES.index(name)] > 0.5)])


@lru_cache(maxsize=4)
def _load(path: Path) -> VisemeTable:
    table = json.loads(path.read_text())
    if (
        tuple(table["features"]) != FEATURES
        or tuple(table["channels"]) != MEASURED
        or tuple(table["parameters"]) != PARAMETERS
    ):
        raise ValueError(
            f"{path} was made for other features or channels. Run `python -m diface_core.training.visemes.viseme_fit`."
        )
    bias, weights, loudness, gain = (
        np.array(table[name], np.float32) for name in ("bias", "weights", "loudness", "gain")
    )
    deviations = {symbol: np.array(values, np.float32) for symbol, values in table["deviations"].items()}
    return VisemeTable(bias, weights, deviations, loudness, gain, float(table["late"]))
