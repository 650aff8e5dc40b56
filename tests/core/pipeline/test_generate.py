"""The pipeline with substitutes for encoder and models that give known results."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diface_core import (
    AudioError,
    AudioSection,
    Cancelled,
    Constraints,
    FrameRate,
    GenerateRequest,
    Layers,
    ModelError,
    Progress,
    channels,
)
from diface_core.audio.feature_cache import FeatureCache
from diface_core.audio.loudness import HIGH_PASS_HINT, SAMPLE_RATE
from diface_core.generate import Generator
from diface_core.motion.segments import CONTEXT, STRIDE
from diface_core.types import Pins


class LoudnessEncoder:
    """Encodes the loudness of each row, in one column."""

    hash = "loudness"

    def __init__(self) -> None:
        self.calls = 0

    def stream(self, blocks, sound):
        self.calls += 1
        samples = np.concatenate(list(blocks))
        at = np.minimum((np.arange(len(sound.loudness)) * SAMPLE_RATE / 30).astype(int), len(samples) - 1)
        yield from np.array_split(np.abs(samples[at])[:, None], 2)


class LoudnessModels:
    """Opens the jaw and nods in proportion to the loudness."""

    def hash_of(self, request: GenerateRequest) -> str:
        return "jaw"

    def stream(self, features, rows, request: GenerateRequest, constraint_provider, report, first=0):
        names = channels.of_parts(request.parts)
        done = 0
        for part in features:
            values = np.zeros((len(part), len(names)), np.float32)
            for name in {"jawOpen", *channels.HEAD} & set(names):
                values[:, names.index(name)] = part[:, 0]
            done += len(part)
            report(done / rows)
            yield values


class NanModels(LoudnessModels):
    def stream(self, *given):
        for values in super().stream(*given):
            values[3, 2] = np.nan
            yield values


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """Write two seconds of audio whose amplitude rises from 0 to 1."""
    soundfile.write(tmp_path / "ramp.wav", np.linspace(0, 1, 32000), 16000, subtype="FLOAT")
    return tmp_path / "ramp.wav"


@pytest.fixture
def generator() -> Generator:
    return Generator(LoudnessEncoder(), LoudnessModels(), FeatureCache())


def ignore(progress: Progress) -> None:
    pass


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(25), FrameRate(30), FrameRate(60), FrameRate(30, 1.001)])
@pytest.mark.parametrize(("start", "seconds"), [(0.0, None), (0.5, 1.0), (-0.5, 2.0)])
def test_motion_is_aligned_with_the_audio(generator, ramp, rate, start, seconds):
    request = GenerateRequest(AudioSection(ramp, start, seconds), rate=rate)
    motion = generator.generate(request, ignore).motion
    assert len(motion) == rate.rows(2.0 if seconds is None else seconds)
    assert motion.rate == rate
    at = np.arange(len(motion)) / rate.value
    wanted = np.clip((at + start) / 2, 0, 1)
    inside = at < len(motion) / rate.value - 0.05  # after the models' last row the motion is constant
    np.testing.assert_allclose(motion.column("jawOpen")[inside], wanted[inside], atol=0.012)


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(24, 1.001), FrameRate(25), FrameRate(60, 1.001)])
def test_strip_of_n_frames_gives_n_rows(generator, ramp, rate):
    for frames in range(1, 40, 3):
        section = AudioSection(ramp, 0.1, rate.seconds(frames))
        assert len(generator.generate(GenerateRequest(section, rate=rate), ignore).motion) == frames


def test_dry_run_computes_all_rows_of_both_parts_without_files(tmp_path, monkeypatch):
    seen = []

    class Counting(LoudnessModels):
        def stream(self, features, rows, request, *more):
            for values in super().stream(features, rows, request, *more):
                seen.append((rows, request.parts, request.steps, len(values)))
                yield values

    generator = Generator(LoudnessEncoder(), Counting(), FeatureCache(tmp_path))
    generator.dry_run(2.0, steps=3)
    assert {entry[:3] for entry in seen} == {(60, ("face", "head"), 3)}
    assert sum(entry[3] for entry in seen) == 60
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("parts", [("face",), ("head",), ("face", "head")])
def test_only_the_requested_parts_are_generated(generator, ramp, parts):
    motion = generator.generate(GenerateRequest(AudioSection(ramp), parts), ignore).motion
    assert motion.channels == channels.of_request(parts, Layers())
    assert motion.values.dtype == np.float32


def test_strengths_multiply_the_values(generator, ramp):
    plain = generator.generate(GenerateRequest(AudioSection(ramp)), ignore).motion
    half = generator.generate(GenerateRequest(AudioSection(ramp), face_strength=0.5), ignore).motion
    np.testing.assert_allclose(half.column("jawOpen"), plain.column("jawOpen") / 2, atol=1e-6)
    np.testing.assert_array_equal(half.column("head_rx"), plain.column("head_rx"))
    double = generator.generate(GenerateRequest(AudioSection(ramp), face_strength=2, head_strength=2), ignore).motion
    np.testing.assert_allclose(double.column("jawOpen"), 2 * plain.column("jawOpen"), atol=1e-6)
    np.testing.assert_allclose(double.column("head_rx"), 2 * plain.column("head_rx"), atol=1e-6)


def test_each_axis_of_the_head_has_a_strength(generator, ramp):
    plain = generator.generate(GenerateRequest(AudioSection(ramp), ("head",)), ignore).motion
    request = GenerateRequest(AudioSection(ramp), ("head",), head_strength=0.5, head_axes=(1, 0, 2))
    motion = generator.generate(request, ignore).motion
    np.testing.assert_allclose(motion.values, plain.values * [0.5, 0, 1], atol=1e-6)


def test_known_values_are_exact(generator, ramp):
    rate = FrameRate(24)
    rng = np.random.default_rng(0)
    keep = rng.random((48, 58)) < 0.3
    keep[30:] = False
    kept = Constraints(rng.normal(size=(48, 58)).astype(np.float32), keep, falloff=3)
    plain = generator.generate(GenerateRequest(AudioSection(ramp), rate=rate, face_strength=0.7), ignore).motion
    request = GenerateRequest(AudioSection(ramp), rate=rate, face_strength=0.7, constraints=kept)
    values = generator.generate(request, ignore).motion.values
    np.testing.assert_array_equal(values[kept.known_mask], kept.values[kept.known_mask])
    np.testing.assert_array_equal(values[33:], plain.values[33:])


@pytest.mark.parametrize("rate", [FrameRate(24), FrameRate(30), FrameRate(60), FrameRate(30, 1.001)])
def test_only_unknown_segments_are_generated(tmp_path, rate):
    """One of ten seconds is regenerated: the models get it with context, and the other rows are unchanged."""

    class Counting(LoudnessModels):
        rows = 0

        def stream(self, features, rows, request, constraint_provider, report, first=0):
            self.rows += rows
            assert first % STRIDE == 0
            return super().stream(features, rows, request, constraint_provider, report)

    soundfile.write(tmp_path / "long.wav", np.linspace(0, 1, 160000), 16000, subtype="FLOAT")
    models, full_request = Counting(), GenerateRequest(AudioSection(tmp_path / "long.wav"), rate=rate)
    generator = Generator(LoudnessEncoder(), models, FeatureCache())
    plain = generator.generate(full_request, ignore).motion.values
    rows = len(plain)
    keep = np.ones(plain.shape, bool)
    keep[rows // 2 : rows // 2 + round(rate.value)] = False
    base = plain + np.float32(0.25)
    models.rows = 0
    edited = generator.generate(
        dataclasses.replace(full_request, constraints=Constraints(base, keep)), ignore
    ).motion.values
    assert models.rows <= 30 + 2 * CONTEXT + STRIDE
    np.testing.assert_array_equal(edited[keep], base[keep])
    inside = edited[rows // 2 + round(rate.value) // 2]
    np.testing.assert_allclose(inside, plain[rows // 2 + round(rate.value) // 2], atol=0.02)
    models.rows = 0
    nothing = dataclasses.replace(full_request, constraints=Constraints(base, np.ones_like(keep)))
    np.testing.assert_array_equal(generator.generate(nothing, ignore).motion.values, base)
    assert models.rows == 0


def test_pins_outside_the_motion_are_refused(generator, ramp):
    for at in (-0.5, 59.5):
        pins = Pins(np.array([at]), np.zeros(1, np.int32), np.zeros(1, np.float32))
        kept = Constraints(np.zeros((60, 58), np.float32), np.zeros((60, 58), bool), pins)
        with pytest.raises(ValueError, match="rows 0 to 59"):
            generator.generate(GenerateRequest(AudioSection(ramp), constraints=kept), ignore)


def test_models_get_constraints_at_their_rate_without_strengths(ramp):
    class Watching(LoudnessModels):
        def stream(self, features, rows, request, constraint_provider, report, first_row=0):
            self.seen = constraint_provider(0, rows)
            return super().stream(features, rows, request, constraint_provider, report, first_row)

    models = Watching()
    keep = np.zeros((120, 58), bool)
    keep[40, [0, 55]] = True  # an eyelid and the pitch
    kept = Constraints(np.full((120, 58), 0.6, np.float32), keep)
    request = GenerateRequest(
        AudioSection(ramp), rate=FrameRate(60), face_strength=0.5, head_strength=0.0, constraints=kept
    )
    result = Generator(LoudnessEncoder(), models, FeatureCache()).generate(request, ignore)
    assert models.seen.known_mask.shape == (60, 55)
    assert np.argwhere(models.seen.known_mask).tolist() == [[20, 0]]
    assert models.seen.values[20, 0] == pytest.approx(1.2)
    assert result.motion.values[40, 55] == np.float32(0.6)  # outside the range of the strength; the key is exact


def test_constraints_of_another_shape_are_refused(generator, ramp):
    kept = Constraints(np.zeros((10, 55), np.float32), np.zeros((10, 55), bool))
    with pytest.raises(ValueError, match=r"constraints must have shape \(60, 58\)"):
        generator.generate(GenerateRequest(AudioSection(ramp), constraints=kept), ignore)


def test_same_audio_is_encoded_once(ramp, tmp_path):
    encoder = LoudnessEncoder()
    generator = Generator(encoder, LoudnessModels(), FeatureCache(tmp_path / "cache"))
    first = generator.generate(GenerateRequest(AudioSection(ramp)), ignore)
    second = generator.generate(GenerateRequest(AudioSection(ramp), seed=1), ignore)
    assert encoder.calls == 1
    np.testing.assert_array_equal(first.motion.column("jawOpen"), second.motion.column("jawOpen"))

    # another process, the same audio in another file
    soundfile.write(tmp_path / "copy.flac", *soundfile.read(ramp), subtype="PCM_24")
    soundfile.write(tmp_path / "copy.wav", *soundfile.read(ramp), subtype="FLOAT")
    again = Generator(encoder, LoudnessModels(), FeatureCache(tmp_path / "cache"))
    third = again.generate(GenerateRequest(AudioSection(tmp_path / "copy.wav")), ignore)
    assert encoder.calls == 1
    np.testing.assert_array_equal(first.motion.values, third.motion.values)

    again.generate(GenerateRequest(AudioSection(ramp, 0.0, 1.9)), ignore)
    assert encoder.calls == 2


def test_progress_increases_from_0_to_1(generator, ramp):
    for _ in range(2):  # the second time the features are cached
        seen: list[Progress] = []
        result = generator.generate(GenerateRequest(AudioSection(ramp), steps=5), seen.append)
        fractions = [progress.fraction for progress in seen]
        assert fractions == sorted(fractions)
        assert fractions[0] == 0
        assert fractions[-1] == 1
        stages = list(dict.fromkeys(progress.stage for progress in seen))
        assert stages == list(result.timings)
        assert result.model_hash == "jaw"
    assert stages == ["Reading the audio", "Generating the motion"]


@pytest.mark.parametrize("stage", ["Reading the audio", "Encoding the speech", "Generating the motion"])
def test_cancel_at_any_stage_passes_through(generator, ramp, stage):
    def report(progress: Progress) -> None:
        if progress.stage == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        generator.generate(GenerateRequest(AudioSection(ramp)), report)
    assert len(generator.generate(GenerateRequest(AudioSection(ramp)), ignore).motion) == 60


def test_values_that_are_not_finite_are_refused(ramp):
    with pytest.raises(ModelError, match="not finite"):
        Generator(LoudnessEncoder(), NanModels(), FeatureCache()).generate(GenerateRequest(AudioSection(ramp)), ignore)


def test_audio_errors_pass_through(generator, tmp_path):
    with pytest.raises(AudioError, match="missing"):
        generator.generate(GenerateRequest(AudioSection(tmp_path / "none.wav")), ignore)


def test_hum_is_said_and_the_high_pass_removes_it(generator, speech, tmp_path):
    """The result recommends the high-pass, and says nothing with it; old requests are unchanged."""
    voice, rate = soundfile.read(speech)
    hum = 1.2 * np.sqrt((voice**2).mean()) * np.sin(2 * np.pi * 50 * np.arange(len(voice)) / rate)
    soundfile.write(tmp_path / "hum.wav", voice + hum, rate, subtype="FLOAT")
    request = GenerateRequest(AudioSection(tmp_path / "hum.wav"))
    (note,) = generator.generate(request, ignore).notes
    assert HIGH_PASS_HINT in note
    high = dataclasses.replace(request, audio=dataclasses.replace(request.audio, high_pass=True))
    result = generator.generate(high, ignore)
    assert result.notes == ()
    assert len(result.motion) == len(generator.generate(request, ignore).motion)
