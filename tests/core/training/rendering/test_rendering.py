"""Rendered speech: labels, layout, timing."""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from diface_core.training.corpora.clip import Phone
from diface_core.training.rendering import (
    borders,
    evaluate_recogniser,
    label_timing,
    phones,
    prompts,
    recogniser,
    sentences,
    speech,
)
from diface_core.training.rendering.tts import espeak, flite, registry, symbols
from diface_core.training.rendering.tts.voices import VOICES
from diface_core.training.visemes.articulation import phone_symbols

pytestmark = pytest.mark.training

RATE = 16000


def tone_and_hiss(swap: float = 0.5) -> np.ndarray:
    """Return a second of 220 Hz until `swap`, then noise."""
    at = np.arange(RATE) / RATE
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    return np.where(at < swap, 0.3 * np.sin(2 * np.pi * 220 * at), noise).astype(np.float32)


# --- labels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "ipa"),
    [("pau", ""), ("AY1", "aɪ"), ("b", "b"), ("hh", "h"), ("er0", "ɝ"), ("ch", "tʃ"), ("ax", "ə")],
)
def test_arpabet_is_converted_to_ipa(label, ipa):
    assert phones.from_arpabet(label) == ipa


@pytest.mark.parametrize(
    ("label", "ipa"),
    [
        ("uː", "u"),
        ("ɔ̃", "ɔ"),
        ("tɕh", "tɕh"),
        ("ʤ", "dʒ"),
        ("ˈ", ""),
        ("ɑu2", "ɑu"),
        ("t͡ʃ", "tʃ"),
        ("ʲ", ""),
        ("ss", "s"),
    ],
)
def test_ipa_marks_are_dropped_and_letters_kept(label, ipa):
    assert phones.normalise_ipa(label) == ipa


def test_label_that_is_not_ipa_is_refused():
    with pytest.raises(ValueError, match=r"Expected IPA\. Got '不'"):
        phones.normalise_ipa("不")
    with pytest.raises(ValueError, match=r"Expected an ARPAbet label\. Got 'zzz'"):
        phones.from_arpabet("zzz")


def test_viseme_model_knows_every_symbol():
    assert all(phone_symbols(symbol) for symbol in phones.SYMBOLS)
    assert all(set(ipa) <= phones.SYMBOLS for ipa in map(phones.normalise_ipa, phones.EQUIVALENTS))


def test_stress_and_gaps_are_merged_into_their_phones():
    said = [("^", 5), ("ˈ", 2), ("a", 3), ("ɪ", 2), ("ː", 1), (" ", 2), ("m", 4), ("ɪ", 2), (".", 6)]
    assert symbols.phones_from_symbols(said) == [(0, 5, ""), (5, 15, "aɪ"), (15, 19, "m"), (19, 21, "ɪ"), (21, 27, "")]


def test_flite_end_times_become_spans():
    assert flite.parse_phones("pau:0.220 m:0.300 aa1:0.450 \n") == [(0.0, 0.22, ""), (0.22, 0.3, "m"), (0.3, 0.45, "ɑ")]


def test_silence_before_a_burst_belongs_to_the_stop():
    samples = np.full(3000, 0.1, np.float32)
    samples[900:1000] = 0.0  # the library reports 'a' until 1000
    found = espeak.phones_from_events([(0, "a"), (1000, "p"), (1200, "(en)"), (1200, "iː"), (2000, "2")], samples, 1000)
    assert found == [(0.0, 0.9, "a"), (0.9, 1.2, "p"), (1.2, 3.0, "i")]


# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", sentences.languages())
def test_every_sentence_template_can_be_filled(language):
    said = list(islice(sentences.draw_sentences(language, "test"), 60))
    assert not any("{" in sentence or "}" in sentence for sentence in said)
    assert said == list(islice(sentences.draw_sentences(language, "test"), 60))
    assert said != list(islice(sentences.draw_sentences(language, "other"), 60))


def test_sentences_spell_numbers_in_words():
    said = " ".join(islice(sentences.draw_sentences("en", "test"), 200))
    assert not any(letter.isdigit() for letter in said)


def test_voices_have_names_sentences_engines_and_licences():
    assert len({voice.name for voice in VOICES}) == len(VOICES)
    assert {voice.engine for voice in VOICES} == set(registry.ENGINES)
    assert {voice.language for voice in VOICES if voice.engine != "prompts"} <= set(sentences.languages())
    assert all(voice.licence and voice.speaker and voice.minutes > 0 for voice in VOICES)


# --- sound and layout -----------------------------------------------------------------------------------------------


def test_phones_cover_the_sound_from_end_to_end():
    said = speech.make_aligned_speech(tone_and_hiss(), RATE, [(0.1, 0.5, "a"), (0.5, 0.9, "s")])
    assert [phone.label for phone in said.phones] == ["", "a", "s", ""]
    assert said.phones[0].start == 0
    assert all(first.end == then.start for first, then in zip(said.phones, said.phones[1:], strict=False))
    assert said.phones[-1].end == pytest.approx(len(said.samples) / RATE, abs=1e-3)


def test_long_silence_at_the_ends_is_trimmed_with_the_phones():
    sound = np.concatenate([np.zeros(RATE), tone_and_hiss(), np.zeros(RATE)]).astype(np.float32)
    said = speech.make_aligned_speech(sound, RATE, [(0, 1, ""), (1, 1.5, "a"), (1.5, 2, "s"), (2, 3, "")])
    assert len(said.samples) / RATE == pytest.approx(1 + 2 * speech.EDGE_SECONDS)
    assert [round(phone.end, 6) for phone in said.phones] == [0.3, 0.8, 1.3, 1.6]


def test_resampled_speech_keeps_its_times():
    said = speech.make_aligned_speech(np.zeros(22050, np.float32), 22050, [(0.0, 1.0, "a")])
    assert len(said.samples) == RATE


def test_voice_files_survive_write_and_read(tmp_path):
    said = speech.make_aligned_speech(tone_and_hiss(), RATE, [(0.0, 0.5, "a"), (0.5, 1.0, "s")])
    wrote = [speech.Utterance(f"v_{n}", "ä", said) for n in range(3)]
    assert speech.write_voice(tmp_path, "v", {"language": "en", "licence": "x"}, wrote) == pytest.approx(3)

    about = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    assert (about["voice"], about["language"], about["licence"]) == ("v", "en", "x")
    assert [(row["start"], row["samples"]) for row in about["utterances"]] == [
        (0, RATE),
        (RATE, RATE),
        (2 * RATE, RATE),
    ]
    back = speech.read_voice(tmp_path, "v")
    assert back[1].speech.phones == said.phones
    np.testing.assert_allclose(back[2].speech.samples, said.samples, atol=1e-4)


# --- timing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-0.03, 0.0, 0.03])
def test_label_lag_is_measured(late):
    # Both orders: a window with both sounds resembles the hiss, which shifts the two borders in opposite directions.
    said = []
    for swap in (0.4, 0.5, 0.6):
        sound = np.concatenate([tone_and_hiss(swap), tone_and_hiss(swap)[::-1]])
        spans = [(0.0, swap - late, "a"), (swap - late, 2 - swap - late, "s"), (2 - swap - late, 2.0, "a")]
        said.append(speech.Utterance("", "", speech.make_aligned_speech(sound, RATE, spans)))
    found, share = label_timing.label_lag(said)
    assert found == pytest.approx(1000 * late, abs=4)
    assert share > 0.5


def test_borders_are_refined_to_changes_of_the_sound():
    said = [
        speech.AlignedSpeech(tone_and_hiss(swap), (Phone(0.0, swap + wrong, "a"), Phone(swap + wrong, 1.0, "s")))
        for swap, wrong in ((0.4, 0.04), (0.5, -0.04), (0.6, 0.04), (0.45, -0.03))
    ]
    ends = [each.phones[0].end for each in borders.refine_borders(said)]
    np.testing.assert_allclose(ends, [0.4, 0.5, 0.6, 0.45], atol=0.01)


@pytest.mark.parametrize("engine", ["flite", "espeak"])
def test_engine_labels_are_in_time(engine):
    if engine in registry.missing_engines([engine]):
        pytest.skip(registry.ENGINES[engine].hint)
    voice = next(voice for voice in VOICES if voice.engine == engine and voice.language == "en")
    said = [
        speech.Utterance("", sentence, registry.speak(voice, sentence, 1.0))
        for sentence in islice(sentences.draw_sentences("en", "test"), 8)
    ]
    assert abs(label_timing.label_lag(said)[0]) < 8
    assert all(abs(each.speech.phones[-1].end - len(each.speech.samples) / RATE) < 0.01 for each in said)


# --- the recogniser -------------------------------------------------------------------------------------------------


def test_recognised_phones_are_corrected_for_the_delay(monkeypatch):
    monkeypatch.setattr(recogniser, "_column_symbols", lambda: ("a", "p", ""))
    rows = np.full((50, 3), -9.0, np.float32)
    rows[:, 2] = 0.0
    rows[20:24, 0] = 1.0
    rows[30:32, 1] = 1.0
    samples = np.full(RATE, 0.1, np.float32)
    samples[: int(0.3 * RATE)] = 0.0
    found = recogniser.recognise(samples, rows)
    assert [label for *_, label in found] == ["a", "p"]
    assert found[0][0] == pytest.approx(0.4 - recogniser.DELAY)
    assert found[1][0] == pytest.approx(0.6 - recogniser.STOP_DELAY)


def test_missing_recogniser_error_has_an_installation_hint(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "hama.asr", None)
    recogniser._model.cache_clear()
    with pytest.raises(recogniser.DifaceError, match="hama"):
        recogniser.ipa_posteriors(np.zeros(RATE, np.float32))


def test_recorded_voice_cannot_be_synthesised():
    voice = next(voice for voice in VOICES if voice.engine == "prompts")
    with pytest.raises(TypeError, match="Expected a synthesised voice"):
        registry.speak(voice, "hello", 1.0)


def test_prompts_are_selected_by_length(tmp_path, monkeypatch):
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    (tmp_path / "someone" / "silence").mkdir(parents=True)
    for name, seconds in {"a": 5, "b": 5, "c": 5, "letter": 0.5, "silence/ten": 10}.items():
        Path(tmp_path / "someone" / f"{name}.g722").write_bytes(bytes(int(seconds * prompts.BYTES_A_SECOND)))
    assert len(prompts.choose_prompts("someone", 8 / 60)) == 2
    assert {path.stem for path in prompts.choose_prompts("someone", 10)} == {"a", "b", "c"}


def test_match_phones_compares_kinds_of_sounds():
    exact = [Phone(0.0, 0.1, "m"), Phone(0.1, 0.2, "a"), Phone(0.2, 0.3, "t"), Phone(0.3, 0.4, "i")]
    heard = [Phone(0.0, 0.1, "b"), Phone(0.1, 0.2, "a"), Phone(0.3, 0.4, "i")]
    pairs, cost = evaluate_recogniser.match_phones(exact, heard)
    assert [(a.label, b.label) for a, b in pairs] == [("m", "b"), ("a", "a"), ("i", "i")]
    assert cost == 1.5  # one with another label of the same kind, one missing
