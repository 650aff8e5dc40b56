"""Metrics: properties that hold for any face, and motion with known results."""

from __future__ import annotations

import numpy as np
import pytest

from diface_core import channels
from diface_core.audio.speech_encoder import DIMENSION, LOUDNESS, SAMPLE_RATE
from diface_core.training import metrics
from diface_core.training.corpora import Clip, Phone
from diface_core.training.evaluation import evaluation_sets
from diface_core.training.evaluation.baselines import EncodedClip, baselines
from diface_core.training.evaluation.scorecard import MILLIMETRES, PHONES, TRACKS, Predictions, format_measure, table
from diface_core.training.evaluation.silence import NON_SPEECH_SOUNDS, SECONDS, LipActivity
from diface_core.training.metrics import geometry, lip_closures
from diface_core.training.metrics.measure import Measure, mean_measure

pytestmark = pytest.mark.training


def smooth(seed: int, rows: int = 120) -> np.ndarray:
    """Return a track (T,) with the speed of speech, between 0 and 1."""
    noise = np.random.default_rng(seed).standard_normal(rows + 8)
    track = np.convolve(noise, np.hanning(9), "valid")
    return ((track - track.min()) / np.ptp(track)).astype(np.float32)


def face(rows: int = 120, **weights: np.ndarray | float) -> np.ndarray:
    """Return face weights (T, 52), 0 except for the given channels."""
    values = np.zeros((rows, len(channels.FACE)), np.float32)
    for name, value in weights.items():
        values[:, channels.FACE.index(name)] = value
    return values


@pytest.fixture
def faces() -> list[np.ndarray]:
    """Return five clips of a talking face."""
    return [
        face(jawOpen=0.4 * smooth(n), mouthPucker=0.5 * smooth(n + 50), browInnerUp=0.3 * smooth(n + 90))
        for n in range(5)
    ]


def phones(*phone_tuples: tuple[float, float, str]) -> tuple[Phone, ...]:
    return tuple(Phone(*phone) for phone in phone_tuples)


# --- intervals -------------------------------------------------------------------------------------------------------


def test_interval_contains_its_value_and_shrinks_with_more_clips():
    values = np.random.default_rng(0).normal(3.0, 1.0, 400)
    few, many = (mean_measure(values[:count], np.ones(count)) for count in (20, 400))
    assert few.interval()[0] < few.value < few.interval()[1]
    assert np.ptp(many.interval()) < 0.4 * np.ptp(few.interval())
    assert np.ptp(many.interval()) == pytest.approx(2 * 1.96 / np.sqrt(400), rel=0.15)


def test_interval_has_its_nominal_coverage():
    draws = (
        mean_measure(np.random.default_rng(seed).normal(0.0, 1.0, 40), np.ones(40)).interval() for seed in range(300)
    )
    assert 0.90 < np.mean([low < 0 < high for low, high in draws]) < 0.98


def test_interval_is_empty_for_equal_clips_and_nan_for_one_clip():
    assert mean_measure([6.0] * 4, [2] * 4).interval() == (3.0, 3.0)
    assert np.isnan(mean_measure([6.0], [2]).interval()).all()


def test_measure_without_data_is_nan():
    nothing = mean_measure([0.0, 0.0], [0, 0])
    assert np.isnan(nothing.value)
    assert np.isnan(nothing.interval()).all()


def test_interval_is_deterministic():
    measure = mean_measure(np.arange(9.0), np.ones(9))
    assert measure.interval() == measure.interval() != measure.interval(seed=1)


# --- correlation -----------------------------------------------------------------------------------------------------


def test_correlation_equals_numpy_and_ignores_scale_and_offset():
    predicted, truth = [smooth(n) for n in range(4)], [smooth(n) + smooth(n + 10) for n in range(4)]
    r = np.corrcoef(np.concatenate(predicted), np.concatenate(truth))[0, 1]
    assert metrics.correlation(predicted, truth) == pytest.approx(r, abs=1e-6)
    assert metrics.correlation([3 * o + 1 for o in predicted], truth) == pytest.approx(r, abs=1e-6)
    assert metrics.correlation([-o for o in predicted], truth) == pytest.approx(-r, abs=1e-6)
    assert metrics.correlation(truth, truth) == pytest.approx(1.0)


def test_correlation_of_a_constant_track_is_nan():
    assert np.isnan(metrics.correlation([np.full(120, 0.3, np.float32)] * 3, [smooth(n) for n in range(3)]))


def test_mean_track_has_no_residual_correlation():
    rng = np.random.default_rng(0)
    shape = np.sin(np.arange(60) / 5)
    truth = [shape + 0.3 * rng.standard_normal(60) for _ in range(40)]
    average = [np.mean(truth, 0)] * 40
    assert metrics.correlation(average, truth) > 0.8
    assert abs(metrics.residual_correlation([a + 1e-6 * rng.standard_normal(60) for a in average], truth)) < 0.1
    assert metrics.residual_correlation(truth, truth) == pytest.approx(1.0)


# --- timing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [-4, -1, 0, 2, 5])
def test_sync_offset_measures_shifted_rows(rows):
    truth = [smooth(n) for n in range(4)]
    late = metrics.pooled_sync_offset([np.roll(t, rows) for t in truth], truth)
    assert late.value == pytest.approx(rows * 1000 / 30, abs=1.5)
    assert late.interval()[0] - 1e-9 <= late.value <= late.interval()[1] + 1e-9


def test_jitter_ignores_scale_and_is_one_relative_to_itself():
    truth = [smooth(n) for n in range(3)]
    assert metrics.pooled_jitter([7 * t for t in truth], truth).value == pytest.approx(1.0, abs=1e-5)
    noise = [np.random.default_rng(n).standard_normal(120) for n in range(3)]
    assert metrics.pooled_jitter(noise, truth).value > 1.5
    assert metrics.jitter([np.sin(np.arange(200) / 10)]) < 0.2 < 1.0 < metrics.jitter(noise)


# --- phones ----------------------------------------------------------------------------------------------------------


def test_closures_are_counted_and_a_shut_mouth_has_no_lift():
    phone_labels = [phones((0.0, 0.3, "AA"), (0.3, 0.5, "M"), (0.5, 0.8, "AA"), (0.8, 1.0, "B"), (1.0, 1.3, "IY"))]
    opening = np.full(45, 0.5, np.float32)
    opening[10:14] = opening[25:28] = 0.0
    assert metrics.closure_rates([opening], phone_labels) == (1.0, 1.0)
    assert metrics.closure_rates([np.zeros(45, np.float32)], phone_labels) == (1.0, 0.0)


@pytest.mark.parametrize("label", ["M", "B", "P", "m", "b", "p", "pʰ", "mː"])
def test_labials_of_both_alphabets_are_known(label):
    assert lip_closures.is_labial(label)
    assert not lip_closures.is_labiodental(label)


def test_phone_kinds_are_known():
    assert all(map(lip_closures.is_labiodental, ["F", "V", "f", "v"]))
    assert all(map(lip_closures.is_round, ["UW", "OW", "W", "u", "oʊ", "w", "y"]))
    assert all(map(lip_closures.is_open, ["AA", "AE", "AY", "a", "ɑ"]))
    assert not any(kind("S") or kind("SIL") or kind("_") for kind in (lip_closures.is_labial, lip_closures.is_round))


def test_phone_at_the_end_has_a_row():
    track = np.arange(30, dtype=np.float32)
    assert lip_closures.phone_extremes([track], [phones((0.99, 1.2, "M"))], lip_closures.is_labial)[0] == [28.0]


def test_pooled_contrast_is_the_difference_of_means():
    some, others = [np.array([1.0, 3.0]), np.array([])], [np.array([5.0]), np.array([7.0])]
    assert lip_closures.pooled_contrast(some, others).value == pytest.approx(-4.0)


# --- millimetres -----------------------------------------------------------------------------------------------------


def test_errors_of_the_truth_are_zero(faces):
    for measure in (
        metrics.lip_vertex_error, metrics.mean_vertex_error, metrics.upper_face_dynamics_deviation,
        metrics.dtw_lip_distance,
    ):  # fmt: skip
        assert measure(faces, faces).value == pytest.approx(0.0, abs=1e-6)


def test_lip_vertex_error_is_a_distance_on_the_head(asset):
    """With jawOpen 0.1 too large, the error is the displacement of the furthest lip vertex."""
    truth = face(jawOpen=0.2)
    head = geometry.load_head()
    jaw = head.deltas[channels.FACE.index("jawOpen")]
    furthest = 100 * np.linalg.norm(jaw[head.landmarks["lips"]], axis=1).max()
    assert metrics.lip_vertex_error([face(jawOpen=0.3)], [truth]).value == pytest.approx(furthest, rel=1e-4)
    everywhere = 100 * np.linalg.norm(jaw[head.landmarks["face"]], axis=1).mean()
    assert metrics.mean_vertex_error([face(jawOpen=0.3)], [truth]).value == pytest.approx(everywhere, rel=1e-4)


def test_errors_grow_in_proportion(faces):
    wrong = [f.copy() for f in faces]
    for f in wrong:
        f[:, channels.FACE.index("mouthFunnel")] += 0.1
    twice = [f + (w - f) * 2 for f, w in zip(faces, wrong, strict=True)]
    for measure in (metrics.lip_vertex_error, metrics.mean_vertex_error):
        assert measure(twice, faces).value == pytest.approx(2 * measure(wrong, faces).value, rel=1e-4)


def test_upper_face_dynamics_deviation_has_the_right_sign():
    brow, faces = channels.FACE.index("browInnerUp"), [face(browInnerUp=0.3 * smooth(n)) for n in range(3)]
    still, lively = [f.copy() for f in faces], [f.copy() for f in faces]
    for s, v in zip(still, lively, strict=True):
        s[:, brow], v[:, brow] = 0.15, 2 * v[:, brow]
    lacking = metrics.upper_face_dynamics_deviation(still, faces).value
    assert lacking > 0
    assert metrics.upper_face_dynamics_deviation(lively, faces).value == pytest.approx(-lacking, rel=1e-3)


def test_time_warping_ignores_delays_but_not_errors(faces):
    late = [np.roll(f, 3, axis=0) for f in faces]
    plain = np.mean([geometry._errors(o, t, "lips")[:, ::4].mean() for o, t in zip(late, faces, strict=True)])
    assert metrics.dtw_lip_distance(late, faces).value < 0.35 * plain
    smaller = [0.5 * f for f in faces]
    plain = np.mean([geometry._errors(o, t, "lips")[:, ::4].mean() for o, t in zip(smaller, faces, strict=True)])
    assert metrics.dtw_lip_distance(smaller, faces).value > 0.35 * plain


def test_time_warping_never_increases_the_cost(faces):
    predicted = faces[1:] + faces[:1]
    plain = np.mean([geometry._errors(o, t, "lips")[:, ::4].mean() for o, t in zip(predicted, faces, strict=True)])
    assert metrics.dtw_lip_distance(predicted, faces).value <= plain * 1.0001


def test_lip_gap_is_zero_at_rest_and_grows_with_the_jaw():
    gaps = metrics.lip_gap(np.concatenate([face(1), face(1, jawOpen=0.1), face(1, jawOpen=0.1, mouthClose=0.1)]))
    assert gaps[0] == pytest.approx(0.0, abs=1e-3)
    assert gaps[1] > 2.0
    assert gaps[2] < 0.2


def test_pucker_narrows_and_rolled_lip_approaches_the_teeth():
    assert metrics.mouth_width(face(1, mouthPucker=1.0))[0] < metrics.mouth_width(face(1))[0] - 5
    rest, bitten = face(1), face(1, mouthRollLower=0.8, jawOpen=0.1, mouthUpperUpLeft=0.3, mouthUpperUpRight=0.3)
    assert metrics.lip_to_teeth(bitten)[0] < metrics.lip_to_teeth(rest)[0] - 2


def test_lip_speed_is_distance_over_time():
    ramp = np.linspace(0, 1, 31)
    slow, fast = (metrics.lip_speed(face(31, jawOpen=k * ramp)).mean() for k in (0.5, 1.0))
    assert fast == pytest.approx(2 * slow, rel=1e-4)
    head = geometry.load_head()
    moved = 1000 * np.linalg.norm(head.deltas[channels.FACE.index("jawOpen"), head.landmarks["lips"]], axis=1).mean()
    assert fast == pytest.approx(moved, rel=1e-4)


# --- diversity -------------------------------------------------------------------------------------------------------


def test_seed_spread_is_zero_for_equal_and_one_for_independent_takes():
    rng = np.random.default_rng(0)
    one = rng.standard_normal((1, 400, 3))
    assert metrics.seed_spread([np.repeat(one, 4, axis=0)]).value == 0.0
    assert metrics.seed_spread([rng.standard_normal((6, 400, 3)) for _ in range(3)]).value == pytest.approx(
        1.0, abs=0.05
    )


def test_lips_that_always_close_have_no_spread_in_closures():
    """Seeds that differ in jawOpen, and all close the lips in the m."""
    phone_labels = phones((0.0, 1.0, "AA"), (1.0, 1.2, "M"), (1.2, 4.0, "AA"))
    shut = np.ones(120)
    shut[29:38] = 0.0
    takes = np.stack(
        [face(jawOpen=shut * (0.1 + 0.3 * smooth(seed)), browInnerUp=smooth(9 + seed)) for seed in range(4)]
    )
    parts = metrics.seed_spread_by_part([takes], [phone_labels])
    assert parts["gap in m, b, p"].value == pytest.approx(0.0, abs=1e-4)
    assert parts["lips"].value > 0.2
    assert parts["brows"].value > 0.5


# --- the tables ------------------------------------------------------------------------------------------------------


def clip(values: np.ndarray, phone_labels: tuple[Phone, ...] = ()) -> Clip:
    return Clip("clip", np.zeros(1, np.float32), values, np.ones(52, bool), "style", phone_labels)


def test_table_has_one_row_per_method_and_omits_unavailable_columns(faces):
    clips = [clip(f) for f in faces]
    rows = {"truth": Predictions(faces, clips), "still": Predictions([0 * f for f in faces], clips)}
    lines = table(TRACKS, rows).splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1
    assert "1.000 (1.000 to 1.000)" in lines[2]
    assert lines[3].startswith("| still |  |")
    assert "| LVE |" in table(MILLIMETRES, rows)
    assert table(PHONES, rows) == ""


def test_unknown_channels_are_no_errors(faces):
    unknown = np.array([not name.startswith("cheek") for name in channels.FACE])
    clips = [Clip("clip", np.zeros(1, np.float32), f, unknown, "style") for f in faces]
    puffed = [f.copy() for f in faces]
    for f in puffed:
        f[:, channels.FACE.index("cheekPuff")] = 0.8
    assert MILLIMETRES[0].measure(Predictions(puffed, clips)).value == pytest.approx(0.0, abs=1e-6)


def test_figures_have_no_negative_zero():
    assert format_measure(Measure(np.array([[-1e-6]]), lambda sums: sums[..., 0]), 3) == "0.000"
    assert format_measure(mean_measure([0.5, 0.5], [1, 1]), 0, 100) == "50 (50 to 50)"
    assert format_measure(mean_measure([0.0], [0]), 2) == ""


# --- training and evaluation ----------------------------------------------------------------------------------------


def test_evaluation_by_source_excludes_it_from_training(monkeypatch, tmp_path):
    monkeypatch.setattr(
        evaluation_sets, "encode_clips", lambda clips, *_: [EncodedClip(c, np.zeros((1, 1), np.float32)) for c in clips]
    )
    clips = [
        Clip(f"{source}{n}", np.zeros(1600, np.float32), face(3), np.ones(52, bool), source, source=source)
        for source in ("here", "there")
        for n in range(60)
    ]
    found = evaluation_sets.evaluation_sets(clips, None, tmp_path, tmp_path, {"there": tmp_path / "other"}, max_clips=3)
    assert [j.name for j in found] == ["here, split by clip", "there, split by clip", "there, split by source"]
    known, unseen = found[1:]
    assert 1 <= len(known.test) <= 3
    assert known.test == unseen.test
    assert {h.clip.source for h in known.train} == {"there"}
    assert {h.clip.source for h in unseen.train} == {"here"}
    for judgement in found:
        assert not {h.clip.name for h in judgement.test} & {h.clip.name for h in judgement.train}
    assert unseen.face == tmp_path / "other"
    assert unseen.unseen_source
    assert not known.unseen_source
    with pytest.raises(ValueError, match="nowhere"):
        evaluation_sets.evaluation_sets(clips, None, tmp_path, tmp_path, {"nowhere": tmp_path})


# --- baselines -------------------------------------------------------------------------------------------------------


def test_baselines_fit_the_features():
    """jawOpen follows loudness and mouthPucker a feature: ridge predicts both, the line one, the means none."""
    heard = []
    for n in range(16):
        features = np.random.default_rng(n).standard_normal((60, DIMENSION)).astype(np.float32)
        features[:, LOUDNESS], features[:, 0] = smooth(n, 60), smooth(n + 40, 60)
        values = face(60, jawOpen=0.5 * features[:, LOUDNESS], mouthPucker=0.3 * features[:, 0])
        heard.append(EncodedClip(clip(values), features))
    made = {name: [predict(h.features) for h in heard] for name, predict in baselines(heard).items()}

    def r(name: str, channel: str) -> float:
        return metrics.correlation(
            *([metrics.column(v, channel) for v in some] for some in (made[name], [h.clip.values for h in heard]))
        )

    assert r("ridge on the features", "jawOpen") > 0.95
    assert r("ridge on the features", "mouthPucker") > 0.95
    assert r("loudness to jaw", "jawOpen") > 0.999
    assert np.isnan(r("constant mean", "jawOpen"))
    assert r("mean track, no sound", "jawOpen") < 0.6


# --- non-speech sounds -----------------------------------------------------------------------------------------------


def test_motionless_mouth_rests_and_a_talking_one_does_not(faces):
    speech = LipActivity.measure(faces[0])
    assert LipActivity.measure(face()).is_at_rest(speech)
    assert not LipActivity.measure(faces[1]).is_at_rest(speech)
    assert not LipActivity.measure(face(jawOpen=0.3)).is_at_rest(speech)  # open but motionless
    flapping = face(jawOpen=0.05 * (np.arange(120) % 2))
    assert not LipActivity.measure(flapping).is_at_rest(speech)


def test_non_speech_sounds_are_finite_and_audible():
    for name, make in NON_SPEECH_SOUNDS.items():
        samples = make(np.random.default_rng(0))
        assert abs(len(samples) - SECONDS * SAMPLE_RATE) < 0.1 * SAMPLE_RATE, name
        assert samples.dtype == np.float32
        assert np.abs(samples).max() <= 1.0, name
        assert samples.any() or name == "silence"


# --- timing and contacts ---------------------------------------------------------------------------------------------


def delayed(values: np.ndarray, rows: int) -> np.ndarray:
    """Return face weights that come `rows` rows later; the first row is repeated."""
    return np.concatenate([np.repeat(values[:1], rows, axis=0), values[: len(values) - rows]])


def test_misalignment_is_0_for_the_truth_and_the_delay_for_a_delayed_one(faces):
    assert metrics.mean_temporal_misalignment(faces, faces).value == 0
    late = [metrics.mean_temporal_misalignment([delayed(f, 2) for f in faces], faces).value]
    late += [metrics.mean_temporal_misalignment([delayed(f, 1) for f in faces], faces).value]
    assert late == pytest.approx([2000 / 30, 1000 / 30], rel=0.25)


def test_misalignment_does_not_depend_on_the_amplitude(faces):
    measured = metrics.mean_temporal_misalignment([0.8 * f for f in faces], faces).value
    assert measured < 10


def sounds_of(levels: np.ndarray) -> list[np.ndarray]:
    noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE)
    return [(level * noise).astype(np.float32) for level in levels]


def test_intensity_correlation_is_1_if_lips_move_in_proportion_to_the_speech():
    """Each speaker is standardised, so that a loud or a lively one does not count as a correlation."""
    levels = np.linspace(0.1, 1, 10)
    base = face(jawOpen=0.4 * smooth(0))
    loud = [level * base for level in levels] + [0.2 * level * base for level in levels]
    sounds = sounds_of(levels) + sounds_of(5 * levels)
    speakers = ["one"] * 10 + ["other"] * 10
    r = metrics.speech_lip_intensity_correlation(loud, sounds, speakers)
    assert r.value == pytest.approx(1)
    assert metrics.speech_lip_intensity_correlation(loud[::-1], sounds, speakers).value == pytest.approx(-1)


def test_intensity_correlation_needs_several_clips_of_a_speaker(faces):
    few = metrics.speech_lip_intensity_correlation(faces, sounds_of(np.ones(5)), ["one"] * 5)
    assert np.isnan(few.value)


def closing(row: int, held: int = 1) -> np.ndarray:
    """Return an open mouth that is shut for `held` rows from `row` on, and opens within two rows."""
    away = np.clip(np.maximum(row - np.arange(60), np.arange(60) - (row + held - 1)) / 2, 0, 1)
    return face(60, jawOpen=0.4 * away.astype(np.float32))


SAID = phones((0.0, 0.5, ""), (0.5, 0.9, "AA"), (0.9, 1.0, "M"), (1.0, 1.5, "AA"), (1.5, 1.9, "S"), (1.9, 2.0, ""))


@pytest.mark.parametrize(("rows", "is_hit"), [(0, True), (1, True), (2, False), (-1, True), (-3, False)])
def test_contact_apex_is_within_a_frame_or_not(rows, is_hit):
    hits = metrics.contact_apex_within_a_frame([closing(28 + rows)], [closing(28)], [SAID])
    assert hits.value == is_hit


@pytest.mark.parametrize("held", [1, 2, 4])
def test_contact_lasts_as_long_as_the_lips_touch(held):
    assert metrics.contact_duration([closing(27, held)], [SAID]).value == pytest.approx(1000 / 30 * held)
    assert np.isnan(metrics.contact_duration([face(60, jawOpen=0.4)], [SAID]).value)


def test_contact_counts_as_false_only_away_from_labials():
    assert metrics.false_contact([closing(28)], [SAID]).value == 0  # on m itself
    assert metrics.false_contact([closing(50)], [SAID]).value == 1  # in the middle of s, whose neighbour is no m, b, p
    assert metrics.false_contact([face(60, jawOpen=0.4)], [SAID]).value == 0
