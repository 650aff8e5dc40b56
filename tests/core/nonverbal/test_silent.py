"""A character that says nothing: the mouth rests, the face lives, a listener reacts at the ends of phrases."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core import channels
from diface_core.generate import Generator
from diface_core.layers.blinks import Blinks
from diface_core.layers.events import LayerEvents
from diface_core.nonverbal.reactions import AT_PHRASE_END, DELAY, Reactions
from diface_core.nonverbal.resting_face import RestingFace
from diface_core.types import IDLE, LISTEN, AudioSection, Constraints, FrameRate, GenerateRequest, Layers, Motion, Pins

SEEDS = st.integers(0, 2**32 - 1)
SPEECH = AudioSection(Path("tests/data/speech.flac"))
JAW, MOUTH_OPEN = ("jawOpen",), ("jawOpen", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft", "mouthUpperUpLeft")


def regular_phrases(count: int = 40, speech: float = 2.5, pause: float = 1.0) -> np.ndarray:
    """Return begins and ends of phrases (P, 2)."""
    begins = 1.0 + np.arange(count) * (speech + pause)
    return np.stack([begins, begins + speech], 1)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator.load(None)


def idle(seconds: float = 20.0, **fields) -> GenerateRequest:
    return GenerateRequest(AudioSection(Path(), 0.0, seconds), role=IDLE, **fields)


def generate(generator: Generator, request: GenerateRequest) -> Motion:
    return generator.generate(request, lambda progress: None).motion


# The face at rest


@given(SEEDS)
@settings(max_examples=20)
def test_mouth_stays_shut_at_rest_and_the_face_moves(seed):
    times = np.arange(0, 120, 1 / 30)
    weights = RestingFace.sample(3600, seed).weights(times)
    assert not weights[:, [channels.FACE.index(name) for name in MOUTH_OPEN]].any()
    assert weights.min() >= 0
    assert weights.max() < 0.6
    assert np.ptp(weights, axis=0).max() > 0.05


def test_a_part_of_the_resting_face_equals_the_whole():
    face, times = RestingFace.sample(900, 3), np.arange(900) / 30
    np.testing.assert_array_equal(face.weights(times)[200:300], face.weights(times[200:300]))


# Reactions


@given(SEEDS, st.floats(0.0, 140.0), st.floats(0.03, 5.0))
def test_a_part_of_the_reactions_equals_the_whole(seed, first, seconds):
    times = np.arange(0, 140, 1 / 30)
    reactions, face = Reactions.sample(regular_phrases(), len(times), seed), RestingFace.sample(len(times), seed)
    part = (times >= first) & (times <= first + seconds)
    for whole in (reactions.weights, reactions.rotation, face.weights):
        assert np.array_equal(whole(times)[part], whole(times[part]))


@given(SEEDS)
@settings(max_examples=20)
def test_reactions_follow_the_ends_of_phrases(seed):
    phrases = regular_phrases()
    reactions = Reactions.sample(phrases, 30 * 150, seed)
    onsets = np.array([event.onset for event in reactions.events])
    after = onsets[:, None] - phrases[None, :, 1]
    assert np.all(np.any((after >= DELAY[0] - 1e-9) & (after <= DELAY[1] + 1e-9), axis=1))
    assert np.all(np.diff(onsets) > 1.0)


def test_share_of_phrases_with_a_reaction():
    phrases = regular_phrases()
    counts = [len(Reactions.sample(phrases, 30 * 150, seed).events) / len(phrases) for seed in range(40)]
    assert abs(np.mean(counts) - AT_PHRASE_END) < 0.05


def test_most_reactions_are_nods_and_a_nod_goes_down_and_returns():
    nods, others = 0, 0
    for seed in range(20):
        reactions = dataclasses.replace(Reactions.sample(regular_phrases(), 30 * 150, seed), tilts=np.zeros(0))
        for event in reactions.events:
            nods, others = nods + bool(event.pitches), others + (not event.pitches)
            times = np.linspace(event.onset, event.end, 50)
            pitch = dataclasses.replace(reactions, events=(event,), postures=np.zeros((0, 3))).rotation(times)[:, 0]
            assert abs(pitch[0]) < 1e-9
            assert abs(pitch[-1]) < 1e-9
            assert pitch.min() >= 0
            assert pitch.max() > 1 if event.pitches else pitch.max() == 0
    assert nods > 2 * others


def test_amount_scales_reactions():
    phrases = regular_phrases()
    count = [
        np.mean([len(Reactions.sample(phrases, 30 * 150, seed, amount).events) for seed in range(10)])
        for amount in (0.0, 0.5, 1.0, 1.5)
    ]
    assert count[0] == 0
    assert np.all(np.diff(count) > 0)
    nobody = Reactions.sample(phrases, 30 * 150, 1, 0.0)
    assert not nobody.rotation(np.arange(0, 100, 0.1)).any()


@given(SEEDS, st.integers(5, 35))
@settings(max_examples=20)
def test_a_phrase_that_moves_changes_no_reaction_far_from_it(seed, moved):
    phrases = regular_phrases()
    other = phrases.copy()
    other[moved] += 0.2
    before, after = Reactions.sample(phrases, 30 * 150, seed), Reactions.sample(other, 30 * 150, seed)

    def far(reactions: Reactions) -> list[object]:
        return [event for event in reactions.events if abs(event.onset - phrases[moved, 1]) > 8]

    assert far(before) == far(after)


# Layers


def test_listener_looks_at_the_speaker_and_blinks_after_phrases():
    loudness = np.full(30 * 150, -3.0, np.float32)
    for begin, end in regular_phrases():
        loudness[round(begin * 30) : round(end * 30)] = 0.0
    speaking, listening = (
        [LayerEvents.sample(loudness, Layers(seed, seed, seed), role) for seed in range(20)]
        for role in ("speak", LISTEN)
    )
    times = np.arange(0, 140, 0.05)

    def away(events: list[LayerEvents]) -> float:
        angles = np.array([np.linalg.norm(drawn.gaze.angles(times), axis=1) for drawn in events])
        return float(np.mean(angles > 3))

    def near_ends(blinks: Blinks) -> float:
        since = blinks.onsets[:, None] - regular_phrases()[None, :, 1]
        return float(np.mean(np.any((since > 0.1) & (since < 1.0), axis=1)))

    assert away(listening) < 0.6 * away(speaking)
    assert np.mean([near_ends(drawn.blinks) for drawn in listening]) > 1.3 * 0.9 / 3.5


def test_idle_gaze_goes_around_and_stays_in_reach():
    drawn = LayerEvents.sample(np.full(3600, -3.0, np.float32), Layers(1, 1, 1), IDLE)
    angles = drawn.gaze.angles(np.arange(0, 120, 0.02))
    assert np.abs(angles).max() < 20
    assert np.std(angles, axis=0).min() > 1
    assert 20 < 60 * len(drawn.gaze.onsets) / 120 < 200


# The whole


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(30), FrameRate(60, 1.001)])
def test_idle_lasts_its_seconds_at_any_rate(generator, rate):
    motion = generate(generator, idle(10.0, rate=rate))
    assert len(motion) == rate.rows(10.0)
    assert np.isfinite(motion.values).all()
    assert motion.column("jawOpen").max() == 0
    assert motion.column("eyeBlinkLeft").max() > 0.9
    assert np.degrees(np.ptp(motion.column("head_rx"))) > 0.5


def test_idle_head_is_calmer_than_a_speaker_s(generator):
    def speed(motion: Motion) -> float:
        head = motion.select(channels.HEAD).values
        return float(np.degrees(np.abs(np.diff(head, axis=0))).mean()) * 30

    speaker = generate(generator, GenerateRequest(SPEECH, ("head",)))
    assert 0.1 * speed(speaker) < speed(generate(generator, idle(12.0, parts=("head",)))) < 0.5 * speed(speaker)


def test_listening_to_speech_keeps_the_mouth_shut(generator):
    motion = generate(generator, GenerateRequest(SPEECH, role=LISTEN, seed=2))
    spoken = generate(generator, GenerateRequest(SPEECH, seed=2))
    assert len(motion) == len(spoken)
    assert motion.channels == spoken.channels
    assert motion.column("jawOpen").max() == 0 < 0.1 < spoken.column("jawOpen").max()


@pytest.mark.parametrize("request_of", [idle, lambda **fields: GenerateRequest(SPEECH, role=LISTEN, **fields)])
def test_edit_keeps_what_is_known_and_goes_through_pins(generator, request_of):
    request = request_of(layers=Layers(None, None, None, None), seed=1)
    base = generate(generator, request)
    known = np.ones(base.values.shape, bool)
    known[100:200] = False
    channel = np.array([base.channels.index(name) for name in ("head_rx", "browInnerUp")], np.int32)
    pins = Pins(np.array([150.0, 160.0]), channel, np.array([0.2, 0.8], np.float32))
    edited = generate(
        generator, dataclasses.replace(request, seed=2, constraints=Constraints(base.values, known, pins))
    )
    np.testing.assert_array_equal(edited.values[known], base.values[known])
    np.testing.assert_array_equal(edited.values[[150, 160], channel], pins.value)
    assert np.abs(edited.values - base.values).max() > 0.01
    steps = np.abs(np.diff(edited.select(channels.HEAD).values, axis=0))
    assert steps[[98, 99, 199, 200]].max() < 0.01
    kept = Constraints(base.values, known, keep_motion=1.0)
    same = generate(generator, dataclasses.replace(request, seed=2, constraints=kept))
    np.testing.assert_allclose(same.values, base.values, atol=1e-5)


def test_stream_equals_the_whole(generator):
    request = idle(30.0, rate=FrameRate(24))
    parts = list(generator.stream(request, lambda progress: None))
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), generate(generator, request).values)


def test_idle_without_seconds_is_refused():
    with pytest.raises(ValueError, match="seconds"):
        GenerateRequest(AudioSection(Path()), role=IDLE)
    with pytest.raises(ValueError, match="role"):
        GenerateRequest(SPEECH, role="sing")
