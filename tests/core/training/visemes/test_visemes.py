"""Laws of the viseme model: lips that meet, motion that flows, neighbours that are felt, every phone of the world."""

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


def said(*labels: str, each: float = 0.1, start: float = 0.5) -> list[Phone]:
    """Phones of equal length, one after the other."""
    return [Phone(start + i * each, start + (i + 1) * each, label) for i, label in enumerate(labels)]


def moved(phones: list[Phone], seed: int | None = None, seconds: float | None = None) -> np.ndarray:
    rng = None if seed is None else np.random.default_rng(seed)
    return viseme_motion(phones, seconds or phones[-1].end + 0.5, None, rng)[0]


def middle(values: np.ndarray, phone: Phone) -> np.ndarray:
    return values[round((phone.start + phone.end) / 2 * MODEL_RATE.value)]


def of(row: np.ndarray, channel: str) -> float:
    return float(row[channels.FACE.index(channel)])


@pytest.mark.parametrize("each", [0.02, 0.035, 0.05, 0.08, 0.15, 0.4])
@pytest.mark.parametrize("start", [0.5, 0.511, 0.523])
@pytest.mark.parametrize("seed", [None, 1])
def test_lips_close_on_every_bilabial_at_any_rate(each: float, start: float, seed: int | None) -> None:
    phones = said("ɑ", "m", "æ", "p", "ɔ", "b", "ɛ", "m", "b", "a", "pʰ", "o", each=each, start=start)
    values = moved(phones, seed)
    assert (values[:, channels.FACE.index("jawOpen")] >= values[:, channels.FACE.index("mouthClose")] - 1e-6).all()
    shut = lip_gap(values) < 0.3
    for phone in phones:
        if phone.label[0] in LABIALS:
            near = range(int(phone.start * 30) - 1, int(phone.end * 30) + 2)
            assert any(shut[row] and shut[row + 1] for row in near), phone


def test_vowels_between_closures_open() -> None:
    phones = said("m", "ɑ", "m", "ɑ", "p", "ɑ", "b")
    gap = lip_gap(moved(phones))
    for phone in phones[1::2]:
        rows = slice(round(phone.start * 30), round(phone.end * 30) + 1)
        assert gap[rows].max() > 2.0


def test_long_sounds_reach_their_target_and_short_ones_do_not() -> None:
    table = VisemeTable.load()
    target = table.parameters("ɑ")[0, MEASURED.index("aperture")]
    long = middle(moved(said("m", "ɑ", "m", each=0.8)), said("m", "ɑ", "m", each=0.8)[1])
    short = middle(moved(said("m", "ɑ", "m", each=0.05)), said("m", "ɑ", "m", each=0.05)[1])
    assert of(long, "jawOpen") - of(long, "mouthClose") == pytest.approx(target, rel=0.1)
    assert of(short, "jawOpen") - of(short, "mouthClose") < 0.7 * target


def test_consonant_takes_its_neighbours_lips() -> None:
    round_s, spread_s = (middle(moved(p), p[1]) for p in (said("u", "s", "u"), said("i", "s", "i")))
    assert of(round_s, "mouthPucker") > of(spread_s, "mouthPucker") + 0.1
    round_h, open_h = (middle(moved(p), p[1]) for p in (said("u", "h", "u"), said("ɑ", "h", "ɑ")))
    assert of(open_h, "jawOpen") > of(round_h, "jawOpen") + 0.1


def test_lips_round_before_a_round_sound_starts() -> None:
    before_u, before_i = (middle(moved(p), p[0]) for p in (said("t", "u", each=0.12), said("t", "i", each=0.12)))
    assert of(before_u, "mouthPucker") > of(before_i, "mouthPucker") + 0.01


def test_motion_is_smooth() -> None:
    rng = np.random.default_rng(3)
    labels = rng.choice(sorted(SYMBOLS), 200)
    values = moved(said(*labels, each=0.07), 5)
    assert np.isfinite(values).all()
    assert 0 <= values.min() <= values.max() <= 1
    assert np.abs(np.diff(values, axis=0)).max() < 0.45  # no row throws a shape from one end to the other


def test_silence_is_at_rest() -> None:
    silent = viseme_motion([], 3.0, np.full(90, -2.0, np.float32), np.random.default_rng(0))[0]
    assert lip_gap(silent).max() < 0.3
    assert silent.max() < 0.15
    after = moved(said("ɑ", "k", "ɑ"), seconds=3.0)
    assert np.allclose(after[-30:], moved([], seconds=3.0)[-30:], atol=0.02)


def test_shifted_phones_shift_the_motion() -> None:
    phones = said("h", "ɛ", "l", "o")
    later = [Phone(p.start + 1.0, p.end + 1.0, p.label) for p in phones]
    assert np.allclose(moved(phones, seconds=3.0)[:60], moved(later, seconds=4.0)[30:90], atol=2e-3)


def test_long_speech_equals_its_parts() -> None:
    phones = said(*"mɑsilopetunaf" * 12)
    whole = moved(phones)
    some = [phone for phone in phones if phone.start < 8]
    assert np.allclose(whole[:180], moved(some, seconds=9.0)[:180], atol=1e-3)


def test_loud_speech_moves_more() -> None:
    phones = said("t", "ɑ", "k", "u", "t")
    quiet, loud = (viseme_motion(phones, 1.5, np.full(45, level, np.float32))[0] for level in (-0.8, 0.2))
    assert aperture(loud).max() > aperture(quiet).max()


def test_amplitudes_differ_by_seed() -> None:
    phones = said("h", "ɛ", "l", "o", "w", "ɜ", "l", "d")
    assert np.array_equal(moved(phones, 1), moved(phones, 1))
    assert np.abs(moved(phones, 1) - moved(phones, 2)).max() > 0.02


def test_only_speech_channels_are_known() -> None:
    known = viseme_motion(said("a"), 1.0)[1]
    names = {name for name, is_known in zip(channels.FACE, known, strict=True) if is_known}
    assert {"jawOpen", "mouthClose", "tongueOut", "cheekPuff", "jawForward", "mouthPressLeft"} <= names
    assert not [name for name in names if name.startswith(("brow", "eye", "nose", "jawLeft", "mouthLeft"))]
    values = moved(said("a", "ʃ", "θ", "p", "i"), 0)
    assert (values[:, ~known] == 0).all()


# --- phones ---------------------------------------------------------------------------------------------------------


def test_every_phone_of_every_voice_has_a_viseme() -> None:
    table = VisemeTable.load()
    for label in [*SYMBOLS, *ARPABET, "aɪ", "t͡ʃ", "tʃʷ", "ɔ̃", "uː", "AY1", "SIL", ""]:
        for sound in phone_symbols(label):
            assert np.isfinite(table.parameters(sound)).all(), label


@pytest.mark.parametrize("label", ["XX", "5", "ː", "aʘ", "漢"])
def test_label_that_is_no_phone_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="ARPAbet or IPA"):
        viseme_motion([Phone(0.1, 0.2, label)], 1.0)


def test_phones_without_data_follow_from_their_features() -> None:
    faces = {
        label: middle(moved(said("t", label, "t", each=0.3)), said("t", label, "t", each=0.3)[1]) for label in "iyɯuɑɒ"
    }
    assert of(faces["y"], "mouthPucker") > of(faces["i"], "mouthPucker") + 0.2
    assert of(faces["ɒ"], "mouthPucker") > of(faces["ɑ"], "mouthPucker")
    assert of(faces["y"], "jawOpen") < of(faces["ɑ"], "jawOpen")
    assert "y" not in VisemeTable.load().deviations


def test_tongue_and_teeth_follow_articulation() -> None:
    each = {label: middle(moved(p := said("ɑ", label, "ɑ")), p[1]) for label in "θkfɑʃ"}
    assert of(each["θ"], "tongueOut") > 0.2
    assert of(each["k"], "tongueOut") < 0.05
    assert of(each["f"], "mouthRollLower") > of(each["ɑ"], "mouthRollLower") + 0.2
    assert of(each["ʃ"], "mouthFunnel") > of(each["k"], "mouthFunnel") + 0.1
    assert of(each["ʃ"], "jawOpen") < of(each["ɑ"], "jawOpen")


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
    assert torch.allclose(tracks[:, 1], torch.ones(30), atol=1e-5)  # equal targets stay; padding is not heard
    assert tracks[0, 0] == pytest.approx(0.2, abs=0.01)
    assert tracks[-1, 0] == pytest.approx(0.8, abs=0.01)
    assert (tracks[:, 0].diff() > -1e-6).all()


def test_fit_recovers_the_table_of_its_motion() -> None:
    rng = np.random.default_rng(0)
    clips = []
    for number in range(24):
        phones = tuple(said(*rng.choice(list("mstɑiu"), 12), each=0.15, start=0.3))
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
    phones = tuple(said("ɑ", "i", each=0.5))
    values = moved(list(phones))
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
