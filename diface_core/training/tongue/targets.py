"""Where the tongue is during phones with times: the targets that the detector learns.

No corpus has a tracked tongue. Each sound has targets by its place of articulation (Handbook of the International
Phonetic Association, 1999), blended by dominance functions (Cohen & Massaro 1993): the tongue rises before the sound
and falls after it. Sounds of lips and throat leave it to their neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch

from ...types import MODEL_RATE, Float32Array
from ..corpora import Clip, Phone
from ..visemes.articulation import FEATURES, MARKS, articulatory_features, base_symbol
from ..visemes.coarticulation import PARAMETERS, blend
from ..visemes.viseme_motion import sound_spans

COLUMNS = ("tip up", "body up", "tip between the teeth")

TIP: dict[str, float] = {
    "t d ɗ n l ɫ ɺ ɾ r ɬ ɮ ʈ ɖ ɳ ɭ ɽ": 1.0,  # the ridge behind the upper teeth, or further back
    "s z": 0.6,  # near it, with a groove
    "ʃ ʒ ʂ ʐ ɹ ɻ": 0.4, "ɚ ɝ": 0.3, "ɕ ʑ": 0.2,
}  # fmt: skip
BODY: dict[str, float] = {
    "k g ɡ ɠ ŋ c ɟ ɲ ʟ": 1.0, "ç ʝ x ɣ ɧ ʎ": 0.9, "q ɢ ɴ χ ʁ ʀ": 0.7, "j ɥ ɰ ɕ ʑ": 0.5, "w ʍ": 0.4,
    "ʃ ʒ ɹ ɻ": 0.3,
}  # fmt: skip
BETWEEN: dict[str, float] = {"θ ð": 1.0}
"""Targets of sounds. Others do not use that part of the tongue."""
CLOSE_VOWEL, MID = 0.35, 0.5
"""Body of the closest vowels, and the openness from which a vowel's is 0."""
PALATALISED = 0.4
"""Body that palatalisation adds."""

STRONG, FREE, PAUSE = 3.0, -3.0, 1.0
"""Strengths (logarithms) of sounds that need a part of the tongue, of sounds of lips and throat, and of pauses; all
others have 0."""
EDGES = (0.016, 0.02, 0.016)
"""Seconds of rise and fall of each column. A strong sound is halfway at three times as much before it, some 50 ms: a
closing gesture of the tongue's tip takes about 100 ms."""
RELEASED = 0.7
"""Share of a plosive after which its closure is released: what follows is its burst."""
BLOCK, REACH_SECONDS = 90, 1.0
"""Rows that are blended at once, and seconds within which a sound has an effect."""


def tongue_targets(phones: Sequence[Phone], seconds: float) -> Float32Array:
    """Return the targets (T, 3) float32, 0 to 1, in the order of COLUMNS, of a sound of this length.

    Args:
        phones: ARPAbet or IPA, exact times in s.
        seconds: Length of the sound.

    Raises:
        ValueError: A label is neither ARPAbet nor IPA.
    """
    said = sound_spans(phones, seconds)
    spans = np.array([(start, _release(start, end, sound)) for start, end, sound in said], np.float32)
    parameters = np.stack([_parameters(sound) for *_, sound in said])
    times = (np.arange(MODEL_RATE.rows(seconds)) / MODEL_RATE.value).astype(np.float32)
    blocks = [_blend(spans, parameters, times[at : at + BLOCK]) for at in range(0, len(times), BLOCK)]
    return np.clip(np.concatenate(blocks), 0, 1).astype(np.float32)


def sound_targets(sound: str) -> Float32Array:
    """Return the targets (3,) of a sound, in the order of COLUMNS."""
    symbol, features = base_symbol(sound), articulatory_features(sound)
    targets = np.array([table.get(symbol, 0.0) for table in (_TIP, _BODY, _BETWEEN)], np.float32)
    if features[FEATURES.index("vowel")] > 0:
        targets[1] += CLOSE_VOWEL * max(0.0, 1 - float(features[FEATURES.index("open")]) / MID)
    targets[1] += PALATALISED * any("palatal" in MARKS[mark] for mark in sound[1:])
    return np.minimum(targets, 1)


def with_tongue(clip: Clip) -> Clip:
    """Return the clip with the tongue's targets (T, 3) as its values."""
    values = tongue_targets(clip.phones, clip.seconds)[: len(clip.values)]
    return replace(clip, values=values, known=np.ones(len(COLUMNS), bool))


def _blend(spans: Float32Array, parameters: Float32Array, times: Float32Array) -> Float32Array:
    near = (spans[:, 1] > times[0] - REACH_SECONDS) & (spans[:, 0] < times[-1] + REACH_SECONDS)
    parts = (torch.from_numpy(part) for part in (spans[near], parameters[near], times))
    return blend(*parts).numpy()


def _release(start: float, end: float, sound: str) -> float:
    """Return when the tongue begins to leave a sound."""
    is_plosive = articulatory_features(sound)[FEATURES.index("plosive")] > 0
    return start + RELEASED * (end - start) if is_plosive else end


@lru_cache(maxsize=1024)
def _parameters(sound: str) -> Float32Array:
    """Return the parameters (len(PARAMETERS), 3) of a sound."""
    target = sound_targets(sound)
    strength = np.full(3, _idle_strength(sound), np.float32)
    strength[target > CLOSE_VOWEL] = STRONG
    tip, between = COLUMNS.index("tip up"), COLUMNS.index("tip between the teeth")
    if target[tip] > CLOSE_VOWEL or target[between] > 0:  # the tip is in one place
        strength[[tip, between]] = STRONG
    parameters = np.zeros((len(PARAMETERS), 3), np.float32)
    parameters[PARAMETERS.index("target")] = target
    parameters[PARAMETERS.index("strength")] = strength
    parameters[[PARAMETERS.index("rise"), PARAMETERS.index("fall")]] = np.log(EDGES)
    return parameters


def _idle_strength(sound: str) -> float:
    """Return the strength of a sound in the columns that it does not use."""
    features = dict(zip(FEATURES, articulatory_features(sound).tolist(), strict=True))
    if features["silence"]:
        return PAUSE
    return FREE if features["labial"] or features["labiodental"] or features["glottal"] else 0.0


def _by_symbol(table: dict[str, float]) -> dict[str, float]:
    return {symbol: value for symbols, value in table.items() for symbol in symbols.split()}


_TIP, _BODY, _BETWEEN = (_by_symbol(table) for table in (TIP, BODY, BETWEEN))
