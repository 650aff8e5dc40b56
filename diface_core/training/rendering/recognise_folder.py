"""`python -m diface_core.training.rendering.recognise_folder FOLDER OUT.json`: recognise phones of one speaker.

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
    """Return sounds (N,) at 16 kHz of one speaker with their phones, given their `ipa_posteriors`."""
    found = {}
    for name, samples in sounds.items():
        heard = recogniser.recognise(samples, posteriors[name])
        found[name] = AlignedSpeech(samples, tuple(fill_gaps(heard, len(samples) / SAMPLE_RATE)))
    return dict(zip(found, borders.refine_borders(list(found.values())), strict=True))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="sound files of one speaker, at 16 kHz")
    parser.add_argument("out", type=Path, help="the file to write")
    options = parser.parse_args()

    files = sorted(path for path in options.folder.iterdir() if path.suffix in (".flac", ".wav"))
    sounds = {path.stem: np.asarray(soundfile.read(path, dtype="float32")[0], np.float32) for path in files}
    heard = {name: recogniser.ipa_posteriors(samples) for name, samples in tqdm(sounds.items(), unit="file")}
    rows = {
        name: [[round(p.start, 3), round(p.end, 3), p.label] for p in said.phones]
        for name, said in recognise_phones(sounds, heard).items()
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    print(f"{sum(map(len, rows.values()))} phones of {len(rows)} files in {options.out}.")


if __name__ == "__main__":
    main()
