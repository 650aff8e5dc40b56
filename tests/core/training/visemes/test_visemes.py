"""Properties of the viseme model: lip closures, smooth motion, coarticulation, and coverage of all phones."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from diface_core import channels
from diface_core.training.corpora import Clip, Phone
from diface_core.training.corpora.rendered import rendered_folder
from diface_core.training.metrics import aperture, lip_gap
from diface_core.training.rendering.phones import SYMBOLS
from diface_core.training.visemes import viseme_fit, viseme_report, viseme_table
from diface_core.training.visemes.articulation import ARPABET, FEATURES, SILENCE, articulatory_features, phone_symbols
from diface_core.training.visemes.coarticulation import PARAMETERS, blend
from diface_core.training.visemes.viseme_motion import sound_spans, viseme_motion
from diface_core.training.visemes.viseme_table import MEASURED, VisemeTable
from diface_core.types import MODEL_RATE

pytestmark = pytest.mark.training

LABIALS = "mbp"


def phones_of(*labels: str, duration: float = 0.1, start: float = 0.5) -> list[Phone]:
    """Return consecutive phones of equal length."""
    return [Phone(start + i * duration, start + (i + 1) * duration, label) for i, label in enumerate(labels)]


def motion(phones: list[Phone], seed: int | None = None, seconds: float | None = None) -> np.ndarray:
    rng = None if seed is None else np.random.default_rng(seed)
    return viseme_motion(phones, seconds or phones[-1].end + 0.5, None, rng)[0]


def middle_row(values: np.ndarray, phone: Phone) -> np.ndarray:
    return values[round((phone.start + phone.end) / 2 * MODEL_RATE.value)]


def weight_of(row: np.ndarray, channel: str) -> float:
    return float(row[channels.FACE.index(channel)])


@pytest.mark.parametrize("duration", [0.02, 0.035, 0.05, 0.08, 0.15, 0.4])
@pytest.mark.parametrize("start", [0.5, 0.511, 0.523])
@pytest.mark.parametrize("seed", [None, 1])
def test_lips_close_on_every_bilabial_at_any_rate(duration: float, start: float, seed: int | None) -> None:
    phones = phones_of("ɑ", "m", "æ", "p", "ɔ", "b", "ɛ", "m", "b", "a", "pʰ", "o", duration=duration, start=start)
    values = motion(phones, seed)
    assert (values[:, channels.FACE.index("jawOpen")] >= values[:, channels.FACE.index("mouthClose")] - 1e-6).all()
    shut = lip_gap(values) < 0.3
    for phone in phones:
        if phone.label[0] in LABIALS:
            near = range(int(phone.start * 30) - 1, int(phone.end * 30) + 2)
            assert any(shut[row] and shut[row + 1] for row in near), phone


def test_vowels_between_closures_open() -> None:
    phones = phones_of("m", "ɑ", "m", "ɑ", "p", "ɑ", "b")
    gap = lip_gap(motion(phones))
    for phone in phones[1::2]:
        rows = slice(round(phone.start * 30), round(phone.end * 30) + 1)
        assert gap[rows].max() > 2.0


def test_long_sounds_reach_their_target_and_short_ones_do_not() -> None:
    table = VisemeTable.load()
    target = table.parameters("ɑ")[0, MEASURED.index("aperture")]
    long = middle_row(motion(phones_of("m", "ɑ", "m", duration=0.8)), phones_of("m", "ɑ", "m", duration=0.8)[1])
    short = middle_row(motion(phones_of("m", "ɑ", "m", duration=0.05)), phones_of("m", "ɑ", "m", duration=0.05)[1])
    assert weight_of(long, "jawOpen") - weight_of(long, "mouthClose") == pytest.approx(target, rel=0.1)
    assert weight_of(short, "jawOpen") - weight_of(short, "mouthClose") < 0.7 * target


def test_consonant_takes_its_neighbours_lips() -> None:
    round_s, spread_s = (middle_row(motion(p), p[1]) for p in (phones_of("u", "s", "u"), phones_of("i", "s", "i")))
    assert weight_of(round_s, "mouthPucker") > weight_of(spread_s, "mouthPucker") + 0.1
    round_h, open_h = (middle_row(motion(p), p[1]) for p in (phones_of("u", "h", "u"), phones_of("ɑ", "h", "ɑ")))
    assert weight_of(open_h, "jawOpen") > weight_of(round_h, "jawOpen") + 0.1


def test_lips_round_before_a_round_sound_starts() -> None:
    before_u, before_i = (
        middle_row(motion(p), p[0]) for p in (phones_of("t", "u", duration=0.12), phones_of("t", "i", duration=0.12))
    )
    assert weight_of(before_u, "mouthPucker") > weight_of(before_i, "mouthPucker") + 0.01


def test_motion_is_smooth() -> None:
    rng = np.random.default_rng(3)
    labels = rng.choice(sorted(SYMBOLS), 200)
    values = motion(phones_of(*labels, duration=0.07), 5)
    assert np.isfinite(values).all()
    assert 0 <= values.min() <= values.max() <= 1
    assert np.abs(np.diff(values, axis=0)).max() < 0.45  # no step covers the full range


def test_silence_is_at_rest() -> None:
    silent = viseme_motion([], 3.0, np.full(90, -2.0, np.float32), np.random.default_rng(0))[0]
    assert lip_gap(silent).max() < 0.3
    assert silent.max() < 0.15
    after = motion(phones_of("ɑ", "k", "ɑ"), seconds=3.0)
    assert np.allclose(after[-30:], motion([], seconds=3.0)[-30:], atol=0.02)


def test_shifted_phones_shift_the_motion() -> None:
    phones = phones_of("h", "ɛ", "l", "o")
    later = [Phone(p.start + 1.0, p.end + 1.0, p.label) for p in phones]
    assert np.allclose(motion(phones, seconds=3.0)[:60], motion(later, seconds=4.0)[30:90], atol=2e-3)


def test_long_speech_equals_its_parts() -> None:
    phones = phones_of(*"mɑsilopetunaf" * 12)
    full = motion(phones)
    some = [phone for phone in phones if phone.start < 8]
    assert np.allclose(full[:180], motion(some, seconds=9.0)[:180], atol=1e-3)


def test_loud_speech_moves_more() -> None:
    phones = phones_of("t", "ɑ", "k", "u", "t")
    quiet, loud = (viseme_motion(phones, 1.5, np.full(45, level, np.float32))[0] for level in (-0.8, 0.2))
    assert aperture(loud).max() > aperture(quiet).max()


def test_amplitudes_differ_by_seed() -> None:
    phones = phones_of("h", "ɛ", "l", "o", "w", "ɜ", "l", "d")
    assert np.array_equal(motion(phones, 1), motion(phones, 1))
    assert np.abs(motion(phones, 1) - motion(phones, 2)).max() > 0.02


def test_only_speech_channels_are_known() -> None:
    known = viseme_motion(phones_of("a"), 1.0)[1]
    names = {name for name, is_known in zip(channels.FACE, known, strict=True) if is_known}
    assert {"jawOpen", "mouthClose", "tongueOut", "cheekPuff", "jawForward", "mouthPressLeft"} <= names
    assert not [name for name in names if name.startswith(("brow", "eye", "nose", "jawLeft", "mouthLeft"))]
    values = motion(phones_of("a", "ʃ", "θ", "p", "i"), 0)
    assert (values[:, ~known] == 0).all()


# --- phones ---------------------------------------------------------------------------------------------------------


def test_every_phone_of_every_voice_has_a_viseme() -> None:
    table = VisemeTable.load()
    for label in [*SYMBOLS, *ARPABET, "aɪ", "t͡ʃ", "tʃʷ", "ɔ̃", "uː", "AY1", "SIL", ""]:
        for sound in phone_symbols(label):
            assert np.isfinite(table.parameters(sound)).all(), label


@pytest.mark.parametrize("label", ["XX", "5", "ː", "aʘ", "漢"])
def test_label_that_is_not_a_phone_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="ARPAbet or IPA"):
        viseme_motion([Phone(0.1, 0.2, label)], 1.0)


def test_phones_without_data_follow_from_their_features() -> None:
    faces = {
        label: middle_row(motion(phones_of("t", label, "t", duration=0.3)), phones_of("t", label, "t", duration=0.3)[1])
        for label in "iyɯuɑɒ"
    }
    assert weight_of(faces["y"], "mouthPucker") > weight_of(faces["i"], "mouthPucker") + 0.2
    assert weight_of(faces["ɒ"], "mouthPucker") > weight_of(faces["ɑ"], "mouthPucker")
    assert weight_of(faces["y"], "jawOpen") < weight_of(faces["ɑ"], "jawOpen")
    assert "y" not in VisemeTable.load().deviations


def test_tongue_and_teeth_follow_articulation() -> None:
    duration = {label: middle_row(motion(p := phones_of("ɑ", label, "ɑ")), p[1]) for label in "θkfɑʃ"}
    assert weight_of(duration["θ"], "tongueOut") > 0.2
    assert weight_of(duration["k"], "tongueOut") < 0.05
    assert weight_of(duration["f"], "mouthRollLower") > weight_of(duration["ɑ"], "mouthRollLower") + 0.2
    assert weight_of(duration["ʃ"], "mouthFunnel") > weight_of(duration["k"], "mouthFunnel") + 0.1
    assert weight_of(duration["ʃ"], "jawOpen") < weight_of(duration["ɑ"], "jawOpen")


def test_diphthongs_and_affricates_are_two_sounds() -> None:
    found = sound_spans([Phone(0.5, 0.7, "AY"), Phone(0.7, 0.9, "CH")], 1.0)
    assert [sound for _, _, sound in found] == [SILENCE, "a", "ɪ", "t", "ʃ", SILENCE]
    assert [start for start, _, _ in found] == pytest.approx([0.0, 0.5, 0.6, 0.7, 0.8, 0.9])
    assert found[-1][1] == 1.0


def test_features_are_graded_and_marks_add_to_them() -> None:
    round_ = FEATURES.index("round")
    assert articulatory_features("kʷ")[round_] > articulatory_features("k")[round_]
    assert (
        articulatory_features("ɪ")[FEATURES.index("open")]
        < articulatory_features("ɛ")[FEATURES.index("open")]
        < articulatory_features("a")[FEATURES.index("open")]
    )


# --- the table and its fit ------------------------------------------------------------------------------------------


def test_blend_is_a_weighted_mean_of_targets() -> None:
    times = torch.arange(30) / 30
    edges = torch.tensor([[0.0, 0.4], [0.4, 1.0], [0.0, -1.0]])
    parameters = torch.zeros(3, len(PARAMETERS), 2)
    parameters[:, PARAMETERS.index("rise") : PARAMETERS.index("fall") + 1] = np.log(0.03)
    parameters[:, 0] = torch.tensor([[0.2, 1.0], [0.8, 1.0], [9.0, 9.0]])
    tracks = blend(edges, parameters, times)
    assert torch.allclose(tracks[:, 1], torch.ones(30), atol=1e-5)  # equal targets are unchanged; padding has no effect
    assert tracks[0, 0] == pytest.approx(0.2, abs=0.01)
    assert tracks[-1, 0] == pytest.approx(0.8, abs=0.01)
    assert (tracks[:, 0].diff() > -1e-6).all()


def test_fit_recovers_the_table_of_its_motion() -> None:
    rng = np.random.default_rng(0)
    clips = []
    for number in range(24):
        phones = tuple(phones_of(*rng.choice(list("mstɑiu"), 12), duration=0.15, start=0.3))
        values, known = viseme_motion(phones, 2.5)
        noise = rng.normal(0, 0.05, 40_000).astype(np.float32)
        clips.append(Clip(str(number), noise, values, known, "test", phones))
    symbols = sorted({SILENCE, *"mstɑiu"})
    given = viseme_fit.align_clips(clips[:20], symbols)
    model = viseme_fit.fit(given, symbols, steps=120, batch=8)
    unseen = viseme_fit.align_clips(clips[20:], symbols)
    with torch.no_grad():
        ours = model(unseen.spans, unseen.sounds, unseen.effort)
    jaw = MEASURED.index("jawOpen")
    assert np.corrcoef(ours[..., jaw].ravel(), unseen.truth[..., jaw].ravel())[0, 1] > 0.95


def test_switching_baseline_is_constant_per_phone() -> None:
    phones = tuple(phones_of("ɑ", "i", duration=0.5))
    values = motion(list(phones))
    clip = Clip("a", np.zeros(32_000, np.float32), values[:60], np.ones(52, bool), "test", phones)
    switched = viseme_report.switching_baseline([clip])(clip)
    assert len(np.unique(switched[:, channels.FACE.index("jawOpen")])) == 3  # silence, ɑ, i


def test_table_survives_save_and_load(tmp_path: Path) -> None:
    table = dataclasses.replace(VisemeTable.load(), gain=np.full(len(MEASURED), 1.25, np.float32))
    table.save(tmp_path / "table.json")
    again = VisemeTable.load(tmp_path / "table.json")
    assert np.allclose(again.parameters("u"), table.parameters("u"), atol=1e-3)


def test_table_of_other_channels_is_refused(tmp_path: Path) -> None:
    table = json.loads(viseme_table.TABLE_PATH.read_text())
    (tmp_path / "table.json").write_text(json.dumps(table | {"channels": ["jawOpen"]}))
    with pytest.raises(ValueError, match="viseme_fit"):
        VisemeTable.load(tmp_path / "table.json")


# --- rendered speech ------------------------------------------------------------------------------------------------


def test_rendered_speech_is_read_and_malformed_items_are_skipped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "anna.flac", 0.05 * rng.standard_normal(32_000), 16_000)
    good = {"name": "a", "start": 0, "samples": 16_000, "phones": [[0.1, 0.4, "m"], [0.4, 0.8, "a"]]}
    bad = [
        good | {"start": 16_000, "phones": [[0.1, 0.4, "漢"]]},
        good | {"start": 16_000, "phones": [[0.1, 3.4, "a"]]},
        good | {"start": 30_000},
        {"name": "no phones", "start": 0, "samples": 16_000},
    ]
    (tmp_path / "anna.json").write_text(
        json.dumps({"voice": "anna", "utterances": [good, *bad, good | {"start": 16_000}]})
    )
    (tmp_path / "mute.json").write_text(json.dumps({"voice": "mute", "utterances": [good]}))
    (tmp_path / "torn.json").write_text('{"voice": "to')
    with caplog.at_level(logging.WARNING):
        clips = rendered_folder(tmp_path)
    assert [clip.name for clip in clips] == ["rendered:anna:0", "rendered:anna:5"]
    assert {clip.speaker for clip in clips} == {"anna"}
    assert all(len(clip.values) == MODEL_RATE.rows(clip.seconds) for clip in clips)
    assert len(caplog.messages) == 6
    assert np.array_equal(clips[0].values, rendered_folder(tmp_path)[0].values)
