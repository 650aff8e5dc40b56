"""`python -m diface_core.training.evaluation.lip_closures PHONES.json ...`: lips on m b p, f v and round sounds.

Distances are in mm on the bundled head, for sounds without tracked motion: voices that no model was trained on. The
sound lies next to its phones under the same name, as .flac. Phones are [start s, end s, ARPAbet or IPA], of the whole
sound under "phones" or of each of its "utterances" with "start" and "samples", as `training/rendering` writes them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ... import channels
from ...audio.reading import load_clip
from ...audio.speech_encoder import SAMPLE_RATE, SpeechEncoder
from ...model.models import Models, load_models
from ...types import MODEL_RATE, AudioSection, Float32Array, GenerateRequest, Style
from ..corpora import Clip, Phone, is_held_out, read_grid
from ..metrics import PAUSE_LABELS, lip_closures, lip_gap, phone_rows
from .baselines import encode_clips
from .scorecard import PHONES, Predictions, table


def read_utterances(path: Path, max_count: int) -> list[Clip]:
    """Return at most `max_count` evenly spaced sounds of one file of phones; their values are unknown."""
    said = json.loads(path.read_text("utf-8"))
    samples = load_clip(AudioSection(path.with_suffix(".flac"))).samples
    parts = said.get("utterances") or [{"start": 0, "samples": len(samples), "phones": said["phones"]}]
    chosen = np.unique(np.linspace(0, len(parts) - 1, min(max_count, len(parts))).round().astype(int))
    clips = []
    for number in chosen:
        part = parts[number]
        sound = samples[part["start"] : part["start"] + part["samples"]]
        rest = np.zeros((MODEL_RATE.rows(len(sound) / SAMPLE_RATE), len(channels.FACE)), np.float32)
        phones = tuple(Phone(*phone) for phone in part["phones"])
        clips.append(Clip(f"{path.stem} {number}", sound, rest, np.zeros(len(channels.FACE), bool), "", phones))
    return clips


def generate_on_clips(
    models: Models, encoder: SpeechEncoder, clips: list[Clip], cache: Path, request: GenerateRequest
) -> Predictions:
    """Generate DiFACE's motion for the clips."""
    encoded = encode_clips(clips, encoder, cache)
    return Predictions([models.sample(h.features, request).values for h in tqdm(encoded, desc="speaking")], clips)


def closest_lips(predictions: Predictions) -> tuple[list[Float32Array], list[str]]:
    """Return for every m, b, p the weights (52,) at which the lips are nearest, and its label."""
    weights, labels = [], []
    for values, clip in zip(predictions.predicted, predictions.clips, strict=True):
        gap = lip_gap(values)
        for phone in clip.phones:
            if phone.label not in PAUSE_LABELS and lip_closures.is_labial(phone.label):
                rows = phone_rows(phone, len(gap), 1)
                weights.append(values[rows.start + int(gap[rows].argmin())])
                labels.append(f"{clip.name} {phone.label} {phone.start:.2f}")
    return weights, labels


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.evaluation.lip_closures", description=__doc__)
    parser.add_argument("phones", type=Path, nargs="*", default=[Path("tests/data/speech.json")])
    parser.add_argument("--grid", type=int, default=0, metavar="N", help="add N held-out clips of GRID")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="folder of cached features")
    parser.add_argument("--utterances", type=int, default=20, help="largest number of utterances of a sound")
    parser.add_argument("--steps", type=int, default=GenerateRequest.steps)
    parser.add_argument("--guidance", type=float, default=GenerateRequest.guidance)
    parser.add_argument("--sampler", type=int, default=GenerateRequest.sampler)
    parser.add_argument("--style", help="a trained style; without it the model's default")
    parser.add_argument("--rows", type=Path, help="write the closest row of every m, b, p for visible_lip_closures.py")
    options = parser.parse_args(arguments)

    sounds = {path.stem: read_utterances(path, options.utterances) for path in options.phones}
    if options.grid:
        judged = [clip for clip in read_grid(options.data / "grid_s1") if is_held_out(clip) and clip.phones]
        sounds["GRID, held out"] = judged[: options.grid]
    request = GenerateRequest(
        AudioSection(Path()),
        ("face",),
        steps=options.steps,
        guidance=options.guidance,
        sampler=options.sampler,
        style=Style.named(options.style),
    )
    models, encoder = load_models(), SpeechEncoder.load()
    found = {name: generate_on_clips(models, encoder, clips, options.cache, request) for name, clips in sounds.items()}
    print(table(PHONES, {f"{name}, {len(closest_lips(one)[0])} m b p": one for name, one in found.items()}))
    if options.rows:
        rows = [closest_lips(one) for one in found.values()]
        weights, labels = np.concatenate([np.array(w) for w, _ in rows]), [label for _, some in rows for label in some]
        np.savez(options.rows, weights=weights, labels=np.array(labels), gap_mm=lip_gap(weights))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
