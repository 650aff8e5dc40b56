"""Beats in generated motion: added once, in both parts, and never to what is known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from diface_core import AudioSection, Constraints, GenerateRequest, Layers, channels
from diface_core.generate import Generator
from diface_core.layers.beat_sampler import NODDING, RAISED
from diface_core.protocol.messages import generate_request_message, parse_generate_request

SPEECH = Path(__file__).parents[2] / "data" / "speech.flac"
REQUEST = GenerateRequest(AudioSection(SPEECH, 0.0, 8.0), steps=2, layers=Layers(None, None, None, None))
MOVED = [channels.ALL.index(name) for name in (NODDING, *RAISED)]
OTHERS = [column for column in range(len(channels.ALL)) if column not in MOVED]


@pytest.fixture(scope="module")
def generator(asset, tmp_path_factory) -> Generator:
    return Generator.load(tmp_path_factory.mktemp("features"))


def values(generator: Generator, **changes) -> np.ndarray:
    return generator.generate(dataclasses.replace(REQUEST, **changes), lambda progress: None).motion.values


def test_only_nods_and_brows_are_changed_by_their_strength(generator):
    none, half, whole = (values(generator, beats=size) for size in (0.0, 0.5, 1.0))
    np.testing.assert_array_equal(none[:, OTHERS], whole[:, OTHERS])
    nod = channels.ALL.index(NODDING)
    np.testing.assert_allclose(2 * (half - none)[:, nod], (whole - none)[:, nod], atol=1e-6)
    assert 0.3 < np.degrees(np.ptp((whole - none)[:, nod])) < 8
    rises = [
        (values(generator, beats=1.0, seed=seed) - values(generator, beats=0.0, seed=seed))[:, MOVED[1:]].max(0)
        for seed in range(3)
    ]
    assert (np.max(rises, axis=0) > 0.05).all()


def test_a_still_head_has_no_beats(generator):
    assert not values(generator, head_strength=0.0)[:, channels.ALL.index(NODDING)].any()


@pytest.mark.parametrize("part", ["face", "head"])
def test_a_part_alone_has_the_same_beats(generator, part):
    whole, alone = values(generator), values(generator, parts=(part,))
    columns = [channels.ALL.index(name) for name in channels.of_parts((part,))]
    np.testing.assert_allclose(alone, whole[:, columns], atol=1e-5)


@pytest.mark.parametrize("keep_motion", [0.0, 1.0])
def test_regenerated_rows_get_beats_and_the_others_stay(generator, keep_motion):
    base = values(generator, seed=1)
    known = np.ones(base.shape, bool)
    known[90:150] = False
    again = Constraints(base, known, keep_motion=keep_motion)
    edited = values(generator, seed=2, constraints=again)
    np.testing.assert_array_equal(edited[known], base[known])
    moved = np.abs(edited - base)[90:150]
    assert moved.max() > 0.01 if keep_motion == 0 else moved.max() < 1e-5
    jumps = np.abs(np.diff(base[:, MOVED], axis=0)).max(0)
    assert (np.abs(np.diff(edited[:, MOVED], axis=0)).max(0) < 2.5 * jumps + 0.01).all()


def test_every_seed_gives_the_same_face_without_variety(generator):
    first, second = (values(generator, variety=0.0, seed=seed, parts=("face",)) for seed in (1, 2))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_requests_of_earlier_versions_have_no_beats():
    message = generate_request_message(REQUEST, 1)
    del message.data["beats"]
    assert parse_generate_request(message).beats == 0
