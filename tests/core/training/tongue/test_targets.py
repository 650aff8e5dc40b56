"""Targets of the tongue: raised on the sounds that need it, in time, and at rest elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.training.corpora import Clip, Phone
from diface_core.training.tongue.targets import COLUMNS, sound_targets, tongue_targets, with_tongue
from diface_core.training.visemes.articulation import ARPABET, CONSONANTS, VOWELS, phone_symbols
from diface_core.types import MODEL_RATE

TIP, BODY, BETWEEN = range(3)
PHONES = (*CONSONANTS, *VOWELS, "")


def spoken(*labels: str, seconds: float = 0.1) -> tuple[Phone, ...]:
    """Return phones of equal length, after a pause of 0.3 s."""
    return tuple(Phone(0.3 + seconds * i, 0.3 + seconds * (i + 1), label) for i, label in enumerate(labels))


def test_every_sound_has_targets():
    symbols = " ".join((*CONSONANTS, *VOWELS)).split()
    found = {symbol: sound_targets(symbol) for symbol in symbols}
    assert all(targets.shape == (len(COLUMNS),) for targets in found.values())
    assert all(((targets >= 0) & (targets <= 1)).all() for targets in found.values())
    assert {symbol for symbol, targets in found.items() if targets[BETWEEN]} == {"θ", "ð"}
    for label in ARPABET:
        assert all(sound_targets(sound).shape == (3,) for sound in phone_symbols(label))


@pytest.mark.parametrize(
    ("label", "column"),
    [("t", TIP), ("d", TIP), ("n", TIP), ("l", TIP), ("ɾ", TIP), ("ɖ", TIP), ("k", BODY), ("ɡ", BODY), ("ŋ", BODY)]
    + [("ɲ", BODY), ("θ", BETWEEN), ("ð", BETWEEN), ("T", TIP), ("NG", BODY), ("DH", BETWEEN)],
)
def test_the_tongue_rises_before_a_sound_and_falls_after_it(label, column):
    targets = tongue_targets(spoken("a", label, "a"), 0.9)
    rows = np.arange(len(targets)) / MODEL_RATE.value
    sound = targets[(rows >= 0.4) & (rows < 0.47)]
    assert sound[:, column].min() > 0.8
    peak = int(targets[:, column].argmax())
    rising, falling = np.diff(targets[: peak + 1, column]), np.diff(targets[peak:, column])
    assert (rising > -1e-6).all()
    assert (falling < 1e-6).all()
    others = [other for other in range(3) if other != column]
    assert targets[:, others].max() < 0.05
    np.testing.assert_allclose(targets[rows < 0.25], 0, atol=0.02)
    np.testing.assert_allclose(targets[rows > 0.65], 0, atol=0.02)


@pytest.mark.parametrize("label", ["m", "b", "p", "f", "h", "a", "ɔ", ""])
def test_other_sounds_leave_the_tongue_at_rest(label):
    np.testing.assert_allclose(tongue_targets(spoken("a", label, "a"), 0.9), 0, atol=1e-6)


def test_the_lips_leave_the_tongue_to_the_next_sound():
    alone, joined = (tongue_targets(spoken(*labels), 1.0) for labels in (("a", "m", "a"), ("a", "m", "l")))
    within = slice(int(0.45 * MODEL_RATE.value), int(0.5 * MODEL_RATE.value) + 1)
    assert joined[within, TIP].max() > 0.5 > alone[within, TIP].max()


def test_a_plosive_is_released_before_a_nasal_of_its_length():
    t, n = (tongue_targets(spoken("a", label, "a"), 0.9)[:, TIP] for label in "tn")
    after = 1 + int(0.5 * MODEL_RATE.value)
    assert t[after] < n[after] - 0.2


def test_palatalised_sounds_raise_the_body():
    assert sound_targets("n")[BODY] == 0
    assert sound_targets("nʲ")[BODY] > 0.3


@given(labels=st.lists(st.sampled_from([p.split()[0] if p else "" for p in PHONES]), min_size=1, max_size=12))
@settings(deadline=None, max_examples=25)
def test_targets_are_within_bounds_and_follow_a_shift_in_time(labels):
    phones, shift = spoken(*labels), 6 / MODEL_RATE.value
    later = tuple(Phone(p.start + shift, p.end + shift, p.label) for p in phones)
    targets, shifted = tongue_targets(phones, 2.0), tongue_targets(later, 2.0)
    assert ((targets >= 0) & (targets <= 1)).all()
    np.testing.assert_allclose(shifted[8:], targets[2:-6], atol=1e-3)


def test_long_sounds_are_blended_in_blocks_without_a_step():
    phones = tuple(Phone(0.1 * i, 0.1 * (i + 1), "tatalakaθa"[i % 10]) for i in range(100))
    whole = tongue_targets(phones, 10.0)
    late = tongue_targets(tuple(Phone(p.start - 2.0, p.end - 2.0, p.label) for p in phones[20:]), 8.0)
    np.testing.assert_allclose(late[30:], whole[90:], atol=1e-3)


def test_a_phone_of_another_alphabet_is_refused():
    with pytest.raises(ValueError, match="ARPAbet or IPA"):
        tongue_targets(spoken("7"), 0.9)


def test_a_clip_gets_the_targets_as_its_values():
    samples = np.zeros(16_000, np.float32)
    clip = Clip("a", samples, np.ones((30, 52), np.float32), np.zeros(52, bool), "rendered", spoken("a", "t", "a"))
    moved = with_tongue(clip)
    assert moved.values.shape == (30, 3)
    assert moved.known.tolist() == [True] * 3
    assert moved.values[:, TIP].max() > 0.8
    silent = with_tongue(Clip("b", samples, clip.values, clip.known, "not_speech"))
    assert not silent.values.any()
