"""`python -m diface_core.training.rendering.recognise_folder FOLDER OUT.json`: recordings of one speaker -> their phones.

FOLDER holds sound files at 16 kHz; OUT.json becomes {"file": [[start s, end s, IPA], ...], ...}, pauses as "". Takes
about a fifth of the sound's length on an idle core.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

from ...audio.speech_encoder import SAMPLE_RATE
from ...types import Float32Array
from . import borders, recogniser
from .speech import AlignedSpeech, fill_gaps


def recognise_phones(
    sounds: Mapping[str, Float32Array], posteriors: Mapping[str, Float32Array]
) -> dict[str, AlignedSpeech]:
    """Sounds (N,) at 16 kHz of one speaker, and their `ipa_posteriors` -> the sounds with their phones."""
    found = {}
    for name, samples in sounds.items():
        heard = recogniser.recognise(samples, posteriors[name])
        found[name] = AlignedSpeech(samples, tuple(fill_gaps(heard, len(samples) / SAMPLE_RATE)))
    return dict(zip(found, borders.refine_borders(list(found.values())), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="sound files of one speaker, at 16 kHz")
    parser.add_argument("out", type=Path, help="the file to write")
    given = parser.parse_args()

    files = sorted(path for path in given.folder.iterdir() if path.suffix in (".flac", ".wav"))
    sounds = {path.stem: np.asarray(soundfile.read(path, dtype="float32")[0], np.float32) for path in files}
    heard = {name: recogniser.ipa_posteriors(samples) for name, samples in tqdm(sounds.items(), unit="file")}
    rows = {
        name: [[round(p.start, 3), round(p.end, 3), p.label] for p in said.phones]
        for name, said in recognise_phones(sounds, heard).items()
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    print(f"{sum(map(len, rows.values()))} phones of {len(rows)} files in {given.out}.")


if __name__ == "__main__":
    main()
