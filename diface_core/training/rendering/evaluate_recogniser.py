"""`python -m diface_core.training.rendering.evaluate_recogniser FOLDER VOICE ...`: measure the phone recogniser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..corpora.clip import Phone
from . import recogniser
from .phones import VOWELS
from .recognise_folder import recognise_phones
from .speech import read_voice

LIPS = "pbm"


def phone_kind(label: str) -> str:
    """Return V for a vowel, P for a bilabial, F for a labiodental, C for any other consonant."""
    return "V" if label[0] in VOWELS else "P" if label[0] in LIPS else "F" if label[0] in "fv" else "C"


def match_phones(exact: Sequence[Phone], recognised: Sequence[Phone]) -> tuple[list[tuple[Phone, Phone]], float]:
    """Return pairs of the same kind in the cheapest alignment of labels, and its cost (1 per insertion or deletion)."""
    costs = np.zeros((len(exact) + 1, len(recognised) + 1))
    costs[:, 0], costs[0] = np.arange(len(exact) + 1), np.arange(len(recognised) + 1)
    for i, a in enumerate(exact):
        for j, b in enumerate(recognised):
            costs[i + 1, j + 1] = min(costs[i, j] + _substitution_cost(a, b), costs[i, j + 1] + 1, costs[i + 1, j] + 1)

    pairs, i, j = [], len(exact), len(recognised)
    while i and j:
        if costs[i, j] == costs[i - 1, j - 1] + _substitution_cost(exact[i - 1], recognised[j - 1]):
            i, j = i - 1, j - 1
            if phone_kind(exact[i].label) == phone_kind(recognised[j].label):
                pairs.append((exact[i], recognised[j]))
        elif costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1], float(costs[-1, -1])


def _substitution_cost(a: Phone, b: Phone) -> float:
    return 0.0 if a.label == b.label else 0.5 if phone_kind(a.label) == phone_kind(b.label) else 1.3


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("voices", nargs="+")
    parser.add_argument("--utterances", type=int, default=15, help="number of utterances of each voice")
    options = parser.parse_args()

    for voice in options.voices:
        said = {each.name: each.speech for each in read_voice(options.folder, voice)[: options.utterances]}
        sounds = {name: each.samples for name, each in said.items()}
        recognised_speech = recognise_phones(
            sounds, {name: recogniser.ipa_posteriors(samples) for name, samples in sounds.items()}
        )
        pairs, cost, count, lips = [], 0.0, 0, 0
        for name, each in said.items():
            exact = [phone for phone in each.phones if phone.label]
            found, more = match_phones(exact, [phone for phone in recognised_speech[name].phones if phone.label])
            pairs, cost, count = pairs + found, cost + more, count + len(exact)
            lips += sum(phone_kind(phone.label) == "P" for phone in exact)
        late = np.array([b.start - a.start for a, b in pairs]) * 1000
        closed = sum(phone_kind(a.label) == "P" for a, _ in pairs)
        print(
            f"{voice:20} label cost {cost / count:.2f}, m b p found {closed / max(lips, 1):.2f}, starts "
            f"{np.median(late):+.0f} ms, median deviation {np.median(np.abs(late - np.median(late))):.0f} ms, "
            f"more than 50 ms away {np.mean(np.abs(late) > 50):.2f}"
        )


if __name__ == "__main__":
    main()
