"""Compare speech encoders as inputs of the mouth, with sources and languages left out.

    python -m diface_core.training.evaluation.experiments.compare_encoders --wheels WHEELS --rendered FOLDER

Each row of the table is one encoder, one of its layers and one normalisation, always with mel bands and loudness; each
column is trained without its source or its languages and evaluated on them. `WHEELS` holds the wheels of
`whisper_layers.SIZES`, FOLDER what `python -m diface_core.training.rendering --out FOLDER` made.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ....audio.feature_cache import FeatureCache, audio_key
from ....audio.loudness import SAMPLE_RATE
from ....audio.speech_encoder import SpeechEncoder
from ....types import AudioClip, Float32Array
from ... import corpora, metrics
from ...corpora import Clip, Split
from ...corpora.rendered import rendered_folder
from ...rendering.tts.voices import VOICES
from ..scorecard import format_measure
from .predictors import MOUTH, Example, Predict, convnet, ridge
from .whisper_layers import SIZES, layer_columns, load_encoder

LANGUAGE = {voice.name: voice.language.partition("-")[0] for voice in VOICES}
FAMILIES = {
    "Mandarin": ("zh",),
    "Romance": ("es", "fr", "it", "pt"),
    "German, Dutch, Swedish": ("de", "nl", "sv"),
    "Russian, Polish": ("ru", "pl"),
    "Turkish, Hindi, Korean": ("tr", "hi", "ko"),
}
"""Languages of rendered voices that are left out together. FACEGOOD is left out with Mandarin."""


DISK_LIMIT = 4 << 30
"""Bytes of cached features."""


@dataclass(frozen=True)
class Fold:
    """What one model is trained without and evaluated on."""

    name: str
    is_left_out: Callable[[Clip], bool]
    is_judged: Callable[[Clip], bool]


def language(clip: Clip) -> str:
    """Return the language of a clip, such as "en"."""
    return {"grid_s1": "en", "facegood_1114": "zh"}.get(clip.source) or LANGUAGE[clip.speaker]


def folds() -> list[Fold]:
    """Return the folds: a known source, either source left out, and each family of languages left out."""

    def held_out(source: str) -> Callable[[Clip], bool]:
        return lambda clip: clip.source == source and corpora.is_held_out(clip)

    found = [Fold("GRID known", held_out("grid_s1"), held_out("grid_s1"))]
    for name, source in (("GRID left out", "grid_s1"), ("FACEGOOD left out", "facegood_1114")):
        found.append(Fold(name, lambda clip, source=source: clip.source == source, held_out(source)))
    for name, members in FAMILIES.items():
        found.append(
            Fold(
                f"{name} left out",
                lambda clip, members=members: language(clip) in members,
                lambda clip, members=members: clip.source == "rendered" and language(clip) in members,
            )
        )
    return found


def standardise_voices(clips: list[Clip], features: list[Float32Array]) -> list[Float32Array]:
    """Return the features with mean 0 and deviation 1 over all clips of each speaker, held out or not."""
    speakers = [clip.speaker or clip.source for clip in clips]
    scaled: list[Float32Array] = [np.empty(0, np.float32)] * len(clips)
    for speaker in set(speakers):
        own = [index for index, name in enumerate(speakers) if name == speaker]
        rows = np.concatenate([features[index] for index in own]).astype(np.float64)
        mean, deviation = rows.mean(0), rows.std(0) + 1e-3
        for index in own:
            scaled[index] = ((features[index] - mean) / deviation).astype(np.float32)
    return scaled


def evaluate_fold(
    fold: Fold, clips: list[Clip], features: list[Float32Array], fit: Callable[[list[Example]], Predict]
) -> str:
    """Return the aperture's r over the judged clips (GRID: r_res) with its interval."""
    train = [
        Example(x, clip.values[:, MOUTH], clip.known[MOUTH])
        for clip, x in zip(clips, features, strict=True)
        if not (fold.is_left_out(clip) or fold.is_judged(clip))
    ]
    predict = fit(train)
    judged = [(clip, x) for clip, x in zip(clips, features, strict=True) if fold.is_judged(clip)]
    mouths = [predict(x) for _, x in judged]
    ours = [np.maximum(mouth[:, 0] - mouth[:, 1], 0) for mouth in mouths]
    truth = [metrics.aperture(clip.values) for clip, _ in judged]
    grid = all(clip.source == "grid_s1" for clip, _ in judged)
    measure = metrics.pooled_residual_correlation if grid else metrics.pooled_correlation
    return format_measure(measure(ours, truth), 3)


def select_clips(data: Path, rendered: Path, every: int, utterances: int) -> list[Clip]:
    """Return held-out clips, every nth other clip of GRID, all of FACEGOOD, and some utterances of each voice."""
    clips = corpora.read_corpora(data)
    kept = [clip for clip in clips if corpora.is_held_out(clip)]
    for source in ("grid_s1", "facegood_1114"):
        mine = [clip for clip in clips if clip.source == source]
        mine = [clip for clip in Split().training_clips(mine) if not corpora.is_held_out(clip)]
        kept += mine[:: every if source == "grid_s1" else 1]
    counted: dict[str, int] = {}
    for clip in rendered_folder(rendered):
        counted[clip.speaker] = counted.get(clip.speaker, 0) + 1
        if counted[clip.speaker] <= utterances:
            kept.append(clip)
    return kept


def encode(clips: list[Clip], encoder: SpeechEncoder, cache: Path) -> list[Float32Array]:
    """Return the features of each clip, from the cache where they are."""
    feature_cache = FeatureCache(cache, disk_limit=DISK_LIMIT)
    found = []
    for clip in tqdm(clips, desc="hearing", unit="clip", mininterval=30):
        sound = AudioClip(clip.samples, SAMPLE_RATE)
        found.append(
            feature_cache.get_or_put(audio_key(sound, encoder.hash), lambda sound=sound: encoder.encode(sound))
        )
    return found


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.experiments.compare_encoders",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--wheels", type=Path, default=Path(".build/downloads"), help="folder of the encoders' wheels")
    parser.add_argument("--rendered", type=Path, default=Path(".build/training/rendered"), help="rendered voices")
    parser.add_argument("--cache", type=Path, default=Path(".build/encoders"), help="folder of cached features")
    parser.add_argument("--every", type=int, default=2, metavar="N", help="train on every Nth clip of GRID")
    parser.add_argument("--utterances", type=int, default=15, help="largest number of utterances of a rendered voice")
    parser.add_argument("--networks", nargs="*", default=["tiny.en 4", "base 4", "base 6"], help="rows with a network")
    options = parser.parse_args(arguments)

    clips = select_clips(options.data, options.rendered, options.every, options.utterances)
    print("| | " + " | ".join(fold.name for fold in folds()) + " |\n" + "|---" * (len(folds()) + 1) + "|", flush=True)
    for fit in (ridge, convnet):
        for name, size in SIZES.items():
            encoded = encode(clips, load_encoder(name, options.wheels), options.cache)
            for layer in size.outputs:
                if fit is convnet and f"{name} {layer}" not in options.networks:
                    continue
                columns = layer_columns(name, layer)
                features = [np.concatenate([x[:, part] for part in columns], axis=1) for x in encoded]
                for normalised in (False, True):
                    inputs = standardise_voices(clips, features) if normalised else features
                    label = f"{fit.__name__}, {name}, layer {layer}" + (", per voice" if normalised else "")
                    cells = [evaluate_fold(fold, clips, inputs, fit) for fold in folds()]
                    print(f"| {label} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
