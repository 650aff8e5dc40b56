"""Rendered speech: sounds of TTS voices with exact phones, whose motion comes from the viseme model."""

from __future__ import annotations

import json
import logging
import zlib
from pathlib import Path

import numpy as np
import soundfile

from ...audio.loudness import SAMPLE_RATE, measure_audio
from ...types import Float32Array
from ..visemes.viseme_motion import viseme_motion
from .clip import Clip, Phone

log = logging.getLogger(__name__)
RENDERED_STYLE = "rendered"


def rendered_folder(folder: Path, seed: int = 0) -> list[Clip]:
    """Return a clip for every utterance of every `<voice>.json` in `folder`, whose sound is `<voice>.flac`.

    The JSON holds "voice" and "utterances": each with "start" and "samples" in the FLAC (16 kHz mono), and "phones" as
    [start s, end s, IPA] from its start. The amplitude of a speaker is drawn from the seed and the clip's name.
    Unreadable items are skipped and logged: a voice without its sound, an utterance that ends beyond it, phones that
    are not IPA.
    """
    clips = []
    for path in sorted(folder.glob("*.json")):
        try:
            said = json.loads(path.read_text())
            samples = np.asarray(soundfile.read(path.with_suffix(".flac"), dtype="float32")[0], np.float32)
        except (OSError, ValueError, soundfile.LibsndfileError) as error:
            log.warning("%s left out: %s", path.name, error)
            continue
        for number, utterance in enumerate(said["utterances"]):
            name = f"rendered:{said['voice']}:{number}"
            sound = samples[utterance["start"] : utterance["start"] + utterance["samples"]]
            try:
                phones = tuple(Phone(float(start), float(end), label) for start, end, label in utterance["phones"])
                clips.append(_clip(name, said["voice"], sound, phones, seed))
            except (KeyError, ValueError) as error:
                log.warning("%s left out: %s", name, error)
    return clips


def _clip(name: str, voice: str, samples: Float32Array, phones: tuple[Phone, ...], seed: int) -> Clip:
    seconds = len(samples) / SAMPLE_RATE
    if not phones or phones[-1].end > seconds + 0.1:
        raise ValueError(f"Phones must lie within the sound of {seconds:.2f} s.")
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    values, known = viseme_motion(phones, seconds, measure_audio([samples]).loudness, rng)
    return Clip(name, samples, values, known, RENDERED_STYLE, phones, speaker=voice, source=RENDERED_STYLE)
