"""The voices: engine, language, speaker, minutes, licence. All of them permit training a model that is distributed."""

from __future__ import annotations

from dataclasses import dataclass

CMU = "CMU Flite's own licence (BSD-like) and CMU ARCTIC's (free for any use)"
ESPEAK = "GPL-3.0-or-later program; nothing of it is in the sound that it makes"
JOE = "CC0 (rhasspy's en_US-joe-medium, Nabu Casa's voice datasets)"
KOKORO = "Apache-2.0 (hexgrad's Kokoro-82M; ONNX export MIT)"
ALLISON = "CC-BY-SA-3.0 (Allison Smith, Digium)"
JUNE = "CC-BY-SA-3.0 (June Wallack, Digium)"
CARLO = "CC-BY-3.0 (Carlo Flora)"
MAXIM = "CC-BY-3.0 (provided by Maxim Topal, ivrvoice.ru)"


@dataclass(frozen=True)
class Voice:
    """One voice in one language.

    Attributes:
        name: Unique name.
        engine: Name of the engine.
        language: Language of the sentences.
        voice: The engine's name of the voice.
        speaker: Voices of one speaker have the same.
        minutes: Minutes to render.
        licence: Licence of the voice.
        pitch: In the engine's unit, 0 for the voice's default.
        pitch_range: Range of pitch in eSpeak's unit.
    """

    name: str
    engine: str
    language: str
    voice: str
    speaker: str
    minutes: float
    licence: str
    pitch: float = 0.0
    pitch_range: float = 50.0


def _flite() -> list[Voice]:
    minutes = {"awb": 6.0, "rms": 6.0, "slt": 6.0}
    voices = [Voice(f"flite_{v}", "flite", "en", v, f"flite_{v}", m, CMU) for v, m in minutes.items()]
    # kal is one speaker of diphones: the pitch is free. kal (8 kHz) and awb_time (speaks the time only) add nothing.
    for name, pitch in (("low", 85.0), ("own", 105.0), ("high", 165.0)):
        voices.append(Voice(f"flite_kal16_{name}", "flite", "en", "kal16", "flite_kal16", 1.5, CMU, pitch))
    return voices


# name: (language of the sentences, eSpeak's voice, minutes, pitch, pitch range). A variant is another timbre: one
# speaker each. Those with an echo (f2 to f5, m2) smear their phones and are left out.
_ESPEAK: dict[str, tuple[str, str, float, float, float]] = {
    "en_m3": ("en", "en-us+m3", 1.0, 45, 60), "en_f1": ("en", "en-us+f1", 1.0, 55, 60),
    "en_gb": ("en", "gmw/en", 1.0, 50, 50), "en_scot_m7": ("en", "en-gb-scotland+m7", 1.0, 40, 70),
    "en_rp_steph": ("en", "en-gb-x-rp+steph", 1.0, 50, 40), "en_linda": ("en", "en-us+linda", 1.0, 50, 50),
    "zh_m1": ("zh", "cmn-latn-pinyin+m1", 1.5, 45, 60), "zh_f1": ("zh", "cmn-latn-pinyin+f1", 1.5, 55, 60),
    "zh_klatt4": ("zh", "cmn-latn-pinyin+klatt4", 1.5, 35, 70),
    "zh_anika": ("zh", "cmn-latn-pinyin+anika", 1.5, 60, 50),
    "es_edward": ("es", "es+edward", 1.0, 50, 55), "es_linda": ("es", "es-419+linda", 1.0, 55, 60),
    "fr_m5": ("fr", "fr+m5", 1.0, 45, 50), "fr_f1": ("fr", "fr+f1", 1.0, 55, 55),
    "de_m6": ("de", "de+m6", 1.0, 45, 55), "de_belinda": ("de", "de+belinda", 1.0, 50, 50),
    "it_m8": ("it", "it+m8", 1.0, 50, 65), "pt_steph": ("pt-br", "pt-br+steph", 1.0, 50, 55),
    "ru_m7": ("ru", "ru+m7", 1.0, 45, 55), "ru_f1": ("ru", "ru+f1", 1.0, 55, 55),
    "nl_m1": ("nl", "nl+m1", 0.5, 50, 50), "pl_anika": ("pl", "pl+anika", 0.5, 50, 55),
    "sv_adam": ("sv", "sv+adam", 0.5, 50, 65),
    "tr_zac": ("tr", "tr+zac", 0.5, 50, 50), "hi_m3": ("hi", "hi+m3", 0.5, 50, 55),
    "ko_f1": ("ko", "ko+f1", 0.5, 55, 50),
    "en_alex": ("en", "en-us+Alex", 0.7, 35, 50),
    "en_michael": ("en", "en-us+Michael", 0.7, 48, 50),
    "en_diogo": ("en", "en-us+Diogo", 0.7, 61, 50),
    "en_grandma": ("en", "en-us+grandma", 0.7, 39, 50),
    "en_grandpa": ("en", "en-us+grandpa", 0.7, 52, 50),
    "en_whisper": ("en", "en-us+whisper", 0.7, 65, 50),
    "en_whisperf": ("en", "en-us+whisperf", 0.7, 43, 50),
    "en_benjamin": ("en", "en-us+benjamin", 0.7, 56, 50),
    "en_caleb": ("en", "en-us+caleb", 0.7, 69, 50),
    "en_travis": ("en", "en-us+travis", 0.7, 47, 50),
    "de_denis": ("de", "de+Denis", 0.7, 60, 50),
    "de_klatt2": ("de", "de+klatt2", 0.7, 38, 50),
    "es_miguel": ("es", "es+miguel", 0.7, 51, 50),
    "es_pablo": ("es", "es-419+pablo", 0.7, 64, 50),
    "es_antonio": ("es", "es+antonio", 0.7, 42, 50),
    "fr_michel": ("fr", "fr+michel", 0.7, 55, 50),
    "fr_norbert": ("fr", "fr+norbert", 0.7, 68, 50),
    "it_mario": ("it", "it+Mario", 0.7, 46, 50),
    "it_marco": ("it", "it+Marco", 0.7, 59, 50),
    "pt_henrique": ("pt-br", "pt-br+Henrique", 0.7, 37, 50),
    "pt_pedro": ("pt-br", "pt-br+pedro", 0.7, 50, 50),
    "ru_andy": ("ru", "ru+Andy", 0.7, 63, 50),
    "ru_victor": ("ru", "ru+victor", 0.7, 41, 50),
    "zh_lee": ("zh", "cmn-latn-pinyin+Lee", 0.7, 54, 50),
    "zh_nguyen": ("zh", "cmn-latn-pinyin+Nguyen", 0.7, 67, 50),
    "zh_paul": ("zh", "cmn-latn-pinyin+paul", 0.7, 45, 50),
    "zh_john": ("zh", "cmn-latn-pinyin+john", 0.7, 58, 50),
    "nl_rob": ("nl", "nl+rob", 0.7, 36, 50),
    "pl_iven": ("pl", "pl+iven", 0.7, 49, 50),
    "sv_ed": ("sv", "sv+ed", 0.7, 62, 50),
    "tr_kaukovalta": ("tr", "tr+kaukovalta", 0.7, 40, 50),
    "hi_quincy": ("hi", "hi+quincy", 0.7, 53, 50),
    "ko_david": ("ko", "ko+david", 0.7, 66, 50),
    "fr_annie": ("fr", "fr+Annie", 0.7, 35, 50),
    "de_gustave": ("de", "de+gustave", 0.7, 48, 50),
    "it_sandro": ("it", "it+sandro", 0.7, 61, 50),
    "pt_marcelo": ("pt-br", "pt-br+marcelo", 0.7, 39, 50),
    "ru_boris": ("ru", "ru+boris", 0.7, 52, 50),
    "nl_max": ("nl", "nl+max", 0.7, 65, 50),
    "pl_andrea": ("pl", "pl+Andrea", 0.7, 43, 50),
    "sv_jacky": ("sv", "sv+Jacky", 0.7, 56, 50),
    "tr_alicia": ("tr", "tr+Alicia", 0.7, 69, 50),
    "hi_gene2": ("hi", "hi+Gene2", 0.7, 47, 50),
    "ko_shelby": ("ko", "ko+shelby", 0.7, 60, 50),
}  # fmt: skip

# language of the sentences: (eSpeak's language, timbres): none of a voice that is held out in that language.
_ESPEAK_TIMBRES: dict[str, tuple[str, str]] = {
    "de": ("de", "Henrique grandpa john m3 whisperf"), "en": ("en-us", "Lee ed michel pedro rob"),
    "es": ("es", "Lee caleb m3 travis whisper"), "fr": ("fr", "Marco Mario adam belinda victor"),
    "hi": ("hi", "Andy belinda michel paul whisperf"), "it": ("it", "Andy Nguyen david iven klatt2"),
    "ko": ("ko", "Marco benjamin m1 steph zac"), "nl": ("nl", "Lee belinda m3 victor whisper"),
    "pl": ("pl", "Denis john m3 m8 norbert"), "pt-br": ("pt-br", "Denis david grandma m8 whisperf"),
    "ru": ("ru", "Henrique iven klatt4 michel quincy"), "sv": ("sv", "f1 iven m3 victor whisperf"),
    "tr": ("tr", "david m3 m4 miguel pablo"), "zh": ("cmn-latn-pinyin", "Denis Henrique Marco m6 zac"),
}  # fmt: skip
_TIMBRE_MINUTES = 0.7


def _espeak() -> list[Voice]:
    voices = dict(_ESPEAK)
    for language, (spoken, timbres) in _ESPEAK_TIMBRES.items():
        for timbre in timbres.split():
            pitch = 35 + 13 * len(voices) % 36
            name = f"{language[:2]}_{timbre.lower()}"
            voices[name] = language, f"{spoken}+{timbre}", _TIMBRE_MINUTES, pitch, 50
    return [
        Voice(f"espeak_{name}", "espeak", language, voice, f"espeak_{voice}", minutes, ESPEAK, pitch, lively)
        for name, (language, voice, minutes, pitch, lively) in voices.items()
    ]


def _piper() -> list[Voice]:
    # In three files, each with a different liveliness (in the pitch column), so that none of them takes long.
    steps = (("even", 0.4), ("own", 0.667), ("lively", 0.9))
    return [Voice(f"piper_joe_{name}", "piper", "en", "joe", "piper_joe", 2.0, JOE, noise) for name, noise in steps]


def _kokoro() -> list[Voice]:
    names = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
    return [Voice(f"kokoro_{name}", "kokoro", "ja", name, f"kokoro_{name}", 0.6, KOKORO) for name in names]


def _prompts() -> list[Voice]:
    folders = {
        "ru": ("ru_RU_f_IvrvoiceRU", "prompts_ivrvoice", MAXIM), "it": ("it_IT_m_Carlo", "prompts_carlo", CARLO),
        "fr": ("fr_CA_f_June", "prompts_june", JUNE), "es": ("es_MX_f_Allison", "prompts_allison", ALLISON),
        "en": ("en_US_f_Allison", "prompts_allison", ALLISON),
    }  # fmt: skip
    return [
        Voice(f"prompts_{language}", "prompts", language, folder, speaker, 3.0, licence)
        for language, (folder, speaker, licence) in folders.items()
    ]


VOICES: tuple[Voice, ...] = (*_flite(), *_espeak(), *_piper(), *_kokoro(), *_prompts())
