"""`python -m diface_core.training.evaluation.lip_closures PHONES.json ...`: lips on m b p, f v and round sounds, in mm on our head.

For sounds without a tracked truth: voices that no model has heard. A sound lies beside its phones under the same name,
as .flac. Phones are [start s, end s, ARPAbet or IPA], of the whole sound under "phones" or of each of its "utterances"
with "start" and "samples", as `training/rendering` writes them.
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
    """The sounds that one file of phones describes, at most so many, evenly chosen; their values are not known."""
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
    """What our model does on them."""
    heard = encode_clips(clips, encoder, cache)
    return Predictions([models.sample(h.features, request).values for h in tqdm(heard, desc="speaking")], clips)


def closest_lips(predictions: Predictions) -> tuple[list[Float32Array], list[str]]:
    """Of every m, b, p the weights (52,) in which the lips are nearest, and what it is."""
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
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.evaluation.lip_closures", description=__doc__)
    parser.add_argument("phones", type=Path, nargs="*", default=[Path("tests/data/speech.json")])
    parser.add_argument("--grid", type=int, default=0, metavar="N", help="so many held-out clips of GRID too")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="where features are kept")
    parser.add_argument("--utterances", type=int, default=20, help="at most so many of a sound")
    parser.add_argument("--steps", type=int, default=GenerateRequest.steps)
    parser.add_argument("--guidance", type=float, default=GenerateRequest.guidance)
    parser.add_argument("--style", help="a trained style; without it the model's default")
    parser.add_argument("--rows", type=Path, help="write the closest row of every m, b, p for tests/addon/lips_seen.py")
    given = parser.parse_args(arguments)

    sounds = {path.stem: read_utterances(path, given.utterances) for path in given.phones}
    if given.grid:
        judged = [clip for clip in read_grid(given.data / "grid_s1") if is_held_out(clip) and clip.phones]
        sounds["GRID, held out"] = judged[: given.grid]
    asked = GenerateRequest(
        AudioSection(Path()), ("face",), steps=given.steps, guidance=given.guidance, style=Style.named(given.style)
    )
    models, encoder = load_models(), SpeechEncoder.load()
    found = {name: generate_on_clips(models, encoder, clips, given.cache, asked) for name, clips in sounds.items()}
    print(table(PHONES, {f"{name}, {len(closest_lips(one)[0])} m b p": one for name, one in found.items()}))
    if given.rows:
        rows = [closest_lips(one) for one in found.values()]
        weights, labels = np.concatenate([np.array(w) for w, _ in rows]), [label for _, some in rows for label in some]
        np.savez(given.rows, weights=weights, labels=np.array(labels), gap_mm=lip_gap(weights))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
