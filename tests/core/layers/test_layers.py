"""Blinks, gaze and breath: statistics of human motion, separate channels, independence of the part."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diface_core import channels
from diface_core.layers import blinks, gaze
from diface_core.layers.events import LayerEvents
from diface_core.layers.phrases import find_phrases
from diface_core.training.evaluation import layer_measures as measures
from diface_core.types import FrameRate, Layers, Motion

pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 2**32 - 1)
SCENE, FINE = FrameRate(30), FrameRate(1000)
QUIET, LOUD = -3.0, 0.0


def speech_loudness(seconds: float, seed: int = 0, speech: float = 2.5, pause: float = 0.7) -> np.ndarray:
    """Return the loudness of phrases and pauses of random durations."""
    rng = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < seconds * 30:
        parts += [np.full(round(30 * pause * rng.uniform(0.6, 1.6)), QUIET)]
        parts += [np.full(round(30 * speech * rng.uniform(0.4, 1.8)), LOUD)]
    return np.concatenate(parts)[: round(seconds * 30)].astype(np.float32)


def rest(rows: int, rate: FrameRate, names: tuple[str, ...] = channels.FACE) -> Motion:
    return Motion(np.zeros((rows, len(names)), np.float32), names, rate)


def layer_motion(loudness: np.ndarray, layers: Layers, rate: FrameRate = SCENE) -> Motion:
    return LayerEvents.sample(loudness, layers).apply(rest(rate.rows(len(loudness) / 30), rate))


def enabled_layers(**seeds: int) -> Layers:
    return dataclasses.replace(Layers(None, None, None, None), **seeds)


# Phrases


def test_phrases_are_where_the_audio_is_loud():
    loudness = np.full(300, QUIET, np.float32)
    loudness[30:100] = LOUD
    loudness[60:64] = QUIET  # a stop's closure
    loudness[120:200] = LOUD
    loudness[250:252] = LOUD  # a click
    np.testing.assert_allclose(find_phrases(loudness), [[1, 100 / 30], [4, 200 / 30]])


def test_single_words_are_joined_to_phrases():
    loudness = np.tile(np.r_[np.full(15, LOUD), np.full(18, QUIET)], 40).astype(np.float32)
    lasted = np.diff(find_phrases(loudness), axis=1)
    assert 2 < np.median(lasted) < 4


@pytest.mark.parametrize("loudness", [np.full(900, QUIET), np.zeros(0), np.full(1, LOUD), np.full(900, LOUD)])
def test_silence_noise_and_empty_audio_are_accepted(loudness):
    motion = layer_motion(loudness.astype(np.float32), Layers(1, 2, 3))
    assert np.isfinite(motion.values).all()
    assert 0 <= motion.values.min() <= motion.values.max() <= 1


# Separate channels per layer


@given(SEEDS, st.sampled_from(["blinks", "gaze", "breath"]))
@settings(max_examples=20)
def test_layer_that_is_off_does_not_change_the_others(seed, left_out):
    loudness = speech_loudness(40, seed)
    layers = Layers(seed, seed + 1, seed + 2)
    full = layer_motion(loudness, layers)
    less = layer_motion(loudness, dataclasses.replace(layers, **{left_out: None}))
    for name in less.channels:
        if name in channels.LAYERS[left_out]:
            assert not less.column(name).any(), name
        elif not (left_out == "gaze" and name in channels.LAYERS["blinks"]):
            np.testing.assert_array_equal(less.column(name), full.column(name), name)
    assert ("breathIn" in less.channels) == (left_out != "breath")


@given(SEEDS)
@settings(max_examples=20)
def test_gaze_only_adds_blinks(seed):
    loudness = speech_loudness(120, seed)
    without = LayerEvents.sample(loudness, enabled_layers(blinks=seed)).blinks
    with_gaze = LayerEvents.sample(loudness, Layers(seed, seed + 1, None))
    assert set(without.onsets) <= set(with_gaze.blinks.onsets)
    added = set(with_gaze.blinks.onsets) - set(without.onsets)
    assert added <= set(with_gaze.gaze.shifts[:, 0])


def test_large_gaze_shifts_come_with_blinks_more_often_than_small_ones():
    found = []
    for seed in range(30):
        drawn = LayerEvents.sample(speech_loudness(120, seed), Layers(seed, seed, None))
        with_blink = np.isin(drawn.gaze.shifts[:, 0], drawn.blinks.onsets)
        found.append(np.c_[drawn.gaze.shifts[:, 1], with_blink])
    size, blinked = np.concatenate(found).T
    assert blinked[size > 15].mean() > 2 * blinked[size < 10].mean() > 0


@given(SEEDS)
@settings(max_examples=20)
def test_seed_changes_its_layer_only(seed):
    loudness = speech_loudness(60)
    first, again = layer_motion(loudness, Layers(seed, seed, seed)), layer_motion(loudness, Layers(seed, seed, seed))
    np.testing.assert_array_equal(first.values, again.values)
    other = layer_motion(loudness, Layers(seed + 1, seed, seed))
    assert (other.column("eyeBlinkLeft") != first.column("eyeBlinkLeft")).any()
    for name in channels.LAYERS["gaze"] + channels.LAYERS["breath"]:
        np.testing.assert_array_equal(other.column(name), first.column(name))


def test_other_channels_are_unchanged():
    rng = np.random.default_rng(0)
    before = Motion(rng.uniform(0, 0.3, (300, 55)).astype(np.float32), channels.ALL, FrameRate(30))
    after = LayerEvents.sample(speech_loudness(10), Layers()).apply(before)
    assert after.channels == channels.of_request(("face", "head"), Layers())
    layered = {name for names in channels.LAYERS.values() for name in names}
    for name in set(channels.ALL) - layered:
        np.testing.assert_array_equal(after.column(name), before.column(name))
    assert (after.column("eyeBlinkLeft") >= before.column("eyeBlinkLeft")).all()


def test_motion_without_a_face_is_unchanged():
    head = rest(90, FrameRate(30), channels.HEAD)
    assert LayerEvents.sample(speech_loudness(3), Layers()).apply(head) is head
    assert channels.of_request(("head",), Layers()) == channels.HEAD


@given(st.integers(1, 400), st.integers(0, 400), st.sampled_from([FrameRate(24), FrameRate(30), FrameRate(60, 1.001)]))
@settings(max_examples=30)
def test_part_equals_the_full_motion(count, first, rate):
    drawn = LayerEvents.sample(speech_loudness(40), Layers(1, 2, 3))
    rng = np.random.default_rng(first)
    motion = Motion(rng.uniform(0, 0.2, (800, 55)).astype(np.float32), channels.ALL, rate)
    part = Motion(motion.values[first : first + count], channels.ALL, rate)
    np.testing.assert_array_equal(drawn.apply(part, first).values, drawn.apply(motion).values[first : first + count])


# Blinks


@pytest.mark.parametrize(
    ("loudness", "least", "most"), [(np.full(18000, QUIET), 14, 21), (speech_loudness(600), 20, 31)]
)
def test_blink_rate_at_rest_and_in_speech(loudness, least, most):
    """Doughty 2001: 8.0 to 21.0 per minute at rest, 10.5 to 32.5 in conversation."""
    counts = [len(LayerEvents.sample(loudness, Layers(seed, seed, None)).blinks.onsets) / 10 for seed in range(10)]
    assert least < np.mean(counts) < most


@given(SEEDS)
@settings(max_examples=20)
def test_blinks_do_not_overlap(seed):
    drawn = LayerEvents.sample(speech_loudness(300, seed), Layers(seed, seed, None)).blinks
    waits = np.diff(drawn.onsets)
    assert waits.min() >= blinks.REFRACTORY - 1e-9
    assert blinks.MAX_SLOWNESS * (blinks.CLOSING + blinks.SHUT + blinks.OPENING) < blinks.REFRACTORY


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(24, 1.001), FrameRate(25), FrameRate(30), FrameRate(60)])
def test_every_blink_closes_and_opens_the_lids(rate):
    loudness = speech_loudness(120)
    motion, drawn = layer_motion(loudness, Layers(), rate), LayerEvents.sample(loudness, Layers()).blinks
    for begin in drawn.onsets[drawn.onsets < 119]:
        row = int(begin * rate.value)
        assert motion.column("eyeBlinkLeft")[row : row + int(rate.value * 0.3) + 1].max() > 0.999
    assert (motion.column("eyeBlinkLeft") < 0.01).mean() > 0.8
    np.testing.assert_array_equal(motion.column("eyeBlinkLeft"), motion.column("eyeBlinkRight"))


def test_lids_close_faster_than_they_open():
    falls, rises = measures.closing_and_opening_times(
        layer_motion(speech_loudness(300), enabled_layers(blinks=0), FINE)
    ).T
    assert (falls < rises).all()
    lasts = np.diff(measures.blink_spans(layer_motion(speech_loudness(300), enabled_layers(blinks=0), FINE)), axis=1)
    assert 0.1 < np.quantile(lasts, 0.01) < np.quantile(lasts, 0.99) < 0.4


def test_blinks_are_frequent_at_phrase_ends():
    loudness = speech_loudness(600)
    ends = find_phrases(loudness)[:, 1]
    begins = np.concatenate(
        [LayerEvents.sample(loudness, enabled_layers(blinks=seed)).blinks.onsets for seed in range(10)]
    )
    anywhere = measures.share_near(np.arange(0, 600, 0.01), ends, 0.1, 0.6)
    assert measures.share_near(begins, ends, 0.1, 0.6) > 1.6 * anywhere


# Gaze


def test_saccades_follow_the_main_sequence():
    found = measures.saccades(layer_motion(speech_loudness(300), enabled_layers(gaze=0), FINE))
    slope, base = np.polyfit(found.amplitudes, found.durations, 1)
    assert 0.0020 < slope < 0.0030
    assert 0.01 < base < 0.03
    assert np.corrcoef(found.amplitudes, found.speeds)[0, 1] > 0.9
    assert found.speeds.max() < 700
    assert found.fixations.min() > 0.1


@given(SEEDS)
@example(4595960)  # would look away 0.02 s after the start
@settings(max_examples=20)
def test_saccades_do_not_overlap_and_are_limited(seed):
    drawn = LayerEvents.sample(speech_loudness(300, seed), enabled_layers(gaze=seed)).gaze
    assert (np.diff(drawn.onsets) >= gaze.saccade_duration(drawn.amplitudes)[:-1]).all()
    assert np.abs(drawn.targets[:, 0]).max() <= gaze.MAX_AMPLITUDE
    assert (drawn.onsets >= 0).all()


@pytest.mark.slow
def test_gaze_aversion_in_speech_and_silence():
    def away(loudness, at):
        return np.mean(
            [
                np.linalg.norm(LayerEvents.sample(loudness, enabled_layers(gaze=seed)).gaze.angles(at), axis=1) > 3
                for seed in range(10)
            ]
        )

    loudness, at = speech_loudness(600), np.arange(0, 600, 0.05)
    begins, ends = find_phrases(loudness).T
    assert 2 * away(np.full(18000, QUIET, np.float32), at) < away(loudness, at) < 0.5
    assert away(loudness, ends + 0.3) < away(loudness, begins + 0.2)


def test_both_eyes_rotate_together_and_compensate_the_head():
    head = rest(300, FrameRate(30), channels.ALL)
    ahead = LayerEvents.sample(speech_loudness(10), enabled_layers(gaze=0)).apply(head)
    turned = rest(300, FrameRate(30), channels.ALL)
    turned.values[:, [turned.channels.index("head_rx"), turned.channels.index("head_rz")]] = np.radians([3.0, 4.0])
    against = LayerEvents.sample(speech_loudness(10), enabled_layers(gaze=0)).apply(turned)
    moved = measures.gaze_angles(against) - measures.gaze_angles(ahead)
    inside = np.abs(measures.gaze_angles(ahead)).max(1) < 14
    np.testing.assert_allclose(moved[inside], np.tile([-4.0, 3.0], (inside.sum(), 1)), atol=1e-3)
    for one, other in (("OutLeft", "InRight"), ("InLeft", "OutRight"), ("UpLeft", "UpRight")):
        np.testing.assert_array_equal(ahead.column(f"eyeLook{one}"), ahead.column(f"eyeLook{other}"))


# Breath


def test_breath_is_slow_at_rest_and_quick_before_speech():
    calm = measures.breaths(layer_motion(np.full(3600, QUIET), enabled_layers(breath=0), FINE))
    assert 12 < len(calm) / 2 < 18
    assert 1.3 < np.median(np.diff(calm, axis=1)) < 1.9

    loudness = speech_loudness(300)
    spoken = measures.breaths(layer_motion(loudness, enabled_layers(breath=0), FINE))
    assert np.median(np.diff(spoken, axis=1)) < 0.7
    inside = np.zeros(300_000, bool)
    for begin, end in find_phrases(loudness):
        inside[round(1000 * begin) + 2 : round(1000 * end) - 2] = True
    for begin, end in spoken:
        assert not inside[round(1000 * begin) : round(1000 * end)].any(), "no inhalation during speech"


def test_longer_phrases_have_deeper_breaths():
    volumes = []
    for seconds in (1, 4):
        loudness = np.concatenate([np.full(60, QUIET), np.full(30 * seconds, LOUD), np.full(60, QUIET)])
        volumes.append(
            np.mean([LayerEvents.sample(loudness, enabled_layers(breath=s)).breath.volumes.max() for s in range(10)])
        )
    assert volumes[1] > volumes[0] + 0.1
