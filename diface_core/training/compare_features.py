"""`python -m diface_core.training.compare_features`: ridges on parts of the features, on a source unseen too."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from ..features import LOUDNESS, MEL, SPEECH, SpeechEncoder
from . import corpora, metrics
from .baselines import Heard, hear, ridge

PARTS: dict[str, tuple[slice, ...]] = {
    "encoder": (SPEECH,),
    "mel bands and loudness": (MEL, slice(LOUDNESS, LOUDNESS + 1)),
    "loudness": (slice(LOUDNESS, LOUDNESS + 1),),
    "all": (SPEECH, MEL, slice(LOUDNESS, LOUDNESS + 1)),
}


def part(heard: list[Heard], columns: tuple[slice, ...]) -> list[Heard]:
    """The same clips with some columns of their features."""
    return [
        dataclasses.replace(h, features=np.concatenate([h.features[:, some] for some in columns], axis=1))
        for h in heard
    ]


def aperture_r(train: list[Heard], judged: list[Heard]) -> float:
    """r of the lips' distance of a ridge from row to weights."""
    predict = ridge(train)
    ours = [metrics.aperture(predict(h.features)) for h in judged]
    return metrics.correlation(ours, [metrics.aperture(h.clip.values) for h in judged])


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.compare_features", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".build/heard"), help="where features are kept")
    given = parser.parse_args(arguments)

    heard: dict[str, list[Heard]] = {}
    for one in hear(corpora.read_all(given.data), SpeechEncoder.load(), given.cache):
        heard.setdefault(one.clip.source, []).append(one)
    pairs = [(trained, judged) for trained in heard for judged in heard]
    print("| | " + " | ".join(f"{a} to {b}" for a, b in pairs) + " |\n" + "|---" * (len(pairs) + 1) + "|")
    for name, columns in PARTS.items():
        some = {source: part(clips, columns) for source, clips in heard.items()}
        scores = [
            aperture_r(
                [h for h in some[trained] if not corpora.held_out(h.clip)],
                [h for h in some[judged] if corpora.held_out(h.clip)],
            )
            for trained, judged in pairs
        ]
        print(f"| {name} | " + " | ".join(f"{score:.2f}" for score in scores) + " |", flush=True)


if __name__ == "__main__":
    main()
